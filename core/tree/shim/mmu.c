// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The MMU: a user's load and store by words. An access goes to the page that the
 * CPU's TLB names, however stale; a miss walks the page table and sets accessed
 * and dirty bits by an atomic change; a walk that fails is a fault. Between the
 * look at the TLB that succeeds, the access and the contents oracle's call lies no
 * scheduling point: that is one instant.
 * Left out: execution, protection keys, hardware's own eviction of TLB entries.
 * Locking: none; hardware.
 */
#include <linux/mm.h>
#include <linux/pgtable.h>

#include "core/tree/shim/world.h"

/* The walk is not for TSan: the MMU is no thread, and flushes keep the table for it. */
static __always_inline unsigned long walk_load(const void *entry)
{
	return __atomic_load_n((const unsigned long *)entry, __ATOMIC_ACQUIRE);
}

/* Sets the bits that the access needs; the new entry, or 0: it is not allowed. */
static SHIM_RAW unsigned long walk_update(void *entry, bool write)
{
	unsigned long old = walk_load(entry), new;

	do {
		if (!(old & _PAGE_PRESENT) || (write && !(old & _PAGE_RW)))
			return 0;
		new = old | _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0);
		if (new == old)
			break;
	} while (!__atomic_compare_exchange_n((unsigned long *)entry, &old, new, false,
					      __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
	return new;
}

/* The deepest entry that is there: *leaf says that it maps a page. */
static SHIM_RAW void *walk(struct mm_struct *mm, unsigned long addr, bool *huge)
{
	unsigned long v = walk_load(pgd_offset(mm, addr));
	pmd_t *pmd;

	*huge = false;
	if (!(v & _PAGE_PRESENT))
		return NULL;
	pmd = pud_pgtable(__pud(v)) + pmd_index(addr);
	v = walk_load(pmd);
	if (!(v & _PAGE_PRESENT))
		return NULL;
	*huge = pmd_leaf(__pmd(v));
	if (*huge)
		return pmd;
	return (pte_t *)pmd_page_vaddr(__pmd(v)) + pte_index(addr);
}

/* One event. False: the page table does not allow the access. */
static __always_inline bool tlb_fill(struct mm_struct *mm, unsigned long addr, bool write)
{
	unsigned long entry, pfn;
	bool huge;
	void *at = walk(mm, addr, &huge);

	seam_pte(at ? at : (void *)pgd_offset(mm, addr), sizeof(unsigned long));
	/* The walk proper: a flush that follows a change finds the TLB's entry, or
	 * this finds the change. */
	at = walk(mm, addr, &huge);
	entry = at ? walk_update(at, write) : 0;
	if (!entry)
		return false;
	pfn = huge ? pmd_pfn(__pmd(entry)) + ((addr & ~PMD_MASK) >> PAGE_SHIFT) :
		     pte_pfn(__pte(entry));
	tlb_insert(mm, addr, pfn, entry & _PAGE_RW, entry & _PAGE_DIRTY);
	return true;
}

static __always_inline unsigned long *word_at(unsigned long pfn, int word)
{
	return (unsigned long *)pfn_to_virt(pfn) + word;
}

/* The word that the access goes to; no point after it. NULL with *err set. */
static __always_inline unsigned long *user_word(struct mm_struct *mm, unsigned long addr,
						int word, bool write, int *err)
{
	unsigned long pfn;

	for (;;) {
		pfn = tlb_lookup(mm, addr, write);
		if (pfn != TLB_MISS) {
			seam_copy(word_at(pfn, word), sizeof(unsigned long));
			pfn = tlb_lookup(mm, addr, write); /* flushed meanwhile? */
			if (pfn != TLB_MISS)
				return word_at(pfn, word);
			continue;
		}
		if (tlb_fill(mm, addr, write))
			continue;
		*err = do_user_addr_fault(mm, addr, write ? FAULT_FLAG_WRITE : 0);
		if (*err)
			return NULL;
	}
}

noinline int user_write_word(struct mm_struct *mm, int number, int page, int word,
			     unsigned long value)
{
	unsigned long *p;
	int err;

	BUG_ON(word < 0 || word >= SEAM_PAGE_WORDS);
	p = user_word(mm, user_addr(page), word, true, &err);
	if (!p)
		return err;
	__atomic_store_n(p, value, __ATOMIC_RELAXED);
	seam_user_store(number, page, word, value);
	return 0;
}

noinline int user_read_word(struct mm_struct *mm, int number, int page, int word,
			    unsigned long *value)
{
	unsigned long *p;
	int err;

	BUG_ON(word < 0 || word >= SEAM_PAGE_WORDS);
	p = user_word(mm, user_addr(page), word, false, &err);
	if (!p)
		return err;
	*value = __atomic_load_n(p, __ATOMIC_RELAXED);
	seam_user_load(number, page, word, *value);
	return 0;
}
