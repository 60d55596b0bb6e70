// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Choices that fail, for all policies that draw by a seed. Half of the seeds fail
 * nothing, so that a failure path does not hide every other one; a quarter fails
 * everywhere, rarely; a quarter fails at one site in four, every second time, and
 * nowhere else: that goes deep behind a single place that copes with a failure.
 * Choices that are no failure go one of their ways, by the same draw for each.
 */
#include "fuzz/sched/sched.h"

enum { FAULTS_NONE, FAULTS_RARE, FAULTS_FEW_SITES };

/* A choice of this kind fails 1 time in this many where all sites fail; 0: it is no
 * failure, but one way among others. */
static const u8 failure_odds[CHOICE_KIND_COUNT] = {
	[CHOICE_ALLOC] = 32, [CHOICE_IO] = 64, [CHOICE_SIGNAL] = 64,
};

void sched_faults_start(struct sched_faults *f, struct prng *rng)
{
	static const u8 modes[] = { FAULTS_NONE, FAULTS_NONE, FAULTS_RARE, FAULTS_FEW_SITES };

	f->mode = modes[prng_below(rng, ARRAY_SIZE(modes))];
	f->salt = (u32)(prng_next(rng) >> 32);
}

u32 sched_faults_choose(const struct sched_faults *f, struct prng *rng,
			const struct sched_choice *c)
{
	u32 odds = failure_odds[c->kind];

	if (c->n < 2)
		return 0;
	if (!odds) {
		odds = 4;
	} else if (f->mode == FAULTS_FEW_SITES) {
		if (prng_mix((u64)f->salt << 32 | c->site->hash) % 4)
			return 0;
		odds = 2;
	} else if (f->mode == FAULTS_NONE) {
		return 0;
	}
	return prng_chance(rng, 1, odds) ? 1 + prng_below(rng, c->n - 1) : 0;
}
