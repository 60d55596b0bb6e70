/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/filemap.c (folio_lock, folio_unlock, folio_wait_bit_common),
 * kernel/sched/wait_bit.c. See bit_lock.h. A waiter sets the waiters bit only
 * while the bit it waits for is set, in one exchange; who clears the bit takes
 * the waiters bit along and wakes all. So the waiters bit is never left behind.
 */
#include "core/kapi/bit_lock.h"
#include "core/kapi/sched.h"

#define WAITERS (1L << BIT_LOCK_WAITERS)

void bit_lock_init_key(struct lockdep_map *map, const char *name,
		       const struct lock_class_key *key)
{
	lockdep_init_map(map, name, key, LD_WAIT_SLEEP, LD_WAIT_INV);
}

/* What sleeps is the low half of the word (little-endian). */
static inline const volatile u32 *low_half(const atomic_long_t *word)
{
	return (const volatile u32 *)&word->counter;
}

/* Sleeps while the bit is set in v, the word's value as it was seen. */
static void bit_sleep(atomic_long_t *word, long v, const struct site *site, const char *what)
{
	if (!(v & WAITERS)) {
		if (!engine_cmpxchg(&word->counter, &v, v | WAITERS, ENGINE_RELAXED,
				    ENGINE_RELAXED))
			return;
		v |= WAITERS;
	}
	engine_wait(site, low_half(word), (u32)v, false, what);
}

static inline bool bit_try(atomic_long_t *word, long mask, long *v, int order)
{
	while (!(*v & mask))
		if (likely(engine_cmpxchg(&word->counter, v, *v | mask, order, ENGINE_RELAXED)))
			return true;
	return false;
}

static int bit_lock_any(atomic_long_t *word, unsigned bit, struct lockdep_map *map,
			unsigned subclass, bool killable, const struct site *site)
{
	long mask = 1L << bit, v;

	might_sleep_at(site);
	engine_point(site, EV_LOCK, word, sizeof(*word));
	map_acquire(map, subclass, false, 0, site);
	v = engine_load_relaxed(&word->counter);
	while (!bit_try(word, mask, &v, HB_ORDER(BIT_LOCK, ENGINE_ACQUIRE))) {
		if (killable && signal_pending_at(current, site)) {
			map_release(map, site);
			return -EINTR;
		}
		bit_sleep(word, v, site, "bit_lock");
		v = engine_load_relaxed(&word->counter);
	}
	return 0;
}

void bit_lock_at(atomic_long_t *word, unsigned bit, struct lockdep_map *map, unsigned subclass,
		 const struct site *site)
{
	(void)bit_lock_any(word, bit, map, subclass, false, site);
}

int bit_lock_killable_at(atomic_long_t *word, unsigned bit, struct lockdep_map *map,
			 const struct site *site)
{
	return bit_lock_any(word, bit, map, 0, true, site);
}

bool bit_trylock_at(atomic_long_t *word, unsigned bit, struct lockdep_map *map,
		    const struct site *site)
{
	long v;
	bool ok;

	engine_point(site, EV_TRYLOCK, word, sizeof(*word));
	v = engine_load_relaxed(&word->counter);
	ok = bit_try(word, 1L << bit, &v, HB_ORDER(BIT_TRYLOCK, ENGINE_ACQUIRE));
	if (ok)
		map_acquire(map, 0, true, 0, site);
	engine_result(ok);
	return ok;
}

void bit_wake(atomic_long_t *word, unsigned bit)
{
	long old = engine_load_relaxed(&word->counter);

	(void)bit;
	if (likely(!(old & WAITERS)))
		return;
	engine_fetch_and(&word->counter, ~WAITERS, ENGINE_RELAXED);
	engine_wake(low_half(word), ~0u);
}

static inline void bit_clear(atomic_long_t *word, unsigned bit, const struct site *site)
{
	long mask = 1L << bit, old;

	old = engine_fetch_and(&word->counter, ~(mask | WAITERS),
			       HB_ORDER(BIT_UNLOCK, ENGINE_RELEASE));
	if (unlikely(old & WAITERS))
		engine_wake(low_half(word), ~0u);
	if (unlikely(!(old & mask)))
		report_warn("bit lock is not locked", site->func, "");
}

void bit_unlock_at(atomic_long_t *word, unsigned bit, struct lockdep_map *map,
		   const struct site *site)
{
	if (map)
		map_release(map, site);
	engine_point(site, EV_UNLOCK, word, sizeof(*word));
	bit_clear(word, bit, site);
}

void bit_clear_and_wake_at(atomic_long_t *word, unsigned bit, const struct site *site)
{
	engine_point(site, EV_RMW, word, sizeof(*word));
	bit_clear(word, bit, site);
}

void bit_lock_handoff_at(struct lockdep_map *map, const struct site *site)
{
	map_release(map, site);
}

void bit_wait_at(atomic_long_t *word, unsigned bit, const struct site *site)
{
	long mask = 1L << bit, v;

	might_sleep_at(site);
	engine_point(site, EV_WAIT, word, sizeof(*word));
	for (;;) {
		v = __atomic_load_n(&word->counter, HB_ORDER(BIT_WAIT, ENGINE_ACQUIRE));
		if (!(v & mask))
			return;
		bit_sleep(word, v, site, "bit_wait");
	}
}
