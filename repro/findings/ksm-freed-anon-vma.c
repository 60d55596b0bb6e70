// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two processes have an equal page, which ksmd merges, and it is swapped out. One reads it in, so
 * its folio belongs to that one's anon_vma, and then unmaps it: the anon_vma is freed. The folio
 * stays in the swap cache for the other process, whose fault asks whether it may take the folio
 * as it is, and reads the freed anon_vma for that. By then the memory is an anon_vma again, of a
 * child that the other process has forked: it has the right root, so the folio is taken, and
 * belongs to an anon_vma that does not know the mapping. Nobody finds that by rmap.
 * Usage: unmap | stay   (the first one unmaps its page; or it keeps it)
 */
#include "confirm.h"

#define PAGE_AT ((char *)0x200000) /* below all else, so that a fork begins with it */

enum step { START, SWAPPED, READ, OVER };

static volatile int *step;
static bool unmaps;

/* Its own page; ready: where it counts itself. */
static void begin(volatile int *ready)
{
	pin_to(0); /* what one frees is what the other one gets */
	memset(PAGE_AT, 0x5a, PAGE);
	if (madvise(PAGE_AT, PAGE, MADV_MERGEABLE) != 0)
		cannot("MADV_MERGEABLE");
	__sync_fetch_and_add(ready, 1);
}

static void read_page(void)
{
	if (!is_swapped(PAGE_AT))
		cannot("the page is not swapped out");
	if (*(volatile char *)PAGE_AT != 0x5a)
		cannot("another page came back");
}

static void first(void)
{
	begin(step + 1);
	await(step, SWAPPED);
	read_page();
	if (unmaps && munmap(PAGE_AT, PAGE) != 0)
		cannot("munmap");
	*step = READ;
	await(step, OVER);
}

static void second(void)
{
	pid_t child;

	begin(step + 1);
	await(step, READ);
	child = fork();
	if (child == 0) {
		pause();
		_exit(0);
	}
	read_page();
	for (int n = 0; n < 10 && !is_swapped(PAGE_AT); n++) {
		madvise(PAGE_AT, PAGE, MADV_PAGEOUT);
		cgroup_reclaim();
	}
	printf(is_swapped(PAGE_AT) ? "fine: the page is swapped out again\n" :
	       "evidence: the page is mapped once, and cannot be swapped out\n");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	*step = OVER;
}

int main(int argc, char **argv)
{
	char *device = zram_new(1024);
	pid_t one, other;
	int status;

	unmaps = argc < 2 || !strcmp(argv[1], "unmap");
	setvbuf(stdout, NULL, _IONBF, 0);
	put("/sys/kernel/mm/transparent_hugepage/enabled", "never");
	or_die(mmap(PAGE_AT, PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), "mmap");
	ksm_plain();
	step = shared_page();
	if (swapon(device, 0) != 0)
		cannot("swapon");
	cgroup_make();
	cgroup_enter();
	one = start(first);
	other = start(second);
	while (step[1] < 2)
		usleep(500);
	ksm_passes(4);
	printf("pages shared %ld, sharing %ld\n", get(KSM "pages_shared"), get(KSM "pages_sharing"));
	put("/proc/sys/vm/drop_caches", "1"); /* drains the LRU batches of all CPUs, too */
	for (int n = 0; n < 20 && !(is_swapped_of(one, PAGE_AT) && is_swapped_of(other, PAGE_AT)); n++)
		cgroup_reclaim();
	ksm_passes(2); /* ksmd lets the anon_vmas go */
	*step = SWAPPED;
	if (wait(&status) < 0 || status != 0 || wait(&status) < 0 || status != 0)
		return 1;
	if (swapoff(device) != 0)
		cannot("swapoff");
	return 0;
}
