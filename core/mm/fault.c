/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/memory.c (handle_mm_fault, handle_pte_fault, do_anonymous_page,
 * folio_prealloc, vmf_anon_prepare), mm/filemap.c (__folio_lock_or_retry).
 * Left out: per-VMA locks, file mappings, large folios, userfaultfd, NUMA hints.
 * Locking: mmap_lock for read all through (unless VM_FAULT_RETRY); the PTL for
 * each look at a PTE that decides something.
 */
#include "core/mm/mm.h"
#include "core/page/folio.h"
#include "core/page/lru.h"
#include "core/page/page_alloc.h"
#include "core/page/pgtable.h"

pte_t maybe_mkwrite(pte_t pte, struct vm_area_struct *vma)
{
	if (likely(vma->vm_flags & VM_WRITE))
		pte = pte_mkwrite(pte, vma);
	return pte;
}

struct folio *folio_prealloc(struct vm_area_struct *vma, unsigned long addr, bool need_zero)
{
	struct folio *folio = vma_alloc_folio(GFP_HIGHUSER_MOVABLE, 0, vma, addr);

	if (!folio)
		return NULL;
	if (need_zero)
		folio_zero_user(folio);
	/* Place of the memcg charge and of folio_throttle_swaprate(). */
	return folio;
}

vm_fault_t vmf_anon_prepare(struct vm_fault *vmf)
{
	return anon_vma_prepare(vmf->vma) ? VM_FAULT_OOM : 0;
}

static bool fault_flag_allow_retry_first(unsigned int flags)
{
	return (flags & FAULT_FLAG_ALLOW_RETRY) && !(flags & FAULT_FLAG_TRIED);
}

/* After VM_FAULT_RETRY neither the vma nor the mm's page tables may be touched. */
static vm_fault_t __folio_lock_or_retry(struct folio *folio, struct vm_fault *vmf,
					const struct site *site)
	__no_lock_analysis("drops mmap_lock when it fails")
{
	unsigned int flags = vmf->flags;
	struct mm_struct *mm = vmf->vma->vm_mm;

	if (fault_flag_allow_retry_first(flags)) {
		if (flags & FAULT_FLAG_RETRY_NOWAIT)
			return VM_FAULT_RETRY; /* mmap_lock stays */
		PATH("fault_retry_mmap_lock_dropped");
		mmap_read_unlock(mm);
		folio_wait_locked_at(folio, site);
		return VM_FAULT_RETRY;
	}
	if (flags & FAULT_FLAG_KILLABLE) {
		if (folio_lock_killable_at(folio, site)) {
			PATH("fault_retry_killed");
			mmap_read_unlock(mm);
			return VM_FAULT_RETRY;
		}
	} else {
		folio_lock_at(folio, 0, site);
	}
	return 0;
}

vm_fault_t folio_lock_or_retry_at(struct folio *folio, struct vm_fault *vmf,
				  const struct site *site)
	__no_lock_analysis("locked where it returns 0")
{
	might_sleep();
	if (folio_trylock_at(folio, site))
		return 0;
	PATH("fault_folio_trylock_failed");
	return __folio_lock_or_retry(folio, vmf, site);
}

static bool vmf_pte_changed(struct vm_fault *vmf)
{
	return !pte_none(ptep_get(vmf->pte));
}

/* The folio is known to others from here on. PTL held. */
static void map_anon_folio_pte_nopf(struct folio *folio, pte_t *pte, struct vm_area_struct *vma,
				    unsigned long addr)
{
	pte_t entry = folio_mk_pte(folio, vma);

	if (vma->vm_flags & VM_WRITE)
		entry = pte_mkwrite(pte_mkdirty(entry), vma);
	folio_add_new_anon_rmap(folio, vma, addr, RMAP_EXCLUSIVE);
	folio_add_lru_vma(folio, vma);
	set_pte_at(vma->vm_mm, addr, pte, entry);
}

static void map_anon_folio_pte_pf(struct folio *folio, pte_t *pte, struct vm_area_struct *vma,
				  unsigned long addr)
{
	map_anon_folio_pte_nopf(folio, pte, vma, addr);
	inc_mm_counter(vma->vm_mm, MM_ANONPAGES);
}

/*
 * Enter with mmap_lock for read and the PTE not mapped; leave the same way.
 * Reads map the zero page; a write gets a zeroed folio of its own, exclusive.
 */
