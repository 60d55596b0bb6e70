/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables are pages of the tree's own allocator; the top level is the shim's. */
#ifndef __ASM_PGALLOC_H
#define __ASM_PGALLOC_H

#include <linux/mm.h>

#define __HAVE_ARCH_PGD_FREE
#include <asm-generic/pgalloc.h>

pgd_t *pgd_alloc(struct mm_struct *mm);
void pgd_free(struct mm_struct *mm, pgd_t *pgd);

static inline void pmd_populate_kernel(struct mm_struct *mm, pmd_t *pmdp, pte_t *table)
{
	set_pmd(pmdp, __pmd(_PAGE_TABLE | __pa(table)));
}

static inline void pmd_populate(struct mm_struct *mm, pmd_t *pmdp, pgtable_t table)
{
	shim_name_page_table(mm, pmdp, page_to_virt(table));
	set_pmd(pmdp, __pmd(_PAGE_TABLE | (page_to_pfn(table) << PAGE_SHIFT)));
}

static inline void pud_populate(struct mm_struct *mm, pud_t *pudp, pmd_t *table)
{
	shim_name_page_table(mm, pudp, table);
	set_pud(pudp, __pud(_PAGE_TABLE | __pa(table)));
}

#define __pte_free_tlb(tlb, table, addr) tlb_remove_ptdesc((tlb), page_ptdesc(table))
#define __pmd_free_tlb(tlb, table, addr) tlb_remove_ptdesc((tlb), virt_to_ptdesc(table))

#endif
