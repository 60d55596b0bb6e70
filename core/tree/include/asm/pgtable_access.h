/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses to page-table entries: each is one PTE event and one atomic access. A
 * store releases, as it publishes a zeroed page or a filled table; the lockless
 * loads acquire, which is what their dependency order gives on hardware.
 */
#ifndef __ASM_PGTABLE_ACCESS_H
#define __ASM_PGTABLE_ACCESS_H

static __always_inline unsigned long __pgtable_load(const void *p, int order)
{
	seam_pte(p, sizeof(unsigned long));
	return __atomic_load_n((const unsigned long *)p, order);
}

static __always_inline void __pgtable_store(void *p, unsigned long value)
{
	seam_pte(p, sizeof(unsigned long));
	__atomic_store_n((unsigned long *)p, value, __ATOMIC_RELEASE);
}

static __always_inline unsigned long __pgtable_swap(void *p, unsigned long value)
{
	seam_pte(p, sizeof(unsigned long));
	return __atomic_exchange_n((unsigned long *)p, value, __ATOMIC_ACQ_REL);
}

/* Clears the flags; returns the entry as it was. */
static __always_inline unsigned long __pgtable_clear(void *p, unsigned long flags)
{
	seam_pte(p, sizeof(unsigned long));
	return __atomic_fetch_and((unsigned long *)p, ~flags, __ATOMIC_RELAXED);
}

static __always_inline pte_t ptep_get(pte_t *ptep)
{
	return __pte(__pgtable_load(ptep, __ATOMIC_RELAXED));
}
#define ptep_get ptep_get

static __always_inline pte_t ptep_get_lockless(pte_t *ptep)
{
	return __pte(__pgtable_load(ptep, __ATOMIC_ACQUIRE));
}
#define ptep_get_lockless ptep_get_lockless

static __always_inline pmd_t pmdp_get(pmd_t *pmdp)
{
	return __pmd(__pgtable_load(pmdp, __ATOMIC_ACQUIRE));
}
#define pmdp_get pmdp_get

static __always_inline pmd_t pmdp_get_lockless(pmd_t *pmdp)
{
	return __pmd(__pgtable_load(pmdp, __ATOMIC_ACQUIRE));
}
#define pmdp_get_lockless pmdp_get_lockless
#define pmdp_get_lockless_sync() do { } while (0)

static __always_inline pud_t pudp_get(pud_t *pudp)
{
	return __pud(__pgtable_load(pudp, __ATOMIC_ACQUIRE));
}
#define pudp_get pudp_get

/* Folded: the entry of the level below is the one that is looked at. */
static __always_inline pgd_t pgdp_get(pgd_t *pgdp)
{
	return *pgdp;
}
#define pgdp_get pgdp_get

static __always_inline void set_pte(pte_t *ptep, pte_t pte)
{
	__pgtable_store(ptep, pte_val(pte));
}

static __always_inline void set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	__pgtable_store(pmdp, pmd_val(pmd));
}

static __always_inline void set_pud(pud_t *pudp, pud_t pud)
{
	__pgtable_store(pudp, pud_val(pud));
}

static __always_inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp,
				       pmd_t pmd)
{
	set_pmd(pmdp, pmd);
}

#define pte_clear(mm, addr, ptep) set_pte(ptep, __pte(0))
#define pmd_clear(pmdp) set_pmd(pmdp, __pmd(0))
#define pud_clear(pudp) set_pud(pudp, __pud(0))

#define __HAVE_ARCH_PTEP_GET_AND_CLEAR
static __always_inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr,
						pte_t *ptep)
{
	return __pte(__pgtable_swap(ptep, 0));
}

#define __HAVE_ARCH_PMDP_HUGE_GET_AND_CLEAR
static __always_inline pmd_t pmdp_huge_get_and_clear(struct mm_struct *mm, unsigned long addr,
						     pmd_t *pmdp)
{
	return __pmd(__pgtable_swap(pmdp, 0));
}

static __always_inline pmd_t pmdp_establish(struct vm_area_struct *vma, unsigned long addr,
					    pmd_t *pmdp, pmd_t pmd)
{
	return __pmd(__pgtable_swap(pmdp, pmd_val(pmd)));
}
#define pmdp_establish pmdp_establish

#define __HAVE_ARCH_PTEP_TEST_AND_CLEAR_YOUNG
static __always_inline bool ptep_test_and_clear_young(struct vm_area_struct *vma,
						      unsigned long addr, pte_t *ptep)
{
	return __pgtable_clear(ptep, _PAGE_ACCESSED) & _PAGE_ACCESSED;
}
#define ptep_test_and_clear_young ptep_test_and_clear_young

/* As on x86: no flush. An entry of a TLB that stays is only less exact a measure of use. */
#define __HAVE_ARCH_PTEP_CLEAR_YOUNG_FLUSH
#define ptep_clear_flush_young(vma, addr, ptep) ptep_test_and_clear_young(vma, addr, ptep)

#define __HAVE_ARCH_PTEP_SET_WRPROTECT
static __always_inline void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr,
					       pte_t *ptep)
{
	__pgtable_clear(ptep, _PAGE_RW);
}

#define __HAVE_ARCH_PMDP_SET_WRPROTECT
static __always_inline void pmdp_set_wrprotect(struct mm_struct *mm, unsigned long addr,
					       pmd_t *pmdp)
{
	__pgtable_clear(pmdp, _PAGE_RW);
}

/*
 * As on x86: the MMU sets the bits by itself, so an entry that differs in the accessed
 * bit alone needs no store, which would drop a dirty bit that was set since the load.
 * A write fault holds the page-table lock and the entry has the dirty bit.
 */
#define __HAVE_ARCH_PTEP_SET_ACCESS_FLAGS
static __always_inline int ptep_set_access_flags(struct vm_area_struct *vma, unsigned long addr,
						 pte_t *ptep, pte_t entry, int dirty)
{
	int changed = pte_val(ptep_get(ptep)) != pte_val(entry);

	if (changed && dirty)
		set_pte(ptep, entry);
	return changed;
}

#define __HAVE_ARCH_PMDP_SET_ACCESS_FLAGS
static __always_inline int pmdp_set_access_flags(struct vm_area_struct *vma, unsigned long addr,
						 pmd_t *pmdp, pmd_t entry, int dirty)
{
	int changed = pmd_val(pmdp_get(pmdp)) != pmd_val(entry);

	if (changed && dirty)
		set_pmd(pmdp, entry);
	return changed;
}

#define __HAVE_ARCH_PMDP_TEST_AND_CLEAR_YOUNG
static __always_inline bool pmdp_test_and_clear_young(struct vm_area_struct *vma,
						      unsigned long addr, pmd_t *pmdp)
{
	return __pgtable_clear(pmdp, _PAGE_ACCESSED) & _PAGE_ACCESSED;
}
#define pmdp_test_and_clear_young pmdp_test_and_clear_young

#endif
