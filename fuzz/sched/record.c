// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The recorder: a finished run's event log as order edges and choices. At each
 * context switch the first event of the new segment comes after the last event
 * of the segment before it; so at every moment of a replay exactly the context
 * that ran in the original is free to run. What was still pending at the end is
 * held behind the last event of all.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/prng.h"
#include "fuzz/sched/sched.h"

/* ---- schedules ---- */

static void *room_for_one(void *p, u32 n, u32 *max, size_t size)
{
	if (n < *max)
		return p;
	*max = *max ? 2 * *max : 64;
	p = realloc(p, *max * size);
	if (!p)
		abort();
	return p;
}

void sched_add_edge(struct sched_schedule *s, const struct order_edge *edge)
{
	s->edge = room_for_one(s->edge, s->nedges, &s->edges_max, sizeof(*edge));
	s->edge[s->nedges++] = *edge;
}

void sched_add_choice(struct sched_schedule *s, const struct event_choice *choice)
{
	s->choice = room_for_one(s->choice, s->nchoices, &s->choices_max, sizeof(*choice));
	s->choice[s->nchoices++] = *choice;
}

void sched_schedule_clear(struct sched_schedule *s)
{
	s->nedges = s->nchoices = 0;
}

void sched_schedule_free(struct sched_schedule *s)
{
	free(s->edge);
	free(s->choice);
	memset(s, 0, sizeof(*s));
}

/* ---- counting occurrences ---- */

struct counted { u64 key; u32 count; };
struct counters { struct counted *slot; u32 mask; };

/* An exact key, not a hash: ctx 5 bits, op 16, choice or any or role 2, and the
 * site and role mixed to 41 bits; a collision would show as a failed replay. */
static u64 counter_key(const struct engine_logged *e, bool choice, bool any)
{
	u64 object = prng_mix((u64)e->site << 32 | (any || choice ? 0 : e->role_hash));
	u64 kind = choice ? 1 : any ? 2 : 3;

	return (u64)(e->ctx + 1u) << 59 | (u64)e->op << 43 | kind << 41 | object >> 23;
}

static u32 count_up(struct counters *c, u64 key)
{
	u32 i = (u32)prng_mix(key) & c->mask;

	while (c->slot[i].count && c->slot[i].key != key)
		i = (i + 1) & c->mask;
	c->slot[i].key = key;
	return ++c->slot[i].count;
}

static u32 count_of(const struct counters *c, u64 key)
{
	u32 i = (u32)prng_mix(key) & c->mask;

	while (c->slot[i].count && c->slot[i].key != key)
		i = (i + 1) & c->mask;
	return c->slot[i].count;
}

/* nth: among events of this object; nth_any: of any. */
static struct event_key key_of(const struct engine_logged *e, u32 nth, u32 nth_any)
{
	struct event_key key = { .ctx = e->ctx, .op = e->op, .site = e->site };
	char name[2 * EVENT_ROLE_MAX];

	key.nth = (u16)nth_any;
	if (!e->role_hash)
		return key;
	engine_role_name(e->role, name, sizeof(name));
	if (strlen(name) < EVENT_ROLE_MAX) {
		key.nth = (u16)nth;
		memcpy(key.role, name, strlen(name));
	}
	return key;
}

/* The begin of an op or a handler is named as such: it is pending before the
 * task has run at all, and it is what a person would write. */
static struct event_key later_side(const struct engine_logged *e, const struct event_key *key)
{
	return e->kind == EV_OP || e->kind == EV_IRQ ? event_key_whole(e->ctx, e->op) : *key;
}

/* ---- recording ---- */

/* Is the pending event of a context one that is still to come? After the end of
 * a task or handler the last one that happened is still written there. */
static bool still_to_come(const struct engine_view *v, unsigned ctx,
			  const struct engine_logged *last)
{
	const struct engine_event *e = &v->pending[ctx];

	if (e->kind == EV_NONE || !e->site)
		return false;
	if (!last)
		return true;
	if (ctx < ENGINE_TASKS_MAX)
		return !(e->kind == EV_OP_END && last->kind == EV_OP_END && last->op == e->op);
	if (e->kind == EV_IRQ)
		return e->op > last->op;
	return v->runnable & CTX_BIT(ctx);
}

static void hold_pending(struct sched_schedule *out, const struct engine_view *v,
			 struct counters *counters,
			 const struct engine_logged *const last[ENGINE_CTX_MAX],
			 const struct engine_logged *end, const struct event_key *end_key)
{
	for (unsigned ctx = 0; ctx < ENGINE_CTX_MAX; ctx++) {
		const struct engine_event *p = &v->pending[ctx];
		struct engine_logged e;
		struct order_edge edge;

		if (ctx == end->ctx || !still_to_come(v, ctx, last[ctx]))
			continue;
		e = (struct engine_logged){
			.site = p->site->hash, .role = p->role, .op = p->op, .ctx = (u8)ctx,
			.role_hash = engine_role_hash(p->role), .kind = p->kind,
		};
		edge.after = *end_key;
		edge.event = key_of(&e, count_of(counters, counter_key(&e, false, false)) + 1,
				    count_of(counters, counter_key(&e, false, true)) + 1);
		edge.event = later_side(&e, &edge.event);
		sched_add_edge(out, &edge);
	}
}

void sched_record(struct sched_schedule *out, const struct engine_view *v)
{
	const struct engine_logged *last[ENGINE_CTX_MAX] = { NULL }, *before = NULL;
	struct event_key before_key = { 0 };
	struct counters counters;
	size_t n;
	const struct engine_logged *log = engine_log(&n);
	u32 size = 64;

	sched_schedule_clear(out);
	while (size < 8 * n)
		size *= 2;
	counters.mask = size - 1;
	counters.slot = calloc(size, sizeof(*counters.slot));
	if (!counters.slot)
		abort();
	for (size_t i = 0; i < n; i++) {
		const struct engine_logged *e = &log[i];
		struct event_key key;

		if (e->choice) {
			u32 nth = count_up(&counters, counter_key(e, true, false));

			if (e->choice > 1)
				sched_add_choice(out, &(struct event_choice){
					.event = { .ctx = e->ctx, .op = e->op, .site = e->site,
						   .nth = (u16)nth },
					.value = e->choice - 1 });
			continue;
		}
		key = key_of(e, count_up(&counters, counter_key(e, false, false)),
			     count_up(&counters, counter_key(e, false, true)));
		if (before && before->ctx != e->ctx)
			sched_add_edge(out, &(struct order_edge){ .event = later_side(e, &key),
								  .after = before_key });
		before = e;
		before_key = e->kind == EV_OP_END ? event_key_whole(e->ctx, e->op) : key;
		last[e->ctx] = e;
	}
	if (before && v)
		hold_pending(out, v, &counters, last, before, &before_key);
	free(counters.slot);
}
