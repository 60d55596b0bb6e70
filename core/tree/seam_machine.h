/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of the seam (core/tree/seam.h) that the asm/ overlay's inline functions
 * use: events, and the state of the CPU. It stands apart because a change here
 * compiles every file of a tree again.
 */
#ifndef CORE_TREE_SEAM_MACHINE_H
#define CORE_TREE_SEAM_MACHINE_H

/* A call of the seam is a call site with a name of its own: never merge two. */
#ifdef __clang__
#define SEAM_POINT __attribute__((nomerge))
#else
#define SEAM_POINT /* gcc compiles the glue alone, which makes no events of its own */
#endif

/* Where the arena lies: below 0x7fff8000, so that ASan and TSan can map it. The
 * page pool is its first part, so this is the kernel's PAGE_OFFSET as well. */
#define SEAM_ARENA_BASE 0x60000000UL
#define SEAM_PAGE_SHIFT 12
#define SEAM_CPUS_MAX 4

/* ---- events ---------------------------------------------------------------- */

/* The numbers of enum event_kind that the kernel's side uses (glue asserts them). */
enum seam_event {
	SEAM_LOCK = 3, SEAM_TRYLOCK, SEAM_UNLOCK, SEAM_LOAD, SEAM_STORE, SEAM_RMW,
	SEAM_FENCE = 10, SEAM_RCU, SEAM_PTE, SEAM_TLB, SEAM_COPY, SEAM_WAIT, SEAM_WAKE,
	SEAM_IO, SEAM_PREEMPT = 19, SEAM_YIELD, SEAM_ALLOC, SEAM_FREE,
};

/* A scheduling point before a marked access of size bytes. Memory that is not the
 * world's (a fiber's stack) makes no event. The access itself is the caller's. */
SEAM_POINT void seam_load(const volatile void *p, unsigned size);
SEAM_POINT void seam_store(const volatile void *p, unsigned size);
SEAM_POINT void seam_rmw(const volatile void *p, unsigned size);
SEAM_POINT void seam_pte(const volatile void *p, unsigned size);
SEAM_POINT void seam_copy(const volatile void *p, unsigned size); /* page contents */
SEAM_POINT void seam_relax(void);  /* cpu_relax(): fruitless without another task */
enum seam_fence { SEAM_MB, SEAM_RMB, SEAM_WMB };
SEAM_POINT void seam_mb(enum seam_fence kind);
/* Any other event, named by the caller's return address. */
void seam_point(unsigned long ip, int event, const volatile void *p, unsigned size);
void seam_result(unsigned long value); /* mixed into the trace hash: no address */

/* Accesses make no event and nothing is asked of lockdep, in between: for checkers
 * that run beside tasks. Nobody may wait or take a lock. Nests. */
void seam_quiet_begin(void);
void seam_quiet_end(void);

/* ---- CPU state and the current task ------------------------------------------ */

unsigned seam_cpu(void);
unsigned seam_cpus(void);
/* __preempt_count_add/sub: val as the kernel's layout has it. */
SEAM_POINT void seam_preempt_add(int val);
SEAM_POINT void seam_preempt_sub(int val);
int seam_preempt_count(void);            /* in the kernel's layout */
/* Inside locks, where the lock's own event is the point. */
void seam_preempt_off(void);
void seam_preempt_on(unsigned long ip);
SEAM_POINT void seam_irq_off(void);
SEAM_POINT void seam_irq_on(void);
int seam_irqs_are_off(void);
void seam_irq_on_at(unsigned long ip);   /* ditto, inside locks */
void seam_bh_off(void);
void seam_bh_on(unsigned long ip);
void *seam_current(void);                /* struct task_struct; the init task outside of tasks */
void seam_set_current(void *task);
void seam_set_init_task(void *task);
/* Moves the calling task to cpu, as that CPU's own worker; a no-op at set-up. */
SEAM_POINT void seam_migrate(unsigned cpu);
void seam_migrate_at(unsigned long ip, unsigned cpu);
int seam_live(void);                     /* tasks run: not set-up, not tear-down */

/* ---- per-CPU data ------------------------------------------------------------- */

/* Per-CPU: an address in the section swaprace_tree_percpu (of CPU 0's layout);
 * a CPU's own copy is that + seam_percpu_offset[cpu]. */
extern unsigned long seam_percpu_offset[SEAM_CPUS_MAX];

#endif
