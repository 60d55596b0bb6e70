// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * POS, partial order sampling (Yuan, Yang and Gu, CAV 2018). Each event draws a random
 * priority when it becomes pending, and the highest runnable one happens. The events
 * that raced with it then draw again. So each order of two racing events has a fair
 * chance, however many other events their tasks have before them. It has no
 * parameter. An event that makes no progress by itself (EV_YIELD) is below all others.
 * Choices: faults.c.
 */
#include "core/base/bug.h"
#include "core/base/prng.h"
#include "fuzz/sched/sched.h"

#define PRIO_PROGRESS CTX_BIT(31) /* above each event that only spins */

struct pos_policy {
	struct sched_policy policy;
	struct prng rng;
	struct sched_faults faults;
	ctx_mask drawn;           /* mask of contexts whose pending event has a priority */
	u32 prio[ENGINE_CTX_MAX];
};

static void pos_start(struct sched_policy *policy, const struct engine_view *v, u64 seed)
{
	struct pos_policy *p = container_of(policy, struct pos_policy, policy);

	(void)v;
	prng_seed(&p->rng, prng_mix(seed ^ 0x504f53));
	sched_faults_start(&p->faults, &p->rng);
	p->drawn = 0;
}

static void pos_draw(struct pos_policy *p, const struct engine_view *v, unsigned t)
{
	p->prio[t] = (u32)(prng_next(&p->rng) >> 33);
	if (v->pending[t].kind != EV_YIELD)
		p->prio[t] |= PRIO_PROGRESS;
	p->drawn |= CTX_BIT(t);
}

static unsigned pos_next(struct sched_policy *policy, const struct engine_view *v)
{
	struct pos_policy *p = container_of(policy, struct pos_policy, policy);
	unsigned best = ctx_first(v->runnable);

	BUG_ON(!v->runnable);
	for (ctx_mask m = v->runnable; m; m &= m - 1) {
		unsigned t = ctx_first(m);

		if (!(p->drawn & CTX_BIT(t)))
			pos_draw(p, v, t);
		if (p->prio[t] > p->prio[best])
			best = t;
	}
	BUG_ON(!(p->drawn & v->runnable & CTX_BIT(best)));
	p->drawn &= ~(CTX_BIT(best) | sched_racing(v, best, p->drawn));
	return best;
}

static u32 pos_choose(struct sched_policy *policy, const struct engine_view *v,
		      const struct sched_choice *c)
{
	struct pos_policy *p = container_of(policy, struct pos_policy, policy);

	(void)v;
	return sched_faults_choose(&p->faults, &p->rng, c);
}

struct sched_policy *sched_pos(u32 steps)
{
	static struct pos_policy pos = {
		.policy = { "pos", pos_start, pos_next, pos_choose },
	};

	(void)steps;
	return &pos.policy;
}
