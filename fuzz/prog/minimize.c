// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The minimiser: policy and schedule first, then tasks, ops, choices, values,
 * machine; all passes again until none of them finds anything. Lists shrink by
 * chunks of halving size, down to single items. A program that failed once is
 * not tried again, so the last round, which proves the local minimum, is cheap.
 */
#include "fuzz/prog/minimize.h"

#include "fuzz/prog/edit.h"
#include "fuzz/prog/machine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FAILED_SLOTS (1u << 16)
#define FAILED_MAX (FAILED_SLOTS / 2)
#define PAIRS_OPS_MAX 14 /* up to here, ops are also removed two at a time */

/* ---- one try ---- */

static u64 hash_bytes(const u8 *data, size_t size)
{
	u64 hash = size;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ data[i]) * 0x100000001b3ull;
	return prng_mix(hash) | 1; /* 0 marks a free slot */
}

/* Notes a program that does not hold; true where it was noted before. */
static bool failed_before(struct minimizer *mz, u64 hash)
{
	u32 slot = (u32)(hash >> 32) % FAILED_SLOTS;

	if (!mz->failed)
		return false;
	while (mz->failed[slot] && mz->failed[slot] != hash)
		slot = (slot + 1) % FAILED_SLOTS;
	return mz->failed[slot] == hash;
}

static void failed_note(struct minimizer *mz, u64 hash)
{
	u32 slot = (u32)(hash >> 32) % FAILED_SLOTS;

	if (!mz->failed || mz->nfailed == FAILED_MAX)
		return;
	while (mz->failed[slot])
		slot = (slot + 1) % FAILED_SLOTS;
	mz->failed[slot] = hash;
	mz->nfailed++;
}

struct prog *minimize_start(struct minimizer *mz)
{
	prog_copy(&mz->candidate, mz->p);
	return &mz->candidate;
}

bool minimize_try(struct minimizer *mz)
{
	struct prog *c = &mz->candidate;
	bool mms_default = mz->p->machine.mms == prog_mms_default(mz->p);
	size_t size;
	u64 hash;

	if (mz->stopped)
		return false;
	prog_repair(c);
	if (mms_default) {
		c->machine.mms = prog_mms_default(c);
		prog_repair(c);
	}
	if (prog_equal(c, mz->p))
		return false;
	size = prog_encode(c, mz->bytes, sizeof(mz->bytes));
	assert(size > 0);
	hash = hash_bytes(mz->bytes, size);
	if (failed_before(mz, hash))
		return false;
	if (mz->m->tick && !mz->m->tick(mz->m->arg)) {
		mz->stopped = true;
		return false;
	}
	mz->calls++;
	if (!mz->m->holds(c, mz->m->arg)) {
		failed_note(mz, hash);
		return false;
	}
	prog_copy(mz->p, c);
	return true;
}

/* ---- lists ---- */

/* Items from..from+n-1 of some list of the candidate go. */
struct list_kind {
	unsigned (*count)(const struct prog *p);
	void (*remove)(struct prog *p, unsigned from, unsigned n);
};

static unsigned edges_count(const struct prog *p)
{
	return p->nedges;
}

static void edges_remove(struct prog *p, unsigned from, unsigned n)
{
	prog_edges_remove(p, from, n);
}

static unsigned choices_count(const struct prog *p)
{
	return p->nchoices;
}

static void choices_remove(struct prog *p, unsigned from, unsigned n)
{
	prog_choices_remove(p, from, n);
}

static unsigned ops_count(const struct prog *p)
{
	unsigned n = 0;

	for (unsigned t = 0; t < p->ntasks; t++)
		n += p->task[t].nops;
	return n;
}

/* Sets the bits of the ops from..from+n-1, counted through all tasks. */
static void ops_mask(const struct prog *p, unsigned from, unsigned n, u16 mask[PROG_TASKS_MAX])
{
	unsigned at = 0;

	for (unsigned t = 0; t < p->ntasks; t++) {
		for (unsigned i = 0; i < p->task[t].nops; i++, at++) {
			if (at >= from && at < from + n)
				mask[t] |= (u16)(1u << i);
		}
	}
}

static void ops_remove(struct prog *p, unsigned from, unsigned n)
{
	u16 mask[PROG_TASKS_MAX] = { 0 };

	ops_mask(p, from, n, mask);
	prog_ops_remove(p, mask);
}

static unsigned tasks_count(const struct prog *p)
{
	return p->ntasks;
}

static void tasks_remove(struct prog *p, unsigned from, unsigned n)
{
	while (n-- && p->ntasks > 1)
		prog_task_remove(p, from);
}

static const struct list_kind list_edges = { edges_count, edges_remove };
static const struct list_kind list_choices = { choices_count, choices_remove };
static const struct list_kind list_ops = { ops_count, ops_remove };
static const struct list_kind list_tasks = { tasks_count, tasks_remove };

/* Chunks of halving size, from the end; ends with single items. */
static bool shrink_list(struct minimizer *mz, const struct list_kind *kind)
{
	unsigned size = kind->count(mz->p);
	bool changed = false;

	for (; size && !mz->stopped; size /= 2) {
		unsigned at = kind->count(mz->p);

		while (at) {
			unsigned n = min(size, at);

			at -= n;
			kind->remove(minimize_start(mz), at, n);
			changed |= minimize_try(mz);
			at = min(at, kind->count(mz->p));
		}
	}
	return changed;
}

