/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: kernel/locking/mutex.c. See mutex.h. A waiter that leaves because of a
 * signal does so only after a failed attempt, while somebody else holds it: that
 * one's unlock wakes the next waiter, so no wake-up is lost.
 */
#include "core/kapi/mutex.h"
#include "core/kapi/sched.h"

void mutex_init_key(struct mutex *lock, const char *name, const struct lock_class_key *key)
{
	engine_store_relaxed(&lock->word, 0);
	lockdep_init_map(&lock->dep_map, name, key, LD_WAIT_SLEEP, LD_WAIT_INV);
}

static noinline int mutex_lock_slow(struct mutex *lock, bool killable, const struct site *site)
{
	u32 v = engine_fetch_add(&lock->word, LOCK_WAITER, ENGINE_RELAXED) + LOCK_WAITER;

	for (;;) {
		if (!(v & LOCK_HELD)) {
			if (engine_cmpxchg(&lock->word, &v, v - LOCK_WAITER + LOCK_HELD,
					   HB_ORDER(MUTEX_LOCK, ENGINE_ACQUIRE), ENGINE_RELAXED))
				return 0;
			continue;
		}
		if (killable && signal_pending_at(current, site)) {
			engine_fetch_add(&lock->word, -LOCK_WAITER, ENGINE_RELAXED);
			return -EINTR;
		}
		engine_wait(site, &lock->word, v, false, "mutex_lock");
		v = engine_load_relaxed(&lock->word);
	}
}

static int mutex_lock_any(struct mutex *lock, unsigned subclass, bool killable,
			  const struct site *site)
{
	u32 old = 0;
	int ret = 0;

	might_sleep_at(site);
	engine_point(site, EV_LOCK, lock, sizeof(lock->word));
	map_acquire(&lock->dep_map, subclass, false, 0, site);
	if (unlikely(!engine_cmpxchg(&lock->word, &old, LOCK_HELD,
				     HB_ORDER(MUTEX_LOCK, ENGINE_ACQUIRE), ENGINE_RELAXED)))
		ret = mutex_lock_slow(lock, killable, site);
	if (ret)
		map_release(&lock->dep_map, site);
	return ret;
}

void mutex_lock_at(struct mutex *lock, unsigned subclass, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	(void)mutex_lock_any(lock, subclass, false, site);
}

int mutex_lock_killable_at(struct mutex *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	return mutex_lock_any(lock, 0, true, site);
}

bool mutex_trylock_at(struct mutex *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	bool ok = false;
	u32 v;

	engine_point(site, EV_TRYLOCK, lock, sizeof(lock->word));
	v = engine_load_relaxed(&lock->word);
	while (!ok && !(v & LOCK_HELD))
		ok = engine_cmpxchg(&lock->word, &v, v | LOCK_HELD,
				    HB_ORDER(MUTEX_TRYLOCK, ENGINE_ACQUIRE), ENGINE_RELAXED);
	if (ok)
		map_acquire(&lock->dep_map, 0, true, 0, site);
	engine_result(ok);
	return ok;
}

void mutex_unlock_at(struct mutex *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	u32 old;

	map_release(&lock->dep_map, site);
	engine_point(site, EV_UNLOCK, lock, sizeof(lock->word));
	old = engine_fetch_and(&lock->word, ~LOCK_HELD, HB_ORDER(MUTEX_UNLOCK, ENGINE_RELEASE));
	if (likely(old == LOCK_HELD))
		return;
	if (old & LOCK_HELD)
		engine_wake(&lock->word, 1);
	else
		report_warn("mutex unlocked that is not locked", site->func, "");
}
