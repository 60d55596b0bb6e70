// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replay: order edges and choices laid over a default schedule. An edge holds
 * a context whose pending event is the edge's later side until the earlier side
 * has happened. When everything runnable is held, or the op of the earlier side
 * has ended without it, the edge can't be met: it is dropped and counted. Where
 * the schedule is silent, another policy may stand in for the default.
 *
 * Each side of each edge is a watch; watches are sorted by context and op, so a
 * step looks at those of the pending op only, and what is held is cached until
 * the context runs or an edge changes its state.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/sched/sched.h"

#define YIELDS_MAX 64 /* fruitless spins in a row while another context is held */

enum edge_state { EDGE_ACTIVE, EDGE_MET, EDGE_DROPPED };
enum watch_side { WATCH_LATER, WATCH_EARLIER, WATCH_CHOICE };

struct watch {
	u32 site, role; /* role: hash of its name; 0: any object */
	u32 index;      /* of the edge or choice */
	u32 seen;       /* matching events so far */
	u16 op, nth;
	u8 ctx, side;
};

struct window { u32 first, end; u32 op; }; /* op + 1; 0: not looked up yet */

struct replay_policy {
	struct sched_policy policy;
	const struct sched_schedule *schedule;
	struct sched_policy *inner; /* NULL: the default schedule */
	struct engine_view allowed; /* what inner is shown where somebody is held */
	struct watch *watch;       /* events, by context, op, then index */
	struct watch *choice;    /* ditto */
	u8 *state, *used;          /* of each edge */
	u8 *missed;                /* of each edge: enum sched_edge_end, the first that was seen */
	const struct engine_view *view;
	u32 nwatches, watches_max, nchoices, choices_max, edges_max;
	u32 first[2][ENGINE_CTX_MAX + 1];
	struct window window[ENGINE_CTX_MAX];
	ctx_mask known, held;      /* cache: contexts looked at; those held */
	u32 dropped;
	u32 yields;
	unsigned last_task;
	unsigned last_picked;
};

static struct replay_policy replay;

/* ---- before the run ---- */

static int compare_watches(const void *a, const void *b)
{
	const struct watch *x = a, *y = b;

	if (x->ctx != y->ctx)
		return x->ctx < y->ctx ? -1 : 1;
	if (x->op != y->op)
		return x->op < y->op ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return (int)x->side - (int)y->side;
}

static void *grown(void *p, u32 *max, u32 n, size_t size)
{
	if (n <= *max)
		return p;
	*max = n + n / 2 + 16;
	p = realloc(p, *max * size);
	if (!p)
		abort();
	return p;
}

static void index_watches(struct watch *w, u32 n, u32 first[ENGINE_CTX_MAX + 1])
{
	u32 at = 0;

	qsort(w, n, sizeof(*w), compare_watches);
	for (u32 ctx = 0; ctx < ENGINE_CTX_MAX; ctx++) {
		first[ctx] = at;
		while (at < n && w[at].ctx == ctx)
			at++;
	}
	first[ENGINE_CTX_MAX] = at;
}

static struct watch watch_for(const struct event_key *k, u32 index, enum watch_side side)
{
	return (struct watch){
		.site = k->site, .role = k->role[0] ? site_hash(k->role, strlen(k->role)) : 0,
		.index = index, .op = k->op, .nth = k->nth, .ctx = k->ctx, .side = (u8)side,
	};
}

static void replay_load(struct replay_policy *r, const struct sched_schedule *s)
{
	r->schedule = s;
	r->nwatches = 2 * s->nedges;
	r->nchoices = s->nchoices;
	r->watch = grown(r->watch, &r->watches_max, r->nwatches, sizeof(*r->watch));
	r->choice = grown(r->choice, &r->choices_max, r->nchoices, sizeof(*r->choice));
	if (s->nedges > r->edges_max) {
		u32 max = r->edges_max;

		r->state = grown(r->state, &max, s->nedges, 1);
		max = r->edges_max;
		r->missed = grown(r->missed, &max, s->nedges, 1);
		r->used = grown(r->used, &r->edges_max, s->nedges, 1);
	}
	for (u32 i = 0; i < s->nedges; i++) {
		r->watch[2 * i] = watch_for(&s->edge[i].event, i, WATCH_LATER);
		r->watch[2 * i + 1] = watch_for(&s->edge[i].after, i, WATCH_EARLIER);
	}
	for (u32 i = 0; i < s->nchoices; i++)
		r->choice[i] = watch_for(&s->choice[i].event, i, WATCH_CHOICE);
	if (r->nwatches)
		index_watches(r->watch, r->nwatches, r->first[0]);
	else
		memset(r->first[0], 0, sizeof(r->first[0]));
	if (r->nchoices)
		index_watches(r->choice, r->nchoices, r->first[1]);
	else
		memset(r->first[1], 0, sizeof(r->first[1]));
}

