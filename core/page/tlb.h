/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: the MMU's TLB and page walker (x86), arch/x86/mm/tlb.c, include/linux/mm_types.h
 * (tlb_flush_pending), mm/rmap.c (batched flushes; the functions that know
 * ttu_flags are core/mm's).
 * Each CPU keeps (mm, page) -> (pfn, writable, dirty) until somebody flushes it; it
 * never drops one by itself, so that a missing flush shows. The walker sets
 * accessed and dirty bits by an atomic change of the PTE that fails where it is not
 * present or not writable any more.
 * Flushes act on one CPU after the other, an event each: what an IPI does.
 */
#ifndef CORE_PAGE_TLB_H
#define CORE_PAGE_TLB_H

#include "core/page/mm_types.h"
#include "core/page/pgtable.h"

#define TLB_MISS (-1L)

/* ---- the MMU's side: no lock. Of the calling context's CPU --------------- */

/* The pfn that a load (write: a store) of addr goes to by this CPU's TLB, or
 * TLB_MISS. No scheduling point: the access follows at once. A hit for write
 * needs an entry that is writable and dirty. */
long tlb_lookup(const struct mm_struct *mm, unsigned long addr, bool write);
/* The page walk after a miss: fills the entry. False: the PTE doesn't allow it,
 * which is a page fault. One event (EV_TLB). The caller looks up again. */
bool tlb_fill_at(struct mm_struct *mm, unsigned long addr, bool write, const struct site *site);
#define tlb_fill(mm, addr, write) tlb_fill_at((mm), (addr), (write), SITE("tlb_fill"))
/* Around lookup, access and the oracle's hook: one instant, in native by a lock that
 * all accesses, walks and flushes take. No event inside. */
void tlb_access_begin(void);
void tlb_access_end(void);
/* A new mm with a number that another had: no entry of that one is its own
 * (the hardware's fresh ASID). Of a struct that nobody uses yet. */
void init_new_context(struct mm_struct *mm);

/* ---- flushes: process context, interrupts on; spinlocks may be held ------ */

void flush_tlb_mm_range_at(struct mm_struct *mm, unsigned long start, unsigned long end,
			   const struct site *site);
#define flush_tlb_mm_range(mm, start, end) \
	flush_tlb_mm_range_at((mm), (start), (end), SITE("flush_tlb_mm_range"))
#define flush_tlb_page(vma, addr) \
	flush_tlb_mm_range_at((vma)->vm_mm, (addr), (addr) + PAGE_SIZE, SITE("flush_tlb_page"))
#define flush_tlb_range(vma, start, end) \
	flush_tlb_mm_range_at((vma)->vm_mm, (start), (end), SITE("flush_tlb_range"))
#define flush_tlb_mm(mm) \
	flush_tlb_mm_range_at((mm), 0, WORLD_PAGES * PAGE_SIZE, SITE("flush_tlb_mm"))
/* After a fault on a PTE that allows the access: this CPU alone. */
void flush_tlb_fix_spurious_fault_at(struct vm_area_struct *vma, unsigned long addr,
				     const struct site *site);
#define flush_tlb_fix_spurious_fault(vma, addr, ptep) \
	((void)(ptep), flush_tlb_fix_spurious_fault_at((vma), (addr), \
						       SITE("flush_tlb_fix_spurious_fault")))

/* ---- batched flushes ----------------------------------------------------- */

/* CPUs that may have entries of what this task has unmapped. */
struct arch_tlbflush_unmap_batch {
	u32 cpumask;
};
/* Of a task: lies in current->tlb_ubc. */
struct tlbflush_unmap_batch {
	struct arch_tlbflush_unmap_batch arch;
	bool flush_required;
	bool writable; /* one of the PTEs was dirty: flush before I/O */
};

/* Is deferring worth it: does another CPU hold entries of mm? */
bool arch_tlbbatch_should_defer(struct mm_struct *mm);
void arch_tlbbatch_add_pending(struct arch_tlbflush_unmap_batch *batch, struct mm_struct *mm,
			       unsigned long start, unsigned long end);
/* Flushes everything on the batch's CPUs. */
void arch_tlbbatch_flush_at(struct arch_tlbflush_unmap_batch *batch, const struct site *site);
#define arch_tlbbatch_flush(batch) arch_tlbbatch_flush_at((batch), SITE("arch_tlbbatch_flush"))
#define arch_flush_tlb_batched_pending(mm) \
	flush_tlb_mm_range_at((mm), 0, WORLD_PAGES * PAGE_SIZE, \
			      SITE("arch_flush_tlb_batched_pending"))

#define TLB_FLUSH_BATCH_FLUSHED_SHIFT 16
#define TLB_FLUSH_BATCH_PENDING_MASK ((1 << (TLB_FLUSH_BATCH_FLUSHED_SHIFT - 1)) - 1)
#define TLB_FLUSH_BATCH_PENDING_LARGE (TLB_FLUSH_BATCH_PENDING_MASK / 2)

/* ---- mm->tlb_flush_pending: somebody changes PTEs and will flush later --- */

/* Before the first PTE lock of the change; the PTL orders it against readers. */
#define inc_tlb_flush_pending(mm) atomic_inc(&(mm)->tlb_flush_pending)
#define dec_tlb_flush_pending(mm) atomic_dec(&(mm)->tlb_flush_pending)
#define mm_tlb_flush_pending(mm) (atomic_read(&(mm)->tlb_flush_pending) > 0)
/* More than one at a time: one's flush may not cover the other's PTEs. */
#define mm_tlb_flush_nested(mm) (atomic_read(&(mm)->tlb_flush_pending) > 1)
/* May a TLB hold this PTE? */
static inline bool pte_accessible(struct mm_struct *mm, pte_t pte)
{
	(void)mm; /* no protnone */
	return pte_present(pte);
}

/* ---- for checkers and tests ---------------------------------------------- */

struct tlb_entry_view {
	bool valid, write, dirty;
	unsigned long pfn;
};
/* What cpu's TLB holds for addr; no event. */
struct tlb_entry_view tlb_peek(unsigned int cpu, const struct mm_struct *mm, unsigned long addr);
/* Number of valid entries of all CPUs that lead to pfn. */
unsigned int tlb_count_pfn(unsigned long pfn);

void tlb_setup(void);

#endif
