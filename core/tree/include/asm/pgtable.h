/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables of three levels with eight entries each: a page table maps 32 KiB, so
 * a huge page is 8 base pages, and an mm is 2 MiB. Bits are laid out as on x86. The
 * accesses, each of them an event, are in pgtable_access.h; 7.3 renamed the uffd-wp
 * functions, which are in pgtable_uffd_names.h. Locking: the kernel's page-table locks.
 */
#ifndef __ASM_PGTABLE_H
#define __ASM_PGTABLE_H

#include <asm/page.h>
#include <linux/types.h>

#define PTRS_PER_PTE 8
#define PTRS_PER_PMD 8
#define PTRS_PER_PGD 8
#define USER_PTRS_PER_PGD 8
#define PMD_SHIFT 15
#define PMD_SIZE (1UL << PMD_SHIFT)
#define PMD_MASK (~(PMD_SIZE - 1))
#define PGDIR_SHIFT 18
#define PGDIR_SIZE (1UL << PGDIR_SHIFT)
#define PGDIR_MASK (~(PGDIR_SIZE - 1))
#define FIRST_USER_ADDRESS 0UL

/* Nothing is mapped here; the names are needed by range checks. */
#define VMALLOC_START 0x2000000000UL
#define VMALLOC_END 0x2100000000UL
#define MODULES_VADDR VMALLOC_START
#define MODULES_END VMALLOC_END
#define FIXADDR_TOP 0UL
#define MAX_PHYSMEM_BITS 46

#define _PAGE_PRESENT 0x001UL
#define _PAGE_RW 0x002UL
#define _PAGE_USER 0x004UL
#define _PAGE_ACCESSED 0x020UL
#define _PAGE_DIRTY 0x040UL
#define _PAGE_PSE 0x080UL
#define _PAGE_PROTNONE 0x100UL
#define _PAGE_SPECIAL 0x200UL
#define _PAGE_UFFD_WP 0x400UL
/* Of an entry that is not present: bits below the swap entry's. */
#define _PAGE_SWP_EXCLUSIVE _PAGE_RW
#define _PAGE_SWP_UFFD_WP _PAGE_USER
#define _PAGE_PFN_MASK 0x0000fffffffff000UL
#define _PAGE_CHG_MASK \
	(_PAGE_PFN_MASK | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SPECIAL | _PAGE_UFFD_WP)
#define _PAGE_TABLE (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED | _PAGE_DIRTY)

#define PAGE_NONE __pgprot(_PAGE_PROTNONE | _PAGE_ACCESSED)
#define PAGE_SHARED __pgprot(_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_COPY __pgprot(_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_READONLY PAGE_COPY
#define PAGE_KERNEL __pgprot(_PAGE_PRESENT | _PAGE_RW | _PAGE_DIRTY | _PAGE_ACCESSED)
#define PAGE_KERNEL_EXEC PAGE_KERNEL
#define PAGE_KERNEL_RO __pgprot(_PAGE_PRESENT | _PAGE_ACCESSED)
#define pgprot_noncached(prot) (prot)
#define pgprot_writecombine(prot) (prot)

#ifndef __ASSEMBLY__
#include <asm-generic/pgtable-nopud.h>
#include <linux/mm_types.h>

extern pgd_t swapper_pg_dir[PTRS_PER_PGD];

/* The own CPU's entry was out of date: no other CPU is asked. */
#define flush_tlb_fix_spurious_fault(vma, addr, ptep) \
	shim_flush_spurious_fault((vma)->vm_mm, addr)

#define pte_ERROR(e) shim_bad_table("pte", pte_val(e))
#define pmd_ERROR(e) shim_bad_table("pmd", pmd_val(e))
#define pgd_ERROR(e) shim_bad_table("pgd", pgd_val(e))

