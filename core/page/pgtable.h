/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/pgtable.h, arch/x86/include/asm/pgtable.h, mm/pgtable-generic.c,
 * include/linux/mm.h (ptlocks). One level: a page table page (ptdesc) covers a region.
 *
 *	present: pfn << 16 | flags | PRESENT        anything else not zero: an entry,
 *	entry:   offset << 20 | type << 16 | flags  swap or special (swapops.h)
 *
 * The pte_*() accessors of a value have no event. The ptep_*() ones are a scheduling
 * point (EV_PTE) and relaxed atomics: the MMU (tlb.c) changes PTEs at the same time.
 * Writing a PTE flushes nothing. Left out: pmds, protnone, devmap, hwpoison pfns.
 */
#ifndef CORE_PAGE_PGTABLE_H
#define CORE_PAGE_PGTABLE_H

#include "core/page/folio.h"
#include "core/page/mm_types.h"
#include "core/page/swapops.h"

#define _PAGE_PRESENT 0x1UL
#define _PAGE_RW 0x2UL
#define _PAGE_DIRTY 0x4UL
#define _PAGE_ACCESSED 0x8UL
#define _PAGE_SOFT_DIRTY 0x10UL
#define _PAGE_UFFD_WP 0x20UL
#define _PAGE_SPECIAL 0x40UL
#define _PAGE_SWP_EXCLUSIVE 0x80UL
#define _PAGE_SWP_SOFT_DIRTY _PAGE_SOFT_DIRTY
#define _PAGE_SWP_UFFD_WP _PAGE_UFFD_WP
#define _PAGE_FLAGS_MASK 0xffUL
#define PTE_PFN_SHIFT 16
#define PTE_SWP_TYPE_SHIFT 16
#define PTE_SWP_TYPE_MASK 0xfUL
#define PTE_SWP_OFFSET_SHIFT 20

#define __pte(x) ((pte_t){ (x) })
#define pte_val(p) ((p).pte)

typedef struct { unsigned long prot; } pgprot_t;
#define __pgprot(x) ((pgprot_t){ (x) })
#define pgprot_val(x) ((x).prot)

/* ---- present PTEs -------------------------------------------------------- */

#define PTE_TEST(name, bit)                                                       \
	static inline bool name(pte_t pte)                                        \
	{                                                                         \
		return (pte.pte & (bit)) != 0;                                    \
	}
#define PTE_SET(name, bit)                                                        \
	static inline pte_t name(pte_t pte)                                       \
	{                                                                         \
		return __pte(pte.pte | (bit));                                    \
	}
#define PTE_CLEAR(name, bit)                                                      \
	static inline pte_t name(pte_t pte)                                       \
	{                                                                         \
		return __pte(pte.pte & ~(bit));                                   \
	}

PTE_TEST(pte_present, _PAGE_PRESENT)
PTE_TEST(pte_write, _PAGE_RW)
PTE_TEST(pte_dirty, _PAGE_DIRTY)
PTE_TEST(pte_young, _PAGE_ACCESSED)
PTE_TEST(pte_soft_dirty, _PAGE_SOFT_DIRTY)
PTE_TEST(pte_uffd, _PAGE_UFFD_WP)
PTE_TEST(pte_special, _PAGE_SPECIAL)
PTE_SET(pte_mkwrite_novma, _PAGE_RW)
/* As on x86, a dirty PTE is soft-dirty too. */
PTE_SET(pte_mkdirty, _PAGE_DIRTY | _PAGE_SOFT_DIRTY)
PTE_SET(pte_mkyoung, _PAGE_ACCESSED)
PTE_SET(pte_mksoft_dirty, _PAGE_SOFT_DIRTY)
PTE_SET(pte_mkspecial, _PAGE_SPECIAL)
PTE_CLEAR(pte_wrprotect, _PAGE_RW)
PTE_CLEAR(pte_mkclean, _PAGE_DIRTY)
PTE_CLEAR(pte_mkold, _PAGE_ACCESSED)
PTE_CLEAR(pte_clear_soft_dirty, _PAGE_SOFT_DIRTY)
PTE_CLEAR(pte_clear_uffd, _PAGE_UFFD_WP)
/* A PTE that is write-protected for userfaultfd isn't writable either. */
static inline pte_t pte_mkuffd(pte_t pte)
{
	return __pte((pte.pte | _PAGE_UFFD_WP) & ~_PAGE_RW);
}
#define pte_mkwrite(pte, vma) ((void)(vma), pte_mkwrite_novma(pte))

