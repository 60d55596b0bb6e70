/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/madvise.c (do_madvise, madvise_dontneed_single_vma, madvise_free_pte_range,
 * madvise_cold_or_pageout_pte_range, madvise_update_vma).
 * The kernel has one walk for COLD and PAGEOUT; here there are two, so that sites say
 * which one it is. Left out: large folios, process_madvise, guard regions.
 * Locking: mmap_lock for read, for write where vma flags change; the PTL over the
 * isolation of a page table page's folios, not over their reclaim.
 */
#include "core/mm/ksm.h"
#include "core/mm/mm.h"
#include "core/mm/vmscan.h"
#include "core/page/folio.h"
#include "core/page/lru.h"
#include "core/page/pgtable.h"
#include "core/page/tlb.h"
#include "core/swap/swap.h"

/* Isolates one folio for reclaim, if it is this mapping's alone. PTL held. */
static void pageout_isolate(struct folio *folio, struct list_head *folio_list)
{
	/* Not what others map as well, nor what is in a batch or isolated. */
	if (!folio_test_lru(folio) || folio_mapcount(folio) != 1) {
		PATH("pageout_skipped");
		return;
	}
	folio_clear_referenced(folio);
	if (folio_test_active(folio))
		folio_set_workingset(folio);
	if (!folio_isolate_lru(folio)) {
		PATH("pageout_isolate_failed");
		return;
	}
	if (folio_test_unevictable(folio))
		folio_putback_lru(folio);
	else
		list_add(&folio->lru, folio_list);
}

static void madvise_pageout_pte_range(struct vm_area_struct *vma, unsigned long addr,
				      unsigned long end)
	__no_lock_analysis("pte_offset_map_lock()")
{
	struct mm_struct *mm = vma->vm_mm;
	struct list_head folio_list;
	pte_t *start_pte, *pte;
	spinlock_t *ptl;

	INIT_LIST_HEAD(&folio_list);
	start_pte = pte = pte_offset_map_lock(mm, addr, &ptl);
	if (!pte)
		goto out;
	flush_tlb_batched_pending(mm);
	for (; addr < end; pte++, addr += PAGE_SIZE) {
		pte_t ptent = ptep_get(pte);
		struct folio *folio;

		if (!pte_present(ptent))
			continue;
		folio = vm_normal_folio(vma, addr, ptent);
		if (folio)
			pageout_isolate(folio, &folio_list);
	}
	pte_unmap_unlock(start_pte, ptl);
	reclaim_pages(&folio_list);
out:
	cond_resched();
}

static int madvise_pageout(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct mmu_gather tlb;

	if (vma->vm_flags & VM_LOCKED)
		return -EINVAL;
	lru_add_drain();
	tlb_gather_mmu(&tlb, vma->vm_mm);
	madvise_pageout_pte_range(vma, start, end);
	tlb_finish_mmu(&tlb);
	return 0;
}

/* Makes folios that are this mapping's alone look unused: no young bit, not active. */
static void madvise_cold_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
				   unsigned long addr, unsigned long end)
	__no_lock_analysis("pte_offset_map_lock()")
{
	pte_t *start_pte, *pte;
	spinlock_t *ptl;

	start_pte = pte = pte_offset_map_lock(vma->vm_mm, addr, &ptl);
	if (!pte)
		goto out;
	flush_tlb_batched_pending(vma->vm_mm);
	for (; addr < end; pte++, addr += PAGE_SIZE) {
		pte_t ptent = ptep_get(pte);
		struct folio *folio;

		if (!pte_present(ptent))
			continue;
		folio = vm_normal_folio(vma, addr, ptent);
		if (!folio)
			continue;
		/* Not what others map as well, nor what is in a batch or isolated. */
		if (!folio_test_lru(folio) || folio_mapcount(folio) != 1) {
			PATH("cold_skipped");
			continue;
		}
		/* Without the flush a cached translation would not set the bit again. */
		if (pte_young(ptent)) {
			ptep_test_and_clear_young(vma, addr, pte);
			tlb_remove_tlb_entry(tlb, addr);
		}
		folio_clear_referenced(folio);
		if (folio_test_active(folio))
			folio_set_workingset(folio);
		folio_deactivate(folio);
	}
	pte_unmap_unlock(start_pte, ptl);
out:
	cond_resched();
}

static int madvise_cold(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct mmu_gather tlb;

	if (vma->vm_flags & VM_LOCKED)
		return -EINVAL;
	lru_add_drain();
	tlb_gather_mmu(&tlb, vma->vm_mm);
	madvise_cold_pte_range(&tlb, vma, start, end);
	tlb_finish_mmu(&tlb);
	return 0;
}

/* Nothing but this mapping uses the folio, so what made it dirty may be forgotten: it is
 * clean, and not in the swap cache. The flags are stable under the folio lock alone, which a
 * PTL holder may only try to get. False: somebody else has the folio or the lock. */
