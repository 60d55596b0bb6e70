// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KSM: merging two pages into one and breaking them apart.
 * Models: mm/ksm.c (write_protect_page, replace_page, try_to_merge_*, break_ksm).
 * Left out: the KSM zero page, large folios (their split is marked), mmu
 * notifiers.
 * Locking: mmap_lock for read, the folio lock by trylock, PTL.
 */
#include "core/mm/ksm.h"
#include "core/mm/ksm_node.h"
#include "core/swap/swap.h"

/* ---- breaking -------------------------------------------------------------------- */

/* Address of the first KSM page in [addr, end) or end. mmap_lock held. */
static unsigned long find_ksm_page(struct vm_area_struct *vma, unsigned long addr,
				   unsigned long end)
	__no_lock_analysis("the PTL is found by pte_offset_map_lock()")
{
	for (; addr < end; addr += PAGE_SIZE) {
		spinlock_t *ptl;
		pte_t *pte = pte_offset_map_lock(vma->vm_mm, addr, &ptl);
		struct folio *folio = NULL;
		bool found;

		if (!pte)
			continue;
		if (pte_present(ptep_get(pte)))
			folio = vm_normal_folio(vma, addr, ptep_get(pte));
		found = folio && folio_test_ksm(folio);
		pte_unmap_unlock(pte, ptl);
		if (found)
			return addr;
	}
	return end;
}

int break_ksm(struct vm_area_struct *vma, unsigned long addr, unsigned long end)
{
	vm_fault_t ret;

	mmap_assert_locked(vma->vm_mm);
	/* Until none is found: a fault may back out for many a reason. */
	do {
		cond_resched();
		if (ksm_test_exit(vma->vm_mm))
			return 0;
		if (signal_pending(current)) {
			PATH("break_ksm: interrupted");
			return -EINTR;
		}
		addr = find_ksm_page(vma, addr, end);
		if (addr >= end)
			return 0;
		ret = handle_mm_fault(vma, addr, FAULT_FLAG_UNSHARE | FAULT_FLAG_REMOTE);
	} while (!(ret & (VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV | VM_FAULT_OOM)));

	return ret & VM_FAULT_OOM ? -ENOMEM : 0;
}

struct vm_area_struct *find_mergeable_vma(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;

	mmap_assert_locked(mm);
	if (ksm_test_exit(mm))
		return NULL;
	vma = vma_lookup(mm, addr);
	if (!vma || !(vma->vm_flags & VM_MERGEABLE) || !READ_ONCE(vma->anon_vma))
		return NULL;
	return vma;
}

void break_cow(struct ksm_rmap_item *rmap_item)
{
	struct mm_struct *mm = rmap_item->mm;
	unsigned long addr = rmap_item->address & PAGE_MASK;
	struct vm_area_struct *vma;

	PATH("ksm: break_cow");
	/* Taken when the page was merged, for the stable tree it doesn't reach. */
	put_anon_vma(rmap_item->anon_vma);
	rmap_item->anon_vma = NULL;
	rmap_item->linear_page_index = 0;

	mmap_read_lock(mm);
	vma = find_mergeable_vma(mm, addr);
	if (vma)
		break_ksm(vma, addr, addr + PAGE_SIZE);
	mmap_read_unlock(mm);
}

struct page *get_mergeable_page(struct ksm_rmap_item *rmap_item)
	__no_lock_analysis("the PTL is found by pte_offset_map_lock()")
{
	struct mm_struct *mm = rmap_item->mm;
	unsigned long addr = rmap_item->address & PAGE_MASK;
	struct vm_area_struct *vma;
	struct page *page = NULL;
	spinlock_t *ptl;
	pte_t *pte;

	mmap_read_lock(mm);
	vma = find_mergeable_vma(mm, addr);
	if (!vma)
		goto out;
	pte = pte_offset_map_lock(mm, addr, &ptl);
	if (!pte)
		goto out;
	if (pte_present(ptep_get(pte))) {
		struct folio *folio = vm_normal_folio(vma, addr, ptep_get(pte));

		if (folio && folio_test_anon(folio)) {
			folio_get(folio);
			page = folio_page(folio, 0);
		}
	}
	pte_unmap_unlock(pte, ptl);
out:
	mmap_read_unlock(mm);
	return page;
}

/* ---- merging ------------------------------------------------------------------------- */

/* Makes the PTE of a locked folio clean and read-only, if nobody but its page
 * tables, the swap cache and the caller can reach the folio. 0 and the PTE in
 * *orig_pte, or -EFAULT and nothing has changed. */
static int write_protect_page(struct vm_area_struct *vma, struct folio *folio, pte_t *orig_pte)
	__no_lock_analysis("page_vma_mapped_walk() takes the PTL")
{
	struct mm_struct *mm = vma->vm_mm;
	struct page *page = folio_page(folio, 0);
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, 0, 0);
	bool anon_exclusive;
	int swapped, err = -EFAULT;
	pte_t entry;

	pvmw.address = page_address_in_vma(folio, page, vma);
	if (pvmw.address == (unsigned long)-EFAULT)
		return err;
	if (!page_vma_mapped_walk(&pvmw)) {
		PATH("write_protect_page: no longer mapped");
		return err;
	}
	entry = ptep_get(pvmw.pte);
	if (unlikely(!pte_present(entry)))
		goto out_unlock;

	anon_exclusive = PageAnonExclusive(page);
	if (pte_write(entry) || pte_dirty(entry) || anon_exclusive || mm_tlb_flush_pending(mm)) {
		swapped = folio_test_swapcache(folio);
		/* First the PTE goes, then the references are counted: GUP-fast takes
		 * no lock, but it cannot get the page any more. */
		entry = ptep_clear_flush(vma, pvmw.address, pvmw.pte);
		if (folio_mapcount(folio) + 1 + swapped != folio_ref_count(folio)) {
			PATH("write_protect_page: someone holds the folio");
			set_pte_at(mm, pvmw.address, pvmw.pte, entry);
			goto out_unlock;
		}
		if (anon_exclusive && folio_try_share_anon_rmap_pte(folio, page)) {
			PATH("write_protect_page: pinned");
			set_pte_at(mm, pvmw.address, pvmw.pte, entry);
			goto out_unlock;
		}
		if (pte_dirty(entry) && !bug_seeded(BUG_KSM_DIRTY_LOST))
			folio_mark_dirty(folio);
		entry = pte_mkclean(entry);
		if (pte_write(entry))
			entry = pte_wrprotect(entry);
		set_pte_at(mm, pvmw.address, pvmw.pte, entry);
	}
	*orig_pte = entry;
	err = 0;
