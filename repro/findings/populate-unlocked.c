// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A task takes a free cluster of slots for itself and finds no memory for its table at once, so
 * it drops the locks and allocates the table with a sleep. The table is in the cluster before the
 * task has the lock again. Another CPU's last allocation was in that cluster: it sees a table,
 * allocates a slot there and frees it. So the cluster is empty, its table is freed, and it is on
 * the free list. The first task goes on with it and reads a table that is not there.
 * Memory is short for a moment because the watermarks are raised; a sleeping allocation finds
 * some when they are low again. Or the kernel is told which allocation fails.
 * Usage: take | leave [fail]   (the other CPU takes a slot and frees it; or it does not)
 */
#include "confirm.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#define SLOTS 1024u /* two clusters; the first slot has the header */
#define FIRST 511u
#define WATERMARK "/proc/sys/vm/min_free_kbytes"
#define TOO_HIGH "4194304"

enum step { START, FILLED, SHORT, TAKEN, OVER };

static volatile int *step;
static int watermark;

static void set_watermark(const char *kilobytes)
{
	if (pwrite(watermark, kilobytes, strlen(kilobytes), 0) < 0)
		cannot(WATERMARK);
}

static void page_out(char *page)
{
	*(volatile char *)page = 1;
	madvise(page, PAGE, MADV_PAGEOUT);
}

/* It fills the first cluster, and its CPU's last slot is one of the second, which is free again. */
static void other_run(bool takes, const char *usual)
{
	char *area = map_aligned((FIRST + 1) * PAGE, PAGE), *page = area + FIRST * PAGE;

	prctl(PR_SET_NAME, "other");
	pin_to(1);
	madvise(area, (FIRST + 1) * PAGE, MADV_NOHUGEPAGE);
	for (size_t n = 0; n < FIRST; n++)
		*(size_t *)(area + n * PAGE) = n + 1;
	madvise(area, FIRST * PAGE, MADV_PAGEOUT);
	page_out(page);
	if (slot_of(page) < 512)
		cannot("the last page is in the first cluster");
	madvise(page, PAGE, MADV_DONTNEED);
	*(volatile char *)page = 1;
	usleep(100000); /* the freed table's grace period */
	*step = FILLED;
	await(step, SHORT);
	usleep(100000);
	set_watermark(usual);
	syscall(SYS_getppid); /* memory is there again: the first hold ends */
	usleep(300000);
	if (takes) {
		page_out(page);
		madvise(page, PAGE, MADV_DONTNEED);
	}
	sched_yield(); /* the second one ends */
	*step = TAKEN;
	await(step, OVER);
	_exit(0);
}

static void isolates_run(bool fails)
{
	char *page = map_aligned(PAGE, PAGE);

	prctl(PR_SET_NAME, "isolates");
	pin_to(0);
	*(volatile char *)page = 1;
	if (!fails)
		set_watermark(TOO_HIGH);
	*step = SHORT;
	if (fails)
		fail_nth(1);
	page_out(page);
	if (fails && !has_failed())
		cannot("no allocation has failed");
	await(step, TAKEN);
	printf("the page is %s\n", is_swapped(page) ? "swapped out" : "not swapped out");
	if (*(volatile char *)page != 1)
		cannot("another page came back");
	_exit(0);
}

int main(int argc, char **argv)
{
	bool takes = argc < 2 || !strcmp(argv[1], "take");
	bool fails = argc > 2 && !strcmp(argv[2], "fail");
	char *device = zram_new(SLOTS), usual[32];
	pid_t other, isolates;
	int status;

	setvbuf(stdout, NULL, _IONBF, 0);
	snprintf(usual, sizeof(usual), "%ld", get(WATERMARK));
	watermark = open(WATERMARK, O_WRONLY | O_CLOEXEC);
	put("/proc/sys/vm/swappiness", "0");
	step = shared_page();
	if (swapon(device, 0) != 0)
		cannot("swapon");
	pin_to(1);
	other = fork();
	if (other == 0)
		other_run(takes, usual);
	await(step, FILLED);
	isolates = fork();
	if (isolates == 0)
		isolates_run(fails);
	if (waitpid(isolates, &status, 0) != isolates || status != 0)
		return 1;
	*step = OVER;
	waitpid(other, NULL, 0);
	if (swapoff(device) != 0)
		cannot("swapoff");
	return 0;
}
