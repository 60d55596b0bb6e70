/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checkers share: raw looks at the tree's structures, no events, no locks. */
#ifndef CORE_TREE_SHIM_CHECK_H
#define CORE_TREE_SHIM_CHECK_H

#include <linux/mm.h>
#include <linux/swap.h>

#define CHECK_SLOTS_MAX 64
#define CHECK_PAGES_MAX 512

/* The mm of a slot, unless it is being made; NULL: none. */
struct mm_struct *check_mm(int mm);
/* The PTE of a page, or what stands for it in a huge PMD; 0: no table. A PMD that holds a
 * migration entry is given as it is: it names the head of the folio. */
unsigned long check_pte(const struct mm_struct *mm, int page, bool *huge);
bool check_spin_held(const spinlock_t *lock);
long check_rss(const struct mm_struct *mm, int member);

const struct folio *check_folio(unsigned long pfn);
int check_refs(const struct folio *folio);
/* A large folio without references is being made, split or freed: its second page, which
 * has its order and its counts, may be another folio already, or none yet. */
bool check_frozen(const struct folio *folio);
/* The next folio that is in use, from *pfn on: a page table or another typed page is
 * none, nor is a large one that is frozen (its pages are looked at one by one), nor one that
 * prep_compound_page() is just making. NULL: no more. */
const struct folio *check_next_folio(unsigned long *pfn);
/* Page-table entries that map the folio; 0 if the count is a page type. */
int check_mapcount(const struct folio *folio);
struct xarray;
/* The entry of an index, or NULL; *base: the index where the entry begins. */
const void *check_xarray_entry(const struct xarray *xa, unsigned long index, unsigned long *base);
/* ... and the page. */
int check_page_mapcount(unsigned long pfn);
bool check_flag(const struct folio *folio, int flag);
bool check_exclusive(unsigned long pfn);
/* PG_anon_exclusive as folio flags put it: a PMD-mapped folio has it in its head. */
bool check_exclusive_of(unsigned long pfn);
bool check_anon(unsigned long pfn);
/* Zeroed, CHECK_PAGES_MAX bytes; until the next call. */
unsigned char *check_scratch(void);
bool check_ksm_folio(const struct folio *folio);

/* The type's device while it is on and its table can be looked at, or NULL. */
struct swap_info_struct *check_device(int type);
unsigned long check_clusters(const struct swap_info_struct *si);
/* 0: a free slot. */
unsigned long check_word(const struct swap_info_struct *si, unsigned long offset);
/* Of a word that names a folio: the pfn of the folio's head. */
unsigned long check_word_pfn(unsigned long word);
unsigned check_count(const struct swap_info_struct *si, unsigned long offset);
long check_inuse(const struct swap_info_struct *si);

/* Files: is a page tree being changed; does the page have a swap entry; is the folio
 * one of a file that is there. */
struct inode;
bool check_files_held(void);
bool check_file_swap(const struct inode *inode, unsigned long index, int *type,
		     unsigned long *offset);
bool check_file_folio(const struct folio *folio);
/* Has a collapse taken a page table of mm out, whose pages still count their mappings? */
bool check_table_taken_out(const struct mm_struct *mm);

void check_page_cheap(void);
void check_page_quiet(void);
void check_swap_cheap(void);
void check_swap_quiet(void);
void check_mm_cheap(void);
void check_mm_quiet(void);
void check_shm_cheap(void);
void check_shm_quiet(void);
void check_shm_audit(void);
/* Do the counts of mappings agree with the page tables now? No lock of a page table or a
 * cluster or a page tree is held, no fork fills an mm. */
bool check_census_valid(void);

/* Ends the run with a report. */
__printf(2, 3) void check_fail(const char *title, const char *fmt, ...);

#endif
