/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: preempt_count, local_irq_*, local_bh_*: what keeps other contexts off
 * a CPU. While a task has preemption, interrupts or softirqs off it is its CPU's
 * holder: no other task of that CPU runs. Each CPU has three happens-before
 * tokens: one for non-preemptible sections, one for interrupts, one for softirqs.
 * Left out: migration (but engine_migrate(), on the task's own wish) and nested
 * interrupts.
 */
#include "core/engine/internal.h"

unsigned engine_current(void)
{
	return this_ctx()->index;
}

unsigned engine_cpu(void)
{
	return this_ctx()->cpu;
}

unsigned engine_cpus(void)
{
	return eng.ncpus;
}

/* Native masks nobody: who is off has his CPU's lock. */
static inline void cpu_update(u32 cpu)
{
	if (likely(eng.live))
		sim_cpu_update(cpu);
}

/* The first of preempt, irq, bh goes off. */
static inline void atomic_enter(struct engine_ctx *c)
{
	struct engine_cpu_state *s = &eng.cpu[c->cpu];

	if (c->atomic_nest++ != 0)
		return;
	if (ctx_is_task(c->index)) {
		if (likely(eng.live)) {
			s->holder = c->index;
			eng.masked |= s->tasks & ~CTX_BIT(c->index);
		} else {
			eng.backend->cpu_take(c->cpu);
		}
		HB(HB_CPU_ACQUIRE, acquire, &s->token_cpu);
	}
	rcu_reader_enter(c);
}

/* The last of them is on again; a waiting task of this CPU may take over. */
static inline void atomic_leave(struct engine_ctx *c, const struct site *site)
{
	struct engine_cpu_state *s = &eng.cpu[c->cpu];

	if (--c->atomic_nest != 0)
		return;
	rcu_reader_leave(c);
	if (!ctx_is_task(c->index))
		return;
	HB(HB_CPU_RELEASE, release, &s->token_cpu);
	if (unlikely(!eng.live)) {
		eng.backend->cpu_give(c->cpu);
		engine_point(site, EV_PREEMPT, NULL, 0);
		return;
	}
	s->holder = -1;
	eng.masked &= ~s->tasks;
	if (unlikely(eng.ready & s->tasks & ~CTX_BIT(c->index)))
		engine_point(site, EV_PREEMPT, NULL, 0);
}

void engine_preempt_disable(void)
{
	struct engine_ctx *c = this_ctx();

	if (c->ld.preempt_count++ != 0)
		return;
	if (is_running())
		atomic_enter(c);
}

void engine_preempt_enable(const struct site *site)
{
	struct engine_ctx *c = this_ctx();

	if (unlikely(c->ld.preempt_count == 0)) {
		report_warnf("preempt_count underflow", site->func, "at %s\n", site->op);
		return;
	}
	if (--c->ld.preempt_count != 0)
		return;
	if (is_running())
		atomic_leave(c, site);
}

unsigned engine_preempt_count(void)
{
	return this_ctx()->ld.preempt_count;
}

void engine_irq_disable(void)
{
	struct engine_ctx *c = this_ctx();

	if (c->irqoff++ != 0)
		return;
	c->ld.hardirqs_off = 1;
	if (is_running()) {
		atomic_enter(c);
		cpu_update(c->cpu);
		HB(HB_IRQ_ACQUIRE_DISABLE, acquire, &eng.cpu[c->cpu].token_irq);
	}
}

void engine_irq_enable(const struct site *site)
{
	struct engine_ctx *c = this_ctx();
	struct lockdep_ctx *ld;

	if (unlikely(c->irqoff == 0)) {
		report_warnf("interrupts enabled twice", site->func, "at %s\n", site->op);
		return;
	}
	if (c->irqoff > 1) {
		c->irqoff--;
		return;
	}
	ld = engine_lockdep_begin();
	if (ld) {
		lockdep_hardirqs_on(ld, site);
		engine_lockdep_end();
	}
	c->irqoff = 0;
	c->ld.hardirqs_off = 0;
	if (is_running()) {
		HB(HB_IRQ_RELEASE_ENABLE, release, &eng.cpu[c->cpu].token_irq);
		cpu_update(c->cpu);
		atomic_leave(c, site);
	}
}

bool engine_irqs_off(void)
{
	return this_ctx()->irqoff != 0;
}

void engine_bh_disable(void)
{
	struct engine_ctx *c = this_ctx();

	if (c->bhoff++ != 0)
		return;
	c->ld.softirqs_off = 1;
	if (is_running()) {
		atomic_enter(c);
		cpu_update(c->cpu);
		HB(HB_BH_ACQUIRE_DISABLE, acquire, &eng.cpu[c->cpu].token_bh);
	}
}

void engine_bh_enable(const struct site *site)
{
	struct engine_ctx *c = this_ctx();
	struct lockdep_ctx *ld;

	if (unlikely(c->bhoff == 0)) {
		report_warnf("softirqs enabled twice", site->func, "at %s\n", site->op);
		return;
	}
	if (c->bhoff > 1) {
		c->bhoff--;
		return;
	}
	ld = engine_lockdep_begin();
	if (ld) {
		lockdep_softirqs_on(ld, site);
		engine_lockdep_end();
	}
	c->bhoff = 0;
	c->ld.softirqs_off = 0;
	if (is_running()) {
		HB(HB_BH_RELEASE_ENABLE, release, &eng.cpu[c->cpu].token_bh);
		cpu_update(c->cpu);
		atomic_leave(c, site);
	}
}

void engine_migrate(unsigned cpu, const struct site *site)
{
	struct engine_ctx *c = this_ctx();
	unsigned old = c->cpu;

	BUG_ON(cpu >= eng.ncpus || c->atomic_nest != 0);
	if (cpu == old)
		return;
	c->cpu = (u8)cpu;
	if (!eng.live) {
		eng.backend->point(site, EV_PREEMPT, NULL, 0);
		return;
	}
	BUG_ON(!ctx_is_task(c->index));
	eng.view.cpu_of[c->index] = (u8)cpu;
	eng.cpu[old].tasks &= ~CTX_BIT(c->index);
	eng.cpu[cpu].tasks |= CTX_BIT(c->index);
	eng.masked &= ~CTX_BIT(c->index);
	sim_cpu_update(old);
	sim_cpu_update(cpu); /* busy there: masked until its holder is preemptible */
	engine_point(site, EV_PREEMPT, NULL, 0);
}

unsigned engine_bh_count(void)
{
	return this_ctx()->bhoff;
}

bool engine_in_hardirq(void)
{
	struct engine_ctx *c = this_ctx();

	return c->index >= ENGINE_CTX_IRQ(0) && c->index < ENGINE_CTX_SOFTIRQ(0);
}

bool engine_in_softirq(void)
{
	struct engine_ctx *c = this_ctx();

	return c->index >= ENGINE_CTX_SOFTIRQ(0) && c->index < ENGINE_CTX_MAX;
}

void *engine_ctx_data(void)
{
	return this_ctx()->data;
}

void engine_set_ctx_data(void *data)
{
	this_ctx()->data = data;
}
