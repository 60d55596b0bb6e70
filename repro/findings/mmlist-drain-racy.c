// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swapoff of a device that nobody uses comes to drain_mmlist(): no device has a slot in use.
 * Before it empties the list of the mms that may have swap entries, another process swaps a page
 * out to a second device. Its mm goes onto the list, and is lost with it. A swapoff of the second
 * device then finds a slot in use and no mm that has it: it goes round until a signal comes, or
 * until the process has read its page.
 * Usage: while | before   (the page goes out while the first swapoff is held; or it has gone out
 * and has been read back before the first swapoff begins, and goes out again after it)
 */
#include "confirm.h"

#include <sys/prctl.h>

enum step { WAIT, GO, OUT, SWAPOFF_DONE, READ, IS_READ };

static volatile int *step;

static void reach(enum step n)
{
	sched_yield(); /* here a hold of the other task ends */
	*step = (int)n;
}

static void page_out(char *page)
{
	madvise(page, PAGE, MADV_PAGEOUT);
	if (!is_swapped(page))
		cannot("the page is not swapped out");
}

/* The process that is lost. */
static void user_run(bool is_before)
{
	char *page = map_aligned(PAGE, PAGE);

	prctl(PR_SET_NAME, "page-out");
	*(volatile int *)page = 0x11;
	if (is_before) {
		page_out(page);
		if (*(volatile int *)page != 0x11)
			cannot("another page came back");
		reach(GO);
		await_yielding(step, SWAPOFF_DONE);
		page_out(page);
	} else {
		while (*step < GO)
			usleep(1000);
		usleep(100000);
		page_out(page);
	}
	reach(OUT);
	await_yielding(step, READ);
	if (*(volatile int *)page != 0x11)
		cannot("another page came back");
	reach(IS_READ);
	_exit(0);
}

/* swapoff of the second device, for at most so many seconds. */
static bool ends(const char *device, double seconds, double *used)
{
	pid_t child = fork();

	if (child == 0) {
		pin_to(0);
		_exit(swapoff(device) == 0 ? 0 : errno);
	}
	if (ends_within(child, seconds))
		return true;
	*used = cpu_time_of(child);
	kill(child, SIGKILL);
	if (!ends_within(child, seconds))
		cannot("SIGKILL does not end swapoff");
	return false;
}

int main(int argc, char **argv)
{
	bool is_before = argc > 1 && !strcmp(argv[1], "before"), first;
	char *used = zram_new(1024), *unused = zram_new(1024);
	double seconds = 0, none;
	pid_t user;

	setvbuf(stdout, NULL, _IONBF, 0);
	step = shared_page();
	if (swapon(used, SWAP_FLAG_PREFER | 5) != 0 || swapon(unused, SWAP_FLAG_PREFER | 1) != 0)
		cannot("swapon");
	/* Its mm never was on the other CPU, so no flush of the TLB waits for that one. */
	pin_to(1);
	user = fork();
	if (user == 0)
		user_run(is_before);
	pin_to(0);
	if (is_before)
		await_yielding(step, GO);
	else
		reach(GO);
	prctl(PR_SET_NAME, "drains");
	if (swapoff(unused) != 0)
		cannot("swapoff");
	prctl(PR_SET_NAME, "main");
	if (is_before)
		reach(SWAPOFF_DONE);
	await_yielding(step, OUT);
	first = ends(used, 5, &seconds);
	printf("swapoff %s\n", first ? "ends" : "does not end in 5 s; SIGKILL ends it");
	reach(READ);
	if (!ends_within(user, 5))
		cannot("the process does not read its page");
	if (!first && !ends(used, 5, &none))
		cannot("swapoff does not end either when the page was read");
	if (!first && seconds > 3)
		printf("evidence: swapoff took %.1f s of CPU for one page, and none after its "
		       "process had read it\n", seconds);
	return !first;
}
