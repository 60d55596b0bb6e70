// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: locks exclude whom they must and nobody else; trylocks say the truth; a
 * misuse is reported. Method: a section that notices company, under each lock, with a
 * twin that forgets it; outcomes show that readers do meet and that trylocks do fail.
 */
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "core/tree/test/shim_test.h"

#define COMPANY "somebody else is in the section"

static DEFINE_SPINLOCK(spin);
static DEFINE_RWLOCK(rwlock);
static DEFINE_MUTEX(mutex);
static DECLARE_RWSEM(rwsem);

static int writers, readers;

/* Two points lie inside, where others can come in if they may. */
static noinline void write_section(void)
{
	MUST(!READ_ONCE(writers) && !READ_ONCE(readers), COMPANY);
	WRITE_ONCE(writers, 1);
	MUST(READ_ONCE(writers) == 1 && !READ_ONCE(readers), COMPANY);
	WRITE_ONCE(writers, 0);
}

/* Readers count themselves by an atomic; outcome 1: two have met. */
static noinline void read_section(void)
{
	MUST(!READ_ONCE(writers), COMPANY);
	if (__atomic_add_fetch(&readers, 1, __ATOMIC_RELAXED) == 2)
		seam_selftest_saw(1);
	MUST(!READ_ONCE(writers), COMPANY);
	MUST(!READ_ONCE(writers), COMPANY);
	__atomic_sub_fetch(&readers, 1, __ATOMIC_RELAXED);
}

/* ---- spinlocks ------------------------------------------------------------------------ */

static void spin_holder(void)
{
	spin_lock(&spin);
	write_section();
	spin_unlock(&spin);
}

static void spin_forgetter(void)
{
	write_section();
}

/* Outcomes: 1 it was free, 2 it was not. */
static void spin_trier(void)
{
	if (!spin_trylock(&spin)) {
		seam_selftest_saw(2);
		return;
	}
	seam_selftest_saw(1);
	write_section();
	spin_unlock(&spin);
}

static void in_interrupt_spin(void *arg)
{
	shim_irq_enter();
	spin_lock(&spin);
	write_section();
	spin_unlock(&spin);
	shim_irq_exit();
	seam_selftest_saw(1);
}

static void irqsave_holder(void)
{
	unsigned long flags;

	seam_irq_queue(seam_cpu(), in_interrupt_spin, NULL, "test");
	spin_lock_irqsave(&spin, flags);
	MUST(irqs_disabled(), "interrupts are on under spin_lock_irqsave()");
	write_section();
	spin_unlock_irqrestore(&spin, flags);
	MUST(!irqs_disabled(), "interrupts stay off behind spin_unlock_irqrestore()");
}

static void irqsave_other(void)
{
	spin_lock_irq(&spin);
	write_section();
	spin_unlock_irq(&spin);
}

/* The interrupt may come while it holds the lock. */
static void irq_forgetter(void)
{
	seam_irq_queue(seam_cpu(), in_interrupt_spin, NULL, "test");
	spin_holder();
}

/* Nests: only the outer restore turns interrupts on. */
static void irq_nesting(void)
{
	unsigned long outer, inner;

	local_irq_save(outer);
	spin_lock_irqsave(&spin, inner);
	spin_unlock_irqrestore(&spin, inner);
	MUST(irqs_disabled(), "an inner restore turned interrupts on");
	local_irq_restore(outer);
	MUST(!irqs_disabled(), "the outer restore left interrupts off");
}

static void spin_twice(void)
{
	spin_lock(&spin);
	spin_lock(&spin);
}

static void spin_unlock_unlocked(void)
{
	spin_unlock(&spin);
}

static void spin_sleeper(void)
{
	spin_lock(&spin);
	might_sleep();
	spin_unlock(&spin);
}

/* ---- rwlocks -------------------------------------------------------------------------- */

static void rwlock_reader(void)
{
	read_lock(&rwlock);
	read_section();
	read_unlock(&rwlock);
}

static void rwlock_writer(void)
{
	write_lock(&rwlock);
	write_section();
	write_unlock(&rwlock);
}

/* A reader's lock is not enough to write. */
static void rwlock_wrong_writer(void)
{
	read_lock(&rwlock);
	write_section();
	read_unlock(&rwlock);
}

/* ---- mutexes -------------------------------------------------------------------------- */

static void mutex_holder(void)
{
	mutex_lock(&mutex);
	MUST(mutex_is_locked(&mutex), "a mutex that is held is not locked");
	write_section();
	mutex_unlock(&mutex);
}

