/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a generator makes more or less of: one profile for each fuzz target. The
 * weights say what is tried, never what counts as a failure.
 */
#ifndef FUZZ_PROG_PROFILE_H
#define FUZZ_PROG_PROFILE_H

#include "fuzz/prog/prog.h"

/* The skeletons that a program is built around: see generate.c. */
enum scenario {
	SCENARIO_PLAIN,     /* a few mms, a few tasks each, any op */
	SCENARIO_REFAULT,   /* tasks of one mm fault the same swapped pages */
	SCENARIO_FORK,      /* fork chains that share swapped pages */
	SCENARIO_KSM,       /* equal pages of two mms, merged and swapped out */
	SCENARIO_SWAPOFF,   /* a device goes away under its users */
	SCENARIO_HIBERNATE, /* slots for a snapshot, beside ordinary swapping */
	SCENARIO_PRESSURE,  /* more pages than folios */
	SCENARIO_CHURN,     /* slots taken and given back all the time, by several tasks */
	SCENARIO_COUNT,
};

/* Those that ops.def names, in percent of an op's weight. */
enum profile_id {
	PROFILE_all, PROFILE_swap, PROFILE_swapoff, PROFILE_ksm, PROFILE_hibernate,
	PROFILE_reclaim, PROFILE_kernel,
	PROFILE_COUNT,
};

/* Programs that are made, not written, have so many tasks at most: more make each run
 * longer and seldom find more. */
#define MADE_TASKS_MAX 8

struct prog_profile {
	const char *name;
	enum profile_id id;
	u8 scenario[SCENARIO_COUNT]; /* weights */
	/* Percentages of programs: */
	u8 few_folios;      /* a pool that the pages don't fit in */
	u8 tiny_device;     /* devices that are nearly full at once */
	u8 second_device, third_device;
	u8 async_device;
	u8 discard;
};

/* The weight of an op under a profile. */
u32 profile_weight(const struct prog_profile *profile, unsigned kind);
/* An index in 0..n-1, drawn by weight; n - 1 weights may be 0, not all. */
unsigned pick_weighted(struct prng *rng, const u32 *weight, unsigned n);
/* All op kinds, as a mask. */
#define PROFILE_KINDS_ALL (~0ull >> (64 - PROG_OP_COUNT))
/* An op kind of the mask by the profile's weights; where none of it can be, any. */
u8 profile_pick_op(const struct prog_profile *profile, struct prng *rng, bool have_mm,
		   u64 kinds);
/* The profile of one program: "all" mostly takes a special one. */
const struct prog_profile *profile_of_program(const struct prog_profile *profile,
					      struct prng *rng);

/* Number of the machine's fields to draw from, the first ones: prog_generate_for(). */
unsigned generate_fields(void);
/* A machine of either regime; no mms. */
void generate_machine(struct world_config *m, struct prng *rng, const struct prog_profile *profile);
/* Pages, values and devices that make a random op meaningful in this program. */
void generate_op(const struct prog *p, unsigned t, u8 kind, struct prng *rng, struct prog_op *op);
/* An mm that neither exists nor is forked by anybody; 0: none. */
u8 generate_free_mm(const struct prog *p);
/* What a page that KSM may merge is filled with: few values, so that pages are alike. */
u8 generate_mergeable_value(struct prng *rng);

static inline bool percent(struct prng *rng, unsigned n)
{
	return prng_chance(rng, n, 100);
}

/* A number in low..high. */
static inline u32 between(struct prng *rng, u32 low, u32 high)
{
	return low + prng_below(rng, high - low + 1);
}

#endif
