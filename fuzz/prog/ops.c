// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of ops, made from ops.def; the names of the policies.
 */
#include "fuzz/prog/prog.h"

#include <string.h>

enum {
#define ARG(kind, name, min_, max_, ...) ARG_MIN_##kind = (min_), ARG_MAX_##kind = (max_),
#include "core/base/ops.def"
};

#define ARG(kind, name, ...) static const char arg_name_##kind[] = name;
#include "core/base/ops.def"

#define NEEDS_MM_MM true
#define NEEDS_MM_ANY false

const struct prog_op_info prog_ops[PROG_OP_COUNT] = {
#define OP(name_, on, nargs_, a0, a1, a2, effect, call, weight_, profiles, models_)     \
	[OP_##name_] = {                                                                \
		.name = #name_,                                                         \
		.nargs = (nargs_),                                                      \
		.arg_name = { arg_name_##a0, arg_name_##a1, arg_name_##a2 },            \
		.arg_kind = { PROG_ARG_##a0, PROG_ARG_##a1, PROG_ARG_##a2 },            \
		.arg_min = { ARG_MIN_##a0, ARG_MIN_##a1, ARG_MIN_##a2 },                \
		.arg_max = { ARG_MAX_##a0, ARG_MAX_##a1, ARG_MAX_##a2 },                \
		.weight = (weight_),                                                    \
		.needs_mm = NEEDS_MM_##on,                                              \
		.models = (models_),                                                    \
	},
#include "core/base/ops.def"
};

const char *const prog_policy_names[PROG_POLICY_COUNT + 1] = {
	"replay", "random", "pct", "delay",
};

int prog_op_find(const char *name, size_t len)
{
	for (unsigned i = 0; i < PROG_OP_COUNT; i++) {
		if (strlen(prog_ops[i].name) == len && !memcmp(prog_ops[i].name, name, len))
			return (int)i;
	}
	return -ENOENT;
}
