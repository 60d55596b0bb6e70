/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: kernel/fork.c (dup_mm, dup_mmap), mm/memory.c (copy_page_range,
 * copy_pte_range, copy_nonpresent_pte, copy_present_ptes, copy_present_page).
 * Left out: large folios, shared and file mappings, VM_WIPEONFORK and its kin,
 * userfaultfd, device entries; migration entries have their place.
 * Locking: both mmap_locks for write (the child's nested); the child's PTL, then
 * the parent's (nested). Both are dropped to allocate, and what was copied stays.
 */
#include "core/mm/ksm.h"
#include "core/mm/mm.h"
#include "core/page/lru.h"
#include "core/page/page_alloc.h"
#include "core/page/pgtable.h"
#include "core/page/tlb.h"
#include "core/swap/swap.h"

/* 0, or -EIO: the swap count needs an extension table, nothing was done. */
static int copy_nonpresent_pte(struct mm_struct *dst_mm, struct mm_struct *src_mm, pte_t *dst_pte,
			       pte_t *src_pte, unsigned long addr, int *rss)
{
	pte_t orig_pte = ptep_get(src_pte);
	pte_t pte = orig_pte;
	softleaf_t entry = softleaf_from_pte(orig_pte);

	if (likely(softleaf_is_swap(entry))) {
		/* The parent's PTE, whose lock we hold, keeps the count above 0. */
		if (swap_dup_entry_direct(entry) < 0)
			return -EIO;
		if (!bug_seeded(BUG_FORK_SKIPS_MMLIST))
			mm_prepare_for_swap_entries(dst_mm);
		/* Two owners now: neither may map it writable unasked. */
		if (pte_swp_exclusive(orig_pte)) {
			pte = pte_swp_clear_exclusive(orig_pte);
			if (!bug_seeded(BUG_FORK_KEEPS_SWP_EXCLUSIVE))
				set_pte_at(src_mm, addr, src_pte, pte);
		}
		rss[MM_SWAPENTS]++;
	} else if (softleaf_is_marker(entry)) {
		pte_marker marker = softleaf_to_marker(entry) &
				    (PTE_MARKER_POISONED | PTE_MARKER_GUARD);

		if (marker)
			set_pte_at(dst_mm, addr, dst_pte, make_pte_marker(marker));
		return 0;
	} else {
		/* Place of migration entries: read-only in both. */
		report_warn("unknown swap PTE", __func__, "");
	}
	set_pte_at(dst_mm, addr, dst_pte, pte_swp_clear_uffd(pte));
	return 0;
}

/* The parent may have pinned the page: the child gets a copy at once. */
static int copy_present_page(struct vm_area_struct *dst_vma, pte_t *dst_pte, unsigned long addr,
			     int *rss, struct folio **prealloc, struct page *page)
{
	struct folio *new_folio = *prealloc;
	pte_t pte;

	if (!new_folio) {
		PATH("fork_prealloc");
		return -EAGAIN;
	}
	if (copy_mc_user_highpage(folio_page(new_folio, 0), page))
		return -EHWPOISON;
	*prealloc = NULL;
	COUNT(fork_copied);
	__folio_mark_uptodate(new_folio);
	folio_add_new_anon_rmap(new_folio, dst_vma, addr, RMAP_EXCLUSIVE);
	folio_add_lru_vma(new_folio, dst_vma);
	rss[MM_ANONPAGES]++;
	pte = maybe_mkwrite(pte_mkdirty(folio_mk_pte(new_folio, dst_vma)), dst_vma);
	set_pte_at(dst_vma->vm_mm, addr, dst_pte, pte);
	return 0;
}

/* 0; -EAGAIN: needs a folio in *prealloc; -EHWPOISON. */
static int copy_present_pte(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma,
			    pte_t *dst_pte, pte_t *src_pte, pte_t pte, unsigned long addr,
			    int *rss, struct folio **prealloc)
{
	struct page *page = vm_normal_page(src_vma, addr, pte);
	struct folio *folio;

	if (page) {
		folio = page_folio(page);
		BUG_ON(!folio_peek_anon(folio)); /* place of file folios */
		folio_get(folio);
		if (unlikely(folio_try_dup_anon_rmap_pte(folio, page, dst_vma, src_vma))) {
			folio_put(folio);
			return copy_present_page(dst_vma, dst_pte, addr, rss, prealloc, page);
		}
		rss[MM_ANONPAGES]++;
		WARN_NAMED(page_peek_exclusive(page), "shared page is exclusive");
	}
	/* Read-only in both. The parent's CPUs may write through their TLBs until
	 * dup_mmap() has flushed them, which it does before anyone runs. */
	if (pte_write(pte)) {
		ptep_set_wrprotect(src_vma->vm_mm, addr, src_pte);
		pte = pte_wrprotect(pte);
	}
	pte = pte_clear_uffd(pte_mkold(pte));
	set_pte_at(dst_vma->vm_mm, addr, dst_pte, pte);
	return 0;
}

/* One page table page, [addr, end). 0, -ENOMEM, -EHWPOISON. */
static int copy_pte_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma,
			  unsigned long addr, unsigned long end)
	__no_lock_analysis("two PTLs by pte_offset_map_lock()")
{
	struct mm_struct *dst_mm = dst_vma->vm_mm;
	struct mm_struct *src_mm = src_vma->vm_mm;
	pte_t *orig_src_pte, *orig_dst_pte, *src_pte, *dst_pte;
	spinlock_t *src_ptl, *dst_ptl;
	struct folio *prealloc = NULL;
	swp_entry_t entry = { 0 };
	int rss[NR_MM_COUNTERS];
	pte_t ptent;
	int ret = 0;

again:
	for (int i = 0; i < NR_MM_COUNTERS; i++)
		rss[i] = 0;
	if (pte_alloc(dst_mm, addr)) {
		ret = -ENOMEM;
		goto out;
	}
	dst_pte = pte_offset_map_lock(dst_mm, addr, &dst_ptl);
	BUG_ON(!dst_pte);
	src_pte = pte_offset_map_lock_nested(src_mm, addr, &src_ptl, SINGLE_DEPTH_NESTING);
	if (!src_pte) {
		pte_unmap_unlock(dst_pte, dst_ptl);
		goto out; /* nothing was ever mapped there */
	}
	orig_src_pte = src_pte;
	orig_dst_pte = dst_pte;

	for (; addr != end; src_pte++, dst_pte++, addr += PAGE_SIZE) {
		ptent = ptep_get(src_pte);
		if (pte_none(ptent))
			continue;
		if (unlikely(!pte_present(ptent))) {
			ret = copy_nonpresent_pte(dst_mm, src_mm, dst_pte, src_pte, addr, rss);
			if (ret == -EIO) {
				entry = softleaf_from_pte(ptep_get(src_pte));
				break;
			}
			continue;
		}
		ret = copy_present_pte(dst_vma, src_vma, dst_pte, src_pte, ptent, addr, rss,
				       &prealloc);
		if (unlikely(ret))
			break;
		if (unlikely(prealloc)) { /* it was for another address */
			folio_put(prealloc);
			prealloc = NULL;
		}
	}
	pte_unmap_unlock(orig_src_pte, src_ptl);
	add_mm_rss_vec(dst_mm, rss);
	pte_unmap_unlock(orig_dst_pte, dst_ptl);
	cond_resched();

	if (ret == -EIO) {
		PATH("fork_swap_dup_retry");
		VM_WARN_ON(!entry.val);
		if (swap_retry_table_alloc(entry, GFP_KERNEL) < 0) {
			PATH("fork_swap_dup_oom");
			ret = -ENOMEM;
			goto out;
		}
		entry.val = 0;
	} else if (ret == -EAGAIN) {
		prealloc = folio_prealloc(src_vma, addr, false);
		if (!prealloc)
			return -ENOMEM;
	} else if (ret < 0) {
		goto out;
	}
	ret = 0;
	if (addr != end)
		goto again;
out:
	if (unlikely(prealloc))
		folio_put(prealloc);
	return ret;
}