out_unlock:
	page_vma_mapped_walk_done(&pvmw);
	return err;
}

/* Maps kpage instead of page, whose PTE must still be orig_pte. page's folio is
 * locked and referenced. 0 or -EFAULT. */
static int replace_page(struct vm_area_struct *vma, struct page *page, struct page *kpage,
			pte_t orig_pte)
	__no_lock_analysis("the PTL is found by pte_offset_map_lock()")
{
	struct folio *kfolio = page_folio(kpage), *folio = page_folio(page);
	struct mm_struct *mm = vma->vm_mm;
	unsigned long addr;
	spinlock_t *ptl;
	pte_t *ptep;

	addr = page_address_in_vma(folio, page, vma);
	if (addr == (unsigned long)-EFAULT)
		return -EFAULT;
	ptep = pte_offset_map_lock(mm, addr, &ptl);
	if (!ptep)
		return -EFAULT;
	if (!pte_same(ptep_get(ptep), orig_pte)) {
		PATH("replace_page: pte changed");
		pte_unmap_unlock(ptep, ptl);
		return -EFAULT;
	}
	VM_BUG_ON(page_peek_exclusive(page));
	VM_BUG_ON(folio_peek_anon(kfolio) && page_peek_exclusive(kpage));

	folio_get(kfolio);
	folio_add_anon_rmap_pte(kfolio, kpage, vma, addr, RMAP_NONE);
	/* Read-only to read-only with the same contents. */
	ptep_clear_flush(vma, addr, ptep);
	set_pte_at(mm, addr, ptep, mk_pte(kpage, vma));
	folio_remove_rmap_pte(folio, page, vma);
	if (!folio_mapped(folio))
		folio_free_swap(folio);
	folio_put(folio); /* the PTE's */
	pte_unmap_unlock(ptep, ptl);
	return 0;
}

/* kpage NULL: page becomes the KSM page. mmap_lock held. 0 or -EFAULT. */
static int try_to_merge_one_page(struct vm_area_struct *vma, struct page *page,
				 struct page *kpage)
{
	struct folio *folio = page_folio(page);
	pte_t orig_pte = { 0 };
	int err = -EFAULT;

	if (page == kpage) {
		PATH("ksm: forked KSM page");
		return 0;
	}
	if (!folio_test_anon(folio))
		return err;
	/* For a stable swapcache flag. ksmd can come back: it doesn't wait. */
	if (!folio_trylock(folio)) {
		PATH("ksm: merge trylock failed");
		return err;
	}
	/* A large folio would be split here. */
	if (write_protect_page(vma, folio, &orig_pte) == 0) {
		if (!kpage) {
			/* KSM with no node yet: stable_tree_insert() sets it. */
			folio_set_stable_node(folio, NULL);
			folio_mark_accessed(folio);
			/* Reclaim drops clean folios: this one must be written. */
			if (!folio_test_dirty(folio) && !bug_seeded(BUG_KSM_DIRTY_LOST))
				folio_mark_dirty(folio);
			err = 0;
		} else if (pages_identical(page, kpage)) {
			err = replace_page(vma, page, kpage, orig_pte);
		} else {
			PATH("ksm: contents changed before the merge");
		}
	}
	folio_unlock(folio);
	return err;
}

int try_to_merge_with_ksm_page(struct ksm_rmap_item *rmap_item, struct page *page,
			       struct page *kpage)
{
	struct mm_struct *mm = rmap_item->mm;
	unsigned long addr = rmap_item->address & PAGE_MASK;
	struct vm_area_struct *vma;
	int err = -EFAULT;

	mmap_read_lock(mm);
	vma = find_mergeable_vma(mm, addr);
	if (!vma) {
		PATH("ksm: vma gone before the merge");
		goto out;
	}
	err = try_to_merge_one_page(vma, page, kpage);
	if (err)
		goto out;
	remove_rmap_item_from_tree(rmap_item);
	/* While the vma cannot go; break_cow() drops it if we don't get to the
	 * stable tree. */
	rmap_item->anon_vma = vma->anon_vma;
	rmap_item->linear_page_index = linear_anon_page_index(vma, addr);
	get_anon_vma(vma->anon_vma);
out:
	mmap_read_unlock(mm);
	return err;
}

struct folio *try_to_merge_two_pages(struct ksm_rmap_item *rmap_item, struct page *page,
				     struct ksm_rmap_item *tree_rmap_item,
				     struct page *tree_page)
{
	if (try_to_merge_with_ksm_page(rmap_item, page, NULL))
		return NULL;
	if (try_to_merge_with_ksm_page(tree_rmap_item, tree_page, page)) {
		/* A KSM page with one mapping: undo. */
		break_cow(rmap_item);
		return NULL;
	}
	return page_folio(page);
}