static inline bool pte_none(pte_t pte)
{
	return pte.pte == 0;
}

static inline bool pte_same(pte_t a, pte_t b)
{
	return a.pte == b.pte;
}

static inline unsigned long pte_pfn(pte_t pte)
{
	VM_BUG_ON(!pte_present(pte));
	return pte.pte >> PTE_PFN_SHIFT;
}

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	VM_BUG_ON(prot.prot & ~_PAGE_FLAGS_MASK);
	return __pte(pfn << PTE_PFN_SHIFT | prot.prot | _PAGE_PRESENT);
}

/* Present, young, read-only: what a vma's vm_page_prot gives on x86. */
static inline pgprot_t vma_page_prot(const struct vm_area_struct *vma)
{
	(void)vma;
	return __pgprot(_PAGE_PRESENT | _PAGE_ACCESSED);
}

static inline pte_t mk_pte(const struct page *page, const struct vm_area_struct *vma)
{
	return pfn_pte(page_to_pfn(page), vma_page_prot(vma));
}

static inline pte_t folio_mk_pte(const struct folio *folio, const struct vm_area_struct *vma)
{
	return pfn_pte(folio_pfn(folio), vma_page_prot(vma));
}

static inline struct page *pte_page(pte_t pte)
{
	return pfn_to_page(pte_pfn(pte));
}

/* The shared zero page: special, so that vm_normal_page() leaves it out. */
static inline pte_t pte_mkzeropage(void)
{
	return pte_mkspecial(pfn_pte(zero_pfn(0), __pgprot(_PAGE_PRESENT | _PAGE_ACCESSED)));
}

/* The page that counts as mapped, NULL for the zero page. */
static inline struct page *vm_normal_page(struct vm_area_struct *vma, unsigned long addr,
					  pte_t pte)
{
	(void)vma;
	(void)addr;
	if (pte_special(pte) || is_zero_pfn(pte_pfn(pte)))
		return NULL;
	return pte_page(pte);
}

static inline struct folio *vm_normal_folio(struct vm_area_struct *vma, unsigned long addr,
					    pte_t pte)
{
	struct page *page = vm_normal_page(vma, addr, pte);

	return page ? page_folio(page) : NULL;
}

/* ---- entries ------------------------------------------------------------- */

PTE_TEST(pte_swp_exclusive, _PAGE_SWP_EXCLUSIVE)
PTE_TEST(pte_swp_soft_dirty, _PAGE_SWP_SOFT_DIRTY)
PTE_TEST(pte_swp_uffd, _PAGE_SWP_UFFD_WP)
PTE_SET(pte_swp_mkexclusive, _PAGE_SWP_EXCLUSIVE)
PTE_SET(pte_swp_mksoft_dirty, _PAGE_SWP_SOFT_DIRTY)
PTE_SET(pte_swp_mkuffd, _PAGE_SWP_UFFD_WP)
PTE_CLEAR(pte_swp_clear_exclusive, _PAGE_SWP_EXCLUSIVE)
PTE_CLEAR(pte_swp_clear_soft_dirty, _PAGE_SWP_SOFT_DIRTY)
PTE_CLEAR(pte_swp_clear_uffd, _PAGE_SWP_UFFD_WP)
/* Not the present bit: a present PTE never looks like the entry of its pfn. */
PTE_CLEAR(pte_swp_clear_flags,
	  _PAGE_SWP_EXCLUSIVE | _PAGE_SWP_SOFT_DIRTY | _PAGE_SWP_UFFD_WP)

/* Neither none nor present. */
static inline bool is_swap_pte(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte);
}

static inline pte_t swp_entry_to_pte(swp_entry_t entry)
{
	VM_BUG_ON(entry.val == 0);
	VM_BUG_ON(swp_type(entry) >= SWP_TYPES);
	VM_BUG_ON(swp_offset(entry) >> (64 - PTE_SWP_OFFSET_SHIFT));
	return __pte(swp_offset(entry) << PTE_SWP_OFFSET_SHIFT |
		     (unsigned long)swp_type(entry) << PTE_SWP_TYPE_SHIFT);
}
#define softleaf_to_pte(entry) swp_entry_to_pte(entry)

static inline swp_entry_t pte_to_swp_entry(pte_t pte)
{
	VM_BUG_ON(pte_present(pte));
	return swp_entry((pte.pte >> PTE_SWP_TYPE_SHIFT) & PTE_SWP_TYPE_MASK,
			 pte.pte >> PTE_SWP_OFFSET_SHIFT);
}

