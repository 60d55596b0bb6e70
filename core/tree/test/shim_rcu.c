// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a grace period waits for the readers that were there, and for nobody else; a
 * callback runs after it. Method: readers of an object that an updater takes away and
 * marks as dead, with twins that do not wait.
 */
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "core/tree/test/shim_test.h"

#define SAW_DEAD "a reader saw a dead object"

static struct object {
	struct rcu_head rcu;
	int alive;
} first = { .alive = 1 };
static struct object *shared = &first;
static int callback_ran;

static noinline void look(void)
{
	struct object *object = READ_ONCE(shared);

	if (!object)
		return;
	MUST(READ_ONCE(object->alive), SAW_DEAD);
	MUST(READ_ONCE(object->alive), SAW_DEAD);
	seam_selftest_saw(1);
}

static void rcu_reader(void)
{
	rcu_read_lock();
	rcu_read_lock();
	rcu_read_unlock();
	look();
	rcu_read_unlock();
}

static void preempt_reader(void)
{
	preempt_disable();
	look();
	preempt_enable();
}

static void updater(void)
{
	WRITE_ONCE(shared, NULL);
	synchronize_rcu();
	WRITE_ONCE(first.alive, 0);
	seam_selftest_saw(2);
}

static void hasty_updater(void)
{
	WRITE_ONCE(shared, NULL);
	WRITE_ONCE(first.alive, 0);
}

static void object_dies(struct rcu_head *head)
{
	WRITE_ONCE(container_of(head, struct object, rcu)->alive, 0);
	WRITE_ONCE(callback_ran, 1);
}

/* Outcome 4: the callback came later than call_rcu(). */
static void callback_updater(void)
{
	WRITE_ONCE(shared, NULL);
	call_rcu(&first.rcu, object_dies);
	if (!READ_ONCE(callback_ran))
		seam_selftest_saw(4);
	rcu_barrier();
	MUST(READ_ONCE(callback_ran), "rcu_barrier() did not wait for a callback");
}

/* The twin of rcu_barrier(). */
static void barrier_forgetter(void)
{
	call_rcu(&first.rcu, object_dies);
	MUST(READ_ONCE(callback_ran), "the callback has not run");
}

/* An object that is freed a grace period later may be looked at until then. */
static struct object *published;

static void kfree_updater(void)
{
	struct object *object = kzalloc(sizeof(*object), GFP_KERNEL | __GFP_NOFAIL);

	object->alive = 1;
	smp_store_release(&published, object);
	object = xchg(&published, NULL);
	kfree_rcu(object, rcu);
}

static void kfree_hasty_updater(void)
{
	struct object *object = kzalloc(sizeof(*object), GFP_KERNEL | __GFP_NOFAIL);

	object->alive = 1;
	smp_store_release(&published, object);
	object = xchg(&published, NULL);
	kfree(object);
}

static void kfree_reader(void)
{
	struct object *object;

	rcu_read_lock();
	object = smp_load_acquire(&published);
	if (object) {
		MUST(READ_ONCE(object->alive) == 1, SAW_DEAD);
		MUST(READ_ONCE(object->alive) == 1, SAW_DEAD);
		seam_selftest_saw(1);
	}
	rcu_read_unlock();
}

static void waits_inside(void)
{
	rcu_read_lock();
	synchronize_rcu();
	rcu_read_unlock();
}

static void unlock_unlocked(void)
{
	rcu_read_unlock();
}

const struct tree_selftest shim_rcu_tests[] = {
	SILENT(rcu_waits_for_readers, 3, rcu_reader, updater, rcu_reader),
	SILENT(rcu_waits_for_preempt_off, 3, preempt_reader, updater, preempt_reader),
	PLANTED(rcu_not_waited_for, SELFTEST_FAILS(SAW_DEAD),
		rcu_reader, hasty_updater),
	SILENT(call_rcu, 5, rcu_reader, callback_updater, rcu_reader),
	PLANTED(rcu_barrier_forgotten, SELFTEST_FAILS("the callback has not run"),
		barrier_forgetter),
	SILENT(kfree_rcu, 1, kfree_reader, kfree_updater, kfree_reader),
	PLANTED(kfree_in_place_of_kfree_rcu, SELFTEST_FAILS(SAW_DEAD),
		kfree_reader, kfree_hasty_updater),
	PLANTED(rcu_waits_for_itself, "WARNING: suspicious RCU usage in waits_inside",
		waits_inside),
	PLANTED(rcu_unlock_unlocked, "WARNING: bad unlock balance detected in unlock_unlocked",
		unlock_unlocked),
	{ .name = NULL },
};
