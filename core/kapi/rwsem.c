/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: kernel/locking/rwsem.c. See rwsem.h. Whoever has to wait sets the
 * waiters bit; whoever makes the semaphore free (or readable) clears it and
 * wakes all, who then compete again: wake-ups are never passed on, so none can
 * get lost. A reader's release goes to a token of its own, which only writers
 * acquire: a race between two readers must stay visible.
 */
#include "core/kapi/rwsem.h"
#include "core/kapi/sched.h"

#define RWSEM_WAKE_ALL ~0u

void init_rwsem_key(struct rw_semaphore *sem, const char *name,
		    const struct lock_class_key *key)
{
	engine_store_relaxed(&sem->word, 0);
	sem->readers_token = 0;
	lockdep_init_map(&sem->dep_map, name, key, LD_WAIT_SLEEP, LD_WAIT_INV);
}

static inline u32 rwsem_busy(bool write)
{
	return write ? ~RWSEM_WAITERS : RWSEM_WRITER;
}

static inline int rwsem_order(bool write)
{
	return write ? HB_ORDER(RWSEM_WRITE, ENGINE_ACQUIRE) :
		       HB_ORDER(RWSEM_READ, ENGINE_ACQUIRE);
}

static inline bool rwsem_try(struct rw_semaphore *sem, u32 *v, bool write)
{
	while (!(*v & rwsem_busy(write))) {
		u32 new = write ? *v | RWSEM_WRITER : *v + RWSEM_READER;

		if (likely(engine_cmpxchg(&sem->word, v, new, rwsem_order(write),
					  ENGINE_RELAXED))) {
			if (write)
				HB_ACQUIRE(RWSEM_WRITE_READERS, &sem->readers_token);
			return true;
		}
	}
	return false;
}

static noinline int rwsem_wait(struct rw_semaphore *sem, bool write, bool killable,
			       const struct site *site)
{
	u32 v = engine_load_relaxed(&sem->word);

	while (!rwsem_try(sem, &v, write)) {
		if (!(v & RWSEM_WAITERS)) {
			if (!engine_cmpxchg(&sem->word, &v, v | RWSEM_WAITERS, ENGINE_RELAXED,
					    ENGINE_RELAXED))
				continue;
			v |= RWSEM_WAITERS;
		}
		if (killable && signal_pending_at(current, site))
			return -EINTR;
		engine_wait(site, &sem->word, v, false, write ? "down_write" : "down_read");
		v = engine_load_relaxed(&sem->word);
	}
	return 0;
}

static int rwsem_down(struct rw_semaphore *sem, unsigned subclass, bool write, bool killable,
		      const struct site *site)
{
	u32 v;
	int ret = 0;

	might_sleep_at(site);
	engine_point(site, EV_LOCK, sem, sizeof(sem->word));
	map_acquire(&sem->dep_map, subclass, false, !write, site);
	v = engine_load_relaxed(&sem->word);
	if (unlikely(!rwsem_try(sem, &v, write)))
		ret = rwsem_wait(sem, write, killable, site);
	if (ret)
		map_release(&sem->dep_map, site);
	return ret;
}

static bool rwsem_trylock(struct rw_semaphore *sem, bool write, const struct site *site)
{
	u32 v;
	bool ok;

	engine_point(site, EV_TRYLOCK, sem, sizeof(sem->word));
	v = engine_load_relaxed(&sem->word);
	ok = rwsem_try(sem, &v, write);
	if (ok)
		map_acquire(&sem->dep_map, 0, true, !write, site);
	engine_result(ok);
	return ok;
}

void down_read_at(struct rw_semaphore *sem, unsigned subclass, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	(void)rwsem_down(sem, subclass, false, false, site);
}

int down_read_killable_at(struct rw_semaphore *sem, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	return rwsem_down(sem, 0, false, true, site);
}

bool down_read_trylock_at(struct rw_semaphore *sem, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	return rwsem_trylock(sem, false, site);
}

void down_write_at(struct rw_semaphore *sem, unsigned subclass, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	(void)rwsem_down(sem, subclass, true, false, site);
}

int down_write_killable_at(struct rw_semaphore *sem, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	return rwsem_down(sem, 0, true, true, site);
}

bool down_write_trylock_at(struct rw_semaphore *sem, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	return rwsem_trylock(sem, true, site);
}

void up_read_at(struct rw_semaphore *sem, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	u32 old, left;

	map_release(&sem->dep_map, site);
	engine_point(site, EV_UNLOCK, sem, sizeof(sem->word));
	HB_RELEASE(RWSEM_READ_UNLOCK, &sem->readers_token);
	old = engine_fetch_add(&sem->word, -RWSEM_READER, HB_MACHINE_ORDER(ENGINE_RELEASE));
	if (unlikely(old < RWSEM_READER)) {
		report_warn("rwsem not held for read", site->func, "");
		return;
	}
	left = old - RWSEM_READER;
	/* Who came in between keeps the bit and wakes at its own unlock. */
	if (unlikely(left == RWSEM_WAITERS) &&
	    engine_cmpxchg(&sem->word, &left, 0, ENGINE_RELAXED, ENGINE_RELAXED))
		engine_wake(&sem->word, RWSEM_WAKE_ALL);
}

void up_write_at(struct rw_semaphore *sem, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	u32 old;

	map_release(&sem->dep_map, site);
	engine_point(site, EV_UNLOCK, sem, sizeof(sem->word));
	old = engine_fetch_and(&sem->word, ~(RWSEM_WRITER | RWSEM_WAITERS),
			       HB_ORDER(RWSEM_WRITE_UNLOCK, ENGINE_RELEASE));
	if (unlikely(!(old & RWSEM_WRITER)))
		report_warn("rwsem not held for write", site->func, "");
	if (unlikely(old & RWSEM_WAITERS))
		engine_wake(&sem->word, RWSEM_WAKE_ALL);
}

void downgrade_write_at(struct rw_semaphore *sem, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	u32 old;

	engine_point(site, EV_UNLOCK, sem, sizeof(sem->word));
	map_release(&sem->dep_map, site);
	map_acquire(&sem->dep_map, 0, true, 1, site);
	old = engine_xchg(&sem->word, RWSEM_READER, HB_ORDER(RWSEM_DOWNGRADE, ENGINE_RELEASE));
	if (unlikely(!(old & RWSEM_WRITER)))
		report_warn("rwsem not held for write", site->func, "");
	if (unlikely(old & RWSEM_WAITERS))
		engine_wake(&sem->word, RWSEM_WAKE_ALL);
}
