/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Executors: one function an op of ops.def, one file a family. They run on the
 * task's context, call the world's ops table, and tell the contents oracle what
 * the op may change while it is open. To add an op: a line in ops.def and a
 * function exec_<name>() here.
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

/* 0 or -errno, what the world's op returned; -ENOSYS: the world can't do it. */
typedef int (*exec_fn)(const struct exec_call *c);
#define OP(name, ...) int exec_##name(const struct exec_call *c);
#include "fuzz/prog/ops.def"

/* Runs one op, of kind enum prog_op_kind. */
int exec_op(u8 kind, const struct exec_call *c);
/* The site "op@<name>" of an op kind: what engine_op_begin() takes. */
const struct site *exec_site(u8 kind);
/* What a write op stores into each word: v in all eight bytes. */
u64 exec_value(u8 v);

/* Opens the contents oracle's window for an op of this effect on its range. */
void exec_contents_begin(const struct exec_call *c, enum contents_effect effect, u8 page,
			 u8 pages);

/* sanitizer_options.c; run.c looks at it so that it is linked. */
extern const char exec_sanitizer_options_linked;

/* Calls an op of the world, or gives -ENOSYS where it has none. */
#define WORLD_CALL(c, op_, ...) \
	((c)->world->op_ ? (c)->world->op_(__VA_ARGS__) : -ENOSYS)

#endif
