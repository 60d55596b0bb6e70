/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The short looks of check.h, inline: a check at the end of each op makes hundreds of them.
 * For the checkers' own files, which are never instrumented.
 */
#ifndef CORE_TREE_SHIM_CHECK_RAW_H
#define CORE_TREE_SHIM_CHECK_RAW_H

#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/swap.h>

#include "internal.h"
#include "swap.h"
#include "swap_table.h"

#include "core/tree/shim/check.h"
#include "core/tree/shim/lock_word.h"
#include "core/tree/shim/page_state.h"
#include "core/tree/shim/world.h"

/* ---- mms, page tables, folios ---------------------------------------------------- */

/* The mm of a slot, unless it is being made; NULL: none. */
static inline struct mm_struct *check_mm(int mm)
{
	const struct mm_slot_of_op *slot;

	if (mm < 1 || mm > SEAM_MMS_MAX)
		return NULL;
	slot = &shim_mm_slots[mm];
	return slot->users && !(slot->users & MM_MAKING) ? slot->mm : NULL;
}

/* The PMD of a page, which is the same for its whole region; 0: no table. */
static inline unsigned long check_pmd(const struct mm_struct *mm, int page)
{
	unsigned long addr = user_addr(page), v;
	const unsigned long *table = (const unsigned long *)mm->pgd;

	v = table ? table[pgd_index(addr)] : 0;
	if (!(v & _PAGE_PRESENT))
		return 0;
	table = __va(v & _PAGE_PFN_MASK);
	return table[pmd_index(addr)];
}

/* The PTE of a page, or what stands for it in a huge PMD; 0: no table. A PMD that holds a
 * migration entry is given as it is: it names the head of the folio. */
static inline unsigned long check_pte(const struct mm_struct *mm, int page, bool *huge)
{
	unsigned long v = check_pmd(mm, page);
	const unsigned long *table;

	*huge = v && (v & _PAGE_PSE || !(v & _PAGE_PRESENT));
	if (v & _PAGE_PSE)
		return v + ((unsigned long)(page % REGION_PAGES) << PAGE_SHIFT);
	if (!(v & _PAGE_PRESENT))
		return v; /* 0, or a migration entry of a huge page */
	table = __va(v & _PAGE_PFN_MASK);
	return table[pte_index(user_addr(page))];
}

/* The word of the lock is its first member, see lock_word.h. */
static inline bool check_spin_held(const spinlock_t *lock)
{
	return *(const unsigned int *)&lock->rlock.raw_lock & LOCK_HELD;
}

static inline const struct folio *check_folio(unsigned long pfn)
{
	const struct page *page = pfn_to_page(pfn);

	return page->compound_info & 1 ? (const struct folio *)(page->compound_info - 1) :
					 (const struct folio *)page;
}

static inline int check_refs(const struct folio *folio)
{
	return folio->_refcount.counter;
}

static inline bool is_large(const struct folio *folio)
{
	return folio->flags.f & 1UL << PG_head;
}

/* A large folio without references is being made, split or freed: its second page, which
 * has its order and its counts, may be another folio already, or none yet. */
static inline bool check_frozen(const struct folio *folio)
{
	return is_large(folio) && !check_refs(folio);
}

/* Page-table entries that map the folio; 0 if the count is a page type. */
static inline int check_mapcount(const struct folio *folio)
{
	int count = folio->_mapcount.counter + 1;

	/* Without an order prep_compound_page() is just making it. */
	if (is_large(folio))
		return page_state_order(&folio->page) ? folio->_large_mapcount.counter + 1 : 0;
	return page_mapcount_is_type(count) ? 0 : count;
}

/* ... and the page. */
static inline int check_page_mapcount(unsigned long pfn)
{
	const struct folio *folio = check_folio(pfn);

	if (!is_large(folio))
		return check_mapcount(folio);
	return pfn_to_page(pfn)->_mapcount.counter + 1 + folio->_entire_mapcount.counter + 1;
}

static inline bool check_flag(const struct folio *folio, int flag)
{
	return folio->flags.f & 1UL << flag;
}

static inline bool check_exclusive(unsigned long pfn)
{
	return pfn_to_page(pfn)->flags.f & 1UL << PG_anon_exclusive;
}

/* PG_anon_exclusive as folio flags put it: a PMD-mapped folio has it in its head. */
static inline bool check_exclusive_of(unsigned long pfn)
{
	const struct folio *folio = check_folio(pfn);

	return check_exclusive(pfn) ||
	       (is_large(folio) && folio->_entire_mapcount.counter >= 0 &&
		check_exclusive(page_to_pfn(&folio->page)));
}

static inline bool check_anon(unsigned long pfn)
{
	return (unsigned long)check_folio(pfn)->mapping & FOLIO_MAPPING_ANON;
}

static inline bool check_ksm_folio(const struct folio *folio)
{
	return ((unsigned long)folio->mapping & FOLIO_MAPPING_FLAGS) == FOLIO_MAPPING_KSM;
}

static inline bool check_page_is_free(unsigned long pfn)
{
	return shim_free_map[pfn];
}

/* ---- swap ------------------------------------------------------------------------ */

/* The type's device while it is on and its table can be looked at, or NULL. */
static inline struct swap_info_struct *check_device(int type)
{
	struct swap_info_struct *si = type >= 0 && type < MAX_SWAPFILES ? swap_info[type] : NULL;

	return si && si->flags & SWP_WRITEOK && si->cluster_info && si->max ? si : NULL;
}

static inline unsigned long check_clusters(const struct swap_info_struct *si)
{
	return DIV_ROUND_UP(si->max, SWAPFILE_CLUSTER);
}

/* 0: a free slot. */
static inline unsigned long check_word(const struct swap_info_struct *si, unsigned long offset)
{
	const struct swap_cluster_info *ci = &si->cluster_info[offset / SWAPFILE_CLUSTER];
	const atomic_long_t *table = (const atomic_long_t *)ci->table;

	return table ? (unsigned long)table[offset % SWAPFILE_CLUSTER].counter : 0;
}

/* Of a word that names a folio: the pfn of the folio's head. */
static inline unsigned long check_word_pfn(unsigned long word)
{
	return (word & ~SWP_TB_FLAGS_MASK) >> SWAP_CACHE_PFN_MARK_BITS;
}

static inline unsigned check_count(const struct swap_info_struct *si, unsigned long offset)
{
	const struct swap_cluster_info *ci = &si->cluster_info[offset / SWAPFILE_CLUSTER];
	unsigned long word = check_word(si, offset);
	unsigned count = (unsigned)(word >> SWP_TB_COUNT_SHIFT);

	if (!word || word == SWP_TB_BAD)
		return 0;
	if (count == SWP_TB_COUNT_MAX && ci->extend_table)
		return ci->extend_table[offset % SWAPFILE_CLUSTER];
	return count;
}

#endif
