/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/memory.c (do_wp_page, wp_can_reuse_anon_folio, wp_page_reuse,
 * wp_page_copy), after "avoid unnecessary lru drain for wp_can_reuse_anon_folio".
 * A write (or unshare) fault on a PTE that is present and read-only.
 * Left out: large folios, shared mappings, userfaultfd, memory failure.
 * Locking: entered with mmap_lock for read and the PTL; leaves without the PTL.
 * The folio lock is only tried, because the PTL is held.
 */
#include "core/mm/mm.h"
#include "core/page/folio.h"
#include "core/page/lru.h"
#include "core/page/pgtable.h"
#include "core/swap/swap.h"

void fault_lru_add_drain(struct folio *folio, bool can_matter)
{
	int refs = folio_peek_refs(folio);

	COUNT(lru_drain);
	lru_add_drain();
	if (!can_matter || folio_peek_refs(folio) == refs)
		COUNT(needless_drain);
}

/* The most references with which a drain can still make the folio ours: the
 * PTE's, the swap cache's, one of a batch. */
static int reuse_refs_max(bool in_lru_cache, bool in_swapcache)
{
	if (bug_seeded(BUG_WP_DRAIN_REFS_ABOVE_3))
		return 3;
	return 1 + in_lru_cache + in_swapcache;
}

bool wp_can_reuse_anon_folio(struct folio *folio, struct vm_area_struct *vma)
{
	bool in_lru_cache = !folio_test_lru(folio);
	const bool in_swapcache = folio_test_swapcache(folio);
	const int refs = 1 + in_lru_cache + in_swapcache;

	BUG_ON(engine_load_relaxed(&folio->order)); /* place of __wp_can_reuse_large_anon_folio() */

	if (in_lru_cache && bug_seeded(BUG_WP_LRU_AFTER_DRAIN)) {
		fault_lru_add_drain(folio, folio_peek_refs(folio) <= refs);
		in_lru_cache = !folio_test_lru(folio);
	}
	/*
	 * These checks only avoid the folio lock, and keep the folio in the swap
	 * cache, where there is little hope; what counts is below, under the lock.
	 * A KSM folio's users need not have raised the count.
	 */
	if (folio_test_ksm(folio) ||
	    folio_ref_count(folio) > reuse_refs_max(in_lru_cache, in_swapcache)) {
		PATH("reuse_too_many_refs");
		return false;
	}
	/* A batch of another CPU, or of a folio that is on its list already,
	 * can't be seen or emptied: then the copy is needless but right. */
	if (in_lru_cache && !bug_seeded(BUG_WP_NO_DRAIN))
		fault_lru_add_drain(folio, folio_peek_refs(folio) <= refs);
	if (folio_ref_count(folio) > 1 + in_swapcache && !bug_seeded(BUG_WP_NO_RECHECK)) {
		PATH("reuse_refs_after_drain");
		return false;
	}
	if (!folio_trylock(folio)) {
		PATH("reuse_trylock_failed");
		return false;
	}
	if (folio_test_swapcache(folio))
		folio_free_swap(folio);
	if (folio_test_ksm(folio) ||
	    (folio_ref_count(folio) != 1 && !bug_seeded(BUG_WP_NO_RECHECK))) {
		PATH("reuse_refs_under_lock");
		folio_unlock(folio);
		return false;
	}
	/* The only reference is our mapping's, and the folio is locked. */
	folio_move_anon_rmap(folio, vma);
	folio_unlock(folio);
	return true;
}

/* The page is this mm's alone: make the PTE writable. Drops the PTL. */
static void wp_page_reuse(struct vm_fault *vmf, struct folio *folio)
	__no_lock_analysis("drops the caller's PTL")
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t entry;

	BUG_ON(!(vmf->flags & FAULT_FLAG_WRITE));
	BUG_ON(folio_peek_anon(folio) && !page_peek_exclusive(vmf->page));
	COUNT(wp_reuse);
	entry = pte_mkyoung(vmf->orig_pte);
	entry = maybe_mkwrite(pte_mkdirty(entry), vma);
	ptep_set_access_flags(vma, vmf->address, vmf->pte, entry, 1);
	pte_unmap_unlock(vmf->pte, vmf->ptl);
}

/*
 * mmap_lock held, the old page referenced (dropped here), PTL not held. Gives the
 * PTE a copy, unless the PTE has changed meanwhile.
 */
