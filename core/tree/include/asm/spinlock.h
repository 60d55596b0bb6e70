/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The arch part of spinlocks is the shim's, out of line. Left out: fairness; which
 * waiter comes next is a choice of the schedule.
 */
#ifndef __ASM_SPINLOCK_H
#define __ASM_SPINLOCK_H

#include <asm/spinlock_types.h>
#include <asm/processor.h>

void arch_spin_lock(arch_spinlock_t *lock);
int arch_spin_trylock(arch_spinlock_t *lock);
void arch_spin_unlock(arch_spinlock_t *lock);
void arch_read_lock(arch_rwlock_t *lock);
int arch_read_trylock(arch_rwlock_t *lock);
void arch_read_unlock(arch_rwlock_t *lock);
void arch_write_lock(arch_rwlock_t *lock);
int arch_write_trylock(arch_rwlock_t *lock);
void arch_write_unlock(arch_rwlock_t *lock);

static inline int arch_spin_is_locked(arch_spinlock_t *lock)
{
	return __atomic_load_n(&lock->word, __ATOMIC_RELAXED) & 1;
}

static inline int arch_spin_value_unlocked(arch_spinlock_t lock)
{
	return !(lock.word & 1);
}

static inline int arch_spin_is_contended(arch_spinlock_t *lock)
{
	return __atomic_load_n(&lock->word, __ATOMIC_RELAXED) > 1;
}
#define arch_spin_is_contended arch_spin_is_contended

static inline int arch_rwlock_is_contended(arch_rwlock_t *lock)
{
	return 0;
}

#endif
