// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a valid program is, and the smallest change that makes any struct one.
 * Cycles among order edges are allowed: the replay policy drops and reports an
 * edge that can't be met. Everything unused is zero in a repaired program, so
 * that equal programs are equal bytes.
 */
#include "fuzz/prog/edit.h"
#include "fuzz/prog/machine.h"

#include <string.h>

bool prog_role_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr(" _.+:/-", c));
}

static bool role_valid(const char *role)
{
	if (!memchr(role, 0, EVENT_ROLE_MAX))
		return false;
	for (const char *c = role; *c; c++) {
		if (!prog_role_char(*c))
			return false;
	}
	return true;
}

static void role_repair(char *role)
{
	size_t len;

	role[EVENT_ROLE_MAX - 1] = 0;
	len = strlen(role);
	for (size_t i = 0; i < len; i++) {
		if (!prog_role_char(role[i]))
			role[i] = '_';
	}
	memset(role + len, 0, EVENT_ROLE_MAX - len);
}

static bool ctx_is_cpu(const struct prog *p, u8 ctx, u8 first)
{
	return ctx >= first && ctx < first + p->machine.cpus;
}

/* Does the event name a context and an op that exist? */
static bool event_exists(const struct prog *p, const struct event_key *e)
{
	if (e->op < 1)
		return false;
	if (e->ctx < p->ntasks)
		return e->op <= p->task[e->ctx].nops;
	return ctx_is_cpu(p, e->ctx, PROG_CTX_IRQ(0)) || ctx_is_cpu(p, e->ctx, PROG_CTX_SOFTIRQ(0));
}

static const char *event_invalid(const struct prog *p, const struct event_key *e)
{
	if (!event_exists(p, e))
		return "an event names a task or an op that does not exist";
	if (e->nth < 1)
		return "an occurrence is counted from 1";
	if (!role_valid(e->role))
		return "an object's name has a character that the text form can't hold";
	if (!e->site && (e->nth != 1 || e->role[0]))
		return "a whole op has no object and no occurrence";
	return NULL;
}

static const char *op_invalid(const struct prog_task *task, const struct prog_op *op)
{
	const struct prog_op_info *info;

	if (op->kind >= PROG_OP_COUNT)
		return "unknown op";
	info = &prog_ops[op->kind];
	for (unsigned i = 0; i < PROG_ARGS_MAX; i++) {
		if (op->arg[i] < info->arg_min[i] || op->arg[i] > info->arg_max[i])
			return "an argument is out of bounds";
		if (info->arg_kind[i] == PROG_ARG_PAGES &&
		    op->arg[i - 1] % WORLD_REGION_PAGES + op->arg[i] > WORLD_REGION_PAGES)
			return "a range runs past the end of its region";
		if (info->arg_kind[i] == PROG_ARG_MM && op->arg[i] == task->mm)
			return "an mm can't be forked into itself";
	}
	if (info->needs_mm && !task->mm)
		return "an op needs an mm and its task has none";
	return NULL;
}

static const char *task_invalid(const struct prog *p, unsigned t)
{
	const struct prog_task *task = &p->task[t];

	if (task->label < 'A' || task->label > 'Z')
		return "a task's label is not a capital letter";
	for (unsigned i = 0; i < t; i++) {
		if (p->task[i].label == task->label)
			return "two tasks have one label";
	}
	if (task->cpu >= p->machine.cpus)
		return "a task's CPU does not exist";
	if (task->mm > WORLD_MM_MAX)
		return "a task's mm is out of bounds";
	if (task->nops > PROG_OPS_MAX)
		return "a task has too many ops";
	for (unsigned i = 0; i < task->nops; i++) {
		const char *why = op_invalid(task, &task->op[i]);

		if (why)
			return why;
	}
	return NULL;
}

