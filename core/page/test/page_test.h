/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of core/page share: a small world of folios, run either quietly
 * (one caller, no scheduling) or by tasks under a policy. Both give the title of
 * the first report, "" for none.
 */
#ifndef CORE_PAGE_TEST_PAGE_TEST_H
#define CORE_PAGE_TEST_PAGE_TEST_H

#include "core/base/test.h"
#include "core/engine/test/policies.h"
#include "core/page/page.h"

/* The machine of the next run; a test changes what it needs. */
static struct world_config test_config = {
	.cpus = 2, .folios = 8, .cluster_slots = 8, .count_bits = 3, .batch = 4,
	.swap_full = 50, .low_watermark = 0, .mms = 0,
};

static void test_setup_world(void *arg)
{
	(void)arg;
	page_setup(&test_config);
}

static void test_idle(void *arg)
{
	(void)arg;
}

static const char *test_title(void)
{
	const struct engine_report *r = engine_report();

	return r ? r->title : "";
}

static void test_reset(unsigned ntasks, const struct engine_task *tasks,
		       struct sched_policy *policy, u64 seed)
{
	engine_reset(&(struct engine_config){
		.cpus = test_config.cpus, .ntasks = ntasks, .tasks = tasks, .policy = policy,
		.seed = seed, .steps_max = 20000 });
	engine_quiet(test_setup_world, NULL);
}

/* fn on a fresh world, single-threaded: no events, no lockdep. */
static __always_unused const char *test_quiet(void (*fn)(void *arg), void *arg)
{
	struct engine_task task = { .fn = test_idle };

	test_reset(1, &task, &test_policy_lowest, 1);
	engine_quiet(fn, arg);
	return test_title();
}

/* setup (may be NULL) quietly, then the tasks, then finish (may be NULL) quietly. */
struct test_run {
	void (*setup)(void *arg);
	void (*fn[4])(void *arg);
	u8 cpu[4];
	void (*finish)(void *arg);
	struct sched_policy *policy;
	u64 seed;
};

static __always_unused const char *test_tasks(const struct test_run *run)
{
	struct engine_task task[4];
	unsigned n = 0;

	for (; n < 4 && run->fn[n]; n++)
		task[n] = (struct engine_task){ .fn = run->fn[n], .arg = (void *)(uintptr_t)n,
						.cpu = run->cpu[n] };
	test_reset(n, task, run->policy ? run->policy : &test_policy_lowest, run->seed);
	if (run->setup && !*test_title())
		engine_quiet(run->setup, NULL);
	if (!*test_title())
		engine_run();
	if (run->finish && !*test_title())
		engine_quiet(run->finish, NULL);
	return test_title();
}

/* One task on CPU 0, with events, lockdep and all. */
static __always_unused const char *test_task(void (*fn)(void *arg))
{
	return test_tasks(&(struct test_run){ .fn = { fn } });
}

/* Every folio of the pool is free and the books agree. */
static void __always_unused test_all_free(void *arg)
{
	struct page_audit audit;

	(void)arg;
	page_teardown();
	page_audit(&audit);
	CHECK_STR(audit.broken ? audit.broken : "", "");
	CHECK_EQ(audit.used, 0);
	CHECK_EQ(audit.free_count, audit.total);
	CHECK_EQ(audit.batched, 0);
	CHECK_EQ(audit.on_lru, 0);
}

#endif
