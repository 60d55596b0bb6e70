/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RCU of the native backend: liburcu's readers and grace periods (urcu-memb).
 * Callbacks: liburcu's own worker sleeps 10 ms before each batch, which is longer
 * than ten runs, so that no callback would ever run beside the tasks. A thread a CPU
 * does the same without the sleep: takes what its CPU has queued, waits for one
 * urcu_memb_synchronize_rcu(), runs it in softirq context.
 * Happens-before: Debian's liburcu is not built for TSan. What TSan sees of it (its
 * pthread locks) is hidden, and what RCU promises is said here, and only here:
 *   an updater's past, before readers that begin after its call: token_start;
 *   readers' pasts, before what follows a grace period: the readers' own tokens.
 * Weaker than sim in one thing: all readers that are over when a grace period ends
 * are before what follows it, also those that it did not wait for.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#define RCU_MEMBARRIER
#include <urcu/urcu-memb.h>

#include "core/engine/native.h"

#ifdef SWAPRACE_TSAN
void AnnotateIgnoreSyncBegin(const char *file, int line);
void AnnotateIgnoreSyncEnd(const char *file, int line);
#define HIDE_BEGIN() AnnotateIgnoreSyncBegin(__FILE__, __LINE__)
#define HIDE_END() AnnotateIgnoreSyncEnd(__FILE__, __LINE__)
#else
#define HIDE_BEGIN() ((void)0)
#define HIDE_END() ((void)0)
#endif

static struct {
	u32 started, ended; /* grace periods: asked for, over */
	u32 queued[ENGINE_CPUS_MAX], ran[ENGINE_CPUS_MAX]; /* callbacks of this run */
	u32 courier_lock;   /* hidden */
	char token_start, token_end;
} rcu;

void native_rcu_init(void)
{
	static bool done;

	if (!done)
		urcu_memb_init();
	done = true;
	rcu.started = rcu.ended = 0;
	for (u32 i = 0; i < ENGINE_CPUS_MAX; i++)
		rcu.queued[i] = rcu.ran[i] = 0;
}

void native_rcu_thread(bool begin)
{
	HIDE_BEGIN();
	if (begin)
		urcu_memb_register_thread();
	else
		urcu_memb_unregister_thread();
	HIDE_END();
}

/* ---- readers: sections, and whatever keeps the CPU ---- */

void native_reader_enter(struct engine_ctx *c)
{
	if (c->reader_nest++ != 0)
		return;
	urcu_memb_read_lock();
	if (c->gp_seen_started != engine_load_relaxed(&rcu.started)) {
		c->gp_seen_started = engine_load_relaxed(&rcu.started);
		HB(HB_GP_START_ACQUIRE, acquire, &rcu.token_start);
	}
	if (c->gp_seen_ended != engine_load_relaxed(&rcu.ended)) {
		c->gp_seen_ended = engine_load_relaxed(&rcu.ended);
		HB(HB_GP_READER_ACQUIRE, acquire, &rcu.token_end);
	}
}

void native_reader_leave(struct engine_ctx *c)
{
	if (--c->reader_nest != 0)
		return;
	HB(HB_GP_READER_RELEASE, release, &c->token_read);
	urcu_memb_read_unlock();
}

/* ---- grace periods ---- */

static void grace_period_ask(void)
{
	HB(HB_GP_START_RELEASE, release, &rcu.token_start);
	engine_fetch_add(&rcu.started, 1, ENGINE_RELEASE);
}

#ifdef SWAPRACE_TSAN
/* By a courier, so that who waited does not pass on what he knows besides. */
static void readers_past(void *arg)
{
	(void)arg;
	for (u32 i = 0; i < ENGINE_CTX_MAX; i++)
		engine_hb_acquire(&eng.ctx[i].token_read);
	engine_hb_release(&rcu.token_end);
}
#endif

static void grace_period_wait(void)
{
	HIDE_BEGIN();
	urcu_memb_synchronize_rcu();
	HIDE_END();
#ifdef SWAPRACE_TSAN
	engine_hidden_lock(&rcu.courier_lock);
	if (engine_hb_disabled != HB_GP_PAST_READERS)
		tsan_on_courier(readers_past, NULL);
	engine_hidden_unlock(&rcu.courier_lock);
#endif
	engine_fetch_add(&rcu.ended, 1, ENGINE_RELEASE);
}

static void synchronize(void)
{
	grace_period_ask();
	grace_period_wait();
	HB(HB_GP_WAITER_ACQUIRE, acquire, &rcu.token_end);
}

void native_synchronize_rcu(const struct site *site)
{
	native_point(site, EV_RCU, NULL, 0);
	synchronize();
}

void native_call_rcu(const struct site *site, struct engine_rcu_head *head)
{
	u32 cpu = head->cpu; /* once queued, the callback may run and free head */
	struct engine_cpu_state *s = &eng.cpu[cpu];

	native_point(site, EV_RCU, head, sizeof(*head));
	grace_period_ask();
	native_busy_get();
	native_queue_lock();
	*s->cb_tail = head;
	s->cb_tail = &head->next;
	rcu.queued[cpu]++;
	native_queue_unlock();
	native_kick(ENGINE_CTX_SOFTIRQ(cpu));
}

static void run_callback(struct engine_ctx *c, struct engine_rcu_head *head, u16 number)
{
	native_delay();
	native_handler_begin(c, false, number);
	c->ld.softirqs_off = 1;
	HB(HB_BH_ACQUIRE_ENTRY, acquire, &eng.cpu[c->cpu].token_bh);
	HB(HB_GP_CALLBACK_ACQUIRE, acquire, &rcu.token_start);
	HB(HB_GP_CALLBACK_ACQUIRE, acquire, &rcu.token_end);
	head->fn(head); /* head may be gone after this */
	HB(HB_BH_RELEASE_EXIT, release, &eng.cpu[c->cpu].token_bh);
	native_handler_end(c, "softirq");
	engine_fetch_add(&rcu.ran[c->cpu], 1, ENGINE_RELEASE);
	native_busy_put();
}

void native_rcu_work(struct engine_ctx *c)
{
	struct engine_cpu_state *s = &eng.cpu[c->cpu];
	struct engine_rcu_head *head, *next;
	u16 number;

	for (;;) {
		native_queue_lock();
		head = s->cb_head;
		s->cb_head = NULL;
		s->cb_tail = &s->cb_head;
		number = s->cb_count;
		for (next = head; next; next = next->next) {
			s->cb_count++;
			eng.stats.softirqs++;
		}
		native_queue_unlock();
		if (!head)
			return;
		grace_period_wait();
		for (; head; head = next) {
			next = head->next;
			run_callback(c, head, ++number);
		}
	}
}

/* Waits until all callbacks that are queued by now have run. */
void native_rcu_barrier(void)
{
	synchronize();
	for (u32 cpu = 0; cpu < eng.ncpus; cpu++) {
		u32 queued;

		native_queue_lock();
		queued = rcu.queued[cpu];
		native_queue_unlock();
		while ((s32)(queued - engine_load_acquire(&rcu.ran[cpu])) > 0)
			sched_yield();
	}
}
