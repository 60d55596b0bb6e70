/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the asm/ overlay asks of the shim (core/tree/shim), beside the functions
 * that every architecture owes the kernel and that bear the kernel's own names:
 * arch_spin_*, pgd_alloc(), pgd_free(), flush_tlb_mm_range(), arch_tlbbatch_*(),
 * raw_copy_from_user(), raw_copy_to_user(), __clear_user(), strncpy_from_user().
 * Plain C types only: any header of the tree may come before or after it.
 */
#ifndef __ASM_SHIM_H
#define __ASM_SHIM_H

#include "core/tree/seam_machine.h"

/* Number of page frames: pfn 0 is at SEAM_ARENA_BASE. */
extern unsigned long shim_pages;

/* arch_alloc_page() and arch_free_page(): poison, what is free, roles. */
struct page;
void shim_alloc_page(struct page *page, int order);
void shim_free_page(struct page *page, int order);

/* By words of the page's contents that we keep, each an event. */
void shim_clear_page(void *page);
void shim_copy_page(void *to, const void *from);

/* BUG() and WARN() of every kind: func and the condition's text make the title.
 * condition is "" for a bare BUG(), VM_BUG_ON_FOLIO() and their kind, which gave
 * their text to dump_page() a moment before. */
void shim_bug(const char *func, const char *condition) __attribute__((noreturn, cold));
void shim_warn(const char *func, const char *condition) __attribute__((cold));
void shim_warn_printf(const char *func, const char *format, ...)
	__attribute__((cold, format(printf, 2, 3)));
/* A page-table entry that is neither empty nor a table. level: "pte", "pmd", "pgd". */
void shim_bad_table(const char *level, unsigned long value);

/* Address spaces (tlb.c): init_new_context() and destroy_context() call these; the
 * number is mm->context.id. 0 or -ENOMEM. */
struct mm_struct;
int shim_init_context(struct mm_struct *mm);
void shim_destroy_context(struct mm_struct *mm);
/* flush_tlb_fix_spurious_fault(): this CPU's entry alone. */
void shim_flush_spurious_fault(struct mm_struct *mm, unsigned long addr);
/* pmd_populate() and pud_populate() call it before they store: table is the address
 * of the page table that goes into *entry. Gives it and its lock a role. */
void shim_name_page_table(struct mm_struct *mm, const void *entry, const void *table);

#endif
