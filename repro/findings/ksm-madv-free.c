// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MADV_FREE of a KSM page. A process has two equal pages, which ksmd merges; it writes to one
 * of them and gives the other one up with MADV_FREE (or not). Then another process has a
 * page of the same contents, which ksmd merges into the folio that was given up, and memory is
 * reclaimed. The other process has never called MADV_FREE.
 * Usage: free | keep
 */
#include "confirm.h"

/* Pages of one vma that KSM may merge, filled. */
static char *mergeable(size_t count)
{
	char *pages = map_aligned(count * PAGE, PAGE);

	memset(pages, 0x5a, count * PAGE);
	if (madvise(pages, count * PAGE, MADV_MERGEABLE) != 0)
		cannot("MADV_MERGEABLE");
	return pages;
}

/* Its first page stays merged, and is given up; it waits then, to be killed. */
static void owner(bool frees, int done)
{
	char *pages = mergeable(2);

	ksm_passes(4);
	printf("owner: pages shared %ld, sharing %ld\n", get(KSM "pages_shared"), get(KSM "pages_sharing"));
	pages[PAGE] = 0x33;
	if (frees && madvise(pages, PAGE, MADV_FREE) != 0)
		cannot("MADV_FREE");
	if (write(done, "", 1) != 1)
		cannot("pipe");
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	bool frees = argc < 2 || !strcmp(argv[1], "free");
	int done[2], value;
	char *page, end;
	pid_t child;

	setvbuf(stdout, NULL, _IONBF, 0);
	ksm_plain();
	if (swapon(zram_new(1024), 0) != 0)
		cannot("swapon");
	cgroup_make();
	cgroup_enter();
	if (pipe(done) != 0)
		cannot("pipe");
	child = fork();
	if (child < 0)
		cannot("fork");
	if (child == 0)
		owner(frees, done[1]);
	if (read(done[0], &end, 1) != 1)
		cannot("the owner");
	put("/proc/sys/vm/drop_caches", "1"); /* drains the LRU batches of all CPUs, too */
	page = mergeable(1);
	ksm_passes(4);
	printf("other: pages shared %ld, sharing %ld\n", get(KSM "pages_shared"), get(KSM "pages_sharing"));
	put("/proc/sys/vm/drop_caches", "1");
	/* Memory that was given up stands among the file pages, so both kinds are wanted. */
	for (int n = 0; n < 20 && pagemap(getpid(), page) >> 63; n++) {
		(void)try_put(CGROUP "memory.reclaim", "8M");
		cgroup_reclaim();
	}
	printf("other: after reclaim the page is %s\n", pagemap(getpid(), page) >> 63 ? "present" :
	       is_swapped(page) ? "swapped out" : "gone");
	value = *(volatile char *)page;
	if (value != 0x5a)
		printf("evidence: a page that was never given up reads 0x%02x after reclaim, and was "
		       "0x5a\n", value);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return value != 0x5a;
}
