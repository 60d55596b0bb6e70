// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interrupts and softirqs of a CPU, where the kernel's own bookkeeping asks for
 * more than the overlay's asm/irqflags.h gives: kernel/trace/trace_preemptirq.c,
 * kernel/softirq.c and the per-CPU flags of kernel/locking/lockdep.c.
 * Left out: lockdep's history of where interrupts went on and off; the engine
 * keeps the usage that core/lockdep judges.
 * Locking: the flags are the CPU's own. Not instrumented.
 */
#include <linux/bottom_half.h>
#include <linux/interrupt.h>
#include <linux/irqflags.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/preempt.h>

#include "core/tree/shim/shim.h"

#ifdef CONFIG_PROVE_LOCKING
DEFINE_PER_CPU(int, hardirqs_enabled) = 1;
DEFINE_PER_CPU(int, hardirq_context);
DEFINE_PER_CPU(unsigned int, lockdep_recursion);

static void irqs_note(bool on)
{
	*raw_cpu_ptr(&hardirqs_enabled) = on;
}

static void irq_context_note(bool on)
{
	*raw_cpu_ptr(&hardirq_context) = on;
}

void trace_hardirqs_on(void)
{
	irqs_note(true);
}

void trace_hardirqs_off(void)
{
	irqs_note(false);
}

void trace_hardirqs_on_prepare(void)
{
}

void trace_hardirqs_off_finish(void)
{
	irqs_note(false);
}

void lockdep_hardirqs_on_prepare(void)
{
}

void lockdep_hardirqs_on(unsigned long ip)
{
	irqs_note(true);
}

void lockdep_hardirqs_off(unsigned long ip)
{
	irqs_note(false);
}

void lockdep_softirqs_on(unsigned long ip)
{
}

void lockdep_softirqs_off(unsigned long ip)
{
}

void lockdep_assert_in_softirq_func(void)
{
	lockdep_assert_in_softirq();
}
#else
static void irqs_note(bool on)
{
}

static void irq_context_note(bool on)
{
}
#endif

unsigned long shim_irq_save(void)
{
	if (seam_irqs_are_off())
		return 0;
	seam_irq_off();
	irqs_note(false);
	return 1;
}

/* The kernel's on and off do not count: on is on, however often it was off. */
void shim_irq_enable(unsigned long ip)
{
	if (!seam_irqs_are_off())
		return;
	irqs_note(true);
	seam_irq_on_at(ip);
}

void shim_irq_restore(unsigned long flags, unsigned long ip)
{
	if (flags)
		shim_irq_enable(ip);
}

/* An interrupt comes only while they are on, and other contexts of its CPU wait. */
void shim_irq_enter(void)
{
	irqs_note(false);
	irq_context_note(true);
}

void shim_irq_exit(void)
{
	irq_context_note(false);
	irqs_note(true);
}

/* count: the softirq part of the preempt count, and 1 more for a lock's own. */
#ifdef CONFIG_TRACE_IRQFLAGS
void __local_bh_disable_ip(unsigned long ip, unsigned int count)
{
	seam_bh_off();
	if (count & PREEMPT_MASK)
		seam_preempt_off();
}
#endif

void __local_bh_enable_ip(unsigned long ip, unsigned int count)
{
	if (count & PREEMPT_MASK)
		seam_preempt_on(_RET_IP_);
	seam_bh_on(_RET_IP_);
}

void _local_bh_enable(void)
{
	seam_bh_on(_RET_IP_);
}

/* The overlay's count never asks for a reschedule: the schedule preempts at events. */
void preempt_schedule(void)
{
	seam_unexpected("preempt_schedule");
}

void preempt_schedule_notrace(void)
{
	seam_unexpected("preempt_schedule_notrace");
}
