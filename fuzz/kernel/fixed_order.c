// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fixed order, what it refuses, and the policy that keeps to it.
 */
#include "fuzz/kernel/fixed_order.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/prog/edit.h"

#define KSM_PASSES_MAX 3

/* ---- what can be expressed ---- */

/* The column "call" of ops.def, which explains them. */
enum expression {
	CALL_MADVISE,
	CALL_OWN,
	CALL_ITSELF,
	CALL_CONTENTS,
	CALL_NO_CALL,
};

static const enum expression expressions[PROG_OP_COUNT] = {
#define OP(name, on, nargs, a, b, c, effect, call, ...) [OP_##name] = CALL_##call,
#include "core/base/ops.def"
};

bool order_model_only(u8 kind)
{
	return expressions[kind] == CALL_ITSELF;
}

static bool has_no_call(u8 kind)
{
	return expressions[kind] == CALL_NO_CALL || expressions[kind] == CALL_CONTENTS;
}

const char *order_refuses(const struct prog *p, bool contents_alone)
{
	static char why[160];

	for (unsigned t = 0; t < p->ntasks; t++) {
		for (unsigned i = 0; i < p->task[t].nops; i++) {
			u8 kind = p->task[t].op[i].kind;

			if (!has_no_call(kind) ||
			    (contents_alone && expressions[kind] == CALL_CONTENTS))
				continue;
			snprintf(why, sizeof(why), "%c%u %s: no system call does this",
				 p->task[t].label, i + 1, prog_ops[kind].name);
			return why;
		}
	}
	return NULL;
}

static void plain_device(struct world_config *m)
{
	struct world_dev *d = &m->dev[0];

	if (!(d->flags & WORLD_DEV_PRESENT) || m->dev[1].flags || m->dev[2].flags)
		return;
	d->prio = 0;
	if (d->slots > 8) {
		d->slots = 32;
		d->bad[0] = d->bad[1] = 0;
	}
}

/* What a task's first op maps, as a madv_pageout of it; false: it maps nothing. */
static bool pageout_of(const struct prog_task *task, struct prog_op *out)
{
	if (!task->mm || !task->nops || task->op[0].kind != OP_mmap)
		return false;
	*out = (struct prog_op){ OP_madv_pageout, { task->op[0].arg[0], task->op[0].arg[1] } };
	return true;
}

/* Takes an op out. In the place of reclaim a task pages its own memory out: the task
 * itself, or (at its end) one that has an mm, the next one each time. */
static void make_op_expressible(struct prog *p, unsigned t, unsigned i, unsigned *turn)
{
	u8 kind = p->task[t].op[i].kind;
	struct prog_op pageout;

	if (kind != OP_reclaim && kind != OP_kswapd) {
		prog_op_remove(p, t, i);
		return;
	}
	if (pageout_of(&p->task[t], &pageout)) {
		p->task[t].op[i] = pageout;
		return;
	}
	prog_op_remove(p, t, i);
	for (unsigned tries = 0; tries < p->ntasks; tries++) {
		unsigned other = (*turn)++ % p->ntasks;
		struct prog_task *task = &p->task[other];
		struct prog_op read = { OP_read, { task->op[0].arg[0] } };

		if (pageout_of(task, &pageout)) {
			prog_op_insert(p, other, task->nops, pageout);
			prog_op_insert(p, other, task->nops, read);
			return;
		}
	}
}

void order_take_out_no_call(struct prog *p)
{
	for (unsigned t = p->ntasks; t-- > 0;) {
		for (unsigned i = p->task[t].nops; i-- > 0;) {
			if (expressions[p->task[t].op[i].kind] == CALL_NO_CALL)
				prog_op_remove(p, t, i);
		}
		if (!p->task[t].nops && p->ntasks > 1)
			prog_task_remove(p, t);
	}
	prog_repair(p);
}

void order_make_expressible(struct prog *p)
{
	unsigned turn = 0;

	for (unsigned t = p->ntasks; t-- > 0;) {
		for (unsigned i = p->task[t].nops; i-- > 0;) {
			struct prog_op *op = &p->task[t].op[i];

			/* On a real kernel another page has the checksum 0. */
			if (op->kind == OP_write && op->arg[1] == WORLD_CHECKSUM_ZERO)
				op->arg[1] = 0x22;
			if (has_no_call(op->kind))
				make_op_expressible(p, t, i, &turn);
		}
		if (!p->task[t].nops && p->ntasks > 1)
			prog_task_remove(p, t);
	}
	plain_device(&p->machine);
	prog_repair(p);
}

int order_ksm_passes(int pages)
{
	return pages < 1 ? 1 : min(pages, KSM_PASSES_MAX);
}

/* ---- the order ---- */

struct progress { u8 done[PROG_TASKS_MAX]; bool dropped[PROG_EDGES_MAX]; };

