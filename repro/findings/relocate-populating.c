// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A task that allocates a slot finds one whose page is only cached, the last one of its cluster.
 * It drops the cluster's lock and takes the page out of the cache, so the cluster is empty and
 * free. Another task takes the cluster off the free list, finds no memory for its table at once,
 * and drops the lock as well. The first one has the lock again, sees a cluster that is empty and
 * on no list, and frees it under the other one.
 * Usage: free | keep   (the cached page is the last one of its cluster; or another one is)
 */
#include "confirm.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#define SLOTS 1024u /* two clusters; the first slot has the header */
#define FIRST 511u

enum step { START, BEGUN, CACHED, FULL, OVER };

static volatile int *step;

static void page_out(char *page)
{
	madvise(page, PAGE, MADV_PAGEOUT);
	for (int n = 0; n < 200 && !is_swapped(page); n++)
		usleep(1000);
}

/* The second cluster's first slot has a page that is read back; later its table is to be had. */
static void isolates_run(bool keeps)
{
	char *page = map_aligned(3 * PAGE, PAGE);

	prctl(PR_SET_NAME, "isolates");
	pin_to(0);
	madvise(page, 3 * PAGE, MADV_NOHUGEPAGE);
	for (int n = 0; n < 3; n++)
		page[n * PAGE] = (char)(n + 1);
	await(step, BEGUN);
	page_out(page);
	if (slot_of(page) != 512)
		cannot("the page is not in the second cluster");
	if (keeps)
		page_out(page + PAGE);
	if (*(volatile char *)page != 1)
		cannot("another page came back");
	*step = CACHED;
	await(step, FULL);
	usleep(200000); /* the other one is held by then */
	if (!keeps)
		fail_nth(1);
	madvise(page + 2 * PAGE, PAGE, MADV_PAGEOUT);
	sched_yield();
	if (!keeps)
		printf("the failure %s\n", has_failed() ? "was there" : "did not come");
	*step = OVER;
	_exit(0);
}

/* It fills the first cluster, and its next slot is looked for in the second one. */
static void frees_run(void)
{
	char *area = map_aligned((FIRST + 1) * PAGE, PAGE);
	size_t out = 0;

	prctl(PR_SET_NAME, "frees");
	pin_to(1);
	madvise(area, (FIRST + 1) * PAGE, MADV_NOHUGEPAGE);
	for (size_t n = 0; n <= FIRST; n++)
		*(size_t *)(area + n * PAGE) = n + 1;
	page_out(area);
	*step = BEGUN;
	await(step, CACHED);
	madvise(area + PAGE, (FIRST - 1) * PAGE, MADV_PAGEOUT);
	usleep(300000);
	for (size_t n = 0; n < FIRST; n++)
		out += slot_of(area + n * PAGE) < 512 && is_swapped(area + n * PAGE);
	if (out != FIRST)
		cannot("the first cluster is not full");
	*step = FULL;
	madvise(area + FIRST * PAGE, PAGE, MADV_PAGEOUT);
	syscall(SYS_getppid);
	await(step, OVER);
	_exit(0);
}

int main(int argc, char **argv)
{
	bool keeps = argc > 1 && !strcmp(argv[1], "keep");
	char *device = loop_new("/dev/shm/swap", SLOTS);
	pid_t isolates, frees;
	int status;

	setvbuf(stdout, NULL, _IONBF, 0);
	put("/proc/sys/vm/swappiness", "0");
	put("/proc/sys/vm/page-cluster", "0");
	make_swap(device, SLOTS);
	step = shared_page();
	if (swapon(device, 0) != 0)
		cannot("swapon");
	/* Each has only been on its own CPU: no flush of a TLB waits for the one that is held. */
	pin_to(0);
	isolates = fork();
	if (isolates == 0)
		isolates_run(keeps);
	pin_to(1);
	frees = fork();
	if (frees == 0)
		frees_run();
	if (wait(&status) < 0 || status != 0 || wait(&status) < 0 || status != 0)
		return 1;
	if (swapoff(device) != 0)
		cannot("swapoff");
	return 0;
}