static bool madvise_free_clean_folio(struct folio *folio)
	__no_lock_analysis("trylock")
{
	if (!folio_trylock(folio)) {
		PATH("madv_free: folio locked");
		return false;
	}
	if (folio_mapcount(folio) != folio_nr_pages(folio) &&
	    !bug_seeded(BUG_MADV_FREE_SHARED)) {
		PATH("madv_free: mapped by others");
		folio_unlock(folio);
		return false;
	}
	if (folio_test_swapcache(folio) && !folio_free_swap(folio)) {
		PATH("madv_free: swap in use");
		folio_unlock(folio);
		return false;
	}
	folio_clear_dirty(folio);
	folio_unlock(folio);
	return true;
}

/* One present PTE. The PTE, the folio and PG_swapbacked are cleaned one after the other, under
 * the PTL, the folio lock and (later, when the batch is drained) lru_lock: whoever comes in
 * between sees a page that is partly given up. */
static void madvise_free_present_pte(struct mmu_gather *tlb, struct vm_area_struct *vma,
				     unsigned long addr, pte_t *pte, pte_t ptent)
{
	struct folio *folio = vm_normal_folio(vma, addr, ptent);

	if (!folio)
		return;
	/* KSM may map it to others without marking it dirty again: the kernel does not look. */
	if (folio_test_ksm(folio) && !bug_seeded(BUG_MADV_FREE_KSM)) {
		PATH("madv_free: KSM page");
		return;
	}
	/* Place of large folios that the range covers in part: split. */
	/* A page that KSM was broken for is clean, PTE and folio, and has contents: it may be
	 * another one's as well. The kernel does not look. */
	if ((folio_test_swapcache(folio) || folio_test_dirty(folio) ||
	     (!pte_dirty(ptent) && !bug_seeded(BUG_MADV_FREE_UNSHARED))) &&
	    !madvise_free_clean_folio(folio))
		return;
	if (pte_young(ptent) || pte_dirty(ptent)) {
		/* Follows clear_young_dirty_ptes(). */
		ptent = ptep_get_and_clear(vma->vm_mm, addr, pte);
		set_pte_at(vma->vm_mm, addr, pte, pte_mkclean(pte_mkold(ptent)));
		/* A translation that is dirty already would not set the bit again. */
		if (!bug_seeded(BUG_MADV_FREE_NO_FLUSH))
			tlb_remove_tlb_entry(tlb, addr);
	}
	folio_mark_lazyfree(folio);
}

/* Gives the swap slots back. A page that was swapped out is read as zeroes from now on: that
 * is cheaper than to read it in. Returns the number of PTEs dealt with. */
static int madvise_free_nonpresent_ptes(struct mm_struct *mm, pte_t *pte, pte_t ptent,
					int max_nr, unsigned long addr, int *nr_swap)
{
	softleaf_t entry = softleaf_from_pte(ptent);
	int nr = 1;

	if (softleaf_is_swap(entry)) {
		nr = swap_pte_batch(pte, max_nr, ptent);
		*nr_swap -= nr;
		/* Before the PTE is cleared: its lock keeps the device alive. */
		swap_put_entries_direct(entry, nr);
	} else if (!softleaf_is_marker(entry) && !softleaf_is_hwpoison(entry)) {
		return nr; /* place of migration entries */
	}
	for (int i = 0; i < nr; i++)
		pte_clear(mm, addr + i * PAGE_SIZE, pte + i);
	return nr;
}

static void madvise_free_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
				   unsigned long addr, unsigned long end)
	__no_lock_analysis("pte_offset_map_lock()")
{
	struct mm_struct *mm = tlb->mm;
	pte_t *start_pte, *pte;
	int nr_swap = 0, nr;
	spinlock_t *ptl;

	start_pte = pte = pte_offset_map_lock(mm, addr, &ptl);
	if (!pte)
		return;
	flush_tlb_batched_pending(mm);
	for (; addr != end; pte += nr, addr += PAGE_SIZE * (unsigned long)nr) {
		pte_t ptent = ptep_get(pte);

		nr = 1;
		if (pte_none(ptent))
			continue;
		if (!pte_present(ptent))
			nr = madvise_free_nonpresent_ptes(mm, pte, ptent,
							  (int)((end - addr) >> PAGE_SHIFT),
							  addr, &nr_swap);
		else
			madvise_free_present_pte(tlb, vma, addr, pte, ptent);
	}
	if (nr_swap)
		add_mm_counter(mm, MM_SWAPENTS, nr_swap);
	pte_unmap_unlock(start_pte, ptl);
	cond_resched();
}

