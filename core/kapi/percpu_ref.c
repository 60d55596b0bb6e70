/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: lib/percpu-refcount.c. See percpu_ref.h. A CPU's own counting happens
 * in a non-preemptible section, which is an RCU reader: after the grace period
 * that follows a switch nobody counts per CPU any more, and the callback adds
 * the CPUs' counts to the atomic one and takes the bias off. That grace period
 * also orders what users did before their puts; the atomic count orders the rest.
 */
#include "core/kapi/percpu_ref.h"
#include "core/kapi/spinlock.h"

#define PERCPU_COUNT_BIAS (1L << 62)

static DEFINE_SPINLOCK(percpu_ref_switch_lock);

int percpu_ref_init(struct percpu_ref *ref, percpu_ref_func_t *release, unsigned flags,
		    unsigned gfp)
{
	long start = 0;

	(void)gfp;
	BUG_ON(!release);
	for (unsigned cpu = 0; cpu < ENGINE_CPUS_MAX; cpu++)
		engine_store_relaxed(&ref->percpu_count[cpu], 0);
	ref->flags = flags;
	ref->mode = 0;
	if (flags & (PERCPU_REF_INIT_ATOMIC | PERCPU_REF_INIT_DEAD))
		ref->mode = __PERCPU_REF_ATOMIC;
	else
		start += PERCPU_COUNT_BIAS;
	if (flags & PERCPU_REF_INIT_DEAD)
		ref->mode |= __PERCPU_REF_DEAD;
	else
		start++;
	ref->switching = 0;
	engine_store_relaxed(&ref->count.counter, start);
	ref->release = release;
	ref->confirm_switch = NULL;
	return 0;
}

void percpu_ref_exit(struct percpu_ref *ref)
{
	BUG_ON(engine_load_relaxed(&ref->switching));
	engine_store_relaxed(&ref->mode, __PERCPU_REF_ATOMIC | __PERCPU_REF_DEAD);
}

/* The caller is not preemptible. */
static inline bool ref_is_percpu(const struct percpu_ref *ref)
{
	return engine_load_relaxed(&ref->mode) == 0;
}

static inline long *ref_this_cpu(struct percpu_ref *ref)
{
	return &ref->percpu_count[engine_cpu()];
}

void percpu_ref_get_many_at(struct percpu_ref *ref, unsigned long nr, const struct site *site)
{
	engine_point(site, EV_RMW, ref, 8);
	engine_preempt_disable();
	if (ref_is_percpu(ref))
		engine_fetch_add(ref_this_cpu(ref), (long)nr, ENGINE_RELAXED);
	else
		engine_fetch_add(&ref->count.counter, (long)nr, ENGINE_RELAXED);
	engine_preempt_enable(site);
}

static bool ref_tryget(struct percpu_ref *ref, bool live, const struct site *site)
{
	bool ok = true;

	engine_point(site, EV_RMW, ref, 8);
	engine_preempt_disable();
	if (ref_is_percpu(ref)) {
		engine_fetch_add(ref_this_cpu(ref), 1, ENGINE_RELAXED);
	} else if (live && (engine_load_relaxed(&ref->mode) & __PERCPU_REF_DEAD)) {
		ok = false;
	} else {
		long old = engine_load_relaxed(&ref->count.counter);

		while (old != 0 && !engine_cmpxchg(&ref->count.counter, &old, old + 1,
						   ENGINE_RELAXED, ENGINE_RELAXED))
			;
		ok = live || old != 0;
		/* Alive, atomic: the initial reference is there. */
		if (live && old == 0)
			report_warn("percpu_ref alive with no reference", site->func, "");
	}
	engine_result(ok);
	engine_preempt_enable(site);
	return ok;
}

bool percpu_ref_tryget_at(struct percpu_ref *ref, const struct site *site)
{
	return ref_tryget(ref, false, site);
}

bool percpu_ref_tryget_live_at(struct percpu_ref *ref, const struct site *site)
{
	return ref_tryget(ref, true, site);
}

void percpu_ref_put_many_at(struct percpu_ref *ref, unsigned long nr, const struct site *site)
{
	long old;

	engine_point(site, EV_RMW, ref, 8);
	engine_preempt_disable();
	if (ref_is_percpu(ref)) {
		engine_fetch_add(ref_this_cpu(ref), -(long)nr, ENGINE_RELAXED);
		engine_preempt_enable(site);
		return;
	}
	old = engine_fetch_add(&ref->count.counter, -(long)nr,
			       HB_ORDER(REF_PUT_ATOMIC, ENGINE_RELEASE));
	if (unlikely(old < (long)nr)) {
		report_warn("percpu_ref put below zero", site->func, "");
	} else if (old == (long)nr) {
		(void)__atomic_load_n(&ref->count.counter, HB_ORDER(REF_PUT_LAST, ENGINE_ACQUIRE));
		ref->release(ref);
	}
	engine_preempt_enable(site);
}

static void ref_confirm_nothing(struct percpu_ref *ref)
{
	(void)ref;
}

