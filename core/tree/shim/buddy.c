// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree's own mm/page_alloc.c, compiled in its place: buddies, per-CPU lists, migrate
 * types, watermarks, the slow path. The functions that hand out pages have other symbols
 * here ("own."): callers get to those of shim/page_alloc.c, which ask whether the
 * allocation fails. Below it: one small zone, set up without mm/mm_init.c.
 * Left out: boosts of the watermarks, that kswapd alone takes back; more than a page on a
 * per-CPU list; 3 rounds of reclaim without progress, not 16.
 * Locking: set-up runs alone.
 */
#include <linux/init.h>
#include <linux/nodemask_types.h>
#include <linux/types.h>
#include <linux/version.h>

#include "core/tree/seam.h"

/* Each function in a section of its own, so that the link drops what nobody calls. */
#undef __init
#define __init

#define OWN(name) __asm__("own." #name)
struct page;
struct folio;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
struct page *__alloc_frozen_pages_noprof(gfp_t gfp, unsigned int order, int nid,
		nodemask_t *nodemask, unsigned int alloc_flags) OWN(__alloc_frozen_pages_noprof);
struct page *__alloc_pages_noprof(gfp_t gfp, unsigned int order, int nid,
		nodemask_t *nodemask, unsigned int alloc_flags) OWN(__alloc_pages_noprof);
struct page *alloc_pages_node_noprof(int nid, gfp_t gfp, unsigned int order)
	OWN(alloc_pages_node_noprof);
#else
struct page *__alloc_frozen_pages_noprof(gfp_t gfp, unsigned int order, int nid,
		nodemask_t *nodemask) OWN(__alloc_frozen_pages_noprof);
struct page *__alloc_pages_noprof(gfp_t gfp, unsigned int order, int nid,
		nodemask_t *nodemask) OWN(__alloc_pages_noprof);
#endif
struct folio *__folio_alloc_noprof(gfp_t gfp, unsigned int order, int nid,
		nodemask_t *nodemask) OWN(__folio_alloc_noprof);
unsigned long get_free_pages_noprof(gfp_t gfp, unsigned int order) OWN(get_free_pages_noprof);
unsigned long get_zeroed_page_noprof(gfp_t gfp) OWN(get_zeroed_page_noprof);

#include "internal.h"
#undef MAX_RECLAIM_RETRIES
#define MAX_RECLAIM_RETRIES 3

/* The first thing that __free_pages_prepare() does. The reference that was the last went by a
 * full barrier, and a plain store makes the mapping NULL then: ksm_get_folio(), which finds it
 * so, is behind all that was done under the folio's lock. */
#include <trace/events/kmem.h>
#define trace_mm_page_free(page, order) seam_hb_release(&(page)->mapping)

#include "mm/page_alloc.c"

#include "core/tree/shim/page_state.h"
#include "core/tree/shim/world.h"

#define PCP_HIGH 2 /* pages of a per-CPU list at which it goes back to the buddies */

static void free_lists_setup(struct zone *zone)
{
	unsigned int order, type;

	for (order = 0; order < NR_PAGE_ORDERS; order++)
		for (type = 0; type < MIGRATE_TYPES; type++)
			INIT_LIST_HEAD(&zone->free_area[order].free_list[type]);
}

static void pageblocks_setup(struct zone *zone)
{
	unsigned long pfn, blocks = DIV_ROUND_UP(shim_pages, pageblock_nr_pages);

	zone->pageblock_flags = seam_arena_alloc(BITS_TO_LONGS(blocks * NR_PAGEBLOCK_BITS) *
						 sizeof(long));
	for (pfn = 0; pfn < shim_pages; pfn += pageblock_nr_pages)
		set_pageblock_migratetype(pfn_to_page(pfn), MIGRATE_MOVABLE);
}

/* The largest aligned blocks, from the end: the lowest page is taken first. */
static void free_pages_setup(struct zone *zone)
{
	unsigned long end = shim_pages, order, i;

	while (end > SEAM_PAGES_RESERVED) {
		for (order = MAX_PAGE_ORDER; end & ((1UL << order) - 1) ||
					     end - (1UL << order) < SEAM_PAGES_RESERVED; order--)
			;
		end -= 1UL << order;
		for (i = 0; i < 1UL << order; i++)
			shim_page_set_free(end + i);
		__free_one_page(pfn_to_page(end), end, zone, order, MIGRATE_MOVABLE, FPI_NONE);
	}
}

void shim_zone_setup(struct zone *zone)
{
	unsigned long flags;

	gfp_allowed_mask = __GFP_BITS_MASK;
	zone->contiguous = true;
	zone->initialized = 1;
	watermark_boost_factor = 0;
	free_lists_setup(zone);
	pageblocks_setup(zone);
	setup_zone_pageset(zone);
	/* One page for a CPU: by its own rule it would be more than the watermarks are. */
	__zone_set_pageset_high_and_batch(zone, PCP_HIGH, PCP_HIGH, 1);
	spin_lock_irqsave(&zone->lock, flags);
	free_pages_setup(zone);
	spin_unlock_irqrestore(&zone->lock, flags);
}
