/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: the sim machine does what engine.h says. Method: tiny worlds of raw
 * engine calls, many seeds: mutual exclusion by CPU and by word, interrupts, RCU
 * grace periods, deadlock, livelock, kill mode without a trace, determinism.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/test.h"
#include "core/engine/context.h"
#include "core/engine/test/policies.h"

struct shared {
	u32 lock;
	u32 in, max_in, count;
	u32 seen;
	u32 sleepers;
	u32 freed;
	u32 inside, inside_when_freed;
	struct engine_irq_work irq;
	struct engine_rcu_head rcu;
};
static struct shared *w;

static void lock(u32 *word)
{
	u32 zero = 0;

	engine_preempt_disable();
	engine_point(SITE("lock"), EV_LOCK, word, 4);
	while (!engine_cmpxchg(word, &zero, 1, ENGINE_ACQUIRE, ENGINE_RELAXED)) {
		zero = 0;
		engine_wait(SITE("lock"), word, 1, true, "a lock");
	}
}

static void unlock(u32 *word)
{
	engine_point(SITE("unlock"), EV_UNLOCK, word, 4);
	engine_store_release(word, 0);
	engine_wake(word, 1);
	engine_preempt_enable(SITE("unlock"));
}

static void setup(void *arg)
{
	(void)arg;
	w = engine_arena_alloc(sizeof(*w));
	engine_role_set(w, sizeof(*w), "shared", -1, -1);
}

static struct engine_stats stats;
static enum engine_status run(void (*fn[])(void *), const u8 *cpu, unsigned n, unsigned cpus,
			      struct sched_policy *policy, u64 seed)
{
	struct engine_task task[4];
	enum engine_status status;

	for (unsigned i = 0; i < n; i++)
		task[i] = (struct engine_task){ .fn = fn[i], .arg = (void *)(uintptr_t)i,
						.cpu = cpu[i] };
	engine_reset(&(struct engine_config){ .cpus = cpus, .ntasks = n, .tasks = task,
					      .policy = policy, .seed = seed, .steps_max = 2000 });
	engine_quiet(setup, NULL);
	status = engine_run();
	engine_stats(&stats);
	return status;
}

static void counter_task(void *arg)
{
	(void)arg;
	engine_op_begin(1, SITE("op"));
	for (int i = 0; i < 20; i++) {
		lock(&w->lock);
		w->in++;
		w->max_in = max(w->max_in, w->in);
		engine_point(SITE("inside"), EV_LOAD, w, 4);
		w->count++;
		w->in--;
		unlock(&w->lock);
	}
	engine_op_end(SITE("op"));
}

static void test_exclusion(void)
{
	void (*fn[])(void *) = { counter_task, counter_task, counter_task };
	const u8 cpu[][3] = { { 0, 1, 2 }, { 0, 0, 0 }, { 0, 1, 1 } };

	for (unsigned k = 0; k < 3; k++)
		for (u64 seed = 1; seed < 300; seed++) {
			u64 hash;

			CHECK(run(fn, cpu[k], 3, 3, &test_policy_random, seed) == ENGINE_DONE);
			CHECK(w->max_in == 1 && w->count == 60);
			hash = stats.trace_hash;
			run(fn, cpu[k], 3, 3, &test_policy_random, seed);
			CHECK(hash == stats.trace_hash);
		}
}

/* Preemption off keeps the other task of this CPU off, not that of another. */
static void preempt_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5; i++) {
		engine_preempt_disable();
		w->in++;
		engine_point(SITE("a"), EV_LOAD, w, 4);
		engine_point(SITE("b"), EV_LOAD, w, 4);
		w->max_in = max(w->max_in, w->in);
		w->in--;
		engine_preempt_enable(SITE("c"));
	}
}

static void test_preempt(void)
{
	void (*fn[])(void *) = { preempt_task, preempt_task };
	u32 together = 0;

	for (u64 seed = 1; seed < 200; seed++) {
		run(fn, (u8[]){ 0, 0 }, 2, 2, &test_policy_random, seed);
		CHECK(w->max_in == 1);
		run(fn, (u8[]){ 0, 1 }, 2, 2, &test_policy_random, seed);
		together += w->max_in == 2;
	}
	CHECK(together > 50);
}

/* Interrupts: kept off by irq_disable, delivered at every kind of place else. */
static void irq_handler(void *arg)
{
	(void)arg;
	CHECK(engine_in_hardirq());
	w->seen = 1 + w->inside;
}

static void irq_task(void *arg)
{
	(void)arg;
	w->irq = (struct engine_irq_work){ .fn = irq_handler, .name = "test" };
	engine_irq_queue(0, &w->irq);
	engine_point(SITE("before"), EV_LOAD, w, 4);
	engine_irq_disable();
	w->inside = w->seen ? 0 : 1;
	engine_point(SITE("off"), EV_LOAD, w, 4);
	engine_point(SITE("off"), EV_LOAD, w, 4);
	w->inside = 0;
	engine_irq_enable(SITE("on"));
	engine_point(SITE("after"), EV_LOAD, w, 4);
	w->count = w->seen;
}