static void replay_start(struct sched_policy *p, const struct engine_view *v, u64 seed)
{
	struct replay_policy *r = container_of(p, struct replay_policy, policy);

	if (r->inner)
		r->inner->start(r->inner, v, seed);
	for (u32 i = 0; i < r->nwatches; i++)
		r->watch[i].seen = 0;
	for (u32 i = 0; i < r->nchoices; i++)
		r->choice[i].seen = 0;
	if (r->schedule->nedges) {
		memset(r->state, EDGE_ACTIVE, r->schedule->nedges);
		memset(r->used, 0, r->schedule->nedges);
		memset(r->missed, SCHED_EDGE_MET, r->schedule->nedges);
	}
	memset(r->window, 0, sizeof(r->window));
	r->known = r->held = 0;
	r->dropped = 0;
	r->yields = 0;
	r->last_task = r->last_picked = ENGINE_CTX_MAX;
	r->view = v;
}

/* ---- matching ---- */

static bool matches(const struct watch *w, const struct engine_event *e, u32 role_hash)
{
	if (!w->site) {
		if (w->side == WATCH_LATER)
			return e->kind == EV_OP || e->kind == EV_IRQ;
		return e->kind == EV_OP_END;
	}
	return w->site == e->site->hash && (!w->role || w->role == role_hash);
}

static const struct window *window_of(struct replay_policy *r, unsigned ctx, u32 op)
{
	struct window *w = &r->window[ctx];
	u32 end = r->first[0][ctx + 1];

	if (w->op == op + 1)
		return w;
	if (w->op > op + 1 || !w->op)
		w->first = r->first[0][ctx];
	w->op = op + 1;
	while (w->first < end && r->watch[w->first].op < op)
		w->first++;
	w->end = w->first;
	while (w->end < end && r->watch[w->end].op == op)
		w->end++;
	return w;
}

/* The edge that holds ctx at its pending event, or -1. */
static s64 holding_edge(struct replay_policy *r, const struct engine_view *v, unsigned ctx)
{
	const struct engine_event *e = &v->pending[ctx];
	const struct window *w = window_of(r, ctx, e->op);
	u32 role_hash;

	if (w->first == w->end)
		return -1;
	role_hash = engine_role_hash(e->role);
	for (u32 i = w->first; i < w->end; i++) {
		const struct watch *watch = &r->watch[i];

		if (watch->side != WATCH_LATER || r->state[watch->index] != EDGE_ACTIVE)
			continue;
		if (watch->site && watch->seen + 1 != watch->nth)
			continue;
		if (matches(watch, e, role_hash))
			return watch->index;
	}
	return -1;
}

static void edge_set(struct replay_policy *r, u32 index, enum edge_state state)
{
	if (r->state[index] != EDGE_ACTIVE)
		return;
	r->state[index] = (u8)state;
	r->dropped += state == EDGE_DROPPED;
	r->known = 0;
}

/* Why an edge cannot be met; the first reason counts. */
static void edge_missed(struct replay_policy *r, u32 index, enum sched_edge_end why)
{
	if (r->missed[index] == SCHED_EDGE_MET)
		r->missed[index] = (u8)why;
}

/* The pending event of ctx happens now. */
static void event_happens(struct replay_policy *r, const struct engine_view *v, unsigned ctx)
{
	const struct engine_event *e = &v->pending[ctx];
	const struct window *w = window_of(r, ctx, e->op);
	u32 role_hash;

	r->known &= ~CTX_BIT(ctx);
	if (w->first == w->end)
		return;
	role_hash = engine_role_hash(e->role);
	for (u32 i = w->first; i < w->end; i++) {
		struct watch *watch = &r->watch[i];

		if (matches(watch, e, role_hash)) {
			watch->seen++;
			if (watch->site && watch->seen != watch->nth)
				continue;
			if (watch->side == WATCH_EARLIER)
				edge_set(r, watch->index, EDGE_MET);
			else
				r->used[watch->index] = 1;
		} else if (e->kind == EV_OP_END && watch->side == WATCH_EARLIER) {
			if (r->state[watch->index] == EDGE_ACTIVE)
				edge_missed(r, watch->index, SCHED_EDGE_NO_EARLIER);
			edge_set(r, watch->index, EDGE_DROPPED); /* too late for it now */
		} else if (e->kind == EV_OP_END && !r->used[watch->index]) {
			edge_missed(r, watch->index, SCHED_EDGE_NO_LATER);
		}
	}
}

