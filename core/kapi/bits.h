/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Models: include/linux/{minmax,log2,bits}.h: small arithmetic on plain values. */
#ifndef CORE_KAPI_BITS_H
#define CORE_KAPI_BITS_H

#include "core/base/types.h"

#define min_t(type, a, b) ({ type a_ = (a); type b_ = (b); a_ < b_ ? a_ : b_; })
#define max_t(type, a, b) ({ type a_ = (a); type b_ = (b); a_ > b_ ? a_ : b_; })
#define clamp_t(type, v, lo, hi) min_t(type, max_t(type, v, lo), hi)
#define clamp(v, lo, hi) min(max(v, lo), hi)
#define swap(a, b) do { __typeof__(a) swap_t_ = (a); (a) = (b); (b) = swap_t_; } while (0)
#define BIT(n) (1UL << (n))
#define GENMASK(h, l) ((~0UL << (l)) & (~0UL >> (63 - (h))))
#define IS_ALIGNED(x, a) (((x) & ((__typeof__(x))(a) - 1)) == 0)
#define ALIGN(x, a) round_up(x, a)
#define ALIGN_DOWN(x, a) round_down(x, a)
#define fallthrough __attribute__((fallthrough))

static inline bool is_power_of_2(unsigned long n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

/* Floor of the binary logarithm; n > 0. */
static inline unsigned ilog2(unsigned long n)
{
	return 63 - (unsigned)__builtin_clzl(n);
}

static inline unsigned hweight_long(unsigned long w)
{
	return (unsigned)__builtin_popcountl(w);
}

/* Index of the lowest (highest) set bit; w != 0. */
static inline unsigned long __ffs(unsigned long w)
{
	return (unsigned long)__builtin_ctzl(w);
}

static inline unsigned long __fls(unsigned long w)
{
	return 63 - (unsigned long)__builtin_clzl(w);
}

#endif
