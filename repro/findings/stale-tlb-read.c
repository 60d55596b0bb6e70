// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reclaim unmaps a page and leaves the flush of other CPUs' TLBs for later. It then takes the
 * page out of the swap cache. Until it flushes, another CPU may go on with its old entry for the
 * page, though the page can be swapped in again and be written by then: the old entry gives what
 * was there before. Here one task does both: it writes its page by process_vm_writev(), which
 * goes by the page tables, and reads it by a load, which goes by the TLB.
 * Usage: TRIES while | after   (the page is written while reclaim is held; or after its flush)
 */
#include "confirm.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define OLD 0x11
#define NEW 0x22

/* What the two share. The page is that of the task that reads. */
static struct shared {
	volatile bool is_ready;
	char *volatile page;
} *shared;

static void copy(bool is_write, char *page, char *value)
{
	struct iovec local = {value, 1}, remote = {page, 1};
	ssize_t n = is_write ? process_vm_writev(getpid(), &local, 1, &remote, 1, 0) :
			       process_vm_readv(getpid(), &local, 1, &remote, 1, 0);

	if (n != 1)
		cannot("process_vm_readv or process_vm_writev");
}

static void set_policy(int policy, int priority)
{
	if (sched_setscheduler(0, policy, &(struct sched_param){.sched_priority = priority}) != 0)
		cannot("sched_setscheduler");
}

/* It loads from the page all the time, so that the TLB has it; no task takes its CPU. */
static bool sees_unmapped(volatile char *page, double seconds)
{
	double start = now();

	while (now() - start < seconds) {
		for (int n = 0; n < 100; n++)
			(void)*page;
		if (is_swapped((const char *)page))
			return true;
	}
	return false;
}

static void let_reclaim_go(void)
{
	do {
		syscall(SYS_getppid); /* here the hold of reclaim ends */
		usleep(1000);
	} while (shared->is_ready);
}

static bool is_stale(char *page, char *other, bool is_after)
{
	char value = NEW, written = 0, loaded;
	bool unmapped;
	double start;

	*(volatile char *)page = OLD;
	for (int n = 0; n < 100 && !is_swapped(page); n++) {
		usleep(1000); /* another CPU's batch may have it for a moment */
		madvise(page, PAGE, MADV_PAGEOUT);
	}
	if (!is_swapped(page))
		cannot("the page is not swapped out");
	(void)*(volatile char *)page; /* back, and its entry is clean */
	madvise(other, PAGE, MADV_COLD); /* this CPU's batch of new pages goes to the LRU */
	set_policy(SCHED_FIFO, 1); /* another task on this CPU costs it its entry */
	shared->is_ready = true;
	unmapped = sees_unmapped(page, 1);
	for (start = now(); now() - start < 0.03;)
		;
	if (is_after)
		let_reclaim_go();
	copy(true, page, &value);
	loaded = *(volatile char *)page;
	copy(false, page, &written);
	if (!is_after)
		let_reclaim_go();
	set_policy(SCHED_OTHER, 0);
	if (!unmapped)
		printf("the page has not been unmapped\n");
	if (loaded == written)
		return false;
	printf("evidence: 0x%x was written to the page, and a load gives 0x%x\n", written, loaded);
	return true;
}

static void reads_run(int tries, bool is_after)
{
	char *page = map_aligned(2 * PAGE, PAGE);

	prctl(PR_SET_NAME, "reads");
	pin_to(0);
	page[PAGE] = 1;
	shared->page = page;
	for (int n = 0; n < tries; n++) {
		if (is_stale(page, page + PAGE, is_after))
			_exit(1);
		usleep(20000);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int tries = argc > 1 ? atoi(argv[1]) : 40, status, child_fd;
	bool is_after = argc > 2 && !strcmp(argv[2], "after");
	char *device = zram_new(1024), *own = map_aligned(PAGE, PAGE);
	struct iovec range;
	pid_t child;

	setvbuf(stdout, NULL, _IONBF, 0);
	shared = shared_page();
	if (swapon(device, 0) != 0)
		cannot("swapon");
	pin_to(1);
	*own = 1;
	child = fork();
	if (child == 0)
		reads_run(tries, is_after);
	child_fd = (int)syscall(SYS_pidfd_open, child, 0);
	if (child_fd < 0)
		cannot("pidfd_open");
	prctl(PR_SET_NAME, "reclaims");
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (shared->is_ready) {
			usleep(10000);
			range = (struct iovec){shared->page, PAGE};
			syscall(SYS_process_madvise, child_fd, &range, 1, MADV_PAGEOUT, 0);
			madvise(own, PAGE, MADV_COLD); /* what it put back goes to the LRU */
			shared->is_ready = false;
		}
		usleep(1000);
	}
	prctl(PR_SET_NAME, "main");
	if (swapoff(device) != 0)
		cannot("swapoff");
	return status != 0;
}
