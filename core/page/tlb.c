/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: the x86 MMU (TLB, page walker, accessed and dirty bits), arch/x86/mm/tlb.c
 * (flush_tlb_mm_range, arch_tlbbatch_flush).
 * An entry is one word: pfn << 8 | dirty | writable | valid. It stays until it is
 * flushed. A CPU without an entry in the range gets no IPI (mm_cpumask).
 * Left out: the wait of an IPI for a CPU that has interrupts off (GUP-fast), global
 * and huge entries, lazy TLB mode.
 * Locking: none; hardware. Words are marked accesses. What is one instant in sim (an
 * access with its look at the TLB, a walk, a flush of one CPU) is one in native by
 * tlb_lock, which TSan does not see.
 */
#include "core/page/tlb.h"

#define TLB_VALID 1UL
#define TLB_WRITE 2UL
#define TLB_DIRTY 4UL
#define TLB_PFN_SHIFT 8

struct cpu_tlb {
	u64 entry[WORLD_MM_MAX + 1][WORLD_PAGES];
};

static struct cpu_tlb *cpu_tlbs __world = NULL;
WORLD_NAME(cpu_tlbs);
static u32 tlb_lock __world = 0;
WORLD_NAME(tlb_lock);

static u64 *tlb_slot(unsigned int cpu, const struct mm_struct *mm, unsigned long addr)
{
	VM_BUG_ON(mm->id == 0 || mm->id > WORLD_MM_MAX);
	VM_BUG_ON(addr >> PAGE_SHIFT >= WORLD_PAGES);
	return &cpu_tlbs[cpu].entry[mm->id][addr >> PAGE_SHIFT];
}

/* ---- the MMU ------------------------------------------------------------- */

void tlb_access_begin(void)
{
	engine_hidden_lock(&tlb_lock);
}

void tlb_access_end(void)
{
	engine_hidden_unlock(&tlb_lock);
}

long tlb_lookup(const struct mm_struct *mm, unsigned long addr, bool write)
{
	u64 need = TLB_VALID | (write ? TLB_WRITE | TLB_DIRTY : 0);
	u64 entry = engine_load_relaxed(tlb_slot(engine_cpu(), mm, addr));

	if ((entry & need) != need)
		return TLB_MISS;
	return (long)(entry >> TLB_PFN_SHIFT);
}

/* Reads the PTE and sets its bits; the new PTE, or 0: not allowed. Not for TSan: the
 * MMU is no thread, and flushes keep the table for it. */
static noinline __no_sanitize_tsan u64 walk_pte(pte_t *ptep, bool write)
{
	unsigned long old = engine_load_relaxed(&ptep->pte), new;

	do {
		if (!pte_present(__pte(old)) || (write && !pte_write(__pte(old))))
			return 0;
		new = old | _PAGE_ACCESSED | (write ? _PAGE_DIRTY : 0);
		if (new == old)
			break;
	} while (!engine_cmpxchg(&ptep->pte, &old, new, ENGINE_SEQ_CST, ENGINE_RELAXED));
	return new;
}

bool tlb_fill_at(struct mm_struct *mm, unsigned long addr, bool write, const struct site *site)
{
	struct ptdesc **ptp = &mm->pt[pmd_index(addr)];
	u64 *slot = tlb_slot(engine_cpu(), mm, addr);
	struct ptdesc *pt = engine_load_relaxed(ptp);
	u64 pte = 0;

	engine_point(site, EV_TLB, pt ? (void *)&pt->pte[pte_index(addr)] : (void *)ptp,
		     sizeof(pte_t));
	/* The walk is one instant: a flush that follows a change of the PTE finds the
	 * entry, or the walk finds the change. In native, RCU keeps the table. */
	if (!engine_is_sim())
		engine_rcu_read_lock(site);
	engine_hidden_lock(&tlb_lock);
	pt = engine_load_acquire(ptp);
	if (pt) {
		pte = walk_pte(&pt->pte[pte_index(addr)], write);
		engine_store_relaxed(slot, !pte ? 0UL :
				     (pte >> PTE_PFN_SHIFT) << TLB_PFN_SHIFT | TLB_VALID |
				     (pte & _PAGE_RW ? TLB_WRITE : 0) |
				     (pte & _PAGE_DIRTY ? TLB_DIRTY : 0));
	}
	engine_hidden_unlock(&tlb_lock);
	if (!engine_is_sim())
		engine_rcu_read_unlock(site);
	engine_result(pte);
	return pte != 0;
}

void init_new_context(struct mm_struct *mm)
{
	for (unsigned int cpu = 0; cpu < engine_cpus(); cpu++)
		for (unsigned int i = 0; i < WORLD_PAGES; i++)
			engine_store_relaxed(&cpu_tlbs[cpu].entry[mm->id][i], 0UL);
}

/* ---- flushes ------------------------------------------------------------- */

