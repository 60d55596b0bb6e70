/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model behind the world-ops table: each op is a kernel entry point on the
 * calling task. model_table.c makes the table, with the checkers and with what may
 * be looked at without locks.
 */
#ifndef CORE_WORLD_MODEL_WORLD_H
#define CORE_WORLD_MODEL_WORLD_H

#include "core/base/world_ops.h"

extern const struct world_ops model_world_ops; /* model_table.c */

/* Configuration of the current world. */
extern struct world_config model_config;

int model_setup(const struct world_config *config);
void model_teardown(void);
/* The ops, one for each row of ops.def. */
#define OP_MADVISE_TREE(...)
#define OP_TREE(...)
#define OP_BY_HAND(...)
#define OP(name, on, nargs, a, b, c, ...) int model_##name(WORLD_PARAMS(on, nargs, a, b, c));
#include "core/base/ops.def"
int model_read(int mm, int page, u64 words[WORLD_WORDS]);
int model_ksm_pass(void);

/* model_table.c: the calling task has the snapshot device open, or not. */
void model_snapshot_note(bool open);

#endif
