/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/gup.c (pin_user_pages_fast, pin_user_pages, unpin_user_pages_dirty_lock).
 *
 *	GUP-fast                        who unmaps or shares the page
 *	  reads the PTE                   clears the PTE
 *	  raises the count                smp_mb()
 *	  smp_mb()                        looks at the count
 *	  reads the PTE again             clears AnonExclusive, or restores the PTE
 *
 * One of the two sees the other. fork does not clear PTEs: there write_protect_seq does it.
 * Left out: FOLL_GET, FOLL_FORCE, several pages at once, large folios, files, migration
 * out of movable memory before a long pin.
 * Locking: GUP-fast runs with interrupts off, which keeps page tables alive as RCU does.
 */
#include "core/mm/gup.h"

#include "core/page/lru.h"

/* The look first: the flag is set once, and its cache line shared from then on. */
#define mm_set_has_pinned_flag(mm)                                   \
	do {                                                         \
		if (!test_bit(MMF_HAS_PINNED, &(mm)->flags))         \
			set_bit(MMF_HAS_PINNED, &(mm)->flags);       \
	} while (0)

/* ---- references ------------------------------------------------------------------------- */

/* What is pinned is exclusive, and stays so. */
static void sanity_check_pinned_pages(struct page *page)
{
	struct folio *folio = page_folio(page);

	if (is_zero_folio(folio) || !folio_test_anon(folio))
		return;
	VM_WARN_FOLIO_NAMED(!PageAnonExclusive(page), folio, "!PageAnonExclusive(&folio->page)");
}

static struct folio *try_get_folio(struct page *page)
{
	struct folio *folio = page_folio(page);

	/* Place of a large folio that is split meanwhile. */
	return folio_try_get(folio) ? folio : NULL;
}

static void gup_put_folio(struct folio *folio)
{
	if (is_zero_folio(folio))
		return;
	folio_put_refs(folio, GUP_PIN_COUNTING_BIAS);
}

/* PTL held: the PTE's reference is there. */
static void try_grab_folio(struct folio *folio)
{
	WARN_NAMED(!is_zero_folio(folio) && folio_peek_refs(folio) <= 0, "pin of a free folio");
	if (is_zero_folio(folio))
		return; /* it goes nowhere */
	folio_ref_add(folio, GUP_PIN_COUNTING_BIAS);
}

/* Without a lock: NULL if the folio is free. It need not be the PTE's any more. */
static struct folio *try_grab_folio_fast(struct page *page)
{
	struct folio *folio;

	VM_WARN_ON_ONCE(!irqs_disabled());
	BUG_ON(is_zero_pfn(page_to_pfn(page))); /* its PTE is special */
	folio = try_get_folio(page);
	if (!folio)
		return NULL;
	/* Place of folio_is_longterm_pinnable(). */
	folio_ref_add(folio, GUP_PIN_COUNTING_BIAS - 1);
	/* Pairs with folio_try_share_anon_rmap_pte(): before the PTE is read again. */
	smp_mb__after_atomic(&page->flags_page);
	return folio;
}

void unpin_user_pages_dirty_lock(struct page *page, bool make_dirty)
{
	struct folio *folio = page_folio(page);

	if (make_dirty) {
		sanity_check_pinned_pages(page);
		/* Before the reference goes: reclaim looks at references first. */
		if (!bug_seeded(BUG_UNPIN_NOT_DIRTY) && !folio_test_dirty(folio)) {
			folio_lock(folio);
			folio_mark_dirty(folio);
			folio_unlock(folio);
		}
	}
	gup_put_folio(folio);
}

/* A PTE that is not writable: may the page be shared, so that the pin would not see what
 * the mm stores later? vma NULL: not known. Follows mm/internal.h. */
static bool gup_must_unshare(struct vm_area_struct *vma, unsigned int flags, struct page *page)
{
	if (flags & FOLL_WRITE)
		return false;
	if (!folio_test_anon(page_folio(page)))
		/* The zero page. All vmas here are private. */
		return flags & FOLL_LONGTERM;
	(void)vma;
	smp_rmb(&page->flags_page); /* pairs with folio_try_share_anon_rmap_pte() */
	return !PageAnonExclusive(page) && !bug_seeded(BUG_GUP_NO_UNSHARE);
}

/* ---- GUP-fast --------------------------------------------------------------------------- */

static bool pte_access_permitted(pte_t pte, bool write)
{
	return pte_present(pte) && (!write || pte_write(pte));
}

