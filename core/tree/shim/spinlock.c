// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for kernel/locking/spinlock.c and spinlock_debug.c: the raw spinlocks
 * that spinlock_t is made of. The scheduling point stands before preemption and
 * interrupts go off, as in core/kapi/spinlock.c: a task can be preempted or
 * interrupted until it takes the lock. A waiter keeps its CPU.
 * Left out: queues and fairness, owner and magic of CONFIG_DEBUG_SPINLOCK (the
 * engine's deadlock report and lockdep say more), arch_spin_*().
 * Instrumented: TSan takes the happens-before from the exchanges of the word.
 */
#include <linux/spinlock.h>

#include "core/tree/shim/lock_word.h"
#include "core/tree/shim/shim.h"

static __always_inline unsigned int *spin_word(raw_spinlock_t *lock)
{
	return &lock->raw_lock.word;
}

static __always_inline void spin_point(raw_spinlock_t *lock, int event, unsigned long ip)
{
	seam_point(ip, event, spin_word(lock), sizeof(unsigned int));
}

/* Somebody has it: count as a waiter until it is ours. */
static noinline void spin_wait(unsigned int *word, unsigned long ip)
{
	unsigned int v = __atomic_add_fetch(word, LOCK_WAITER, __ATOMIC_RELAXED);

	for (;;) {
		if (v & LOCK_HELD) {
			seam_wait(ip, word, v, true, "spin_lock");
			v = word_load(word);
		} else if (word_exchange(word, &v, v - LOCK_WAITER + LOCK_HELD,
					 __ATOMIC_ACQUIRE)) {
			return;
		}
	}
}

/* After the point, with preemption (and what else goes off) off. */
static __always_inline void spin_take(raw_spinlock_t *lock, int subclass,
				      struct lockdep_map *nest, unsigned long ip)
{
	unsigned int old = 0;

	shim_lock_acquire(&lock->dep_map, subclass, 0, 0, nest, ip);
	if (unlikely(!word_exchange(spin_word(lock), &old, LOCK_HELD, __ATOMIC_ACQUIRE)))
		spin_wait(spin_word(lock), ip);
}

static __always_inline bool spin_try(raw_spinlock_t *lock, unsigned long ip)
{
	bool taken = word_try(spin_word(lock));

	if (taken)
		shim_lock_acquire(&lock->dep_map, 0, 1, 0, NULL, ip);
	seam_result(taken);
	return taken;
}

static __always_inline void spin_give(raw_spinlock_t *lock, unsigned long ip)
{
	shim_lock_release(&lock->dep_map, ip);
	spin_point(lock, SEAM_UNLOCK, ip);
	if (unlikely(!word_release(spin_word(lock))))
		shim_lock_warn("spinlock unlocked that is not locked", ip);
}

void _raw_spin_lock(raw_spinlock_t *lock)
{
	spin_point(lock, SEAM_LOCK, _RET_IP_);
	seam_preempt_off();
	spin_take(lock, 0, NULL, _RET_IP_);
}

void _raw_spin_lock_nested(raw_spinlock_t *lock, int subclass)
{
	spin_point(lock, SEAM_LOCK, _RET_IP_);
	seam_preempt_off();
	spin_take(lock, subclass, NULL, _RET_IP_);
}

void _raw_spin_lock_nest_lock(raw_spinlock_t *lock, struct lockdep_map *nest)
{
	spin_point(lock, SEAM_LOCK, _RET_IP_);
	seam_preempt_off();
	spin_take(lock, 0, nest, _RET_IP_);
}

void _raw_spin_lock_bh(raw_spinlock_t *lock)
{
	spin_point(lock, SEAM_LOCK, _RET_IP_);
	seam_bh_off();
	seam_preempt_off();
	spin_take(lock, 0, NULL, _RET_IP_);
}

void _raw_spin_lock_irq(raw_spinlock_t *lock)
{
	spin_point(lock, SEAM_LOCK, _RET_IP_);
	(void)shim_irq_save();
	seam_preempt_off();
	spin_take(lock, 0, NULL, _RET_IP_);
}

unsigned long _raw_spin_lock_irqsave(raw_spinlock_t *lock)
{
	unsigned long flags;

	spin_point(lock, SEAM_LOCK, _RET_IP_);
	flags = shim_irq_save();
	seam_preempt_off();
	spin_take(lock, 0, NULL, _RET_IP_);
	return flags;
}

unsigned long _raw_spin_lock_irqsave_nested(raw_spinlock_t *lock, int subclass)
{
	unsigned long flags;

	spin_point(lock, SEAM_LOCK, _RET_IP_);
	flags = shim_irq_save();
	seam_preempt_off();
	spin_take(lock, subclass, NULL, _RET_IP_);
	return flags;
}

int _raw_spin_trylock(raw_spinlock_t *lock)
{
	spin_point(lock, SEAM_TRYLOCK, _RET_IP_);
	seam_preempt_off();
	if (spin_try(lock, _RET_IP_))
		return 1;
	seam_preempt_on(_RET_IP_);
	return 0;
}

int _raw_spin_trylock_bh(raw_spinlock_t *lock)
{
	spin_point(lock, SEAM_TRYLOCK, _RET_IP_);
	seam_bh_off();
	seam_preempt_off();
	if (spin_try(lock, _RET_IP_))
		return 1;
	seam_preempt_on(_RET_IP_);
	seam_bh_on(_RET_IP_);
	return 0;
}

void _raw_spin_unlock(raw_spinlock_t *lock)
{
	spin_give(lock, _RET_IP_);
	seam_preempt_on(_RET_IP_);
}

void _raw_spin_unlock_bh(raw_spinlock_t *lock)
{
	spin_give(lock, _RET_IP_);
	seam_preempt_on(_RET_IP_);
	seam_bh_on(_RET_IP_);
}

void _raw_spin_unlock_irq(raw_spinlock_t *lock)
{
	spin_give(lock, _RET_IP_);
	shim_irq_enable(_RET_IP_);
	seam_preempt_on(_RET_IP_);
}

void _raw_spin_unlock_irqrestore(raw_spinlock_t *lock, unsigned long flags)
{
	spin_give(lock, _RET_IP_);
	shim_irq_restore(flags, _RET_IP_);
	seam_preempt_on(_RET_IP_);
}

/* Only stack walkers ask. */
int in_lock_functions(unsigned long addr)
{
	return 0;
}

#ifdef CONFIG_DEBUG_SPINLOCK
void __raw_spin_lock_init(raw_spinlock_t *lock, const char *name, struct lock_class_key *key,
			  short inner)
{
	lockdep_init_map_wait(&lock->dep_map, name, key, 0, inner);
	lock->raw_lock.word = 0;
}
#endif
