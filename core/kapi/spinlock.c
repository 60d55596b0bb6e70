/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: kernel/locking/spinlock.c. See spinlock.h. Between the scheduling
 * point and the exchange nothing else runs in sim, so a lock that was free at
 * the point is taken at once; a taken one is waited for with the CPU kept.
 */
#include "core/kapi/spinlock.h"

void spin_lock_init_key(spinlock_t *lock, const char *name, const struct lock_class_key *key)
{
	engine_store_relaxed(&lock->word, 0);
	lockdep_init_map(&lock->dep_map, name, key, LD_WAIT_CONFIG, LD_WAIT_INV);
}

/* Taken by somebody: count as a waiter until it is ours. */
static noinline void spin_lock_slow(spinlock_t *lock, const struct site *site)
{
	u32 v = engine_fetch_add(&lock->word, LOCK_WAITER, ENGINE_RELAXED) + LOCK_WAITER;

	for (;;) {
		if (v & LOCK_HELD) {
			engine_wait(site, &lock->word, v, true, "spin_lock");
			v = engine_load_relaxed(&lock->word);
		} else if (engine_cmpxchg(&lock->word, &v, v - LOCK_WAITER + LOCK_HELD,
					  HB_ORDER(SPIN_LOCK, ENGINE_ACQUIRE), ENGINE_RELAXED)) {
			return;
		}
	}
}

static inline void spin_acquire(spinlock_t *lock, const struct site *site)
{
	u32 old = 0;

	if (unlikely(!engine_cmpxchg(&lock->word, &old, LOCK_HELD,
				     HB_ORDER(SPIN_LOCK, ENGINE_ACQUIRE), ENGINE_RELAXED)))
		spin_lock_slow(lock, site);
}

static inline bool spin_try_acquire(spinlock_t *lock, const struct site *site)
{
	u32 v = engine_load_relaxed(&lock->word);
	bool ok = false;

	while (!ok && !(v & LOCK_HELD))
		ok = engine_cmpxchg(&lock->word, &v, v | LOCK_HELD,
				    HB_ORDER(SPIN_TRYLOCK, ENGINE_ACQUIRE), ENGINE_RELAXED);
	if (ok)
		map_acquire(&lock->dep_map, 0, true, 0, site);
	engine_result(ok);
	return ok;
}

static inline void spin_release(spinlock_t *lock, const struct site *site)
{
	u32 old;

	map_release(&lock->dep_map, site);
	engine_point(site, EV_UNLOCK, lock, sizeof(lock->word));
	old = engine_fetch_and(&lock->word, ~LOCK_HELD, HB_ORDER(SPIN_UNLOCK, ENGINE_RELEASE));
	if (unlikely(old != LOCK_HELD)) {
		if (old & LOCK_HELD)
			engine_wake(&lock->word, 1);
		else
			report_warn("spinlock unlocked that is not locked", site->func, "");
	}
}

void spin_lock_nested_at(spinlock_t *lock, unsigned subclass, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	engine_point(site, EV_LOCK, lock, sizeof(lock->word));
	engine_preempt_disable();
	map_acquire(&lock->dep_map, subclass, false, 0, site);
	spin_acquire(lock, site);
}

void spin_lock_at(spinlock_t *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	engine_point(site, EV_LOCK, lock, sizeof(lock->word));
	engine_preempt_disable();
	map_acquire(&lock->dep_map, 0, false, 0, site);
	spin_acquire(lock, site);
}

void spin_lock_nest_lock_at(spinlock_t *lock, struct lockdep_map *nest, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	engine_point(site, EV_LOCK, lock, sizeof(lock->word));
	engine_preempt_disable();
	map_acquire_nest(&lock->dep_map, nest, site);
	spin_acquire(lock, site);
}

bool spin_trylock_at(spinlock_t *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	engine_point(site, EV_TRYLOCK, lock, sizeof(lock->word));
	engine_preempt_disable();
	if (spin_try_acquire(lock, site))
		return true;
	engine_preempt_enable(site);
	return false;
}

void spin_unlock_at(spinlock_t *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	spin_release(lock, site);
	engine_preempt_enable(site);
}

void spin_lock_irq_at(spinlock_t *lock, unsigned subclass, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	engine_point(site, EV_LOCK, lock, sizeof(lock->word));
	engine_irq_disable();
	engine_preempt_disable();
	map_acquire(&lock->dep_map, subclass, false, 0, site);
	spin_acquire(lock, site);
}

bool spin_trylock_irq_at(spinlock_t *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	engine_point(site, EV_TRYLOCK, lock, sizeof(lock->word));
	engine_irq_disable();
	engine_preempt_disable();
	if (spin_try_acquire(lock, site))
		return true;
	engine_irq_enable(site);
	engine_preempt_enable(site);
	return false;
}

void spin_unlock_irq_at(spinlock_t *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	spin_release(lock, site);
	engine_irq_enable(site);
	engine_preempt_enable(site);
}

void spin_lock_bh_at(spinlock_t *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	engine_point(site, EV_LOCK, lock, sizeof(lock->word));
	engine_bh_disable();
	engine_preempt_disable();
	map_acquire(&lock->dep_map, 0, false, 0, site);
	spin_acquire(lock, site);
}

void spin_unlock_bh_at(spinlock_t *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	spin_release(lock, site);
	engine_preempt_enable(site);
	engine_bh_enable(site);
}