/* The page at addr, pinned, or NULL: by the slow way. Interrupts are off. */
static struct page *gup_fast_pte_range(struct mm_struct *mm, unsigned long addr,
				       unsigned int flags)
{
	struct page *page = NULL;
	struct folio *folio;
	struct ptdesc *pt;
	pte_t *ptep, pte;

	lockdep_assert_irqs_disabled();
	ptep = pte_offset_map_at(mm, addr, &pt, SITE("pte_offset_map"));
	if (!ptep)
		return NULL;
	pte = ptep_get_lockless(ptep);
	if (!pte_access_permitted(pte, flags & FOLL_WRITE) || pte_special(pte))
		goto unmap;
	folio = try_grab_folio_fast(pte_page(pte));
	if (!folio) {
		PATH("gup_fast_folio_free");
		goto unmap;
	}
	if ((READ_ONCE(mm->pt[pmd_index(addr)]) != pt || !pte_same(pte, ptep_get_lockless(ptep))) &&
	    !bug_seeded(BUG_GUP_FAST_NO_RECHECK)) {
		PATH("gup_fast_pte_changed");
		gup_put_folio(folio);
		goto unmap;
	}
	/* Place of gup_fast_folio_allowed(): files. */
	if (!pte_write(pte) && gup_must_unshare(NULL, flags, pte_page(pte))) {
		PATH("gup_fast_must_unshare");
		gup_put_folio(folio);
		goto unmap;
	}
	folio_set_referenced(folio);
	page = pte_page(pte);
unmap:
	pte_unmap(ptep);
	return page;
}

/* The page, pinned, or NULL: by the slow way. */
static struct page *gup_fast(struct mm_struct *mm, unsigned long start, unsigned int gup_flags)
{
	unsigned long flags;
	struct page *page;
	u32 seq;

	seq = raw_read_seqcount(&mm->write_protect_seq);
	if (seq & 1) {
		PATH("gup_fast_fork_under_way");
		return NULL;
	}
	local_irq_save(flags);
	page = gup_fast_pte_range(mm, start, gup_flags);
	local_irq_restore(flags);

	/* fork may have shared the page: it looked at the count before it was raised. */
	if (read_seqcount_retry(&mm->write_protect_seq, seq) &&
	    !bug_seeded(BUG_GUP_FAST_NO_SEQCOUNT)) {
		PATH("gup_fast_fork_meanwhile");
		if (page)
			gup_put_folio(page_folio(page));
		return NULL;
	}
	if (page) {
		sanity_check_pinned_pages(page);
		COUNT(pin_fast);
	}
	return page;
}

/* ---- by the page table lock ---------------------------------------------------------------- */

/* The page, pinned; NULL: a fault is needed; ERR_PTR(-EMLINK): one that unshares the page. */
static struct page *follow_page_pte(struct vm_area_struct *vma, unsigned long address,
				    unsigned int flags)
	__no_lock_analysis("the PTL is found by pte_offset_map_lock()")
{
	struct page *page = NULL;
	struct folio *folio;
	spinlock_t *ptl;
	pte_t *ptep, pte;

	ptep = pte_offset_map_lock(vma->vm_mm, address, &ptl);
	if (!ptep)
		return NULL;
	pte = ptep_get(ptep);
	/* Place of can_follow_write_pte(): FOLL_FORCE. */
	if (!pte_access_permitted(pte, flags & FOLL_WRITE))
		goto out;
	page = pte_page(pte); /* the zero page too */
	folio = page_folio(page);
	if (!pte_write(pte) && gup_must_unshare(vma, flags, page)) {
		PATH("gup_unshare");
		page = ERR_PTR(-EMLINK);
		goto out;
	}
	VM_WARN_FOLIO_NAMED(folio_peek_anon(folio) && !page_peek_exclusive(page), folio,
			    "(flags & FOLL_PIN) && PageAnon(page) && !PageAnonExclusive(page)");
	try_grab_folio(folio);
	COUNT(pin_slow);
	if (flags & FOLL_TOUCH) {
		if ((flags & FOLL_WRITE) && !pte_dirty(pte) && !folio_test_dirty(folio))
			folio_mark_dirty(folio);
		folio_mark_accessed(folio);
	}
out:
	pte_unmap_unlock(ptep, ptl);
	return page;
}