/* The same for any PTE: present and none give softleaf_is_none(). */
static inline softleaf_t softleaf_from_pte(pte_t pte)
{
	if (pte_present(pte) || pte_none(pte))
		return (softleaf_t){ 0 };
	return pte_to_swp_entry(pte);
}

static inline pte_t make_pte_marker(pte_marker marker)
{
	return swp_entry_to_pte(make_pte_marker_entry(marker));
}
#define make_poisoned_pte() make_pte_marker(PTE_MARKER_POISONED)

static inline bool is_pte_marker(pte_t pte)
{
	return is_swap_pte(pte) && softleaf_is_marker(pte_to_swp_entry(pte));
}

/* Is it an entry of a swap device? */
static inline bool pte_is_swap(pte_t pte)
{
	return softleaf_is_swap(softleaf_from_pte(pte));
}

/* The next entry of a batch: flags kept, offset + 1. */
static inline pte_t pte_next_swp_offset(pte_t pte)
{
	return __pte(pte.pte + (1UL << PTE_SWP_OFFSET_SHIFT));
}

/* ---- PTEs in page tables: one event each --------------------------------- */

pte_t ptep_get_at(pte_t *ptep, const struct site *site);
void set_pte_site(pte_t *ptep, pte_t pte, const struct site *site);
pte_t ptep_get_and_clear_at(pte_t *ptep, const struct site *site);
pte_t ptep_clear_flush_at(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
			  const struct site *site);
void ptep_set_wrprotect_at(pte_t *ptep, const struct site *site);
bool ptep_set_access_flags_at(pte_t *ptep, pte_t entry, bool dirty, const struct site *site);
bool ptep_test_and_clear_young_at(pte_t *ptep, const struct site *site);

#define ptep_get(ptep) ptep_get_at((ptep), SITE("ptep_get"))
#define ptep_get_lockless(ptep) ptep_get_at((ptep), SITE("ptep_get_lockless"))
#define set_pte(ptep, pte) set_pte_site((ptep), (pte), SITE("set_pte"))
/* PTL held (or nobody else knows the table). Flushes nothing. */
#define set_pte_at(mm, addr, ptep, pte) \
	((void)(mm), (void)(addr), set_pte_site((ptep), (pte), SITE("set_pte_at")))
#define pte_clear(mm, addr, ptep) \
	((void)(mm), (void)(addr), set_pte_site((ptep), __pte(0), SITE("pte_clear")))
#define pte_clear_not_present_full(mm, addr, ptep, full) \
	((void)(full), (void)(mm), (void)(addr), \
	 set_pte_site((ptep), __pte(0), SITE("pte_clear_not_present_full")))
/* Atomic: no accessed or dirty bit that the MMU sets is lost. Flushes nothing. */
#define ptep_get_and_clear(mm, addr, ptep) \
	((void)(mm), (void)(addr), ptep_get_and_clear_at((ptep), SITE("ptep_get_and_clear")))
#define ptep_get_and_clear_full(mm, addr, ptep, full) \
	((void)(full), (void)(mm), (void)(addr), \
	 ptep_get_and_clear_at((ptep), SITE("ptep_get_and_clear_full")))
/* ... and flushes the page from all TLBs if it was present. */
#define ptep_clear_flush(vma, addr, ptep) \
	ptep_clear_flush_at((vma), (addr), (ptep), SITE("ptep_clear_flush"))
#define ptep_set_wrprotect(mm, addr, ptep) \
	((void)(mm), (void)(addr), ptep_set_wrprotect_at((ptep), SITE("ptep_set_wrprotect")))
/* To more permission only. True: it changed. No flush: a stale TLB entry faults once. */
#define ptep_set_access_flags(vma, addr, ptep, entry, dirty) \
	((void)(vma), (void)(addr), \
	 ptep_set_access_flags_at((ptep), (entry), (dirty), SITE("ptep_set_access_flags")))
#define ptep_test_and_clear_young(vma, addr, ptep) \
	((void)(vma), (void)(addr), \
	 ptep_test_and_clear_young_at((ptep), SITE("ptep_test_and_clear_young")))
/* As on x86: without a flush, a cached translation doesn't set the bit again soon. */
#define ptep_clear_flush_young(vma, addr, ptep) \
	((void)(vma), (void)(addr), \
	 ptep_test_and_clear_young_at((ptep), SITE("ptep_clear_flush_young")))
