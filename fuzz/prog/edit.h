/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Edits that keep references right: ops are named by their number in edges, in
 * choices and in the names of objects ("folio A2.0" was allocated by A2), so an
 * op that moves takes all of these along, and one that goes loses its own.
 * For the mutator, the crossover and the minimiser.
 */
#ifndef FUZZ_PROG_EDIT_H
#define FUZZ_PROG_EDIT_H

#include "fuzz/prog/prog.h"

/* May a role hold this character? No quotes, parentheses, '#', '@' or '='. */
bool prog_role_char(char c);
bool prog_event_equal(const struct event_key *a, const struct event_key *b);

/* Where each op went: to op[task][index] = new place, or removed. Tasks may be
 * renumbered as well. Index 0-based. */
struct prog_move {
	struct prog_place { s8 task, op; } to[PROG_TASKS_MAX][PROG_OPS_MAX]; /* task < 0: gone */
	char old_label[PROG_TASKS_MAX]; /* before the move; 0: no such task */
};
void prog_move_init(struct prog_move *move, const struct prog *p);
/* Renames in all edges, choices and roles; p->task already has its new shape.
 * References of ops that are gone are dropped; roles of them become "any". */
void prog_move_apply(struct prog *p, const struct prog_move *move);

/* index: 0-based. insert: false where the task is full. */
bool prog_op_insert(struct prog *p, unsigned t, unsigned index, struct prog_op op);
void prog_op_remove(struct prog *p, unsigned t, unsigned index);
/* Removes each op whose bit is set: mask[t] by op. */
void prog_ops_remove(struct prog *p, const u16 mask[PROG_TASKS_MAX]);
/* Takes an op out of one place and puts it before another (which is meant
 * before the removal). false where the target task is full. */
bool prog_op_move(struct prog *p, unsigned t, unsigned index, unsigned to, unsigned to_index);
void prog_task_remove(struct prog *p, unsigned t);
/* A new task at the end with a free label; false where there are 8. */
bool prog_task_append(struct prog *p, const struct prog_task *task);
/* Gives a task another (free) label, roles included. */
void prog_task_relabel(struct prog *p, unsigned t, char label);
/* Edges, or choices, from .. from + n - 1 go. */
void prog_edges_remove(struct prog *p, unsigned from, unsigned n);
void prog_choices_remove(struct prog *p, unsigned from, unsigned n);
/* Appends "event after after"; false where the table is full. */
bool prog_edge_append(struct prog *p, const struct event_key *event,
		      const struct event_key *after);

#endif
