// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The CPU as the kernel's side sees it: preemption, interrupts and softirqs in the
 * layout of the kernel's preempt_count, the current task, sleeping and choices.
 * Left out: NMIs, PREEMPT_NEED_RESCHED (a point is what reschedules).
 */
#include "core/base/choice.h"
#include "core/tree/glue/glue.h"

/* The kernel's layout: bits 0-7 preemption, 8-15 softirqs, 16-19 hardirqs. */
#define PREEMPT_BITS 0xff
#define SOFTIRQ_BITS 0xff00
#define SOFTIRQ_SERVING 0x100
#define SOFTIRQ_DISABLED 0x200
#define HARDIRQ_SERVING 0x10000

static void *init_task;

void cpu_reset(void)
{
	init_task = NULL;
}

unsigned seam_cpu(void)
{
	return engine_cpu();
}

unsigned seam_cpus(void)
{
	return engine_cpus();
}

int seam_live(void)
{
	return engine_running();
}

/* ---- preemption, softirqs, interrupts ------------------------------------------------ */

void seam_preempt_add(int val)
{
	if (val & PREEMPT_BITS) {
		/* Before the outermost one: here another task of this CPU may still run. */
		if (!engine_preempt_count() && !engine_events_off)
			engine_point(glue_site(GLUE_CALLER, "preempt_disable"), EV_PREEMPT, NULL, 0);
		for (int i = 0; i < (val & PREEMPT_BITS); i++)
			engine_preempt_disable();
	}
	if (val & SOFTIRQ_BITS)
		engine_bh_disable();
}

void seam_preempt_sub(int val)
{
	if (val & PREEMPT_BITS)
		for (int i = 0; i < (val & PREEMPT_BITS); i++)
			engine_preempt_enable(glue_site(GLUE_CALLER, "preempt_enable"));
	if (val & SOFTIRQ_BITS)
		engine_bh_enable(glue_site(GLUE_CALLER, "bh_enable"));
}

int seam_preempt_count(void)
{
	return (int)(engine_preempt_count() + engine_bh_count() * SOFTIRQ_DISABLED) +
	       (engine_in_softirq() ? SOFTIRQ_SERVING : 0) +
	       (engine_in_hardirq() ? HARDIRQ_SERVING : 0);
}

void seam_preempt_off(void)
{
	engine_preempt_disable();
}

void seam_preempt_on(unsigned long ip)
{
	engine_preempt_enable(glue_site(ip, "preempt_enable"));
}

void seam_irq_off(void)
{
	engine_irq_disable();
}

void seam_irq_on(void)
{
	engine_irq_enable(glue_site(GLUE_CALLER, "irq_enable"));
}

void seam_irq_on_at(unsigned long ip)
{
	engine_irq_enable(glue_site(ip, "irq_enable"));
}

int seam_irqs_are_off(void)
{
	return engine_irqs_off();
}

void seam_bh_off(void)
{
	engine_bh_disable();
}

void seam_bh_on(unsigned long ip)
{
	engine_bh_enable(glue_site(ip, "bh_enable"));
}

/* ---- the current task ------------------------------------------------------------------ */

void *seam_current(void)
{
	void *task = engine_ctx_data();

	return task ? task : init_task;
}

void seam_set_current(void *task)
{
	engine_set_ctx_data(task);
}

void seam_set_init_task(void *task)
{
	init_task = task;
}

void seam_migrate_at(unsigned long ip, unsigned cpu)
{
	if (engine_running() && engine_current() < ENGINE_TASKS_MAX)
		engine_migrate(cpu, glue_site(ip, "migrate"));
}

void seam_migrate(unsigned cpu)
{
	seam_migrate_at(GLUE_CALLER, cpu);
}

/* ---- sleeping and choices --------------------------------------------------------------- */

void seam_wait(unsigned long ip, const volatile unsigned *word, unsigned value, int atomic,
	       const char *what)
{
	engine_wait(glue_site(ip, what), word, value, atomic != 0, what);
}

void seam_wake(const volatile unsigned *word, unsigned n)
{
	engine_wake(word, n);
}

void seam_might_sleep(unsigned long ip)
{
	struct lockdep_ctx *ctx = engine_lockdep_begin();

	if (!ctx)
		return;
	lockdep_might_sleep(ctx, glue_site(ip, "might_sleep"));
	engine_lockdep_end();
}

void seam_cond_resched(unsigned long ip)
{
	engine_point(glue_site(ip, "cond_resched"), EV_PREEMPT, NULL, 0);
}

void seam_yield(unsigned long ip)
{
	engine_yield(glue_site(ip, "yield"));
}

unsigned seam_choose(unsigned long ip, const char *what, unsigned n)
{
	int kind = choice_find(what);

	BUG_ON(kind < 0);
	return engine_choose(glue_site(ip, what), (enum choice_kind)kind, n);
}
