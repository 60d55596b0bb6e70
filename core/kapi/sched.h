/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/sched.h, include/linux/sched/{mm,signal}.h: the task as
 * the model sees it. The executor makes one for each task of a program and
 * installs it with engine_set_ctx_data(); interrupts, callbacks and set-up run
 * as init_task. Only the task itself touches its struct.
 */
#ifndef CORE_KAPI_SCHED_H
#define CORE_KAPI_SCHED_H

#include "core/kapi/preempt.h"

struct mm_struct;
struct reclaim_state { unsigned long reclaimed; };

#define PF_EXITING 0x00000004u
#define PF_MEMALLOC 0x00000800u
#define PF_KSWAPD 0x00020000u
#define PF_MEMALLOC_NOFS 0x00040000u
#define PF_MEMALLOC_NOIO 0x00080000u
#define PF_KTHREAD 0x00200000u
#define PF_MAY_SIGNAL 0x10000000u  /* ours: the schedule may send it a signal */
#define PF_SIGPENDING 0x20000000u  /* ours: it has, until clear_signal() */

struct task_struct {
	char comm[16];
	unsigned flags;             /* PF_* */
	int pid;
	struct mm_struct *mm, *active_mm;
	struct reclaim_state *reclaim_state;
	unsigned long nr_direct_reclaimed; /* folios that this task's direct reclaim freed */
	unsigned long in_oom;       /* reserved for the fault path's retries */
	bool in_user_fault;
	u32 tlb_ubc[4];             /* core/mm's batch of TLB flushes: current_tlb_ubc() */
	void *private;              /* the executor's */
};

extern struct task_struct init_task;

static inline struct task_struct *get_current(void)
{
	struct task_struct *t = (struct task_struct *)engine_ctx_data();

	return t ? t : &init_task;
}
#define current get_current()

/* Whether a signal interrupts the caller: a choice of the schedule, where the
 * task allows it. Once sent it stays pending until the executor clears it. */
bool signal_pending_at(struct task_struct *t, const struct site *site);
#define signal_pending(t) signal_pending_at((t), SITE("signal_pending"))
#define fatal_signal_pending(t) signal_pending_at((t), SITE("fatal_signal_pending"))
static inline void clear_signal(struct task_struct *t)
{
	t->flags &= ~PF_SIGPENDING;
}

static inline bool current_is_kswapd(void)
{
	return current->flags & PF_KSWAPD;
}

static inline unsigned memalloc_flags_save(unsigned flags)
{
	unsigned old = ~current->flags & flags;

	current->flags |= flags;
	return old;
}

static inline void memalloc_flags_restore(unsigned flags)
{
	current->flags &= ~flags;
}

#define memalloc_noreclaim_save() memalloc_flags_save(PF_MEMALLOC)
#define memalloc_noreclaim_restore(f) memalloc_flags_restore(f)
#define memalloc_noio_save() memalloc_flags_save(PF_MEMALLOC_NOIO)
#define memalloc_noio_restore(f) memalloc_flags_restore(f)
#define memalloc_nofs_save() memalloc_flags_save(PF_MEMALLOC_NOFS)
#define memalloc_nofs_restore(f) memalloc_flags_restore(f)

/* Sleeping for a time: others get a turn. There is no time; t is ignored. */
void schedule_timeout_at(const struct site *site);
#define schedule_timeout_uninterruptible(t) \
	((void)(t), schedule_timeout_at(SITE("schedule_timeout_uninterruptible")))
#define schedule_timeout_killable(t) \
	((void)(t), schedule_timeout_at(SITE("schedule_timeout_killable")))

#endif
