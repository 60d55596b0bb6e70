/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: an entry lives until it is flushed, on the CPUs where it was filled and on
 * no others; the walker sets accessed and dirty bits exactly as the MMU does; a
 * batched flush covers what was added to the batch.
 * Method: one task a CPU that looks, fills and flushes in a fixed order (quiet
 * world), and random schedules for the dirty bit against the kernel's changes.
 */
#include "core/page/test/page_test.h"

static struct mm_struct *mm, *mm2;
static struct vm_area_struct vma;
static struct folio *f;
static pte_t *pte;
#define ADDR (PMD_SIZE + 2 * PAGE_SIZE)

static void mm_setup(void *arg)
{
	(void)arg;
	mm = engine_arena_alloc(sizeof(*mm));
	mm2 = engine_arena_alloc(sizeof(*mm2));
	mm->id = 1;
	mm2->id = 2;
	vma.vm_mm = mm;
	mm->pt[1] = pte_alloc_one(mm, PMD_SIZE);
	f = folio_alloc(GFP_KERNEL | __GFP_ZERO, 0);
	pte = &mm->pt[1]->pte[2];
}

/*
 *	PTE          lookup r / w      walk r            walk w
 *	none         miss / miss       fault             fault
 *	read-only    miss / miss       young             fault
 *	writable     miss / miss       young             young, dirty
 *	after walk r:  hit / miss      (write walks again for the dirty bit)
 */
static void walker(void *arg)
{
	mm_setup(arg);
	CHECK_EQ(tlb_lookup(mm, ADDR, false), TLB_MISS);
	CHECK(!tlb_fill(mm, 0, false)); /* no page table */
	CHECK(!tlb_fill(mm, ADDR, false));
	set_pte(pte, make_poisoned_pte());
	CHECK(!tlb_fill(mm, ADDR, false));

	set_pte(pte, pfn_pte(f->pfn, __pgprot(0)));
	CHECK_EQ(tlb_lookup(mm, ADDR, false), TLB_MISS); /* setting a PTE fills nothing */
	CHECK(!tlb_fill(mm, ADDR, true));
	CHECK(!pte_young(*pte));
	CHECK(tlb_fill(mm, ADDR, false));
	CHECK(pte_young(*pte) && !pte_dirty(*pte));
	CHECK_EQ(tlb_lookup(mm, ADDR, false), f->pfn);
	CHECK_EQ(tlb_lookup(mm, ADDR, true), TLB_MISS);

	/* More permission: a stale entry misses for write, and walks again. */
	set_pte(pte, pte_mkwrite_novma(*pte));
	CHECK_EQ(tlb_lookup(mm, ADDR, true), TLB_MISS);
	CHECK(tlb_fill(mm, ADDR, false));
	CHECK(!pte_dirty(*pte));
	CHECK_EQ(tlb_lookup(mm, ADDR, true), TLB_MISS); /* writable but clean */
	CHECK(tlb_fill(mm, ADDR, true));
	CHECK(pte_dirty(*pte));
	CHECK_EQ(tlb_lookup(mm, ADDR, true), f->pfn);
	CHECK_EQ(tlb_count_pfn(f->pfn), 1);

	/* Another mm and another page have entries of their own. */
	CHECK_EQ(tlb_lookup(mm2, ADDR, false), TLB_MISS);
	CHECK_EQ(tlb_lookup(mm, ADDR + PAGE_SIZE, false), TLB_MISS);
	pte->pte = 0;
}

/*
 * Clearing a PTE flushes nothing:
 *
 *	            PTE    TLB
 *	filled      [W]    [W]
 *	cleared     [ ]    [W]   a store still goes to the page
 *	flushed     [ ]    [ ]
 */
