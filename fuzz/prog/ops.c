// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of ops, made from ops.def; the names of the policies.
 */
#include "fuzz/prog/prog.h"

#include <string.h>

enum {
#define ARG(kind, name, min_, max_, text) ARG_MIN_##kind = (min_), ARG_MAX_##kind = (max_),
#include "fuzz/prog/ops.def"
};

/* Each kind in ops.def needs its name here: an enum cannot hold strings. */
#define ARG_NAME_NONE NULL
#define ARG_NAME_PAGE "page"
#define ARG_NAME_PAGES "pages"
#define ARG_NAME_FLAGS "flags"
#define ARG_NAME_VALUE "value"
#define ARG_NAME_COUNT "count"
#define ARG_NAME_SLOTS "slots"
#define ARG_NAME_DEV "device"
#define ARG_NAME_MM "mm"

const struct prog_op_info prog_ops[PROG_OP_COUNT] = {
#define OP(name_, nargs_, a0, a1, a2, weight_, needs_mm_, models_)                      \
	[OP_##name_] = {                                                                \
		.name = #name_,                                                         \
		.nargs = (nargs_),                                                      \
		.arg_name = { ARG_NAME_##a0, ARG_NAME_##a1, ARG_NAME_##a2 },            \
		.arg_kind = { PROG_ARG_##a0, PROG_ARG_##a1, PROG_ARG_##a2 },            \
		.arg_min = { ARG_MIN_##a0, ARG_MIN_##a1, ARG_MIN_##a2 },                \
		.arg_max = { ARG_MAX_##a0, ARG_MAX_##a1, ARG_MAX_##a2 },                \
		.weight = (weight_),                                                    \
		.needs_mm = (needs_mm_),                                                \
		.models = (models_),                                                    \
	},
#include "fuzz/prog/ops.def"
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
