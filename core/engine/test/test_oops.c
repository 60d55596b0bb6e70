// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a bad pointer on a task is a report of that run and nothing worse: the
 * next run is clean, a thousand times over, in every build. Method: tasks that
 * touch NULL, a poisoned pointer and nothing; one that recurses too deep.
 */
#include "core/base/limits.h"
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
	return ctx_first(v->runnable);
}

static u32 choose(struct sched_policy *p, const struct engine_view *v, const struct sched_choice *c)
{
	(void)p;
	(void)v;
	(void)c;
	return 0;
}

/* Uses up the stack. */
static u32 dig(u32 depth)
{
	volatile char room[4096];

	for (u32 i = 0; i < sizeof(room); i += 512)
		room[i] = (char)depth;
	return depth ? dig(depth - 1) + (u32)room[512] : 0;
}

static void task_dig(void *arg)
{
	engine_point(SITE("dig"), EV_LOAD, NULL, 0);
	*(u32 *)arg = dig(1000000); /* however small the compiler makes a frame */
}

static const char *title_of(void (*fn)(void *))
{
	static u32 result;
	static struct sched_policy policy = { "lowest", start, lowest, choose };
	struct engine_task tasks[1] = { { fn, &result, 0, 'A' } };
	struct engine_config config = { .cpus = 1, .ntasks = 1, .tasks = tasks, .policy = &policy };

	engine_reset(&config);
	engine_run();
	return engine_report() ? engine_report()->title : "";
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
	for (int i = 0; i < 100; i++)
		CHECK_STR(title_of(task_dig), "BUG: stack guard page was hit in task_dig");
	title_with(0);
	bad_pointer = (volatile u64 *)8;
	CHECK_EQ(engine_quiet(quiet_bad, NULL), ENGINE_REPORTED);
	CHECK_STR(engine_report()->title, "BUG: kernel NULL pointer dereference in set-up");
	CHECK_STR(title_with(0), "");
	engine_exit();
	return TEST_END();
}
