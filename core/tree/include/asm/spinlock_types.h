/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words that the shim's locks are made of (core/tree/shim): bit 0 is "held" for a
 * spinlock. Only the shim writes them.
 */
#ifndef __ASM_SPINLOCK_TYPES_H
#define __ASM_SPINLOCK_TYPES_H

#if !defined(__LINUX_SPINLOCK_TYPES_RAW_H) && !defined(__ASM_SPINLOCK_H)
#error "include <linux/spinlock_types.h>"
#endif

typedef struct {
	unsigned int word;
} arch_spinlock_t;
#define __ARCH_SPIN_LOCK_UNLOCKED { 0 }

typedef struct {
	unsigned int word;
	unsigned int readers_token; /* what TSan orders readers by */
} arch_rwlock_t;
#define __ARCH_RW_LOCK_UNLOCKED { 0 }

#endif
