/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/mutex.h: a lock whose waiters sleep. The word is as a
 * spinlock's. Left out: optimistic spinning, handoff, wound/wait.
 */
#ifndef CORE_KAPI_MUTEX_H
#define CORE_KAPI_MUTEX_H

#include "core/kapi/lock_map.h"

struct __capability("mutex") mutex {
	u32 word;
	struct lockdep_map dep_map;
};

#define __MUTEX_INITIALIZER(name) \
	{ .word = 0, .dep_map = LOCK_MAP_INIT(name, #name, LD_WAIT_SLEEP) }
#define DEFINE_MUTEX(name)                                                        \
	struct mutex name __world = __MUTEX_INITIALIZER(name);                    \
	WORLD_NAME(name)

void mutex_init_key(struct mutex *lock, const char *name, const struct lock_class_key *key);
#define mutex_init(lock)                                                          \
	do {                                                                      \
		static const struct lock_class_key key_;                          \
		mutex_init_key((lock), #lock, &key_);                             \
	} while (0)

void mutex_lock_at(struct mutex *lock, unsigned subclass, const struct site *site)
	__acquires(lock);
/* -EINTR where a signal arrives while it would sleep; the lock is not held then. */
int __must_check mutex_lock_killable_at(struct mutex *lock, const struct site *site)
	__cond_acquires(0, lock);
bool mutex_trylock_at(struct mutex *lock, const struct site *site) __cond_acquires(true, lock);
void mutex_unlock_at(struct mutex *lock, const struct site *site) __releases(lock);

static inline bool mutex_is_locked(const struct mutex *lock)
{
	return engine_load_relaxed(&lock->word) & LOCK_HELD;
}

#define mutex_lock(lock) mutex_lock_at((lock), 0, SITE("mutex_lock"))
#define mutex_lock_nested(lock, sub) mutex_lock_at((lock), (sub), SITE("mutex_lock_nested"))
#define mutex_lock_killable(lock) mutex_lock_killable_at((lock), SITE("mutex_lock_killable"))
#define mutex_lock_interruptible(lock) \
	mutex_lock_killable_at((lock), SITE("mutex_lock_interruptible"))
#define mutex_trylock(lock) mutex_trylock_at((lock), SITE("mutex_trylock"))
#define mutex_unlock(lock) mutex_unlock_at((lock), SITE("mutex_unlock"))

#endif
