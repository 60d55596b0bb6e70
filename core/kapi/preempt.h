/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/{preempt,irqflags,kernel}.h: switching other tasks and
 * interrupts of this CPU off, asking where one runs, giving others a turn.
 */
#ifndef CORE_KAPI_PREEMPT_H
#define CORE_KAPI_PREEMPT_H

#include "core/engine/context.h"
#include "core/engine/engine.h"

#define preempt_disable() engine_preempt_disable()
#define preempt_enable() engine_preempt_enable(SITE("preempt_enable"))
#define preempt_count() engine_preempt_count()
#define local_irq_disable() engine_irq_disable()
#define local_irq_enable() engine_irq_enable(SITE("local_irq_enable"))
#define local_irq_save(flags) do { (flags) = engine_irqs_off(); engine_irq_disable(); } while (0)
#define local_irq_restore(flags) \
	do { (void)(flags); engine_irq_enable(SITE("local_irq_restore")); } while (0)
#define irqs_disabled() engine_irqs_off()
#define local_bh_disable() engine_bh_disable()
#define local_bh_enable() engine_bh_enable(SITE("local_bh_enable"))
#define in_hardirq() engine_in_hardirq()
#define in_softirq() engine_in_softirq()

static inline bool in_interrupt(void)
{
	return engine_in_hardirq() || engine_in_softirq();
}

static inline bool in_task(void)
{
	return !in_interrupt();
}

static inline bool in_atomic(void)
{
	return engine_preempt_count() != 0 || in_interrupt();
}

/* Reports "BUG: sleeping function called from invalid context" where it is one. */
void might_sleep_at(const struct site *site);
void cond_resched_at(const struct site *site);
#define might_sleep() might_sleep_at(SITE("might_sleep"))
#define might_sleep_if(c) do { if (c) might_sleep_at(SITE("might_sleep")); } while (0)
#define cond_resched() cond_resched_at(SITE("cond_resched"))
/* Waiting for somebody else in a loop: policies let others run. */
#define cpu_relax() engine_yield(SITE("cpu_relax"))

#endif