/* The mms that a task may run in: existing at the start or forked by someone. */
static u8 mms_reachable(const struct prog *p)
{
	unsigned mms = p->machine.mms;

	for (unsigned t = 0; t < p->ntasks; t++) {
		for (unsigned i = 0; i < p->task[t].nops; i++) {
			if (p->task[t].op[i].kind == OP_fork)
				mms |= 1u << (p->task[t].op[i].arg[0] - 1);
		}
	}
	return (u8)mms;
}

static const char *schedule_invalid(const struct prog *p)
{
	const char *why;

	if (p->policy >= PROG_POLICY_COUNT)
		return "unknown policy";
	if (p->nedges > PROG_EDGES_MAX)
		return "too many edges";
	if (p->nchoices > PROG_CHOICES_MAX)
		return "too many choices";
	for (unsigned i = 0; i < p->nedges; i++) {
		why = event_invalid(p, &p->edge[i].event);
		if (!why)
			why = event_invalid(p, &p->edge[i].after);
		if (why)
			return why;
		if (p->edge[i].event.ctx == p->edge[i].after.ctx)
			return "an edge orders events of two different tasks";
	}
	for (unsigned i = 0; i < p->nchoices; i++) {
		why = event_invalid(p, &p->choice[i].event);
		if (why)
			return why;
		if (!p->choice[i].event.site)
			return "a choice needs its event, not a whole op";
	}
	return NULL;
}

static const char *invalid(const struct prog *p)
{
	const char *why = machine_invalid(&p->machine);
	u8 mms;

	if (why)
		return why;
	if (p->ntasks < 1 || p->ntasks > PROG_TASKS_MAX)
		return "a program has 1 to 16 tasks";
	for (unsigned t = 0; t < p->ntasks; t++) {
		why = task_invalid(p, t);
		if (why)
			return why;
	}
	mms = mms_reachable(p);
	for (unsigned t = 0; t < p->ntasks; t++) {
		if (p->task[t].mm && !(mms & (1u << (p->task[t].mm - 1))))
			return "a task's mm neither exists at the start nor is forked";
	}
	return schedule_invalid(p);
}

bool prog_valid(const struct prog *p, const char **why)
{
	const char *what = invalid(p);

	if (why)
		*why = what;
	return !what;
}

static void op_repair(struct prog_task *task, struct prog_op *op)
{
	const struct prog_op_info *info;

	op->kind %= PROG_OP_COUNT;
	info = &prog_ops[op->kind];
	if (info->needs_mm && !task->mm)
		task->mm = 1;
	for (unsigned i = 0; i < PROG_ARGS_MAX; i++) {
		u8 *arg = &op->arg[i];

		*arg = (u8)max(*arg, info->arg_min[i]);
		*arg = (u8)min(*arg, info->arg_max[i]);
		if (info->arg_kind[i] == PROG_ARG_PAGES)
			*arg = (u8)min(*arg, WORLD_REGION_PAGES -
						     op->arg[i - 1] % WORLD_REGION_PAGES);
		if (info->arg_kind[i] == PROG_ARG_MM && *arg == task->mm)
			*arg = (u8)(*arg % WORLD_MM_MAX + 1);
	}
}

static void label_repair(struct prog *p, unsigned t)
{
	u32 taken = 0;
	unsigned want = p->task[t].label >= 'A' && p->task[t].label <= 'Z'
				? (unsigned)(p->task[t].label - 'A') : t;

	for (unsigned i = 0; i < t; i++)
		taken |= 1u << (p->task[i].label - 'A');
	while (taken & (1u << want)) /* ends: 26 letters, at most 8 taken */
		want = (want + 1) % 26;
	p->task[t].label = (char)('A' + want);
}

static void task_repair(struct prog *p, unsigned t)
{
	struct prog_task *task = &p->task[t];

	label_repair(p, t);
	task->cpu = (u8)min(task->cpu, p->machine.cpus - 1);
	task->mm = (u8)min(task->mm, WORLD_MM_MAX);
	task->nops = (u8)min(task->nops, PROG_OPS_MAX);
	/* Twice: the first op that needs an mm may give the task one. */
	for (unsigned i = 0; i < 2u * task->nops; i++)
		op_repair(task, &task->op[i % task->nops]);
	memset(&task->op[task->nops], 0, (PROG_OPS_MAX - task->nops) * sizeof(task->op[0]));
}

