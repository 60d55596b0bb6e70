/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/atomic.h. Orders are the kernel's: operations without a
 * result and failed conditional ones order nothing, those with a result order
 * fully unless their name says otherwise. Each is one scheduling point.
 */
#ifndef CORE_KAPI_ATOMIC_H
#define CORE_KAPI_ATOMIC_H

#include "core/kapi/compiler.h"

typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;
#define ATOMIC_INIT(i) { (i) }
#define ATOMIC_LONG_INIT(i) { (i) }

#define ATOMIC_ACQ HB_ORDER(ATOMIC_ACQUIRE, ENGINE_ACQUIRE)
#define ATOMIC_REL HB_ORDER(ATOMIC_RELEASE, ENGINE_RELEASE)

/*
 * Both widths are generated from one text. NAME_fetch_add_at() gives the old
 * value; NAME_add_unless_at() adds a unless the value is u, and says whether it
 * did; NAME_dec_if_positive_at() gives the old value minus one.
 */
#define ATOMIC_DEFINE(name, type, num)                                            \
static inline num name##_read_at(const type *v, const struct site *site)         \
{                                                                                 \
	num r;                                                                    \
                                                                                  \
	engine_point(site, EV_LOAD, v, sizeof(num));                              \
	r = engine_load_relaxed(&v->counter);                                     \
	kapi_result((u64)r);                                                      \
	return r;                                                                 \
}                                                                                 \
static inline num name##_read_acquire_at(const type *v, const struct site *site) \
{                                                                                 \
	num r;                                                                    \
                                                                                  \
	engine_point(site, EV_LOAD, v, sizeof(num));                              \
	r = __atomic_load_n(&v->counter, ATOMIC_ACQ);                             \
	kapi_result((u64)r);                                                      \
	return r;                                                                 \
}                                                                                 \
static inline void name##_set_at(type *v, num i, int order, const struct site *site) \
{                                                                                 \
	engine_point(site, EV_STORE, v, sizeof(num));                             \
	if (order == ENGINE_RELAXED)                                              \
		engine_store_relaxed(&v->counter, i);                             \
	else                                                                      \
		engine_store_release(&v->counter, i);                             \
}                                                                                 \
static inline void name##_add_at(num i, type *v, const struct site *site)        \
{                                                                                 \
	engine_point(site, EV_RMW, v, sizeof(num));                               \
	engine_fetch_add(&v->counter, i, ENGINE_RELAXED);                         \
}                                                                                 \
static inline num name##_fetch_add_at(num i, type *v, int order, const struct site *site) \
{                                                                                 \
	num r;                                                                    \
                                                                                  \
	engine_point(site, EV_RMW, v, sizeof(num));                               \
	r = engine_fetch_add(&v->counter, i, order);                              \
	kapi_result((u64)r);                                                      \
	return r;                                                                 \
}                                                                                 \
static inline num name##_fetch_or_at(num i, type *v, int order, const struct site *site) \
{                                                                                 \
	num r;                                                                    \
                                                                                  \
	engine_point(site, EV_RMW, v, sizeof(num));                               \
	r = engine_fetch_or(&v->counter, i, order);                               \
	kapi_result((u64)r);                                                      \
	return r;                                                                 \
}                                                                                 \
static inline num name##_fetch_and_at(num i, type *v, int order, const struct site *site) \
{                                                                                 \
	num r;                                                                    \
                                                                                  \
	engine_point(site, EV_RMW, v, sizeof(num));                               \
	r = engine_fetch_and(&v->counter, i, order);                              \
	kapi_result((u64)r);                                                      \
	return r;                                                                 \
}                                                                                 \
static inline num name##_xchg_at(type *v, num i, int order, const struct site *site) \
{                                                                                 \
	num r;                                                                    \
                                                                                  \
	engine_point(site, EV_RMW, v, sizeof(num));                               \
	r = engine_xchg(&v->counter, i, order);                                   \
	kapi_result((u64)r);                                                      \
	return r;                                                                 \
}                                                                                 \
static inline bool name##_try_cmpxchg_at(type *v, num *old, num i, int order,     \
					 const struct site *site)                 \
{                                                                                 \
	bool ok;                                                                  \
                                                                                  \
	engine_point(site, EV_RMW, v, sizeof(num));                               \
	ok = engine_cmpxchg(&v->counter, old, i, order, ENGINE_RELAXED);          \
	kapi_result((u64)*old);                                                   \
	return ok;                                                                \
}                                                                                 \
static inline bool name##_add_unless_at(type *v, num a, num u, int order,         \
					const struct site *site)                  \
{                                                                                 \
	num old;                                                                  \
                                                                                  \
	engine_point(site, EV_RMW, v, sizeof(num));                               \
	old = engine_load_relaxed(&v->counter);                                   \
	while (old != u && !engine_cmpxchg(&v->counter, &old, old + a, order,     \
					   ENGINE_RELAXED))                       \
		;                                                                 \
	kapi_result((u64)old);                                                    \
	return old != u;                                                          \
}                                                                                 \
static inline num name##_dec_if_positive_at(type *v, int order, const struct site *site) \
{                                                                                 \
	num old;                                                                  \
                                                                                  \
	engine_point(site, EV_RMW, v, sizeof(num));                               \
	old = engine_load_relaxed(&v->counter);                                   \
	while (old > 0 && !engine_cmpxchg(&v->counter, &old, old - 1, order,      \
					  ENGINE_RELAXED))                        \
		;                                                                 \
	kapi_result((u64)old);                                                    \
	return old - 1;                                                           \
}

