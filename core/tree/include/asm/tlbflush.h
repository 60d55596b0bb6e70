/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLB flushes: the shim has the simulated TLBs and sends the work to other CPUs.
 * Kernel addresses are never in a TLB here.
 */
#ifndef __ASM_TLBFLUSH_H
#define __ASM_TLBFLUSH_H

#include <linux/mm_types.h>
#include <asm/shim.h>
#include <asm/tlbbatch.h>

void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			unsigned int stride_shift, bool freed_tables);

#define flush_tlb_mm(mm) flush_tlb_mm_range(mm, 0, -1UL, PAGE_SHIFT, true)
#define flush_tlb_range(vma, start, end) \
	flush_tlb_mm_range((vma)->vm_mm, start, end, PAGE_SHIFT, false)
#define flush_tlb_page(vma, addr) \
	flush_tlb_mm_range((vma)->vm_mm, (addr) & PAGE_MASK, \
			   ((addr) & PAGE_MASK) + PAGE_SIZE, PAGE_SHIFT, false)
#define flush_tlb_all() do { } while (0)
#define flush_tlb_kernel_range(start, end) do { } while (0)

bool arch_tlbbatch_should_defer(struct mm_struct *mm);

void arch_tlbbatch_add_pending(struct arch_tlbflush_unmap_batch *batch, struct mm_struct *mm,
			       unsigned long start, unsigned long end);
void arch_tlbbatch_flush(struct arch_tlbflush_unmap_batch *batch);

void arch_flush_tlb_batched_pending(struct mm_struct *mm);

#endif