static int madvise_free_single_vma(struct mmu_gather *tlb, struct vm_area_struct *vma,
				   unsigned long start, unsigned long end)
{
	lru_add_drain();
	madvise_free_pte_range(tlb, vma, start, end);
	return 0;
}

static int madvise_dontneed_single_vma(struct mmu_gather *tlb, struct vm_area_struct *vma,
				       unsigned long start, unsigned long end)
{
	zap_vma_range_batched(tlb, vma, start, end - start);
	return 0;
}

static int madvise_dontneed_free(struct mmu_gather *tlb, struct vm_area_struct *vma,
				 unsigned long start, unsigned long end, int behavior)
{
	if (vma->vm_flags & VM_LOCKED)
		return -EINVAL;
	if (behavior == MADV_FREE)
		return madvise_free_single_vma(tlb, vma, start, end);
	return madvise_dontneed_single_vma(tlb, vma, start, end);
}

/* Splits where the flags of a part change. Follows madvise_update_vma(). */
static int madvise_update_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			      unsigned long new_flags)
{
	if (new_flags == vma->vm_flags)
		return 0;
	if (vma->vm_end > end && split_vma(vma, end))
		return -ENOMEM;
	if (vma->vm_start < start) {
		if (split_vma(vma, start))
			return -ENOMEM;
		vma = list_next_entry(vma, vm_link);
	}
	BUG_ON(vma->vm_start != start || vma->vm_end != end);
	/* rmap walks look at it without mmap_lock. */
	WRITE_ONCE(vma->vm_flags, new_flags);
	return 0;
}

static int madvise_ksm(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		       bool mergeable)
{
	unsigned long new_flags = vma->vm_flags;
	int error = ksm_madvise(vma, start, end, mergeable, &new_flags);

	return error ? error : madvise_update_vma(vma, start, end, new_flags);
}

static int madvise_vma_behavior(struct mmu_gather *tlb, struct vm_area_struct *vma,
				unsigned long start, unsigned long end, int behavior)
{
	switch (behavior) {
	case MADV_DONTNEED:
	case MADV_FREE:
		return madvise_dontneed_free(tlb, vma, start, end, behavior);
	case MADV_COLD:
		return madvise_cold(vma, start, end);
	case MADV_PAGEOUT:
		return madvise_pageout(vma, start, end);
	case MADV_MERGEABLE:
	case MADV_UNMERGEABLE:
		return madvise_ksm(vma, start, end, behavior == MADV_MERGEABLE);
	default:
		return -EINVAL;
	}
}

static bool madvise_needs_write_lock(int behavior)
{
	return behavior == MADV_MERGEABLE || behavior == MADV_UNMERGEABLE;
}

/* Applies it to what is mapped; -ENOMEM at the end where something was not. */
static int madvise_walk_vmas(struct mmu_gather *tlb, struct mm_struct *mm, unsigned long start,
			     unsigned long end, int behavior)
{
	int unmapped_error = 0;

	while (start < end) {
		struct vm_area_struct *vma = find_vma(mm, start);
		unsigned long tmp;
		int error;

		if (!vma || vma->vm_start >= end)
			return -ENOMEM;
		if (start < vma->vm_start) {
			unmapped_error = -ENOMEM;
			start = vma->vm_start;
		}
		tmp = min(vma->vm_end, end);
		error = madvise_vma_behavior(tlb, vma, start, tmp, behavior);
		if (error)
			return error;
		start = tmp;
	}
	return unmapped_error;
}

/* One gather over all vmas. */
static bool madvise_batch_tlb_flush(int behavior)
{
	return behavior == MADV_DONTNEED || behavior == MADV_FREE;
}

static void madvise_init_tlb(struct mmu_gather *tlb, struct mm_struct *mm, int behavior)
{
	if (madvise_batch_tlb_flush(behavior))
		tlb_gather_mmu(tlb, mm);
}

static void madvise_finish_tlb(struct mmu_gather *tlb, int behavior)
{
	if (madvise_batch_tlb_flush(behavior))
		tlb_finish_mmu(tlb);
}

int do_madvise(struct mm_struct *mm, unsigned long start, size_t len, int behavior)
	__no_lock_analysis("read or write lock by behaviour")
{
	struct mmu_gather tlb;
	int error;

	if ((start & ~PAGE_MASK) || (len & ~PAGE_MASK) || start + len < start)
		return -EINVAL;
	if (!len)
		return 0;
	if (madvise_needs_write_lock(behavior)) {
		mmap_write_lock(mm);
		error = madvise_walk_vmas(&tlb, mm, start, start + len, behavior);
		mmap_write_unlock(mm);
	} else {
		mmap_read_lock(mm);
		madvise_init_tlb(&tlb, mm, behavior);
		error = madvise_walk_vmas(&tlb, mm, start, start + len, behavior);
		madvise_finish_tlb(&tlb, behavior);
		mmap_read_unlock(mm);
	}
	return error;
}