static void test_irq(void)
{
	void (*fn[])(void *) = { irq_task };
	u32 early = 0, late = 0;

	for (u64 seed = 1; seed < 300; seed++) {
		CHECK(run(fn, (u8[]){ 0 }, 1, 1, &test_policy_random, seed) == ENGINE_DONE);
		CHECK(w->seen == 1);
		CHECK(stats.irqs == 1);
		early += w->count == 1;
		late += w->count == 0;
	}
	CHECK(early > 10 && late > 10);
}

/* An interrupt that spins on its victim's lock is a deadlock. */
static void spin_handler(void *arg)
{
	(void)arg;
	lock(&w->lock);
	unlock(&w->lock);
}

static void victim_task(void *arg)
{
	(void)arg;
	w->irq = (struct engine_irq_work){ .fn = spin_handler, .name = "test" };
	engine_irq_queue(0, &w->irq);
	lock(&w->lock);
	engine_point(SITE("inside"), EV_LOAD, w, 4);
	unlock(&w->lock);
}

static void test_irq_deadlock(void)
{
	void (*fn[])(void *) = { victim_task };
	u32 deadlocks = 0;

	for (u64 seed = 1; seed < 200; seed++)
		if (run(fn, (u8[]){ 0 }, 1, 1, &test_policy_random, seed) == ENGINE_REPORTED) {
			CHECK(strcmp(engine_report()->title, "deadlock: task hung in lock") == 0);
			deadlocks++;
		}
	CHECK(deadlocks > 20 && deadlocks < 190);
}

/* RCU: the callback never runs while a reader of before is inside, may run while
 * one that came later is, and never inside of call_rcu. */
static void rcu_free(struct engine_rcu_head *head)
{
	(void)head;
	w->freed = 1;
	w->inside_when_freed = w->inside;
	CHECK(engine_in_softirq());
}

static void reader_task(void *arg)
{
	bool old;

	(void)arg;
	engine_rcu_read_lock(SITE("rcu_read_lock"));
	old = !w->seen; /* before call_rcu */
	if (old)
		w->inside = 1;
	engine_point(SITE("in"), EV_LOAD, w, 4);
	engine_point(SITE("in"), EV_LOAD, w, 4);
	if (old) {
		CHECK(!w->freed);
		w->inside = 0;
	}
	engine_rcu_read_unlock(SITE("rcu_read_unlock"));
}

static void updater_task(void *arg)
{
	bool sync = (uintptr_t)arg & 4;

	engine_point(SITE("start"), EV_LOAD, w, 4);
	w->seen = 1;
	if (sync) {
		engine_synchronize_rcu(SITE("synchronize_rcu"));
		CHECK(!w->inside);
		w->freed = 1;
	} else {
		engine_call_rcu(SITE("call_rcu"), &w->rcu, rcu_free);
	}
}

static void test_rcu(void)
{
	void (*fn[])(void *) = { reader_task, updater_task, reader_task };

	for (u64 seed = 1; seed < 400; seed++) {
		CHECK(run(fn, (u8[]){ 0, 1, 2 }, 3, 3, &test_policy_random, seed) == ENGINE_DONE);
		CHECK(w->freed && !w->inside_when_freed);
		CHECK(stats.softirqs == 1);
	}
}

/* Two locks, two orders; then clean runs in the same process. */
static u32 *second_lock(void)
{
	return &w->sleepers;
}

static void ab_task(void *arg)
{
	bool swap = (uintptr_t)arg == 1;

	lock(swap ? second_lock() : &w->lock);
	engine_point(SITE("mid"), EV_LOAD, w, 4);
	lock(swap ? &w->lock : second_lock());
	unlock(&w->lock);
	unlock(second_lock());
}

static void test_deadlock_then_clean(void)
{
	void (*bad[])(void *) = { ab_task, ab_task };
	void (*good[])(void *) = { counter_task, counter_task };
	u32 deadlocks = 0;

	for (u64 seed = 1; deadlocks < 1000; seed++)
		if (run(bad, (u8[]){ 0, 1 }, 2, 2, &test_policy_random, seed) == ENGINE_REPORTED)
			deadlocks++;
	CHECK(run(good, (u8[]){ 0, 1 }, 2, 2, &test_policy_random, 7) == ENGINE_DONE);
	CHECK(w->count == 40);
}

static void spin_task(void *arg)
{
	(void)arg;
	engine_op_begin(1, SITE("op"));
	while (!w->seen)
		engine_yield(SITE("spin"));
	engine_op_end(SITE("op"));
}

static void release_task(void *arg)
{
	(void)arg;
	engine_point(SITE("x"), EV_STORE, w, 4);
	w->seen = 1;
}

static unsigned count_stacks(const char *body)
{
	unsigned n = 0;

	while ((body = strstr(body, "\nstack:\n"))) {
		body++;
		n++;
	}
	return n;
}

