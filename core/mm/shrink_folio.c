// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What reclaim does with a folio that it has isolated: gives it a swap slot, unmaps it,
 * writes it and frees it, or leaves it.
 * Models: mm/vmscan.c (shrink_folio_list, pageout, __remove_mapping,
 * folio_check_references).
 * Left out: memcg, demotion, MGLRU, file pages; large folios (split places are marked).
 * Locking: the folio lock by trylock alone; the cluster lock with interrupts off in
 * __remove_mapping().
 */
#include "core/mm/mm.h"
#include "core/mm/scan_control.h"
#include "core/mm/vmscan.h"
#include "core/page/page.h"
#include "core/swap/swap.h"

enum pageout { PAGE_KEEP, PAGE_ACTIVATE, PAGE_SUCCESS, PAGE_CLEAN };
enum folio_references { FOLIOREF_RECLAIM, FOLIOREF_KEEP, FOLIOREF_ACTIVATE };

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
static enum pageout pageout(struct swap_io_ctx *ctx, struct folio *folio)
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
	res = swap_writeout(ctx, folio);
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
	__swap_cache_del_folio(ci, folio, folio->swap, shadow, true);
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
static enum shrink shrink_write_folio(struct swap_io_ctx *ctx, struct folio *folio,
				      struct scan_control *sc, struct reclaim_stat *stat)
{
	if (!sc->may_writepage || !(sc->gfp_mask & __GFP_IO))
		return SHRINK_KEEP_LOCKED;
	/* A CPU may still write through a stale entry: not once the I/O reads. */
	try_to_unmap_flush_dirty();
	switch (pageout(ctx, folio)) {
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
static enum shrink shrink_folio(struct swap_io_ctx *ctx, struct folio *folio,
				struct scan_control *sc, struct reclaim_stat *stat,
				bool ignore_references)
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
		if (!bug_seeded(BUG_LAZYFREE_SWAPPED_CLEAN))
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
		enum shrink s;

		if (folio_peek_lazyfree(folio)) {
			/* It can't be written to swap; let it age once more. */
			PATH("reclaim: lazyfree folio is dirty and unmapped");
			if (!folio_test_reclaim(folio))
				folio_set_reclaim(folio);
			return SHRINK_ACTIVATE;
		}
		s = shrink_write_folio(ctx, folio, sc, stat);
		if (s != SHRINK_FREE)
			return s;
		wrote = true;
	}
	if (folio_peek_lazyfree(folio)) {
		/* Only the isolation knows it any more. Whether it is dirty doesn't matter:
		 * whoever has another reference, it is freed with the last one. */
		if (!folio_ref_freeze(folio, 1)) {
			PATH("reclaim: unmapped lazyfree folio is held by others");
			return SHRINK_KEEP_LOCKED;
		}
		COUNT(pglazyfreed);
	} else if (!folio_test_swapcache(folio) || !__remove_mapping(folio, true)) {
		return SHRINK_KEEP_LOCKED;
	}
	COUNT(folio_reclaimed);
	if (!wrote)
		COUNT(folio_reclaimed_lazily);
	return SHRINK_FREE;
}

unsigned int shrink_folio_list(struct list_head *folio_list, struct scan_control *sc,
			       struct reclaim_stat *stat, bool ignore_references)
{
	struct swap_io_ctx ctx = { 0 };
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
		s = shrink_folio(&ctx, folio, sc, stat, ignore_references);
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
	/* Writes to neighbouring blocks are one transfer: the last ones start here. */
	swap_write_submit(&ctx);
	return nr_reclaimed;
}
