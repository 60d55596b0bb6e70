/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pages of 4 KiB. The page pool is the first part of the arena, so the direct map
 * starts at SEAM_ARENA_BASE and pfn 0 is the first page. Only the first words of a
 * page have contents (SEAM_PAGE_WORDS), so clearing and copying are the shim's.
 */
#ifndef __ASM_PAGE_H
#define __ASM_PAGE_H

#include <linux/const.h>
#include <vdso/page.h>
#include <asm/shim.h>

#define PAGE_OFFSET SEAM_ARENA_BASE
#define ARCH_PFN_OFFSET 0

#ifndef __ASSEMBLY__
#include <linux/types.h>

typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long pmd; } pmd_t;
typedef struct { unsigned long pgd; } pgd_t;
typedef struct { unsigned long pgprot; } pgprot_t;
struct page;
typedef struct page *pgtable_t;

#define pte_val(x) ((x).pte)
#define pmd_val(x) ((x).pmd)
#define pgd_val(x) ((x).pgd)
#define pgprot_val(x) ((x).pgprot)
#define __pte(x) ((pte_t){ (x) })
#define __pmd(x) ((pmd_t){ (x) })
#define __pgd(x) ((pgd_t){ (x) })
#define __pgprot(x) ((pgprot_t){ (x) })

#define __pa(x) ((unsigned long)(x) - PAGE_OFFSET)
#define __va(x) ((void *)((unsigned long)(x) + PAGE_OFFSET))
#define __pa_symbol(x) __pa(x)
#define virt_to_pfn(addr) (__pa(addr) >> PAGE_SHIFT)
#define pfn_to_virt(pfn) __va((unsigned long)(pfn) << PAGE_SHIFT)
#define virt_to_page(addr) pfn_to_page(virt_to_pfn(addr))
#define page_to_virt(page) pfn_to_virt(page_to_pfn(page))
#define virt_addr_valid(addr) pfn_valid(virt_to_pfn(addr))

#define clear_page(page) shim_clear_page(page)
#define copy_page(to, from) shim_copy_page(to, from)
#define clear_user_page(page, vaddr, pg) clear_page(page)
#define copy_user_page(to, from, vaddr, pg) copy_page(to, from)

static inline int pfn_valid(unsigned long pfn)
{
	return pfn < shim_pages;
}
#define pfn_valid pfn_valid

/* What the page allocator calls at both ends of the life of pages. */
#define HAVE_ARCH_ALLOC_PAGE
static inline void arch_alloc_page(struct page *page, int order)
{
	shim_alloc_page(page, order);
}

#define HAVE_ARCH_FREE_PAGE
static inline void arch_free_page(struct page *page, int order)
{
	shim_free_page(page, order);
}

#define VM_DATA_DEFAULT_FLAGS VM_DATA_FLAGS_NON_EXEC

#include <asm-generic/memory_model.h>
#include <asm-generic/getorder.h>
#endif

#define HPAGE_SHIFT PMD_SHIFT

#endif
