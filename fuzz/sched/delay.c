// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Delays at places: the seed makes a few sites slow. A context whose next event
 * is at a slow site is held there, mostly until many events of others have
 * happened, or nobody else can run. Slow as well, by the seed, are windows: taking
 * a lock again that was dropped a moment ago, the first event on an object that has
 * just been allocated, and what follows on a failure. The others go on in long strides. So a window
 * of the code is hit with a chance that does not fall with the length of the run,
 * as PCT's does, and several contexts may be held at the same place at once.
 * Every second seed looks at objects, too (after RaceFuzzer, Sen, PLDI 2008): when
 * two pending events race for one, who goes first is drawn, and one that is held
 * may go on. A context that spins waits for the others. Choices: faults.c.
 */
#include <string.h>

#include "core/base/prng.h"
#include "fuzz/sched/sched.h"

struct delay_policy {
	struct sched_policy policy;
	struct prng rng;
	struct sched_faults faults;
	u32 salt;
	u32 slow_sites;  /* 1 site in this many, a power of two, is slow ... */
	u32 slow_visits; /* ... 1 time in this many */
	u32 length;      /* events of others */
	u32 stride;      /* the current context goes on, but for 1 time in this many */
	bool races;      /* draw anew where two race */
	u32 windows;     /* a window is slow 1 time in this many; 0: never */
	u32 youngest;    /* role: they are given in the order of allocation */
	u32 step;
	unsigned last;                /* the context that ran last */
	ctx_mask held;
	u32 until[ENGINE_CTX_MAX];    /* step at which it may go on */
	u8 failed[ENGINE_CTX_MAX];    /* is held after so many events, for a failure */
	/* the objects of the last two unlocks */
	const volatile void *dropped[ENGINE_CTX_MAX][2];
};

static u32 one_of(struct prng *rng, const u16 *values, u32 n)
{
	return values[prng_below(rng, n)];
}

static void delay_start(struct sched_policy *policy, const struct engine_view *v, u64 seed)
{
	static const u16 sites[] = { 4, 8, 16, 32, 64 };
	static const u16 visits[] = { 1, 1, 2, 4 };
	static const u16 lengths[] = { 16, 64, 256, 1024 };
	static const u16 strides[] = { 2, 16, 64, 1024 };
	static const u16 windows[] = { 0, 0, 2, 8 };
	struct delay_policy *p = container_of(policy, struct delay_policy, policy);

	(void)v;
	prng_seed(&p->rng, prng_mix(seed ^ 0x64656c6179));
	sched_faults_start(&p->faults, &p->rng);
	p->salt = (u32)(prng_next(&p->rng) >> 32);
	p->slow_sites = one_of(&p->rng, sites, ARRAY_SIZE(sites));
	BUG_ON(p->slow_sites & (p->slow_sites - 1));
	p->slow_visits = one_of(&p->rng, visits, ARRAY_SIZE(visits));
	p->length = one_of(&p->rng, lengths, ARRAY_SIZE(lengths));
	p->stride = one_of(&p->rng, strides, ARRAY_SIZE(strides));
	p->races = prng_chance(&p->rng, 1, 2);
	p->windows = one_of(&p->rng, windows, ARRAY_SIZE(windows));
	p->youngest = 0;
	p->step = 0;
	p->last = ENGINE_CTX_MAX;
	p->held = 0;
	memset(p->failed, 0, sizeof(p->failed));
	memset(p->dropped, 0, sizeof(p->dropped));
}

static bool delay_is_window(struct delay_policy *p, unsigned ctx, const struct engine_event *e)
{
	if (e->role > p->youngest) {
		p->youngest = e->role;
		return true;
	}
	return e->kind == EV_LOCK &&
	       (e->obj == p->dropped[ctx][0] || e->obj == p->dropped[ctx][1]);
}

/* e is the event that has just become pending on ctx. */
static bool delay_is_slow(struct delay_policy *p, unsigned ctx, const struct engine_event *e)
{
	if (p->failed[ctx] && !--p->failed[ctx])
		return true;
	if (p->windows && delay_is_window(p, ctx, e) && prng_chance(&p->rng, 1, p->windows))
		return true;
	/* By mask: a division at each point would be a good part of a search. */
	if (!e->site || prng_mix((u64)p->salt << 32 | e->site->hash) & (p->slow_sites - 1))
		return false;
	return prng_chance(&p->rng, 1, p->slow_visits);
}

/* Those that may go on: runnable and not held; where they only spin, the one held
 * least as well. */
static u32 delay_candidates(struct delay_policy *p, ctx_mask runnable, ctx_mask spinning)
{
	unsigned first = ENGINE_CTX_MAX;
	ctx_mask candidates;

	for (ctx_mask m = p->held & runnable; m; m &= m - 1) {
		unsigned t = ctx_first(m);

		if (p->until[t] <= p->step)
			p->held &= ~CTX_BIT(t);
		else if (first == ENGINE_CTX_MAX || p->until[t] < p->until[first])
			first = t;
	}
	candidates = runnable & ~p->held;
	if ((candidates & ~spinning) || first == ENGINE_CTX_MAX)
		return candidates;
	p->held &= ~CTX_BIT(first);
	return candidates | CTX_BIT(first);
}

static unsigned delay_next(struct sched_policy *policy, const struct engine_view *v)
{
	struct delay_policy *p = container_of(policy, struct delay_policy, policy);
	ctx_mask last = p->last < ENGINE_CTX_MAX ? CTX_BIT(p->last) : 0;
	ctx_mask mask, racing = 0;
	u32 stride = p->stride;

	p->step++;
	if ((last & v->runnable) && delay_is_slow(p, p->last, &v->pending[p->last])) {
		p->held |= last;
		p->until[p->last] = p->step + 1 + prng_below(&p->rng, p->length);
	}
	if (p->races && (last & v->runnable))
		racing = sched_racing(v, p->last, v->runnable);
	if (racing && prng_chance(&p->rng, 1, 4))
		p->held &= ~racing;
	mask = delay_candidates(p, v->runnable, v->spinning);
	mask = sched_not_spinning(&p->rng, v, mask);
	if (racing & mask)
		stride = 2;
	if (!(mask & last) || (v->spinning & last) || prng_chance(&p->rng, 1, stride))
		p->last = sched_pick(&p->rng, mask);
	if (v->pending[p->last].kind == EV_UNLOCK) {
		p->dropped[p->last][1] = p->dropped[p->last][0];
		p->dropped[p->last][0] = v->pending[p->last].obj;
	}
	return p->last;
}

static u32 delay_choose(struct sched_policy *policy, const struct engine_view *v,
			const struct sched_choice *c)
{
	struct delay_policy *p = container_of(policy, struct delay_policy, policy);
	u32 value = sched_faults_choose(&p->faults, &p->rng, c);

	(void)v;
	if (value && p->windows)
		p->failed[c->ctx] = (u8)(1 + prng_below(&p->rng, 8));
	return value;
}

struct sched_policy *sched_delay(u32 steps)
{
	static struct delay_policy delay = {
		.policy = { "delay", delay_start, delay_next, delay_choose },
	};

	(void)steps;
	return &delay.policy;
}
