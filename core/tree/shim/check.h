/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the checkers share: raw looks at the tree's structures, no events, no locks. */
#ifndef CORE_TREE_SHIM_CHECK_H
#define CORE_TREE_SHIM_CHECK_H

#include <linux/mm.h>
#include <linux/swap.h>

#define CHECK_SLOTS_MAX 64
#define CHECK_PAGES_MAX 512

long check_rss(const struct mm_struct *mm, int member);
/* The next folio that is in use, from *pfn on: a page table or another typed page is
 * none, nor is a large one that is frozen (its pages are looked at one by one), nor one that
 * prep_compound_page() is just making. NULL: no more. */
const struct folio *check_next_folio(unsigned long *pfn);
struct xarray;
/* The entry of an index, or NULL; *base: the index where the entry begins. */
const void *check_xarray_entry(const struct xarray *xa, unsigned long index, unsigned long *base);
/* Zeroed, CHECK_PAGES_MAX bytes; until the next call. */
unsigned char *check_scratch(void);

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