/* 0: look again; -EBUSY: look again, *locked says whether mmap_lock is still held. */
static int faultin_page(struct vm_area_struct *vma, unsigned long address, unsigned int flags,
			bool unshare, bool *locked)
{
	unsigned int fault_flags = 0;
	vm_fault_t ret;

	BUG_ON(unshare && (flags & FOLL_WRITE));
	if (flags & FOLL_WRITE)
		fault_flags |= FAULT_FLAG_WRITE;
	if (flags & FOLL_UNLOCKABLE)
		fault_flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE;
	if (flags & FOLL_TRIED)
		fault_flags |= FAULT_FLAG_TRIED;
	if (unshare) {
		fault_flags |= FAULT_FLAG_UNSHARE;
		COUNT(pin_unshared);
	}
	ret = handle_mm_fault(vma, address, fault_flags);
	if (ret & VM_FAULT_ERROR)
		return ret & VM_FAULT_OOM ? -ENOMEM : -EFAULT;
	if (ret & VM_FAULT_RETRY) {
		*locked = false;
		return -EBUSY;
	}
	return 0;
}

/* Follows check_vma_flags(). */
static int check_vma_flags(const struct vm_area_struct *vma, unsigned int gup_flags)
{
	if ((gup_flags & FOLL_WRITE) && !(vma->vm_flags & VM_WRITE))
		return -EFAULT;
	return vma->vm_flags & VM_READ ? 0 : -EFAULT;
}

/* One page; mmap_lock held. 1, -errno, or 0: *locked is false, mmap_lock was dropped. */
static long __get_user_pages(struct mm_struct *mm, unsigned long start, unsigned int gup_flags,
			     struct page **pages, bool *locked)
{
	struct vm_area_struct *vma = vma_lookup(mm, start);
	struct page *page;
	int ret;

	if (!vma)
		return -EFAULT;
	ret = check_vma_flags(vma, gup_flags);
	if (ret)
		return ret;
	do {
		/* Who is killed faults in no more pages. */
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
		page = follow_page_pte(vma, start, gup_flags);
		if (!IS_ERR_OR_NULL(page)) {
			*pages = page;
			return 1;
		}
		ret = faultin_page(vma, start, gup_flags, PTR_ERR(page) == -EMLINK, locked);
	} while (!ret);
	return ret == -EBUSY ? 0 : ret;
}

/* locked: mmap_lock is held for read, and stays so. Else it is taken and dropped. */
static long __get_user_pages_locked(struct mm_struct *mm, unsigned long start,
				    struct page **pages, bool locked, unsigned int flags)
	__no_lock_analysis("the fault may have dropped mmap_lock")
{
	const bool must_unlock = !locked;
	long ret;

	BUG_ON(!locked != !!(flags & FOLL_UNLOCKABLE));
	if (!locked) {
		if (mmap_read_lock_killable(mm))
			return -EAGAIN;
		locked = true;
	}
	mmap_assert_locked(mm);
	mm_set_has_pinned_flag(mm);

	ret = __get_user_pages(mm, start, flags, pages, &locked);
	while (!locked) {
		PATH("gup_fault_retry");
		BUG_ON(ret || !must_unlock);
		if (fatal_signal_pending(current) || mmap_read_lock_killable(mm)) {
			PATH("gup_killed");
			return -EINTR;
		}
		locked = true;
		ret = __get_user_pages(mm, start, flags | FOLL_TRIED, pages, &locked);
	}
	if (must_unlock)
		mmap_read_unlock(mm);
	BUG_ON(!ret);
	return ret;
}

long pin_user_pages_fast(struct mm_struct *mm, unsigned long start, unsigned int gup_flags,
			 struct page **pages)
{
	BUG_ON(start & ~PAGE_MASK);
	BUG_ON(gup_flags & ~(unsigned int)(FOLL_WRITE | FOLL_LONGTERM));
	/* Before the PTE is read: fork asks for it after it has begun to write-protect. */
	mm_set_has_pinned_flag(mm);
	*pages = gup_fast(mm, start, gup_flags);
	if (*pages)
		return 1;
	return __get_user_pages_locked(mm, start, pages, false,
				       gup_flags | FOLL_TOUCH | FOLL_UNLOCKABLE);
}

long pin_user_pages(struct mm_struct *mm, unsigned long start, unsigned int gup_flags,
		    struct page **pages)
{
	BUG_ON(start & ~PAGE_MASK);
	BUG_ON(gup_flags & ~(unsigned int)(FOLL_WRITE | FOLL_LONGTERM));
	return __get_user_pages_locked(mm, start, pages, true, gup_flags);
}