/* The test of a flag, and a new value with flags added or taken away. */
#define PGTABLE_TEST(level, name, flag)						\
static inline int level##_##name(level##_t entry)				\
{										\
	return !!(level##_val(entry) & (flag));					\
}

#define PGTABLE_CHANGE(level, name, add, drop)					\
static inline level##_t level##_##name(level##_t entry)				\
{										\
	return __##level((level##_val(entry) | (add)) & ~(drop));		\
}

PGTABLE_TEST(pte, present, _PAGE_PRESENT | _PAGE_PROTNONE)
PGTABLE_TEST(pte, write, _PAGE_RW)
PGTABLE_TEST(pte, dirty, _PAGE_DIRTY)
PGTABLE_TEST(pte, young, _PAGE_ACCESSED)
PGTABLE_TEST(pte, special, _PAGE_SPECIAL)
PGTABLE_CHANGE(pte, mkwrite_novma, _PAGE_RW, 0UL)
PGTABLE_CHANGE(pte, wrprotect, 0UL, _PAGE_RW)
PGTABLE_CHANGE(pte, mkdirty, _PAGE_DIRTY, 0UL)
PGTABLE_CHANGE(pte, mkclean, 0UL, _PAGE_DIRTY)
PGTABLE_CHANGE(pte, mkyoung, _PAGE_ACCESSED, 0UL)
PGTABLE_CHANGE(pte, mkold, 0UL, _PAGE_ACCESSED)
PGTABLE_CHANGE(pte, mkspecial, _PAGE_SPECIAL, 0UL)
PGTABLE_TEST(pte, swp_exclusive, _PAGE_SWP_EXCLUSIVE)
PGTABLE_CHANGE(pte, swp_mkexclusive, _PAGE_SWP_EXCLUSIVE, 0UL)
PGTABLE_CHANGE(pte, swp_clear_exclusive, 0UL, _PAGE_SWP_EXCLUSIVE)

PGTABLE_TEST(pmd, present, _PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_PSE)
PGTABLE_TEST(pmd, trans_huge, _PAGE_PSE)
PGTABLE_TEST(pmd, leaf, _PAGE_PSE)
#define pmd_leaf pmd_leaf
PGTABLE_TEST(pmd, write, _PAGE_RW)
#define pmd_write pmd_write
PGTABLE_TEST(pmd, dirty, _PAGE_DIRTY)
#define pmd_dirty pmd_dirty
PGTABLE_TEST(pmd, young, _PAGE_ACCESSED)
#define pmd_young pmd_young
PGTABLE_CHANGE(pmd, mkhuge, _PAGE_PSE, 0UL)
PGTABLE_CHANGE(pmd, mkwrite_novma, _PAGE_RW, 0UL)
PGTABLE_CHANGE(pmd, wrprotect, 0UL, _PAGE_RW)
PGTABLE_CHANGE(pmd, mkdirty, _PAGE_DIRTY, 0UL)
PGTABLE_CHANGE(pmd, mkclean, 0UL, _PAGE_DIRTY)
PGTABLE_CHANGE(pmd, mkyoung, _PAGE_ACCESSED, 0UL)
PGTABLE_CHANGE(pmd, mkold, 0UL, _PAGE_ACCESSED)
PGTABLE_CHANGE(pmd, mkinvalid, 0UL, _PAGE_PRESENT | _PAGE_PROTNONE)

/* As on x86: an entry that pmdp_invalidate() has been at is present, and gives no access:
 * GUP-fast must not take a page by it. */
static inline bool pmd_access_permitted(pmd_t pmd, bool write)
{
	return (pmd_val(pmd) & _PAGE_PRESENT) && (!write || pmd_write(pmd));
}
#define pmd_access_permitted pmd_access_permitted

/* ---- page frames and protection ---- */

#define PFN_PTE_SHIFT PAGE_SHIFT
#define pte_none(pte) (!pte_val(pte))
#define pte_pfn(pte) ((pte_val(pte) & _PAGE_PFN_MASK) >> PAGE_SHIFT)
#define pte_page(pte) pfn_to_page(pte_pfn(pte))
#define pte_devmap(pte) 0

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return __pte((pfn << PAGE_SHIFT) | pgprot_val(prot));
}

static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return __pte((pte_val(pte) & _PAGE_CHG_MASK) | (pgprot_val(prot) & ~_PAGE_CHG_MASK));
}

#define __HAVE_ARCH_PTE_SAME
static inline int pte_same(pte_t a, pte_t b)
{
	return pte_val(a) == pte_val(b);
}

static inline pgprot_t pte_pgprot(pte_t pte)
{
	return __pgprot(pte_val(pte) & ~_PAGE_PFN_MASK);
}
#define pte_pgprot pte_pgprot

static inline int pte_accessible(struct mm_struct *mm, pte_t pte)
{
	return pte_present(pte);
}
#define pte_accessible pte_accessible

/* A table's entry is bad if it has other bits than a table's; user is optional. */
static inline int __pgtable_bad(unsigned long value)
{
	return (value & ~_PAGE_PFN_MASK & ~_PAGE_USER) != (_PAGE_TABLE & ~_PAGE_USER);
}

