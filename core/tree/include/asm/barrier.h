/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Barriers are events; the engine tells TSan about them. An acquire or release
 * access carries its own ordering. On this machine an atomic operation is ordered
 * by itself, so smp_mb__before_atomic() and its twin are empty, as on x86.
 */
#ifndef __ASM_BARRIER_H
#define __ASM_BARRIER_H

#include <asm/rwonce.h>

/* Functions, so that a site has the kernel's name without "arch_". */
static __always_inline void arch_smp_mb(void)
{
	seam_mb(SEAM_MB);
}

static __always_inline void arch_smp_rmb(void)
{
	seam_mb(SEAM_RMB);
}

static __always_inline void arch_smp_wmb(void)
{
	seam_mb(SEAM_WMB);
}

#define __smp_mb() arch_smp_mb()
#define __smp_rmb() arch_smp_rmb()
#define __smp_wmb() arch_smp_wmb()
#define mb() __smp_mb()
#define rmb() __smp_rmb()
#define wmb() __smp_wmb()

#define __smp_load_acquire(p)							\
({										\
	compiletime_assert_atomic_type(*(p));					\
	(typeof(*(p)))__load_ordered(*(p), __ATOMIC_ACQUIRE);			\
})

#define __smp_store_release(p, v)						\
do {										\
	compiletime_assert_atomic_type(*(p));					\
	__store_ordered(*(p), v, __ATOMIC_RELEASE);				\
} while (0)

#define __smp_mb__before_atomic() do { } while (0)
#define __smp_mb__after_atomic() do { } while (0)

#include <asm-generic/barrier.h>

#endif
