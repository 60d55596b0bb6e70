// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a bad pointer on a task is a report of that run and nothing worse: the
 * next run is clean, a thousand times over, in every build. Method: tasks that
 * touch NULL, a poisoned pointer and nothing; one that recurses too deep.
 */
#include "core/base/limits.h"
#include "core/base/test.h"
#include "core/engine/test/policies.h"

static volatile u64 *volatile bad_pointer;

static void task_bad(void *arg)
{
	(void)arg;
	engine_point(SITE("read"), EV_LOAD, NULL, 0);
	if (bad_pointer)
		(void)bad_pointer[0];
	engine_point(SITE("go_on"), EV_LOAD, NULL, 0);
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

static const char *title_of_tasks(const struct engine_task *tasks, u32 n)
{
	struct engine_config config = { .cpus = 1, .ntasks = n, .tasks = tasks,
					.policy = &test_policy_lowest };

	engine_reset(&config);
	engine_run();
	return engine_report() ? engine_report()->title : "";
}

static const char *title_of(void (*fn)(void *))
{
	static u32 result;
	struct engine_task task = { fn, &result, 0, 'A' };

	return title_of_tasks(&task, 1);
}

static const char *title_with(unsigned long address)
{
	static const struct engine_task tasks[2] = {
		{ task_bad, NULL, 0, 'A' }, { task_bad, NULL, 0, 'B' },
	};

	bad_pointer = (volatile u64 *)address;
	return title_of_tasks(tasks, 2);
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
