/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: arch/x86/mm/pgtable.c and include/asm/pgtable.h (ptep_*), mm/pgtable-generic.c
 * (__pte_offset_map, __pte_offset_map_lock, pte_free_defer), mm/memory.c (ptlock_*).
 * Left out: pmds (mm->pt[] stands for them), kmap, arch hooks.
 * Locking: the PTL (class "ptlock_ptr(ptdesc)") orders the kernel's changes; the
 * MMU sets accessed and dirty bits without it, so each change that must not lose
 * one is an atomic exchange. A ptdesc is freed after a grace period.
 */
#include "core/page/pgtable.h"

#include "core/page/tlb.h"

static DEFINE_KMEM_CACHE(ptdesc_cachep, struct ptdesc, "ptdesc");

/* ---- PTEs ---------------------------------------------------------------- */

static inline void pte_point(const pte_t *ptep, const struct site *site)
{
	engine_point(site, EV_PTE, ptep, sizeof(*ptep));
}

/* Flags and what the entry names are numbers: all of a PTE may be hashed. */
pte_t ptep_get_at(pte_t *ptep, const struct site *site)
{
	pte_t pte;

	pte_point(ptep, site);
	pte.pte = engine_load_relaxed(&ptep->pte);
	engine_result(pte.pte);
	return pte;
}

void set_pte_site(pte_t *ptep, pte_t pte, const struct site *site)
{
	VM_BUG_ON(pte_present(pte) && !pfn_valid(pte_pfn(pte)));
	VM_BUG_ON(pte_present(pte) && pte_uffd(pte) && pte_write(pte));
	pte_point(ptep, site);
	engine_store_relaxed(&ptep->pte, pte.pte);
	engine_result(pte.pte);
}

pte_t ptep_get_and_clear_at(pte_t *ptep, const struct site *site)
{
	pte_t pte;

	pte_point(ptep, site);
	pte.pte = engine_xchg(&ptep->pte, 0UL, ENGINE_RELAXED);
	engine_result(pte.pte);
	return pte;
}

pte_t ptep_clear_flush_at(struct vm_area_struct *vma, unsigned long addr, pte_t *ptep,
			  const struct site *site)
{
	pte_t pte = ptep_get_and_clear_at(ptep, site);

	if (pte_accessible(vma->vm_mm, pte))
		flush_tlb_mm_range_at(vma->vm_mm, addr, addr + PAGE_SIZE, site);
	return pte;
}

void ptep_set_wrprotect_at(pte_t *ptep, const struct site *site)
{
	pte_point(ptep, site);
	/* Dirty stays: it belongs to the contents, not to the right to write. */
	engine_result(engine_fetch_and(&ptep->pte, ~_PAGE_RW, ENGINE_RELAXED));
}

bool ptep_set_access_flags_at(pte_t *ptep, pte_t entry, bool dirty, const struct site *site)
{
	bool changed;

	pte_point(ptep, site);
	changed = engine_load_relaxed(&ptep->pte) != entry.pte;
	if (changed && dirty)
		engine_store_relaxed(&ptep->pte, entry.pte);
	engine_result(changed);
	return changed;
}

bool ptep_test_and_clear_young_at(pte_t *ptep, const struct site *site)
{
	bool young;

	pte_point(ptep, site);
	young = pte_young(__pte(engine_load_relaxed(&ptep->pte))) &&
		(engine_fetch_and(&ptep->pte, ~_PAGE_ACCESSED, ENGINE_RELAXED) & _PAGE_ACCESSED);
	engine_result(young);
	return young;
}

/* ---- page table pages ---------------------------------------------------- */

static void ptlock_init(struct ptdesc *ptdesc)
{
	spin_lock_init(ptlock_ptr(ptdesc));
}

struct ptdesc *pte_alloc_one(struct mm_struct *mm, unsigned long addr)
{
	struct ptdesc *pt;

	VM_BUG_ON(pmd_index(addr) >= PT_PAGES);
	pt = kmem_cache_zalloc(&ptdesc_cachep, GFP_KERNEL_ACCOUNT);
	if (!pt)
		return NULL;
	ptlock_init(pt);
	engine_role_set(pt, sizeof(*pt), "pt mm", (int)mm->id, (int)pmd_index(addr));
	return pt;
}

void pte_free(struct mm_struct *mm, struct ptdesc *pt)
{
	(void)mm;
	for (unsigned int i = 0; i < PTRS_PER_PTE; i++)
		WARN_NAMED(engine_load_relaxed(&pt->pte[i].pte) != 0, "page table not empty");
	kmem_cache_free(&ptdesc_cachep, pt);
}

static void pte_free_now(struct rcu_head *head)
{
	pte_free(NULL, container_of(head, struct ptdesc, rcu_head));
}

void pte_free_defer(struct mm_struct *mm, struct ptdesc *pt)
{
	(void)mm;
	call_rcu(&pt->rcu_head, pte_free_now);
}

/* ---- finding and locking a PTE ------------------------------------------- */

pte_t *pte_offset_map_at(struct mm_struct *mm, unsigned long addr, struct ptdesc **ptp,
			 const struct site *site)
{
	struct ptdesc *pt;

	VM_BUG_ON(pmd_index(addr) >= PT_PAGES);
	engine_rcu_read_lock(site);
	pt = rcu_dereference_at(mm->pt[pmd_index(addr)], false, site);
	if (unlikely(!pt)) {
		engine_rcu_read_unlock(site);
		return NULL;
	}
	if (ptp)
		*ptp = pt;
	return &pt->pte[pte_index(addr)];
}

void pte_unmap_at(pte_t *pte, const struct site *site)
{
	VM_BUG_ON(!pte);
	engine_rcu_read_unlock(site);
}

pte_t *pte_offset_map_nolock_at(struct mm_struct *mm, unsigned long addr, spinlock_t **ptlp,
				const struct site *site)
{
	struct ptdesc *pt;
	pte_t *pte = pte_offset_map_at(mm, addr, &pt, site);

	if (likely(pte))
		*ptlp = ptlock_ptr(pt);
	return pte;
}

/*
 * The table may have been taken away from mm between finding it and getting its
 * lock (RCU only keeps its memory): look again under the lock.
 */
pte_t *pte_offset_map_lock_at(struct mm_struct *mm, unsigned long addr, spinlock_t **ptlp,
			      unsigned int subclass, const struct site *site)
	__no_lock_analysis("returns with *ptlp held, or NULL")
{
	struct ptdesc *pt;
	pte_t *pte;

	while ((pte = pte_offset_map_at(mm, addr, &pt, site))) {
		spin_lock_nested_at(ptlock_ptr(pt), subclass, site);
		if (likely(READ_ONCE_AT(mm->pt[pmd_index(addr)], site) == pt)) {
			*ptlp = ptlock_ptr(pt);
			return pte;
		}
		PATH("pte_table_gone");
		pte_unmap_unlock_at(pte, ptlock_ptr(pt), site);
	}
	return NULL;
}

void pte_unmap_unlock_at(pte_t *pte, spinlock_t *ptl, const struct site *site)
	__no_lock_analysis("the PTL was taken by pte_offset_map_lock()")
{
	VM_BUG_ON(!pte);
	spin_unlock_at(ptl, site);
	engine_rcu_read_unlock(site);
}
