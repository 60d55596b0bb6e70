/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * READ_ONCE() and WRITE_ONCE(): one event and one atomic access, so that TSan
 * takes them as marked. An access that is no machine word (a struct through
 * __READ_ONCE()) is one event and a plain copy, as it may tear in the kernel.
 */
#ifndef __ASM_RWONCE_H
#define __ASM_RWONCE_H

#include <linux/compiler_types.h>
#include <linux/kasan-checks.h>
#include <linux/kcsan-checks.h>
#include <asm/shim.h>

/* The access of one width: marked_load(8, to, from, order). */
#define MARKED_WIDTH_1 unsigned char
#define MARKED_WIDTH_2 unsigned short
#define MARKED_WIDTH_4 unsigned int
#define MARKED_WIDTH_8 unsigned long

#define __marked_load_case(width, p, to, order)					\
	case width:								\
		*(MARKED_WIDTH_##width *)(to) = __atomic_load_n(		\
			(const volatile MARKED_WIDTH_##width *)(p), order);	\
		break

#define __marked_store_case(width, p, from, order)				\
	case width:								\
		__atomic_store_n((volatile MARKED_WIDTH_##width *)(p),		\
				 *(const MARKED_WIDTH_##width *)(from), order);	\
		break

static __always_inline void __marked_load(const volatile void *p, void *to, unsigned int size,
					  int order)
{
	switch (size) {
	__marked_load_case(1, p, to, order);
	__marked_load_case(2, p, to, order);
	__marked_load_case(4, p, to, order);
	__marked_load_case(8, p, to, order);
	default:
		__builtin_memcpy(to, (const void *)p, size);
	}
}

static __always_inline void __marked_store(volatile void *p, const void *from, unsigned int size,
					   int order)
{
	switch (size) {
	__marked_store_case(1, p, from, order);
	__marked_store_case(2, p, from, order);
	__marked_store_case(4, p, from, order);
	__marked_store_case(8, p, from, order);
	default:
		__builtin_memcpy((void *)p, from, size);
	}
}

/* x is evaluated once: xas_try_split() assigns to slots[offset--]. */
#define __load_ordered(x, order)						\
({										\
	union { __unqual_scalar_typeof(x) value; char bytes[1]; } __loaded;	\
	const volatile void *__load_from = &(x);				\
										\
	seam_load(__load_from, sizeof(x));					\
	__marked_load(__load_from, __loaded.bytes, sizeof(x), order);		\
	__loaded.value;								\
})

#define __store_ordered(x, val, order)						\
do {										\
	typeof(x) __stored = (val);						\
	volatile void *__store_to = (volatile void *)&(x);			\
										\
	seam_store(__store_to, sizeof(x));					\
	__marked_store(__store_to, &__stored, sizeof(x), order);		\
} while (0)

#define compiletime_assert_rwonce_type(t)					\
	compiletime_assert(__native_word(t) || sizeof(t) == sizeof(long long),	\
			   "READ_ONCE() or WRITE_ONCE() of an odd size")

/* What is reached through a pointer comes after the load of the pointer: the address
 * dependency that rcu_dereference() builds on. TSan sees no dependencies, so the load is an
 * acquire. It pairs with release stores alone (rcu_assign_pointer()). This can miss a race
 * of something else that the reader touches after it, it never invents one. */
#define __IS_POINTER(x)								\
	(__builtin_classify_type(x) == __builtin_classify_type((void *)0))

#define __READ_ONCE(x)								\
	__load_ordered(x, __IS_POINTER(x) ? __ATOMIC_ACQUIRE : __ATOMIC_RELAXED)
#define __WRITE_ONCE(x, val) __store_ordered(x, val, __ATOMIC_RELAXED)

#define READ_ONCE(x)								\
({										\
	compiletime_assert_rwonce_type(x);					\
	__READ_ONCE(x);								\
})

#define WRITE_ONCE(x, val)							\
do {										\
	compiletime_assert_rwonce_type(x);					\
	__WRITE_ONCE(x, val);							\
} while (0)

/* For stack walkers and word-at-a-time string functions: nobody else's memory. */
#define READ_ONCE_NOCHECK(x) READ_ONCE(x)

static __always_inline unsigned long __read_once_word_nocheck(const void *addr)
{
	return *(const volatile unsigned long *)addr;
}

static __always_inline unsigned long read_word_at_a_time(const void *addr)
{
	return *(const unsigned long *)addr;
}

#endif
