// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for the rwlocks of kernel/locking/spinlock.c and qrwlock.c. Bit 0 of the
 * word: a writer; bit 1: somebody waits; the rest counts readers, in fours. Who
 * makes the lock free clears the waiters' bit and wakes all, who compete again.
 * A reader's release goes to a token of its own that only writers acquire: a race
 * between two readers must stay visible.
 * Left out: fairness. A reader gets in while a writer waits; lockdep still takes
 * a second read_lock() of one task for the deadlock that it is with queues.
 */
#include <linux/spinlock.h>

#include "core/tree/shim/lock_word.h"
#include "core/tree/shim/shim.h"

#define RW_WRITER 1u
#define RW_WAITERS 2u
#define RW_READER 4u

static __always_inline unsigned int *rw_word(rwlock_t *lock)
{
	return &lock->raw_lock.word;
}

static __always_inline void rw_point(rwlock_t *lock, int event, unsigned long ip)
{
	seam_point(ip, event, rw_word(lock), sizeof(unsigned int));
}

/* v: the word as it was seen; updated if it fails. */
static __always_inline bool rw_try(rwlock_t *lock, unsigned int *v, bool write)
{
	unsigned int busy = write ? ~RW_WAITERS : RW_WRITER;

	while (!(*v & busy)) {
		unsigned int new = write ? *v | RW_WRITER : *v + RW_READER;

		if (word_exchange(rw_word(lock), v, new, __ATOMIC_ACQUIRE)) {
			if (write)
				seam_hb_acquire(&lock->raw_lock.readers_token);
			return true;
		}
	}
	return false;
}

static void rw_take(rwlock_t *lock, int subclass, bool write, unsigned long ip)
{
	unsigned int v;

	shim_lock_acquire(&lock->dep_map, subclass, 0,
			  write ? 0 : read_lock_is_recursive() ? 2 : 1, NULL, ip);
	v = word_load(rw_word(lock));
	while (!rw_try(lock, &v, write)) {
		if (!(v & RW_WAITERS)) {
			if (!word_exchange(rw_word(lock), &v, v | RW_WAITERS, __ATOMIC_RELAXED))
				continue;
			v |= RW_WAITERS;
		}
		seam_wait(ip, rw_word(lock), v, true, write ? "write_lock" : "read_lock");
		v = word_load(rw_word(lock));
	}
}

static void read_give(rwlock_t *lock, unsigned long ip)
{
	unsigned int old, left;

	shim_lock_release(&lock->dep_map, ip);
	rw_point(lock, SEAM_UNLOCK, ip);
	seam_hb_release(&lock->raw_lock.readers_token);
	old = __atomic_fetch_sub(rw_word(lock), RW_READER, __ATOMIC_RELAXED);
	if (unlikely(old < RW_READER)) {
		shim_lock_warn("rwlock not held for read", ip);
		return;
	}
	left = old - RW_READER;
	/* Who came in between keeps the bit and wakes at its own unlock. */
	if (unlikely(left == RW_WAITERS) &&
	    word_exchange(rw_word(lock), &left, 0, __ATOMIC_RELAXED))
		seam_wake(rw_word(lock), LOCK_WAKE_ALL);
}

static void write_give(rwlock_t *lock, unsigned long ip)
{
	unsigned int old;

	shim_lock_release(&lock->dep_map, ip);
	rw_point(lock, SEAM_UNLOCK, ip);
	old = __atomic_fetch_and(rw_word(lock), ~(RW_WRITER | RW_WAITERS), __ATOMIC_RELEASE);
	if (unlikely(!(old & RW_WRITER)))
		shim_lock_warn("rwlock not held for write", ip);
	if (unlikely(old & RW_WAITERS))
		seam_wake(rw_word(lock), LOCK_WAKE_ALL);
}

static int rw_trylock(rwlock_t *lock, bool write, unsigned long ip)
{
	unsigned int v;
	bool taken;

	rw_point(lock, SEAM_TRYLOCK, ip);
	seam_preempt_off();
	v = word_load(rw_word(lock));
	taken = rw_try(lock, &v, write);
	if (taken)
		shim_lock_acquire(&lock->dep_map, 0, 1,
				  write ? 0 : read_lock_is_recursive() ? 2 : 1, NULL, ip);
	seam_result(taken);
	if (!taken)
		seam_preempt_on(ip);
	return taken;
}