static void name_many(void *arg)
{
	char *p = engine_arena_alloc(128);

	engine_op_begin(1, SITE("op"));
	for (unsigned i = 0; i < (arg ? 3000u : 0); i++)
		engine_point(SITE("late"), EV_LOAD, p, 8);
	for (unsigned i = 0; i < 1u << 16; i++)
		engine_role_set(p, 8, "again", (int)i, -1);
	engine_role_set(p + 64, 8, "without", 1, -1);
	CHECK(engine_role_of(p) == 0 && engine_role_of(p + 64) == 0);
	engine_op_end(SITE("op"));
}

static void name_many_late(void *arg)
{
	(void)arg;
	name_many("late");
}

/* More objects than have room are a report; under the fair schedule they have no names. */
static void test_many_roles(void)
{
	void (*early[])(void *) = { name_many }, (*late[])(void *) = { name_many_late };

	CHECK(run(early, (u8[]){ 0 }, 1, 1, &test_policy_lowest, 1) == ENGINE_REPORTED);
	CHECK(strcmp(engine_report()->title, "engine: too many roles") == 0);
	CHECK(run(late, (u8[]){ 0 }, 1, 1, &test_policy_lowest, 1) == ENGINE_DONE);
}

static void long_ops(void *arg)
{
	(void)arg;
	for (unsigned op = 1; op <= 6; op++) {
		engine_op_begin((u16)op, SITE("op"));
		for (unsigned i = 0; i < 200000; i++)
			engine_point(SITE("long"), EV_LOAD, w, 4);
		engine_op_end(SITE("op"));
	}
	CHECK(!"it is ended before");
}

/* Each op ends, so it is no livelock; but the run is not waited for. */
static void test_cut(void)
{
	void (*fn[])(void *) = { long_ops };

	CHECK(run(fn, (u8[]){ 0 }, 1, 1, &test_policy_lowest, 1) == ENGINE_TRUNCATED);
	CHECK(!stats.complete && stats.fair);
	CHECK(stats.steps > 900000 && stats.steps < 1200000);
}

static void test_livelock(void)
{
	void (*stuck[])(void *) = { spin_task, spin_task };
	void (*fine[])(void *) = { spin_task, release_task };

	CHECK(run(stuck, (u8[]){ 0 }, 1, 1, &test_policy_lowest, 1) == ENGINE_REPORTED);
	CHECK(strcmp(engine_report()->title, "livelock in spin_task") == 0);
	CHECK(count_stacks(engine_report()->body) == 1);
	/* all that have not finished are shown, for the first may only wait */
	CHECK(run(stuck, (u8[]){ 0, 1 }, 2, 2, &test_policy_lowest, 1) == ENGINE_REPORTED);
	CHECK(strcmp(engine_report()->title, "livelock in spin_task") == 0);
	CHECK(count_stacks(engine_report()->body) == 2);
	/* the default schedule alone would spin for ever; the fair one ends it */
	CHECK(run(fine, (u8[]){ 0, 1 }, 2, 2, &test_policy_lowest, 1) == ENGINE_DONE);
}

static void park_task(void *arg)
{
	(void)arg;
	while (!w->seen)
		engine_park(SITE("kworker"), &w->seen, 0);
}

static void test_parked(void)
{
	void (*fn[])(void *) = { park_task, counter_task };
	void (*hung[])(void *) = { park_task, ab_task, ab_task };

	for (u64 seed = 1; seed < 50; seed++)
		CHECK(run(fn, (u8[]){ 0, 1 }, 2, 2, &test_policy_random, seed) == ENGINE_DONE);
	for (u64 seed = 1; seed < 50; seed++)
		run(hung, (u8[]){ 0, 1, 2 }, 3, 3, &test_policy_random, seed);
}

static void names_task(void *arg)
{
	char buf[40];
	void *p;

	(void)arg;
	engine_op_begin(3, SITE("op"));
	p = engine_arena_alloc(32);
	engine_role_new(p, 32, "folio");
	p = engine_arena_alloc(32);
	engine_role_new(p, 32, "folio");
	engine_role_name(engine_role_of(p), buf, sizeof(buf));
	CHECK(strcmp(buf, "folio A3.1") == 0);
	CHECK(engine_role_hash(engine_role_of(p)) == site_hash(buf, strlen(buf)));
	engine_role_set(p, 16, "cluster dev", 0, 12);
	engine_role_name(engine_role_of(p), buf, sizeof(buf));
	CHECK(strcmp(buf, "cluster dev0.12") == 0);
	CHECK(engine_role_hash(engine_role_of(p)) == site_hash(buf, strlen(buf)));
	engine_role_name(engine_role_of((char *)p + 16), buf, sizeof(buf));
	CHECK(strcmp(buf, "folio A3.1") == 0);
	engine_op_end(SITE("op"));
}

static void test_names(void)
{
	void (*fn[])(void *) = { names_task };

	CHECK(run(fn, (u8[]){ 0 }, 1, 1, &test_policy_random, 1) == ENGINE_DONE);
}

int main(void)
{
	test_exclusion();
	test_preempt();
	test_irq();
	test_irq_deadlock();
	test_rcu();
	test_deadlock_then_clean();
	test_many_roles();
	test_cut();
	test_livelock();
	test_parked();
	test_names();
	engine_exit();
	return TEST_END();
}
