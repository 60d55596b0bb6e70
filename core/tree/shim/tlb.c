// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A TLB per CPU and its flushes. An entry is one word, pfn << 8 | dirty | writable
 * | valid; it stays until somebody flushes it, so a missing flush shows. The own
 * CPU is flushed at once. Another CPU that has entries gets an IPI, work in its
 * interrupt context, and the caller waits: a CPU with interrupts off delays it.
 * A CPU without entries of the mm gets none (mm_cpumask).
 * Left out: global and huge entries (a huge page fills an entry a base page), lazy
 * TLB mode.
 * Locking: none; hardware. Between two points everything here is one instant.
 */
#include <linux/mm.h>
#include <linux/sched.h>

#include <asm/tlbflush.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

#define TLB_VALID 1UL
#define TLB_WRITE 2UL
#define TLB_DIRTY 4UL
#define TLB_PFN_SHIFT 8

/* Address spaces at a time: an exited mm keeps its number while somebody holds it. */
#define ASIDS 24

struct cpu_tlb {
	unsigned long entry[ASIDS][USER_PAGES];
};

/* One flush at a time of a CPU: its task has preemption off until all have answered. */
struct flush_request {
	unsigned asid;            /* ASIDS: all */
	unsigned long first, end; /* pages */
};

static struct cpu_tlb *cpu_tlbs;
static struct flush_request *flush_requests;
static unsigned asids_used;
static int asid_number[ASIDS];
static const struct mm_struct *asid_mm[ASIDS];

/* ---- address spaces -------------------------------------------------------------- */

/* Checkers ask for it, whatever happens to the mm. */
SHIM_RAW int shim_mm_number(const struct mm_struct *mm)
{
	return asid_number[mm->context.id];
}

static void drop_entries(unsigned cpu, unsigned asid, unsigned long first, unsigned long end)
{
	unsigned long i;

	for (i = first; i < end; i++)
		__atomic_store_n(&cpu_tlbs[cpu].entry[asid][i], 0UL, __ATOMIC_RELAXED);
}