int _raw_read_trylock(rwlock_t *lock)
{
	return rw_trylock(lock, false, _RET_IP_);
}

int _raw_write_trylock(rwlock_t *lock)
{
	return rw_trylock(lock, true, _RET_IP_);
}

/* ---- lock, with what goes off beside preemption ------------------------------------- */

static void rw_lock(rwlock_t *lock, int subclass, bool write, unsigned long ip)
{
	rw_point(lock, SEAM_LOCK, ip);
	seam_preempt_off();
	rw_take(lock, subclass, write, ip);
}

static void rw_lock_bh(rwlock_t *lock, bool write, unsigned long ip)
{
	rw_point(lock, SEAM_LOCK, ip);
	seam_bh_off();
	seam_preempt_off();
	rw_take(lock, 0, write, ip);
}

static unsigned long rw_lock_irqsave(rwlock_t *lock, bool write, unsigned long ip)
{
	unsigned long flags;

	rw_point(lock, SEAM_LOCK, ip);
	flags = shim_irq_save();
	seam_preempt_off();
	rw_take(lock, 0, write, ip);
	return flags;
}

void _raw_read_lock(rwlock_t *lock)
{
	rw_lock(lock, 0, false, _RET_IP_);
}

void _raw_write_lock(rwlock_t *lock)
{
	rw_lock(lock, 0, true, _RET_IP_);
}

void _raw_write_lock_nested(rwlock_t *lock, int subclass)
{
	rw_lock(lock, subclass, true, _RET_IP_);
}

void _raw_read_lock_bh(rwlock_t *lock)
{
	rw_lock_bh(lock, false, _RET_IP_);
}

void _raw_write_lock_bh(rwlock_t *lock)
{
	rw_lock_bh(lock, true, _RET_IP_);
}

void _raw_read_lock_irq(rwlock_t *lock)
{
	(void)rw_lock_irqsave(lock, false, _RET_IP_);
}

void _raw_write_lock_irq(rwlock_t *lock)
{
	(void)rw_lock_irqsave(lock, true, _RET_IP_);
}

unsigned long _raw_read_lock_irqsave(rwlock_t *lock)
{
	return rw_lock_irqsave(lock, false, _RET_IP_);
}

unsigned long _raw_write_lock_irqsave(rwlock_t *lock)
{
	return rw_lock_irqsave(lock, true, _RET_IP_);
}

/* ---- unlock ------------------------------------------------------------------------- */

void _raw_read_unlock(rwlock_t *lock)
{
	read_give(lock, _RET_IP_);
	seam_preempt_on(_RET_IP_);
}

void _raw_write_unlock(rwlock_t *lock)
{
	write_give(lock, _RET_IP_);
	seam_preempt_on(_RET_IP_);
}

void _raw_read_unlock_bh(rwlock_t *lock)
{
	read_give(lock, _RET_IP_);
	seam_preempt_on(_RET_IP_);
	seam_bh_on(_RET_IP_);
}

void _raw_write_unlock_bh(rwlock_t *lock)
{
	write_give(lock, _RET_IP_);
	seam_preempt_on(_RET_IP_);
	seam_bh_on(_RET_IP_);
}

void _raw_read_unlock_irq(rwlock_t *lock)
{
	read_give(lock, _RET_IP_);
	shim_irq_enable(_RET_IP_);
	seam_preempt_on(_RET_IP_);
}

void _raw_write_unlock_irq(rwlock_t *lock)
{
	write_give(lock, _RET_IP_);
	shim_irq_enable(_RET_IP_);
	seam_preempt_on(_RET_IP_);
}

void _raw_read_unlock_irqrestore(rwlock_t *lock, unsigned long flags)
{
	read_give(lock, _RET_IP_);
	shim_irq_restore(flags, _RET_IP_);
	seam_preempt_on(_RET_IP_);
}

void _raw_write_unlock_irqrestore(rwlock_t *lock, unsigned long flags)
{
	write_give(lock, _RET_IP_);
	shim_irq_restore(flags, _RET_IP_);
	seam_preempt_on(_RET_IP_);
}

#ifdef CONFIG_DEBUG_SPINLOCK
void __rwlock_init(rwlock_t *lock, const char *name, struct lock_class_key *key)
{
	lockdep_init_map_wait(&lock->dep_map, name, key, 0, LD_WAIT_CONFIG);
	lock->raw_lock.word = 0;
}
#endif
