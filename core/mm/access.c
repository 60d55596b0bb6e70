/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: a user's load and store: the CPU's TLB, the page walk, and
 * arch/x86/mm/fault.c (do_user_addr_fault) where the walk fails.
 * The access goes to the page that the TLB names, however stale: that is what a
 * missing flush does. Between the look at the TLB, the access and the oracle's
 * hook lies no scheduling point.
 * Left out: per-VMA locks, signals, the OOM killer.
 * Locking: none but what a fault takes.
 */
#include "core/mm/mm.h"
#include "core/page/folio.h"
#include "core/page/tlb.h"

int do_user_addr_fault(struct mm_struct *mm, unsigned long address, unsigned int flags)
	__no_lock_analysis("handle_mm_fault() may have dropped mmap_lock")
{
	struct vm_area_struct *vma;
	vm_fault_t fault;

	flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE | FAULT_FLAG_USER;
retry:
	mmap_read_lock(mm);
	vma = vma_lookup(mm, address);
	if (!vma || ((flags & FAULT_FLAG_WRITE) && !(vma->vm_flags & VM_WRITE))) {
		mmap_read_unlock(mm);
		return -EFAULT;
	}
	fault = handle_mm_fault(vma, address, flags);
	/* fault_signal_pending(): the task dies instead of trying again. */
	if ((fault & VM_FAULT_RETRY) && fatal_signal_pending(current))
		return -EINTR;
	if (unlikely(fault & VM_FAULT_RETRY)) {
		PATH("user_fault_retry");
		flags |= FAULT_FLAG_TRIED;
		goto retry;
	}
	mmap_read_unlock(mm);
	if (likely(!(fault & VM_FAULT_ERROR)))
		return 0;
	if (fault & VM_FAULT_OOM)
		return -ENOMEM;
	if (fault & (VM_FAULT_SIGBUS | VM_FAULT_HWPOISON))
		return -EHWPOISON;
	return -EFAULT;
}

/* The page that the access goes to, by TLB, walk or fault; NULL with *err set.
 * There is no scheduling point after the look at the TLB that succeeds, and no
 * flush is done before tlb_access_end(): the caller's, on success. */
static struct page *user_page(struct mm_struct *mm, unsigned long address, unsigned int word,
			      bool write, const struct site *site, int *err)
{
	for (;;) {
		long pfn = tlb_lookup(mm, address, write);

		if (pfn != TLB_MISS) {
			engine_point(site, EV_COPY,
				     &pfn_to_page((unsigned long)pfn)->words[word], sizeof(u64));
			tlb_access_begin();
			pfn = tlb_lookup(mm, address, write); /* flushed meanwhile? */
			if (pfn != TLB_MISS)
				return pfn_to_page((unsigned long)pfn);
			tlb_access_end();
			PATH("user_tlb_flushed_before_access");
			continue;
		}
		if (tlb_fill(mm, address, write))
			continue;
		*err = do_user_addr_fault(mm, address, write ? FAULT_FLAG_WRITE : 0);
		if (*err)
			return NULL;
	}
}

int user_write_word(struct mm_struct *mm, unsigned long address, unsigned int word, u64 value)
{
	struct page *page;
	int err;

	BUG_ON(word >= PAGE_WORDS);
	page = user_page(mm, address, word, true, SITE("user_store"), &err);
	if (!page)
		return err;
	page_store_word(page, word, value);
	if (world_hooks.store)
		world_hooks.store((int)mm->id, (int)(address >> PAGE_SHIFT), (int)word, value);
	tlb_access_end();
	return 0;
}

int user_read_word(struct mm_struct *mm, unsigned long address, unsigned int word, u64 *value)
{
	struct page *page;
	int err;

	BUG_ON(word >= PAGE_WORDS);
	page = user_page(mm, address, word, false, SITE("user_load"), &err);
	if (!page)
		return err;
	*value = page_load_word(page, word);
	if (world_hooks.load)
		world_hooks.load((int)mm->id, (int)(address >> PAGE_SHIFT), (int)word, *value);
	tlb_access_end();
	return 0;
}
