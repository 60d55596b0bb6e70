// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of ops, made from ops.def; the names of the policies.
 */
#include "fuzz/prog/prog.h"

#include <assert.h>
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

#define WORDS(what_, ...) { .what = (what_), .word = (const char *const[]){ __VA_ARGS__, NULL } }
const struct prog_arg_words prog_arg_words[PROG_ARG_KIND_COUNT] = {
	[PROG_ARG_FLAGS] = WORDS("flag", "mergeable", "readonly"),
	[PROG_ARG_ACCESS] = WORDS("access", "readonly"),
	[PROG_ARG_GUP] = WORDS("flag", "write", "longterm", "slow"),
	[PROG_ARG_UFFD] = WORDS("mode", "missing", "wp"),
};
_Static_assert(WORLD_VMA_MERGEABLE == 1 && WORLD_VMA_READONLY == 2 && WORLD_PIN_WRITE == 1 &&
	       WORLD_PIN_LONGTERM == 2 && WORLD_PIN_SLOW == 4 && WORLD_UFFD_MISSING == 1 &&
	       WORLD_UFFD_WP == 2, "bit i is the i-th word");

const char *const prog_policy_names[PROG_POLICY_COUNT + 1] = {
#define POLICY(ID, name, ...) #name,
#include "core/base/policy.def"
};

const u8 prog_policy_turns[PROG_POLICY_COUNT] = {
#define POLICY(ID, name, turns, text) turns,
#include "core/base/policy.def"
};

/* once: a policy that has turns has one. */
static u8 policy_of_turn(unsigned n, bool once)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < PROG_POLICY_COUNT; i++)
		sum += once ? prog_policy_turns[i] > 0 : prog_policy_turns[i];
	assert(sum > 0 && !prog_policy_turns[PROG_POLICY_REPLAY]);
	n %= sum;
	for (unsigned i = 0; i < PROG_POLICY_COUNT; i++) {
		unsigned turns = once ? prog_policy_turns[i] > 0 : prog_policy_turns[i];

		if (n < turns)
			return (u8)i;
		n -= turns;
	}
	assert(!"the turn lies below the sum");
	return PROG_POLICY_REPLAY;
}

u8 prog_policy_turn(unsigned n)
{
	return policy_of_turn(n, false);
}

u8 prog_policy_with_turns(unsigned n)
{
	return policy_of_turn(n, true);
}

int prog_op_find(const char *name, size_t len)
{
	for (unsigned i = 0; i < PROG_OP_COUNT; i++) {
		if (strlen(prog_ops[i].name) == len && !memcmp(prog_ops[i].name, name, len))
			return (int)i;
	}
	return -ENOENT;
}
