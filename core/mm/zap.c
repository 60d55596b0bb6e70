/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/memory.c (unmap_vmas, zap_pte_range, zap_present_ptes,
 * zap_nonpresent_ptes), mm/mmu_gather.c, mm/swap_state.c (free_swap_cache,
 * free_pages_and_swap_cache).
 * A page whose PTE is gone is freed only after the TLB flush: until then a CPU
 * may still read and write it. The gather is small, so that it fills up.
 * Left out: large folios, delayed rmap, page table reclaim by MADV_DONTNEED.
 * Locking: mmap_lock at least for read; the PTL for each page table page, over
 * the put of the swap count and the clearing of the PTE that owned it.
 */
#include "core/mm/mm.h"
#include "core/page/folio.h"
#include "core/page/pgtable.h"
#include "core/page/tlb.h"
#include "core/swap/swap.h"

/* ---- the gather (mm/mmu_gather.c) --------------------------------------------------------- */

static void __tlb_reset_range(struct mmu_gather *tlb)
{
	tlb->start = tlb->fullmm ? 0 : WORLD_PAGES * PAGE_SIZE;
	tlb->end = 0;
}

static void __tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm, bool fullmm)
{
	tlb->mm = mm;
	tlb->fullmm = fullmm;
	tlb->nr = 0;
	tlb->nr_tables = 0;
	__tlb_reset_range(tlb);
	inc_tlb_flush_pending(mm);
}

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm)
{
	__tlb_gather_mmu(tlb, mm, false);
}

void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm)
{
	__tlb_gather_mmu(tlb, mm, true);
}

static void tlb_adjust_range(struct mmu_gather *tlb, unsigned long start, unsigned long end)
{
	tlb->start = min(tlb->start, start);
	tlb->end = max(tlb->end, end);
}

void tlb_remove_tlb_entry(struct mmu_gather *tlb, unsigned long addr)
{
	BUG_ON((addr & ~PAGE_MASK) || addr >= WORLD_PAGES * PAGE_SIZE);
	tlb_adjust_range(tlb, addr, addr + PAGE_SIZE);
}

static void tlb_flush_mmu_tlbonly(struct mmu_gather *tlb)
{
	if (!tlb->end)
		return; /* nothing was cleared since the last flush */
	if (tlb->fullmm)
		flush_tlb_mm(tlb->mm);
	else
		flush_tlb_mm_range(tlb->mm, tlb->start, tlb->end);
	__tlb_reset_range(tlb);
}

static void tlb_batch_pages_flush(struct mmu_gather *tlb)
{
	free_pages_and_swap_cache(tlb->folios, tlb->nr);
	tlb->nr = 0;
}

void tlb_flush_mmu(struct mmu_gather *tlb)
{
	tlb_flush_mmu_tlbonly(tlb);
	for (unsigned int i = 0; i < tlb->nr_tables; i++)
		pte_free_defer(tlb->mm, tlb->tables[i]);
	tlb->nr_tables = 0;
	tlb_batch_pages_flush(tlb);
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	/* Somebody else clears PTEs of this mm at the same time: what he has
	 * cleared we took for none, and his flush may be still to come. */
	if (mm_tlb_flush_nested(tlb->mm)) {
		PATH("tlb_flush_nested");
		tlb->fullmm = true;
		tlb_adjust_range(tlb, 0, WORLD_PAGES * PAGE_SIZE);
	}
	tlb_flush_mmu(tlb);
	BUG_ON(tlb->nr || tlb->nr_tables || tlb->end);
	dec_tlb_flush_pending(tlb->mm);
}

void pte_free_tlb(struct mmu_gather *tlb, struct ptdesc *pt, unsigned int region)
{
	BUG_ON(tlb->nr_tables >= ARRAY_SIZE(tlb->tables));
	tlb->tables[tlb->nr_tables++] = pt;
	tlb_adjust_range(tlb, region * PMD_SIZE, (region + 1) * PMD_SIZE);
}

/* True: that was the last one that fits; flush before the next. */
static bool __tlb_remove_folio(struct mmu_gather *tlb, struct folio *folio)
{
	BUG_ON(tlb->nr >= MMU_GATHER_FOLIOS);
	tlb->folios[tlb->nr++] = folio;
	return tlb->nr == MMU_GATHER_FOLIOS;
}

/* ---- swap cache of what was unmapped ------------------------------------------------ */

void free_swap_cache(struct folio *folio)
	__no_lock_analysis("trylock")
{
	if (!folio_test_swapcache(folio) || folio_mapped(folio))
		return;
	if (!folio_trylock(folio)) {
		PATH("free_swap_cache_trylock_failed");
		return; /* reclaim will find it */
	}
	folio_free_swap(folio);
	folio_unlock(folio);
}

void free_pages_and_swap_cache(struct folio **folios, unsigned int nr)
{
	struct folio_batch batch;

	folio_batch_init(&batch);
	for (unsigned int i = 0; i < nr; i++) {
		free_swap_cache(folios[i]);
		if (!folio_batch_add(&batch, folios[i]))
			folios_put(&batch);
	}
	if (folio_batch_count(&batch))
		folios_put(&batch);
}

/* ---- zap ---------------------------------------------------------------------------- */

