// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The random walk: uniform among the runnable contexts at every event, with
 * interrupts and RCU callbacks as candidates like any task. A context that only
 * spins (EV_YIELD) is picked 1 time in 8 while others can run. No state but the
 * generator's. Choices: faults.c.
 */
#include "core/base/prng.h"
#include "fuzz/sched/sched.h"

struct random_policy {
	struct sched_policy policy;
	struct prng rng;
	struct sched_faults faults;
};

static void random_start(struct sched_policy *p, const struct engine_view *v, u64 seed)
{
	struct random_policy *r = container_of(p, struct random_policy, policy);

	(void)v;
	prng_seed(&r->rng, prng_mix(seed));
	sched_faults_start(&r->faults, &r->rng);
}

static unsigned random_next(struct sched_policy *p, const struct engine_view *v)
{
	struct random_policy *r = container_of(p, struct random_policy, policy);
	ctx_mask mask = v->runnable;

	if (!(mask & (mask - 1)))
		return ctx_first(mask);
	return sched_pick(&r->rng, sched_not_spinning(&r->rng, v, mask));
}

static u32 random_choose(struct sched_policy *p, const struct engine_view *v,
			 const struct sched_choice *c)
{
	struct random_policy *r = container_of(p, struct random_policy, policy);

	(void)v;
	return sched_faults_choose(&r->faults, &r->rng, c);
}

struct sched_policy *sched_random(u32 steps)
{
	static struct random_policy random_walk = {
		.policy = { "random", random_start, random_next, random_choose },
	};

	(void)steps;
	return &random_walk.policy;
}
