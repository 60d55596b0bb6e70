// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: each policy is deterministic for a seed, spreads over schedules as its
 * algorithm says, and lets a task that only spins wait. Method: three tasks of a
 * few events on the bare engine, and the order in which they ended up.
 */
#include "core/base/test.h"
#include "core/engine/context.h"
#include "fuzz/sched/sched.h"

#define TASKS 3
#define EVENTS 4

static char order[64];
static u32 ordered;
static u32 *word;

static void task_walk(void *arg)
{
	for (int i = 0; i < EVENTS; i++) {
		engine_point(SITE("step"), EV_STORE, word, 4);
		order[ordered++] = (char)('A' + (uintptr_t)arg);
	}
}

/* Spins until the others are through. */
static void task_spin(void *arg)
{
	(void)arg;
	while (engine_load_relaxed(word) < TASKS - 1) {
		engine_yield(SITE("relax"));
		ordered++;
	}
}

static void task_count(void *arg)
{
	(void)arg;
	for (int i = 0; i < EVENTS; i++)
		engine_point(SITE("step"), EV_STORE, word, 4);
	engine_store_relaxed(word, engine_load_relaxed(word) + 1);
}

static u64 run(struct sched_policy *policy, u64 seed, void (*first)(void *), void (*rest)(void *))
{
	struct engine_task tasks[TASKS];
	struct engine_config config = { .cpus = 3, .ntasks = TASKS, .tasks = tasks,
					.policy = policy, .seed = seed };
	struct engine_stats stats;

	for (uintptr_t i = 0; i < TASKS; i++)
		tasks[i] = (struct engine_task){ i ? rest : first, (void *)i, (u8)i,
						 (char)('A' + i) };
	memset(order, 0, sizeof(order));
	ordered = 0;
	engine_reset(&config);
	word = engine_arena_alloc(4);
	CHECK_EQ(engine_run(), ENGINE_DONE);
	engine_stats(&stats);
	return stats.trace_hash;
}

static struct sched_policy *policy_named(int i)
{
	static struct sched_schedule empty;

	return i == 0 ? sched_random() : i == 1 ? sched_pct(TASKS * EVENTS) : sched_replay(&empty);
}

static void test_deterministic(void)
{
	for (int i = 0; i < 3; i++) {
		for (u64 seed = 0; seed < 100; seed++) {
			u64 hash = run(policy_named(i), seed, task_walk, task_walk);
			char before[sizeof(order)];

			memcpy(before, order, sizeof(order));
			run(policy_named((i + 1) % 3), seed + 1, task_walk, task_walk);
			CHECK_EQ(run(policy_named(i), seed, task_walk, task_walk), hash);
			CHECK_STR(order, before);
		}
	}
}

/* How many of the 34,650 orders of AAAABBBBCCCC came up, and who began. */
static void test_random_spreads(void)
{
	unsigned first[TASKS] = { 0 }, same_as_before = 0;
	char before[sizeof(order)] = "";

	for (u64 seed = 0; seed < 3000; seed++) {
		run(sched_random(), seed, task_walk, task_walk);
		first[order[0] - 'A']++;
		same_as_before += !strcmp(order, before);
		memcpy(before, order, sizeof(order));
	}
	for (int i = 0; i < TASKS; i++)
		CHECK(first[i] > 800 && first[i] < 1200);
	CHECK(same_as_before < 30);
}

/* PCT switches only at its change points and where a task ends. */
static void test_pct_switches_rarely(void)
{
	unsigned most = 0, preempted = 0;

	for (u64 seed = 0; seed < 2000; seed++) {
		unsigned switches = 0;

		run(sched_pct(TASKS * EVENTS), seed, task_walk, task_walk);
		for (int i = 1; order[i]; i++)
			switches += order[i] != order[i - 1];
		most = switches > most ? switches : most;
		preempted += switches >= TASKS;
	}
	CHECK(most <= TASKS - 1 + 9);
	CHECK(preempted > 600); /* a third of the depths is 2, and k may be small */
}

static void test_spinner_waits(void)
{
	for (int i = 0; i < 3; i++) {
		u32 worst = 0;

		for (u64 seed = 0; seed < 300; seed++) {
			run(policy_named(i), seed, task_spin, task_count);
			worst = ordered > worst ? ordered : worst;
		}
		CHECK(worst <= 30);
	}
}

/* Nothing said: one task after the other, lowest first. */
static void test_replay_default(void)
{
	run(policy_named(2), 0, task_walk, task_walk);
	CHECK_STR(order, "AAAABBBBCCCC");
}

static void test_replay_edge(void)
{
	struct sched_schedule s = { 0 };
	u32 step = site_hash("step@task_walk", 14);

	/* A's third step after C's second */
	sched_add_edge(&s, &(struct sched_edge){
		.event = { .ctx = 0, .op = 0, .nth = 3, .site = step },
		.after = { .ctx = 2, .op = 0, .nth = 2, .site = step } });
	run(sched_replay(&s), 0, task_walk, task_walk);
	CHECK_STR(order, "AABBBBCCCCAA");
	CHECK_EQ(sched_replay_dropped(), 0);
	CHECK(sched_replay_edge_used(0));
	/* and C's second after A's fourth: can't be */
	sched_add_edge(&s, &(struct sched_edge){
		.event = { .ctx = 2, .op = 0, .nth = 2, .site = step },
		.after = { .ctx = 0, .op = 0, .nth = 4, .site = step } });
	run(sched_replay(&s), 0, task_walk, task_walk);
	CHECK_STR(order, "AABBBBCAACCC");
	CHECK_EQ(sched_replay_dropped(), 1);
	CHECK(sched_replay_edge_dropped(0));
	CHECK(!sched_replay_edge_dropped(1));
	sched_schedule_free(&s);
}

int main(void)
{
	test_deterministic();
	test_random_spreads();
	test_pct_switches_rarely();
	test_spinner_waits();
	test_replay_default();
	test_replay_edge();
	engine_exit();
	return TEST_END();
}
