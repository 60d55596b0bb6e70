/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bit operations. The atomic ones are the generic ones over atomic_long_t, one RMW
 * event each. A non-atomic one is what it is on hardware: a load, and later a store
 * that undoes what others stored in between; both are events, and plain for TSan.
 */
#ifndef __ASM_BITOPS_H
#define __ASM_BITOPS_H

#ifndef _LINUX_BITOPS_H
#error "include <linux/bitops.h>"
#endif

#include <linux/compiler.h>
#include <linux/irqflags.h>
#include <asm/barrier.h>
#include <asm-generic/bitops/__ffs.h>
#include <asm-generic/bitops/ffz.h>
#include <asm-generic/bitops/fls.h>
#include <asm-generic/bitops/__fls.h>
#include <asm-generic/bitops/fls64.h>
#include <asm-generic/bitops/sched.h>
#include <asm-generic/bitops/ffs.h>
#include <asm-generic/bitops/hweight.h>
#include <asm-generic/bitops/lock.h>
#include <asm-generic/bitops/atomic.h>

/* Returns the word as it was; the new one is made by the expression, from old. */
#define __plain_update(word, expression)					\
({										\
	volatile unsigned long *__word = (word);				\
	unsigned long old;							\
										\
	seam_load(__word, sizeof(*__word));					\
	old = *(unsigned long *)__word;						\
	seam_store(__word, sizeof(*__word));					\
	*(unsigned long *)__word = (expression);				\
	old;									\
})

static __always_inline void arch___set_bit(unsigned long nr, volatile unsigned long *addr)
{
	__plain_update(addr + BIT_WORD(nr), old | BIT_MASK(nr));
}

static __always_inline void arch___clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	__plain_update(addr + BIT_WORD(nr), old & ~BIT_MASK(nr));
}

static __always_inline void arch___change_bit(unsigned long nr, volatile unsigned long *addr)
{
	__plain_update(addr + BIT_WORD(nr), old ^ BIT_MASK(nr));
}

static __always_inline bool arch___test_and_set_bit(unsigned long nr,
						    volatile unsigned long *addr)
{
	return __plain_update(addr + BIT_WORD(nr), old | BIT_MASK(nr)) & BIT_MASK(nr);
}

static __always_inline bool arch___test_and_clear_bit(unsigned long nr,
						      volatile unsigned long *addr)
{
	return __plain_update(addr + BIT_WORD(nr), old & ~BIT_MASK(nr)) & BIT_MASK(nr);
}

static __always_inline bool arch___test_and_change_bit(unsigned long nr,
						       volatile unsigned long *addr)
{
	return __plain_update(addr + BIT_WORD(nr), old ^ BIT_MASK(nr)) & BIT_MASK(nr);
}

static __always_inline bool arch_test_bit(unsigned long nr, const volatile unsigned long *addr)
{
	return __load_ordered(addr[BIT_WORD(nr)], __ATOMIC_RELAXED) & BIT_MASK(nr);
}

static __always_inline bool arch_test_bit_acquire(unsigned long nr,
						  const volatile unsigned long *addr)
{
	return __load_ordered(addr[BIT_WORD(nr)], __ATOMIC_ACQUIRE) & BIT_MASK(nr);
}

#include <asm-generic/bitops/non-instrumented-non-atomic.h>
#include <asm-generic/bitops/le.h>
#include <asm-generic/bitops/ext2-atomic.h>

#endif
