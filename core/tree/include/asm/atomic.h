/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * atomic_t and atomic64_t: each operation is one event and one atomic access of
 * the ordering that its name asks for. The macros below make the functions;
 * asm/atomic_names.h, which scripts/tree generates, tells the tree's fallbacks
 * which of them exist ("#define arch_atomic_add arch_atomic_add" and so on).
 */
#ifndef __ASM_ATOMIC_H
#define __ASM_ATOMIC_H

#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/cmpxchg.h>

#define ATOMIC64_INIT(i) { (i) }

/* atomic_fetch_OP in one ordering; suffix is empty for the fully ordered one. */
#define ATOMIC_FETCH(pfx, type, op, suffix, order)				\
static __always_inline type pfx##_fetch_##op##suffix(type i, pfx##_t *v)	\
{										\
	seam_rmw(&v->counter, sizeof(type));					\
	return __atomic_fetch_##op(&v->counter, i, order);			\
}

#define ATOMIC_RETURN(pfx, type, op, suffix, order)				\
static __always_inline type pfx##_##op##_return##suffix(type i, pfx##_t *v)	\
{										\
	seam_rmw(&v->counter, sizeof(type));					\
	return __atomic_##op##_fetch(&v->counter, i, order);			\
}

#define ATOMIC_ORDERINGS(what, pfx, type, op)					\
	what(pfx, type, op, , __ATOMIC_SEQ_CST)					\
	what(pfx, type, op, _relaxed, __ATOMIC_RELAXED)				\
	what(pfx, type, op, _acquire, __ATOMIC_ACQUIRE)				\
	what(pfx, type, op, _release, __ATOMIC_RELEASE)

#define ATOMIC_VOID(pfx, type, op)						\
static __always_inline void pfx##_##op(type i, pfx##_t *v)			\
{										\
	seam_rmw(&v->counter, sizeof(type));					\
	__atomic_fetch_##op(&v->counter, i, __ATOMIC_RELAXED);			\
}

#define ATOMIC_EXCHANGE(pfx, type, op, suffix, order)				\
static __always_inline type pfx##_xchg##suffix(pfx##_t *v, type new)		\
{										\
	seam_rmw(&v->counter, sizeof(type));					\
	return __atomic_exchange_n(&v->counter, new, order);			\
}										\
										\
static __always_inline bool pfx##_try_cmpxchg##suffix(pfx##_t *v, type *old, type new) \
{										\
	seam_rmw(&v->counter, sizeof(type));					\
	return __atomic_compare_exchange_n(&v->counter, old, new, 0, order,	\
					   __ATOMIC_RELAXED);			\
}										\
										\
static __always_inline type pfx##_cmpxchg##suffix(pfx##_t *v, type old, type new) \
{										\
	pfx##_try_cmpxchg##suffix(v, &old, new);				\
	return old;								\
}

/* A loop of compare and exchange in the kernel; one instant here: it saves the
 * schedules in which it only goes round again. */
#define ATOMIC_CONDITIONAL(pfx, type)						\
static __always_inline type pfx##_fetch_add_unless(pfx##_t *v, type a, type u)	\
{										\
	type old;								\
										\
	seam_rmw(&v->counter, sizeof(type));					\
	old = __atomic_load_n(&v->counter, __ATOMIC_RELAXED);			\
	while (old != u && !__atomic_compare_exchange_n(&v->counter, &old, old + a, 0, \
							__ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) \
		;								\
	return old;								\
}										\
										\
static __always_inline type pfx##_dec_if_positive(pfx##_t *v)			\
{										\
	type old;								\
										\
	seam_rmw(&v->counter, sizeof(type));					\
	old = __atomic_load_n(&v->counter, __ATOMIC_RELAXED);			\
	while (old > 0 && !__atomic_compare_exchange_n(&v->counter, &old, old - 1, 0, \
						       __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) \
		;								\
	return old - 1;								\
}

#define ATOMIC_ALL(pfx, type)							\
static __always_inline type pfx##_read(const pfx##_t *v)			\
{										\
	seam_load(&v->counter, sizeof(type));					\
	return __atomic_load_n(&v->counter, __ATOMIC_RELAXED);			\
}										\
										\
static __always_inline type pfx##_read_acquire(const pfx##_t *v)		\
{										\
	seam_load(&v->counter, sizeof(type));					\
	return __atomic_load_n(&v->counter, __ATOMIC_ACQUIRE);			\
}										\
										\
static __always_inline void pfx##_set(pfx##_t *v, type i)			\
{										\
	seam_store(&v->counter, sizeof(type));					\
	__atomic_store_n(&v->counter, i, __ATOMIC_RELAXED);			\
}										\
										\
static __always_inline void pfx##_set_release(pfx##_t *v, type i)		\
{										\
	seam_store(&v->counter, sizeof(type));					\
	__atomic_store_n(&v->counter, i, __ATOMIC_RELEASE);			\
}										\
										\
ATOMIC_VOID(pfx, type, add)							\
ATOMIC_VOID(pfx, type, sub)							\
ATOMIC_VOID(pfx, type, and)							\
ATOMIC_VOID(pfx, type, or)							\
ATOMIC_VOID(pfx, type, xor)							\
ATOMIC_ORDERINGS(ATOMIC_FETCH, pfx, type, add)					\
ATOMIC_ORDERINGS(ATOMIC_FETCH, pfx, type, sub)					\
ATOMIC_ORDERINGS(ATOMIC_FETCH, pfx, type, and)					\
ATOMIC_ORDERINGS(ATOMIC_FETCH, pfx, type, or)					\
ATOMIC_ORDERINGS(ATOMIC_FETCH, pfx, type, xor)					\
ATOMIC_ORDERINGS(ATOMIC_RETURN, pfx, type, add)					\
ATOMIC_ORDERINGS(ATOMIC_RETURN, pfx, type, sub)					\
ATOMIC_ORDERINGS(ATOMIC_EXCHANGE, pfx, type, )					\
ATOMIC_CONDITIONAL(pfx, type)

#define arch_atomic_t atomic_t
#define arch_atomic64_t atomic64_t
ATOMIC_ALL(arch_atomic, int)
ATOMIC_ALL(arch_atomic64, s64)
#undef arch_atomic_t
#undef arch_atomic64_t

#include <asm/atomic_names.h>

#endif
