// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a loop without an event ends the run with a report that names the op, on a task,
 * in tear-down and in a child of fork(); the trace hash is the same each time, and the
 * next run is clean. A task that computes for long between events stays silent.
 * Method: tasks that loop, with 200 ms of CPU time as the limit.
 */
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/limits.h"
#include "core/base/test.h"
#include "core/engine/test/policies.h"

static volatile u64 turns;
static volatile bool forever;

static void loop_plain(void)
{
	while (forever)
		turns++;
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void task_loop(void *arg)
{
	(void)arg;
	engine_op_begin(1, SITE("op"));
	engine_point(SITE("before"), EV_LOAD, NULL, 0);
	loop_plain();
	engine_op_end(SITE("op"));
}

/* Twice the limit of CPU time, with events in between. */
static void task_slow(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10; i++) {
		double end = cpu_seconds() + 0.04;

		while (cpu_seconds() < end)
			turns++;
		engine_point(SITE("slow"), EV_LOAD, NULL, 0);
	}
}

static void quiet_loop(void *arg)
{
	(void)arg;
	loop_plain();
}

static const char *title_of(void (*fn)(void *))
{
	struct engine_task tasks[2] = { { fn, NULL, 0, 'A' }, { task_loop, NULL, 0, 'B' } };
	struct engine_config config = { .cpus = 1, .ntasks = fn == task_loop ? 2 : 1, .tasks = tasks,
					.policy = &test_policy_lowest };

	engine_reset(&config);
	engine_run();
	return engine_report() ? engine_report()->title : "";
}

static void test_hang_is_reported(void)
{
	u64 hash;

	forever = true;
	CHECK_STR(title_of(task_loop), "hang: no event in task_loop");
	CHECK(strstr(engine_report()->body, "loop_plain") || strstr(engine_report()->body, "task_loop"));
	hash = engine_report()->trace_hash;
	CHECK_STR(title_of(task_loop), "hang: no event in task_loop");
	CHECK_EQ(engine_report()->trace_hash, hash);
	CHECK_EQ(engine_quiet(quiet_loop, NULL), ENGINE_REPORTED);
	title_of(task_slow);
	CHECK_EQ(engine_quiet(quiet_loop, NULL), ENGINE_REPORTED);
	CHECK_STR(engine_report()->title, "hang: no event in set-up or tear-down");
}

static void test_progress_is_silent(void)
{
	forever = false;
	CHECK_STR(title_of(task_slow), "");
	CHECK_STR(title_of(task_loop), "");
}

/* A child has no timer of its parent's. */
static void test_child_is_watched(void)
{
	int status = 1;
	pid_t pid = fork();

	forever = true;
	if (pid == 0)
		_exit(strcmp(title_of(task_loop), "hang: no event in task_loop") == 0 ? 0 : 1);
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	engine_hang_ms = 200;
	test_progress_is_silent();
	test_hang_is_reported();
	test_progress_is_silent();
	test_child_is_watched();
	engine_exit();
	return TEST_END();
}