/* The loops in add_unless and dec_if_positive end when nobody else stores
 * between load and exchange: at once in sim, after a bounded race in native. */
ATOMIC_DEFINE(atomic, atomic_t, int)
ATOMIC_DEFINE(atomic_long, atomic_long_t, long)

#define atomic_read(v) atomic_read_at(v, SITE("atomic_read"))
#define atomic_read_acquire(v) atomic_read_acquire_at(v, SITE("atomic_read_acquire"))
#define atomic_set(v, i) atomic_set_at(v, i, ENGINE_RELAXED, SITE("atomic_set"))
#define atomic_set_release(v, i) atomic_set_at(v, i, ATOMIC_REL, SITE("atomic_set_release"))
#define atomic_add(i, v) atomic_add_at(i, v, SITE("atomic_add"))
#define atomic_sub(i, v) atomic_add_at(-(i), v, SITE("atomic_sub"))
#define atomic_inc(v) atomic_add_at(1, v, SITE("atomic_inc"))
#define atomic_dec(v) atomic_add_at(-1, v, SITE("atomic_dec"))
#define atomic_or(i, v) ((void)atomic_fetch_or_at(i, v, ENGINE_RELAXED, SITE("atomic_or")))
#define atomic_and(i, v) ((void)atomic_fetch_and_at(i, v, ENGINE_RELAXED, SITE("atomic_and")))
#define atomic_andnot(i, v) \
	((void)atomic_fetch_and_at(~(i), v, ENGINE_RELAXED, SITE("atomic_andnot")))
#define atomic_add_return(i, v) \
	({ int ai_ = (i); atomic_fetch_add_at(ai_, v, HB_FULL, SITE("atomic_add_return")) + ai_; })
#define atomic_sub_return(i, v) \
	({ int ai_ = (i); atomic_fetch_add_at(-ai_, v, HB_FULL, SITE("atomic_sub_return")) - ai_; })
#define atomic_add_return_relaxed(i, v)                                           \
	({ int ai_ = (i);                                                         \
	   atomic_fetch_add_at(ai_, v, ENGINE_RELAXED, SITE("atomic_add_return_relaxed")) + ai_; })
#define atomic_inc_return(v) (atomic_fetch_add_at(1, v, HB_FULL, SITE("atomic_inc_return")) + 1)
#define atomic_dec_return(v) (atomic_fetch_add_at(-1, v, HB_FULL, SITE("atomic_dec_return")) - 1)
#define atomic_fetch_add(i, v) atomic_fetch_add_at(i, v, HB_FULL, SITE("atomic_fetch_add"))
#define atomic_fetch_sub(i, v) atomic_fetch_add_at(-(i), v, HB_FULL, SITE("atomic_fetch_sub"))
#define atomic_fetch_inc(v) atomic_fetch_add_at(1, v, HB_FULL, SITE("atomic_fetch_inc"))
#define atomic_fetch_or(i, v) atomic_fetch_or_at(i, v, HB_FULL, SITE("atomic_fetch_or"))
#define atomic_fetch_and(i, v) atomic_fetch_and_at(i, v, HB_FULL, SITE("atomic_fetch_and"))
#define atomic_dec_and_test(v) \
	(atomic_fetch_add_at(-1, v, HB_FULL, SITE("atomic_dec_and_test")) == 1)
#define atomic_inc_and_test(v) \
	(atomic_fetch_add_at(1, v, HB_FULL, SITE("atomic_inc_and_test")) == -1)
