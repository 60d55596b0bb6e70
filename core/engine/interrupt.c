/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: interrupt and softirq entry: what the two contexts of each CPU do when
 * the schedule delivers them. A handler runs with interrupts off on a fiber of
 * its own (on its victim's, TSan would take both for one thread); softirq context
 * runs one RCU callback at a time and can be interrupted.
 */
#include "core/engine/internal.h"

void (*engine_irq_delivered)(unsigned victim_kind, bool hardirq);

static void note_delivery(u32 cpu, bool hardirq)
{
	u32 victim_kind = EV_NONE;

	if (!engine_irq_delivered)
		return;
	for (ctx_mask m = eng.cpu[cpu].tasks & eng.ready; m; m &= m - 1) {
		victim_kind = eng.view.pending[ctx_first(m)].kind;
		break;
	}
	engine_irq_delivered(victim_kind, hardirq);
}

/* The first of a CPU's queue, which loses it. NULL: there is none. */
struct engine_irq_work *interrupt_take(u32 cpu)
{
	struct engine_cpu_state *s = &eng.cpu[cpu];
	struct engine_irq_work *w = s->irq_head;

	if (!w)
		return NULL;
	s->irq_head = w->next;
	if (!s->irq_head)
		s->irq_tail = &s->irq_head;
	return w;
}

struct engine_rcu_head *softirq_take(u32 cpu)
{
	struct engine_cpu_state *s = &eng.cpu[cpu];
	struct engine_rcu_head *head = s->cb_head;

	if (!head)
		return NULL;
	s->cb_head = head->next;
	if (!s->cb_head)
		s->cb_tail = &s->cb_head;
	return head;
}

/* An interrupt: handlers run with interrupts off on a CPU of their own stack. */
void interrupt_body(struct engine_ctx *c)
{
	struct engine_cpu_state *s = &eng.cpu[c->cpu];
	struct engine_irq_work *w = interrupt_take(c->cpu);

	BUG_ON(!w);
	s->irq_active = true;
	sim_cpu_update(c->cpu);
	note_delivery(c->cpu, true);
	c->op = ++s->irq_count;
	c->nrole_kinds = 0;
	label_print(c, c->ld.label, sizeof(c->ld.label));
	c->ld.hardirqs_off = 1;
	c->irqoff = 1;
	eng.stats.irqs++;
	sim_execute(c);
	rcu_reader_enter(c);
	HB(HB_RUN_START_ACQUIRE, acquire, &eng.token_start);
	HB(HB_IRQ_ACQUIRE_ENTRY, acquire, &s->token_irq);
	HB(HB_IRQ_QUEUE_ACQUIRE, acquire, w);
	w->fn(w->arg);
	lockdep_check_op_end(&c->ld, "interrupt");
	HB(HB_IRQ_RELEASE_EXIT, release, &s->token_irq);
	HB(HB_RUN_END_RELEASE, release, &eng.token_end);
	rcu_reader_leave(c);
	c->irqoff = 0;
	s->irq_active = false;
	sim_cpu_update(c->cpu);
}

/* Softirq: one RCU callback whose grace period is over. */
void softirq_body(struct engine_ctx *c)
{
	struct engine_cpu_state *s = &eng.cpu[c->cpu];
	struct engine_rcu_head *head = softirq_take(c->cpu);

	BUG_ON(!head);
	s->softirq_active = true;
	sim_cpu_update(c->cpu);
	note_delivery(c->cpu, false);
	c->op = ++s->cb_count;
	c->nrole_kinds = 0;
	label_print(c, c->ld.label, sizeof(c->ld.label));
	c->ld.softirqs_off = 1;
	eng.stats.softirqs++;
	sim_execute(c);
	rcu_reader_enter(c);
	HB(HB_RUN_START_ACQUIRE, acquire, &eng.token_start);
	HB(HB_BH_ACQUIRE_ENTRY, acquire, &s->token_bh);
	rcu_run_callback(c, head);
	lockdep_check_op_end(&c->ld, "softirq");
	HB(HB_BH_RELEASE_EXIT, release, &s->token_bh);
	HB(HB_RUN_END_RELEASE, release, &eng.token_end);
	rcu_reader_leave(c);
	s->softirq_active = false;
	sim_cpu_update(c->cpu);
}

static const struct site *irq_site(bool hard)
{
	return hard ? SITE("irq_enter") : SITE("softirq_enter");
}

static void irq_pend(struct engine_ctx *c, bool hard)
{
	struct engine_cpu_state *s = &eng.cpu[c->cpu];

	sim_pend_begin(c, (u16)((hard ? s->irq_count : s->cb_count) + 1), irq_site(hard), EV_IRQ);
}

/* Makes the interrupt (softirq) context of the CPU runnable if it has work. */
void interrupt_kick(u32 cpu, bool hard)
{
	u32 i = hard ? ENGINE_CTX_IRQ(cpu) : ENGINE_CTX_SOFTIRQ(cpu);
	struct engine_ctx *c = &eng.ctx[i];

	if (c->state == CTX_BLOCKED || (eng.ready & CTX_BIT(i)))
		return;
	if (hard ? !eng.cpu[cpu].irq_head : !eng.cpu[cpu].cb_head)
		return;
	if (hard ? eng.cpu[cpu].irq_active : eng.cpu[cpu].softirq_active)
		return;
	irq_pend(c, hard);
	c->state = CTX_READY;
	eng.ready |= CTX_BIT(i);
}

void interrupt_put(u32 cpu, struct engine_irq_work *work)
{
	struct engine_cpu_state *s = &eng.cpu[cpu];

	HB(HB_IRQ_QUEUE_RELEASE, release, work);
	work->next = NULL;
	*s->irq_tail = work;
	s->irq_tail = &work->next;
}

void engine_irq_queue(unsigned cpu, struct engine_irq_work *work)
{
	if (!eng.live) {
		eng.backend->irq_queue(cpu, work);
		return;
	}
	interrupt_put(cpu, work);
	interrupt_kick(cpu, true);
}

void sim_softirq_queue(u32 cpu, struct engine_rcu_head *head)
{
	struct engine_cpu_state *s = &eng.cpu[cpu];

	head->next = NULL;
	*s->cb_tail = head;
	s->cb_tail = &head->next;
	if (eng.live)
		interrupt_kick(cpu, false);
}
