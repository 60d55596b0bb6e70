/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/memory.c (do_swap_page, should_try_to_free_swap, handle_pte_marker,
 * check_swap_exclusive), after "drop redundant lru_add_drain in anon folio reuse
 * paths": the swap PTE's exclusive bit decides, not a reference count.
 * Left out: large folios, migration and device entries, userfaultfd, memcg.
 * Locking: mmap_lock for read, then the folio lock, then the PTL; the device is
 * kept alive by a reference. The folio lock is held until the PTE is set.
 */
#include "core/mm/ksm.h"
#include "core/mm/mm.h"
#include "core/page/lru.h"
#include "core/page/page_alloc.h"
#include "core/swap/swap.h"

/*
 * Is it worth trying to drop the folio from the swap cache now? The swap count
 * is looked at by folio_free_swap(). exclusive: nobody else has the entry.
 */
static bool should_try_to_free_swap(struct swap_info_struct *si, struct folio *folio,
				    struct vm_area_struct *vma, bool exclusive,
				    unsigned int fault_flags)
{
	if (!folio_test_swapcache(folio))
		return false;
	/* Reading again from such a device is cheap, a slot that is pinned is not. */
	if (data_race(si->flags) & SWP_SYNCHRONOUS_IO)
		return true;
	if (vm_swap_full() || (vma->vm_flags & VM_LOCKED) || folio_test_mlocked(folio))
		return true;
	/* The copy in swap will be out of date in a moment. */
	return (fault_flags & FAULT_FLAG_WRITE) && exclusive;
}

static vm_fault_t handle_pte_marker(struct vm_fault *vmf)
{
	pte_marker marker = softleaf_to_marker(softleaf_from_pte(vmf->orig_pte));

	if (WARN_NAMED(!marker, "empty PTE marker"))
		return VM_FAULT_SIGBUS;
	if (marker & PTE_MARKER_POISONED) {
		PATH("fault_poison_marker");
		return VM_FAULT_HWPOISON;
	}
	if (marker & PTE_MARKER_GUARD)
		return VM_FAULT_SIGSEGV;
	return VM_FAULT_SIGBUS; /* place of the userfaultfd-wp marker */
}

/* The folio is locked and so is the PTE that owns the entry: the count is stable. */
static void check_swap_exclusive(struct vm_fault *vmf, struct folio *folio, swp_entry_t entry)
{
	lockdep_assert_held(vmf->ptl);
	VM_WARN_ON(!folio_peek_locked(folio));
	WARN_NAMED(__swap_count(entry) != 1, "exclusive swap entry is shared");
}

/* The entry's device: a reference, without which swapoff may end under us. */
static struct swap_info_struct *fault_get_swap_device(swp_entry_t entry)
{
	if (bug_seeded(BUG_SWAPIN_NO_DEVICE_REF))
		return swap_entry_to_info(entry);
	return get_swap_device(entry);
}

static void fault_put_swap_device(struct swap_info_struct *si)
{
	if (si && !bug_seeded(BUG_SWAPIN_NO_DEVICE_REF))
		put_swap_device(si);
}

/*
 * The swap cache had nothing. Returns the folio that is in the cache now, with
 * a reference: ours, being read, or that of someone who was faster; NULL: no
 * memory, or the entry is not swapped out any more.
 */
static struct folio *swapin_miss(struct swap_info_struct *si, swp_entry_t entry,
				 struct vm_fault *vmf)
{
	struct folio *folio;

	if (!(data_race(si->flags) & SWP_SYNCHRONOUS_IO))
		return swapin_readahead(entry, GFP_HIGHUSER_MOVABLE, vmf);
	folio = swapin_sync(entry, GFP_HIGHUSER_MOVABLE, BIT(0), vmf);
	return IS_ERR(folio) ? NULL : folio;
}

/*
 * BUG_SWAPCACHE_BYPASS: a synchronous device, and nobody else has the entry:
 * read into a folio that the swap cache doesn't know. Locked; NULL: no memory.
 */
static struct folio *swapin_bypass(swp_entry_t entry, struct vm_fault *vmf)
{
	struct folio *folio = vma_alloc_folio(GFP_HIGHUSER_MOVABLE, 0, vmf->vma, vmf->address);
	struct swap_io_ctx ctx = { 0 };

	if (!folio)
		return NULL;
	__folio_set_locked(folio);
	__folio_set_swapbacked(folio);
	folio->swap = entry; /* for the read alone */
	folio_add_lru(folio);
	swap_read_folio(&ctx, folio);
	swap_read_submit(&ctx);
	folio_lock(folio); /* the read has unlocked it */
	folio->swap.val = 0;
	return folio;
}

