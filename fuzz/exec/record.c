// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The schedule that a run took, as a program's edges and choices: exactly
 * (run_record), or the part of it that a title needs (run_reduce). Reducing
 * works on the policy's own arrays, which have no bound, so a schedule that does
 * not fit into a program gets there as well.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/exec/goal.h"

/* ---- between a program and the policy ---- */

void run_schedule_of(const struct prog *p, struct sched_schedule *out)
{
	sched_schedule_clear(out);
	for (u32 i = 0; i < p->nedges; i++)
		sched_add_edge(out, &p->edge[i]);
	for (u32 i = 0; i < p->nchoices; i++)
		sched_add_choice(out, &p->choice[i]);
}

int run_schedule_to(struct prog *p, const struct sched_schedule *s)
{
	if (s->nedges > PROG_EDGES_MAX || s->nchoices > PROG_CHOICES_MAX)
		return -E2BIG;
	p->policy = PROG_POLICY_REPLAY;
	p->nedges = (u16)s->nedges;
	p->nchoices = (u16)s->nchoices;
	for (u32 i = 0; i < s->nedges; i++)
		p->edge[i] = s->edge[i];
	for (u32 i = 0; i < s->nchoices; i++)
		p->choice[i] = s->choice[i];
	return 0;
}

/* ---- exactly ---- */

/* Runs with the log on and turns the log into a schedule. */
static enum run_status run_logged(const struct prog *p, const struct world_ops *world,
				  const struct run_options *opt, struct run_result *result,
				  struct sched_schedule *out)
{
	struct run_options logged = *opt;
	enum run_status status;

	logged.log = true;
	logged.flush_shadow = true;
	status = run_program(p, world, &logged, result);
	sched_record(out, sched_view());
	return status;
}

int run_record(const struct prog *p, const struct world_ops *world,
	       const struct run_options *opt, struct prog *out, struct run_result *result)
{
	static struct sched_schedule schedule;
	struct run_options again;
	u64 hash;
	int ret;

	opt = opt ? opt : &run_defaults;
	run_logged(p, world, opt, result, &schedule);
	hash = result->hash;
	prog_copy(out, p);
	ret = run_schedule_to(out, &schedule);
	if (ret)
		return ret;
	prog_repair(out);
	again = *opt;
	again.policy = PROG_POLICY_REPLAY;
	again.schedule = NULL;
	again.log = false;
	run_program(out, world, &again, result);
	return result->hash == hash ? 0 : -EILSEQ;
}

/* ---- what a title needs ---- */

struct reduction {
	const struct prog *prog;
	const struct world_ops *world;
	struct run_options opt;
	struct run_result *result;
	struct sched_schedule best, trial;
	char title[REPORT_TITLE_MAX];
	bool (*tick)(void *arg);
	void *arg;
};

/* The title stays, and all that is left of the schedule says what happens. */
static bool reduction_holds(struct reduction *r)
{
	struct run_result res = { 0 };
	bool holds;

	r->opt.schedule = &r->trial;
	holds = run_gives(r->prog, r->world, &r->opt, r->title, &res) && run_schedule_met(&res);
	run_result_clear(&res);
	return holds;
}

/* trial = best without edges (or choices) [from, from + n). */
static void trial_without(struct reduction *r, bool choices, u32 from, u32 n)
{
	sched_schedule_clear(&r->trial);
	for (u32 i = 0; i < r->best.nedges; i++) {
		if (choices || i < from || i >= from + n)
			sched_add_edge(&r->trial, &r->best.edge[i]);
	}
	for (u32 i = 0; i < r->best.nchoices; i++) {
		if (!choices || i < from || i >= from + n)
			sched_add_choice(&r->trial, &r->best.choice[i]);
	}
}

static void trial_accept(struct reduction *r)
{
	struct sched_schedule s = r->best;

	r->best = r->trial;
	r->trial = s;
}

/* Removes chunks, halving their size; from the end, where a switch matters least
 * to those before it. Returns false when time is up. */
static bool reduce_part(struct reduction *r, bool choices)
{
	u32 count = choices ? r->best.nchoices : r->best.nedges;

	for (u32 chunk = count; chunk > 0; chunk /= 2) {
		for (u32 end = count; end > 0;) {
			u32 n = chunk < end ? chunk : end;

			if (r->tick && !r->tick(r->arg))
				return false;
			trial_without(r, choices, end - n, n);
			if (reduction_holds(r)) {
				trial_accept(r);
				count -= n;
			}
			end -= n;
		}
	}
	return true;
}

/* Leaves out what was not met in this schedule as it is, if the title stays without it.
 * The schedule of a whole run has nothing of the kind, unless its log was too short. */
static void reduce_unmet(struct reduction *r)
{
	struct sched_schedule met = { 0 };
	struct run_result res = { 0 };
	struct engine_stats stats;

	trial_without(r, false, 0, 0);
	if (reduction_holds(r))
		return;
	run_program(r->prog, r->world, &r->opt, &res);
	run_result_clear(&res);
	engine_stats(&stats);
	/* The policy looks at the trial until it has been asked about all of it. */
	for (u32 i = 0; i < r->trial.nedges; i++) {
		if (sched_replay_edge_end(i, stats.complete, stats.fair) == SCHED_EDGE_MET)
			sched_add_edge(&met, &r->trial.edge[i]);
	}
	for (u32 i = 0; i < r->trial.nchoices; i++) {
		if (sched_replay_choice_end(i, stats.complete) == SCHED_EDGE_MET)
			sched_add_choice(&met, &r->trial.choice[i]);
	}
	sched_schedule_free(&r->trial);
	r->trial = met;
	if (reduction_holds(r))
		trial_accept(r);
}

/* The reduced schedule as a program; checks that it still fails in the same way. */
static int reduction_finish(struct reduction *r, struct prog *out, struct run_result *result)
{
	int ret = run_schedule_to(out, &r->best);

	if (ret)
		return ret;
	prog_repair(out);
	r->opt.schedule = NULL;
	r->opt.policy = PROG_POLICY_REPLAY;
	return run_gives(out, r->world, &r->opt, r->title, result) ? 0 : -EILSEQ;
}

int run_reduce(const struct prog *p, const struct world_ops *world,
	       const struct run_options *opt, const char *title, struct prog *out,
	       struct run_result *result, bool (*tick)(void *arg), void *arg)
{
	struct reduction *r = calloc(1, sizeof(*r));
	int ret = -ENOENT;

	if (!r)
		return -ENOMEM;
	opt = opt ? opt : &run_defaults;
	prog_copy(out, p);
	r->prog = p;
	r->world = world;
	r->opt = *opt;
	r->opt.log = false;
	r->opt.coverage = NULL;
	r->opt.flush_shadow = true;
	r->tick = tick;
	r->arg = arg;
	run_logged(p, world, opt, result, &r->best);
	snprintf(r->title, sizeof(r->title), "%s", title ? title : result->title);
	if (r->title[0] && run_has_title(p, world, &r->opt, r->title, result)) {
		reduce_unmet(r);
		if (reduce_part(r, false))
			reduce_part(r, true);
		ret = reduction_finish(r, out, result);
	}
	sched_schedule_free(&r->best);
	sched_schedule_free(&r->trial);
	free(r);
	return ret;
}
