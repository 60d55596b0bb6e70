// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A policy around another one: shows an observer each pick and each choice.
 * The observer changes nothing, so the schedule and the trace hash are those of
 * the inner policy alone. One at a time.
 */
#include "fuzz/sched/sched.h"

struct observing_policy {
	struct sched_policy policy;
	struct sched_policy *inner;
	struct sched_observer *observer;
	const struct engine_view *view;
};

static struct observing_policy observing;

static void observe_start(struct sched_policy *p, const struct engine_view *v, u64 seed)
{
	struct observing_policy *o = container_of(p, struct observing_policy, policy);

	o->view = v;
	o->inner->start(o->inner, v, seed);
}

static unsigned observe_next(struct sched_policy *p, const struct engine_view *v)
{
	struct observing_policy *o = container_of(p, struct observing_policy, policy);
	unsigned t = o->inner->next(o->inner, v);

	if (o->observer->event)
		o->observer->event(v, t);
	return t;
}

static u32 observe_choose(struct sched_policy *p, const struct engine_view *v,
			  const struct sched_choice *c)
{
	struct observing_policy *o = container_of(p, struct observing_policy, policy);
	u32 value = o->inner->choose(o->inner, v, c);

	if (o->observer->choice)
		o->observer->choice(c, value);
	return value;
}

struct sched_policy *sched_observe(struct sched_policy *inner, struct sched_observer *observer)
{
	observing.policy = (struct sched_policy){ inner->name, observe_start, observe_next,
						  observe_choose };
	observing.inner = inner;
	observing.observer = observer;
	return &observing.policy;
}

const struct engine_view *sched_view(void)
{
	return observing.view;
}
