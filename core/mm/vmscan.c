// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reclaim: takes folios off the tail of the LRU, gives them a swap slot, unmaps
 * them, writes them and frees them.
 * Models: mm/vmscan.c (classic LRU). Numbers are scaled to a machine of some
 * dozens of folios (struct reclaim_scale), unless the machine asks for full scale.
 * Left out: memcg, zones, nodes, demotion, MGLRU, file pages, slab shrinkers,
 * too_many_isolated(), compaction; large folios (split places are marked).
 * Locking: lru_lock (irq) for lists; the folio lock by trylock alone; the
 * cluster lock with interrupts off in __remove_mapping().
 */
#include "core/mm/vmscan.h"

#include "core/mm/mm.h"
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

struct scan_control {
	unsigned long nr_to_reclaim;
	gfp_t gfp_mask;
	int priority;
	bool may_unmap;
	bool may_writepage;
	bool may_deactivate;
	bool force_deactivate;
	bool skipped_deactivate;
	bool memcg_full_walk;
	unsigned long nr_scanned;
	unsigned long nr_reclaimed;
	unsigned long nr_writeback; /* folios found under writeback in this pass */
};

struct reclaim_stat {
	unsigned int nr_activate;
	unsigned int nr_ref_keep;
	unsigned int nr_unmap_fail;
	unsigned int nr_writeback;
	unsigned int nr_pageout;
};

enum pageout { PAGE_KEEP, PAGE_ACTIVATE, PAGE_SUCCESS, PAGE_CLEAN };
enum folio_references { FOLIOREF_RECLAIM, FOLIOREF_KEEP, FOLIOREF_ACTIVATE };

/* ---- one folio --------------------------------------------------------------- */

static enum folio_references folio_check_references(struct folio *folio)
{
	unsigned long vm_flags;
	int referenced_ptes = folio_referenced(folio, 1, &vm_flags);
	bool referenced_folio;

	if (vm_flags & VM_LOCKED)
		return FOLIOREF_ACTIVATE;
	if (referenced_ptes == -1) {
		PATH("reclaim: rmap lock contended");
		return FOLIOREF_KEEP;
	}
	referenced_folio = folio_test_clear_referenced(folio);
	if (!referenced_ptes)
		return FOLIOREF_RECLAIM;
	/* A mapped folio starts with a reference from the fault that made it: only
	 * the second one activates it. */
	folio_set_referenced(folio);
	if (referenced_folio || referenced_ptes > 1)
		return FOLIOREF_ACTIVATE;
	return FOLIOREF_KEEP;
}

/* Starts the write of a dirty, unmapped, locked swap cache folio. */
static enum pageout pageout(struct folio *folio)
{
	int res;

	/* Only the swap cache and the isolation may know it now. */
	if (folio_ref_count(folio) != 1 + folio_nr_pages(folio) || !folio_test_swapcache(folio)) {
		PATH("pageout: someone else holds the folio");
		return PAGE_KEEP;
	}
	if (!folio_clear_dirty_for_io(folio))
		return PAGE_CLEAN;

	folio_set_reclaim(folio);
	res = swap_writeout(folio, NULL);
	if (res == AOP_WRITEPAGE_ACTIVATE) {
		folio_clear_reclaim(folio);
		return PAGE_ACTIVATE;
	}
	if (!folio_test_writeback(folio))
		folio_clear_reclaim(folio); /* the write was synchronous */
	return PAGE_SUCCESS;
}

/* Takes a clean folio out of the swap cache if nobody else holds it, leaving a
 * shadow when it was reclaimed. True: its references are frozen at 0. */
static bool __remove_mapping(struct folio *folio, bool reclaimed)
	__no_lock_analysis("the cluster is found and locked in one step")
{
	struct swap_cluster_info *ci;
	int refcount = 1 + folio_nr_pages(folio);
	void *shadow = NULL;

	BUG_ON(!folio_peek_locked(folio));
	BUG_ON(!folio_flag_peek(folio, PG_swapcache));

	ci = swap_cluster_get_and_lock_irq(folio);
	/* First the references, then the dirty flag: a last user dirties the folio
	 * and drops his reference, in this order. */
	if (!folio_ref_freeze(folio, refcount)) {
		PATH("remove_mapping: busy");
		goto cannot_free;
	}
	if (unlikely(folio_test_dirty(folio))) {
		PATH("remove_mapping: dirtied again");
		folio_ref_unfreeze(folio, refcount);
		goto cannot_free;
	}
	if (reclaimed)
		shadow = workingset_eviction(folio);
	__swap_cache_del_folio(ci, folio, folio->swap, shadow);
	swap_cluster_unlock_irq(ci);
	return true;

cannot_free:
	swap_cluster_unlock_irq(ci);
	return false;
}