/* The lowest number that is free; no entry of an mm that had it before is left. */
int shim_init_context(struct mm_struct *mm)
{
	unsigned used = __atomic_load_n(&asids_used, __ATOMIC_RELAXED), asid, cpu;

	do {
		asid = (unsigned)__builtin_ctz(~used);
		if (asid >= ASIDS) {
			seam_report("shim: too many address spaces", "");
			return -ENOMEM;
		}
	} while (!__atomic_compare_exchange_n(&asids_used, &used, used | 1u << asid, false,
					      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	mm->context.id = (int)asid;
	asid_number[asid] = shim_task_of(current)->making_mm;
	__atomic_store_n(&asid_mm[asid], mm, __ATOMIC_RELAXED);
	for (cpu = 0; cpu < seam_cpus(); cpu++)
		drop_entries(cpu, asid, 0, USER_PAGES);
	return 0;
}

void shim_destroy_context(struct mm_struct *mm)
{
	unsigned bit = 1u << mm->context.id;

	__atomic_store_n(&asid_mm[mm->context.id], NULL, __ATOMIC_RELAXED);
	BUG_ON(!(__atomic_fetch_and(&asids_used, ~bit, __ATOMIC_ACQ_REL) & bit));
}

/* ---- the MMU's side -------------------------------------------------------------- */

static unsigned long *tlb_entry(unsigned cpu, const struct mm_struct *mm, unsigned long addr)
{
	VM_BUG_ON(addr < USER_BASE || addr >= USER_END);
	return &cpu_tlbs[cpu].entry[mm->context.id][(addr - USER_BASE) >> PAGE_SHIFT];
}

unsigned long tlb_lookup(const struct mm_struct *mm, unsigned long addr, bool write)
{
	unsigned long need = TLB_VALID | (write ? TLB_WRITE | TLB_DIRTY : 0);
	unsigned long entry = __atomic_load_n(tlb_entry(seam_cpu(), mm, addr), __ATOMIC_RELAXED);

	return (entry & need) == need ? entry >> TLB_PFN_SHIFT : TLB_MISS;
}

void tlb_insert(const struct mm_struct *mm, unsigned long addr, unsigned long pfn, bool write,
		bool dirty)
{
	unsigned long entry = pfn << TLB_PFN_SHIFT | TLB_VALID | (write ? TLB_WRITE : 0) |
			      (dirty ? TLB_DIRTY : 0);

	__atomic_store_n(tlb_entry(seam_cpu(), mm, addr), entry, __ATOMIC_RELAXED);
}

/* ---- flushes --------------------------------------------------------------------- */

static bool cpu_has_entries(unsigned cpu, unsigned asid, unsigned long first, unsigned long end)
{
	unsigned long i;

	for (i = first; i < end; i++)
		if (__atomic_load_n(&cpu_tlbs[cpu].entry[asid][i], __ATOMIC_RELAXED) & TLB_VALID)
			return true;
	return false;
}

static bool cpu_has_mm(unsigned cpu, const struct mm_struct *mm)
{
	return cpu_has_entries(cpu, (unsigned)mm->context.id, 0, USER_PAGES);
}

static void flush_cpu(unsigned cpu, const struct flush_request *request)
{
	unsigned asid;

	if (request->asid < ASIDS) {
		drop_entries(cpu, request->asid, request->first, request->end);
		return;
	}
	for (asid = 0; asid < ASIDS; asid++)
		drop_entries(cpu, asid, 0, USER_PAGES);
}

/* The IPI's handler, on the CPU that it was sent to. */
static void flush_tlb_func(void *info)
{
	flush_cpu(seam_cpu(), info);
}

/* cpus: those that have entries. The request is the calling CPU's own. */
static void flush_cpus(unsigned cpus, struct flush_request *request, unsigned long ip)
{
	unsigned cpu, self = seam_cpu();

	if (!seam_live()) {
		for (cpu = 0; cpu < seam_cpus(); cpu++)
			flush_cpu(cpu, request);
		return;
	}
	shim_send_ipis(cpus & ~(1u << self), flush_tlb_func, request, "TLB flush");
	if (cpus & 1u << self) {
		seam_point(ip, SEAM_TLB, &cpu_tlbs[self], sizeof(struct cpu_tlb));
		flush_cpu(self, request);
	}
	shim_wait_for_ipis(ip);
}

static void check_context(const char *func)
{
	if (unlikely(seam_live() && seam_irqs_are_off()))
		shim_warnf("WARNING: interrupts off in a TLB flush", "%s\n", func);
}

/* Pages of [start, end) that a user can have. */
static unsigned long page_of(unsigned long addr)
{
	return addr <= USER_BASE ? 0 : addr >= USER_END ? USER_PAGES :
	       (addr - USER_BASE) >> PAGE_SHIFT;
}

static noinline void flush_range(struct mm_struct *mm, unsigned long start, unsigned long end,
				 unsigned long ip)
{
	struct flush_request *request;
	unsigned cpu, cpus = 0;

	seam_preempt_off();
	request = &flush_requests[seam_cpu()];
	request->asid = (unsigned)mm->context.id;
	request->first = page_of(start);
	request->end = page_of(end + PAGE_SIZE - 1 < end ? end : end + PAGE_SIZE - 1);
	for (cpu = 0; cpu < seam_cpus(); cpu++)
		if (cpu_has_entries(cpu, request->asid, request->first, request->end))
			cpus |= 1u << cpu;
	flush_cpus(cpus, request, ip);
	seam_preempt_on(ip);
}

void flush_tlb_mm_range(struct mm_struct *mm, unsigned long start, unsigned long end,
			unsigned int stride_shift, bool freed_tables)
{
	check_context(__func__);
	flush_range(mm, start, end, _RET_IP_);
}

/* After a fault on a PTE that allows the access: this CPU alone. */
void shim_flush_spurious_fault(struct mm_struct *mm, unsigned long addr)
{
	unsigned long *entry = tlb_entry(seam_cpu(), mm, addr);

	seam_point(_RET_IP_, SEAM_TLB, entry, sizeof(*entry));
	__atomic_store_n(entry, 0UL, __ATOMIC_RELAXED);
}

/* ---- batched flushes ------------------------------------------------------------- */

bool arch_tlbbatch_should_defer(struct mm_struct *mm)
{
	unsigned cpu;

	for (cpu = 0; cpu < seam_cpus(); cpu++)
		if (cpu != seam_cpu() && cpu_has_mm(cpu, mm))
			return true;
	return false;
}

void arch_tlbbatch_add_pending(struct arch_tlbflush_unmap_batch *batch, struct mm_struct *mm,
			       unsigned long start, unsigned long end)
{
	unsigned cpu;

	for (cpu = 0; cpu < seam_cpus(); cpu++)
		if (cpu_has_mm(cpu, mm))
			batch->cpus |= 1u << cpu;
}

void arch_tlbbatch_flush(struct arch_tlbflush_unmap_batch *batch)
{
	struct flush_request *request;

	check_context(__func__);
	seam_preempt_off();
	request = &flush_requests[seam_cpu()];
	request->asid = ASIDS;
	flush_cpus(batch->cpus, request, _RET_IP_);
	seam_preempt_on(_RET_IP_);
	batch->cpus = 0;
}

void arch_flush_tlb_batched_pending(struct mm_struct *mm)
{
	check_context(__func__);
	flush_range(mm, USER_BASE, USER_END, _RET_IP_);
}

/* ---- set-up and checkers --------------------------------------------------------- */

void shim_tlb_setup(void)
{
	unsigned cpu, cpus = shim_machine.cpus;

	cpu_tlbs = seam_arena_alloc(cpus * sizeof(*cpu_tlbs));
	flush_requests = seam_arena_alloc(cpus * sizeof(*flush_requests));
	for (cpu = 0; cpu < cpus; cpu++) {
		seam_role_set(&cpu_tlbs[cpu], sizeof(*cpu_tlbs), "tlb cpu", (int)cpu, -1);
		seam_role_set(&flush_requests[cpu], sizeof(*flush_requests), "tlb flush cpu",
			      (int)cpu, -1);
	}
	asids_used = 0;
}

SHIM_RAW bool shim_tlb_peek(unsigned cpu, const struct mm_struct *mm, unsigned long addr,
		   unsigned long *pfn, bool *write)
{
	unsigned long page = (addr - USER_BASE) >> PAGE_SHIFT;
	unsigned long entry = cpu_tlbs[cpu].entry[mm->context.id][page];

	*pfn = entry >> TLB_PFN_SHIFT;
	*write = entry & TLB_WRITE;
	return entry & TLB_VALID;
}

/* The last reference is gone before the tables are. */
SHIM_RAW const struct mm_struct *shim_next_mm(unsigned *n)
{
	while (*n < ASIDS) {
		const struct mm_struct *mm = asid_mm[(*n)++];

		if (mm && mm->mm_count.counter > 0)
			return mm;
	}
	return NULL;
}
