/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the shim ask of each other. The kernel's side only: a file
 * includes the tree's headers that it needs first, then this one. What the asm/
 * overlay asks of the shim stands in include/asm/shim.h.
 *
 * A function that makes an event takes ip, the return address of the kernel
 * function that the event belongs to. An exported function (one that the tree
 * calls) passes _RET_IP_ on; it is never inlined and never a tail call.
 */
#ifndef CORE_TREE_SHIM_H
#define CORE_TREE_SHIM_H

#include <linux/instruction_pointer.h>
#include <linux/types.h>
#include "core/tree/seam.h"

struct lockdep_map;
struct mm_struct;
struct task_struct;

/* ---- locks: lock_word.h has the word that spinlocks and mutexes share --------------- */

/* lock_acquire() for the shim's own locks: ip is used as it is. */
void shim_lock_acquire(struct lockdep_map *map, unsigned int subclass, int trylock, int read,
		       struct lockdep_map *nest, unsigned long ip);
void shim_lock_release(struct lockdep_map *map, unsigned long ip);
/* A warning "what in <kernel function>". */
void shim_lock_warn(const char *what, unsigned long ip);

/* ---- RCU (rcu.c) -------------------------------------------------------------------- */

/* Explicit read-side sections of the calling context. */
int shim_rcu_depth(void);

/* ---- interrupts (irqflags.c) -------------------------------------------------------- */

/* local_irq_save() and _restore() inside of locks. flags: 1 where they were on. */
unsigned long shim_irq_save(void);
void shim_irq_restore(unsigned long flags, unsigned long ip);
void shim_irq_enable(unsigned long ip);
/* A handler that the glue calls in interrupt context begins and ends with these:
 * lockdep_assert_irqs_disabled() and its kind rely on it. */
void shim_irq_enter(void);
void shim_irq_exit(void);

/* ---- tasks (sched.c) ---------------------------------------------------------------- */

/* The CPU masks; the first call of a set-up. */
void shim_sched_init(void);
/* Does a signal (SIGKILL) come now? Only program tasks get any, never one that
 * stands in for a kernel thread (PF_KTHREAD). True once there is one. */
bool shim_signal_point(unsigned long ip);
/* The same for a task that is about to sleep in this state (TASK_*). */
bool shim_signal_ends_sleep(unsigned int state, unsigned long ip);
/* Forgets the signals of the calling task: the end of an op. */
void shim_signal_clear(void);
/* Sleeps as schedule() does until somebody has set the task running. */
void shim_schedule(unsigned long ip, const char *what);

/* ---- KCSAN (kcsan.c) ---------------------------------------------------------------- */

/* A seqcount's read section may end without a word: the end of an op closes it. */
void shim_kcsan_op_end(void);

/* ---- work (workqueue.c) ------------------------------------------------------------- */

/* Runs the work that is queued now and what that queues, the oldest first; each
 * delayed item once if the schedule says that its time has come. Returns how
 * many items ran. Sleeps. */
unsigned int shim_run_work(void);
/* Nothing is queued and nothing runs: for checks when the machine is quiet. */
bool shim_work_idle(void);
/* Delayed work comes due at once: for tear-down. */
void shim_work_expire(void);

/* ---- what the tree has static (fork.c, ksm.c, init.c) ------------------------------- */

/* The kernel's dup_mm() for the calling task; NULL: no memory, or a signal. */
struct mm_struct *shim_dup_mm(struct mm_struct *old);

int shim_ksm_init(void);
/* One ksmd wake-up that looks at up to n pages. */
void shim_ksm_scan(unsigned int n);
/* Until the pass that is under way is complete. */
void shim_ksm_pass(void);
/* Breaks the KSM pages of [start, end) of mm, which stays mergeable. */
int shim_ksm_unmerge(struct mm_struct *mm, unsigned long start, unsigned long end);
/* Frees stable nodes whose folio is gone. */
void shim_ksm_prune(void);
void shim_ksm_counters(long *shared, long *sharing);

/* The initcalls of the files at hand, in the kernel's order. thp: large folios. */
void shim_initcalls(bool thp);

#endif
