// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Structure-aware mutation: one to four small changes, drawn by the weights
 * below. An op that moves takes its edges, choices and object names along; each
 * change ends in prog_repair(), and what comes out is valid. Never two draws in
 * one expression: compilers order them differently.
 */
#include "fuzz/prog/edit.h"
#include "fuzz/prog/machine.h"
#include "fuzz/prog/profile.h"

#include <assert.h>
#include <string.h>

#define MUTATE_ROUNDS_MAX 4
#define MUTATE_TRIES_MAX 16 /* until a change can be made at all */

struct mutation {
	const char *name;
	u32 weight;
	/* false: not possible in this program */
	bool (*change)(struct prog *p, struct prng *rng, const struct prog_profile *profile);
};

static unsigned pick_task(const struct prog *p, struct prng *rng)
{
	return prng_below(rng, p->ntasks);
}

/* A task that has ops; false where there is none. */
static bool pick_busy(const struct prog *p, struct prng *rng, unsigned *t)
{
	unsigned first = pick_task(p, rng);

	for (unsigned i = 0; i < p->ntasks; i++) {
		*t = (first + i) % p->ntasks;
		if (p->task[*t].nops)
			return true;
	}
	return false;
}

/* ---- ops ---- */

static bool op_insert(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	unsigned t = pick_task(p, rng);
	struct prog_op op;

	generate_op(p, t, profile_pick_op(profile, rng, p->task[t].mm != 0,
						PROFILE_KINDS_ALL), rng, &op);
	return prog_op_insert(p, t, between(rng, 0, p->task[t].nops), op);
}

static bool op_remove(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	unsigned t;

	(void)profile;
	if (!pick_busy(p, rng, &t))
		return false;
	prog_op_remove(p, t, prng_below(rng, p->task[t].nops));
	return true;
}

static bool op_replace(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	unsigned t;
	u8 kind;

	if (!pick_busy(p, rng, &t))
		return false;
	kind = profile_pick_op(profile, rng, p->task[t].mm != 0,
						PROFILE_KINDS_ALL);
	generate_op(p, t, kind, rng, &p->task[t].op[prng_below(rng, p->task[t].nops)]);
	return true;
}

static bool op_swap(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	unsigned t, i;

	(void)profile;
	if (!pick_busy(p, rng, &t) || p->task[t].nops < 2)
		return false;
	i = prng_below(rng, p->task[t].nops - 1u);
	return prog_op_move(p, t, i + 1, t, i);
}

static bool op_move(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	unsigned t, from, to = pick_task(p, rng);

	(void)profile;
	if (!pick_busy(p, rng, &t))
		return false;
	from = prng_below(rng, p->task[t].nops);
	return prog_op_move(p, t, from, to, between(rng, 0, p->task[to].nops));
}

static bool op_duplicate(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	unsigned t, to = pick_task(p, rng);
	struct prog_op op;

	(void)profile;
	if (!pick_busy(p, rng, &t))
		return false;
	op = p->task[t].op[prng_below(rng, p->task[t].nops)];
	return prog_op_insert(p, to, between(rng, 0, p->task[to].nops), op);
}

static bool arg_tweak(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	struct prog_op *op, fresh;
	unsigned t, i;

	(void)profile;
	if (!pick_busy(p, rng, &t))
		return false;
	op = &p->task[t].op[prng_below(rng, p->task[t].nops)];
	if (!prog_ops[op->kind].nargs)
		return false;
	i = prng_below(rng, prog_ops[op->kind].nargs);
	generate_op(p, t, op->kind, rng, &fresh);
	switch (prng_below(rng, 4)) {
	case 0:
		op->arg[i]++;
		break;
	case 1:
		op->arg[i]--;
		break;
	default:
		op->arg[i] = fresh.arg[i];
		break;
	}
	return true;
}

/* ---- tasks ---- */

