// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reclaim: takes folios off the tail of the LRU lists and frees them; what becomes of one
 * folio is in shrink_folio.c.
 * Models: mm/vmscan.c (classic LRU). Numbers are scaled to a machine of some
 * dozens of folios (struct reclaim_scale), unless the machine asks for full scale.
 * Left out: memcg, zones, nodes, demotion, MGLRU, the page cache (the file lists hold what
 * MADV_FREE has given up, and no more), the balance of costs between the lists, slab shrinkers,
 * too_many_isolated(), compaction.
 * Locking: lru_lock (irq) for lists.
 */
#include "core/mm/vmscan.h"

#include "core/mm/mm.h"
#include "core/mm/scan_control.h"
#include "core/page/page.h"
#include "core/swap/swap.h"

struct reclaim_scale {
	unsigned long swap_cluster_max; /* folios that are taken off a list at a time */
	int def_priority;
	unsigned long scan_min; /* folios to scan of a list that is not empty */
	/* Scan the active list when none is inactive, and walk the memory groups once: the
	 * kernel leaves it alone, and walks twice before it gives up. */
	bool active_alone, walk_once;
};
static const struct reclaim_scale reclaim_scales[] = {
	[0] = { .swap_cluster_max = 4, .def_priority = 3, .scan_min = 1, .active_alone = true,
		.walk_once = true },
	[1] = { .swap_cluster_max = 32, .def_priority = 12 },
};
static const struct reclaim_scale *reclaim_scale __world;

#define SWAP_CLUSTER_MAX (reclaim_scale->swap_cluster_max)
#define DEF_PRIORITY (reclaim_scale->def_priority)

/* ---- lists ----------------------------------------------------------------------- */

static unsigned long shrink_inactive_list(unsigned long nr_to_scan, struct scan_control *sc,
					  enum lru_list lru)
{
	struct lruvec *lruvec = node_lruvec();
	LIST_HEAD_ONSTACK(folio_list);
	struct reclaim_stat stat;
	unsigned long nr_scanned, nr_taken;
	unsigned int nr_reclaimed;

	lru_add_drain();
	lruvec_lock_irq(lruvec);
	nr_taken = isolate_lru_folios(nr_to_scan, lruvec, &folio_list, &nr_scanned, lru);
	lruvec_unlock_irq(lruvec);
	if (!nr_taken)
		return 0;

	nr_reclaimed = shrink_folio_list(&folio_list, sc, &stat, false);
	move_folios_to_lru(&folio_list);
	sc->nr_writeback += stat.nr_writeback + stat.nr_pageout;
	VM_BUG_ON(nr_reclaimed > nr_taken);
	return nr_reclaimed;
}

static void shrink_active_list(unsigned long nr_to_scan, enum lru_list lru)
{
	struct lruvec *lruvec = node_lruvec();
	LIST_HEAD_ONSTACK(l_hold);
	LIST_HEAD_ONSTACK(l_inactive);
	unsigned long nr_scanned, vm_flags;

	lru_add_drain();
	lruvec_lock_irq(lruvec);
	isolate_lru_folios(nr_to_scan, lruvec, &l_hold, &nr_scanned, lru);
	lruvec_unlock_irq(lruvec);

	while (!list_empty(&l_hold)) {
		struct folio *folio = lru_to_folio(&l_hold);

		cond_resched();
		list_del(&folio->lru);
		if (unlikely(!folio_evictable(folio))) {
			folio_putback_lru(folio);
			continue;
		}
		/* Referenced anonymous folios go down all the same; the call is for
		 * its clearing of the young bits. The folio is not locked. */
		folio_referenced(folio, 0, &vm_flags);
		folio_clear_active(folio);
		folio_set_workingset(folio);
		list_add(&folio->lru, &l_inactive);
	}
	move_folios_to_lru(&l_inactive);
}

/* Sizes without the lock: a hint, as in the kernel's statistics. */
static unsigned long lru_size(enum lru_list lru)
{
	return lruvec_lru_size(node_lruvec(), lru);
}

static bool inactive_is_low(enum lru_list inactive_lru)
{
	return lru_size(inactive_lru) < lru_size((enum lru_list)(inactive_lru + LRU_ACTIVE));
}

static unsigned long scan_count(const struct scan_control *sc, enum lru_list lru)
{
	unsigned long size = lru_size(lru);

	return size ? max(size >> sc->priority, reclaim_scale->scan_min) : 0;
}

