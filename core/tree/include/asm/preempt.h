/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The preempt count is the engine's, per CPU. There is no need_resched: a preemption
 * is a choice of the schedule at any event. Left out: 7.3's HARDIRQ_DISABLE field.
 */
#ifndef __ASM_PREEMPT_H
#define __ASM_PREEMPT_H

#include <linux/thread_info.h>
#include <asm/shim.h>

#define PREEMPT_ENABLED 0

/* The seam's bit of a running interrupt handler. The kernel's has no fixed place: 7.3
 * has one more field below it. */
#define SEAM_HARDIRQ 0x10000

static __always_inline int preempt_count(void)
{
	int count = seam_preempt_count();

	return count & SEAM_HARDIRQ ? count - SEAM_HARDIRQ + (int)HARDIRQ_OFFSET : count;
}

static __always_inline void preempt_count_set(int count)
{
	(void)count;
}

#define init_task_preempt_count(p) do { } while (0)
#define init_idle_preempt_count(p, cpu) do { } while (0)

static __always_inline void set_preempt_need_resched(void) { }
static __always_inline void clear_preempt_need_resched(void) { }

static __always_inline bool test_preempt_need_resched(void)
{
	return false;
}

static __always_inline bool should_resched(int preempt_offset)
{
	(void)preempt_offset;
	return false;
}

static __always_inline void __preempt_count_add(int val)
{
	seam_preempt_add(val);
}

static __always_inline void __preempt_count_sub(int val)
{
	seam_preempt_sub(val);
}

static __always_inline int __preempt_count_add_return(int val)
{
	seam_preempt_add(val);
	return preempt_count();
}

static __always_inline int __preempt_count_sub_return(int val)
{
	seam_preempt_sub(val);
	return preempt_count();
}

static __always_inline bool __preempt_count_dec_and_test(void)
{
	seam_preempt_sub(1);
	return false;
}

void preempt_schedule(void);
void preempt_schedule_notrace(void);
#define __preempt_schedule() preempt_schedule()
#define __preempt_schedule_notrace() preempt_schedule_notrace()

#endif
