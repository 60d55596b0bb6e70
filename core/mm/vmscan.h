/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: the interface of mm/vmscan.c (include/linux/swap.h, mm/internal.h).
 * Reclaim: from allocation, by kswapd, on demand (MADV_PAGEOUT).
 * Left out: memcg, nodes, demotion, MGLRU, slab shrinkers, file pages.
 */
#ifndef CORE_MM_VMSCAN_H
#define CORE_MM_VMSCAN_H

#include "core/page/mm_types.h"

/* Registers reclaim with the page allocator, at the machine's scale. Set-up only. */
void vmscan_setup(const struct world_config *config);

/* Takes a folio off its LRU list for the caller, who holds a reference of his
 * own; true: PG_lru is clear and the caller owns one reference more. Takes
 * lru_lock. Follows folio_isolate_lru(). */
bool folio_isolate_lru(struct folio *folio);
/* Puts an isolated folio back on a list and drops the isolation's reference.
 * Follows folio_putback_lru(). */
void folio_putback_lru(struct folio *folio);

/* Moves up to nr_to_scan folios from the tail of a list to dst, each with a
 * reference and PG_lru clear. *nr_scanned: looked at. Returns how many. lru_lock
 * held. Follows isolate_lru_folios(). */
unsigned long isolate_lru_folios(unsigned long nr_to_scan, struct lruvec *lruvec,
				 struct list_head *dst, unsigned long *nr_scanned,
				 enum lru_list lru);
/* Puts isolated folios back on the list that their flags name and drops the
 * isolation's references; frees those that nobody else holds. Returns how many
 * went back. Takes lru_lock. Follows move_folios_to_lru(). */
unsigned int move_folios_to_lru(struct list_head *list);

/* Reclaims the isolated folios on the list, ignoring references; puts back those
 * that stay. The list is empty afterwards. Returns folios freed. The caller
 * may sleep and holds no spinlock. Follows reclaim_pages(). */
unsigned long reclaim_pages(struct list_head *folio_list);

/* Frees an unmapped, locked, swap-cached folio's cache entry if the caller's
 * reference is the only other one; then that reference is the last one. 0 or
 * the number of pages. Follows remove_mapping(). */
long remove_mapping(struct folio *folio);

/* Direct reclaim of nr folios at least, if there are so many. May sleep.
 * Returns folios freed. Follows try_to_free_pages(). */
unsigned long try_to_free_pages(unsigned int nr, gfp_t gfp_mask);

/* One balancing pass: until the free folios reach the high mark or a whole
 * scan down to priority 0 freed nothing. Returns folios freed. Follows
 * balance_pgdat(); the caller's task is kswapd for the time. */
unsigned long balance_pgdat(void);

#endif
