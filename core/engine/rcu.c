/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: kernel/rcu: grace periods, exactly. A reader is an explicit section or
 * any region with preemption, interrupts or softirqs off, and every handler. A
 * grace period ends when each reader that was inside at its start has left; its
 * callback then runs in softirq context on the CPU that queued it, whenever the
 * schedule lets that context run, never inside of call_rcu().
 * Happens-before: a token for each grace period's start (released by the
 * updater, acquired by readers that begin later) and one for its end (released
 * by exactly the readers that it waits for and those that were over before it,
 * acquired by its callback or waiter and by readers that begin after it).
 * Left out: expedited and polled grace periods, SRCU.
 */
#include "core/engine/internal.h"

void rcu_reset(void)
{
	eng.ngps = eng.gps_ended = 0;
}

static void gp_end(struct engine_gp *gp)
{
	gp->ended = true;
	eng.gps_ended++;
	if (gp->head) {
		sim_softirq_queue(gp->head->cpu, gp->head);
	} else {
		gp->done_word = 1;
		engine_wake(&gp->done_word, CTX_COUNT);
	}
}

/* A reader acquires what grace periods before it have published. */
static void reader_tokens(struct engine_ctx *c)
{
#ifdef SWAPRACE_TSAN
	for (; c->gp_seen_started < eng.ngps; c->gp_seen_started++)
		HB(HB_GP_START_ACQUIRE, acquire, &eng.gp[c->gp_seen_started % GP_MAX].token_start);
	/* Ends come in any order: look again from the first that was open. */
	for (u32 i = c->gp_seen_ended; i < eng.ngps; i++) {
		struct engine_gp *gp = &eng.gp[i % GP_MAX];

		if (gp->ended)
			HB(HB_GP_READER_ACQUIRE, acquire, &gp->token_end);
		if (gp->ended && i == c->gp_seen_ended)
			c->gp_seen_ended++;
	}
#else
	(void)c;
#endif
}

void rcu_reader_enter(struct engine_ctx *c)
{
	if (unlikely(!eng.live)) {
		eng.backend->reader_enter(c);
		return;
	}
	if (c->reader_nest++ != 0)
		return;
	eng.readers |= CTX_BIT(c->index);
	if (eng.ngps != c->gp_seen_ended)
		reader_tokens(c);
}

void rcu_reader_leave(struct engine_ctx *c)
{
	ctx_mask bit = CTX_BIT(c->index);

	if (unlikely(!eng.live)) {
		eng.backend->reader_leave(c);
		return;
	}
	if (--c->reader_nest != 0)
		return;
	eng.readers &= ~bit;
	if (likely(eng.gps_ended == eng.ngps))
		return;
	for (u32 i = eng.ngps > GP_MAX ? eng.ngps - GP_MAX : 0; i < eng.ngps; i++) {
		struct engine_gp *gp = &eng.gp[i % GP_MAX];

		if (gp->ended || !(gp->waiting & bit))
			continue;
		HB(HB_GP_READER_RELEASE, release, &gp->token_end);
		gp->waiting &= ~bit;
		if (!gp->waiting)
			gp_end(gp);
	}
}

#ifdef SWAPRACE_TSAN
/*
 * Sections that were over before the grace period began happen before its end as
 * well. Their last words lie in tokens that later sections release to, too, so
 * they are copied at this moment, by a courier: the updater itself learns nothing.
 */
static void gp_past_readers(void *arg)
{
	struct engine_gp *gp = arg;

	for (u32 i = 0; i < eng.ncpus; i++) {
		engine_hb_acquire(&eng.cpu[i].token_cpu);
		engine_hb_acquire(&eng.cpu[i].token_irq);
		engine_hb_acquire(&eng.cpu[i].token_bh);
	}
	for (u32 i = 0; i < eng.ntasks; i++)
		engine_hb_acquire(&eng.ctx[i].token_read);
	engine_hb_release(&gp->token_end);
}
#endif

static struct engine_gp *gp_start(struct engine_rcu_head *head)
{
	struct engine_gp *gp = &eng.gp[eng.ngps % GP_MAX];

