// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swapon of a device whose header names bad pages.
 * Usage: BAD_PAGES
 */
#include "confirm.h"

int main(int argc, char **argv)
{
	uint32_t bad_pages = argc > 1 ? (uint32_t)atoi(argv[1]) : 2;
	char *device = zram_new(1024);

	make_swap_with_bad(device, 1024, bad_pages, 100);
	if (swapon(device, 0) != 0)
		cannot("swapon");
	printf("swapon with %u bad pages\n", bad_pages);
	if (swapoff(device) != 0)
		cannot("swapoff");
	return 0;
}
