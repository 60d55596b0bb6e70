// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for kernel/locking/lockdep.c: hands what the kernel tells its lockdep to
 * core/lockdep. A map's class_cache[0] is the slot that the glue owns, [1] is the
 * subclass that lockdep_set_subclass() gave to the whole lock.
 * Not tracked, as in the kernel: maps without validation, and acquisitions with
 * check == 0 (RCU's own maps; rcu.c answers for them).
 * Left out: pins, cmp_fn, cross-release, the override of wait types.
 * Locking: a map is written before its lock is used, or with the lock held. Not
 * instrumented: lockdep looks at a lock before it is taken.
 */
#include <linux/debug_locks.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sprintf.h>

#include "core/tree/shim/shim.h"

#define TITLE_SIZE 128

int debug_locks = 1;
int debug_locks_silent;
struct lock_class_key __lockdep_no_validate__;
struct lock_class_key __lockdep_no_track__;

/* The linker's bounds of the per-CPU template; weak: no such data, no bounds. */
extern char __start_swaprace_tree_percpu[] __weak;
extern char __stop_swaprace_tree_percpu[] __weak;

static void **map_slot(const struct lockdep_map *map)
{
	return (void **)&map->class_cache[0];
}

static unsigned int map_subclass(const struct lockdep_map *map, unsigned int subclass)
{
	return subclass ? subclass : (unsigned int)(unsigned long)map->class_cache[1];
}

static bool map_is_tracked(const struct lockdep_map *map)
{
	return map->key != &__lockdep_no_validate__ && map->key != &__lockdep_no_track__ &&
	       map->lock_type != LD_LOCK_WAIT_OVERRIDE;
}

/* All CPUs' copies of a static per-CPU lock are of one class: the template's. */
static void *map_canonical(struct lockdep_map *map)
{
	unsigned long size = __stop_swaprace_tree_percpu - __start_swaprace_tree_percpu;
	unsigned long start = (unsigned long)__start_swaprace_tree_percpu;
	unsigned int cpu;

	for (cpu = 0; cpu < SEAM_CPUS_MAX; cpu++) {
		unsigned long address = (unsigned long)map - seam_percpu_offset[cpu];

		if (address - start < size)
			return (void *)address;
	}
	return map;
}

void shim_lock_acquire(struct lockdep_map *map, unsigned int subclass, int trylock, int read,
		       struct lockdep_map *nest, unsigned long ip)
{
	if (unlikely(!map->key))
		map->key = map_canonical(map);
	if (unlikely(!map_is_tracked(map)))
		return;
	seam_lock_acquire(map_slot(map), map->key, map->name, map->wait_type_inner,
			  map_subclass(map, subclass), trylock, read,
			  nest ? map_slot(nest) : NULL, ip);
}

void shim_lock_release(struct lockdep_map *map, unsigned long ip)
{
	/* NULL: taken while lockdep did not look. */
	if (likely(*map_slot(map)))
		seam_lock_release(map_slot(map), ip);
}

/*
 * Headers pass _THIS_IP_, a label's address, which the compiler may make up. It is
 * good where a call (0xe8) ends there; else the event belongs to who called us.
 */
static unsigned long map_site(unsigned long ip, unsigned long caller)
{
	const unsigned char *code = (const unsigned char *)ip;

	return ip > PAGE_SIZE && code[-5] == 0xe8 ? ip : caller;
}

void lock_acquire(struct lockdep_map *map, unsigned int subclass, int trylock, int read, int check,
		  struct lockdep_map *nest, unsigned long ip)
{
	if (check)
		shim_lock_acquire(map, subclass, trylock, read, nest, map_site(ip, _RET_IP_));
}

void lock_release(struct lockdep_map *map, unsigned long ip)
{
	shim_lock_release(map, map_site(ip, _RET_IP_));
}

void lock_sync(struct lockdep_map *map, unsigned int subclass, int read, int check,
	       struct lockdep_map *nest, unsigned long ip)
{
	if (!check)
		return;
	shim_lock_acquire(map, subclass, 0, read, nest, map_site(ip, _RET_IP_));
	shim_lock_release(map, map_site(ip, _RET_IP_));
}

/* As if the writer had let go and got a read lock at once: no new dependency. */
void lock_downgrade(struct lockdep_map *map, unsigned long ip)
{
	shim_lock_release(map, ip);
	shim_lock_acquire(map, 0, 1, 1, NULL, ip);
}

void lock_set_class(struct lockdep_map *map, const char *name, struct lock_class_key *key,
		    unsigned int subclass, unsigned long ip)
{
	unsigned long site = map_site(ip, _RET_IP_);

	shim_lock_release(map, site);
	lockdep_init_map_type(map, name, key, subclass, map->wait_type_inner,
			      map->wait_type_outer, map->lock_type);
	shim_lock_acquire(map, 0, 1, 0, NULL, site);
}

void lockdep_init_map_type(struct lockdep_map *map, const char *name, struct lock_class_key *key,
			   int subclass, u8 inner, u8 outer, u8 lock_type)
{
	map->key = key;
	map->name = name;
	map->class_cache[0] = NULL;
	map->class_cache[1] = (struct lock_class *)(unsigned long)subclass;
	map->wait_type_inner = inner;
	map->wait_type_outer = outer;
	map->lock_type = lock_type;
}

/* Where lockdep does not look the answer silences either kind of assertion. */
int lock_is_held_type(const struct lockdep_map *map, int read)
{
	if (!seam_live() || !map_is_tracked(map))
		return LOCK_STATE_UNKNOWN;
	if (map == &rcu_lock_map)
		return shim_rcu_depth() != 0;
	if (map == &rcu_bh_lock_map)
		return in_softirq() || irqs_disabled();
	if (map == &rcu_sched_lock_map)
		return !preemptible();
	if (!*map_slot(map))
		return LOCK_STATE_NOT_HELD;
	return seam_lock_is_held(map_slot(map), read);
}

/* A queued rwlock lets a second read lock pass a waiting writer in interrupts alone. */
bool read_lock_is_recursive(void)
{
	return in_interrupt();
}

void shim_lock_warn(const char *what, unsigned long ip)
{
	char title[TITLE_SIZE];

	snprintf(title, sizeof(title), "WARNING: %s in %s", what, seam_func(ip));
	seam_warn(title, "");
}

void lockdep_rcu_suspicious(const char *file, const int line, const char *what)
{
	char title[TITLE_SIZE];

	snprintf(title, sizeof(title), "WARNING: suspicious RCU usage in %s",
		 seam_func(_RET_IP_));
	seam_warn(title, what);
}

int debug_locks_off(void)
{
	return 1;
}

/* The slab's free says so to the engine: seam_free(). */
void debug_check_no_locks_freed(const void *from, unsigned long len)
{
}

struct pin_cookie lock_pin_lock(struct lockdep_map *map)
{
	return (struct pin_cookie){ 0 };
}

void lock_repin_lock(struct lockdep_map *map, struct pin_cookie cookie)
{
}

void lock_unpin_lock(struct lockdep_map *map, struct pin_cookie cookie)
{
}

void lockdep_register_key(struct lock_class_key *key)
{
}

void lockdep_unregister_key(struct lock_class_key *key)
{
}

void lockdep_init_task(struct task_struct *task)
{
}

#ifdef CONFIG_PROVE_LOCKING
void lockdep_set_lock_cmp_fn(struct lockdep_map *map, lock_cmp_fn cmp, lock_print_fn print)
{
}
#endif

/* Which acquisition this is: asked to see whether a lock was dropped in between. */
u32 lock_sequence(struct lockdep_map *map)
{
	return 1;
}