static bool cpu_has_entries(unsigned int cpu, const struct mm_struct *mm, unsigned long first,
			    unsigned long end)
{
	bool has = false;

	engine_hidden_lock(&tlb_lock);
	for (unsigned long i = first; i < end && !has; i++)
		has = engine_load_relaxed(&cpu_tlbs[cpu].entry[mm->id][i]) & TLB_VALID;
	engine_hidden_unlock(&tlb_lock);
	return has;
}

static bool cpu_has_mm(unsigned int cpu, const struct mm_struct *mm)
{
	return cpu_has_entries(cpu, mm, 0, WORLD_PAGES);
}

static void drop_entries(unsigned int cpu, unsigned int id, unsigned long first,
			 unsigned long end)
{
	engine_hidden_lock(&tlb_lock);
	for (unsigned long i = first; i < end; i++)
		engine_store_relaxed(&cpu_tlbs[cpu].entry[id][i], 0UL);
	engine_hidden_unlock(&tlb_lock);
}

void flush_tlb_mm_range_at(struct mm_struct *mm, unsigned long start, unsigned long end,
			   const struct site *site)
{
	unsigned long first = start >> PAGE_SHIFT, last = end >> PAGE_SHIFT;

	VM_BUG_ON(start >= end || last > WORLD_PAGES);
	if (unlikely(engine_running() && irqs_disabled()))
		report_warnf("interrupts off", "flush_tlb_mm_range", "called by %s\n", site->func);
	engine_fence(); /* the PTEs' change before the look at the entries */
	for (unsigned int cpu = 0; cpu < engine_cpus(); cpu++) {
		if (!cpu_has_entries(cpu, mm, first, last))
			continue;
		engine_point(site, EV_TLB, &cpu_tlbs[cpu].entry[mm->id][first],
			     (unsigned int)((last - first) * sizeof(u64)));
		drop_entries(cpu, mm->id, first, last);
	}
}

void flush_tlb_fix_spurious_fault_at(struct vm_area_struct *vma, unsigned long addr,
				     const struct site *site)
{
	u64 *slot = tlb_slot(engine_cpu(), vma->vm_mm, addr);

	engine_point(site, EV_TLB, slot, sizeof(*slot));
	engine_store_relaxed(slot, 0UL); /* one word: an instant by itself */
}

bool arch_tlbbatch_should_defer(struct mm_struct *mm)
{
	for (unsigned int cpu = 0; cpu < engine_cpus(); cpu++)
		if (cpu != engine_cpu() && cpu_has_mm(cpu, mm))
			return true;
	return false;
}

void arch_tlbbatch_add_pending(struct arch_tlbflush_unmap_batch *batch, struct mm_struct *mm,
			       unsigned long start, unsigned long end)
{
	VM_BUG_ON(start >= end);
	engine_fence();
	for (unsigned int cpu = 0; cpu < engine_cpus(); cpu++)
		if (cpu_has_mm(cpu, mm))
			batch->cpumask |= 1u << cpu;
}

void arch_tlbbatch_flush_at(struct arch_tlbflush_unmap_batch *batch, const struct site *site)
{
	if (unlikely(engine_running() && irqs_disabled()))
		report_warnf("interrupts off", "arch_tlbbatch_flush", "called by %s\n", site->func);
	for (unsigned int cpu = 0; cpu < engine_cpus(); cpu++) {
		if (!(batch->cpumask & (1u << cpu)))
			continue;
		engine_point(site, EV_TLB, cpu_tlbs[cpu].entry, 0);
		for (unsigned int id = 0; id <= WORLD_MM_MAX; id++)
			drop_entries(cpu, id, 0, WORLD_PAGES);
	}
	batch->cpumask = 0;
}

/* ---- for checkers -------------------------------------------------------- */

struct tlb_entry_view tlb_peek(unsigned int cpu, const struct mm_struct *mm, unsigned long addr)
{
	u64 entry = engine_load_relaxed(tlb_slot(cpu, mm, addr));

	return (struct tlb_entry_view){
		.valid = entry & TLB_VALID,
		.write = entry & TLB_WRITE,
		.dirty = entry & TLB_DIRTY,
		.pfn = entry >> TLB_PFN_SHIFT,
	};
}

unsigned int tlb_count_pfn(unsigned long pfn)
{
	unsigned int n = 0;

	for (unsigned int cpu = 0; cpu < engine_cpus(); cpu++)
		for (unsigned int id = 0; id <= WORLD_MM_MAX; id++)
			for (unsigned int i = 0; i < WORLD_PAGES; i++) {
				u64 entry = engine_load_relaxed(&cpu_tlbs[cpu].entry[id][i]);

				n += (entry & TLB_VALID) && entry >> TLB_PFN_SHIFT == pfn;
			}
	return n;
}

void tlb_setup(void)
{
	unsigned int cpus = engine_cpus();

	BUG_ON(engine_running());
	cpu_tlbs = engine_arena_alloc(cpus * sizeof(struct cpu_tlb));
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		engine_role_set(&cpu_tlbs[cpu], sizeof(cpu_tlbs[cpu]), "tlb cpu", (int)cpu, -1);
}
