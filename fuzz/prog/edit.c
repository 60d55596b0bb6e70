// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Edits that renumber ops. All go through one map from old places to new ones,
 * which is then applied to whatever names an op.
 */
#include "fuzz/prog/edit.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void prog_move_init(struct prog_move *move, const struct prog *p)
{
	memset(move, 0, sizeof(*move));
	for (int t = 0; t < PROG_TASKS_MAX; t++) {
		move->old_label[t] = t < p->ntasks ? p->task[t].label : 0;
		for (int i = 0; i < PROG_OPS_MAX; i++) {
			bool exists = t < p->ntasks && i < p->task[t].nops;

			move->to[t][i] = exists ? (struct prog_place){ (s8)t, (s8)i }
						: (struct prog_place){ -1, -1 };
		}
	}
}

/* The place of the op in "folio A2.0" by old names; task < 0 where there is none.
 * *label is where "A2" starts, *number where ".0" does. */
static struct prog_place role_place(const struct prog_move *move, char *role, char **label,
				    char **number)
{
	struct prog_place none = { -1, -1 };
	char *word = strrchr(role, ' ');
	unsigned op = 0;
	char *c;

	word = word ? word + 1 : role;
	if (*word < 'A' || *word > 'Z')
		return none;
	for (c = word + 1; *c >= '0' && *c <= '9' && op < 100; c++)
		op = op * 10 + (unsigned)(*c - '0');
	if (c == word + 1 || *c != '.' || op < 1 || op > PROG_OPS_MAX)
		return none;
	*label = word;
	*number = c;
	for (int t = 0; t < PROG_TASKS_MAX; t++) {
		if (move->old_label[t] == *word)
			return (struct prog_place){ (s8)t, (s8)(op - 1) };
	}
	return none;
}

static void role_apply(const struct prog *p, const struct prog_move *move, char *role)
{
	char old[EVENT_ROLE_MAX], name[EVENT_ROLE_MAX + 16];
	char *label, *number;
	struct prog_place place, to;

	memcpy(old, role, sizeof(old));
	place = role_place(move, old, &label, &number);
	if (place.task < 0)
		return;
	to = move->to[place.task][place.op];
	memset(role, 0, EVENT_ROLE_MAX);
	if (to.task < 0)
		return;
	assert(to.task < p->ntasks && to.op < p->task[to.task].nops);
	snprintf(name, sizeof(name), "%.*s%c%d%s", (int)(label - old), old,
		 p->task[to.task].label, to.op + 1, number);
	name[EVENT_ROLE_MAX - 1] = 0;
	memcpy(role, name, strlen(name));
}

/* false: the event's op is gone. */
static bool event_apply(const struct prog *p, const struct prog_move *move, struct event_key *e)
{
	if (e->ctx < PROG_TASKS_MAX) {
		struct prog_place to;

		assert(e->op >= 1 && e->op <= PROG_OPS_MAX);
		to = move->to[e->ctx][e->op - 1];
		if (to.task < 0)
			return false;
		e->ctx = (u8)to.task;
		e->op = (u16)(to.op + 1);
	}
	role_apply(p, move, e->role);
	return true;
}

void prog_move_apply(struct prog *p, const struct prog_move *move)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->nedges; i++) {
		struct order_edge edge = p->edge[i];

		if (event_apply(p, move, &edge.event) && event_apply(p, move, &edge.after) &&
		    edge.event.ctx != edge.after.ctx)
			p->edge[n++] = edge;
	}
	p->nedges = (u16)n;
	n = 0;
	for (unsigned i = 0; i < p->nchoices; i++) {
		struct event_choice choice = p->choice[i];

		if (event_apply(p, move, &choice.event))
			p->choice[n++] = choice;
	}
	p->nchoices = (u16)n;
}

bool prog_op_insert(struct prog *p, unsigned t, unsigned index, struct prog_op op)
{
	struct prog_task *task = &p->task[t];
	struct prog_move move;

	assert(t < p->ntasks && index <= task->nops);
	if (task->nops == PROG_OPS_MAX)
		return false;
	prog_move_init(&move, p);
	for (int i = (int)index; i < task->nops; i++)
		move.to[t][i].op = (s8)(i + 1);
	memmove(&task->op[index + 1], &task->op[index], (task->nops - index) * sizeof(op));
	task->op[index] = op;
	task->nops++;
	prog_move_apply(p, &move);
	return true;
}

