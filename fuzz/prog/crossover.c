// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Crossover of two programs: the tasks of one with the machine or the schedule
 * of the other, or some tasks of each with the edges that lie among them.
 */
#include "fuzz/prog/edit.h"
#include "fuzz/prog/machine.h"
#include "fuzz/prog/profile.h"

#include <assert.h>
#include <string.h>

static void take_schedule(struct prog *out, const struct prog *from)
{
	out->policy = from->policy;
	out->seed = from->seed;
	out->nedges = from->nedges;
	out->nchoices = from->nchoices;
	memcpy(out->edge, from->edge, from->nedges * sizeof(out->edge[0]));
	memcpy(out->choice, from->choice, from->nchoices * sizeof(out->choice[0]));
}

/* Keeps only the tasks of the mask, with what refers to them. */
static void keep_tasks(struct prog *p, u32 mask)
{
	for (unsigned t = p->ntasks; t-- > 0;) {
		if (!(mask & (1u << t)) && p->ntasks > 1)
			prog_task_remove(p, t);
	}
}

/* Takes label off the tasks of p, so that another program may bring its own. */
static void avoid_labels(struct prog *p, const struct prog *other)
{
	u32 taken = 0;

	for (unsigned t = 0; t < p->ntasks; t++)
		taken |= 1u << (p->task[t].label - 'A');
	for (unsigned t = 0; t < other->ntasks; t++)
		taken |= 1u << (other->task[t].label - 'A');
	for (unsigned t = 0; t < p->ntasks; t++) {
		for (unsigned i = 0; i < other->ntasks; i++) {
			unsigned label = (unsigned)__builtin_ctz(~taken);

			if (p->task[t].label != other->task[i].label)
				continue;
			assert(label < 26);
			taken |= 1u << label;
			prog_task_relabel(p, t, (char)('A' + label));
			break;
		}
	}
}

/* Appends the tasks of b (whose labels are free) and its edges and choices. */
static void append(struct prog *out, const struct prog *b)
{
	u8 first = out->ntasks;

	assert(out->ntasks + b->ntasks <= PROG_TASKS_MAX);
	memcpy(&out->task[first], b->task, b->ntasks * sizeof(b->task[0]));
	out->ntasks = (u8)(first + b->ntasks);
	for (unsigned i = 0; i < b->nedges; i++) {
		struct order_edge edge = b->edge[i];

		if (edge.event.ctx < PROG_TASKS_MAX)
			edge.event.ctx = (u8)(edge.event.ctx + first);
		if (edge.after.ctx < PROG_TASKS_MAX)
			edge.after.ctx = (u8)(edge.after.ctx + first);
		prog_edge_append(out, &edge.event, &edge.after);
	}
	for (unsigned i = 0; i < b->nchoices && out->nchoices < PROG_CHOICES_MAX; i++) {
		struct event_choice choice = b->choice[i];

		if (choice.event.ctx < PROG_TASKS_MAX)
			choice.event.ctx = (u8)(choice.event.ctx + first);
		out->choice[out->nchoices++] = choice;
	}
}

static void splice(struct prog *out, const struct prog *b, struct prng *rng)
{
	static struct prog other;

	prog_copy(&other, b);
	keep_tasks(out, prng_below(rng, 1u << out->ntasks));
	keep_tasks(&other, prng_below(rng, 1u << other.ntasks));
	while (out->ntasks + other.ntasks > MADE_TASKS_MAX) {
		struct prog *larger = out->ntasks > other.ntasks ? out : &other;

		prog_task_remove(larger, larger->ntasks - 1u);
	}
	avoid_labels(&other, out);
	append(out, &other);
}

void prog_crossover(struct prog *out, const struct prog *a, const struct prog *b,
		    struct prng *rng)
{
	static struct prog mix;

	assert(prog_valid(a, NULL) && prog_valid(b, NULL));
	prog_copy(&mix, a);
	switch (prng_below(rng, 4)) {
	case 0:
		mix.machine = b->machine;
		break;
	case 1:
		take_schedule(&mix, b);
		break;
	default:
		splice(&mix, b, rng);
		break;
	}
	prog_repair(&mix);
	assert(prog_valid(&mix, NULL));
	prog_copy(out, &mix);
}