#define atomic_sub_and_test(i, v)                                                 \
	({ int ai_ = (i);                                                         \
	   atomic_fetch_add_at(-ai_, v, HB_FULL, SITE("atomic_sub_and_test")) == ai_; })
#define atomic_add_negative(i, v)                                                 \
	({ int ai_ = (i);                                                         \
	   atomic_fetch_add_at(ai_, v, HB_FULL, SITE("atomic_add_negative")) + ai_ < 0; })
#define atomic_xchg(v, i) atomic_xchg_at(v, i, HB_FULL, SITE("atomic_xchg"))
#define atomic_xchg_relaxed(v, i) \
	atomic_xchg_at(v, i, ENGINE_RELAXED, SITE("atomic_xchg_relaxed"))
#define atomic_cmpxchg(v, old, new)                                               \
	({ int ac_ = (old);                                                       \
	   atomic_try_cmpxchg_at(v, &ac_, new, HB_FULL, SITE("atomic_cmpxchg")); ac_; })
#define atomic_cmpxchg_relaxed(v, old, new)                                       \
	({ int ac_ = (old);                                                       \
	   atomic_try_cmpxchg_at(v, &ac_, new, ENGINE_RELAXED, \
		SITE("atomic_cmpxchg_relaxed")); ac_; })
#define atomic_try_cmpxchg(v, oldp, new) \
	atomic_try_cmpxchg_at(v, oldp, new, HB_FULL, SITE("atomic_try_cmpxchg"))
#define atomic_try_cmpxchg_relaxed(v, oldp, new) \
	atomic_try_cmpxchg_at(v, oldp, new, ENGINE_RELAXED, SITE("atomic_try_cmpxchg_relaxed"))
#define atomic_try_cmpxchg_acquire(v, oldp, new) \
	atomic_try_cmpxchg_at(v, oldp, new, ATOMIC_ACQ, SITE("atomic_try_cmpxchg_acquire"))
#define atomic_try_cmpxchg_release(v, oldp, new) \
	atomic_try_cmpxchg_at(v, oldp, new, ATOMIC_REL, SITE("atomic_try_cmpxchg_release"))
#define atomic_add_unless(v, a, u) \
	atomic_add_unless_at(v, a, u, HB_FULL, SITE("atomic_add_unless"))
#define atomic_inc_not_zero(v) \
	atomic_add_unless_at(v, 1, 0, HB_FULL, SITE("atomic_inc_not_zero"))
#define atomic_dec_if_positive(v) \
	atomic_dec_if_positive_at(v, HB_FULL, SITE("atomic_dec_if_positive"))

#define atomic_long_read(v) atomic_long_read_at(v, SITE("atomic_long_read"))
#define atomic_long_read_acquire(v) atomic_long_read_acquire_at(v, SITE("atomic_long_read_acquire"))
#define atomic_long_set(v, i) atomic_long_set_at(v, i, ENGINE_RELAXED, SITE("atomic_long_set"))
#define atomic_long_set_release(v, i) \
	atomic_long_set_at(v, i, ATOMIC_REL, SITE("atomic_long_set_release"))
#define atomic_long_add(i, v) atomic_long_add_at(i, v, SITE("atomic_long_add"))
#define atomic_long_sub(i, v) atomic_long_add_at(-(i), v, SITE("atomic_long_sub"))
#define atomic_long_inc(v) atomic_long_add_at(1, v, SITE("atomic_long_inc"))
#define atomic_long_dec(v) atomic_long_add_at(-1, v, SITE("atomic_long_dec"))
#define atomic_long_or(i, v) \
	((void)atomic_long_fetch_or_at(i, v, ENGINE_RELAXED, SITE("atomic_long_or")))
#define atomic_long_and(i, v) \
	((void)atomic_long_fetch_and_at(i, v, ENGINE_RELAXED, SITE("atomic_long_and")))
#define atomic_long_andnot(i, v) \
	((void)atomic_long_fetch_and_at(~(i), v, ENGINE_RELAXED, SITE("atomic_long_andnot")))
#define atomic_long_add_return(i, v) \
	({ long ai_ = (i); atomic_long_fetch_add_at(ai_, v, HB_FULL, \
		SITE("atomic_long_add_return")) + ai_; })
#define atomic_long_sub_return(i, v) \
	({ long ai_ = (i); atomic_long_fetch_add_at(-ai_, v, HB_FULL, \
		SITE("atomic_long_sub_return")) - ai_; })