static void mutex_trier(void)
{
	if (!mutex_trylock(&mutex)) {
		seam_selftest_saw(2);
		return;
	}
	seam_selftest_saw(1);
	write_section();
	mutex_unlock(&mutex);
}

static void mutex_under_spinlock(void)
{
	spin_lock(&spin);
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	spin_unlock(&spin);
}

/* Two locks in both orders: lockdep says so without the deadlock. */
static void mutex_then_rwsem(void)
{
	mutex_lock(&mutex);
	down_write(&rwsem);
	up_write(&rwsem);
	mutex_unlock(&mutex);
}

static void rwsem_then_mutex(void)
{
	down_write(&rwsem);
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	up_write(&rwsem);
}

/* ---- rwsems --------------------------------------------------------------------------- */

static void rwsem_reader(void)
{
	down_read(&rwsem);
	read_section();
	up_read(&rwsem);
}

static void rwsem_writer(void)
{
	down_write(&rwsem);
	write_section();
	up_write(&rwsem);
}

static void rwsem_wrong_writer(void)
{
	down_read(&rwsem);
	write_section();
	up_read(&rwsem);
}

/* After the downgrade readers come in (outcome 1) and writers do not. */
static void rwsem_downgrader(void)
{
	down_write(&rwsem);
	write_section();
	downgrade_write(&rwsem);
	read_section();
	up_read(&rwsem);
}

/* There is no upgrade: a reader's trylock for write fails, its own hold is enough. */
static void rwsem_upgrader(void)
{
	down_read(&rwsem);
	MUST(!down_write_trylock(&rwsem), "a reader has become a writer beside itself");
	up_read(&rwsem);
	if (down_write_trylock(&rwsem)) {
		seam_selftest_saw(2);
		write_section();
		up_write(&rwsem);
	}
}

#define CIRCULAR "WARNING: possible circular locking dependency detected in "

const struct tree_selftest shim_lock_tests[] = {
	SILENT(spin_excludes, 0, spin_holder, spin_holder, spin_holder),
	PLANTED(spin_forgotten, SELFTEST_FAILS(COMPANY),
		spin_holder, spin_forgetter),
	SILENT(spin_trylock, 3, spin_trier, spin_trier, spin_holder),
	SILENT(spin_irqsave, 1, irqsave_holder, irqsave_other),
	PLANTED(spin_irq_forgotten, "WARNING: inconsistent lock state in in_interrupt_spin",
		irq_forgetter),
	SILENT(spin_irq_nesting, 0, irq_nesting),
	PLANTED(spin_recursive, "WARNING: possible recursive locking detected in spin_twice",
		spin_twice),
	PLANTED(spin_unlock_unlocked, "WARNING: spinlock unlocked that is not locked in "
		"spin_unlock_unlocked",
		spin_unlock_unlocked),
	PLANTED(spin_sleeps, "BUG: sleeping function called from invalid context in spin_sleeper",
		spin_sleeper),
	SILENT(rwlock_shares_and_excludes, 1, rwlock_reader, rwlock_reader, rwlock_writer),
	PLANTED(rwlock_wrong, SELFTEST_FAILS(COMPANY),
		rwlock_wrong_writer, rwlock_reader),
	SILENT(mutex_excludes, 0, mutex_holder, mutex_holder, mutex_holder),
	PLANTED(mutex_forgotten, SELFTEST_FAILS(COMPANY),
		mutex_holder, spin_forgetter),
	SILENT(mutex_trylock, 3, mutex_trier, mutex_trier, mutex_holder),
	PLANTED(mutex_under_spinlock, "BUG: sleeping function called from invalid context in "
		"mutex_under_spinlock",
		mutex_under_spinlock),
	PLANTED(lock_order, CIRCULAR "rwsem_then_mutex|" CIRCULAR "mutex_then_rwsem",
		mutex_then_rwsem, rwsem_then_mutex),
	SILENT(lock_order_twin, 0, mutex_then_rwsem, mutex_then_rwsem),
	SILENT(rwsem_shares_and_excludes, 1, rwsem_reader, rwsem_reader, rwsem_writer),
	PLANTED(rwsem_wrong, SELFTEST_FAILS(COMPANY),
		rwsem_wrong_writer, rwsem_reader),
	SILENT(rwsem_downgrade, 1, rwsem_downgrader, rwsem_reader, rwsem_writer),
	SILENT(rwsem_upgrade, 2, rwsem_upgrader, rwsem_reader),
	{ .name = NULL },
};
