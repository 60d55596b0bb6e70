/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/asm-generic/barrier.h, over the engine's atomics.
 * Fences mean nothing to ThreadSanitizer, so each smp_*() names its pair: any
 * address that both sides agree on. A write barrier releases to it, a read
 * barrier acquires from it, a full one does both.
 * Also the numbered sources of happens-before of kapi: a TSan test build can
 * switch them off one at a time (hb_disabled) to prove that each is needed.
 */
#ifndef CORE_KAPI_BARRIER_H
#define CORE_KAPI_BARRIER_H

#include "core/base/site.h"
#include "core/base/types.h"
#include "core/engine/context.h"
#include "core/engine/engine.h"

/* One each place of kapi that gives happens-before. */
#define HB_SITES(X)                                                               \
	X(SPIN_LOCK) X(SPIN_TRYLOCK) X(SPIN_UNLOCK)                               \
	X(MUTEX_LOCK) X(MUTEX_TRYLOCK) X(MUTEX_UNLOCK)                            \
	X(RWSEM_READ) X(RWSEM_READ_UNLOCK) X(RWSEM_WRITE) X(RWSEM_WRITE_READERS)  \
	X(RWSEM_WRITE_UNLOCK) X(RWSEM_DOWNGRADE)                                  \
	X(BIT_LOCK) X(BIT_TRYLOCK) X(BIT_UNLOCK) X(BIT_WAIT)                      \
	X(LOAD_ACQUIRE) X(STORE_RELEASE)                                          \
	X(MB_ACQUIRE) X(MB_RELEASE) X(RMB) X(WMB)                                 \
	X(ATOMIC_FULL_ACQUIRE) X(ATOMIC_FULL_RELEASE)                             \
	X(ATOMIC_ACQUIRE) X(ATOMIC_RELEASE)                                       \
	X(RCU_DEREFERENCE) X(RCU_ASSIGN)                                          \
	X(SEQ_READ) X(SEQ_WRITE)                                                  \
	X(WAIT_QUEUE) X(WAKE_UP) X(COMPLETE) X(COMPLETE_ALL) X(COMPLETION_WAIT)   \
	X(REF_PUT_ATOMIC) X(REF_PUT_LAST)         \
	X(SLAB_FREE) X(SLAB_ALLOC)

enum hb_site {
	HB_NONE,
#define HB_SITE_ENUM(name) HB_##name,
	HB_SITES(HB_SITE_ENUM)
#undef HB_SITE_ENUM
	HB_SITE_COUNT,
};

#ifdef SWAPRACE_TSAN
extern u32 hb_disabled; /* enum hb_site that is off; tests only, HB_NONE else */
extern const char *const hb_site_names[HB_SITE_COUNT];
static inline __no_sanitize_tsan bool hb_on(enum hb_site s)
{
	return hb_disabled != (u32)s;
}
#define HB_RELEASE(s, token) do { if (hb_on(HB_##s)) engine_hb_release(token); } while (0)
#define HB_ACQUIRE(s, token) do { if (hb_on(HB_##s)) engine_hb_acquire(token); } while (0)
/* The order of an atomic operation, unless its site is switched off. */
#define HB_ORDER(s, order) (hb_on(HB_##s) ? (order) : ENGINE_RELAXED)
/* A fully ordered operation has two halves that can be off by themselves. */
#define HB_FULL                                                                    \
	(!hb_on(HB_ATOMIC_FULL_ACQUIRE) ? ENGINE_RELEASE :                         \
	 !hb_on(HB_ATOMIC_FULL_RELEASE) ? ENGINE_ACQUIRE : ENGINE_SEQ_CST)
/* Where TSan must see less than the machine does (an annotation stands beside). */
#define HB_MACHINE_ORDER(order) ENGINE_RELAXED
#else
#define HB_RELEASE(s, token) do { } while (0)
#define HB_ACQUIRE(s, token) do { } while (0)
#define HB_ORDER(s, order) (order)
#define HB_FULL ENGINE_SEQ_CST
#define HB_MACHINE_ORDER(order) (order)
#endif

static inline void smp_mb_at(const volatile void *pair, const struct site *site)
{
	engine_point(site, EV_FENCE, pair, 0);
	engine_fence();
	HB_ACQUIRE(MB_ACQUIRE, pair);
	HB_RELEASE(MB_RELEASE, pair);
}

static inline void smp_rmb_at(const volatile void *pair, const struct site *site)
{
	engine_point(site, EV_FENCE, pair, 0);
	engine_fence();
	HB_ACQUIRE(RMB, pair);
}

static inline void smp_wmb_at(const volatile void *pair, const struct site *site)
{
	engine_point(site, EV_FENCE, pair, 0);
	engine_fence();
	HB_RELEASE(WMB, pair);
}

#define smp_mb(pair) smp_mb_at((pair), SITE("smp_mb"))
#define smp_rmb(pair) smp_rmb_at((pair), SITE("smp_rmb"))
#define smp_wmb(pair) smp_wmb_at((pair), SITE("smp_wmb"))
#define smp_mb__before_atomic(pair) smp_mb_at((pair), SITE("smp_mb__before_atomic"))
#define smp_mb__after_atomic(pair) smp_mb_at((pair), SITE("smp_mb__after_atomic"))
#define smp_mb__after_spinlock(pair) smp_mb_at((pair), SITE("smp_mb__after_spinlock"))
#define barrier() __asm__ __volatile__("" ::: "memory")

#endif
