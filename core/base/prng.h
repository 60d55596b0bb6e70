/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one random number generator: splitmix64. Small, seeded by any number
 * (also 0), the same on every machine. Never seeded by a clock.
 */
#ifndef CORE_BASE_PRNG_H
#define CORE_BASE_PRNG_H

#include "core/base/types.h"

struct prng { u64 s; };

/* A good mix of 64 bits; a hash step by itself. */
static inline __no_sanitize_tsan u64 prng_mix(u64 z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static inline __no_sanitize_tsan void prng_seed(struct prng *p, u64 seed)
{
	p->s = seed;
}

static inline __no_sanitize_tsan u64 prng_next(struct prng *p)
{
	p->s += 0x9e3779b97f4a7c15ull;
	return prng_mix(p->s);
}

/* A number in [0, n); 0 for n == 0. */
static inline __no_sanitize_tsan u32 prng_below(struct prng *p, u32 n)
{
	return (u32)(((prng_next(p) >> 32) * n) >> 32);
}

/* True num times out of den. */
static inline __no_sanitize_tsan bool prng_chance(struct prng *p, u32 num, u32 den)
{
	return prng_below(p, den) < num;
}

#endif
