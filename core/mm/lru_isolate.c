// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Off the LRU for reclaim, and back.
 * Models: mm/vmscan.c (folio_isolate_lru, isolate_lru_folios, move_folios_to_lru).
 * PG_lru is cleared by whoever isolates, before lru_lock is taken or under it; it
 * is never cleared by two. Left out: zones, skipped folios, mlock.
 * Locking: lru_lock, interrupts off.
 */
#include "core/mm/vmscan.h"

#include "core/mm/mm.h"
#include "core/page/page.h"

bool folio_isolate_lru(struct folio *folio)
	__no_lock_analysis("folio_lruvec_lock_irq() returns what it locks")
{
	struct lruvec *lruvec;

	VM_BUG_ON(!folio_peek_refs(folio));

	if (!folio_test_clear_lru(folio)) {
		PATH("isolate: not on the lru");
		return false;
	}
	folio_get(folio);
	lruvec = folio_lruvec_lock_irq(folio);
	lruvec_del_folio(lruvec, folio);
	lruvec_unlock_irq(lruvec);
	return true;
}

void folio_putback_lru(struct folio *folio)
{
	folio_add_lru(folio);
	folio_put(folio); /* the isolation's reference */
}

unsigned long isolate_lru_folios(unsigned long nr_to_scan, struct lruvec *lruvec,
				 struct list_head *dst, unsigned long *nr_scanned,
				 enum lru_list lru)
{
	struct list_head *src = &lruvec->lists[lru];
	unsigned long scan = 0, nr_taken = 0;

	lockdep_assert_held(&lruvec->lru_lock);
	while (scan < nr_to_scan && !list_empty(src)) {
		struct folio *folio = lru_to_folio(src);
		struct list_head *move_to = src;

		scan++;
		if (!folio_test_lru(folio)) {
			PATH("isolate: lru flag clear");
			goto move;
		}
		/* PG_lru stays until it's sure that nobody frees the folio: the
		 * free path relies on it to take the folio off the list. */
		if (unlikely(!folio_try_get(folio))) {
			PATH("isolate: being freed");
			goto move;
		}
		if (!folio_test_clear_lru(folio)) {
			PATH("isolate: someone else isolates");
			folio_put(folio);
			goto move;
		}
		nr_taken++;
		move_to = dst;
move:
		list_move(&folio->lru, move_to);
	}
	*nr_scanned = scan;
	update_lru_size(lruvec, lru, -(long)nr_taken);
	return nr_taken;
}

unsigned int move_folios_to_lru(struct list_head *list)
	__no_lock_analysis("lru_lock is dropped and taken inside of the loop")
{
	struct folio_batch free_folios;
	struct lruvec *lruvec = node_lruvec();
	unsigned int nr_moved = 0;
	bool locked = false;

	folio_batch_init(&free_folios);
	while (!list_empty(list)) {
		struct folio *folio = lru_to_folio(list);

		if (!locked) {
			lruvec_lock_irq(lruvec);
			locked = true;
		}
		VM_BUG_ON(folio_flag_peek(folio, PG_lru));
		list_del(&folio->lru);
		if (unlikely(!folio_evictable(folio))) {
			lruvec_unlock_irq(lruvec);
			locked = false;
			folio_putback_lru(folio);
			continue;
		}
		/* Before the put: whoever drops the last reference in between must
		 * see that the folio is (about to be) on a list. */
		folio_set_lru(folio);
		if (unlikely(folio_put_testzero(folio))) {
			PATH("putback: last reference");
			__folio_clear_lru_flags(folio);
			if (folio_batch_add(&free_folios, folio) == 0) {
				lruvec_unlock_irq(lruvec);
				locked = false;
				free_unref_folios(&free_folios);
			}
			continue;
		}
		lruvec_add_folio(lruvec, folio);
		nr_moved++;
		if (folio_test_active(folio))
			workingset_age_nonresident(lruvec, 1);
	}
	if (locked)
		lruvec_unlock_irq(lruvec);
	free_unref_folios(&free_folios);
	return nr_moved;
}
