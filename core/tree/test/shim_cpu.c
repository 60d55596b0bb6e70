// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a TLB entry is used until it is flushed, however stale; a flush reaches other
 * CPUs by an interrupt, which waits while a CPU has them off; interrupts and preemption
 * nest. Method: page tables of mm 1 changed by hand beside a task that has entries of
 * them; a change that forgets its flush is found by the checkers.
 */
#include <linux/mm.h>
#include <linux/rmap.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include <asm/tlbflush.h>

#include "internal.h"

#include "core/tree/shim/world.h"
#include "core/tree/test/shim_test.h"

#define VALUE 0x1111111111111111UL

static int ready, off, around;

static struct mm_struct *mm_one(void)
{
	return shim_mm_slots[1].mm;
}

static bool has_entry(unsigned cpu)
{
	unsigned long pfn;
	bool write;

	return shim_tlb_peek(cpu, mm_one(), user_addr(0), &pfn, &write);
}

/* False: an allocation has failed, by choice of the schedule. */
static bool load_entry(void)
{
	if (tree_mmap(1, 0, 1, 0, 0) || tree_write(1, 0, VALUE))
		return false;
	MUST(has_entry(seam_cpu()), "an access left no TLB entry");
	return true;
}

static void wait_until_ready(void)
{
	while (!READ_ONCE(ready))
		cond_resched();
}

/* ---- flushes of other CPUs ------------------------------------------------------------ */

static void entry_holder(void)
{
	(void)load_entry();
	WRITE_ONCE(ready, 1);
}

static void flusher(void)
{
	wait_until_ready();
	if (has_entry(0))
		seam_selftest_saw(1);
	flush_tlb_mm(mm_one());
	MUST(!has_entry(0), "a flush did not reach another CPU");
}

/* With interrupts off its own entry stays, whoever flushes. */
static void irqs_off_holder(void)
{
	bool had;

	(void)load_entry();
	local_irq_disable();
	WRITE_ONCE(off, 1);
	WRITE_ONCE(ready, 1);
	had = has_entry(0);
	WRITE_ONCE(around, 1);
	WRITE_ONCE(around, 2);
	MUST(has_entry(0) == had, "a flush came through while interrupts are off");
	WRITE_ONCE(off, 0);
	local_irq_enable();
}

static void delayed_flusher(void)
{
	int was_off;

	wait_until_ready();
	was_off = READ_ONCE(off) && has_entry(0); /* else no interrupt is sent */
	flush_tlb_mm(mm_one());
	MUST(!has_entry(0), "a flush did not reach another CPU");
	if (was_off) {
		MUST(!READ_ONCE(off), "a flush returned while interrupts are off");
		seam_selftest_saw(1);
	}
}

/* The planted twin: it believes that others' interrupts are on, and waits for one. */
static void flusher_with_irqs_off(void)
{
	wait_until_ready();
	local_irq_disable();
	flush_tlb_mm(mm_one());
	local_irq_enable();
}

/* ---- calls of other CPUs -------------------------------------------------------------- */

static void note_call(void *info)
{
	MUST(irqs_disabled() && in_hardirq(), "a call does not run in an interrupt");
	WRITE_ONCE(*(int *)info, *(int *)info + 1);
}

static void caller(void)
{
	int calls = 0, was_off;

	wait_until_ready();
	was_off = READ_ONCE(off);
	smp_call_function(note_call, &calls, 1);
	MUST(calls == (int)seam_cpus() - 1, "a call did not reach each of the other CPUs");
	if (was_off) {
		MUST(!READ_ONCE(off), "a call returned while interrupts are off");
		seam_selftest_saw(1);
	}
}

static void caller_with_irqs_off(void)
{
	int calls = 0;

	wait_until_ready();
	local_irq_disable();
	smp_call_function(note_call, &calls, 1);
	local_irq_enable();
}

/* ---- stale entries -------------------------------------------------------------------- */

static pte_t *pte_of_page(void)
{
	return pte_offset_kernel(mm_find_pmd(mm_one(), user_addr(0)), user_addr(0));
}

