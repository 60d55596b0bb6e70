/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/percpu-refcount.h, lib/percpu-refcount.c. While it is
 * alive each CPU counts for itself; percpu_ref_kill() switches to one atomic
 * count after a grace period and drops the initial reference, and the last put
 * calls release (in any context). Killed, it can be resurrected.
 * Left out: allocation failure (the counters lie inside the struct), force_atomic
 * switching by itself, percpu_ref_switch_to_*().
 */
#ifndef CORE_KAPI_PERCPU_REF_H
#define CORE_KAPI_PERCPU_REF_H

#include "core/kapi/atomic.h"
#include "core/kapi/rcupdate.h"

struct percpu_ref;
typedef void (percpu_ref_func_t)(struct percpu_ref *ref);

enum { PERCPU_REF_INIT_ATOMIC = 1, PERCPU_REF_INIT_DEAD = 2, PERCPU_REF_ALLOW_REINIT = 4 };
enum { __PERCPU_REF_ATOMIC = 1, __PERCPU_REF_DEAD = 2 };

struct percpu_ref {
	long percpu_count[ENGINE_CPUS_MAX]; /* own CPU, in non-preemptible sections */
	unsigned flags;             /* PERCPU_REF_*, as given to init */
	u32 mode;                   /* __PERCPU_REF_*; written under the switch lock */
	u32 switching;              /* 1 while a grace period separates the modes */
	atomic_long_t count;        /* biased while the CPUs count */
	percpu_ref_func_t *release;
	percpu_ref_func_t *confirm_switch;
	struct rcu_head rcu;
};

/* flags: PERCPU_REF_INIT_*; gfp is ignored. Always 0. */
int __must_check percpu_ref_init(struct percpu_ref *ref, percpu_ref_func_t *release,
				 unsigned flags, unsigned gfp);
void percpu_ref_exit(struct percpu_ref *ref);
void percpu_ref_get_many_at(struct percpu_ref *ref, unsigned long nr, const struct site *site);
/* Fails only when the count is zero. */
bool percpu_ref_tryget_at(struct percpu_ref *ref, const struct site *site);
/* Fails also once it has been killed. */
bool percpu_ref_tryget_live_at(struct percpu_ref *ref, const struct site *site);
void percpu_ref_put_many_at(struct percpu_ref *ref, unsigned long nr, const struct site *site);
void percpu_ref_kill_and_confirm_at(struct percpu_ref *ref, percpu_ref_func_t *confirm,
				    const struct site *site);
/* Alive again, from a killed state; takes the initial reference back. May sleep. */
void percpu_ref_resurrect_at(struct percpu_ref *ref, const struct site *site);
/* As resurrect, from a count of zero. */
void percpu_ref_reinit_at(struct percpu_ref *ref, const struct site *site);
bool percpu_ref_is_zero_at(struct percpu_ref *ref, const struct site *site);
bool percpu_ref_is_dying_at(struct percpu_ref *ref, const struct site *site);

#define percpu_ref_get(ref) percpu_ref_get_many_at((ref), 1, SITE("percpu_ref_get"))
#define percpu_ref_get_many(ref, n) \
	percpu_ref_get_many_at((ref), (n), SITE("percpu_ref_get_many"))
#define percpu_ref_tryget(ref) percpu_ref_tryget_at((ref), SITE("percpu_ref_tryget"))
#define percpu_ref_tryget_live(ref) \
	percpu_ref_tryget_live_at((ref), SITE("percpu_ref_tryget_live"))
#define percpu_ref_put(ref) percpu_ref_put_many_at((ref), 1, SITE("percpu_ref_put"))
#define percpu_ref_put_many(ref, n) \
	percpu_ref_put_many_at((ref), (n), SITE("percpu_ref_put_many"))
#define percpu_ref_kill(ref) \
	percpu_ref_kill_and_confirm_at((ref), NULL, SITE("percpu_ref_kill"))
#define percpu_ref_kill_and_confirm(ref, fn) \
	percpu_ref_kill_and_confirm_at((ref), (fn), SITE("percpu_ref_kill_and_confirm"))
#define percpu_ref_resurrect(ref) percpu_ref_resurrect_at((ref), SITE("percpu_ref_resurrect"))
#define percpu_ref_reinit(ref) percpu_ref_reinit_at((ref), SITE("percpu_ref_reinit"))
#define percpu_ref_is_zero(ref) percpu_ref_is_zero_at((ref), SITE("percpu_ref_is_zero"))
#define percpu_ref_is_dying(ref) percpu_ref_is_dying_at((ref), SITE("percpu_ref_is_dying"))

#endif
