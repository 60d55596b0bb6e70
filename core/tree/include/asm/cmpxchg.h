/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xchg() and cmpxchg() of 1, 2, 4 and 8 bytes in the four orderings: one RMW
 * event and one atomic access. Not here: 16 bytes (only SLUB's fast path asks).
 */
#ifndef __ASM_CMPXCHG_H
#define __ASM_CMPXCHG_H

#include <linux/compiler.h>
#include <asm/rwonce.h>

#define __xchg_case(width, p, new, order)					\
	case width:								\
		return __atomic_exchange_n((volatile MARKED_WIDTH_##width *)(p),	\
					   (MARKED_WIDTH_##width)(new), order)

#define __cmpxchg_case(width, p, old, new, order)				\
	case width: {								\
		MARKED_WIDTH_##width __found = (MARKED_WIDTH_##width)(old);	\
										\
		__atomic_compare_exchange_n((volatile MARKED_WIDTH_##width *)(p),	\
					    &__found, (MARKED_WIDTH_##width)(new),	\
					    0, order, __ATOMIC_RELAXED);	\
		return __found;							\
	}

extern void __cmpxchg_bad_size(void) __compiletime_error("cmpxchg() of an odd size");

static __always_inline unsigned long __xchg_sized(volatile void *p, unsigned long new,
						  unsigned int size, int order)
{
	seam_rmw(p, size);
	switch (size) {
	__xchg_case(1, p, new, order);
	__xchg_case(2, p, new, order);
	__xchg_case(4, p, new, order);
	__xchg_case(8, p, new, order);
	}
	__cmpxchg_bad_size();
	return 0;
}

static __always_inline unsigned long __cmpxchg_sized(volatile void *p, unsigned long old,
						     unsigned long new, unsigned int size,
						     int order)
{
	seam_rmw(p, size);
	switch (size) {
	__cmpxchg_case(1, p, old, new, order);
	__cmpxchg_case(2, p, old, new, order);
	__cmpxchg_case(4, p, old, new, order);
	__cmpxchg_case(8, p, old, new, order);
	}
	__cmpxchg_bad_size();
	return 0;
}

/* Any type of a fitting size (pointers, small structs) as a word, and back. */
#define __as_word(x)								\
({										\
	union { typeof(x) value; unsigned long word; } __u = { .word = 0 };	\
										\
	__u.value = (x);							\
	__u.word;								\
})

#define __from_word(x, w)							\
({										\
	union { unsigned long word; typeof(x) value; } __v = { .word = (w) };	\
										\
	__v.value;								\
})

#define __xchg_ordered(ptr, new, order)						\
({										\
	typeof(*(ptr)) __new = (new);						\
										\
	__from_word(*(ptr), __xchg_sized((ptr), __as_word(__new), sizeof(*(ptr)), order)); \
})

#define __cmpxchg_ordered(ptr, old, new, order)					\
({										\
	typeof(*(ptr)) __expected = (old);					\
	typeof(*(ptr)) __new = (new);						\
										\
	__from_word(*(ptr), __cmpxchg_sized((ptr), __as_word(__expected),	\
					    __as_word(__new), sizeof(*(ptr)), order)); \
})

#define arch_xchg(p, v) __xchg_ordered(p, v, __ATOMIC_SEQ_CST)
#define arch_xchg_relaxed(p, v) __xchg_ordered(p, v, __ATOMIC_RELAXED)
#define arch_xchg_acquire(p, v) __xchg_ordered(p, v, __ATOMIC_ACQUIRE)
#define arch_xchg_release(p, v) __xchg_ordered(p, v, __ATOMIC_RELEASE)

#define arch_cmpxchg(p, o, n) __cmpxchg_ordered(p, o, n, __ATOMIC_SEQ_CST)
#define arch_cmpxchg_relaxed(p, o, n) __cmpxchg_ordered(p, o, n, __ATOMIC_RELAXED)
#define arch_cmpxchg_acquire(p, o, n) __cmpxchg_ordered(p, o, n, __ATOMIC_ACQUIRE)
#define arch_cmpxchg_release(p, o, n) __cmpxchg_ordered(p, o, n, __ATOMIC_RELEASE)

#define arch_cmpxchg64 arch_cmpxchg
#define arch_cmpxchg64_relaxed arch_cmpxchg_relaxed
#define arch_cmpxchg64_acquire arch_cmpxchg_acquire
#define arch_cmpxchg64_release arch_cmpxchg_release
#define arch_cmpxchg_local arch_cmpxchg_relaxed
#define arch_cmpxchg64_local arch_cmpxchg_relaxed
#define arch_sync_cmpxchg arch_cmpxchg

#endif
