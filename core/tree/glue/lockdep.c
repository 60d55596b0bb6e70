// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lockdep: a map of ours beside each map of the kernel's, found through a field of
 * the latter that the glue owns. It is made at the first acquire and lives as long
 * as the run: a lock in memory that was freed and given out again is initialised,
 * which empties the field, and gets a new one.
 */
#include <string.h>

#include "core/tree/glue/glue.h"

#define LOCK_MAPS_MAX 32768u

/* The kernel's wait types without PROVE_RAW_LOCK_NESTING: both kinds of spinlocks
 * are one type there. */
enum kernel_wait { KERNEL_WAIT_INV, KERNEL_WAIT_FREE, KERNEL_WAIT_SPIN, KERNEL_WAIT_SLEEP };

static struct lockdep_map lock_maps[LOCK_MAPS_MAX];
static u32 nlock_maps;

void lockdep_maps_reset(void)
{
	nlock_maps = 0;
}

bool lockdep_maps_used(void)
{
	return nlock_maps != 0;
}

static enum lockdep_wait wait_type(int inner)
{
	BUG_ON(inner < KERNEL_WAIT_INV);
	if (inner >= KERNEL_WAIT_SLEEP)
		return LD_WAIT_SLEEP;
	return inner == KERNEL_WAIT_SPIN ? LD_WAIT_CONFIG : (enum lockdep_wait)inner;
}

static struct lockdep_map *map_make(void **slot, const void *key, const char *name, int inner)
{
	struct lockdep_map *map;

	if (unlikely(nlock_maps == LOCK_MAPS_MAX)) {
		reportf("tree: too many lock maps", "no room for %s\n", name);
		nlock_maps = 0; /* only outside of a run: there a report comes back */
	}
	map = &lock_maps[nlock_maps++];
	lockdep_init_map(map, name ? name : "?", key ? key : (const void *)slot, wait_type(inner), 0);
	*slot = map;
	return map;
}

void seam_lock_acquire(void **slot, const void *key, const char *name, int inner,
		       unsigned subclass, int trylock, int read, void **nest, unsigned long ip)
{
	struct lockdep_ctx *ctx = engine_lockdep_begin();
	struct lockdep_map *map;

	if (!ctx)
		return;
	map = likely(*slot) ? *slot : map_make(slot, key, name, inner);
	lock_acquire(ctx, map, subclass, trylock != 0, (unsigned)read, nest ? *nest : NULL,
		     glue_site(ip, "lock"));
	engine_lockdep_end();
}

void seam_lock_release(void **slot, unsigned long ip)
{
	struct lockdep_ctx *ctx = engine_lockdep_begin();

	if (!ctx)
		return;
	if (*slot)
		lock_release(ctx, *slot, glue_site(ip, "unlock"));
	engine_lockdep_end();
}

int seam_lock_is_held(void **slot, int read)
{
	const struct lockdep_ctx *ctx = engine_lockdep_ctx();

	if (!ctx || engine_events_off)
		return 1;
	return *slot && lock_is_held_type(ctx, *slot, read);
}

int seam_rcu_is_held(void)
{
	return !engine_lockdep_ctx() || engine_events_off || engine_rcu_watching();
}
