// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: ThreadSanitizer's verdict on a run does not depend on the runs before it.
 * Method: a program with a planted race is the first and the last of ten thousand
 * inputs of one process, as in a fuzzer (the shadow is flushed now and then only),
 * and gives its title both times; its twin with one task stays silent, and so do
 * the others. Skipped where there is no ThreadSanitizer.
 */
#include "core/base/test.h"
#include "fuzz/exec/run.h"
#include "fuzz/test/planted.h"

#ifdef SWAPRACE_TSAN

#define INPUTS 10000
#define OTHERS 16

static struct prog racy, twin, other[OTHERS];
static struct run_result result;

static const char *run_planted(const struct prog *p)
{
	run_program(p, planted_world(), &run_defaults, &result);
	return result.title;
}

static void make_racy(struct prog *p, unsigned ntasks)
{
	prog_init(p);
	p->machine.cpus = 2;
	p->machine.mms = 0;
	p->ntasks = (u8)ntasks;
	for (unsigned t = 0; t < ntasks; t++) {
		p->task[t] = (struct prog_task){ .label = (char)('A' + t), .cpu = (u8)t, .nops = 1 };
		p->task[t].op[0].kind = OP_worker;
	}
}

/* What other inputs are like: generated, of all kinds, without the planted ops. */
static void make_others(void)
{
	struct prng rng;

	prng_seed(&rng, prng_mix(7));
	for (unsigned i = 0; i < OTHERS; i++) {
		prog_generate(&other[i], &rng, i % 2 ? &prog_profile_swap : &prog_profile_ksm);
		other[i].policy = PROG_POLICY_RANDOM;
	}
}

int main(void)
{
	unsigned others_reported = 0;

	sites_init();
	make_racy(&racy, 2);
	make_racy(&twin, 1);
	make_others();
	CHECK_STR(run_planted(&racy), "data-race in planted_worker / planted_worker");
	CHECK_STR(run_planted(&twin), "");
	for (unsigned i = 3; i < INPUTS; i++) {
		struct prog *p = &other[i % OTHERS];

		p->seed = i;
		run_program(p, NULL, &run_defaults, &result);
		others_reported += result.status == RUN_REPORT;
	}
	CHECK_EQ(others_reported, 0);
	CHECK_STR(run_planted(&racy), "data-race in planted_worker / planted_worker");
	CHECK_STR(run_planted(&twin), "");
	run_result_clear(&result);
	run_exit();
	return TEST_END();
}

#else

int main(void)
{
	(void)planted_world;
	printf("no ThreadSanitizer in this build\n");
	return 77;
}

#endif
