/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/swap_table.h.
 * A word a slot, in a table a cluster:
 *
 *	NULL    0                        free
 *	PFN     COUNT | Z | pfn    | 10   in use, cached
 *	shadow  COUNT | Z | shadow |  1   in use, not cached; the shadow may be empty
 *	BAD     1...1            1000     header page, bad page, past the end
 *
 * COUNT is swap_shape.count_bits wide, at the top. It holds swap counts below
 * SWP_TB_COUNT_MAX; that value means "see ci->extend_table". The cache's pin is
 * not counted. Z: the page is zero-filled, and not on the device. COUNT and Z are
 * the flags. Words change under ci->lock; they may be read under RCU.
 */
#ifndef CORE_SWAP_SWAP_TABLE_H
#define CORE_SWAP_SWAP_TABLE_H

#include "core/page/folio.h"
#include "core/swap/swap.h"

#define SWP_TB_NULL 0UL
#define SWP_TB_SHADOW_MARK 1UL
#define SWP_TB_PFN_MARK 2UL
#define SWP_TB_PFN_MARK_BITS 2
#define SWP_TB_PFN_MARK_MASK 3UL
#define SWP_TB_BAD (~0UL << 3)
#define SWP_TB_COUNT_SHIFT (64 - swap_shape.count_bits)
#define SWP_TB_COUNT_MASK (~0UL << SWP_TB_COUNT_SHIFT)
#define SWP_TB_COUNT_MAX ((1U << swap_shape.count_bits) - 1)
#define SWP_TB_FLAGS_BITS (swap_shape.count_bits + 1)
#define SWP_TB_FLAGS_SHIFT (64 - SWP_TB_FLAGS_BITS)
#define SWP_TB_FLAGS_MASK (~0UL << SWP_TB_FLAGS_SHIFT)
#define SWP_TB_ZERO_FLAG (1UL << SWP_TB_FLAGS_SHIFT)

/* ---- what a word is -------------------------------------------------------- */

static inline bool swp_tb_is_null(unsigned long swp_tb)
{
	return swp_tb == SWP_TB_NULL;
}

static inline bool swp_tb_is_bad(unsigned long swp_tb)
{
	return swp_tb == SWP_TB_BAD;
}

static inline bool swp_tb_is_folio(unsigned long swp_tb)
{
	return (swp_tb & SWP_TB_PFN_MARK_MASK) == SWP_TB_PFN_MARK;
}

static inline bool swp_tb_is_shadow(unsigned long swp_tb)
{
	return swp_tb & SWP_TB_SHADOW_MARK;
}

static inline bool swp_tb_is_countable(unsigned long swp_tb)
{
	return swp_tb_is_shadow(swp_tb) || swp_tb_is_folio(swp_tb) || swp_tb_is_null(swp_tb);
}

/* ---- making a word ----------------------------------------------------------- */

static inline unsigned long null_to_swp_tb(void)
{
	return SWP_TB_NULL;
}

static inline unsigned long __count_to_swp_tb(unsigned int count)
{
	BUG_ON_CMP(count, >, SWP_TB_COUNT_MAX);
	return (unsigned long)count << SWP_TB_COUNT_SHIFT;
}

/* flags: the count and the zero flag, as __swp_tb_get_flags() gives them. */
static inline unsigned long __flags_to_swp_tb(unsigned int flags)
{
	VM_WARN_ON(flags >> SWP_TB_FLAGS_BITS);
	return (unsigned long)flags << SWP_TB_FLAGS_SHIFT;
}

static inline unsigned long pfn_to_swp_tb(unsigned long pfn, unsigned int flags)
{
	unsigned long swp_tb = (pfn << SWP_TB_PFN_MARK_BITS) | SWP_TB_PFN_MARK;

	VM_WARN_ON(swp_tb & SWP_TB_FLAGS_MASK);
	return swp_tb | __flags_to_swp_tb(flags);
}

static inline unsigned long folio_to_swp_tb(const struct folio *folio, unsigned int flags)
{
	return pfn_to_swp_tb(folio_pfn(folio), flags);
}

/* shadow: NULL, or a value with bit 0 set that leaves the flags' bits clear. */
static inline unsigned long shadow_to_swp_tb(void *shadow, unsigned int flags)
{
	unsigned long value = (unsigned long)(uintptr_t)shadow;

	VM_WARN_ON(shadow && !(value & SWP_TB_SHADOW_MARK));
	VM_WARN_ON(value & SWP_TB_FLAGS_MASK);
	return value | SWP_TB_SHADOW_MARK | __flags_to_swp_tb(flags);
}