/* An interrupt or a callback has no event at its end: it is over when it ran last
 * and can't run on, or has a new one pending. */
static void handlers_end(struct replay_policy *r, const struct engine_view *v)
{
	unsigned ctx = r->last_picked;
	const struct window *w = &r->window[ctx % ENGINE_CTX_MAX];

	if (ctx < ENGINE_TASKS_MAX || ctx >= ENGINE_CTX_MAX)
		return;
	if ((v->runnable & CTX_BIT(ctx)) && v->pending[ctx].kind != EV_IRQ)
		return;
	for (u32 i = w->first; i < w->end; i++) {
		struct watch *watch = &r->watch[i];

		if (watch->side == WATCH_EARLIER && !watch->site)
			edge_set(r, watch->index, EDGE_MET);
	}
}

/* ---- the policy ---- */

/* Has its fiber not run at all? Its first event is still unknown then. */
static bool not_started(const struct engine_event *e)
{
	return e->kind == EV_OP && !strcmp(e->site->op, "task_begin");
}

unsigned sched_default_next(const struct engine_view *v, ctx_mask allowed, unsigned last_task)
{
	ctx_mask softirqs = allowed >> ENGINE_CTX_SOFTIRQ(0) << ENGINE_CTX_SOFTIRQ(0);
	ctx_mask irqs = allowed & ~CTX_TASKS & ~softirqs;
	ctx_mask spinning;

	if (softirqs)
		return ctx_first(softirqs);
	/* A handler that has begun is finished first. */
	if (v->cur >= ENGINE_TASKS_MAX && v->cur < ENGINE_CTX_MAX && (irqs & CTX_BIT(v->cur)) &&
	    v->pending[v->cur].kind != EV_IRQ)
		return v->cur;
	spinning = v->spinning & allowed;
	if (last_task < ENGINE_TASKS_MAX && (allowed & ~spinning & CTX_BIT(last_task)))
		return last_task;
	if (allowed & CTX_TASKS & ~spinning)
		return ctx_first(allowed & CTX_TASKS & ~spinning);
	if (irqs)
		return ctx_first(irqs);
	/* All spin: in turn. */
	for (unsigned i = 1; i <= ENGINE_TASKS_MAX; i++) {
		unsigned t = (last_task + i) % ENGINE_TASKS_MAX;

		if (allowed & CTX_BIT(t))
			return t;
	}
	return ctx_first(allowed);
}

static ctx_mask held_mask(struct replay_policy *r, const struct engine_view *v)
{
	for (ctx_mask m = v->runnable & ~r->known; m; m &= m - 1) {
		unsigned ctx = ctx_first(m);

		r->held &= ~CTX_BIT(ctx);
		if (holding_edge(r, v, ctx) >= 0)
			r->held |= CTX_BIT(ctx);
		r->known |= CTX_BIT(ctx);
	}
	return r->held & v->runnable;
}

/* Drops the first edge, in order of the schedule, that holds somebody. */
static void drop_one(struct replay_policy *r, const struct engine_view *v, ctx_mask held)
{
	s64 first = -1;

	for (ctx_mask m = held; m; m &= m - 1) {
		s64 i = holding_edge(r, v, ctx_first(m));

		if (i >= 0 && (first < 0 || i < first))
			first = i;
	}
	if (first >= 0) {
		edge_missed(r, (u32)first, SCHED_EDGE_DEADLOCK);
		edge_set(r, (u32)first, EDGE_DROPPED);
	}
	r->known = 0;
}

/* One of those that no edge holds. */
static unsigned next_allowed(struct replay_policy *r, const struct engine_view *v, ctx_mask allowed)
{
	if (!r->inner)
		return sched_default_next(v, allowed, r->last_task);
	if (allowed == v->runnable)
		return r->inner->next(r->inner, v);
	r->allowed = *v;
	r->allowed.runnable = allowed;
	return r->inner->next(r->inner, &r->allowed);
}

