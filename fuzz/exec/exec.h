/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executors: one function for each op of ops.def. They run on the task's context, call
 * the world's ops table, and tell the contents oracle what the op may change while
 * it is open.
 */
#ifndef FUZZ_EXEC_EXEC_H
#define FUZZ_EXEC_EXEC_H

#include "core/base/world_ops.h"
#include "fuzz/oracle/contents.h"
#include "fuzz/prog/prog.h"

struct exec_call {
	const struct world_ops *world;
	const u8 *arg;      /* as in ops.def */
	u8 mm;              /* of the task; 0: none */
	char label[12];     /* "A3" */
};

/* Runs one op, of kind enum prog_op_kind. 0 or -errno, what the world's op returned;
 * -ENOSYS: the world can't do it. */
int exec_op(u8 kind, const struct exec_call *c);
/* The site "op@<name>" of an op kind: what engine_op_begin() takes. */
const struct site *exec_site(u8 kind);
/* What a write op stores into each word: v in all eight bytes. */
u64 exec_value(u8 v);

/* by_hand.c: the executors of the rows OP_BY_HAND. */
#define OP_BY_HAND(name, ...) int exec_##name(const struct exec_call *c);
#include "core/base/ops.def"
/* Opens the contents oracle's window for an op; its range and value are those of its
 * arguments. */
void exec_contents_begin(const struct exec_call *c, u8 kind, enum contents_effect effect);

/* sanitizer_options.c; run.c looks at it so that it is linked. */
extern const char exec_sanitizer_options_linked;

#endif