static void event_repair(struct event_key *e)
{
	e->nth = (u16)max(e->nth, 1);
	role_repair(e->role);
	if (!e->site) {
		e->nth = 1;
		memset(e->role, 0, sizeof(e->role));
	}
}

static void schedule_repair(struct prog *p)
{
	unsigned n = 0;

	p->policy %= PROG_POLICY_COUNT;
	p->nedges = (u16)min(p->nedges, PROG_EDGES_MAX);
	p->nchoices = (u16)min(p->nchoices, PROG_CHOICES_MAX);
	for (unsigned i = 0; i < p->nedges; i++) {
		struct order_edge edge = p->edge[i];

		event_repair(&edge.event);
		event_repair(&edge.after);
		if (edge.event.ctx != edge.after.ctx && event_exists(p, &edge.event) &&
		    event_exists(p, &edge.after))
			p->edge[n++] = edge;
	}
	p->nedges = (u16)n;
	n = 0;
	for (unsigned i = 0; i < p->nchoices; i++) {
		struct event_choice choice = p->choice[i];

		event_repair(&choice.event);
		if (choice.event.site && event_exists(p, &choice.event))
			p->choice[n++] = choice;
	}
	p->nchoices = (u16)n;
}

void prog_repair(struct prog *p)
{
	u8 mms;

	machine_repair(&p->machine);
	p->ntasks = (u8)max(p->ntasks, 1);
	p->ntasks = (u8)min(p->ntasks, PROG_TASKS_MAX);
	for (unsigned t = 0; t < p->ntasks; t++)
		task_repair(p, t);
	memset(&p->task[p->ntasks], 0, (PROG_TASKS_MAX - p->ntasks) * sizeof(p->task[0]));
	mms = mms_reachable(p);
	for (unsigned t = 0; t < p->ntasks; t++) {
		if (p->task[t].mm && !(mms & (1u << (p->task[t].mm - 1))))
			p->machine.mms |= (u8)(1u << (p->task[t].mm - 1));
	}
	schedule_repair(p);
}

bool prog_event_equal(const struct event_key *a, const struct event_key *b)
{
	return a->ctx == b->ctx && a->op == b->op && a->nth == b->nth && a->site == b->site &&
	       !strncmp(a->role, b->role, EVENT_ROLE_MAX);
}

static bool task_equal(const struct prog_task *a, const struct prog_task *b)
{
	if (a->label != b->label || a->cpu != b->cpu || a->mm != b->mm || a->nops != b->nops)
		return false;
	return !memcmp(a->op, b->op, a->nops * sizeof(a->op[0])); /* bytes, no padding */
}

bool prog_equal(const struct prog *a, const struct prog *b)
{
	BUILD_BUG_ON(sizeof(struct prog_op) != 1 + PROG_ARGS_MAX);
	if (!machine_equal(&a->machine, &b->machine) || a->ntasks != b->ntasks ||
	    a->policy != b->policy || a->nedges != b->nedges || a->nchoices != b->nchoices ||
	    a->seed != b->seed)
		return false;
	for (unsigned t = 0; t < a->ntasks; t++) {
		if (!task_equal(&a->task[t], &b->task[t]))
			return false;
	}
	for (unsigned i = 0; i < a->nedges; i++) {
		if (!prog_event_equal(&a->edge[i].event, &b->edge[i].event) ||
		    !prog_event_equal(&a->edge[i].after, &b->edge[i].after))
			return false;
	}
	for (unsigned i = 0; i < a->nchoices; i++) {
		if (a->choice[i].value != b->choice[i].value ||
		    !prog_event_equal(&a->choice[i].event, &b->choice[i].event))
			return false;
	}
	return true;
}
