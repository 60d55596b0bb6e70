// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Readahead by cluster over a bad slot. The device's header names some bad pages; the pages that
 * are swapped out lie beside them. One is read back, with the window of slots around it, then
 * swapoff looks whether all slots are free.
 * Usage: cluster | vma   (by which the kernel reads ahead)
 */
#include "confirm.h"

#define SLOTS 1024u
#define PAGES 256ul
#define BAD 100u

static void set_up(bool by_vma)
{
	put("/sys/kernel/mm/swap/vma_ra_enabled", by_vma ? "1" : "0");
	put("/proc/sys/vm/page-cluster", "5");
	cgroup_make();
	cgroup_enter();
}

int main(int argc, char **argv)
{
	char file[64], *device, *area = map_aligned(PAGES * PAGE, PAGE);
	unsigned near = 0;

	setvbuf(stdout, NULL, _IONBF, 0);
	snprintf(file, sizeof(file), "/swap-file-%d", (int)getpid());
	device = loop_new(file, SLOTS);
	make_swap_with_bad(device, SLOTS, 1, BAD);
	if (swapon(device, 0) != 0)
		cannot("swapon");
	set_up(argc > 1 && !strcmp(argv[1], "vma"));
	madvise(area, PAGES * PAGE, MADV_NOHUGEPAGE);
	for (size_t n = 0; n < PAGES; n++)
		*(size_t *)(area + n * PAGE) = n + 1;
	if (madvise(area, PAGES * PAGE, MADV_PAGEOUT) != 0)
		cannot("MADV_PAGEOUT");
	for (int n = 0; n < 10; n++)
		cgroup_reclaim();
	for (size_t n = 0; n < PAGES; n++) {
		uint64_t slot = slot_of(area + n * PAGE);

		if (slot / 32 != BAD / 32)
			continue;
		near++;
		if (*(volatile size_t *)(area + n * PAGE) != n + 1)
			cannot("a page has other contents");
	}
	printf("pages in the window of the bad slot: %u\n", near);
	munmap(area, PAGES * PAGE);
	if (swapoff(device) != 0)
		cannot("swapoff");
	unlink(file);
	return 0;
}
