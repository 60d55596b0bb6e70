// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: what AddressSanitizer and UndefinedBehaviorSanitizer find in the model is a report
 * of that run, each time, and the process goes on; outside of a run it ends. Method: an op
 * with one planted fault, a hundred times in turn with its twin that has none. Skipped
 * without them.
 */
#include "core/base/test.h"
#include "fuzz/exec/run.h"
#include "fuzz/test/planted.h"

#ifdef SWAPRACE_UBSAN
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 100

static struct prog prog;
static struct run_result result;

static const struct { enum planted_fault fault; const char *title; } faults[] = {
	{ PLANTED_POISON, "use-after-poison in planted_kswapd" },
	{ PLANTED_MISALIGNED, "UBSAN: misaligned-pointer in planted_kswapd" },
	{ PLANTED_SHIFT, "UBSAN: shift-out-of-bounds in planted_kswapd" },
	{ PLANTED_INDEX, "UBSAN: out-of-bounds in planted_kswapd" },
	{ PLANTED_OVERFLOW, "UBSAN: add-overflow in planted_kswapd" },
	{ PLANTED_DIVISION, "UBSAN: divrem-overflow in planted_kswapd" },
};

static const char *title_of(enum planted_fault fault)
{
	planted_fault = fault;
	run_program(&prog, planted_world(), &run_defaults, &result);
	return result.title;
}

/* A defect of the tools is no report: it ends the process. */
static void check_outside(void)
{
	volatile char *room = malloc(8);
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		room[8] = room[7];
		_exit(0);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	free((void *)room);
}

int main(void)
{
	sites_init();
	prog_init(&prog);
	prog.machine.mms = 0;
	prog.ntasks = 1;
	prog.task[0] = (struct prog_task){ .label = 'A', .nops = 1 };
	prog.task[0].op[0].kind = OP_kswapd;
	for (unsigned i = 0; i < ARRAY_SIZE(faults); i++) {
		CHECK_STR(title_of(faults[i].fault), faults[i].title);
		CHECK_STR(title_of(PLANTED_NOTHING), "");
	}
	check_outside();
	/* They print a text each time; one of each is enough for a reader. */
	CHECK(freopen("/dev/null", "w", stderr) != NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(faults) * ROUNDS; i++) {
		CHECK_STR(title_of(faults[i % ARRAY_SIZE(faults)].fault),
			  faults[i % ARRAY_SIZE(faults)].title);
		CHECK_STR(title_of(PLANTED_NOTHING), "");
	}
	run_result_clear(&result);
	run_exit();
	return TEST_END();
}

#else

int main(void)
{
	(void)planted_world;
	printf("no AddressSanitizer in this build\n");
	return 77;
}

#endif
