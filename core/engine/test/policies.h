/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two small policies for tests that lie below fuzz/sched: a random walk, and
 * "run until it blocks, then the lowest context". */
#ifndef CORE_ENGINE_TEST_POLICIES_H
#define CORE_ENGINE_TEST_POLICIES_H

#include "core/base/limits.h"
#include "core/engine/policy.h"

static u64 test_rng;

static u32 __no_sanitize_tsan test_random(u32 n)
{
	test_rng ^= test_rng << 13;
	test_rng ^= test_rng >> 7;
	test_rng ^= test_rng << 17;
	return (u32)((test_rng >> 33) * (u64)n >> 31);
}

static void __no_sanitize_tsan test_start(struct sched_policy *p, const struct engine_view *v,
					  u64 seed)
{
	(void)p;
	(void)v;
	test_rng = seed * 0x9e3779b97f4a7c15ull | 1;
	for (int i = 0; i < 4; i++)
		test_random(2);
}

static unsigned __no_sanitize_tsan test_next(struct sched_policy *p, const struct engine_view *v)
{
	ctx_mask m = v->runnable;
	u32 k = test_random(ctx_count(m));

	(void)p;
	while (k--)
		m &= m - 1;
	return ctx_first(m);
}

static unsigned __no_sanitize_tsan test_next_lowest(struct sched_policy *p,
						    const struct engine_view *v)
{
	(void)p;
	if (v->cur < ENGINE_CTX_MAX && (v->runnable & CTX_BIT(v->cur)) &&
	    v->pending[v->cur].kind != EV_YIELD)
		return v->cur;
	for (u32 i = 1; i < ENGINE_CTX_MAX; i++) {
		u32 n = (v->cur + i) % ENGINE_CTX_MAX;

		if (v->pending[v->cur % ENGINE_CTX_MAX].kind == EV_YIELD && (v->runnable & CTX_BIT(n)))
			return n;
	}
	return ctx_first(v->runnable);
}

static u32 __no_sanitize_tsan test_choose(struct sched_policy *p, const struct engine_view *v,
					  const struct sched_choice *c)
{
	(void)p;
	(void)v;
	(void)c;
	return 0;
}

static struct sched_policy test_policy_random __always_unused = {
	.name = "random", .start = test_start, .next = test_next, .choose = test_choose,
};
static struct sched_policy test_policy_lowest __always_unused = {
	.name = "lowest", .start = test_start, .next = test_next_lowest, .choose = test_choose,
};

#endif
