// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The random walk: uniform among the runnable contexts at every event, with
 * interrupts and RCU callbacks as candidates like any task. A context that only
 * spins (EV_YIELD) is picked 1 time in 8 while others can run. Choices fail
 * rarely, and in half of the seeds not at all, so that a failure path does not
 * hide every other one. No state but the generator's.
 */
#include <string.h>

#include "core/base/prng.h"
#include "fuzz/sched/sched.h"

struct random_policy {
	struct sched_policy policy;
	struct prng rng;
	bool faults;
};

u32 sched_failure_odds(const char *what)
{
	static const struct { const char *what; u32 odds; } table[] = {
		{ "alloc", 32 }, { "io", 64 }, { "signal", 64 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (!strcmp(what, table[i].what))
			return table[i].odds;
	}
	return 4; /* no failure: one way among others */
}

static void random_start(struct sched_policy *p, const struct engine_view *v, u64 seed)
{
	struct random_policy *r = container_of(p, struct random_policy, policy);

	(void)v;
	prng_seed(&r->rng, prng_mix(seed));
	r->faults = prng_chance(&r->rng, 1, 2);
}

static unsigned nth_bit(u32 mask, u32 n)
{
	while (n--)
		mask &= mask - 1;
	return (unsigned)__builtin_ctz(mask);
}

static unsigned random_next(struct sched_policy *p, const struct engine_view *v)
{
	struct random_policy *r = container_of(p, struct random_policy, policy);
	u32 mask = v->runnable, spinning;

	if (!(mask & (mask - 1)))
		return (unsigned)__builtin_ctz(mask);
	spinning = v->spinning & mask;
	if (unlikely(spinning) && spinning != mask && !prng_chance(&r->rng, 1, 8))
		mask &= ~spinning;
	return nth_bit(mask, prng_below(&r->rng, (u32)__builtin_popcount(mask)));
}

static u32 random_choose(struct sched_policy *p, const struct engine_view *v,
			 const struct sched_choice *c)
{
	struct random_policy *r = container_of(p, struct random_policy, policy);
	u32 odds = sched_failure_odds(c->what);

	(void)v;
	if (c->n < 2 || (odds > 4 && !r->faults))
		return 0;
	return prng_chance(&r->rng, 1, odds) ? 1 + prng_below(&r->rng, c->n - 1) : 0;
}

struct sched_policy *sched_random(void)
{
	static struct random_policy random_walk = {
		.policy = { "random", random_start, random_next, random_choose },
	};

	return &random_walk.policy;
}
