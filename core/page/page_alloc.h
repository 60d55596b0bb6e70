/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/page_alloc.c, include/linux/gfp.h: one zone, orders 0..3, watermarks,
 * entry into reclaim. Free order-0 folios are reused last in, first out (as from
 * the kernel's per-CPU lists, which are left out); larger orders take the first
 * aligned run of free structs.
 * Left out: buddy merging, migrate types, compaction, the OOM killer (an allocation
 * that reclaim cannot help gives NULL and counts "oom").
 * Locking: zone->lock, interrupt-safe.
 */
#ifndef CORE_PAGE_PAGE_ALLOC_H
#define CORE_PAGE_PAGE_ALLOC_H

#include "core/page/mm_types.h"

/* Entry into reclaim, registered by core/mm (set-up only). */
struct page_alloc_ops {
	/* Direct reclaim of nr folios: returns how many were freed. Never called
	 * from inside itself (PF_MEMALLOC is set on current meanwhile). Sleeps. */
	unsigned long (*direct_reclaim)(unsigned int nr, gfp_t gfp_mask);
	/* Free folios are below the low watermark; may be NULL. Must not sleep. */
	void (*wakeup_kswapd)(void);
};
/* NULL: no reclaim. Set-up only. */
void page_alloc_set_ops(const struct page_alloc_ops *ops);

/*
 * A folio with one reference, contents not cleared, all flags clear; NULL where
 * there is none. GFP_KERNEL may sleep in reclaim; GFP_ATOMIC dips below the min
 * watermark; PF_MEMALLOC takes the last one. Injected failures come first.
 */
struct folio *folio_alloc_at(gfp_t gfp, unsigned int order, const struct site *site);
#define folio_alloc(gfp, order) folio_alloc_at((gfp), (order), SITE("folio_alloc"))
#define vma_alloc_folio(gfp, order, vma, addr) \
	((void)(vma), (void)(addr), folio_alloc_at((gfp), (order), SITE("vma_alloc_folio")))
/* The same with a refcount of 0 (frozen). */
struct folio *folio_alloc_frozen_at(gfp_t gfp, unsigned int order, const struct site *site);
#define folio_alloc_frozen(gfp, order) \
	folio_alloc_frozen_at((gfp), (order), SITE("folio_alloc_frozen"))
/* Refcount is 0 and nobody finds the folio: checks its state ("WARNING: bad folio
 * state: <what> in free_unref_folio") and frees it. Any context. */
void free_unref_folio(struct folio *folio);
/* The same for a batch of folios that are off the LRU; empties it. */
void free_unref_folios(struct folio_batch *fbatch);

/* Free folios now; a marked read, no event. */
unsigned long nr_free_pages(void);
unsigned long low_wmark_pages(void);
unsigned long min_wmark_pages(void);
unsigned long high_wmark_pages(void);
bool zone_watermark_ok(unsigned long mark);

/* ---- set-up, tear-down, audit -------------------------------------------- */

/* All of core/page for a new world: pool, LRU, TLBs, watermarks. Set-up only. */
void page_setup(const struct world_config *config);
/* Drains all batches of all CPUs; no task runs. */
void page_teardown(void);

/* What core/check wants to know; for a quiet machine. */
struct page_audit {
	unsigned long total;         /* folios of the pool, without the zero page */
	unsigned long free_count;    /* the zone's counter */
	unsigned long free_listed;   /* structs on the free list */
	unsigned long used;          /* structs not free */
	unsigned long batched;       /* entries in all per-CPU batches */
	unsigned long on_lru;        /* sum of lru_size[] */
	unsigned long lru_listed;    /* folios found on the lists */
	const struct folio *leaked;  /* first struct that isn't free, or NULL */
	const char *broken;          /* first inconsistency in words, or NULL */
};
void page_audit(struct page_audit *out);
/* Is this struct free? Of a quiet machine. */
bool folio_is_free(const struct folio *folio);

#endif