long remove_mapping(struct folio *folio)
{
	if (!__remove_mapping(folio, false))
		return 0;
	/* Unfrozen with 1: that is the caller's; the cache's are gone. */
	folio_ref_unfreeze(folio, 1);
	return folio_nr_pages(folio);
}

enum shrink { SHRINK_FREE, SHRINK_KEEP, SHRINK_KEEP_LOCKED, SHRINK_ACTIVATE };

/* Unmapped, dirty, locked: writes it. SHRINK_FREE: clean and locked. */
static enum shrink shrink_write_folio(struct folio *folio, struct scan_control *sc,
				      struct reclaim_stat *stat)
{
	if (!sc->may_writepage || !(sc->gfp_mask & __GFP_IO))
		return SHRINK_KEEP_LOCKED;
	/* A CPU may still write through a stale entry: not once the I/O reads. */
	try_to_unmap_flush_dirty();
	switch (pageout(folio)) {
	case PAGE_KEEP:
		return SHRINK_KEEP_LOCKED;
	case PAGE_ACTIVATE:
		PATH("pageout: activate");
		return SHRINK_ACTIVATE;
	case PAGE_SUCCESS:
		stat->nr_pageout++;
		if (folio_test_writeback(folio) || folio_test_dirty(folio)) {
			PATH("pageout: write under way");
			return SHRINK_KEEP;
		}
		/* A synchronous write has unlocked the folio. */
		if (!folio_trylock(folio)) {
			PATH("pageout: locked by another");
			return SHRINK_KEEP;
		}
		if (folio_test_dirty(folio) || folio_test_writeback(folio)) {
			PATH("pageout: in use again");
			return SHRINK_KEEP_LOCKED;
		}
		return SHRINK_FREE;
	case PAGE_CLEAN:
		return SHRINK_FREE;
	}
	BUG();
	return SHRINK_KEEP_LOCKED;
}

/* What becomes of a locked, isolated folio. SHRINK_FREE: its references are
 * frozen at 0 and it is out of the cache; SHRINK_KEEP: it is not locked. */
static enum shrink shrink_folio(struct folio *folio, struct scan_control *sc,
				struct reclaim_stat *stat, bool ignore_references)
{
	bool wrote = false;

	VM_BUG_ON(folio_flag_peek(folio, PG_active));
	sc->nr_scanned += folio_nr_pages(folio);

	if (unlikely(!folio_evictable(folio)))
		return SHRINK_ACTIVATE;
	if (!sc->may_unmap && folio_mapped(folio))
		return SHRINK_KEEP_LOCKED;
	if (folio_test_writeback(folio)) {
		/* Not waited for here: marked, so that the completion rotates it to
		 * the tail, and out of the way until then. */
		PATH("reclaim: under writeback");
		folio_set_reclaim(folio);
		stat->nr_writeback++;
		return SHRINK_ACTIVATE;
	}
	if (!ignore_references) {
		switch (folio_check_references(folio)) {
		case FOLIOREF_ACTIVATE:
			PATH("reclaim: referenced, activate");
			return SHRINK_ACTIVATE;
		case FOLIOREF_KEEP:
			PATH("reclaim: referenced, keep");
			stat->nr_ref_keep++;
			return SHRINK_KEEP_LOCKED;
		case FOLIOREF_RECLAIM:
			break;
		}
	}
	if (folio_test_anon(folio) && folio_test_swapbacked(folio) &&
	    !folio_test_swapcache(folio)) {
		if (!(sc->gfp_mask & __GFP_IO))
			return SHRINK_KEEP_LOCKED;
		if (folio_maybe_dma_pinned(folio))
			return SHRINK_KEEP_LOCKED;
		if (folio_alloc_swap(folio)) {
			PATH("reclaim: no swap slot");
			return SHRINK_ACTIVATE;
		}
		/* MADV_FREE may have cleaned the PTE before its batch cleared
		 * swapbacked: unmapping would not dirty the folio then. */
		folio_mark_dirty(folio);
	}
	if (folio_mapped(folio)) {
		try_to_unmap(folio, TTU_BATCH_FLUSH);
		if (folio_mapped(folio)) {
			PATH("reclaim: still mapped");
			stat->nr_unmap_fail++;
			return SHRINK_ACTIVATE;
		}
	}
	/* Unmapped, so it cannot be pinned any more; if it was before, stay. */
	if (folio_maybe_dma_pinned(folio))
		return SHRINK_ACTIVATE;
	if (folio_test_dirty(folio)) {
		enum shrink s = shrink_write_folio(folio, sc, stat);

		if (s != SHRINK_FREE)
			return s;
		wrote = true;
	}
	if (!folio_test_swapcache(folio) || !__remove_mapping(folio, true))
		return SHRINK_KEEP_LOCKED;
	COUNT(folio_reclaimed);
	if (!wrote)
		COUNT(folio_reclaimed_lazily);
	return SHRINK_FREE;
}

