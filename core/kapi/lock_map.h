/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/lockdep.h: how kapi's locks speak to core/lockdep, and
 * the assertions the model uses. A lock has its map in a member dep_map. During
 * set-up lockdep does not look, and all of this says "fine".
 */
#ifndef CORE_KAPI_LOCK_MAP_H
#define CORE_KAPI_LOCK_MAP_H

#include "core/engine/context.h"
#include "core/kapi/barrier.h"

/* The word of a spinlock or mutex: taken, and how many wait. */
#define LOCK_HELD 1u
#define LOCK_WAITER 2u

/* A map in a static initialiser: the variable itself is the key of its class. */
#define LOCK_MAP_INIT(var, text, wait) \
	{ .key = (const struct lock_class_key *)&(var), .name = (text), .wait_inner = (wait) }

static inline void map_acquire(struct lockdep_map *map, unsigned subclass, bool trylock,
			       unsigned read, const struct site *site)
{
	struct lockdep_ctx *ctx = engine_lockdep_begin();

	if (ctx) {
		lock_acquire(ctx, map, subclass, trylock, read, NULL, site);
		engine_lockdep_end();
	}
}

static inline void map_acquire_nest(struct lockdep_map *map, struct lockdep_map *nest,
				    const struct site *site)
{
	struct lockdep_ctx *ctx = engine_lockdep_begin();

	if (ctx) {
		lock_acquire(ctx, map, 0, false, 0, nest, site);
		engine_lockdep_end();
	}
}

static inline void map_release(struct lockdep_map *map, const struct site *site)
{
	struct lockdep_ctx *ctx = engine_lockdep_begin();

	if (ctx) {
		lock_release(ctx, map, site);
		engine_lockdep_end();
	}
}

/* read: -1 any, 0 for write, 1 for read. True where lockdep does not look. */
bool lock_map_is_held(const struct lockdep_map *map, int read);
void lock_map_assert_held(const struct lockdep_map *map, int read, const char *func);
void lock_map_assert_not_held(const struct lockdep_map *map, const char *func);
void assert_not_preemptible_at(const char *func);
void assert_irqs_off_at(const char *func);

#define lockdep_is_held(l) lock_map_is_held(&(l)->dep_map, -1)
#define lockdep_is_held_type(l, r) lock_map_is_held(&(l)->dep_map, (r))
#define lockdep_assert_held(l) lock_map_assert_held(&(l)->dep_map, -1, __func__)
#define lockdep_assert_held_write(l) lock_map_assert_held(&(l)->dep_map, 0, __func__)
#define lockdep_assert_held_read(l) lock_map_assert_held(&(l)->dep_map, 1, __func__)
#define lockdep_assert_not_held(l) lock_map_assert_not_held(&(l)->dep_map, __func__)
#define lockdep_assert_preemption_disabled() assert_not_preemptible_at(__func__)
#define lockdep_assert_irqs_disabled() assert_irqs_off_at(__func__)
#define assert_spin_locked(l) lockdep_assert_held(l)

/* Gives a lock a class other than that of the place where it was initialised. */
#define lockdep_set_class(l, key_) \
	((void)((l)->dep_map.key = (key_), (l)->dep_map.cached_epoch = 0))
#define lockdep_set_class_and_name(l, key_, name_) \
	((void)(lockdep_set_class((l), (key_)), (l)->dep_map.name = (name_)))

#endif