static vm_fault_t wp_page_copy(struct vm_fault *vmf)
	__no_lock_analysis("PTL taken and dropped under conditions")
{
	const bool unshare = vmf->flags & FAULT_FLAG_UNSHARE;
	struct vm_area_struct *vma = vmf->vma;
	struct mm_struct *mm = vma->vm_mm;
	struct folio *old_folio = vmf->page ? page_folio(vmf->page) : NULL;
	struct folio *new_folio = NULL;
	bool page_copied = false;
	vm_fault_t ret;
	pte_t entry;

	COUNT(wp_copy);
	ret = vmf_anon_prepare(vmf);
	if (unlikely(ret))
		goto out;
	new_folio = folio_prealloc(vma, vmf->address, !old_folio);
	if (!new_folio) {
		PATH("wp_copy_oom");
		ret = VM_FAULT_OOM;
		goto out;
	}
	if (old_folio) {
		/* Others may write to the old page meanwhile; then the PTE has
		 * changed, or it was not ours to see. */
		int err = copy_mc_user_highpage(folio_page(new_folio, 0), vmf->page);

		if (err) {
			folio_put(new_folio);
			folio_put(old_folio);
			return err == -EHWPOISON ? VM_FAULT_HWPOISON : 0;
		}
	}
	__folio_mark_uptodate(new_folio);

	vmf->pte = pte_offset_map_lock(mm, vmf->address, &vmf->ptl);
	if (likely(vmf->pte && pte_same(ptep_get(vmf->pte), vmf->orig_pte))) {
		if (!old_folio)
			inc_mm_counter(mm, MM_ANONPAGES); /* the zero page has none */
		entry = folio_mk_pte(new_folio, vma);
		if (unlikely(unshare)) {
			if (pte_soft_dirty(vmf->orig_pte))
				entry = pte_mksoft_dirty(entry);
			if (pte_uffd(vmf->orig_pte))
				entry = pte_mkuffd(entry);
		} else {
			entry = maybe_mkwrite(pte_mkdirty(entry), vma);
		}
		/* Clear and flush before the new PTE is set: otherwise one CPU
		 * could use the new page while another still reads the old one. */
		ptep_clear_flush(vma, vmf->address, vmf->pte);
		folio_add_new_anon_rmap(new_folio, vma, vmf->address, RMAP_EXCLUSIVE);
		folio_add_lru_vma(new_folio, vma);
		BUG_ON(unshare && pte_write(entry));
		set_pte_at(mm, vmf->address, vmf->pte, entry);
		/* Only now: a lower mapcount may let somebody else reuse the old
		 * page, which nobody may reach through this PTE then. */
		if (old_folio)
			folio_remove_rmap_pte(old_folio, vmf->page, vma);
		new_folio = old_folio; /* the reference that the PTE had */
		page_copied = true;
		pte_unmap_unlock(vmf->pte, vmf->ptl);
	} else {
		PATH("wp_copy_pte_changed");
		if (vmf->pte)
			pte_unmap_unlock(vmf->pte, vmf->ptl);
	}

	if (new_folio)
		folio_put(new_folio);
	if (old_folio) {
		if (page_copied)
			free_swap_cache(old_folio);
		folio_put(old_folio);
	}
	return 0;
out:
	if (old_folio)
		folio_put(old_folio);
	return ret;
}

/* Would the folio have been free for reuse but for references that are no use? */
static bool copy_is_needless(const struct folio *folio)
{
	return page_peek_mapcount(&folio->page[0]) == 1 &&
	       !folio_flag_peek(folio, PG_swapcache) &&
	       folio_peek_tags(folio) == FOLIO_MAPPING_ANON;
}

vm_fault_t do_wp_page(struct vm_fault *vmf)
	__no_lock_analysis("drops the caller's PTL")
{
	const bool unshare = vmf->flags & FAULT_FLAG_UNSHARE;
	struct vm_area_struct *vma = vmf->vma;
	struct folio *folio = NULL;

	lockdep_assert_held(vmf->ptl);
	/* Place of userfaultfd-wp. */
	vmf->page = vm_normal_page(vma, vmf->address, vmf->orig_pte);
	if (vmf->page)
		folio = page_folio(vmf->page);
	BUG_ON(vma->vm_flags & VM_SHARED); /* place of wp_page_shared() */

	/* An exclusive page must be reused, without further checks. */
	if (folio && folio_test_anon(folio) &&
	    (PageAnonExclusive(vmf->page) || wp_can_reuse_anon_folio(folio, vma))) {
		if (!PageAnonExclusive(vmf->page))
			SetPageAnonExclusive(vmf->page);
		if (unlikely(unshare)) {
			pte_unmap_unlock(vmf->pte, vmf->ptl);
			return 0;
		}
		wp_page_reuse(vmf, folio);
		return 0;
	}

	if (folio) {
		if (copy_is_needless(folio))
			COUNT(needless_copy);
		folio_get(folio);
	}
	pte_unmap_unlock(vmf->pte, vmf->ptl);
	return wp_page_copy(vmf);
}