static void stale_entry_is_used(void)
{
	unsigned long value = 0;
	pte_t *pte, old;

	if (!load_entry())
		return;
	pte = pte_of_page();
	old = ptep_get_and_clear(mm_one(), user_addr(0), pte);
	MUST(user_read_word(mm_one(), 1, 0, 0, &value) == 0 && value == VALUE,
	     "a stale TLB entry was not used");
	MUST(pte_none(ptep_get(pte)), "an access through a TLB entry has faulted");
	flush_tlb_page(vma_lookup(mm_one(), user_addr(0)), user_addr(0));
	MUST(tlb_lookup(mm_one(), user_addr(0), false) == TLB_MISS, "a flush left an entry");
	set_pte_at(mm_one(), user_addr(0), pte, old);
}

/* What a page-table change does, all but the flush. */
static void flush_forgotten(void)
{
	struct vm_area_struct *vma;
	struct page *page;
	pte_t old;

	if (!load_entry())
		return;
	vma = vma_lookup(mm_one(), user_addr(0));
	old = ptep_get_and_clear(mm_one(), user_addr(0), pte_of_page());
	page = pte_page(old);
	dec_mm_counter(mm_one(), MM_ANONPAGES);
	folio_lock(page_folio(page));
	folio_remove_rmap_pte(page_folio(page), page, vma);
	folio_unlock(page_folio(page));
	folio_put(page_folio(page));
}

/* ---- interrupts ----------------------------------------------------------------------- */

static int irq_ran;

static void irq_handler(void *arg)
{
	shim_irq_enter();
	MUST(in_hardirq(), "an interrupt is not in interrupt context");
	MUST(irqs_disabled(), "an interrupt runs with interrupts on");
	MUST(seam_cpu() == 1, "an interrupt came to another CPU");
	MUST(!READ_ONCE(off), "an interrupt came while they are off");
	WRITE_ONCE(irq_ran, 1);
	shim_irq_exit();
}

static void irq_sender(void)
{
	seam_irq_queue(1, irq_handler, NULL, "test");
}

/* Outcomes: 1 the interrupt came before, 2 behind this section. */
static void irq_receiver(void)
{
	unsigned long flags;

	local_irq_save(flags);
	WRITE_ONCE(off, 1);
	seam_selftest_saw(READ_ONCE(irq_ran) ? 1 : 2);
	WRITE_ONCE(off, 0);
	local_irq_restore(flags);
}

static void irq_careless_receiver(void)
{
	WRITE_ONCE(off, 1);
	WRITE_ONCE(around, 1);
	WRITE_ONCE(off, 0);
}

static void preempt_nesting(void)
{
	preempt_disable();
	preempt_disable();
	preempt_enable();
	MUST(preempt_count() == 1, "preemption off does not nest");
	preempt_enable();
	MUST(!preempt_count(), "preemption is still off");
}

const struct tree_selftest shim_cpu_tests[] = {
	SILENT(tlb_flush_reaches, 1, entry_holder, flusher),
	SILENT(tlb_flush_waits_for_irqs, 1, irqs_off_holder, delayed_flusher),
	PLANTED(tlb_flush_with_irqs_off, "WARNING: interrupts off in a TLB flush",
		entry_holder, flusher_with_irqs_off),
	SILENT(call_waits_for_irqs, 1, irqs_off_holder, caller),
	PLANTED(call_with_irqs_off, "WARNING: interrupts off in smp_call_function()",
		entry_holder, caller_with_irqs_off),
	SILENT(tlb_stale_entry_is_used, 0, stale_entry_is_used),
	PLANTED(tlb_flush_forgotten, "invariant: stale TLB entry",
		flush_forgotten),
	SILENT(irq_waits_for_irqs_on, 3, irq_sender, irq_receiver),
	PLANTED(irq_inside, SELFTEST_FAILS("an interrupt came while they are off"),
		irq_sender, irq_careless_receiver),
	SILENT(preempt_count, 0, preempt_nesting),
	{ .name = NULL },
};
