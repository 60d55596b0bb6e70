// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of executors and of op sites, made from ops.def.
 */
#include "fuzz/exec/exec.h"

#include <string.h>

#include "core/base/bug.h"
#include "core/base/site.h"

static const exec_fn exec_table[PROG_OP_COUNT] = {
#define OP(name, ...) [OP_##name] = exec_##name,
#include "fuzz/prog/ops.def"
};

/* Records like those of SITE(), with the op's name in place of a function's. */
#define OP(name_, ...)                                                          \
	static struct site op_site_##name_ = { .op = "op", .func = #name_ };    \
	static struct site *const op_site_p_##name_                             \
		__attribute__((section("swaprace_sites"), used)) = &op_site_##name_;
#include "fuzz/prog/ops.def"

static struct site *const op_sites[PROG_OP_COUNT] = {
#define OP(name, ...) [OP_##name] = &op_site_##name,
#include "fuzz/prog/ops.def"
};

int exec_op(u8 kind, const struct exec_call *c)
{
	BUG_ON_CMP(kind, >=, PROG_OP_COUNT);
	return exec_table[kind](c);
}

const struct site *exec_site(u8 kind)
{
	BUG_ON_CMP(kind, >=, PROG_OP_COUNT);
	return op_sites[kind];
}

u64 exec_value(u8 v)
{
	return v * 0x0101010101010101ull;
}

void exec_contents_begin(const struct exec_call *c, enum contents_effect effect, u8 page, u8 pages)
{
	struct contents_op op = { .effect = effect, .mm = c->mm, .page = page, .pages = pages };

	memcpy(op.label, c->label, sizeof(op.label));
	contents_op_begin(&op);
}