/* True: the gather is full. */
static bool zap_present_pte(struct mmu_gather *tlb, struct vm_area_struct *vma, pte_t *pte,
			    pte_t ptent, unsigned long addr, int *rss)
{
	struct mm_struct *mm = tlb->mm;
	struct page *page = vm_normal_page(vma, addr, ptent);
	struct folio *folio;

	ptent = ptep_get_and_clear_full(mm, addr, pte, tlb->fullmm);
	(void)ptent; /* anon: nobody needs the dirty bit any more */
	tlb_remove_tlb_entry(tlb, addr);
	if (!page)
		return false;
	folio = page_folio(page);
	BUG_ON(!folio_peek_anon(folio)); /* place of file folios */
	rss[MM_ANONPAGES]--;
	folio_remove_rmap_pte(folio, page, vma);
	return __tlb_remove_folio(tlb, folio);
}

int swap_pte_batch(pte_t *start_ptep, int max_nr, pte_t pte)
{
	pte_t expected = pte_next_swp_offset(pte);
	int nr = 1;

	while (nr < max_nr && pte_same(ptep_get(start_ptep + nr), expected)) {
		expected = pte_next_swp_offset(expected);
		nr++;
	}
	return nr;
}

/* Returns the number of PTEs dealt with. late: see zap_pte_range(). */
static int zap_nonpresent_ptes(struct mmu_gather *tlb, pte_t *pte, pte_t ptent, int max_nr,
			       unsigned long addr, int *rss, swp_entry_t *late)
{
	softleaf_t entry = softleaf_from_pte(ptent);
	int nr = 1;

	if (softleaf_is_swap(entry) && bug_seeded(BUG_PUT_DIRECT_NO_DEVICE_REF) &&
	    __swap_count(entry) == 1) {
		rss[MM_SWAPENTS]--;
		*late = entry;
	} else if (softleaf_is_swap(entry)) {
		nr = swap_pte_batch(pte, max_nr, ptent);
		rss[MM_SWAPENTS] -= nr;
		/* Before the PTE is cleared: its lock keeps the device alive. */
		swap_put_entries_direct(entry, nr);
	} else if (!softleaf_is_marker(entry) && !softleaf_is_hwpoison(entry)) {
		/* Place of migration entries. */
		report_warn("unknown swap PTE", __func__, "");
	}
	for (int i = 0; i < nr; i++)
		pte_clear_not_present_full(tlb->mm, addr + i * PAGE_SIZE, pte + i, tlb->fullmm);
	return nr;
}

/* One page table page. Returns where it stopped, which is not end where the
 * gather was full. */
static unsigned long zap_pte_range(struct mmu_gather *tlb, struct vm_area_struct *vma,
				   unsigned long addr, unsigned long end)
	__no_lock_analysis("pte_offset_map_lock()")
{
	struct mm_struct *mm = tlb->mm;
	int rss[NR_MM_COUNTERS] = { 0 };
	bool force_flush = false;
	pte_t *start_pte, *pte;
	spinlock_t *ptl;
	/* Put after the PTL is dropped, as shmem puts its entries: the PTL is an RCU
	 * section, for whose end swapoff waits. A seeded bug alone does it. */
	swp_entry_t late = { 0 };

	start_pte = pte = pte_offset_map_lock(mm, addr, &ptl);
	if (!pte)
		return end;
	/* Reclaim may have cleared PTEs and not flushed yet; we would take them
	 * for none and let the caller believe that nothing is cached. */
	flush_tlb_batched_pending(mm);
	while (addr != end && !force_flush && !late.val) {
		pte_t ptent = ptep_get(pte);
		int nr = 1;

		if (pte_present(ptent))
			force_flush = zap_present_pte(tlb, vma, pte, ptent, addr, rss);
		else if (!pte_none(ptent))
			nr = zap_nonpresent_ptes(tlb, pte, ptent,
						 (int)((end - addr) >> PAGE_SHIFT), addr, rss,
						 &late);
		pte += nr;
		addr += (unsigned long)nr * PAGE_SIZE;
	}
	add_mm_rss_vec(mm, rss);
	if (force_flush)
		tlb_flush_mmu_tlbonly(tlb); /* before the PTL is dropped */
	pte_unmap_unlock(start_pte, ptl);
	if (late.val)
		swap_put_entries_direct(late, 1);
	if (force_flush) {
		PATH("zap_gather_full");
		tlb_flush_mmu(tlb);
		cond_resched();
	}
	return addr;
}

void __zap_vma_range(struct mmu_gather *tlb, struct vm_area_struct *vma, unsigned long addr,
		     unsigned long end)
{
	VM_WARN_ON_ONCE(addr >= end || addr < vma->vm_start || end > vma->vm_end);
	mmap_assert_locked(vma->vm_mm);
	while (addr != end) {
		addr = zap_pte_range(tlb, vma, addr, end);
		cond_resched();
	}
}

void unmap_vmas(struct mmu_gather *tlb, struct list_head *vmas)
{
	struct vm_area_struct *vma;

	list_for_each_entry(vma, vmas, vm_link)
		__zap_vma_range(tlb, vma, vma->vm_start, vma->vm_end);
}

void zap_vma_range_batched(struct mmu_gather *tlb, struct vm_area_struct *vma,
			   unsigned long address, unsigned long size)
{
	VM_WARN_ON_ONCE(tlb->mm != vma->vm_mm);
	if (unlikely(!size))
		return;
	__zap_vma_range(tlb, vma, address, address + size);
}
