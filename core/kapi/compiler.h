/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/compiler.h, include/asm-generic/rwonce.h: accesses that
 * are marked. Each one is a scheduling point; a plain access is none. Scalars
 * of 1, 2, 4 or 8 bytes and pointers only.
 */
#ifndef CORE_KAPI_COMPILER_H
#define CORE_KAPI_COMPILER_H

#include "core/kapi/barrier.h"

/*
 * The result of an event goes into the trace hash. What may be an address stays
 * out: addresses of a process lie in the arena or have a bit above 2^40 set, numbers
 * here do neither.
 */
static inline void kapi_result(u64 value)
{
	u64 high = value >> 40;

	if ((high == 0 && value - ENGINE_ARENA_BASE >= ENGINE_ARENA_MAX) || high == 0xffffff)
		engine_result(value);
}
#define kapi_result_of(v) kapi_result((u64)(uintptr_t)(v))

#define READ_ONCE_AT(x, site)                                                     \
	({                                                                        \
		__typeof__(&(x)) ro_p_ = &(x);                                    \
		engine_point((site), EV_LOAD, ro_p_, sizeof(x));                  \
		__auto_type ro_v_ = engine_load_relaxed(ro_p_);                   \
		kapi_result_of(ro_v_);                                            \
		ro_v_;                                                            \
	})
#define WRITE_ONCE_AT(x, v, site)                                                 \
	({                                                                        \
		__typeof__(&(x)) wo_p_ = &(x);                                    \
		__typeof__(x) wo_v_ = (v);                                        \
		engine_point((site), EV_STORE, wo_p_, sizeof(x));                 \
		engine_store_relaxed(wo_p_, wo_v_);                               \
	})
#define READ_ONCE(x) READ_ONCE_AT(x, SITE("READ_ONCE"))
#define WRITE_ONCE(x, v) WRITE_ONCE_AT(x, v, SITE("WRITE_ONCE"))

#define smp_load_acquire_at(p, site)                                              \
	({                                                                        \
		__typeof__(p) la_p_ = (p);                                        \
		engine_point((site), EV_LOAD, la_p_, sizeof(*la_p_));             \
		__auto_type la_v_ = __atomic_load_n(la_p_,                        \
				HB_ORDER(LOAD_ACQUIRE, ENGINE_ACQUIRE));          \
		kapi_result_of(la_v_);                                            \
		la_v_;                                                            \
	})
#define smp_store_release_at(p, v, site)                                          \
	({                                                                        \
		__typeof__(p) sr_p_ = (p);                                        \
		__typeof__(*sr_p_) sr_v_ = (v);                                   \
		engine_point((site), EV_STORE, sr_p_, sizeof(*sr_p_));            \
		__atomic_store_n(sr_p_, sr_v_,                                    \
				 HB_ORDER(STORE_RELEASE, ENGINE_RELEASE));        \
	})
#define smp_load_acquire(p) smp_load_acquire_at(p, SITE("smp_load_acquire"))
#define smp_store_release(p, v) smp_store_release_at(p, v, SITE("smp_store_release"))
/* A store with a full barrier after it; the variable is the barrier's pair. */
#define smp_store_mb(x, v)                                                        \
	do {                                                                      \
		WRITE_ONCE_AT(x, v, SITE("smp_store_mb"));                        \
		smp_mb_at(&(x), SITE("smp_store_mb"));                            \
	} while (0)

/*
 * An expression that may race, on purpose: TSan does not look. No scheduling
 * point (no marked access, no lock) may stand inside of it.
 */
#ifdef SWAPRACE_TSAN
/* A region in which TSan looks at nothing; AnnotateIgnoreReadsBegin() is another
 * one, but records a stack each time. */
void __tsan_mutex_pre_signal(void *addr, unsigned flags);
void __tsan_mutex_post_signal(void *addr, unsigned flags);
#define data_race(expr)                                                           \
	({                                                                        \
		__tsan_mutex_pre_signal(NULL, 0);                                 \
		__auto_type dr_v_ = (expr);                                       \
		__tsan_mutex_post_signal(NULL, 0);                                \
		dr_v_;                                                            \
	})
#else
#define data_race(expr) ({ __auto_type dr_v_ = (expr); dr_v_; })
#endif

/* Fully ordered read-modify-write on any scalar; cmpxchg returns what was there. */
#define xchg_order_(p, v, order, site)                                            \
	({                                                                        \
		__typeof__(p) xc_p_ = (p);                                        \
		__typeof__(*xc_p_) xc_n_ = (v);                                   \
		engine_point((site), EV_RMW, xc_p_, sizeof(*xc_p_));              \
		__auto_type xc_v_ = engine_xchg(xc_p_, xc_n_, order);             \
		kapi_result_of(xc_v_);                                            \
		xc_v_;                                                            \
	})
#define cmpxchg_order_(p, old, new, order, site)                                  \
	({                                                                        \
		__typeof__(p) cx_p_ = (p);                                        \
		__typeof__(*cx_p_) cx_o_ = (old), cx_n_ = (new);                  \
		engine_point((site), EV_RMW, cx_p_, sizeof(*cx_p_));              \
		engine_cmpxchg(cx_p_, &cx_o_, cx_n_, order, ENGINE_RELAXED);      \
		kapi_result_of(cx_o_);                                            \
		cx_o_;                                                            \
	})
/* True where it stored; else *old is what was there. */
#define try_cmpxchg_order_(p, oldp, new, order, site)                             \
	({                                                                        \
		__typeof__(p) cx_p_ = (p);                                        \
		__typeof__(p) cx_o_ = (oldp);                                     \
		__typeof__(*cx_p_) cx_n_ = (new);                                 \
		engine_point((site), EV_RMW, cx_p_, sizeof(*cx_p_));              \
		bool cx_b_ = engine_cmpxchg(cx_p_, cx_o_, cx_n_, order,           \
					    ENGINE_RELAXED);                      \
		kapi_result(cx_b_);                                               \
		cx_b_;                                                            \
	})
#define xchg(p, v) xchg_order_(p, v, HB_FULL, SITE("xchg"))
#define xchg_relaxed(p, v) xchg_order_(p, v, ENGINE_RELAXED, SITE("xchg_relaxed"))
#define xchg_release(p, v) \
	xchg_order_(p, v, HB_ORDER(ATOMIC_RELEASE, ENGINE_RELEASE), SITE("xchg_release"))
#define xchg_acquire(p, v) \
	xchg_order_(p, v, HB_ORDER(ATOMIC_ACQUIRE, ENGINE_ACQUIRE), SITE("xchg_acquire"))
#define cmpxchg(p, old, new) cmpxchg_order_(p, old, new, HB_FULL, SITE("cmpxchg"))
#define cmpxchg_relaxed(p, old, new) \
	cmpxchg_order_(p, old, new, ENGINE_RELAXED, SITE("cmpxchg_relaxed"))
#define try_cmpxchg(p, oldp, new) \
	try_cmpxchg_order_(p, oldp, new, HB_FULL, SITE("try_cmpxchg"))
#define try_cmpxchg_relaxed(p, oldp, new) \
	try_cmpxchg_order_(p, oldp, new, ENGINE_RELAXED, SITE("try_cmpxchg_relaxed"))

#endif
