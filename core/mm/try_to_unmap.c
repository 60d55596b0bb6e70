/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/rmap.c (try_to_unmap, try_to_unmap_one, ttu_anon_folio, try_to_unmap_flush,
 * set_tlb_ubc_flush_pending, flush_tlb_batched_pending).
 * Replaces each PTE of a folio by its swap entry. With TTU_BATCH_FLUSH other
 * CPUs may go on through their TLBs until the caller flushes, which he must do
 * before the folio is written or freed.
 * Left out: file folios, large folios, mlock, memory failure, migration
 * (try_to_migrate).
 * Locking: folio lock; anon_vma for read by the walk; PTL by the walk of a vma.
 */
#include "core/mm/mm.h"
#include "core/page/folio.h"
#include "core/page/pgtable.h"
#include "core/page/tlb.h"
#include "core/swap/swap.h"

/* ---- batched flushes ------------------------------------------------------------------------ */

void try_to_unmap_flush(void)
{
	struct tlbflush_unmap_batch *tlb_ubc = current_tlb_ubc();

	if (!tlb_ubc->flush_required)
		return;
	arch_tlbbatch_flush(&tlb_ubc->arch);
	tlb_ubc->flush_required = false;
	tlb_ubc->writable = false;
}

void try_to_unmap_flush_dirty(void)
{
	if (current_tlb_ubc()->writable)
		try_to_unmap_flush();
}

/* PTL held. Says that mm has PTEs that were cleared and not flushed. */
static void set_tlb_ubc_flush_pending(struct mm_struct *mm, pte_t pteval, unsigned long start,
				      unsigned long end)
{
	struct tlbflush_unmap_batch *tlb_ubc = current_tlb_ubc();
	int batch;

	if (!pte_accessible(mm, pteval))
		return;
	arch_tlbbatch_add_pending(&tlb_ubc->arch, mm, start, end);
	tlb_ubc->flush_required = true;

	batch = atomic_read(&mm->tlb_flush_batched);
	/* So that "pending" never catches up with "flushed" by overflow. */
	while ((batch & TLB_FLUSH_BATCH_PENDING_MASK) > TLB_FLUSH_BATCH_PENDING_LARGE)
		if (atomic_try_cmpxchg(&mm->tlb_flush_batched, &batch, 1))
			goto done;
	atomic_inc(&mm->tlb_flush_batched);
done:
	/* A dirty PTE was writable: flush before any I/O. */
	if (pte_dirty(pteval))
		tlb_ubc->writable = true;
}

static bool should_defer_flush(struct mm_struct *mm, enum ttu_flags flags)
{
	return (flags & TTU_BATCH_FLUSH) && arch_tlbbatch_should_defer(mm);
}

/*
 * Under the PTL, which orders it against set_tlb_ubc_flush_pending(). The low
 * half of tlb_flush_batched counts the batches begun, the high half says up to
 * which of them was flushed.
 */
void flush_tlb_batched_pending(struct mm_struct *mm)
{
	int batch = atomic_read(&mm->tlb_flush_batched);
	int pending = batch & TLB_FLUSH_BATCH_PENDING_MASK;
	int flushed = batch >> TLB_FLUSH_BATCH_FLUSHED_SHIFT;

	if (pending == flushed)
		return;
	PATH("flush_tlb_batched_pending");
	arch_flush_tlb_batched_pending(mm);
	/* Begun meanwhile: then it stays pending. */
	atomic_cmpxchg(&mm->tlb_flush_batched, batch,
		       pending | (pending << TLB_FLUSH_BATCH_FLUSHED_SHIFT));
}

/* ---- unmapping ------------------------------------------------------------------- */

/* A folio that MADV_FREE has given up: its PTE is cleared, and flushed or to be flushed. True:
 * it is dropped from this mapping. False: the caller restores the PTE. */
static bool ttu_anon_lazyfree_folio(struct vm_area_struct *vma, struct folio *folio)
{
	int ref_count, map_count;
	bool dirty;

	/* GUP-fast raises the count and then looks at the PTE; here the PTE is cleared
	 * before the look at the count. One of the two sees the other. */
	smp_mb(&folio->_refcount);
	ref_count = folio_ref_count(folio);
	map_count = folio_mapcount(folio);
	/* First the references, then the dirty flag: as in __remove_mapping(). */
	smp_rmb(&folio->_refcount);
	dirty = folio_test_dirty(folio);
	/* madvise_update_vma() may change the other flags meanwhile. */
	if ((dirty && !(READ_ONCE(vma->vm_flags) & VM_DROPPABLE)) ||
	    (ref_count != 1 + map_count && bug_seeded(BUG_UNMAP_LAZYFREE_SWAPBACKED))) {
		PATH("unmap: lazyfree folio is dirty again");
		if (!dirty)
			COUNT(needless_swapbacked);
		folio_set_swapbacked(folio);
		return false;
	}
	/* Ours, and one for each mapping. Whoever has another one marks the folio dirty
	 * before he drops it, if he writes: then it is seen the next time. */
	if (ref_count != 1 + map_count && !bug_seeded(BUG_UNMAP_LAZYFREE_PINNED)) {
		PATH("unmap: lazyfree folio is held by others");
		return false;
	}
	add_mm_counter(vma->vm_mm, MM_ANONPAGES, -1);
	return true;
}

