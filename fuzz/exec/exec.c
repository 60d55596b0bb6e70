// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Executors and op sites, made from ops.def: an executor calls the world's op with the
 * arguments in their order, inside of a window of the contents oracle if the op
 * changes contents. What differs from that is in by_hand.c.
 */
#include "fuzz/exec/exec.h"

#include <string.h>

#include "core/base/bug.h"
#include "core/base/site.h"

static u64 world_arg(const struct exec_call *c, unsigned i, enum prog_arg_kind kind)
{
	return kind == PROG_ARG_VALUE ? exec_value(c->arg[i]) : c->arg[i];
}

/* Calls an op of the world, or gives -ENOSYS if it has none. */
#define OP_BY_HAND(...)
#define OP(name, on, nargs, a, b, c_, ...)                                               \
	static int exec_##name(const struct exec_call *c)                                \
	{                                                                                \
		if (!c->world->name)                                                     \
			return -ENOSYS;                                                  \
		return c->world->name(WORLD_ARGS(on, nargs, c->mm,                       \
				(world_arg_##a)world_arg(c, 0, PROG_ARG_##a),            \
				(world_arg_##b)world_arg(c, 1, PROG_ARG_##b),            \
				(world_arg_##c_)world_arg(c, 2, PROG_ARG_##c_)));        \
	}
#include "core/base/ops.def"

static int (*const exec_table[PROG_OP_COUNT])(const struct exec_call *c) = {
#define OP(name, ...) [OP_##name] = exec_##name,
#include "core/base/ops.def"
};

/* Those by hand open their own window. */
static const u8 effects[PROG_OP_COUNT] = {
#define OP_BY_HAND(...)
#define OP(name, on, nargs, a, b, c, effect, ...) [OP_##name] = CONTENTS_##effect,
#include "core/base/ops.def"
};

/* Records like those of SITE(), with the op's name in place of a function's. */
#define OP(name_, ...)                                                          \
	static struct site op_site_##name_ = { .op = "op", .func = #name_ };    \
	static struct site *const op_site_p_##name_                             \
		__attribute__((section("swaprace_sites"), used)) = &op_site_##name_;
#include "core/base/ops.def"

static struct site *const op_sites[PROG_OP_COUNT] = {
#define OP(name, ...) [OP_##name] = &op_site_##name,
#include "core/base/ops.def"
};

const struct site *exec_site(u8 kind)
{
	BUG_ON_CMP(kind, >=, PROG_OP_COUNT);
	return op_sites[kind];
}

u64 exec_value(u8 v)
{
	return v * 0x0101010101010101ull;
}

void exec_contents_begin(const struct exec_call *c, u8 kind, enum contents_effect effect)
{
	const struct prog_op_info *info = &prog_ops[kind];
	struct contents_op op = { .effect = effect, .mm = info->needs_mm ? c->mm : 0 };
	unsigned npages = 0;

	BUG_ON(effect == CONTENTS_NONE);
	BUG_ON(info->needs_mm && !c->mm);
	for (unsigned i = 0; i < info->nargs; i++) {
		switch (info->arg_kind[i]) {
		case PROG_ARG_PAGE:
			if (npages++) {
				op.from = c->arg[i];
				break;
			}
			op.page = c->arg[i];
			op.pages = 1;
			break;
		case PROG_ARG_PAGES:
			op.pages = c->arg[i];
			break;
		case PROG_ARG_SWITCH:
			op.value = c->arg[i];
			break;
		case PROG_ARG_VALUE:
			op.value = exec_value(c->arg[i]);
			break;
		case PROG_ARG_MM:
			op.child = c->arg[i];
			break;
		case PROG_ARG_SHM:
			op.shm = c->arg[i];
			break;
		case PROG_ARG_INDEX:
			op.page = c->arg[i];
			break;
		case PROG_ARG_PIN:
			op.pin = c->arg[i];
			break;
		case PROG_ARG_GUP:
			op.flags = c->arg[i];
			break;
		case PROG_ARG_SIZE:
			op.page = c->arg[i]; /* what lies behind is cut off, or grows */
			op.pages = (u8)(WORLD_REGION_PAGES - c->arg[i]);
			break;
		default: /* says nothing of contents */
			break;
		}
	}
	memcpy(op.label, c->label, sizeof(op.label));
	contents_op_begin(&op);
}

int exec_op(u8 kind, const struct exec_call *c)
{
	enum contents_effect effect;
	int ret;

	BUG_ON_CMP(kind, >=, PROG_OP_COUNT);
	BUG_ON(prog_ops[kind].needs_mm && !c->mm);
	effect = effects[kind];
	if (effect != CONTENTS_NONE)
		exec_contents_begin(c, kind, effect);
	ret = exec_table[kind](c);
	if (effect != CONTENTS_NONE)
		contents_op_end(ret);
	return ret;
}