static vm_fault_t do_anonymous_page(struct vm_fault *vmf)
	__no_lock_analysis("PTL taken and dropped on several paths")
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long addr = vmf->address;
	struct folio *folio = NULL;
	vm_fault_t ret = 0;

	if (vma->vm_flags & VM_SHARED)
		return VM_FAULT_SIGBUS;
	if (pte_alloc(vma->vm_mm, addr))
		return VM_FAULT_OOM;

	if (!(vmf->flags & FAULT_FLAG_WRITE)) {
		vmf->pte = pte_offset_map_lock(vma->vm_mm, addr, &vmf->ptl);
		if (!vmf->pte)
			goto unlock;
		if (vmf_pte_changed(vmf)) {
			PATH("anon_zero_pte_changed");
			goto unlock;
		}
		if (check_stable_address_space(vma->vm_mm)) {
			ret = VM_FAULT_SIGBUS;
			goto unlock;
		}
		/* Place of userfaultfd_missing(). */
		set_pte_at(vma->vm_mm, addr, vmf->pte, pte_mkzeropage());
		goto unlock;
	}

	ret = vmf_anon_prepare(vmf);
	if (ret)
		return ret;
	folio = folio_prealloc(vma, addr, true);
	if (!folio) {
		PATH("anon_fault_oom");
		return VM_FAULT_OOM;
	}
	/* Contents before the PTE that publishes them. */
	__folio_mark_uptodate(folio);
	vmf->pte = pte_offset_map_lock(vma->vm_mm, addr, &vmf->ptl);
	if (!vmf->pte)
		goto release;
	if (vmf_pte_changed(vmf)) {
		PATH("anon_pte_changed");
		goto release;
	}
	if (check_stable_address_space(vma->vm_mm)) {
		PATH("anon_unstable_mm");
		ret = VM_FAULT_SIGBUS;
		goto release;
	}
	/* Place of userfaultfd_missing(). */
	map_anon_folio_pte_pf(folio, vmf->pte, vma, addr);
	/* No flush: nothing caches a PTE that was not present. */
unlock:
	if (vmf->pte)
		pte_unmap_unlock(vmf->pte, vmf->ptl);
	return ret;
release:
	folio_put(folio);
	goto unlock;
}

/* The PTE is present: write to a write-protected page, or accessed bits only. */
static vm_fault_t handle_present_pte(struct vm_fault *vmf)
	__no_lock_analysis("do_wp_page() drops the PTL")
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t entry = vmf->orig_pte;

	vmf->pte = pte_offset_map_lock(vma->vm_mm, vmf->address, &vmf->ptl);
	if (!vmf->pte)
		return 0;
	if (unlikely(!pte_same(ptep_get(vmf->pte), entry))) {
		PATH("fault_present_pte_changed");
		goto unlock;
	}
	if (vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) {
		if (!pte_write(entry))
			return do_wp_page(vmf);
		if (vmf->flags & FAULT_FLAG_WRITE)
			entry = pte_mkdirty(entry);
	}
	entry = pte_mkyoung(entry);
	if (!ptep_set_access_flags(vma, vmf->address, vmf->pte, entry,
				   !!(vmf->flags & FAULT_FLAG_WRITE))) {
		/* Nothing to change: this CPU's TLB was out of date. */
		if (vmf->flags & FAULT_FLAG_TRIED)
			goto unlock;
		if (vmf->flags & FAULT_FLAG_WRITE) {
			PATH("fault_spurious_write");
			flush_tlb_fix_spurious_fault(vma, vmf->address, vmf->pte);
		}
	}
unlock:
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return 0;
}

static vm_fault_t handle_pte_fault(struct vm_fault *vmf)
{
	vmf->pte = pte_offset_map(vmf->vma->vm_mm, vmf->address);
	if (!vmf->pte)
		return do_anonymous_page(vmf); /* no page table page yet */
	vmf->orig_pte = ptep_get_lockless(vmf->pte);
	pte_unmap(vmf->pte);
	vmf->pte = NULL;

	if (pte_none(vmf->orig_pte))
		return do_anonymous_page(vmf);
	if (!pte_present(vmf->orig_pte))
		return do_swap_page(vmf);
	return handle_present_pte(vmf);
}

vm_fault_t handle_mm_fault(struct vm_area_struct *vma, unsigned long address,
			   unsigned int flags)
{
	struct vm_fault vmf = {
		.vma = vma,
		.address = address & PAGE_MASK,
		.pgoff = linear_page_index(vma, address & PAGE_MASK),
		.flags = flags,
	};

	mmap_assert_locked(vma->vm_mm);
	BUG_ON(address < vma->vm_start || address >= vma->vm_end);
	VM_WARN_ON((flags & FAULT_FLAG_WRITE) && (flags & FAULT_FLAG_UNSHARE));
	VM_WARN_ON((flags & FAULT_FLAG_WRITE) && !(vma->vm_flags & VM_WRITE));
	return handle_pte_fault(&vmf);
}
