// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Minimising a failure: the schedule is recorded and reduced, then prog_minimize()
 * removes what the title does not need. Where an op can only go together with a
 * different schedule, a few random schedules of the smaller program are tried and
 * the one that fails in the same way is reduced in its turn. A smaller program whose
 * edges are not met has its schedule recorded anew, so that what is left is what
 * happens. Rounds go on until nothing is removed; everything is deterministic.
 */
#include <string.h>

#include "core/base/bug.h"
#include "fuzz/exec/attempts.h"
#include "fuzz/exec/goal.h"
#include "fuzz/prog/edit.h"

#define ROUNDS_MAX 8
#define SCHEDULES_PER_OP 96

static bool within_time(struct run_minimize *m)
{
	return !m->tick || m->tick(m->arg);
}

/* Does p give the title? *met: as its schedule says. */
static bool fails_alike(struct run_minimize *m, const struct prog *p, bool *met)
{
	static struct run_result result;
	char why[160];

	if (!run_machine_check(p, m->world, why, sizeof(why)))
		return false;
	m->runs++;
	if (!run_gives(p, m->world, &m->options, m->title, &result))
		return false;
	*met = run_schedule_met(&result);
	return true;
}

static bool holds(const struct prog *p, void *arg)
{
	bool met;

	return fails_alike(arg, p, &met) && met;
}

static bool tick(void *arg)
{
	return within_time(arg);
}

static unsigned prog_size(const struct prog *p)
{
	unsigned size = p->ntasks * 16u + p->nedges + p->nchoices;

	for (unsigned i = 0; i < p->ntasks; i++)
		size += p->task[i].nops * 16u;
	return size;
}

/* Records p's schedule anew and keeps what is needed; true: p got smaller, or is a
 * replay whose edges are met now where it was not. */
static bool reduce_again(struct run_minimize *m, struct prog *p)
{
	static struct prog out;
	static struct run_result result;
	bool met = false;

	if (!fails_alike(m, p, &met) ||
	    run_reduce(p, m->world, &m->options, m->title, &out, &result, m->tick, m->arg) != 0)
		return false;
	if (!run_schedule_met(&result))
		return false;
	if (p->policy == PROG_POLICY_REPLAY && met && prog_size(&out) >= prog_size(p))
		return false;
	prog_copy(p, &out);
	return true;
}

/* Does the program fail alike under one of a few random schedules, without its
 * edges and choices at first, then with them? Then p is that failure, reduced. */
static bool fails_under_random(struct run_minimize *m, struct prog *p)
{
	static struct prog with_edges;
	bool met;

	prog_copy(&with_edges, p);
	p->nedges = p->nchoices = 0;
	for (unsigned i = 0; i < SCHEDULES_PER_OP && within_time(m); i++) {
		if (i == SCHEDULES_PER_OP / 2)
			prog_copy(p, &with_edges);
		p->policy = prog_policy_with_turns(i);
		p->seed = i;
		if (fails_alike(m, p, &met))
			return reduce_again(m, p);
	}
	return false;
}

/* What waits for this op (0-based) waits for what the op waited for instead, so
 * that the op itself can go: "B1 after C1, A4 after B1" becomes "A4 after C1". */
static void bypass_op(struct prog *p, unsigned t, unsigned index)
{
	const struct event_key *before = NULL;

	for (unsigned i = 0; i < p->nedges; i++) {
		const struct event_key *e = &p->edge[i].event;

		if (e->ctx == t && e->op == index + 1)
			before = &p->edge[i].after;
	}
	for (unsigned i = 0; before && i < p->nedges; i++) {
		struct event_key *after = &p->edge[i].after;

		if (after->ctx == t && after->op == index + 1)
			*after = *before;
	}
}

/* Does p give the title under its own edges? Those that are not met are recorded anew. */
static bool fails_in_order(struct run_minimize *m, struct prog *p)
{
	bool met = false;

	return fails_alike(m, p, &met) && (met || reduce_again(m, p));
}

/* ---- ops, with other schedules ---- */

/* Op i of task t as a number, and back. */
static u32 op_number(unsigned t, unsigned i)
{
	return t * PROG_OPS_MAX + i;
}

/* What the attempt to remove an op gave. */
struct removal {
	u64 runs;
	struct prog prog;
};

struct removing {
	struct run_minimize *m;
	const struct prog *p;
};