static pte_t swp_pte_prepare(swp_entry_t entry, pte_t old_pte, bool anon_exclusive)
{
	pte_t swp_pte = swp_entry_to_pte(entry);

	/* Place of device-exclusive entries: old_pte is present. */
	if (anon_exclusive)
		swp_pte = pte_swp_mkexclusive(swp_pte);
	if (pte_soft_dirty(old_pte))
		swp_pte = pte_swp_mksoft_dirty(swp_pte);
	if (pte_uffd(old_pte))
		swp_pte = pte_swp_mkuffd(swp_pte);
	return swp_pte;
}

/* A folio with a slot: the swap PTE takes the place of pteval, which is cleared, and owns a
 * count. PTL held. False: the caller restores the PTE. */
static bool ttu_anon_swapbacked_folio(struct vm_area_struct *vma, struct folio *folio,
				      struct page *page, unsigned long address, pte_t *ptep,
				      pte_t pteval)
{
	const bool anon_exclusive = folio_test_anon(folio) && PageAnonExclusive(page);
	swp_entry_t entry = folio->swap;
	struct mm_struct *mm = vma->vm_mm;

	if (!bug_seeded(BUG_UNMAP_DUP_AFTER_PUBLISH) && folio_dup_swap(folio, page) < 0) {
		PATH("unmap_dup_failed");
		return false;
	}
	/* Place of arch_unmap_one(). */

	/* The PTE is cleared: GUP-fast sees that, or we see its pin. */
	if (anon_exclusive && folio_try_share_anon_rmap_pte(folio, page)) {
		folio_put_swap(folio, page);
		return false;
	}
	if (!bug_seeded(BUG_UNMAP_SKIPS_MMLIST))
		mm_prepare_for_swap_entries(mm);
	dec_mm_counter(mm, MM_ANONPAGES);
	inc_mm_counter(mm, MM_SWAPENTS);
	set_pte_at(mm, address, ptep, swp_pte_prepare(entry, pteval, anon_exclusive));
	return true;
}

/* What takes the place of a cleared PTE of an anonymous folio. False: nothing may, the
 * caller restores it. */
static bool ttu_anon_folio(struct vm_area_struct *vma, struct folio *folio, struct page *page,
			   unsigned long address, pte_t *ptep, pte_t pteval)
{
	const bool swapbacked = folio_test_swapbacked(folio);

	if (unlikely(swapbacked != folio_test_swapcache(folio))) {
		report_warn("swapbacked folio not in swap cache", "try_to_unmap_one", "");
		return false;
	}
	if (!swapbacked)
		return ttu_anon_lazyfree_folio(vma, folio);
	return ttu_anon_swapbacked_folio(vma, folio, page, address, ptep, pteval);
}

static bool try_to_unmap_one(struct folio *folio, struct vm_area_struct *vma,
			     unsigned long address, void *arg)
	__no_lock_analysis("PTL taken by page_vma_mapped_walk()")
{
	enum ttu_flags flags = (enum ttu_flags)(uintptr_t)arg;
	struct mm_struct *mm = vma->vm_mm;
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, address, 0);
	struct page *page = folio_page(folio, 0);
	bool ret = true;
	pte_t pteval;

	/* Without it a PTE that somebody has cleared, but whose mapcount he has
	 * not dropped yet, is passed over: folio_mapped() is true after us. */
	if (flags & TTU_SYNC)
		pvmw.flags = PVMW_SYNC;

	while (page_vma_mapped_walk(&pvmw)) {
		/* Place of VM_LOCKED: restore the mlock, abort. */
		pteval = ptep_get(pvmw.pte);
		address = pvmw.address;

		/* Other CPUs may write through their TLBs until the flush. What
		 * was clean they can't: the MMU looks at the PTE again to set the
		 * dirty bit. */
		pteval = ptep_get_and_clear(mm, address, pvmw.pte);
		if (should_defer_flush(mm, flags))
			set_tlb_ubc_flush_pending(mm, pteval, address, address + PAGE_SIZE);
		else
			flush_tlb_page(vma, address);
		if (pte_dirty(pteval))
			folio_mark_dirty(folio);

		BUG_ON(!folio_peek_anon(folio)); /* place of file folios */
		if (!ttu_anon_folio(vma, folio, page, address, pvmw.pte, pteval)) {
			set_pte_at(mm, address, pvmw.pte, pteval);
			ret = false;
			page_vma_mapped_walk_done(&pvmw);
			break;
		}
		folio_remove_rmap_pte(folio, page, vma);
		folio_put(folio);
		/* That was all of a small folio. */
		page_vma_mapped_walk_done(&pvmw);
		if (bug_seeded(BUG_UNMAP_DUP_AFTER_PUBLISH) && !folio_peek_lazyfree(folio) &&
		    folio_dup_swap(folio, page) < 0)
			/* The entry has been visible, and its count not raised. */
			report_warn("swap dup failed", __func__, "");
		break;
	}
	return ret;
}

static int folio_not_mapped(struct folio *folio)
{
	return !folio_mapped(folio);
}

void try_to_unmap(struct folio *folio, enum ttu_flags flags)
{
	struct rmap_walk_control rwc = {
		.rmap_one = try_to_unmap_one,
		.arg = (void *)(uintptr_t)flags,
		.done = folio_not_mapped,
		.anon_lock = folio_lock_anon_vma_read,
	};

	VM_WARN_ON_FOLIO(!folio_peek_locked(folio), folio);
	if (flags & TTU_RMAP_LOCKED)
		rmap_walk_locked(folio, &rwc);
	else
		rmap_walk(folio, &rwc);
}