static inline unsigned long __swp_tb_mk_count(unsigned long swp_tb, unsigned int count)
{
	VM_WARN_ON(!swp_tb_is_countable(swp_tb));
	return (swp_tb & ~SWP_TB_COUNT_MASK) | __count_to_swp_tb(count);
}

/* ---- taking a word apart ------------------------------------------------------- */

static inline struct folio *swp_tb_to_folio(unsigned long swp_tb)
{
	VM_WARN_ON(!swp_tb_is_folio(swp_tb));
	return pfn_folio((swp_tb & ~SWP_TB_FLAGS_MASK) >> SWP_TB_PFN_MARK_BITS);
}

static inline void *swp_tb_to_shadow(unsigned long swp_tb)
{
	VM_WARN_ON(!swp_tb_is_shadow(swp_tb));
	return (void *)(uintptr_t)(swp_tb & ~SWP_TB_FLAGS_MASK);
}

/* Of a word that is known to be countable. */
static inline unsigned int __swp_tb_get_count(unsigned long swp_tb)
{
	VM_WARN_ON(!swp_tb_is_countable(swp_tb));
	return (unsigned int)((swp_tb & SWP_TB_COUNT_MASK) >> SWP_TB_COUNT_SHIFT);
}

static inline unsigned int __swp_tb_get_flags(unsigned long swp_tb)
{
	VM_WARN_ON(!swp_tb_is_countable(swp_tb));
	return (unsigned int)((swp_tb & SWP_TB_FLAGS_MASK) >> SWP_TB_FLAGS_SHIFT);
}

/* -EINVAL for a bad slot: it is in use, but nobody's. */
static inline int swp_tb_get_count(unsigned long swp_tb)
{
	if (swp_tb_is_countable(swp_tb))
		return (int)__swp_tb_get_count(swp_tb);
	return -EINVAL;
}

/* ---- the table of a cluster ------------------------------------------------------ */

/* Memory of a table; ci->table points at the words. */
struct swap_table {
	struct rcu_head rcu_head;
	atomic_long_t entries[];
};

/* Checks what a table access needs; func is the caller's name for the report. */
void swap_table_check_access(const struct swap_cluster_info *ci, const atomic_long_t *table,
			     unsigned int off, const char *func);

/* ci->lock held. Reading without it needs RCU and a table that cannot go. */
#define __swap_table_set(ci, off, swp_tb)                                             \
	do {                                                                          \
		struct swap_cluster_info *tci_ = (ci);                                \
		unsigned int toff_ = (off);                                           \
		atomic_long_t *table_ = rcu_dereference_protected(tci_->table, true); \
		lockdep_assert_held(&tci_->lock);                                     \
		swap_table_check_access(tci_, table_, toff_, __func__);               \
		atomic_long_set_at(&table_[toff_], (long)(swp_tb), ENGINE_RELAXED,    \
				   SITE("__swap_table_set"));                         \
	} while (0)

#define __swap_table_xchg(ci, off, swp_tb)                                            \
	({                                                                            \
		struct swap_cluster_info *tci_ = (ci);                                \
		unsigned int toff_ = (off);                                           \
		atomic_long_t *table_ = rcu_dereference_protected(tci_->table, true); \
		lockdep_assert_held(&tci_->lock);                                     \
		swap_table_check_access(tci_, table_, toff_, __func__);               \
		(unsigned long)atomic_long_xchg_at(&table_[toff_], (long)(swp_tb), \
				ENGINE_RELAXED, SITE("__swap_table_xchg"));        \
	})

#define __swap_table_get(ci, off)                                                     \
	({                                                                            \
		struct swap_cluster_info *tci_ = (ci);                                \
		unsigned int toff_ = (off);                                           \
		atomic_long_t *table_ = rcu_dereference_check(tci_->table,            \
				lockdep_is_held(&tci_->lock));                        \
		swap_table_check_access(tci_, table_, toff_, __func__);               \
		(unsigned long)atomic_long_read_at(&table_[toff_],                    \
				SITE("__swap_table_get"));                            \
	})

/* Any context that keeps the device alive; NULL where the cluster has no table. */
#define swap_table_get(ci, off)                                                       \
	({                                                                            \
		struct swap_cluster_info *tci_ = (ci);                                \
		unsigned int toff_ = (off);                                           \
		unsigned long word_ = SWP_TB_NULL;                                    \
		atomic_long_t *table_;                                                \
		rcu_read_lock();                                                      \
		table_ = rcu_dereference(tci_->table);                                \
		if (table_)                                                           \
			word_ = (unsigned long)atomic_long_read_at(&table_[toff_],    \
					SITE("swap_table_get"));                      \
		rcu_read_unlock();                                                    \
		word_;                                                                \
	})