static void staleness(void *arg)
{
	struct tlb_entry_view view;

	mm_setup(arg);
	set_pte(pte, pte_mkwrite_novma(pfn_pte(f->pfn, __pgprot(0))));
	CHECK(tlb_fill(mm, ADDR, true));
	ptep_get_and_clear(mm, ADDR, pte);
	CHECK_EQ(tlb_lookup(mm, ADDR, true), f->pfn);
	view = tlb_peek(0, mm, ADDR);
	CHECK(view.valid && view.write && view.dirty && view.pfn == f->pfn);
	flush_tlb_page(&vma, ADDR + PAGE_SIZE); /* another page */
	CHECK_EQ(tlb_lookup(mm, ADDR, true), f->pfn);
	flush_tlb_mm(mm2); /* another mm */
	CHECK_EQ(tlb_lookup(mm, ADDR, true), f->pfn);
	flush_tlb_page(&vma, ADDR);
	CHECK_EQ(tlb_lookup(mm, ADDR, false), TLB_MISS);

	/* write-protect and mkclean without a flush: the entry still writes, and a
	 * write through it doesn't set the dirty bit again. */
	set_pte(pte, pte_mkwrite_novma(pfn_pte(f->pfn, __pgprot(0))));
	CHECK(tlb_fill(mm, ADDR, true));
	ptep_set_wrprotect(mm, ADDR, pte);
	set_pte(pte, pte_mkclean(*pte));
	CHECK_EQ(tlb_lookup(mm, ADDR, true), f->pfn);
	CHECK(!pte_dirty(*pte));
	flush_tlb_range(&vma, PMD_SIZE, 2 * PMD_SIZE);
	CHECK_EQ(tlb_lookup(mm, ADDR, true), TLB_MISS);
	CHECK(!tlb_fill(mm, ADDR, true));

	/* ptep_clear_flush is both. */
	CHECK(tlb_fill(mm, ADDR, false));
	CHECK(pte_young(ptep_clear_flush(&vma, ADDR, pte)));
	CHECK_EQ(tlb_lookup(mm, ADDR, false), TLB_MISS);

	/* An mm that gets the number of a dead one starts with nothing. */
	set_pte(pte, pfn_pte(f->pfn, __pgprot(0)));
	CHECK(tlb_fill(mm, ADDR, false));
	init_new_context(mm);
	CHECK_EQ(tlb_lookup(mm, ADDR, false), TLB_MISS);
	CHECK(tlb_fill(mm, ADDR, false));
	flush_tlb_fix_spurious_fault(&vma, ADDR, pte);
	CHECK_EQ(tlb_lookup(mm, ADDR, false), TLB_MISS);
	pte->pte = 0;
}

/* ---- two CPUs: task 1 fills on CPU 1, task 0 (CPU 0) flushes ------------- */

static struct { bool filled, deferred; struct arch_tlbflush_unmap_batch batch; } s;

static void two_cpus_setup(void *arg)
{
	mm_setup(arg);
	memset(&s, 0, sizeof(s));
	set_pte(pte, pte_mkwrite_novma(pfn_pte(f->pfn, __pgprot(0))));
	engine_migrate(1, SITE("test"));
	s.filled = tlb_fill(mm, ADDR, true);
	CHECK_EQ(tlb_lookup(mm, ADDR, true), f->pfn);
	engine_migrate(0, SITE("test"));
	CHECK_EQ(tlb_lookup(mm, ADDR, false), TLB_MISS);
	CHECK(tlb_peek(1, mm, ADDR).valid && !tlb_peek(0, mm, ADDR).valid);
}

static void remote_flush(void *arg)
{
	two_cpus_setup(arg);
	flush_tlb_fix_spurious_fault(&vma, ADDR, pte); /* local only */
	CHECK(tlb_peek(1, mm, ADDR).valid);
	flush_tlb_page(&vma, ADDR);
	CHECK(!tlb_peek(1, mm, ADDR).valid);
	pte->pte = 0;
}