#define ptep_clear_flush_young_notify(vma, addr, ptep) ptep_clear_flush_young(vma, addr, ptep)
#define update_mmu_cache(vma, addr, ptep) ((void)(vma), (void)(addr), (void)(ptep))
#define flush_cache_page(vma, addr, pfn) ((void)(vma), (void)(addr), (void)(pfn))
#define arch_enter_lazy_mmu_mode() ((void)0)
#define arch_leave_lazy_mmu_mode() ((void)0)

/* ---- page table pages ---------------------------------------------------- */

#define PMD_SHIFT (PAGE_SHIFT + 3)
#define PMD_SIZE (1UL << PMD_SHIFT)
#define PMD_MASK (~(PMD_SIZE - 1))
_Static_assert(PMD_SIZE / PAGE_SIZE == PTRS_PER_PTE, "a region is a page table page");

/* Index of addr's page table in mm->pt[], of its PTE in the table. */
static inline unsigned int pmd_index(unsigned long addr)
{
	return (unsigned int)(addr >> PMD_SHIFT);
}

static inline unsigned int pte_index(unsigned long addr)
{
	return (unsigned int)(addr >> PAGE_SHIFT) % PTRS_PER_PTE;
}

static inline unsigned long pmd_addr_end(unsigned long addr, unsigned long end)
{
	unsigned long boundary = (addr + PMD_SIZE) & PMD_MASK;

	return min(boundary, end);
}

static inline pgoff_t linear_page_index(const struct vm_area_struct *vma, unsigned long addr)
{
	return ((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}

/* A private mapping of a file has a second offset, for its anonymous pages: not modelled. */
static inline pgoff_t linear_anon_page_index(const struct vm_area_struct *vma, unsigned long addr)
{
	return linear_page_index(vma, addr);
}

static inline spinlock_t *ptlock_ptr(struct ptdesc *ptdesc)
{
	return &ptdesc->ptl;
}

/* A cleared page table page for addr's region, in no mm yet; NULL: no memory. Sleeps. */
struct ptdesc *pte_alloc_one(struct mm_struct *mm, unsigned long addr);
/* Frees it: at once (nobody has seen it), or after a grace period. */
void pte_free(struct mm_struct *mm, struct ptdesc *pt);
void pte_free_defer(struct mm_struct *mm, struct ptdesc *pt);

pte_t *pte_offset_map_at(struct mm_struct *mm, unsigned long addr, struct ptdesc **ptp,
			 const struct site *site);
pte_t *pte_offset_map_lock_at(struct mm_struct *mm, unsigned long addr, spinlock_t **ptlp,
			      unsigned int subclass, const struct site *site);
pte_t *pte_offset_map_nolock_at(struct mm_struct *mm, unsigned long addr, spinlock_t **ptlp,
				const struct site *site);
void pte_unmap_at(pte_t *pte, const struct site *site);
void pte_unmap_unlock_at(pte_t *pte, spinlock_t *ptl, const struct site *site);

/* The PTE of addr, or NULL where there is no page table (any more). Opens an RCU
 * section, which pte_unmap() closes. */
#define pte_offset_map(mm, addr) \
	pte_offset_map_at((mm), (addr), NULL, SITE("pte_offset_map"))
#define pte_unmap(pte) pte_unmap_at((pte), SITE("pte_unmap"))
/* ... and takes the page table lock, after which the table is still mm's. NULL:
 * nothing is held. */
#define pte_offset_map_lock(mm, addr, ptlp) \
	pte_offset_map_lock_at((mm), (addr), (ptlp), 0, SITE("pte_offset_map_lock"))
/* A second page table's lock inside of the first (subclass SINGLE_DEPTH_NESTING). */
#define pte_offset_map_lock_nested(mm, addr, ptlp, subclass) \
	pte_offset_map_lock_at((mm), (addr), (ptlp), (subclass), SITE("pte_offset_map_lock"))
#define pte_unmap_unlock(pte, ptl) \
	pte_unmap_unlock_at((pte), (ptl), SITE("pte_unmap_unlock"))
/* The lock's address only; ro: the table may be gone once RCU is left. rw: the
 * caller takes *ptlp and then checks the PTE itself. */
#define pte_offset_map_ro_nolock(mm, addr, ptlp) \
	pte_offset_map_nolock_at((mm), (addr), (ptlp), SITE("pte_offset_map_ro_nolock"))
#define pte_offset_map_rw_nolock(mm, addr, ptlp) \
	pte_offset_map_nolock_at((mm), (addr), (ptlp), SITE("pte_offset_map_rw_nolock"))
/* Lock of addr's page table, which exists. */
#define pte_lockptr(mm, addr) ptlock_ptr(READ_ONCE((mm)->pt[pmd_index(addr)]))

#endif