static bool task_add(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	struct prog_task task = { 0 };
	struct prog_op op;

	task.cpu = (u8)prng_below(rng, p->machine.cpus);
	task.mm = percent(rng, 60) ? p->task[pick_task(p, rng)].mm : 0;
	if (p->ntasks >= MADE_TASKS_MAX || !prog_task_append(p, &task))
		return false;
	for (unsigned n = between(rng, 1, 3); n; n--) {
		unsigned t = p->ntasks - 1u;

		generate_op(p, t, profile_pick_op(profile, rng, task.mm != 0,
							PROFILE_KINDS_ALL), rng, &op);
		prog_op_insert(p, t, p->task[t].nops, op);
	}
	return true;
}

static bool task_duplicate(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	struct prog_task task = p->task[pick_task(p, rng)];

	(void)profile;
	task.cpu = (u8)prng_below(rng, p->machine.cpus);
	return p->ntasks < MADE_TASKS_MAX && prog_task_append(p, &task);
}

static bool task_drop(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	(void)profile;
	if (p->ntasks < 2)
		return false;
	prog_task_remove(p, pick_task(p, rng));
	return true;
}

static bool task_tweak(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	struct prog_task *task = &p->task[pick_task(p, rng)];

	(void)profile;
	if (percent(rng, 65))
		task->cpu = (u8)prng_below(rng, p->machine.cpus);
	else
		task->mm = p->task[pick_task(p, rng)].mm;
	return true;
}

/* ---- machine ---- */

static bool machine_tweak(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	struct world_config fresh;

	generate_machine(&fresh, rng, profile);
	if (percent(rng, 55)) {
		unsigned i = prng_below(rng, generate_fields());

		machine_set(&p->machine, i, machine_get(&fresh, i));
	} else {
		unsigned i = prng_below(rng, percent(rng, 70) ? 2 : WORLD_DEVS_MAX);

		p->machine.dev[i] = fresh.dev[prng_below(rng, 2)];
	}
	return true;
}

static bool device_tweak(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	static const u8 flags[] = { WORLD_DEV_ON, WORLD_DEV_SYNC, WORLD_DEV_DISCARD,
				    WORLD_DEV_ROTATIONAL, WORLD_DEV_STABLE };
	struct world_dev *dev = &p->machine.dev[prng_below(rng, WORLD_DEVS_MAX)];
	unsigned i;

	(void)profile;
	if (!(dev->flags & WORLD_DEV_PRESENT))
		return false;
	switch (prng_below(rng, 4)) {
	case 0:
		dev->slots = (u8)(dev->slots + between(rng, 0, 4) - 2);
		break;
	case 1:
		dev->prio = (s8)(between(rng, 0, 4) - 1);
		break;
	case 2:
		i = prng_below(rng, MACHINE_BAD_MAX);
		dev->bad[i] = (u8)prng_below(rng, dev->slots);
		break;
	default:
		dev->flags ^= flags[prng_below(rng, ARRAY_SIZE(flags))];
		break;
	}
	return true;
}

/* ---- schedule ---- */

/* A whole op, or an event that some edge or choice of this program names. */
static bool pick_event(const struct prog *p, struct prng *rng, struct event_key *e)
{
	unsigned t, known = 2u * p->nedges + p->nchoices;

	if (known && percent(rng, 65)) {
		unsigned i = prng_below(rng, known);

		if (i < 2u * p->nedges)
			*e = i & 1 ? p->edge[i / 2].after : p->edge[i / 2].event;
		else
			*e = p->choice[i - 2u * p->nedges].event;
		return true;
	}
	if (!pick_busy(p, rng, &t))
		return false;
	*e = event_key_whole((u8)t, (u16)between(rng, 1, p->task[t].nops));
	return true;
}

static bool edge_add(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	struct event_key event, after;

	(void)profile;
	if (!pick_event(p, rng, &event) || !pick_event(p, rng, &after) || event.ctx == after.ctx)
		return false;
	return prog_edge_append(p, &event, &after);
}

static bool edge_drop(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	(void)profile;
	if (!p->nedges)
		return false;
	prog_edges_remove(p, prng_below(rng, p->nedges), 1);
	return true;
}