static bool edge_is_whole(const struct order_edge *e, const struct prog *p)
{
	return !e->event.site && !e->after.site && e->event.ctx < p->ntasks &&
	       e->after.ctx < p->ntasks;
}

/* Index of the edge that holds the task's next op, -1: none. */
static int held_by(const struct prog *p, const struct progress *g, unsigned t)
{
	for (unsigned i = 0; i < p->nedges; i++) {
		const struct order_edge *e = &p->edge[i];

		if (!g->dropped[i] && edge_is_whole(e, p) && e->event.ctx == t &&
		    e->event.op == g->done[t] + 1 && g->done[e->after.ctx] < e->after.op)
			return (int)i;
	}
	return -1;
}

static bool has_op(const struct prog *p, const struct progress *g, unsigned t)
{
	return g->done[t] < p->task[t].nops;
}

/* The task that goes on: the last one, else the lowest that isn't held; where all
 * are, the first edge that holds one is dropped. */
static int next_task(const struct prog *p, struct progress *g, int last, unsigned *dropped)
{
	for (;;) {
		int held = -1;

		if (last >= 0 && has_op(p, g, (unsigned)last) && held_by(p, g, (unsigned)last) < 0)
			return last;
		for (unsigned t = 0; t < p->ntasks; t++) {
			int edge;

			if (!has_op(p, g, t))
				continue;
			edge = held_by(p, g, t);
			if (edge < 0)
				return (int)t;
			if (held < 0)
				held = edge;
		}
		if (held < 0)
			return -1;
		g->dropped[held] = true;
		(*dropped)++;
	}
}

void order_make(const struct prog *p, struct fixed_order *out)
{
	struct progress g = { 0 };
	int last = -1;

	memset(out, 0, sizeof(*out));
	for (unsigned i = 0; i < p->nedges; i++)
		out->edges_left_out += !edge_is_whole(&p->edge[i], p);
	while ((last = next_task(p, &g, last, &out->edges_left_out)) >= 0) {
		assert(out->n < ORDER_STEPS_MAX);
		g.done[last]++;
		out->step[out->n++] = (struct order_step){ (u8)last, g.done[last] };
	}
}

void order_adapt(struct prog *p, enum device_kind kind)
{
	struct world_config *m = &p->machine;

	m->cpus = 1;
	for (unsigned t = 0; t < p->ntasks; t++)
		p->task[t].cpu = 0;
	m->folios = 128;
	m->low_watermark = 0;
	m->cluster_slots = 64;
	m->count_bits = 8;
	m->batch = 15;
	m->swap_full = 50;
	for (int i = 0; i < WORLD_DEVS_MAX; i++) {
		struct world_dev *d = &m->dev[i];

		/* 7.0 refuses a header that names a bad slot twice, 6.18 counts it twice. */
		if (d->bad[1] == d->bad[0])
			d->bad[1] = 0;
		if (d->flags & WORLD_DEV_PRESENT)
			d->flags = (u8)(device_flags(kind) | (d->flags & WORLD_DEV_ON));
	}
	p->policy = PROG_POLICY_REPLAY;
	p->nedges = 0;
	p->nchoices = 0;
}

/* ---- the policy ---- */

struct order_policy {
	struct sched_policy policy;
	const struct fixed_order *order;
	unsigned at;
};

static void order_start(struct sched_policy *p, const struct engine_view *v, u64 seed)
{
	(void)v;
	(void)seed;
	container_of(p, struct order_policy, policy)->at = 0;
}

static unsigned order_next(struct sched_policy *p, const struct engine_view *v)
{
	struct order_policy *o = container_of(p, struct order_policy, policy);
	ctx_mask others = v->runnable & ~CTX_TASKS;

	for (; o->at < o->order->n; o->at++) {
		const struct order_step *s = &o->order->step[o->at];
		const struct engine_event *e = &v->pending[s->task];
		bool runnable = v->runnable >> s->task & 1;
		bool begins = e->kind == EV_OP, ends = e->kind == EV_OP_END;

		/* Between ops, and where this one sleeps: what interrupts have to do. */
		if (others && (!runnable || begins || ends))
			return ctx_first(others);
		if (runnable && !(begins && e->op > s->op))
			return s->task;
	}
	/* Tasks without ops, and what the last op has left. */
	return ctx_first(others ? others : v->runnable);
}

static u32 order_choose(struct sched_policy *p, const struct engine_view *v,
			const struct sched_choice *c)
{
	(void)p;
	(void)v;
	(void)c;
	return 0; /* nothing fails */
}

struct sched_policy *order_policy(const struct fixed_order *order)
{
	static struct order_policy o = {
		.policy = { .name = "order", .start = order_start, .next = order_next,
			    .choose = order_choose },
	};

	o.order = order;
	return &o.policy;
}