/* Can the op go? Then the program without it is the answer. */
static bool remove_op(u32 which, void *out, void *arg)
{
	struct removing *r = arg;
	struct removal *removal = out;
	static struct prog trial;
	unsigned t = which / PROG_OPS_MAX, i = which % PROG_OPS_MAX;
	u64 before = r->m->runs;
	bool smaller;

	prog_copy(&trial, r->p);
	bypass_op(&trial, t, i);
	prog_op_remove(&trial, t, i);
	if (trial.task[t].nops == 0 && trial.ntasks > 1)
		prog_task_remove(&trial, t);
	prog_repair(&trial);
	smaller = (fails_in_order(r->m, &trial) || fails_under_random(r->m, &trial)) &&
		  prog_size(&trial) < prog_size(r->p);
	removal->runs = r->m->runs - before;
	r->m->runs = before;
	prog_copy(&removal->prog, &trial);
	return smaller;
}

/* The op before this one: tasks and their ops from the last to the first. False: none. */
static bool op_before(const struct prog *p, unsigned *t, unsigned *i)
{
	if (*t > p->ntasks)
		*t = p->ntasks;
	if (*t < p->ntasks && *i > 0) {
		(*i)--;
		return true;
	}
	while (*t > 0) {
		(*t)--;
		*i = p->task[*t].nops;
		if (*i > 0) {
			(*i)--;
			return true;
		}
	}
	return false;
}

/*
 * Tries to remove each op, from the last to the first. Attempts run ahead of the first
 * one that succeeds; what they gave does not count then, for the program is another one.
 */
static bool remove_ops_and_search(struct run_minimize *m, struct prog *p)
{
	static struct removal removal;
	struct removing removing = { m, p };
	struct attempts attempts = {
		.jobs = m->jobs ? m->jobs : 1, .out_size = sizeof(removal),
		.attempt = remove_op, .arg = &removing,
	};
	unsigned t = p->ntasks, i = 0; /* the last one that was begun */
	bool smaller = false, more = true;

	for (;;) {
		bool gone;
		u32 which;

		while (more && attempts_room(&attempts) && within_time(m)) {
			more = op_before(p, &t, &i);
			if (more)
				attempts_begin(&attempts, op_number(t, i));
		}
		if (!attempts.nrunning)
			return smaller;
		gone = attempts_end_oldest(&attempts, &which, &removal);
		m->runs += removal.runs;
		if (!gone)
			continue;
		attempts_drop(&attempts);
		prog_copy(p, &removal.prog);
		t = which / PROG_OPS_MAX;
		i = which % PROG_OPS_MAX;
		smaller = more = true;
	}
}

int run_minimize(struct prog *p, struct run_minimize *m)
{
	static struct run_result result;
	struct prog_minimize minimize = { .holds = holds, .tick = tick, .arg = m };
	const char *why = NULL;
	bool smaller = true, met = false;
	int ret = 0;

	m->runs = 0;
	m->minimal = false;
	m->options.flush_shadow = true;
	m->options.coverage = NULL;
	if (m->options.policy != RUN_POLICY_OF_PROGRAM)
		p->policy = (u8)m->options.policy;
	if (m->options.seed_set)
		p->seed = m->options.seed;
	m->options.policy = RUN_POLICY_OF_PROGRAM;
	m->options.seed_set = false;
	if (!m->title[0]) {
		if (run_program(p, m->world, &m->options, &result) != RUN_REPORT)
			return -ENOENT;
		memcpy(m->title, result.title, sizeof(m->title));
	} else if (!run_title_is_counter(m->title) &&
		   run_gives(p, m->world, &m->options, m->title, &result)) {
		memcpy(m->title, result.title, sizeof(m->title)); /* it may be an old name */
	}
	if (!fails_alike(m, p, &met))
		return -ENOENT;
	reduce_again(m, p);
	if (p->policy != PROG_POLICY_REPLAY)
		ret = -E2BIG; /* goes on: fewer ops may have a schedule that fits */
	for (unsigned round = 0; round < ROUNDS_MAX && smaller && within_time(m); round++) {
		prog_minimize(p, &minimize);
		m->minimal = minimize.minimal;
		smaller = reduce_again(m, p);
		smaller |= remove_ops_and_search(m, p);
	}
	BUG_ON(!prog_valid(p, &why));
	m->met = fails_alike(m, p, &met) && met;
	return p->policy == PROG_POLICY_REPLAY ? 0 : ret;
}