static bool edge_retarget(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	struct order_edge *edge;
	struct event_key *side, event;

	(void)profile;
	if (!p->nedges)
		return false;
	edge = &p->edge[prng_below(rng, p->nedges)];
	side = percent(rng, 50) ? &edge->event : &edge->after;
	switch (prng_below(rng, 4)) {
	case 0: /* the other way round */
		event = edge->event;
		edge->event = edge->after;
		edge->after = event;
		return true;
	case 1:
		if (!side->site)
			return false;
		side->nth = (u16)(side->nth + between(rng, 0, 2) - 1);
		return true;
	case 2: /* the object, or any object */
		memset(side->role, 0, sizeof(side->role));
		return true;
	default:
		return pick_event(p, rng, side);
	}
}

static bool choice_add(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	struct event_choice *choice = &p->choice[p->nchoices];

	(void)profile;
	if (p->nchoices == PROG_CHOICES_MAX || !pick_event(p, rng, &choice->event) ||
	    !choice->event.site)
		return false;
	choice->value = (u8)between(rng, 0, 2);
	p->nchoices++;
	return true;
}

static bool choice_drop(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	(void)profile;
	if (!p->nchoices)
		return false;
	prog_choices_remove(p, prng_below(rng, p->nchoices), 1);
	return true;
}

static bool choice_tweak(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	struct event_choice *choice;

	(void)profile;
	if (!p->nchoices)
		return false;
	choice = &p->choice[prng_below(rng, p->nchoices)];
	if (percent(rng, 50))
		choice->value = (u8)between(rng, 0, 2);
	else
		choice->event.nth = (u16)between(rng, 1, 4);
	return true;
}

static bool reseed(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	(void)profile;
	p->seed = prng_next(rng) >> 32;
	return true;
}

static bool policy_change(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	u32 weight[PROG_POLICY_COUNT];

	for (unsigned i = 0; i < PROG_POLICY_COUNT; i++)
		weight[i] = prog_policy_turns[i];
	weight[PROG_POLICY_REPLAY] = 1;
	p->policy = (u8)pick_weighted(rng, weight, PROG_POLICY_COUNT);
	return reseed(p, rng, profile);
}

static const struct mutation mutations[] = {
	{ "insert op", 140, op_insert },
	{ "remove op", 70, op_remove },
	{ "replace op", 60, op_replace },
	{ "swap ops", 50, op_swap },
	{ "move op", 50, op_move },
	{ "duplicate op", 40, op_duplicate },
	{ "tweak argument", 110, arg_tweak },
	{ "add task", 20, task_add },
	{ "duplicate task", 20, task_duplicate },
	{ "drop task", 20, task_drop },
	{ "tweak task", 25, task_tweak },
	{ "tweak machine", 35, machine_tweak },
	{ "tweak device", 35, device_tweak },
	{ "add edge", 60, edge_add },
	{ "drop edge", 35, edge_drop },
	{ "retarget edge", 40, edge_retarget },
	{ "add choice", 15, choice_add },
	{ "drop choice", 15, choice_drop },
	{ "tweak choice", 15, choice_tweak },
	{ "reseed", 150, reseed },
	{ "change policy", 20, policy_change },
};

static void mutate_once(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	u32 weight[ARRAY_SIZE(mutations)];

	for (unsigned i = 0; i < ARRAY_SIZE(mutations); i++)
		weight[i] = mutations[i].weight;
	for (unsigned i = 0; i < MUTATE_TRIES_MAX; i++) {
		unsigned n = pick_weighted(rng, weight, ARRAY_SIZE(mutations));

		if (mutations[n].change(p, rng, profile))
			break;
	}
	prog_repair(p);
	assert(prog_valid(p, NULL));
}

void prog_mutate(struct prog *p, struct prng *rng, const struct prog_profile *profile)
{
	unsigned rounds = 1;

	assert(prog_valid(p, NULL));
	while (rounds < MUTATE_ROUNDS_MAX && percent(rng, 40))
		rounds++;
	while (rounds--)
		mutate_once(p, rng, profile);
}