/* Edges on the whole op t.i are moved to the op before it ("after") or behind it. */
static bool edges_to_neighbours(struct prog *p, unsigned t, unsigned i)
{
	bool any = false;

	for (unsigned e = 0; e < p->nedges; e++) {
		struct event_key *event = &p->edge[e].event, *after = &p->edge[e].after;

		if (!event->site && event->ctx == t && event->op == i + 1 &&
		    event->op < p->task[t].nops) {
			event->op++;
			any = true;
		}
		if (!after->site && after->ctx == t && after->op == i + 1 && i) {
			after->op--;
			any = true;
		}
	}
	return any;
}

/* Ops that matter only because an edge hangs on them. */
static bool shrink_ops_under_edges(struct minimizer *mz)
{
	bool changed = false;

	for (unsigned t = 0; t < mz->p->ntasks; t++) {
		for (unsigned i = mz->p->task[t].nops; i-- > 0;) {
			if (i >= mz->p->task[t].nops ||
			    !edges_to_neighbours(minimize_start(mz), t, i))
				continue;
			prog_op_remove(&mz->candidate, t, i);
			changed |= minimize_try(mz);
		}
	}
	return changed;
}

/* Two ops at a time: a pair such as hib_open and hib_close, or mmap and munmap. */
static bool shrink_op_pairs(struct minimizer *mz)
{
	bool changed = false;

	if (ops_count(mz->p) > PAIRS_OPS_MAX)
		return false;
	for (unsigned i = 0; i < ops_count(mz->p); i++) {
		for (unsigned j = i + 1; j < ops_count(mz->p); j++) {
			u16 mask[PROG_TASKS_MAX] = { 0 };

			ops_mask(mz->p, i, 1, mask);
			ops_mask(mz->p, j, 1, mask);
			prog_ops_remove(minimize_start(mz), mask);
			changed |= minimize_try(mz);
		}
	}
	return changed;
}

/* ---- tasks into one ---- */

/* The ops of t go before or behind those of u, and t goes. */
static bool merge_tasks(struct minimizer *mz, unsigned t, unsigned u, bool before)
{
	struct prog *c = minimize_start(mz);

	if (c->task[t].mm && c->task[u].mm && c->task[t].mm != c->task[u].mm)
		return false;
	if (c->task[t].nops + c->task[u].nops > PROG_OPS_MAX)
		return false;
	if (!c->task[u].mm)
		c->task[u].mm = c->task[t].mm;
	for (unsigned i = 0; c->task[t].nops; i++)
		prog_op_move(c, t, 0, u, before ? i : c->task[u].nops);
	prog_task_remove(c, t);
	return minimize_try(mz);
}

static bool shrink_merge(struct minimizer *mz)
{
	bool changed = false;

	for (unsigned t = 0; t < mz->p->ntasks; t++) {
		for (unsigned u = 0; u < mz->p->ntasks && t < mz->p->ntasks; u++) {
			if (t == u)
				continue;
			if (merge_tasks(mz, t, u, false) || merge_tasks(mz, t, u, true)) {
				changed = true;
				u = 0;
			}
		}
	}
	return changed;
}

/* ---- schedule ---- */

static bool shrink_policy(struct minimizer *mz)
{
	bool changed = false;
	struct prog *c;

	c = minimize_start(mz);
	c->policy = PROG_POLICY_REPLAY;
	c->seed = 0;
	changed |= minimize_try(mz);
	c = minimize_start(mz);
	c->seed = 0;
	changed |= minimize_try(mz);
	return changed;
}

static bool make_whole(struct minimizer *mz, struct event_key *e)
{
	if (!e->site)
		return false;
	*e = event_key_whole(e->ctx, e->op);
	return minimize_try(mz);
}

/* Edges between whole ops read more easily than those between single events. */
static bool shrink_events(struct minimizer *mz)
{
	bool changed = false;

	for (unsigned i = 0; i < mz->p->nedges; i++) {
		changed |= make_whole(mz, &minimize_start(mz)->edge[i].event);
		changed |= make_whole(mz, &minimize_start(mz)->edge[i].after);
	}
	for (unsigned i = 0; i < mz->p->nchoices; i++) {
		struct prog *c = minimize_start(mz);

		if (c->choice[i].value <= 1)
			continue;
		c->choice[i].value = 1;
		changed |= minimize_try(mz);
	}
	return changed;
}

static bool shrink_edges(struct minimizer *mz)
{
	return shrink_list(mz, &list_edges);
}

static bool shrink_choices(struct minimizer *mz)
{
	return shrink_list(mz, &list_choices);
}

static bool shrink_tasks(struct minimizer *mz)
{
	return shrink_list(mz, &list_tasks);
}

static bool shrink_ops(struct minimizer *mz)
{
	return shrink_list(mz, &list_ops);
}

u64 prog_minimize(struct prog *p, struct prog_minimize *m)
{
	static bool (*const passes[])(struct minimizer *mz) = {
		shrink_policy, shrink_edges, shrink_tasks, shrink_ops, shrink_ops_under_edges,
		shrink_choices, shrink_edges, shrink_merge, shrink_op_pairs, minimize_names,
		minimize_args, minimize_machine, shrink_events,
	};
	struct minimizer *mz = calloc(1, sizeof(*mz));
	bool changed = true;
	u64 calls;

	assert(prog_valid(p, NULL) && m->holds);
	m->minimal = false;
	if (!mz)
		return 0;
	mz->p = p;
	mz->m = m;
	mz->failed = calloc(FAILED_SLOTS, sizeof(*mz->failed));
	mz->calls = 1;
	if (!m->holds(p, m->arg))
		changed = false;
	else
		m->minimal = true;
	while (changed && !mz->stopped) { /* each change makes the program smaller */
		changed = false;
		for (unsigned i = 0; i < ARRAY_SIZE(passes); i++)
			changed |= passes[i](mz);
	}
	m->minimal = m->minimal && !mz->stopped;
	calls = mz->calls;
	free(mz->failed);
	free(mz);
	return calls;
}
