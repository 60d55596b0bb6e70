// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Is a transfer one that swap may ask for? Its slots must exist, be in use and not be
 * bad, the device must be on, and a folio of the swap cache must still have the slot
 * that it goes to. Titles are the model's (core/swap/block_device.c).
 * Never instrumented: it reads swap tables raw.
 */
#include <linux/mm.h>
#include <linux/swap.h>

#include "swap.h"
#include "swap_table.h"

#include "core/tree/shim/check_raw.h"
#include "core/tree/shim/device.h"
#include "core/tree/shim/world.h"

static __cold void bad_io(const char *what, const char *func, const struct shim_device *device,
			  unsigned long block, const struct page *page)
{
	char title[96], line[256];

	snprintf(title, sizeof(title), "BUG: swap I/O %s in %s", what, func);
	shim_reportf(title, "device %d, block %lu; %s\n", device->number, block,
		     shim_page_line(page, line, sizeof(line)));
}

static const struct swap_info_struct *swap_info_of(const struct shim_device *device)
{
	int type;

	for (type = 0; type < MAX_SWAPFILES; type++)
		if (swap_info[type] && swap_info[type]->cluster_info &&
		    swap_info[type]->bdev == &device->bdev)
			return swap_info[type];
	return NULL;
}

void shim_check_io(struct shim_device *device, unsigned long block, const struct page *page,
		   unsigned long n, bool write, const char *func)
{
	const struct swap_info_struct *si = swap_info_of(device);
	const struct folio *folio = check_folio(page_to_pfn(page));
	bool cached = check_flag(folio, PG_swapcache);
	unsigned long i, word;

	if (!device->claimed || !si)
		return bad_io("on a device that is off", func, device, block, page);
	if (block + n > device->nr_blocks)
		return bad_io("past the end of the device", func, device, block, page);
	/* A read past the swap cache, from a synchronous device, may lose its slot. */
	if (!cached && !write)
		return;
	if (!cached)
		return bad_io("of a folio that is not in the swap cache", func, device, block,
			      page);
	if (swp_offset(folio->swap) != block || swap_info[swp_type(folio->swap)] != si)
		return bad_io("of a folio that has left its slot", func, device, block, page);
	for (i = 0; i < n; i++) {
		word = check_word(si, block + i);
		if (!word)
			return bad_io("on a free slot", func, device, block + i, page);
		if (word == SWP_TB_BAD)
			return bad_io("on a bad slot", func, device, block + i, page);
	}
}
