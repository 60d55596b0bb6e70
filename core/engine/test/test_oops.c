// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a bad pointer on a task is a report of that run and nothing worse: the
 * next run is clean, a thousand times over, in every build. Method: tasks that
 * touch NULL, a poisoned pointer and nothing.
 */
#include "core/base/test.h"
#include "core/engine/policy.h"

static volatile u64 *volatile bad_pointer;

static void task_bad(void *arg)
{
	(void)arg;
	engine_point(SITE("read"), EV_LOAD, NULL, 0);
	if (bad_pointer)
		(void)bad_pointer[0];
	engine_point(SITE("go_on"), EV_LOAD, NULL, 0);
}

static void start(struct sched_policy *p, const struct engine_view *v, u64 seed)
{
	(void)p;
	(void)v;
	(void)seed;
}

static unsigned lowest(struct sched_policy *p, const struct engine_view *v)
{
	(void)p;
	return (unsigned)__builtin_ctz(v->runnable);
}

static u32 choose(struct sched_policy *p, const struct engine_view *v, const struct sched_choice *c)
{
	(void)p;
	(void)v;
	(void)c;
	return 0;
}

static const char *title_with(unsigned long address)
{
	static struct sched_policy policy = { "lowest", start, lowest, choose };
	static const struct engine_task tasks[2] = {
		{ task_bad, NULL, 0, 'A' }, { task_bad, NULL, 0, 'B' },
	};
	struct engine_config config = { .cpus = 1, .ntasks = 2, .tasks = tasks, .policy = &policy };

	bad_pointer = (volatile u64 *)address;
	engine_reset(&config);
	engine_run();
	return engine_report() ? engine_report()->title : "";
}

static void quiet_bad(void *arg)
{
	(void)arg;
	(void)bad_pointer[0];
}

int main(void)
{
	for (int i = 0; i < 1000; i++) {
		CHECK_STR(title_with(8), "BUG: kernel NULL pointer dereference in task_bad");
		CHECK_STR(title_with(0x6b6b6b6b6b6b6b6b), "general protection fault in task_bad");
		CHECK_STR(title_with(0), "");
	}
	title_with(0);
	bad_pointer = (volatile u64 *)8;
	CHECK_EQ(engine_quiet(quiet_bad, NULL), ENGINE_REPORTED);
	CHECK_STR(engine_report()->title, "BUG: kernel NULL pointer dereference in set-up");
	CHECK_STR(title_with(0), "");
	engine_exit();
	return TEST_END();
}
