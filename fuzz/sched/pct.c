// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PCT (Burckhardt et al., ASPLOS 2010): random priorities, the highest runnable
 * one runs; at d-1 random steps of k the running context falls below all others.
 * d is 2 to 10, by the seed. k is given with the program, never learned from
 * earlier runs. A context that spins is demoted, for fairness; each interrupt
 * and each callback draws a priority of its own. Choices: faults.c.
 */
#include "core/base/prng.h"
#include "fuzz/sched/sched.h"

#define DEPTH_MAX 10

struct pct_policy {
	struct sched_policy policy;
	struct prng rng;
	u32 k;
	struct sched_faults faults;
	u32 depth;
	u32 change[DEPTH_MAX];         /* steps of the change points, any order */
	u32 step;
	s64 prio[ENGINE_CTX_MAX];      /* higher runs first; all different */
	s64 lowest;                    /* below every priority given so far */
};

/* A fresh priority above all change-point priorities; the low bits make two
 * contexts different. */
static s64 pct_draw(struct pct_policy *p, unsigned ctx)
{
	return (s64)(((prng_next(&p->rng) >> 24) << 5) | ctx) + DEPTH_MAX * 64;
}

static void pct_start(struct sched_policy *policy, const struct engine_view *v, u64 seed)
{
	struct pct_policy *p = container_of(policy, struct pct_policy, policy);

	static const u8 depths[] = { 2, 2, 3, 3, 5, DEPTH_MAX };
	u32 k;

	(void)v;
	prng_seed(&p->rng, prng_mix(seed ^ 0x504354));
	sched_faults_start(&p->faults, &p->rng);
	p->depth = depths[prng_below(&p->rng, ARRAY_SIZE(depths))];
	/* k is an upper estimate; most runs are shorter */
	k = p->k >> prng_below(&p->rng, 4);
	for (u32 i = 0; i + 1 < p->depth; i++)
		p->change[i] = 1 + prng_below(&p->rng, k);
	for (unsigned i = 0; i < ENGINE_CTX_MAX; i++)
		p->prio[i] = pct_draw(p, i);
	p->step = 0;
	p->lowest = 0;
}

static unsigned pct_highest(const struct pct_policy *p, ctx_mask mask)
{
	unsigned best = ctx_first(mask);

	for (ctx_mask m = mask & (mask - 1); m; m &= m - 1) {
		unsigned t = ctx_first(m);

		if (p->prio[t] > p->prio[best])
			best = t;
	}
	return best;
}

static unsigned pct_next(struct sched_policy *policy, const struct engine_view *v)
{
	struct pct_policy *p = container_of(policy, struct pct_policy, policy);
	unsigned t = pct_highest(p, v->runnable);

	p->step++;
	for (u32 i = 0; i + 1 < p->depth; i++) {
		if (p->change[i] == p->step) {
			p->prio[t] = (s64)(i + 1) * 64;
			t = pct_highest(p, v->runnable);
		}
	}
	if (unlikely(v->pending[t].kind == EV_YIELD)) {
		p->prio[t] = --p->lowest;
		t = pct_highest(p, v->runnable);
	}
	if (t >= ENGINE_TASKS_MAX && v->pending[t].kind == EV_IRQ)
		p->prio[t] = pct_draw(p, t);
	return t;
}

static u32 pct_choose(struct sched_policy *policy, const struct engine_view *v,
		      const struct sched_choice *c)
{
	struct pct_policy *p = container_of(policy, struct pct_policy, policy);

	(void)v;
	return sched_faults_choose(&p->faults, &p->rng, c);
}

struct sched_policy *sched_pct(u32 steps)
{
	static struct pct_policy pct = {
		.policy = { "pct", pct_start, pct_next, pct_choose },
	};

	pct.k = steps ? steps : 512;
	return &pct.policy;
}
