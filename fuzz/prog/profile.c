// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The profiles of the fuzz targets, and weighted draws.
 */
#include "fuzz/prog/profile.h"

#include "fuzz/prog/machine.h"

#include <assert.h>
#include <string.h>

const struct prog_profile prog_profile_all = {
	.name = "all", .id = PROFILE_all,
	.scenario = {
		[SCENARIO_PLAIN] = 25, [SCENARIO_REFAULT] = 20, [SCENARIO_FORK] = 15,
		[SCENARIO_KSM] = 15, [SCENARIO_SWAPOFF] = 15, [SCENARIO_HIBERNATE] = 10,
		[SCENARIO_PRESSURE] = 15, [SCENARIO_CHURN] = 20,
	},
	.few_folios = 40, .tiny_device = 40, .second_device = 45, .third_device = 10,
	.async_device = 45, .discard = 20,
};

/* Slots, the swap cache, swap-in and swap-out; no KSM, no hibernation. */
const struct prog_profile prog_profile_swap = {
	.name = "swap", .id = PROFILE_swap,
	.scenario = {
		[SCENARIO_PLAIN] = 20, [SCENARIO_REFAULT] = 40, [SCENARIO_FORK] = 25,
		[SCENARIO_PRESSURE] = 25, [SCENARIO_CHURN] = 35,
	},
	.few_folios = 40, .tiny_device = 55, .second_device = 30, .third_device = 5,
	.async_device = 40, .discard = 25,
};

const struct prog_profile prog_profile_swapoff = {
	.name = "swapoff", .id = PROFILE_swapoff,
	.scenario = {
		[SCENARIO_SWAPOFF] = 75, [SCENARIO_REFAULT] = 10, [SCENARIO_FORK] = 10,
		[SCENARIO_KSM] = 10,
	},
	.few_folios = 25, .tiny_device = 35, .second_device = 50, .third_device = 10,
	.async_device = 45, .discard = 15,
};

const struct prog_profile prog_profile_ksm = {
	.name = "ksm", .id = PROFILE_ksm,
	.scenario = { [SCENARIO_KSM] = 85, [SCENARIO_FORK] = 10, [SCENARIO_PLAIN] = 5 },
	.few_folios = 20, .tiny_device = 25, .second_device = 35, .third_device = 5,
	.async_device = 50, .discard = 10,
};

const struct prog_profile prog_profile_hibernate = {
	.name = "hibernate", .id = PROFILE_hibernate,
	.scenario = { [SCENARIO_HIBERNATE] = 90, [SCENARIO_SWAPOFF] = 10 },
	.few_folios = 25, .tiny_device = 35, .second_device = 45, .third_device = 10,
	.async_device = 40, .discard = 20,
};

const struct prog_profile prog_profile_reclaim = {
	.name = "reclaim", .id = PROFILE_reclaim,
	.scenario = {
		[SCENARIO_PRESSURE] = 60, [SCENARIO_REFAULT] = 15, [SCENARIO_FORK] = 15,
		[SCENARIO_PLAIN] = 10, [SCENARIO_CHURN] = 15,
	},
	.few_folios = 75, .tiny_device = 35, .second_device = 30, .third_device = 5,
	.async_device = 60, .discard = 15,
};

/* What system calls can do, for the comparison with the running kernel. Ops that
 * a scenario brings and no system call does are taken out by fuzz/kernel. */
const struct prog_profile prog_profile_kernel = {
	.name = "kernel", .id = PROFILE_kernel,
	.scenario = {
		[SCENARIO_PLAIN] = 25, [SCENARIO_REFAULT] = 25, [SCENARIO_FORK] = 30,
		[SCENARIO_KSM] = 15, [SCENARIO_SWAPOFF] = 6,
	},
	.few_folios = 0, .tiny_device = 20, .second_device = 12, .third_device = 5,
	.async_device = 0, .discard = 0,
};

static const struct prog_profile *const profiles[] = {
	&prog_profile_all, &prog_profile_swap, &prog_profile_swapoff, &prog_profile_ksm,
	&prog_profile_hibernate, &prog_profile_reclaim, &prog_profile_kernel,
};

const char *prog_profile_name(unsigned i)
{
	return i < ARRAY_SIZE(profiles) ? profiles[i]->name : NULL;
}

const struct prog_profile *prog_profile_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(profiles); i++) {
		if (!strcmp(profiles[i]->name, name))
			return profiles[i];
	}
	return NULL;
}

/* What ops.def has, less 100: what no row says is 0. */
static const s16 scales[PROG_OP_COUNT][PROFILE_COUNT] = {
#define LIST(...) __VA_ARGS__
#define IN(profile, percent_) [PROFILE_##profile] = (percent_) - 100,
#define OP(name, on, nargs, a, b, c, effect, call, weight, profiles, models) \
	[OP_##name] = { LIST profiles },
#include "core/base/ops.def"
#undef IN
#undef LIST
};

static const struct world_ops *made_for;

void prog_generate_for(const struct world_ops *world)
{
	made_for = world;
}

unsigned generate_fields(void)
{
	return made_for && made_for->large_folios ? MACHINE_FIELD_COUNT : MACHINE_THP;
}

static bool world_lacks(unsigned kind)
{
	switch (made_for ? kind : PROG_OP_COUNT) {
#define OP_BY_HAND(...)
#define OP(name, ...) case OP_##name: return !made_for->name;
#include "core/base/ops.def"
	default:
		return false;
	}
}

u32 profile_weight(const struct prog_profile *profile, unsigned kind)
{
	assert(kind < PROG_OP_COUNT && profile->id < PROFILE_COUNT);
	if (world_lacks(kind))
		return 0;
	return (u32)prog_ops[kind].weight * (u32)(100 + scales[kind][profile->id]) / 100;
}

unsigned pick_weighted(struct prng *rng, const u32 *weight, unsigned n)
{
	u32 sum = 0, at;

	for (unsigned i = 0; i < n; i++)
		sum += weight[i];
	assert(sum > 0);
	at = prng_below(rng, sum);
	for (unsigned i = 0; i < n; i++) {
		if (at < weight[i])
			return i;
		at -= weight[i];
	}
	assert(!"the draw lies below the sum");
	return 0;
}

_Static_assert(PROG_OP_COUNT <= 64, "op kinds are bits of a u64");

u8 profile_pick_op(const struct prog_profile *profile, struct prng *rng, bool have_mm,
		   u64 kinds)
{
	u32 weight[PROG_OP_COUNT], any[PROG_OP_COUNT], sum = 0;

	for (unsigned i = 0; i < PROG_OP_COUNT; i++) {
		any[i] = prog_ops[i].needs_mm && !have_mm ? 0 : profile_weight(profile, i);
		weight[i] = kinds & (1ull << i) ? any[i] : 0;
		sum += weight[i];
	}
	return (u8)pick_weighted(rng, sum ? weight : any, PROG_OP_COUNT);
}

const struct prog_profile *profile_of_program(const struct prog_profile *profile,
					      struct prng *rng)
{
	static const struct prog_profile *const special[] = {
		&prog_profile_swap, &prog_profile_swap, &prog_profile_swapoff, &prog_profile_ksm,
		&prog_profile_hibernate, &prog_profile_reclaim,
	};

	if (profile != &prog_profile_all || percent(rng, 25))
		return profile;
	return special[prng_below(rng, ARRAY_SIZE(special))];
}