int copy_page_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma)
{
	struct mm_struct *src_mm = src_vma->vm_mm;
	int ret;

	/* Without an anon_vma faults fill the child in as well as a copy would. */
	if (!src_vma->anon_vma)
		return 0;
	/* GUP-fast sees an odd count and falls back: no pin meanwhile. */
	mmap_assert_write_locked(src_mm);
	raw_write_seqcount_begin(&src_mm->write_protect_seq);
	/* A vma lies in one page table page. */
	ret = copy_pte_range(dst_vma, src_vma, src_vma->vm_start, src_vma->vm_end);
	raw_write_seqcount_end(&src_mm->write_protect_seq);
	return ret;
}

/* Follows dup_mmap(). On failure the child is empty. */
static int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
	__no_lock_analysis("the killable form returns without the lock")
{
	struct vm_area_struct *mpnt, *tmp;
	int retval;

	if (mmap_write_lock_killable(oldmm)) {
		PATH("fork_killed");
		return -EINTR;
	}
	/* Nobody else knows the child, but the checks want it. */
	mmap_write_lock_nested(mm, SINGLE_DEPTH_NESTING);

	for_each_vma(oldmm, mpnt) {
		tmp = vm_area_dup(mpnt);
		if (!tmp) {
			retval = -ENOMEM;
			goto fail;
		}
		tmp->vm_mm = mm;
		if (anon_vma_fork(tmp, mpnt)) {
			vm_area_free(tmp);
			retval = -ENOMEM;
			goto fail;
		}
		tmp->vm_flags &= ~VM_LOCKED;
		list_add_tail(&tmp->vm_link, &mm->vmas);
		retval = copy_page_range(tmp, mpnt);
		if (retval)
			goto fail;
	}
	ksm_fork(mm, oldmm);
	goto out;
fail:
	PATH("fork_failed");
	if (!list_empty(&mm->vmas)) {
		unmap_region(mm, &mm->vmas, 0, TASK_SIZE);
		tear_down_vmas(&mm->vmas);
	}
	/* The locks are dropped before the child goes, and swapoff may find it by
	 * the mmlist. */
	set_bit(MMF_UNSTABLE, &mm->flags);
out:
	mmap_write_unlock(mm);
	flush_tlb_mm(oldmm); /* before the parent may write again */
	mmap_write_unlock(oldmm);
	return retval;
}

struct mm_struct *dup_mm(struct mm_struct *oldmm, unsigned int id)
{
	struct mm_struct *mm = mm_alloc(id);

	if (!mm)
		return NULL;
	if (dup_mmap(mm, oldmm)) {
		mmput(mm);
		return NULL;
	}
	return mm;
}
