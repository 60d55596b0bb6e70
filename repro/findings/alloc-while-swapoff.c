// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Allocation of swap slots beside swapoff. The device has three clusters: small folios fill the
 * first one but for ten slots, large ones the second one and a part of the third. So small folios
 * that go out take these ten and then look for slots in the third cluster. When swapoff begins
 * in this moment, the search does not end; and swapoff waits for the ten, which the same
 * MADV_PAGEOUT has collected and not yet submitted.
 * Usage: while | after loop | zram small | large
 * (after: swapoff when nothing goes out; zram: the device is synchronous; small: it is full of
 * small folios)
 */
#include "confirm.h"

#include <sys/prctl.h>

#define CLUSTER 512ul
#define FOLIO 65536ul
#define LARGE (40 * FOLIO)
#define FIRST ((CLUSTER - 1 - 10) * PAGE) /* the header has a slot */
#define SMALL (FIRST + 32 * PAGE)
#define SIZES "/sys/kernel/mm/transparent_hugepage/hugepages-"

static volatile bool *ready, *done;
static char *device;
static bool is_large = true, is_after;

static void page_out(void)
{
	char *area = map_aligned(LARGE, FOLIO), *small = map_aligned(SMALL, PAGE);
	unsigned out = 0;

	pin_to(1); /* power-off runs on the other one */
	madvise(small, SMALL, MADV_NOHUGEPAGE);
	madvise(area, LARGE, is_large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (size_t at = 0; at < LARGE; at += PAGE)
		*(size_t *)(area + at) = at + 1;
	if (madvise(area, LARGE, MADV_PAGEOUT) != 0)
		cannot("MADV_PAGEOUT");
	usleep(500000);
	for (size_t at = 0; at < SMALL; at += PAGE)
		*(size_t *)(small + at) = at + 1;
	madvise(small, FIRST, MADV_PAGEOUT);
	printf("large folios from slot %lu to %lu, small ones from %lu to %lu\n", slot_of(area),
	       slot_of(area + LARGE - PAGE), slot_of(small), slot_of(small + FIRST - PAGE));
	usleep(500000);
	prctl(PR_SET_NAME, "pages-out");
	*ready = true;
	madvise(small + FIRST, SMALL - FIRST, MADV_PAGEOUT);
	prctl(PR_SET_NAME, "done");
	for (size_t at = FIRST; at < SMALL; at += PAGE)
		out += is_swapped(small + at);
	printf("%u of %lu small pages went out\n", out, (SMALL - FIRST) / PAGE);
	*done = true;
	for (;;)
		pause();
}

/* Forked before anything is held: fork() may need the other CPU. */
static void switch_off(void)
{
	pin_to(0);
	prctl(PR_SET_NAME, "switches-off");
	while (!*ready || (is_after && !*done))
		usleep(1000);
	sleep(3); /* by then it is held */
	if (swapoff(device) != 0)
		cannot("swapoff");
}

int main(int argc, char **argv)
{
	bool is_zram = argc > 2 && !strcmp(argv[2], "zram");
	char file[64];
	pid_t pager, off;

	setvbuf(stdout, NULL, _IONBF, 0);
	is_after = argc > 1 && !strcmp(argv[1], "after");
	is_large = argc <= 3 || !strcmp(argv[3], "large");
	snprintf(file, sizeof(file), "/swap-file-%d", (int)getpid());
	device = is_zram ? zram_new(3 * CLUSTER) : loop_new(file, 3 * CLUSTER);
	make_swap(device, 3 * CLUSTER);
	put(SIZES "2048kB/enabled", "never");
	put(SIZES "64kB/enabled", "madvise");
	put("/proc/sys/vm/page-cluster", "0");
	ready = shared_page();
	done = ready + 1;
	if (swapon(device, 0) != 0)
		cannot("swapon");
	off = start(switch_off);
	pager = start(page_out);
	if (ends_within(off, 60)) {
		printf("swapoff has ended\n");
		return 0;
	}
	printf("swapoff has not returned after 60 s\n");
	never_ends(pager, "MADV_PAGEOUT", 5);
	return 1;
}