static unsigned replay_next(struct sched_policy *p, const struct engine_view *v)
{
	struct replay_policy *r = container_of(p, struct replay_policy, policy);
	ctx_mask held, allowed;
	unsigned t;

	handlers_end(r, v);
	held = held_mask(r, v);
	while (held == v->runnable ||
	       (held && r->yields > YIELDS_MAX &&
		(v->spinning & v->runnable & ~held) == (v->runnable & ~held))) {
		drop_one(r, v, held);
		r->yields = 0;
		held = held_mask(r, v);
	}
	allowed = v->runnable & ~held;
	t = next_allowed(r, v, allowed);
	r->yields = v->pending[t].kind == EV_YIELD ? r->yields + 1 : 0;
	r->last_picked = t;
	if (t < ENGINE_TASKS_MAX)
		r->last_task = t;
	if (not_started(&v->pending[t]))
		r->known &= ~CTX_BIT(t);
	else
		event_happens(r, v, t);
	return t;
}

static u32 replay_choose(struct sched_policy *p, const struct engine_view *v,
			 const struct sched_choice *c)
{
	struct replay_policy *r = container_of(p, struct replay_policy, policy);
	u32 op = v->pending[c->ctx].op, value = 0;

	if (r->inner)
		value = r->inner->choose(r->inner, v, c);
	for (u32 i = r->first[1][c->ctx]; i < r->first[1][c->ctx + 1]; i++) {
		struct watch *w = &r->choice[i];

		if (w->op != op || w->site != c->site->hash)
			continue;
		if (++w->seen == w->nth)
			value = r->schedule->choice[w->index].value;
	}
	return value < c->n ? value : c->n - 1;
}

struct sched_policy *sched_replay_over(const struct sched_schedule *s,
				       struct sched_policy *inner)
{
	replay.policy = (struct sched_policy){ inner ? inner->name : "replay", replay_start,
					       replay_next, replay_choose };
	replay.inner = inner;
	replay_load(&replay, s);
	return &replay.policy;
}

struct sched_policy *sched_replay(const struct sched_schedule *s)
{
	return sched_replay_over(s, NULL);
}

u32 sched_replay_dropped(void)
{
	return replay.dropped;
}

bool sched_replay_edge_dropped(u32 index)
{
	return replay.schedule && index < replay.schedule->nedges &&
	       replay.state[index] == EDGE_DROPPED;
}

bool sched_replay_edge_used(u32 index)
{
	return replay.schedule && index < replay.schedule->nedges && replay.used[index];
}

/* What looks for this side of an edge. */
static const struct watch *side_of(u32 index, enum watch_side side)
{
	for (u32 i = 0;; i++) {
		BUG_ON_CMP(i, >=, replay.nwatches);
		if (replay.watch[i].index == index && replay.watch[i].side == side)
			return &replay.watch[i];
	}
}

/* Is the later side of this edge the next that its context would have done? */
static bool later_is_pending(u32 index)
{
	const struct event_key *k = &replay.schedule->edge[index].event;
	const struct engine_event *e = &replay.view->pending[k->ctx];
	const struct watch *later;

	if (!e->site || e->op != k->op)
		return false;
	later = side_of(index, WATCH_LATER);
	return matches(later, e, engine_role_hash(e->role)) &&
	       (!k->site || later->seen + 1u == k->nth);
}

enum sched_edge_end sched_replay_edge_end(u32 index, bool complete, bool fair)
{
	enum sched_edge_end end = (enum sched_edge_end)replay.missed[index];
	bool met = replay.state[index] == EDGE_MET;

	BUG_ON_CMP(index, >=, replay.schedule->nedges);
	if (end != SCHED_EDGE_MET || (met && replay.used[index]))
		return end;
	if (!complete)
		return met && later_is_pending(index) ? SCHED_EDGE_MET : SCHED_EDGE_OPEN;
	if (fair)
		return met ? SCHED_EDGE_MET : SCHED_EDGE_FAIR;
	return met ? SCHED_EDGE_NO_LATER : SCHED_EDGE_NO_EARLIER;
}

u32 sched_replay_edge_came(u32 index, enum sched_edge_end missing)
{
	return side_of(index, missing == SCHED_EDGE_NO_LATER ? WATCH_LATER : WATCH_EARLIER)->seen;
}

u32 sched_replay_choice_came(u32 index)
{
	BUG_ON_CMP(index, >=, replay.schedule->nchoices);
	for (u32 i = 0; i < replay.nchoices; i++)
		if (replay.choice[i].index == index)
			return replay.choice[i].seen;
	return 0;
}

enum sched_edge_end sched_replay_choice_end(u32 index, bool complete)
{
	if (sched_replay_choice_came(index) >= replay.schedule->choice[index].event.nth)
		return SCHED_EDGE_MET;
	return complete ? SCHED_EDGE_NO_LATER : SCHED_EDGE_OPEN;
}