/* The zero flag of a slot: changed under ci->lock, looked at under RCU as well. */
#define __swap_table_test_zero(ci, off)                                               \
	({                                                                            \
		unsigned long word_ = __swap_table_get((ci), (off));                  \
		VM_WARN_ON(!swp_tb_is_countable(word_));                              \
		(word_ & SWP_TB_ZERO_FLAG) != 0;                                      \
	})

#define __swap_table_set_zero(ci, off)                                                \
	do {                                                                          \
		unsigned long word_ = __swap_table_get((ci), (off));                  \
		VM_WARN_ON(!swp_tb_is_countable(word_));                              \
		__swap_table_set((ci), (off), word_ | SWP_TB_ZERO_FLAG);              \
	} while (0)

#define __swap_table_clear_zero(ci, off)                                              \
	do {                                                                          \
		unsigned long word_ = __swap_table_get((ci), (off));                  \
		VM_WARN_ON(!swp_tb_is_countable(word_));                              \
		__swap_table_set((ci), (off), word_ & ~SWP_TB_ZERO_FLAG);             \
	} while (0)

/* For assertions and checkers: no event, no report. */
static inline unsigned long swap_table_peek(const struct swap_cluster_info *ci, unsigned long off)
{
	const atomic_long_t *table = data_race(ci->table);

	return table ? (unsigned long)data_race(table[off].counter) : SWP_TB_NULL;
}

/*
 * No user of the device is left and none can come; no event. The kernel's check
 * (__swap_type_to_info()) also fires in swap_reclaim_work() when swapoff has killed
 * the reference and not yet reached flush_work(); the device is still whole then,
 * so the work that swapoff waits for is let through until the clusters are taken
 * away. See "Findings".
 */
static inline bool swap_users_gone(const struct swap_info_struct *si)
{
	return (engine_load_relaxed(&si->users.mode) & __PERCPU_REF_DEAD) &&
	       engine_load_relaxed(&si->users.count.counter) == 0 &&
	       (current_work() != &si->reclaim_work || !engine_load_relaxed(&si->cluster_info));
}

/* ---- cluster.c: inside of core/swap -------------------------------------------------- */

static inline bool cluster_is_empty(const struct swap_cluster_info *ci)
{
	return ci->count == 0;
}

bool cluster_table_is_alloced(struct swap_cluster_info *ci);
/* ci->lock held: can a folio of this order be allocated here? */
bool cluster_is_usable(struct swap_cluster_info *ci, unsigned int order);
unsigned int cluster_index(struct swap_info_struct *si, struct swap_cluster_info *ci);
unsigned int cluster_offset(struct swap_info_struct *si, struct swap_cluster_info *ci);

/* 0 or -ENOMEM; the cluster is empty and on no list. ci->lock is held with an atomic gfp,
 * not with a sleeping one; then later, if not NULL, gets the table, and the cluster none. */
int swap_cluster_alloc_table(struct swap_info_struct *si, struct swap_cluster_info *ci, gfp_t gfp,
			     struct swap_table **later);
void swap_cluster_free_table(struct swap_cluster_info *ci);
void swap_cluster_assert_empty(struct swap_cluster_info *ci, unsigned int ci_off, unsigned int nr,
			       bool swapoff);
/* All: ci->lock held. */
void move_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci,
		  struct list_head *list, enum swap_cluster_flags new_flags);
void __free_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci);
void free_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci);
void partial_free_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci);
void relocate_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci);
/* First cluster of the list that can be locked; locked and off-list, with a
 * table. Caller holds the local_lock (and global_cluster_lock). NULL: none, or
 * none free of contention, or no memory for its table. */
struct swap_cluster_info *isolate_lock_cluster(struct swap_info_struct *si, struct list_head *list);

/* ---- discard.c -------------------------------------------------------------------------- */

void swap_cluster_schedule_discard(struct swap_info_struct *si, struct swap_cluster_info *ci);
/* Discards what is on the list; sleeps. True: something became free. */
bool swap_do_scheduled_discard(struct swap_info_struct *si);
void swap_discard_work(struct work_struct *work);
/* The same for all devices: when allocation failed. */
bool swap_sync_discard(void);
int discard_swap(struct swap_info_struct *si);

/* ---- swapon.c ------------------------------------------------------------------------------ */

/* Names the words of a table, the slots [start, start + SWAPFILE_CLUSTER). */
void swap_role_slots(struct swap_info_struct *si, atomic_long_t *words, unsigned int start);
struct swap_extent *first_se(struct swap_info_struct *si);
struct swap_extent *next_se(struct swap_extent *se);
struct swap_extent *offset_to_swap_extent(struct swap_info_struct *si, pgoff_t offset);

#endif
