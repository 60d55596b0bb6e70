/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/spinlock.h. Bit 0 of the word: taken; the rest counts
 * waiters, in twos. A waiter keeps its CPU. The scheduling point stands before
 * preemption goes off: until it takes the lock a task can be preempted.
 * Left out: queues and fairness (the schedule decides who gets it), raw locks.
 */
#ifndef CORE_KAPI_SPINLOCK_H
#define CORE_KAPI_SPINLOCK_H

#include "core/kapi/lock_map.h"

typedef struct __capability("spinlock") spinlock {
	u32 word;
	struct lockdep_map dep_map;
} spinlock_t;

#define __SPIN_LOCK_UNLOCKED(name) \
	{ .word = 0, .dep_map = LOCK_MAP_INIT(name, #name, LD_WAIT_CONFIG) }
/* A lock that is a variable of the world (file scope). */
#define DEFINE_SPINLOCK(name)                                                     \
	spinlock_t name __world = __SPIN_LOCK_UNLOCKED(name);                     \
	WORLD_NAME(name)

void spin_lock_init_key(spinlock_t *lock, const char *name, const struct lock_class_key *key);
#define spin_lock_init(lock)                                                      \
	do {                                                                      \
		static const struct lock_class_key key_;                          \
		spin_lock_init_key((lock), #lock, &key_);                         \
	} while (0)

void spin_lock_at(spinlock_t *lock, const struct site *site) __acquires(lock);
void spin_lock_nested_at(spinlock_t *lock, unsigned subclass, const struct site *site)
	__acquires(lock);
/* All locks of this class are serialised by nest, which is held. */
void spin_lock_nest_lock_at(spinlock_t *lock, struct lockdep_map *nest, const struct site *site)
	__acquires(lock);
bool spin_trylock_at(spinlock_t *lock, const struct site *site) __cond_acquires(true, lock);
void spin_unlock_at(spinlock_t *lock, const struct site *site) __releases(lock);

void spin_lock_irq_at(spinlock_t *lock, unsigned subclass, const struct site *site)
	__acquires(lock);
bool spin_trylock_irq_at(spinlock_t *lock, const struct site *site) __cond_acquires(true, lock);
void spin_unlock_irq_at(spinlock_t *lock, const struct site *site) __releases(lock);
void spin_lock_bh_at(spinlock_t *lock, const struct site *site) __acquires(lock);
void spin_unlock_bh_at(spinlock_t *lock, const struct site *site) __releases(lock);

/* Is it taken by anybody? For assertions; no scheduling point. */
static inline bool spin_is_locked(const spinlock_t *lock)
{
	return engine_load_relaxed(&lock->word) & LOCK_HELD;
}

#define spin_lock(lock) spin_lock_at((lock), SITE("spin_lock"))
#define spin_lock_nested(lock, sub) spin_lock_nested_at((lock), (sub), SITE("spin_lock_nested"))
#define spin_lock_nest_lock(lock, outer) \
	spin_lock_nest_lock_at((lock), &(outer)->dep_map, SITE("spin_lock_nest_lock"))
#define spin_trylock(lock) spin_trylock_at((lock), SITE("spin_trylock"))
#define spin_unlock(lock) spin_unlock_at((lock), SITE("spin_unlock"))
#define spin_lock_irq(lock) spin_lock_irq_at((lock), 0, SITE("spin_lock_irq"))
#define spin_trylock_irq(lock) spin_trylock_irq_at((lock), SITE("spin_trylock_irq"))
#define spin_unlock_irq(lock) spin_unlock_irq_at((lock), SITE("spin_unlock_irq"))
#define spin_lock_bh(lock) spin_lock_bh_at((lock), SITE("spin_lock_bh"))
#define spin_unlock_bh(lock) spin_unlock_bh_at((lock), SITE("spin_unlock_bh"))
/* Interrupt disabling is counted here, so flags carry nothing that is needed. */
#define spin_lock_irqsave_at(lock, flags, site)                                   \
	do {                                                                      \
		(flags) = engine_irqs_off();                                      \
		spin_lock_irq_at((lock), 0, (site));                              \
	} while (0)
#define spin_unlock_irqrestore_at(lock, flags, site)                              \
	do {                                                                      \
		(void)(flags);                                                    \
		spin_unlock_irq_at((lock), (site));                               \
	} while (0)
#define spin_lock_irqsave(lock, flags) \
	spin_lock_irqsave_at(lock, flags, SITE("spin_lock_irqsave"))
#define spin_lock_irqsave_nested(lock, flags, sub)                                \
	do {                                                                      \
		(flags) = engine_irqs_off();                                      \
		spin_lock_irq_at((lock), (sub), SITE("spin_lock_irqsave_nested")); \
	} while (0)
#define spin_unlock_irqrestore(lock, flags) \
	spin_unlock_irqrestore_at(lock, flags, SITE("spin_unlock_irqrestore"))

#endif