enum scan_balance { SCAN_EQUAL, SCAN_ANON, SCAN_FILE };

/* Which lists are looked at, and which active ones may shrink. Follows prepare_scan_control()
 * and get_scan_count(), which end with SCAN_FRACT, a balance of costs: here it is SCAN_EQUAL. */
static enum scan_balance prepare_scan(struct scan_control *sc, bool may_swap)
{
	unsigned long file = lru_size(LRU_INACTIVE_FILE) + lru_size(LRU_ACTIVE_FILE);

	sc->may_deactivate[WORKINGSET_ANON] =
		sc->force_deactivate || inactive_is_low(LRU_INACTIVE_ANON);
	sc->may_deactivate[WORKINGSET_FILE] =
		sc->force_deactivate || inactive_is_low(LRU_INACTIVE_FILE);
	/* Without free swap slots anonymous memory is not looked at. */
	if (!may_swap) {
		PATH("reclaim: swap is full");
		return SCAN_FILE;
	}
	if (!sc->priority)
		return SCAN_EQUAL;
	/* So few that they are not worth a scan, and enough of the other kind. */
	if (file + nr_free_pages() <= high_wmark_pages() &&
	    !sc->may_deactivate[WORKINGSET_ANON] && scan_count(sc, LRU_INACTIVE_ANON))
		return SCAN_ANON;
	/* What costs no I/O goes first. */
	if (scan_count(sc, LRU_INACTIVE_FILE) && !sc->may_deactivate[WORKINGSET_FILE]) {
		PATH("reclaim: lazyfree folios first");
		return SCAN_FILE;
	}
	return SCAN_EQUAL;
}

static unsigned long shrink_list(enum lru_list lru, unsigned long nr_to_scan,
				 struct scan_control *sc)
{
	if (lru == LRU_INACTIVE_ANON || lru == LRU_INACTIVE_FILE)
		return shrink_inactive_list(nr_to_scan, sc, lru);
	if (sc->may_deactivate[lru == LRU_ACTIVE_FILE])
		shrink_active_list(nr_to_scan, lru);
	else
		sc->skipped_deactivate = true;
	return 0;
}

/* One pass over the lists at sc->priority. Follows shrink_lruvec(). */
static void shrink_lruvec(struct scan_control *sc)
{
	bool may_swap = get_nr_swap_pages() > 0;
	enum scan_balance balance = prepare_scan(sc, may_swap);
	unsigned long nr[LRU_UNEVICTABLE];

	for (unsigned int lru = 0; lru < LRU_UNEVICTABLE; lru++) {
		enum scan_balance of = lru < LRU_INACTIVE_FILE ? SCAN_ANON : SCAN_FILE;

		nr[lru] = balance == of || balance == SCAN_EQUAL ?
			  scan_count(sc, (enum lru_list)lru) : 0;
	}
	while (nr[LRU_INACTIVE_ANON] || nr[LRU_INACTIVE_FILE] || nr[LRU_ACTIVE_FILE] ||
	       (nr[LRU_ACTIVE_ANON] && reclaim_scale->active_alone)) {
		for (unsigned int lru = 0; lru < LRU_UNEVICTABLE; lru++) {
			unsigned long nr_to_scan = min(nr[lru], SWAP_CLUSTER_MAX);

			nr[lru] -= nr_to_scan;
			if (nr_to_scan)
				sc->nr_reclaimed += shrink_list((enum lru_list)lru, nr_to_scan, sc);
		}
		cond_resched();
		if (sc->nr_reclaimed >= sc->nr_to_reclaim)
			break;
	}
	if (may_swap && inactive_is_low(LRU_INACTIVE_ANON))
		shrink_active_list(SWAP_CLUSTER_MAX, LRU_ACTIVE_ANON);
}

/* Nothing was freed and writes are under way: let them end. */
static void reclaim_throttle(const struct scan_control *sc)
{
	if (!sc->nr_writeback)
		return;
	PATH("reclaim: throttled on writeback");
	schedule_timeout_uninterruptible(1);
}

