// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a report that nobody would look at, because no run is under way, is printed and
 * ends the process; the same report inside of engine_quiet() is kept. Method: both, the
 * first in a child.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/test.h"
#include "core/engine/policy.h"

static void fail(void *arg)
{
	(void)arg;
	reportf("toy: wrong", "a body\n");
}

static void reset(void)
{
	struct engine_config config = { .cpus = 1 };

	engine_reset(&config);
}

static void test_inside_is_kept(void)
{
	reset();
	CHECK_EQ(engine_quiet(fail, NULL), ENGINE_REPORTED);
	CHECK_STR(engine_report()->title, "toy: wrong");
}

static void test_outside_is_printed(void)
{
	char out[400] = "";
	int fds[2], status = 0;
	ssize_t n = 0, got;
	pid_t pid;

	CHECK(pipe(fds) == 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(fds[1], STDERR_FILENO);
		reset();
		fail(NULL);
		_exit(0);
	}
	close(fds[1]);
	while ((got = read(fds[0], out + n, sizeof(out) - 1 - (size_t)n)) > 0)
		n += got;
	close(fds[0]);
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	CHECK(strstr(out, "report outside of a run: toy: wrong\na body\n") != NULL);
}

int main(void)
{
	test_inside_is_kept();
	test_outside_is_printed();
	engine_exit();
	return TEST_END();
}