/* Reclaims the isolated folios of folio_list; those that stay are left there.
 * Returns the number of folios freed. */
static unsigned int shrink_folio_list(struct list_head *folio_list, struct scan_control *sc,
				      struct reclaim_stat *stat, bool ignore_references)
{
	struct folio_batch free_folios;
	LIST_HEAD_ONSTACK(ret_folios);
	unsigned int nr_reclaimed = 0;

	folio_batch_init(&free_folios);
	*stat = (struct reclaim_stat){ 0 };
	cond_resched();

	while (!list_empty(folio_list)) {
		struct folio *folio = lru_to_folio(folio_list);
		enum shrink s;

		cond_resched();
		list_del(&folio->lru);
		if (!folio_trylock(folio)) {
			PATH("reclaim: folio locked");
			list_add(&folio->lru, &ret_folios);
			continue;
		}
		s = shrink_folio(folio, sc, stat, ignore_references);
		if (s == SHRINK_FREE) {
			folio_unlock(folio);
			nr_reclaimed += folio_nr_pages(folio);
			if (folio_batch_add(&free_folios, folio) == 0) {
				try_to_unmap_flush();
				free_unref_folios(&free_folios);
			}
			continue;
		}
		if (s == SHRINK_ACTIVATE) {
			/* No candidate for swapping: give the swap space back. */
			if (folio_test_swapcache(folio) &&
			    (vm_swap_full() || folio_test_mlocked(folio)))
				folio_free_swap(folio);
			if (!folio_test_mlocked(folio)) {
				folio_set_active(folio);
				stat->nr_activate++;
			}
		}
		if (s != SHRINK_KEEP)
			folio_unlock(folio);
		list_add(&folio->lru, &ret_folios);
		VM_BUG_ON(folio_flag_peek(folio, PG_lru) || folio_flag_peek(folio, PG_unevictable));
	}
	try_to_unmap_flush();
	free_unref_folios(&free_folios);
	list_splice(&ret_folios, folio_list);
	return nr_reclaimed;
}

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

static bool inactive_is_low(void)
{
	return lru_size(LRU_INACTIVE_ANON) < lru_size(LRU_ACTIVE_ANON);
}

static unsigned long scan_count(const struct scan_control *sc, enum lru_list lru)
{
	unsigned long size = lru_size(lru);

	return size ? max(size >> sc->priority, reclaim_scale->scan_min) : 0;
}

/* One pass over the lists at sc->priority. Follows shrink_lruvec(). */
static void shrink_lruvec(struct scan_control *sc)
{
	unsigned long inactive = scan_count(sc, LRU_INACTIVE_ANON);
	unsigned long active = scan_count(sc, LRU_ACTIVE_ANON);

	/* Without free swap slots anonymous memory is not looked at. */
	if (get_nr_swap_pages() <= 0) {
		PATH("reclaim: swap is full");
		return;
	}
	sc->may_deactivate = sc->force_deactivate || inactive_is_low();
	while (inactive || (active && reclaim_scale->active_alone)) {
		unsigned long nr = min(inactive, SWAP_CLUSTER_MAX);

		if (nr) {
			inactive -= nr;
			sc->nr_reclaimed += shrink_inactive_list(nr, sc, LRU_INACTIVE_ANON);
		}
		nr = min(active, SWAP_CLUSTER_MAX);
		if (nr) {
			active -= nr;
			if (sc->may_deactivate)
				shrink_active_list(nr, LRU_ACTIVE_ANON);
			else
				sc->skipped_deactivate = true;
		}
		cond_resched();
		if (sc->nr_reclaimed >= sc->nr_to_reclaim)
			break;
	}
	if (inactive_is_low())
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
		if (inactive_is_low() && get_nr_swap_pages() > 0)
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