#define atomic_long_add_return_relaxed(i, v)                                           \
	({ long ai_ = (i);                                                         \
	   atomic_long_fetch_add_at(ai_, v, ENGINE_RELAXED, \
		SITE("atomic_long_add_return_relaxed")) + ai_; })
#define atomic_long_inc_return(v) \
	(atomic_long_fetch_add_at(1, v, HB_FULL, SITE("atomic_long_inc_return")) + 1)
#define atomic_long_dec_return(v) \
	(atomic_long_fetch_add_at(-1, v, HB_FULL, SITE("atomic_long_dec_return")) - 1)
#define atomic_long_fetch_add(i, v) \
	atomic_long_fetch_add_at(i, v, HB_FULL, SITE("atomic_long_fetch_add"))
#define atomic_long_fetch_sub(i, v) \
	atomic_long_fetch_add_at(-(i), v, HB_FULL, SITE("atomic_long_fetch_sub"))
#define atomic_long_fetch_inc(v) \
	atomic_long_fetch_add_at(1, v, HB_FULL, SITE("atomic_long_fetch_inc"))
#define atomic_long_fetch_or(i, v) \
	atomic_long_fetch_or_at(i, v, HB_FULL, SITE("atomic_long_fetch_or"))
#define atomic_long_fetch_and(i, v) \
	atomic_long_fetch_and_at(i, v, HB_FULL, SITE("atomic_long_fetch_and"))
#define atomic_long_dec_and_test(v) \
	(atomic_long_fetch_add_at(-1, v, HB_FULL, SITE("atomic_long_dec_and_test")) == 1)
#define atomic_long_inc_and_test(v) \
	(atomic_long_fetch_add_at(1, v, HB_FULL, SITE("atomic_long_inc_and_test")) == -1)
#define atomic_long_sub_and_test(i, v)                                                 \
	({ long ai_ = (i);                                                         \
	   atomic_long_fetch_add_at(-ai_, v, HB_FULL, SITE("atomic_long_sub_and_test")) == ai_; })
#define atomic_long_add_negative(i, v)                                                 \
	({ long ai_ = (i);                                                         \
	   atomic_long_fetch_add_at(ai_, v, HB_FULL, SITE("atomic_long_add_negative")) + ai_ < 0; })
#define atomic_long_xchg(v, i) atomic_long_xchg_at(v, i, HB_FULL, SITE("atomic_long_xchg"))
#define atomic_long_xchg_relaxed(v, i) \
	atomic_long_xchg_at(v, i, ENGINE_RELAXED, SITE("atomic_long_xchg_relaxed"))
#define atomic_long_cmpxchg(v, old, new)                                               \
	({ long ac_ = (old);                                                       \
	   atomic_long_try_cmpxchg_at(v, &ac_, new, HB_FULL, SITE("atomic_long_cmpxchg")); ac_; })
#define atomic_long_cmpxchg_relaxed(v, old, new)                                       \
	({ long ac_ = (old);                                                       \
	   atomic_long_try_cmpxchg_at(v, &ac_, new, ENGINE_RELAXED, \
		SITE("atomic_long_cmpxchg_relaxed")); ac_; })
#define atomic_long_try_cmpxchg(v, oldp, new) \
	atomic_long_try_cmpxchg_at(v, oldp, new, HB_FULL, SITE("atomic_long_try_cmpxchg"))
#define atomic_long_try_cmpxchg_relaxed(v, oldp, new) \
	atomic_long_try_cmpxchg_at(v, oldp, new, ENGINE_RELAXED, \
		SITE("atomic_long_try_cmpxchg_relaxed"))
#define atomic_long_try_cmpxchg_acquire(v, oldp, new) \
	atomic_long_try_cmpxchg_at(v, oldp, new, ATOMIC_ACQ, \
		SITE("atomic_long_try_cmpxchg_acquire"))
#define atomic_long_try_cmpxchg_release(v, oldp, new) \
	atomic_long_try_cmpxchg_at(v, oldp, new, ATOMIC_REL, \
		SITE("atomic_long_try_cmpxchg_release"))
#define atomic_long_add_unless(v, a, u) \
	atomic_long_add_unless_at(v, a, u, HB_FULL, SITE("atomic_long_add_unless"))
#define atomic_long_inc_not_zero(v) \
	atomic_long_add_unless_at(v, 1, 0, HB_FULL, SITE("atomic_long_inc_not_zero"))
#define atomic_long_dec_if_positive(v) \
	atomic_long_dec_if_positive_at(v, HB_FULL, SITE("atomic_long_dec_if_positive"))

#endif
