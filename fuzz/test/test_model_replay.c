// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: on the model, a program gives one trace hash each time, also with another
 * program in between, and its recorded schedule gives that hash again. Coverage
 * is counted. Method: generated programs of every profile under both policies.
 */
#include "core/base/test.h"
#include "fuzz/exec/coverage.h"
#include "fuzz/exec/run.h"

#define PROGRAMS 150 /* a profile */

static struct prog p, other, recorded;
static struct run_result first, second;
static struct run_coverage coverage;

static void test_profile(const struct prog_profile *profile, u64 from)
{
	struct run_options opt = run_defaults;
	unsigned exact = 0, too_big = 0;

	opt.coverage = &coverage;
	for (u64 seed = from; seed < from + PROGRAMS; seed++) {
		struct prng rng;
		int ret;

		prng_seed(&rng, prng_mix(seed));
		prog_generate(&p, &rng, profile);
		prog_generate(&other, &rng, profile);
		p.policy = seed % 2 ? PROG_POLICY_RANDOM : PROG_POLICY_PCT;
		run_program(&p, NULL, &opt, &first);
		run_program(&other, NULL, &opt, &second);
		run_program(&p, NULL, &opt, &second);
		CHECK_EQ(first.hash, second.hash);
		CHECK_STR(first.title, second.title);
		ret = run_record(&p, NULL, &run_defaults, &recorded, &second);
		if (ret == -E2BIG) {
			too_big++;
			continue;
		}
		CHECK_EQ(ret, 0);
		CHECK_EQ(first.hash, second.hash);
		CHECK_STR(first.title, second.title);
		CHECK_EQ(second.dropped, 0);
		exact += ret == 0;
	}
	CHECK(exact >= PROGRAMS / 2);
	CHECK_EQ(exact + too_big, PROGRAMS);
}

/* A recorded schedule orders contexts that the program has: none of those that a program
 * before had, which would be in the way of its reduction. */
static void test_contexts(void)
{
	struct sched_schedule schedule = { 0 };
	struct run_options opt = run_defaults;
	unsigned larger = 0;
	struct prng rng;

	prng_seed(&rng, 1);
	opt.log = true;
	for (int i = 0; i < 50; i++) {
		prog_generate(&other, &rng, &prog_profile_all);
		prog_generate(&p, &rng, &prog_profile_all);
		run_program(&other, NULL, &opt, &first);
		run_program(&p, NULL, &opt, &second);
		sched_record(&schedule, sched_view());
		larger += other.ntasks > p.ntasks;
		for (u32 e = 0; e < schedule.nedges; e++)
			CHECK(schedule.edge[e].event.ctx < p.ntasks ||
			      schedule.edge[e].event.ctx >= PROG_CTX_IRQ(0));
	}
	CHECK(larger > 10);
	sched_schedule_free(&schedule);
}

static void test_coverage(void)
{
	u64 ops = 0, delivered = 0;

	for (int i = 0; i < PROG_OP_COUNT; i++)
		ops += coverage.op_runs[i];
	for (int i = 0; i < EV_KIND_COUNT; i++)
		delivered += coverage.irq_at[i] + coverage.softirq_at[i];
	CHECK(coverage.runs >= 3 * PROGRAMS);
	CHECK(ops > coverage.runs);
	CHECK_EQ(delivered, coverage.irqs + coverage.softirqs);
	CHECK(run_coverage_pairs(&coverage) > 100);
}

int main(void)
{
	test_contexts();
	test_profile(&prog_profile_all, 0);
	test_profile(&prog_profile_swap, 1000);
	test_profile(&prog_profile_swapoff, 2000);
	test_profile(&prog_profile_ksm, 3000);
	test_profile(&prog_profile_hibernate, 4000);
	test_profile(&prog_profile_reclaim, 5000);
	test_coverage();
	run_result_clear(&first);
	run_result_clear(&second);
	run_exit();
	return TEST_END();
}
