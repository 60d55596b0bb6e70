// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mem_map, and the pages that are never free: what mm/mm_init.c sets up.
 * Locking: set-up runs alone.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>

#include "internal.h"

#include "core/tree/shim/page_state.h"
#include "core/tree/shim/world.h"

struct page *mem_map;
unsigned long max_mapnr;
struct pglist_data contig_page_data;
atomic_long_t _totalram_pages;
unsigned long totalreserve_pages;
unsigned long zero_page_pfn;
/* 7.3 has it for ZERO_PAGE(), 7.2's overlay uses the same name. */
struct page *__zero_page;

/* For checkers too. */
SHIM_RAW unsigned int page_state_order(const struct page *page)
{
	return page->flags.f & 1UL << PG_head ? (unsigned int)(page[1].flags.f & 0xff) : 0;
}

/* ---- set-up ---------------------------------------------------------------------- */

static void reserved_page_setup(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	page->_refcount.counter = 1;
	page->flags.f |= 1UL << PG_reserved;
	seam_page_touch(pfn);
	seam_role_set(page, sizeof(*page), pfn ? "header folio dev" : "zero folio",
		      pfn ? (int)pfn - 1 : -1, -1);
	seam_role_set(page_address(page), PAGE_SIZE, pfn ? "header page dev" : "zero page",
		      pfn ? (int)pfn - 1 : -1, -1);
}

void page_state_setup(unsigned long n)
{
	unsigned long pfn;

	/* Up to the end of the largest buddy: a block looks whether the next one is free. */
	mem_map = seam_arena_alloc(ALIGN(n, MAX_ORDER_NR_PAGES) * sizeof(*mem_map));
	max_mapnr = n;
	highest_memmap_pfn = n - 1;
	seam_role_set(mem_map, n * sizeof(*mem_map), "free folio", -1, -1);
	for (pfn = 0; pfn < n; pfn++) {
		struct page *page = pfn_to_page(pfn);

		page->_mapcount.counter = -1;
		INIT_LIST_HEAD(&page->lru);
		set_page_links(page, ZONE_NORMAL, 0, pfn);
		seam_role_set(page_address(page), PAGE_SIZE, "free page", -1, -1);
		if (pfn < SEAM_PAGES_RESERVED)
			reserved_page_setup(pfn);
	}
	zero_page_pfn = 0;
	__zero_page = mem_map;
}
