/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/local_lock_internal.h. See local_lock.h. The flag in
 * each CPU's copy only finds mistakes: what excludes others is that preemption
 * (or interrupts) is off.
 */
#include "core/kapi/local_lock.h"

static inline local_lock_t *this_lock(const local_lock_t *lock)
{
	return (local_lock_t *)engine_percpu(lock, engine_cpu());
}

static inline void local_take(local_lock_t *l, bool trylock, const struct site *site)
{
	map_acquire(&l->dep_map, 0, trylock, 0, site);
	if (unlikely(engine_load_relaxed(&l->held)))
		report_warn("local_lock taken twice on one CPU", site->func, "");
	engine_store_relaxed(&l->held, 1);
}

static inline void local_drop(local_lock_t *l, const struct site *site)
{
	map_release(&l->dep_map, site);
	engine_point(site, EV_UNLOCK, l, sizeof(l->held));
	if (unlikely(!engine_load_relaxed(&l->held)))
		report_warn("local_lock not held", site->func, "");
	engine_store_relaxed(&l->held, 0);
}

void local_lock_at(local_lock_t *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	local_lock_t *l = this_lock(lock);

	engine_point(site, EV_LOCK, l, sizeof(l->held));
	engine_preempt_disable();
	local_take(l, false, site);
}

bool local_trylock_at(local_lock_t *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	local_lock_t *l = this_lock(lock);
	bool ok;

	engine_point(site, EV_TRYLOCK, l, sizeof(l->held));
	engine_preempt_disable();
	ok = !engine_load_relaxed(&l->held);
	engine_result(ok);
	if (ok)
		local_take(l, true, site);
	else
		engine_preempt_enable(site);
	return ok;
}

void local_unlock_at(local_lock_t *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	local_drop(this_lock(lock), site);
	engine_preempt_enable(site);
}

void local_lock_irq_at(local_lock_t *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	local_lock_t *l = this_lock(lock);

	engine_point(site, EV_LOCK, l, sizeof(l->held));
	engine_irq_disable();
	local_take(l, false, site);
}

void local_unlock_irq_at(local_lock_t *lock, const struct site *site)
	__no_lock_analysis("implements the lock")
{
	local_drop(this_lock(lock), site);
	engine_irq_enable(site);
}

void local_lock_assert_held(const local_lock_t *lock, const char *func)
{
	lock_map_assert_held(&this_lock(lock)->dep_map, -1, func);
}
