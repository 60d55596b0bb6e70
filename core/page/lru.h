/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/folio.c, include/linux/mm_inline.h, include/linux/swap.h: the LRU lists
 * and the per-CPU batches before them.
 * A batch entry owns a reference. lru_add batches folios whose PG_lru is clear; the
 * batches that move a folio keep PG_lru set until they are drained, when it is
 * test-and-cleared, the folio moved and the flag set again: if the clear finds it
 * clear (somebody isolated the folio) the entry is skipped.
 * Left out: MGLRU, memcg and node lruvecs (there is one), mlock batches.
 * Locking: batches under local_lock (move_tail: with interrupts off), lists lru_lock.
 */
#ifndef CORE_PAGE_LRU_H
#define CORE_PAGE_LRU_H

#include "core/page/folio.h"
#include "core/page/mm_types.h"

/* The one lruvec. */
struct lruvec *folio_lruvec(const struct folio *folio);
struct lruvec *node_lruvec(void);

static inline struct folio *lru_to_folio(const struct list_head *head)
{
	return list_entry(head->prev, struct folio, lru);
}

/* lru_lock of the folio's lruvec; interrupts off, state in *flags. */
#define folio_lruvec_lock_irqsave(f, flagsp) \
	folio_lruvec_lock_irqsave_at((f), (flagsp), SITE("folio_lruvec_lock_irqsave"))
struct lruvec *folio_lruvec_lock_irqsave_at(const struct folio *folio, unsigned long *flags,
					    const struct site *site);
#define folio_lruvec_lock_irq(f) \
	folio_lruvec_lock_irq_at((f), SITE("folio_lruvec_lock_irq"))
struct lruvec *folio_lruvec_lock_irq_at(const struct folio *folio, const struct site *site);
#define lruvec_lock_irq(lruvec) \
	spin_lock_irq_at(&(lruvec)->lru_lock, 0, SITE("lruvec_lock_irq"))
#define lruvec_unlock_irq(lruvec) \
	spin_unlock_irq_at(&(lruvec)->lru_lock, SITE("lruvec_unlock_irq"))
#define lruvec_unlock_irqrestore(lruvec, flags) \
	spin_unlock_irqrestore_at(&(lruvec)->lru_lock, flags, SITE("lruvec_unlock_irqrestore"))

/* Lists; lru_lock held. */
enum lru_list folio_lru_list(const struct folio *folio);
bool folio_is_file_lru(const struct folio *folio);
void lruvec_add_folio(struct lruvec *lruvec, struct folio *folio);
void lruvec_add_folio_tail(struct lruvec *lruvec, struct folio *folio);
void lruvec_del_folio(struct lruvec *lruvec, struct folio *folio);
void update_lru_size(struct lruvec *lruvec, enum lru_list lru, long nr_pages);
/* Clears PG_lru, PG_active and PG_unevictable of a folio without references. */
void __folio_clear_lru_flags(struct folio *folio);
/* Pages on a list; racy read, no lock. */
unsigned long lruvec_lru_size(const struct lruvec *lruvec, enum lru_list lru);
/* Not mlocked (no unevictable mappings here). */
bool folio_evictable(struct folio *folio);

/* Batches: process context, interrupts may be off, no lock held but what the
 * kernel allows (PTL). Each takes a reference of its own. */
void folio_add_lru(struct folio *folio);
void folio_add_lru_vma(struct folio *folio, struct vm_area_struct *vma);
void folio_activate(struct folio *folio);
void folio_mark_accessed(struct folio *folio);
void folio_deactivate(struct folio *folio);
void folio_mark_lazyfree(struct folio *folio);
/* To the tail of the inactive list; any context, from write completion. */
void folio_rotate_reclaimable(struct folio *folio);
/* Large folios never stay in a batch. */
static inline bool folio_may_be_lru_cached(const struct folio *folio)
{
	return !folio_test_large(folio);
}

/* Empties this CPU's batches. */
void lru_add_drain(void);
/* Empties cpu's batches: this CPU with the local lock held, or a CPU that does
 * not run (no task runs: tear-down). */
void lru_add_drain_cpu(int cpu);
/* Empties the batches of all CPUs that have some; sleeps. */
void lru_add_drain_all(void);
/* Entries in cpu's batches: for audit and tests. */
unsigned int lru_batch_count(int cpu);

struct page_audit;
void lru_audit(struct page_audit *out);
void lru_setup(const struct world_config *config);

#endif