static unsigned long do_try_to_free_pages(struct scan_control *sc)
{
retry:
	for (sc->priority = DEF_PRIORITY; sc->priority >= 0; sc->priority--) {
		unsigned long before = sc->nr_reclaimed;

		shrink_lruvec(sc);
		if (sc->nr_reclaimed >= sc->nr_to_reclaim)
			return sc->nr_reclaimed;
		if (sc->nr_reclaimed == before)
			reclaim_throttle(sc);
		sc->nr_writeback = 0;
	}
	if (sc->nr_reclaimed)
		return sc->nr_reclaimed;
	if (!reclaim_scale->walk_once && !sc->memcg_full_walk) {
		sc->memcg_full_walk = true;
		goto retry;
	}
	/* Before giving up, the working set may go as well. */
	if (sc->skipped_deactivate && !sc->force_deactivate) {
		PATH("reclaim: deactivate by force");
		sc->force_deactivate = true;
		sc->skipped_deactivate = false;
		goto retry;
	}
	return 0;
}

/* ---- entry points ------------------------------------------------------------------- */

unsigned long try_to_free_pages(unsigned int nr, gfp_t gfp_mask)
{
	struct scan_control sc = {
		.nr_to_reclaim = nr,
		.gfp_mask = gfp_mask,
		.may_unmap = true,
		.may_writepage = true,
	};
	unsigned int noreclaim_flag;
	unsigned long freed;

	might_sleep();
	BUG_ON(!nr);
	noreclaim_flag = memalloc_noreclaim_save();
	freed = do_try_to_free_pages(&sc);
	current->nr_direct_reclaimed += freed;
	memalloc_noreclaim_restore(noreclaim_flag);
	return freed;
}

unsigned long balance_pgdat(void)
{
	struct scan_control sc = {
		.gfp_mask = GFP_KERNEL,
		.may_unmap = true,
		.may_writepage = true,
	};
	unsigned long high = high_wmark_pages();
	unsigned int noreclaim_flag;

	might_sleep();
	noreclaim_flag = memalloc_noreclaim_save();
	current->flags |= PF_KSWAPD;
	for (sc.priority = DEF_PRIORITY; sc.priority >= 0; sc.priority--) {
		unsigned long before = sc.nr_reclaimed;
		unsigned long free = nr_free_pages();

		if (free >= high)
			break;
		if (inactive_is_low(LRU_INACTIVE_ANON) && get_nr_swap_pages() > 0)
			shrink_active_list(SWAP_CLUSTER_MAX, LRU_ACTIVE_ANON);
		sc.nr_to_reclaim = sc.nr_reclaimed + (high - free);
		shrink_lruvec(&sc);
		if (sc.nr_reclaimed == before)
			reclaim_throttle(&sc);
		sc.nr_writeback = 0;
	}
	current->flags &= ~PF_KSWAPD;
	memalloc_noreclaim_restore(noreclaim_flag);
	return sc.nr_reclaimed;
}

static unsigned int reclaim_folio_list(struct list_head *folio_list)
{
	struct scan_control sc = {
		.gfp_mask = GFP_KERNEL,
		.may_unmap = true,
		.may_writepage = true,
	};
	struct reclaim_stat stat;
	unsigned int nr_reclaimed = shrink_folio_list(folio_list, &sc, &stat, true);

	while (!list_empty(folio_list)) {
		struct folio *folio = lru_to_folio(folio_list);

		list_del(&folio->lru);
		folio_putback_lru(folio);
	}
	return nr_reclaimed;
}

unsigned long reclaim_pages(struct list_head *folio_list)
{
	unsigned int noreclaim_flag;
	unsigned long nr_reclaimed;
	struct folio *folio;

	might_sleep();
	if (list_empty(folio_list))
		return 0;
	noreclaim_flag = memalloc_noreclaim_save();
	list_for_each_entry(folio, folio_list, lru)
		folio_clear_active(folio);
	nr_reclaimed = reclaim_folio_list(folio_list);
	memalloc_noreclaim_restore(noreclaim_flag);
	VM_BUG_ON(!list_empty(folio_list));
	return nr_reclaimed;
}

static const struct page_alloc_ops vmscan_ops = {
	.direct_reclaim = try_to_free_pages,
};

void vmscan_setup(const struct world_config *config)
{
	BUG_ON(config->full_scale >= ARRAY_SIZE(reclaim_scales));
	reclaim_scale = &reclaim_scales[config->full_scale];
	BUG_ON(high_wmark_pages() < low_wmark_pages());
	page_alloc_set_ops(&vmscan_ops);
}
