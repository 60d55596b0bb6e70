/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/workingset.c (workingset_eviction, workingset_refault,
 * workingset_test_recent, workingset_age_nonresident).
 * lruvec->nonresident_age counts evictions and activations. A folio that comes
 * back within fewer of them than there are active anon pages was evicted too
 * early, and starts active.
 * Left out: memcg, nodes, buckets, file pages, the shadow shrinker.
 * Locking: atomics; the shadow's word is guarded by the cluster lock.
 */
#include "core/page/workingset.h"

#include "core/page/folio.h"
#include "core/page/lru.h"

#define EVICTION_BITS (WORKINGSET_SHADOW_BITS - 2)
#define EVICTION_MASK ((1UL << EVICTION_BITS) - 1)

static void *pack_shadow(unsigned long eviction, bool workingset)
{
	return (void *)(((eviction & EVICTION_MASK) << 1 | workingset) << 1 | 1);
}

static void unpack_shadow(const void *shadow, unsigned long *eviction, bool *workingset)
{
	unsigned long value = (unsigned long)(uintptr_t)shadow;

	VM_BUG_ON(!(value & 1));
	*workingset = (value >> 1) & 1;
	*eviction = (value >> 2) & EVICTION_MASK;
}

void workingset_age_nonresident(struct lruvec *lruvec, unsigned long nr_pages)
{
	atomic_long_add((long)nr_pages, &lruvec->nonresident_age);
}

void *workingset_eviction(struct folio *folio)
{
	struct lruvec *lruvec = folio_lruvec(folio);
	unsigned long eviction;

	VM_BUG_ON(folio_flag_peek(folio, PG_lru));
	VM_BUG_ON(!folio_flag_peek(folio, PG_locked));
	VM_BUG_ON(engine_load_relaxed(&folio->_refcount.counter) != 0);

	eviction = (unsigned long)atomic_long_read(&lruvec->nonresident_age);
	workingset_age_nonresident(lruvec, (unsigned long)folio_nr_pages(folio));
	return pack_shadow(eviction, folio_test_workingset(folio));
}

bool workingset_test_recent(void *shadow, bool *workingset)
{
	struct lruvec *lruvec = node_lruvec();
	unsigned long eviction, refault, distance;

	unpack_shadow(shadow, &eviction, workingset);
	refault = (unsigned long)atomic_long_read(&lruvec->nonresident_age);
	distance = (refault - eviction) & EVICTION_MASK;
	/* What a swapped page competes with; the other lists hold what MADV_FREE has given up. */
	return distance <= lruvec_lru_size(lruvec, LRU_ACTIVE_ANON) +
			   lruvec_lru_size(lruvec, LRU_ACTIVE_FILE) +
			   lruvec_lru_size(lruvec, LRU_INACTIVE_FILE);
}

void workingset_refault(struct folio *folio, void *shadow)
{
	struct lruvec *lruvec = folio_lruvec(folio);
	long nr = folio_nr_pages(folio);
	bool workingset;

	VM_BUG_ON(!folio_flag_peek(folio, PG_locked));
	atomic_long_add(nr, &lruvec->refaults);
	if (!workingset_test_recent(shadow, &workingset))
		return;
	folio_set_active(folio);
	workingset_age_nonresident(lruvec, (unsigned long)nr);
	if (workingset)
		folio_set_workingset(folio);
}

void workingset_activation(struct folio *folio)
{
	workingset_age_nonresident(folio_lruvec(folio), (unsigned long)folio_nr_pages(folio));
}
