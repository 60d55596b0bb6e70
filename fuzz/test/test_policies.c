// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: each policy is deterministic for a seed, spreads over schedules as its
 * algorithm says, and lets a task that only spins wait. Method: three tasks of a
 * few events on the bare engine, and the order in which they ended up.
 */
#include "core/base/test.h"
#include "core/engine/context.h"
#include "fuzz/prog/prog.h"
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

static struct sched_policy *policy_of(int i)
{
	static struct sched_schedule empty;

	switch (i) {
#define POLICY_REPLAY(...)
#define POLICY(ID, name, ...)                         \
	case PROG_POLICY_##ID:                        \
		return sched_##name(TASKS * EVENTS);
#include "core/base/policy.def"
	default:
		return sched_replay(&empty);
	}
}

static void test_deterministic(void)
{
	for (int i = 0; i < PROG_POLICY_COUNT; i++) {
		for (u64 seed = 0; seed < 100; seed++) {
			u64 hash = run(policy_of(i), seed, task_walk, task_walk);
			char before[sizeof(order)];

			memcpy(before, order, sizeof(order));
			run(policy_of((i + 1) % PROG_POLICY_COUNT), seed + 1, task_walk, task_walk);
			CHECK_EQ(run(policy_of(i), seed, task_walk, task_walk), hash);
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
		run(sched_random(0), seed, task_walk, task_walk);
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
	CHECK(preempted > 750); /* a third of the depths is 2, and k may be small */
}

#define STROLL 12
/* A longer way than task_walk()'s, at another site. */
static void task_stroll(void *arg)
{
	for (int i = 0; i < STROLL; i++) {
		engine_point(SITE("step"), EV_LOAD, NULL, 0);
		order[ordered++] = (char)('A' + (uintptr_t)arg);
	}
}

/* How often A is first and then stops until B and C are through. */
static unsigned times_held(struct sched_policy *policy)
{
	unsigned held = 0;

	for (u64 seed = 0; seed < 4000; seed++) {
		run(policy, seed, task_walk, task_stroll);
		held += order[0] == 'A' && strspn(order + 1, "BC") == 2 * STROLL;
	}
	return held;
}

/* A's site is slow in some seeds in which that of B and C is not; the random walk, the
 * twin, has to leave A out of two dozen steps. */
static void test_delay_holds(void)
{
	unsigned delay = times_held(sched_delay(0)), random = times_held(sched_random(0));

	CHECK(delay > 10);
	CHECK(delay > 3 * random);
}

/* How often A's first four events come before all of B and C. */
static unsigned times_first(struct sched_policy *policy, void (*task)(void *))
{
	unsigned first = 0;

	for (u64 seed = 0; seed < 4000; seed++) {
		run(policy, seed, task, task);
		first += strspn(order, "A") >= EVENTS;
	}
	return first;
}

/* An event keeps its priority while others go that do not race with it, so a pending
 * one rarely comes before four in a row; the random walk asks four times. If they
 * race the priorities are drawn again. */
static void test_pos_races(void)
{
	unsigned apart = times_first(sched_pos(0), task_stroll);
	unsigned racing = times_first(sched_pos(0), task_walk);
	unsigned random = times_first(sched_random(0), task_stroll);

	CHECK(apart > 3 * random);
	CHECK(4 * racing < 3 * apart);
}

/* Edges hold under a policy that knows nothing of them; the rest is its own. */
static void test_edges_over_policies(void)
{
	struct sched_schedule s = { 0 };
	unsigned differ = 0, against = 0;
	char before[sizeof(order)] = "";

	/* B's last step after C's last; without the edge it often is before */
	sched_add_edge(&s, &(struct order_edge){
		.event = { .ctx = 1, .nth = 4, .site = site_hash("step@task_walk", 14) },
		.after = { .ctx = 2, .nth = 4, .site = site_hash("step@task_walk", 14) } });
	for (int i = 0; i < PROG_POLICY_COUNT; i++) {
		if (i == PROG_POLICY_REPLAY)
			continue;
		for (u64 seed = 0; seed < 200; seed++) {
			run(sched_replay_over(&s, policy_of(i)), seed, task_walk, task_walk);
			CHECK(strrchr(order, 'B') > strrchr(order, 'C'));
			CHECK_EQ(sched_replay_dropped(), 0);
			differ += strcmp(order, before) != 0;
			memcpy(before, order, sizeof(order));
			run(policy_of(i), seed, task_walk, task_walk);
			against += strrchr(order, 'B') < strrchr(order, 'C');
		}
	}
	CHECK(differ > 300);
	CHECK(against > 100);
	sched_schedule_free(&s);
}

static void test_spinner_waits(void)
{
	for (int i = 0; i < PROG_POLICY_COUNT; i++) {
		u32 worst = 0;

		for (u64 seed = 0; seed < 300; seed++) {
			run(policy_of(i), seed, task_spin, task_count);
			worst = ordered > worst ? ordered : worst;
		}
		CHECK(worst <= 30);
	}
}

/* Nothing said: one task after the other, lowest first. */
static void test_replay_default(void)
{
	run(policy_of(PROG_POLICY_REPLAY), 0, task_walk, task_walk);
	CHECK_STR(order, "AAAABBBBCCCC");
}

static void test_replay_edge(void)
{
	struct sched_schedule s = { 0 };
	u32 step = site_hash("step@task_walk", 14);

	/* A's third step after C's second */
	sched_add_edge(&s, &(struct order_edge){
		.event = { .ctx = 0, .op = 0, .nth = 3, .site = step },
		.after = { .ctx = 2, .op = 0, .nth = 2, .site = step } });
	run(sched_replay(&s), 0, task_walk, task_walk);
	CHECK_STR(order, "AABBBBCCCCAA");
	CHECK_EQ(sched_replay_dropped(), 0);
	CHECK(sched_replay_edge_used(0));
	/* and C's second after A's fourth: can't be */
	sched_add_edge(&s, &(struct order_edge){
		.event = { .ctx = 2, .op = 0, .nth = 2, .site = step },
		.after = { .ctx = 0, .op = 0, .nth = 4, .site = step } });
	run(sched_replay(&s), 0, task_walk, task_walk);
	CHECK_STR(order, "AABBBBCAACCC");
	CHECK_EQ(sched_replay_dropped(), 1);
	CHECK(sched_replay_edge_dropped(0));
	CHECK(!sched_replay_edge_dropped(1));
	sched_schedule_free(&s);
}

/* Search's turns: as policy.def says, and counted round. */
static void test_turns(void)
{
	unsigned seen[PROG_POLICY_COUNT] = { 0 }, round = 0;

	for (unsigned i = 0; i < PROG_POLICY_COUNT; i++)
		round += prog_policy_turns[i];
	for (unsigned n = 0; n < 5 * round; n++)
		seen[prog_policy_turn(n)]++;
	for (unsigned i = 0; i < PROG_POLICY_COUNT; i++)
		CHECK_EQ(seen[i], 5u * prog_policy_turns[i]);
	for (unsigned n = 0; n < 2 * PROG_POLICY_COUNT; n++)
		CHECK(prog_policy_turns[prog_policy_with_turns(n)] > 0);
	CHECK_EQ(prog_policy_turn(0), PROG_POLICY_RANDOM);
	CHECK_EQ(prog_policy_with_turns(1), PROG_POLICY_PCT);
}

int main(void)
{
	test_turns();
	test_deterministic();
	test_random_spreads();
	test_pct_switches_rarely();
	test_delay_holds();
	test_pos_races();
	test_edges_over_policies();
	test_spinner_waits();
	test_replay_default();
	test_replay_edge();
	engine_exit();
	return TEST_END();
}
