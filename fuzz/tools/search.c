// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The search without libFuzzer: a pool of programs, each run under some
 * schedules. New programs come from the generator; now and then one of the pool
 * (those that gave traces of more kinds than before) is mutated instead.
 */
#include <string.h>

#include "fuzz/tools/search.h"
#include "fuzz/tools/tool.h"

#define SCHEDULES_A_PROGRAM 4
#define POOL_MAX 64

const struct search *search_current;

static struct prog pool[POOL_MAX];

/* The next program: fresh, or a mutant or a cross of what is in the pool. */
static void next_program(struct search *s, struct prng *rng, u64 round)
{
	u32 have = (u32)min(round, (u64)POOL_MAX);

	if (s->fixed) {
		s->prog = *s->fixed;
		return;
	}
	if (have < 8 || prng_below(rng, 2) == 0) {
		prog_generate(&s->prog, rng, s->profile);
	} else if (prng_below(rng, 4) == 0) {
		prog_crossover(&s->prog, &pool[prng_below(rng, have)],
			       &pool[prng_below(rng, have)], rng);
	} else {
		s->prog = pool[prng_below(rng, have)];
		prog_mutate(&s->prog, rng, s->profile);
	}
	pool[round % POOL_MAX] = s->prog;
}

void search_run(struct search *s)
{
	struct prng rng;
	struct run_options opt = run_defaults;
	double start = now_seconds();

	prng_seed(&rng, s->seed);
	opt.backend = s->backend;
	opt.bug = s->bug;
	opt.coverage = s->coverage;
	opt.seed_set = true;
	s->found = false;
	s->schedules = s->truncated = 0;
	search_current = s;
	for (u64 round = 0; !s->found; round++) {
		next_program(s, &rng, round);
		for (unsigned k = 0; k < SCHEDULES_A_PROGRAM && !s->found; k++) {
			if (s->schedules_max && s->schedules >= s->schedules_max)
				goto out;
			opt.seed = prng_next(&rng);
			opt.policy = s->policy != SEARCH_POLICY_PORTFOLIO ? s->policy :
				     k % 2 ? PROG_POLICY_PCT : PROG_POLICY_RANDOM;
			s->schedules++;
			run_program(&s->prog, NULL, &opt, &s->result);
			s->truncated += s->result.status == RUN_TRUNCATED;
			s->found = s->result.status == RUN_REPORT;
		}
		s->elapsed = now_seconds() - start;
		if (s->seconds > 0 && s->elapsed >= s->seconds)
			break;
		if (!s->quiet)
			progress("%llu schedules, %.0f s, %.0f a second",
				 (unsigned long long)s->schedules, s->elapsed,
				 (double)s->schedules / max(s->elapsed, 0.001));
	}
out:
	s->elapsed = now_seconds() - start;
	if (s->found) {
		s->prog.policy = (u8)opt.policy;
		s->prog.seed = opt.seed;
	}
	if (!s->quiet)
		progress_end();
}
