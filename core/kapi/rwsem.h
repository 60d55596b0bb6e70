/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/rwsem.h: many readers or one writer, waiters sleep.
 * Readers give happens-before to the next writer only, not to other readers.
 * Left out: queue order and handoff. A waiting writer does not hold readers off
 * (lockdep reports what that could hide: read recursion is not allowed).
 */
#ifndef CORE_KAPI_RWSEM_H
#define CORE_KAPI_RWSEM_H

#include "core/kapi/lock_map.h"

struct __capability("rwsem") rw_semaphore {
	u32 word;            /* RWSEM_WRITER, RWSEM_WAITERS, readers * RWSEM_READER */
	u32 readers_token;   /* readers' releases, for the next writer (TSan) */
	struct lockdep_map dep_map;
};

#define RWSEM_WRITER 1u
#define RWSEM_WAITERS 2u
#define RWSEM_READER 4u

#define __RWSEM_INITIALIZER(name) \
	{ .word = 0, .dep_map = LOCK_MAP_INIT(name, #name, LD_WAIT_SLEEP) }
#define DECLARE_RWSEM(name)                                                       \
	struct rw_semaphore name __world = __RWSEM_INITIALIZER(name);             \
	WORLD_NAME(name)

void init_rwsem_key(struct rw_semaphore *sem, const char *name,
		    const struct lock_class_key *key);
#define init_rwsem(sem)                                                           \
	do {                                                                      \
		static const struct lock_class_key key_;                          \
		init_rwsem_key((sem), #sem, &key_);                               \
	} while (0)

void down_read_at(struct rw_semaphore *sem, unsigned subclass, const struct site *site)
	__acquires_shared(sem);
int __must_check down_read_killable_at(struct rw_semaphore *sem, const struct site *site)
	__cond_acquires_shared(0, sem);
bool down_read_trylock_at(struct rw_semaphore *sem, const struct site *site)
	__cond_acquires_shared(true, sem);
void up_read_at(struct rw_semaphore *sem, const struct site *site) __releases_shared(sem);
void down_write_at(struct rw_semaphore *sem, unsigned subclass, const struct site *site)
	__acquires(sem);
int __must_check down_write_killable_at(struct rw_semaphore *sem, const struct site *site)
	__cond_acquires(0, sem);
bool down_write_trylock_at(struct rw_semaphore *sem, const struct site *site)
	__cond_acquires(true, sem);
void up_write_at(struct rw_semaphore *sem, const struct site *site) __releases(sem);
/* Held for write before, for read after; other readers may come in. */
void downgrade_write_at(struct rw_semaphore *sem, const struct site *site)
	__releases(sem) __acquires_shared(sem);

/* For assertions; no scheduling point. */
static inline bool rwsem_is_locked(const struct rw_semaphore *sem)
{
	return (engine_load_relaxed(&sem->word) & ~RWSEM_WAITERS) != 0;
}

static inline bool rwsem_is_contended(const struct rw_semaphore *sem)
{
	return engine_load_relaxed(&sem->word) & RWSEM_WAITERS;
}

#define down_read(sem) down_read_at((sem), 0, SITE("down_read"))
#define down_read_nested(sem, sub) down_read_at((sem), (sub), SITE("down_read_nested"))
#define down_read_killable(sem) down_read_killable_at((sem), SITE("down_read_killable"))
#define down_read_trylock(sem) down_read_trylock_at((sem), SITE("down_read_trylock"))
#define up_read(sem) up_read_at((sem), SITE("up_read"))
#define down_write(sem) down_write_at((sem), 0, SITE("down_write"))
#define down_write_nested(sem, sub) down_write_at((sem), (sub), SITE("down_write_nested"))
#define down_write_killable(sem) down_write_killable_at((sem), SITE("down_write_killable"))
#define down_write_trylock(sem) down_write_trylock_at((sem), SITE("down_write_trylock"))
#define up_write(sem) up_write_at((sem), SITE("up_write"))
#define downgrade_write(sem) downgrade_write_at((sem), SITE("downgrade_write"))

#endif