static void ref_switched_to_atomic(struct rcu_head *rcu)
{
	struct percpu_ref *ref = container_of(rcu, struct percpu_ref, rcu);
	const struct site *site = SITE("percpu_ref_switch");
	percpu_ref_func_t *confirm = ref->confirm_switch;
	long sum = 0, now;

	for (unsigned cpu = 0; cpu < ENGINE_CPUS_MAX; cpu++)
		sum += engine_load_relaxed(&ref->percpu_count[cpu]);
	engine_point(site, EV_RMW, ref, 8);
	now = engine_fetch_add(&ref->count.counter, sum - PERCPU_COUNT_BIAS, ENGINE_RELAXED);
	now += sum - PERCPU_COUNT_BIAS;
	if (unlikely(now <= 0))
		report_warn("percpu_ref count is not positive after the switch", __func__, "");
	confirm(ref);
	engine_store_release(&ref->switching, 0);
	engine_wake(&ref->switching, ~0u);
	percpu_ref_put_many_at(ref, 1, site);
}

/* One switch at a time; drops and retakes percpu_ref_switch_lock while it waits. */
static void ref_wait_switch(struct percpu_ref *ref, const struct site *site)
	__must_hold(&percpu_ref_switch_lock)
{
	while (engine_load_acquire(&ref->switching)) {
		spin_unlock_irq_at(&percpu_ref_switch_lock, site);
		engine_wait(site, &ref->switching, 1, false, "percpu_ref switch");
		spin_lock_irq_at(&percpu_ref_switch_lock, 0, site);
	}
}

static void ref_switch_to_atomic(struct percpu_ref *ref, percpu_ref_func_t *confirm,
				 const struct site *site)
	__must_hold(&percpu_ref_switch_lock)
{
	u32 mode = engine_load_relaxed(&ref->mode);

	if (mode & __PERCPU_REF_ATOMIC) {
		if (confirm)
			confirm(ref);
		return;
	}
	engine_store_relaxed(&ref->mode, mode | __PERCPU_REF_ATOMIC);
	ref->confirm_switch = confirm ? confirm : ref_confirm_nothing;
	engine_store_relaxed(&ref->switching, 1);
	engine_fetch_add(&ref->count.counter, 1, ENGINE_RELAXED);
	call_rcu_at(&ref->rcu, ref_switched_to_atomic, site);
}

static void ref_switch_to_percpu(struct percpu_ref *ref)
	__must_hold(&percpu_ref_switch_lock)
{
	u32 mode = engine_load_relaxed(&ref->mode);

	if (!(mode & __PERCPU_REF_ATOMIC) || (ref->flags & PERCPU_REF_INIT_ATOMIC))
		return;
	engine_fetch_add(&ref->count.counter, PERCPU_COUNT_BIAS, ENGINE_RELAXED);
	for (unsigned cpu = 0; cpu < ENGINE_CPUS_MAX; cpu++)
		engine_store_relaxed(&ref->percpu_count[cpu], 0);
	engine_store_release(&ref->mode, mode & ~(u32)__PERCPU_REF_ATOMIC);
}

void percpu_ref_kill_and_confirm_at(struct percpu_ref *ref, percpu_ref_func_t *confirm,
				    const struct site *site)
{
	spin_lock_irq_at(&percpu_ref_switch_lock, 0, site);
	if (unlikely(engine_load_relaxed(&ref->mode) & __PERCPU_REF_DEAD))
		report_warn("percpu_ref killed twice", site->func, "");
	ref_wait_switch(ref, site);
	engine_store_relaxed(&ref->mode, engine_load_relaxed(&ref->mode) | __PERCPU_REF_DEAD);
	ref_switch_to_atomic(ref, confirm, site);
	percpu_ref_put_many_at(ref, 1, site);
	spin_unlock_irq_at(&percpu_ref_switch_lock, site);
}

void percpu_ref_resurrect_at(struct percpu_ref *ref, const struct site *site)
{
	spin_lock_irq_at(&percpu_ref_switch_lock, 0, site);
	if (unlikely(!(engine_load_relaxed(&ref->mode) & __PERCPU_REF_DEAD)))
		report_warn("percpu_ref resurrected alive", site->func, "");
	ref_wait_switch(ref, site);
	engine_store_relaxed(&ref->mode,
			     engine_load_relaxed(&ref->mode) & ~(u32)__PERCPU_REF_DEAD);
	engine_fetch_add(&ref->count.counter, 1, ENGINE_RELAXED);
	ref_switch_to_percpu(ref);
	spin_unlock_irq_at(&percpu_ref_switch_lock, site);
}

void percpu_ref_reinit_at(struct percpu_ref *ref, const struct site *site)
{
	if (unlikely(!percpu_ref_is_zero_at(ref, site)))
		report_warn("percpu_ref reinitialised in use", site->func, "");
	percpu_ref_resurrect_at(ref, site);
}

bool percpu_ref_is_zero_at(struct percpu_ref *ref, const struct site *site)
{
	bool zero;

	engine_point(site, EV_LOAD, ref, 8);
	zero = !ref_is_percpu(ref) && engine_load_relaxed(&ref->count.counter) == 0;
	engine_result(zero);
	return zero;
}

bool percpu_ref_is_dying_at(struct percpu_ref *ref, const struct site *site)
{
	bool dying;

	engine_point(site, EV_LOAD, ref, 8);
	dying = engine_load_relaxed(&ref->mode) & __PERCPU_REF_DEAD;
	engine_result(dying);
	return dying;
}