#define pmd_none(pmd) (!pmd_val(pmd))
#define pmd_bad(pmd) __pgtable_bad(pmd_val(pmd))
#define pmd_pfn(pmd) ((pmd_val(pmd) & _PAGE_PFN_MASK) >> PAGE_SHIFT)
#define pmd_page(pmd) pfn_to_page(pmd_pfn(pmd))

static inline unsigned long pmd_page_vaddr(pmd_t pmd)
{
	return (unsigned long)__va(pmd_val(pmd) & _PAGE_PFN_MASK);
}

static inline pmd_t pfn_pmd(unsigned long pfn, pgprot_t prot)
{
	return __pmd((pfn << PAGE_SHIFT) | pgprot_val(prot));
}

static inline pmd_t pmd_modify(pmd_t pmd, pgprot_t prot)
{
	const unsigned long kept = _PAGE_CHG_MASK | _PAGE_PSE;

	return __pmd((pmd_val(pmd) & kept) | (pgprot_val(prot) & ~kept));
}

static inline pgprot_t pmd_pgprot(pmd_t pmd)
{
	return __pgprot(pmd_val(pmd) & ~(_PAGE_PFN_MASK | _PAGE_PSE));
}
#define pmd_pgprot pmd_pgprot

static inline bool pmd_user_accessible_page(pmd_t pmd)
{
	return true;
}

#define pud_none(pud) (!pud_val(pud))
#define pud_present(pud) (!!(pud_val(pud) & _PAGE_PRESENT))
#define pud_bad(pud) __pgtable_bad(pud_val(pud))
#define pud_pfn(pud) ((pud_val(pud) & _PAGE_PFN_MASK) >> PAGE_SHIFT)
#define pud_page(pud) pfn_to_page(pud_pfn(pud))
#define pud_write(pud) 0

static inline bool pud_leaf(pud_t pud)
{
	return false;
}
#define pud_leaf pud_leaf

static inline pmd_t *pud_pgtable(pud_t pud)
{
	return (pmd_t *)__va(pud_val(pud) & _PAGE_PFN_MASK);
}

/* The walk to the table below relies on dependency order, which TSan does not know. It
 * is no event: the caller has looked at the entry already. */
static inline pmd_t *__pud_table(pud_t *pud)
{
	return pud_pgtable(__pud(__atomic_load_n(&pud_val(*pud), __ATOMIC_ACQUIRE)));
}
#define pmd_offset(pud, address) (__pud_table(pud) + pmd_index(address))

/* ---- swap entries ----
 *
 *	63          14 13     9 8                 0
 *	[  ~offset    ] [ type ] [ flags, present 0 ]
 *
 * The offset is inverted as on x86, so that no entry of a small device is an empty
 * PTE: with a plain offset, type 0 and offset 0 would be pte_none(). Bits 7 and 8
 * (PSE, PROTNONE) stay clear: they would make the entry present.
 */
#define SWP_TYPE_FIRST_BIT 9
#define SWP_OFFSET_FIRST_BIT 14
#define __swp_type(entry) (((entry).val >> SWP_TYPE_FIRST_BIT) & 0x1f)
#define __swp_offset(entry) (~(entry).val >> SWP_OFFSET_FIRST_BIT)
#define __swp_entry(type, offset) ((swp_entry_t) {				\
	((unsigned long)(type) << SWP_TYPE_FIRST_BIT) |				\
	(~(unsigned long)(offset) << SWP_OFFSET_FIRST_BIT) })
#define __pte_to_swp_entry(pte) ((swp_entry_t) { pte_val(pte) })
#define __swp_entry_to_pte(entry) __pte((entry).val)
#define __pmd_to_swp_entry(pmd) ((swp_entry_t) { pmd_val(pmd) })
#define __swp_entry_to_pmd(entry) __pmd((entry).val)

#include <asm/pgtable_access.h>
#include <asm/pgtable_uffd_names.h>

/* ---- what the hardware need not be told ---- */

static inline void update_mmu_cache_range(struct vm_fault *vmf, struct vm_area_struct *vma,
					  unsigned long addr, pte_t *ptep, unsigned int nr)
{
}

#define update_mmu_cache(vma, addr, ptep) do { } while (0)
#define update_mmu_cache_pmd(vma, addr, pmdp) do { } while (0)
#define update_mmu_tlb_range(vma, addr, ptep, nr) do { } while (0)
#define has_transparent_hugepage() 1
#define kern_addr_valid(addr) 1
#define arch_mmap_check(addr, len, flags) 0

#include <asm-generic/pgtable_uffd.h>
#endif

#endif