static void batched(void *arg)
{
	two_cpus_setup(arg);
	CHECK(arch_tlbbatch_should_defer(mm));
	CHECK(!arch_tlbbatch_should_defer(mm2));
	ptep_get_and_clear(mm, ADDR, pte);
	arch_tlbbatch_add_pending(&s.batch, mm, ADDR, ADDR + PAGE_SIZE);
	CHECK_EQ(s.batch.cpumask, 2);
	CHECK(tlb_peek(1, mm, ADDR).valid); /* deferred */
	arch_tlbbatch_flush(&s.batch);
	CHECK(!tlb_peek(1, mm, ADDR).valid);
	CHECK_EQ(s.batch.cpumask, 0);
	CHECK(!arch_tlbbatch_should_defer(mm));
}

static void flush_irqs_off(void *arg)
{
	(void)arg;
	local_irq_disable();
	flush_tlb_mm(mm);
	local_irq_enable();
}

static void flush_irqs_on(void *arg)
{
	(void)arg;
	preempt_disable();
	flush_tlb_mm(mm);
	preempt_enable();
}

/*
 * Dirty bit against write-protection: the MMU's update is atomic, so either the
 * store was allowed and the PTE is dirty, or the PTE was read-only and it faulted.
 */
static bool stored, late;

static void dirty_setup(void *arg)
{
	mm_setup(arg);
	stored = late = false;
	set_pte(pte, pte_mkwrite_novma(pfn_pte(f->pfn, __pgprot(0))));
}

static void dirty_store(void *arg)
{
	(void)arg;
	while (tlb_lookup(mm, ADDR, true) == TLB_MISS)
		if (!tlb_fill(mm, ADDR, true))
			return;
	page_store_word(&f->page[0], 0, 1);
	stored = true;
}

static void dirty_clear(void *arg)
{
	pte_t old;

	(void)arg;
	old = ptep_clear_flush(&vma, ADDR, pte);
	/* After the flush nothing can be stored; what was is in old. */
	late = stored && !pte_dirty(old);
	if (!stored)
		CHECK_EQ(page_load_word(&f->page[0], 0), 0);
}

static void dirty_races(void)
{
	unsigned n = 0;

	for (u64 seed = 1; seed <= 300; seed++) {
		CHECK_STR(test_tasks(&(struct test_run){
			.setup = dirty_setup, .fn = { dirty_store, dirty_clear }, .cpu = { 0, 1 },
			.policy = &test_policy_random, .seed = seed }), "");
		CHECK(!late);
		n += stored;
	}
	CHECK(n > 0 && n < 300);
}

static void pending(void *arg)
{
	mm_setup(arg);
	CHECK(!mm_tlb_flush_pending(mm));
	inc_tlb_flush_pending(mm);
	CHECK(mm_tlb_flush_pending(mm) && !mm_tlb_flush_nested(mm));
	inc_tlb_flush_pending(mm);
	CHECK(mm_tlb_flush_nested(mm));
	dec_tlb_flush_pending(mm);
	dec_tlb_flush_pending(mm);
	CHECK(!mm_tlb_flush_pending(mm));
}

int main(void)
{
	sites_init();
	CHECK_STR(test_quiet(walker, NULL), "");
	CHECK_STR(test_task(walker), "");
	CHECK_STR(test_quiet(staleness, NULL), "");
	CHECK_STR(test_task(staleness), "");
	CHECK_STR(test_quiet(remote_flush, NULL), "");
	CHECK_STR(test_task(remote_flush), "");
	CHECK_STR(test_quiet(batched, NULL), "");
	CHECK_STR(test_task(batched), "");
	CHECK_STR(test_quiet(pending, NULL), "");
	CHECK_STR(test_tasks(&(struct test_run){ .setup = mm_setup, .fn = { flush_irqs_off } }),
		  "WARNING: interrupts off in flush_tlb_mm_range");
	CHECK_STR(test_tasks(&(struct test_run){ .setup = mm_setup, .fn = { flush_irqs_on } }), "");
	dirty_races();
	engine_exit();
	return TEST_END();
}