void prog_ops_remove(struct prog *p, const u16 mask[PROG_TASKS_MAX])
{
	struct prog_move move;

	prog_move_init(&move, p);
	for (unsigned t = 0; t < p->ntasks; t++) {
		struct prog_task *task = &p->task[t];
		unsigned n = 0;

		for (unsigned i = 0; i < task->nops; i++) {
			if (mask[t] & (1u << i)) {
				move.to[t][i] = (struct prog_place){ -1, -1 };
				continue;
			}
			move.to[t][i].op = (s8)n;
			task->op[n++] = task->op[i];
		}
		memset(&task->op[n], 0, (task->nops - n) * sizeof(task->op[0]));
		task->nops = (u8)n;
	}
	prog_move_apply(p, &move);
}

void prog_op_remove(struct prog *p, unsigned t, unsigned index)
{
	u16 mask[PROG_TASKS_MAX] = { 0 };

	assert(t < p->ntasks && index < p->task[t].nops);
	mask[t] = (u16)(1u << index);
	prog_ops_remove(p, mask);
}

bool prog_op_move(struct prog *p, unsigned t, unsigned index, unsigned to, unsigned to_index)
{
	struct prog_task *from = &p->task[t], *target = &p->task[to];
	struct prog_op op = from->op[index];
	struct prog_move move;

	assert(t < p->ntasks && to < p->ntasks && index < from->nops && to_index <= target->nops);
	if (t != to && target->nops == PROG_OPS_MAX)
		return false;
	prog_move_init(&move, p);
	if (t == to && to_index > index)
		to_index--;
	for (int i = (int)index + 1; i < from->nops; i++)
		move.to[t][i].op--;
	memmove(&from->op[index], &from->op[index + 1], (from->nops - index - 1) * sizeof(op));
	memset(&from->op[--from->nops], 0, sizeof(op));
	for (int i = 0; i < PROG_OPS_MAX; i++) {
		if (move.to[to][i].task >= 0 && move.to[to][i].op >= (s8)to_index)
			move.to[to][i].op++;
	}
	memmove(&target->op[to_index + 1], &target->op[to_index],
		(target->nops - to_index) * sizeof(op));
	target->op[to_index] = op;
	target->nops++;
	move.to[t][index] = (struct prog_place){ (s8)to, (s8)to_index };
	prog_move_apply(p, &move);
	return true;
}

void prog_task_remove(struct prog *p, unsigned t)
{
	struct prog_move move;

	assert(t < p->ntasks && p->ntasks > 1);
	prog_move_init(&move, p);
	for (unsigned i = 0; i < PROG_OPS_MAX; i++)
		move.to[t][i] = (struct prog_place){ -1, -1 };
	for (unsigned later = t + 1; later < p->ntasks; later++) {
		for (unsigned i = 0; i < p->task[later].nops; i++)
			move.to[later][i].task--;
	}
	memmove(&p->task[t], &p->task[t + 1], (p->ntasks - t - 1u) * sizeof(p->task[0]));
	memset(&p->task[--p->ntasks], 0, sizeof(p->task[0]));
	prog_move_apply(p, &move);
}

static char label_free(const struct prog *p)
{
	for (char label = 'A'; label <= 'Z'; label++) {
		bool taken = false;

		for (unsigned t = 0; t < p->ntasks; t++)
			taken |= p->task[t].label == label;
		if (!taken)
			return label;
	}
	assert(!"more letters than tasks");
	return 'A';
}

bool prog_task_append(struct prog *p, const struct prog_task *task)
{
	if (p->ntasks == PROG_TASKS_MAX)
		return false;
	p->task[p->ntasks] = *task;
	p->task[p->ntasks].label = label_free(p);
	p->ntasks++;
	return true;
}

void prog_task_relabel(struct prog *p, unsigned t, char label)
{
	struct prog_move move;

	assert(t < p->ntasks && label >= 'A' && label <= 'Z');
	prog_move_init(&move, p);
	p->task[t].label = label;
	prog_move_apply(p, &move);
}

void prog_edges_remove(struct prog *p, unsigned from, unsigned n)
{
	assert(from + n <= p->nedges);
	memmove(&p->edge[from], &p->edge[from + n],
		(p->nedges - from - n) * sizeof(p->edge[0]));
	p->nedges = (u16)(p->nedges - n);
}

void prog_choices_remove(struct prog *p, unsigned from, unsigned n)
{
	assert(from + n <= p->nchoices);
	memmove(&p->choice[from], &p->choice[from + n],
		(p->nchoices - from - n) * sizeof(p->choice[0]));
	p->nchoices = (u16)(p->nchoices - n);
}

bool prog_edge_append(struct prog *p, const struct event_key *event,
		      const struct event_key *after)
{
	if (p->nedges == PROG_EDGES_MAX)
		return false;
	p->edge[p->nedges].event = *event;
	p->edge[p->nedges++].after = *after;
	return true;
}
