/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/bitops.h, on atomic_long_t. set_bit and clear_bit order
 * nothing; test_and_*() order fully; *_lock and *_unlock are acquire and release.
 */
#ifndef CORE_KAPI_BITOPS_H
#define CORE_KAPI_BITOPS_H

#include "core/kapi/atomic.h"
#include "core/kapi/bits.h"

/* BIT_MASK() of the kernel: bit 63 is one like others. */
static inline long bit_mask(unsigned nr)
{
	return (long)(1UL << nr);
}

static inline bool test_bit_at(unsigned nr, const atomic_long_t *p, const struct site *site)
{
	bool r;

	engine_point(site, EV_LOAD, p, sizeof(*p));
	r = engine_load_relaxed(&p->counter) & bit_mask(nr);
	kapi_result(r);
	return r;
}

static inline bool test_bit_acquire_at(unsigned nr, const atomic_long_t *p,
				       const struct site *site)
{
	bool r;

	engine_point(site, EV_LOAD, p, sizeof(*p));
	r = __atomic_load_n(&p->counter, ATOMIC_ACQ) & bit_mask(nr);
	kapi_result(r);
	return r;
}

static inline void set_bit_at(unsigned nr, atomic_long_t *p, const struct site *site)
{
	engine_point(site, EV_RMW, p, sizeof(*p));
	engine_fetch_or(&p->counter, bit_mask(nr), ENGINE_RELAXED);
}

static inline void clear_bit_at(unsigned nr, atomic_long_t *p, int order,
				const struct site *site)
{
	engine_point(site, EV_RMW, p, sizeof(*p));
	engine_fetch_and(&p->counter, ~bit_mask(nr), order);
}

static inline bool test_and_set_bit_at(unsigned nr, atomic_long_t *p, int order,
				       const struct site *site)
{
	bool r;

	engine_point(site, EV_RMW, p, sizeof(*p));
	r = engine_fetch_or(&p->counter, bit_mask(nr), order) & bit_mask(nr);
	kapi_result(r);
	return r;
}

static inline bool test_and_clear_bit_at(unsigned nr, atomic_long_t *p, int order,
					 const struct site *site)
{
	bool r;

	engine_point(site, EV_RMW, p, sizeof(*p));
	r = engine_fetch_and(&p->counter, ~bit_mask(nr), order) & bit_mask(nr);
	kapi_result(r);
	return r;
}

/* Not atomic: nobody else knows the word yet. No scheduling point. */
static inline void __set_bit(unsigned nr, atomic_long_t *p)
{
	engine_store_relaxed(&p->counter, engine_load_relaxed(&p->counter) | bit_mask(nr));
}

static inline void __clear_bit(unsigned nr, atomic_long_t *p)
{
	engine_store_relaxed(&p->counter, engine_load_relaxed(&p->counter) & ~bit_mask(nr));
}

#define test_bit(nr, p) test_bit_at(nr, p, SITE("test_bit"))
#define test_bit_acquire(nr, p) test_bit_acquire_at(nr, p, SITE("test_bit_acquire"))
#define set_bit(nr, p) set_bit_at(nr, p, SITE("set_bit"))
#define clear_bit(nr, p) clear_bit_at(nr, p, ENGINE_RELAXED, SITE("clear_bit"))
#define clear_bit_unlock(nr, p) clear_bit_at(nr, p, ATOMIC_REL, SITE("clear_bit_unlock"))
#define test_and_set_bit(nr, p) test_and_set_bit_at(nr, p, HB_FULL, SITE("test_and_set_bit"))
#define test_and_set_bit_lock(nr, p) \
	test_and_set_bit_at(nr, p, ATOMIC_ACQ, SITE("test_and_set_bit_lock"))
#define test_and_clear_bit(nr, p) \
	test_and_clear_bit_at(nr, p, HB_FULL, SITE("test_and_clear_bit"))

#endif
