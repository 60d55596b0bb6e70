// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two swap devices of one priority, on which what is free waits to be discarded. Each has two
 * clusters. A child fills both devices, then frees the second cluster of each and swaps one more
 * page out before the work that discards gets its CPU; it is SCHED_FIFO, so that the work has to
 * wait. swap_alloc_slow() goes from one device to the other, under a lock of this CPU, so the
 * work never comes.
 * Usage: TRIES discard|plain equal|different   (the devices' flags and priorities)
 */
#include "confirm.h"

#define SLOTS 1024ul /* of a device; the first one has the header */
#define PAGES (2 * (SLOTS - 1))
#define CLUSTER 512ul

static volatile int *tries_done;

static void set_policy(int policy, int priority)
{
	if (sched_setscheduler(0, policy, &(struct sched_param){.sched_priority = priority}) != 0)
		cannot("sched_setscheduler");
}

static void fill_and_free(char *area)
{
	static bool is_second[PAGES];

	for (size_t n = 0; n <= PAGES; n++)
		*(size_t *)(area + n * PAGE) = n + 1;
	if (madvise(area, PAGES * PAGE, MADV_PAGEOUT) != 0)
		cannot("MADV_PAGEOUT");
	for (size_t n = 0; n < PAGES; n++)
		is_second[n] = slot_of(area + n * PAGE) >= CLUSTER;
	set_policy(SCHED_FIFO, 1);
	for (size_t n = 0, end; n < PAGES; n = end) {
		end = n + 1;
		if (!is_second[n])
			continue;
		while (end < PAGES && is_second[end])
			end++;
		madvise(area + n * PAGE, (end - n) * PAGE, MADV_DONTNEED);
	}
	madvise(area + PAGES * PAGE, PAGE, MADV_PAGEOUT);
	set_policy(SCHED_OTHER, 0);
	madvise(area, (PAGES + 1) * PAGE, MADV_DONTNEED);
}

static void run_child(int tries)
{
	char *area = map_aligned((PAGES + 1) * PAGE, PAGE);

	pin_to(1);
	madvise(area, (PAGES + 1) * PAGE, MADV_NOHUGEPAGE);
	for (int n = 0; n < tries; n++) {
		fill_and_free(area);
		usleep(20000); /* now it discards */
		++*tries_done;
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int tries = argc > 1 ? atoi(argv[1]) : 10, flags[2] = {0, 0}, done;
	char *device[2] = {zram_new(SLOTS), zram_new(SLOTS)};
	pid_t child;

	setvbuf(stdout, NULL, _IONBF, 0);
	for (int n = 0; n < 2; n++) {
		flags[n] = SWAP_FLAG_PREFER | (argc > 3 && !strcmp(argv[3], "different") ? n + 1 : 1);
		if (argc <= 2 || !strcmp(argv[2], "discard"))
			flags[n] |= SWAP_FLAG_DISCARD;
		if (swapon(device[n], flags[n]) != 0)
			cannot("swapon");
	}
	tries_done = shared_page();
	pin_to(0);
	child = fork();
	if (child == 0)
		run_child(tries);
	do {
		done = *tries_done;
		if (ends_within(child, 1)) {
			printf("%d tries\n", *tries_done);
			for (int n = 0; n < 2; n++) {
				if (swapoff(device[n]) != 0)
					cannot("swapoff");
			}
			return *tries_done != tries;
		}
	} while (*tries_done != done);
	printf("try %d does not end\n", done + 1);
	return never_ends(child, "MADV_PAGEOUT of one page", 0.5);
}