/*
 * Enter with mmap_lock for read and no PTE mapped; leave the same way, without
 * mmap_lock where VM_FAULT_RETRY says so. Each bail-out after the folio is
 * locked frees the folio's swap cache if nobody needs it: the fault that lost
 * may have been the one that read it in.
 */
vm_fault_t do_swap_page(struct vm_fault *vmf)
	__no_lock_analysis("folio lock and PTL are dropped on several paths")
{
	struct vm_area_struct *vma = vmf->vma;
	struct mm_struct *mm = vma->vm_mm;
	const bool write = vmf->flags & FAULT_FLAG_WRITE;
	struct folio *swapcache = NULL, *folio;
	struct swap_info_struct *si;
	rmap_t rmap_flags = RMAP_NONE;
	bool exclusive = false, bypass = false;
	struct page *page;
	swp_entry_t entry;
	vm_fault_t ret = 0;
	pte_t pte;

	entry = softleaf_from_pte(vmf->orig_pte);
	if (unlikely(!softleaf_is_swap(entry))) {
		if (softleaf_is_marker(entry))
			return handle_pte_marker(vmf);
		if (softleaf_is_hwpoison(entry))
			return VM_FAULT_HWPOISON;
		/* Place of migration_entry_wait(). */
		report_warn("unknown swap PTE", __func__, "");
		return VM_FAULT_SIGBUS;
	}

	/* Keeps swapoff from taking the device away. Gone: the PTE has changed. */
	si = fault_get_swap_device(entry);
	if (unlikely(!si)) {
		PATH("swapin_device_gone");
		return 0;
	}

	folio = swap_cache_get_folio(entry);
	if (folio) {
		swap_update_readahead(folio, vma, vmf->address);
	} else if ((data_race(si->flags) & SWP_SYNCHRONOUS_IO) &&
		   pte_swp_exclusive(vmf->orig_pte) && bug_seeded(BUG_SWAPCACHE_BYPASS)) {
		folio = swapin_bypass(entry, vmf);
		bypass = folio != NULL;
	} else {
		folio = swapin_miss(si, entry, vmf);
	}
	if (!folio) {
		/* No memory, unless somebody has handled this PTE meanwhile. */
		vmf->pte = pte_offset_map_lock(mm, vmf->address, &vmf->ptl);
		if (vmf->pte && pte_same(ptep_get(vmf->pte), vmf->orig_pte)) {
			PATH("swapin_oom");
			ret = VM_FAULT_OOM;
		} else {
			PATH("swapin_gone");
		}
		goto unlock;
	}

	swapcache = folio;
	if (!bypass)
		ret |= folio_lock_or_retry(folio, vmf);
	if (ret & VM_FAULT_RETRY)
		goto out_release;

	page = folio_page(folio, 0);
	/* What was looked up without a lock may have left the swap cache, or be
	 * there for another entry by now; the PTE check below can't tell. */
	if (unlikely(!bypass && !folio_matches_swap_entry(folio, entry))) {
		PATH("swapin_entry_mismatch");
		goto out_page;
	}
	if (unlikely(folio_test_hwpoison(folio))) {
		ret = VM_FAULT_HWPOISON;
		goto out_page;
	}

	/* A folio that was KSM's, or belongs elsewhere, can't be mapped here. It
	 * looks at mapping and index: only under the folio lock. */
	folio = ksm_might_need_to_copy(folio, vma, vmf->address);
	if (unlikely(!folio)) {
		PATH("swapin_ksm_copy_oom");
		ret = VM_FAULT_OOM;
		folio = swapcache;
		goto out_page;
	} else if (unlikely(folio == ERR_PTR(-EHWPOISON))) {
		PATH("swapin_ksm_copy_poisoned");
		ret = VM_FAULT_HWPOISON;
		folio = swapcache;
		goto out_page;
	} else if (folio != swapcache) {
		PATH("swapin_ksm_copy");
		page = folio_page(folio, 0);
	}

	/* The rule before: drop the local batches' references, because a count
	 * of references was to show whether the folio is ours alone. */
	if (write && !folio_peek_ksm(folio) && !folio_flag_peek(folio, PG_lru) &&
	    bug_seeded(BUG_SWAPIN_DRAIN_ALWAYS))
		fault_lru_add_drain(folio, false);

	vmf->pte = pte_offset_map_lock(mm, vmf->address, &vmf->ptl);
	if (unlikely(!vmf->pte || !pte_same(ptep_get(vmf->pte), vmf->orig_pte))) {
		PATH("swapin_pte_changed");
		goto out_nomap;
	}
	if (unlikely(!folio_test_uptodate(folio))) {
		PATH("swapin_read_failed");
		ret = VM_FAULT_SIGBUS;
		goto out_nomap;
	}

	/* Place of large folios: all PTEs at once or one. */

	/* A swap PTE never names a page that is exclusive to someone. */
	if (unlikely(folio_peek_anon(folio) && page_peek_exclusive(page)))
		report_bug("swap PTE of an exclusive page", __func__, "");

	/* Under the PTL: fork clears the exclusive bit under it. */
	if (!folio_test_ksm(folio)) {
		exclusive = pte_swp_exclusive(vmf->orig_pte);
		if (exclusive)
			check_swap_exclusive(vmf, folio, entry);
		if (folio != swapcache) {
			exclusive = true; /* a copy that nobody else knows */
		} else if (exclusive && folio_test_writeback(folio) &&
			   (data_race(si->flags) & SWP_STABLE_WRITES)) {
			/* The device can't bear a change while it writes. Mapped
			 * read-only, the next write fault will look again. */
			PATH("swapin_stable_writes");
			exclusive = false;
		}
	}

	inc_mm_counter(mm, MM_ANONPAGES);
	dec_mm_counter(mm, MM_SWAPENTS);
	pte = mk_pte(page, vma);
	if (pte_swp_soft_dirty(vmf->orig_pte))
		pte = pte_mksoft_dirty(pte);
	if (pte_swp_uffd(vmf->orig_pte))
		pte = pte_mkuffd(pte);

	if (exclusive) {
		if ((vma->vm_flags & VM_WRITE) && !pte_uffd(pte)) {
			pte = pte_mkwrite(pte, vma);
			if (write)
				pte = pte_mkdirty(pte);
			if (write && bug_seeded(BUG_SWAPIN_WRITE_FLAG_CLEARED))
				vmf->flags &= ~(unsigned int)FAULT_FLAG_WRITE;
		}
		rmap_flags |= RMAP_EXCLUSIVE;
	}
	vmf->orig_pte = pte;

	if (unlikely(folio != swapcache)) {
		folio_add_new_anon_rmap(folio, vma, vmf->address, RMAP_EXCLUSIVE);
		folio_add_lru_vma(folio, vma);
		folio_put_swap(swapcache, NULL);
	} else if (unlikely(bypass)) {
		folio_add_new_anon_rmap(folio, vma, vmf->address, rmap_flags);
		swap_put_entries_direct(entry, 1);
	} else if (!folio_test_anon(folio)) {
		WARN_NAMED(page_peek_mapcount(page) > 0, "folio without anon_vma is mapped");
		folio_add_new_anon_rmap(folio, vma, vmf->address, rmap_flags);
		folio_put_swap(folio, NULL);
	} else {
		folio_add_anon_rmap_pte(folio, page, vma, vmf->address, rmap_flags);
		folio_put_swap(folio, page);
	}
	if (unlikely(!folio_peek_anon(folio) || (pte_write(pte) && !page_peek_exclusive(page))))
		report_bug("writable PTE of a page that isn't exclusive", __func__, "");
	set_pte_at(mm, vmf->address, vmf->pte, pte);

	/* After the PTE is set: a fault that races finds the folio in the cache,
	 * waits for its lock, and sees that the PTE has changed. */
	if (should_try_to_free_swap(si, folio, vma, exclusive, vmf->flags))
		folio_free_swap(folio);
	if (write && exclusive && folio_flag_peek(folio, PG_swapcache) &&
	    !folio_flag_peek(folio, PG_writeback))
		COUNT(swap_cache_kept);

	folio_unlock(folio);
	if (unlikely(folio != swapcache)) {
		/* Locked until here, after the put: else the entry could be used
		 * again and somebody's PTE check pass by mistake. */
		folio_unlock(swapcache);
		folio_put(swapcache);
	}

	if ((vmf->flags & FAULT_FLAG_WRITE) && !pte_write(pte)) {
		ret |= do_wp_page(vmf);
		if (ret & VM_FAULT_ERROR)
			ret &= VM_FAULT_ERROR;
		goto out;
	}
	/* No flush: the PTE was not present before. */
unlock:
	if (vmf->pte)
		pte_unmap_unlock(vmf->pte, vmf->ptl);
out:
	fault_put_swap_device(si);
	return ret;
out_nomap:
	if (vmf->pte)
		pte_unmap_unlock(vmf->pte, vmf->ptl);
out_page:
	if (folio_test_swapcache(folio))
		folio_free_swap(folio);
	folio_unlock(folio);
out_release:
	folio_put(folio);
	if (folio != swapcache) {
		folio_unlock(swapcache);
		folio_put(swapcache);
	}
	fault_put_swap_device(si);
	return ret;
}
