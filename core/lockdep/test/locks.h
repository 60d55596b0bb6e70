/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the tests of lockdep share: contexts A to D and the locks a to e, each
 * a class of its own, and short words for what a context does. The function
 * that uses a word is the function of the report's title.
 */
#ifndef CORE_LOCKDEP_TEST_LOCKS_H
#define CORE_LOCKDEP_TEST_LOCKS_H

#include "core/base/test.h"
#include "core/lockdep/lockdep.h"

static struct lockdep_ctx A, B, C, D, HARD, SOFT;
static struct lockdep_map a, b, c, d, e, m, n;
static struct lock_class_key key_a, key_b, key_c, key_d, key_e, key_m, key_n;

#define RECURSION "WARNING: possible recursive locking detected in "
#define CIRCULAR "WARNING: possible circular locking dependency detected in "

/* A new run: nothing held, nothing known. a to e are spinlocks, m and n sleep. */
static inline void fresh(void)
{
	lockdep_reset();
	lockdep_ctx_reset(&A, "task A", 0);
	lockdep_ctx_reset(&B, "task B", 0);
	lockdep_ctx_reset(&C, "task C", 0);
	lockdep_ctx_reset(&D, "task D", 0);
	lockdep_ctx_reset(&HARD, "irq0", 2);
	lockdep_ctx_reset(&SOFT, "rcu", 1);
	snprintf(A.label, sizeof(A.label), "A1");
	snprintf(B.label, sizeof(B.label), "B1");
	lockdep_init_map(&a, "a", &key_a, LD_WAIT_CONFIG, LD_WAIT_INV);
	lockdep_init_map(&b, "b", &key_b, LD_WAIT_CONFIG, LD_WAIT_INV);
	lockdep_init_map(&c, "c", &key_c, LD_WAIT_CONFIG, LD_WAIT_INV);
	lockdep_init_map(&d, "d", &key_d, LD_WAIT_CONFIG, LD_WAIT_INV);
	lockdep_init_map(&e, "e", &key_e, LD_WAIT_CONFIG, LD_WAIT_INV);
	lockdep_init_map(&m, "m", &key_m, LD_WAIT_SLEEP, LD_WAIT_INV);
	lockdep_init_map(&n, "n", &key_n, LD_WAIT_SLEEP, LD_WAIT_INV);
}

#define LOCK(ctx, l) lock_acquire(&(ctx), &(l), 0, false, 0, NULL, SITE("spin_lock"))
#define TRY(ctx, l) lock_acquire(&(ctx), &(l), 0, true, 0, NULL, SITE("spin_trylock"))
#define READ(ctx, l) lock_acquire(&(ctx), &(l), 0, false, 1, NULL, SITE("down_read"))
#define RREAD(ctx, l) lock_acquire(&(ctx), &(l), 0, false, 2, NULL, SITE("read_lock"))
#define SUB(ctx, l, s) lock_acquire(&(ctx), &(l), (s), false, 0, NULL, SITE("spin_lock_nested"))
#define NEST(ctx, l, nest) \
	lock_acquire(&(ctx), &(l), 0, false, 0, &(nest), SITE("spin_lock_nest_lock"))
#define UNLOCK(ctx, l) lock_release(&(ctx), &(l), SITE("spin_unlock"))
#define IRQ_OFF(ctx) lockdep_hardirqs_off(&(ctx), SITE("local_irq_disable"))
#define IRQ_ON(ctx) lockdep_hardirqs_on(&(ctx), SITE("local_irq_enable"))
#define BH_OFF(ctx) lockdep_softirqs_off(&(ctx), SITE("local_bh_disable"))
#define BH_ON(ctx) lockdep_softirqs_on(&(ctx), SITE("local_bh_enable"))

/* Takes and releases a lock, or a pair of locks one inside the other. */
#define ONE(ctx, l) do { LOCK(ctx, l); UNLOCK(ctx, l); } while (0)
#define PAIR(ctx, l1, l2) \
	do { LOCK(ctx, l1); LOCK(ctx, l2); UNLOCK(ctx, l2); UNLOCK(ctx, l1); } while (0)

#endif
