/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small worlds for the tests of kapi: a table of tasks, a set-up on main, many
 * random schedules. Tasks are instrumented, so they keep their state in the
 * arena (w) and assert with BUG_ON; CHECK stands outside of runs only.
 */
#ifndef CORE_KAPI_TEST_WORLD_H
#define CORE_KAPI_TEST_WORLD_H

#include <stdio.h>
#include <string.h>

#include "core/base/test.h"
#include "core/engine/test/policies.h"
#include "core/kapi/kapi.h"

/* The random walk, and one choice in world_choose_one_in is not the default. */
static u32 world_choose_one_in __always_unused = 4;
static u32 __no_sanitize_tsan __always_unused world_choose(struct sched_policy *p,
							   const struct engine_view *v,
							   const struct sched_choice *c)
{
	(void)p;
	(void)v;
	return test_random(world_choose_one_in) == 0 ? 1 + test_random(c->n - 1) : 0;
}
static struct sched_policy world_policy __always_unused = {
	.name = "random choices", .start = test_start, .next = test_next, .choose = world_choose,
};

#ifdef SWAPRACE_TSAN
/* Planted races are expected: they must not make the exit status; and one that
 * was reported in an earlier run must be reported again. */
const char *__tsan_default_options(void);
__attribute__((used)) const char *__tsan_default_options(void)
{
	return "halt_on_error=0:exitcode=0:suppress_equal_stacks=0:suppress_equal_addresses=0:"
	       "atexit_sleep_ms=0";
}
#endif

struct world_test {
	unsigned cpus, ntasks;
	struct engine_task task[6];
	void (*setup)(void *arg);
	void (*teardown)(void *arg);   /* not after a report */
	struct sched_policy *policy;   /* NULL: random walk, default choices */
	bool native;
};

static struct engine_stats world_stats __always_unused;

/* One run; the title of its report, "" for none. */
static __always_unused const char *world_run(const struct world_test *t, u64 seed)
{
	struct engine_config config = {
		.backend = t->native ? ENGINE_NATIVE : ENGINE_SIM,
		.cpus = t->cpus, .ntasks = t->ntasks, .tasks = t->task, .seed = seed,
		.policy = t->policy ? t->policy : &test_policy_random, .steps_max = 4000,
	};

	engine_reset(&config);
	if (t->setup && engine_quiet(t->setup, NULL) != ENGINE_DONE)
		return engine_report()->title;
	if (engine_run() == ENGINE_DONE && t->teardown)
		engine_quiet(t->teardown, NULL);
	engine_stats(&world_stats);
	return engine_report() ? engine_report()->title : "";
}

/* Every schedule of 1..seeds gives no report (prints the first that does), and
 * the first few, run again, the same trace. */
static __always_unused void world_silent(const char *name, const struct world_test *t, u64 seeds)
{
	for (u64 seed = 1; seed <= seeds; seed++) {
		const char *title = world_run(t, seed);
		u64 hash = world_stats.trace_hash;

		test_checks++;
		if (!title[0] && seed <= 3 && !t->native) {
			title = world_run(t, seed);
			CHECK(hash == world_stats.trace_hash);
		}
		if (!title[0])
			continue;
		test_failures++;
		printf("%s, seed %llu: %s\n%s", name, (unsigned long long)seed, title,
		       engine_report()->body ? engine_report()->body : "");
		return;
	}
}

/* How many of the schedules 1..seeds give a title that begins so; any other
 * title is a failure. */
static __always_unused unsigned world_fires(const char *name, const struct world_test *t,
					    u64 seeds, const char *begins)
{
	unsigned hits = 0;

	for (u64 seed = 1; seed <= seeds; seed++) {
		const char *title = world_run(t, seed);

		if (!strncmp(title, begins, strlen(begins))) {
			hits++;
		} else if (title[0]) {
			test_failures++;
			printf("%s, seed %llu: %s instead of %s\n%s", name,
			       (unsigned long long)seed, title, begins,
			       engine_report()->body ? engine_report()->body : "");
			return hits;
		}
	}
	test_checks++;
	if (!hits) {
		test_failures++;
		printf("%s: never \"%s\" in %llu schedules\n", name, begins,
		       (unsigned long long)seeds);
	}
	return hits;
}

#endif