	if (eng.ngps >= GP_MAX && !gp->ended)
		report("engine: too many grace periods at once", "");
	gp->waiting = eng.readers;
	gp->ended = false;
	gp->head = head;
	gp->done_word = 0;
	eng.ngps++;
	HB(HB_GP_START_RELEASE, release, &gp->token_start);
#ifdef SWAPRACE_TSAN
	if (engine_hb_disabled != HB_GP_PAST_READERS)
		tsan_on_courier(gp_past_readers, gp);
#endif
	return gp;
}

static void lockdep_note(void (*fn)(struct lockdep_ctx *, const struct site *),
			 const struct site *site)
{
	struct lockdep_ctx *ld = engine_lockdep_begin();

	if (ld) {
		fn(ld, site);
		engine_lockdep_end();
	}
}

void engine_rcu_read_lock(const struct site *site)
{
	struct engine_ctx *c;

	if (!is_running()) {
		if (engine_lockdep_now)
			lockdep_note(lockdep_rcu_read_lock, site);
		else
			cur_ctx()->ld.rcu_nesting++;
		return;
	}
	engine_point(site, EV_RCU, NULL, 0);
	c = this_ctx();
	lockdep_note(lockdep_rcu_read_lock, site);
	if (c->ld.rcu_nesting == 1)
		rcu_reader_enter(c);
}

void engine_rcu_read_unlock(const struct site *site)
{
	struct engine_ctx *c;
	u32 before;

	c = this_ctx();
	if (!is_running()) {
		if (engine_lockdep_now)
			lockdep_note(lockdep_rcu_read_unlock, site);
		else if (c->ld.rcu_nesting)
			c->ld.rcu_nesting--;
		return;
	}
	engine_point(site, EV_RCU, NULL, 0);
	before = c->ld.rcu_nesting;
	lockdep_note(lockdep_rcu_read_unlock, site);
	if (before == 1 && c->ld.rcu_nesting == 0) {
		HB(HB_GP_READER_RELEASE, release, &c->token_read);
		rcu_reader_leave(c);
	}
}

bool engine_rcu_read_held(void)
{
	return this_ctx()->ld.rcu_nesting != 0;
}

bool engine_rcu_watching(void)
{
	struct engine_ctx *c = this_ctx();

	return c->ld.rcu_nesting || c->ld.preempt_count || c->irqoff || c->bhoff ||
	       !ctx_is_task(c->index);
}

void engine_call_rcu(const struct site *site, struct engine_rcu_head *head,
		     void (*fn)(struct engine_rcu_head *head))
{
	struct engine_gp *gp;

	head->fn = fn;
	head->next = NULL;
	head->cpu = (u32)engine_cpu();
	head->gp = 0;
	if (!eng.live) {
		eng.backend->call_rcu(site, head);
		return;
	}
	engine_point(site, EV_RCU, head, sizeof(*head));
	head->gp = eng.ngps + 1;
	gp = gp_start(head);
	if (!gp->waiting)
		gp_end(gp);
}

void rcu_run_callback(struct engine_ctx *c, struct engine_rcu_head *head)
{
	(void)c;
	if (head->gp) {
		HB(HB_GP_CALLBACK_ACQUIRE, acquire, &eng.gp[(head->gp - 1) % GP_MAX].token_start);
		HB(HB_GP_CALLBACK_ACQUIRE, acquire, &eng.gp[(head->gp - 1) % GP_MAX].token_end);
	}
	head->fn(head);
}

void engine_synchronize_rcu(const struct site *site)
{
	struct engine_gp *gp;

	lockdep_note(lockdep_rcu_sync, site);
	if (!eng.live) {
		eng.backend->synchronize_rcu(site);
		return;
	}
	engine_point(site, EV_RCU, NULL, 0);
	gp = gp_start(NULL);
	if (!gp->waiting)
		gp_end(gp);
	while (!gp->done_word)
		engine_wait(site, &gp->done_word, 0, false, "a grace period");
	HB(HB_GP_WAITER_ACQUIRE, acquire, &gp->token_end);
}

/* Waits until every callback queued so far has run. */
void engine_rcu_barrier(const struct site *site)
{
	if (!eng.live) {
		eng.backend->rcu_barrier();
		return;
	}
	engine_synchronize_rcu(site);
	for (u32 cpu = 0; cpu < eng.ncpus; cpu++)
		while (eng.live && (eng.cpu[cpu].cb_head || eng.cpu[cpu].softirq_active))
			engine_yield(site);
}
