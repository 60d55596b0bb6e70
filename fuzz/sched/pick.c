// SPDX-License-Identifier: GPL-2.0-or-later
/* What several policies ask: one of a few contexts, and which of them would race. */
#include "fuzz/sched/sched.h"

/* The first steps without a branch: it would be predicted wrongly half the time. */
unsigned sched_pick(struct prng *rng, ctx_mask mask)
{
	u32 n = prng_below(rng, ctx_count(mask));

	for (u32 i = 0; i < 3; i++)
		mask &= mask - (n > i);
	for (u32 i = 3; unlikely(i < n); i++)
		mask &= mask - 1;
	return ctx_first(mask);
}

ctx_mask sched_racing(const struct engine_view *v, unsigned t, ctx_mask mask)
{
	const struct engine_event *e = &v->pending[t];
	bool writes = event_kind_writes((enum event_kind)e->kind);
	ctx_mask racing = 0;

	if (!e->obj)
		return 0;
	for (ctx_mask m = mask & ~CTX_BIT(t); m; m &= m - 1) {
		unsigned u = ctx_first(m);
		const struct engine_event *other = &v->pending[u];

		if (other->obj == e->obj &&
		    (writes || event_kind_writes((enum event_kind)other->kind)))
			racing |= CTX_BIT(u);
	}
	return racing;
}
