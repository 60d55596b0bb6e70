// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for kernel/locking/rwsem.c. Low half of count: bit 0 a writer, as the
 * kernel's own helpers expect; bit 1 somebody waits; the rest counts readers, in
 * fours. Who makes the semaphore free (or readable) clears the waiters' bit and
 * wakes all, who compete again: a wake-up is never passed on, so none gets lost.
 * A reader's release goes to a token of its own (the owner field) that only
 * writers acquire: a race between two readers must stay visible.
 * Left out: spinning, hand-off, owners; rwsem_is_contended() is always false.
 */
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "core/tree/shim/lock_word.h"
#include "core/tree/shim/shim.h"

#define RWSEM_WRITER 1u
#define RWSEM_WAITERS 2u
#define RWSEM_READER 4u
static_assert(RWSEM_WRITER == RWSEM_WRITER_LOCKED && RWSEM_UNLOCKED_VALUE == 0);

static __always_inline unsigned int *rwsem_word(struct rw_semaphore *sem)
{
	return (unsigned int *)&sem->count.counter;
}

static __always_inline void rwsem_point(struct rw_semaphore *sem, int event, unsigned long ip)
{
	seam_point(ip, event, rwsem_word(sem), sizeof(unsigned int));
}

/* v: the word as it was seen; updated if it fails. */
static __always_inline bool rwsem_try(struct rw_semaphore *sem, unsigned int *v, bool write)
{
	unsigned int busy = write ? ~RWSEM_WAITERS : RWSEM_WRITER;

	while (!(*v & busy)) {
		unsigned int new = write ? *v | RWSEM_WRITER : *v + RWSEM_READER;

		if (likely(word_exchange(rwsem_word(sem), v, new, __ATOMIC_ACQUIRE))) {
			if (write)
				seam_hb_acquire(&sem->owner);
			return true;
		}
	}
	return false;
}

static noinline int rwsem_wait(struct rw_semaphore *sem, bool write, unsigned int state,
			       unsigned long ip)
{
	unsigned int v = word_load(rwsem_word(sem));

	while (!rwsem_try(sem, &v, write)) {
		if (!(v & RWSEM_WAITERS)) {
			if (!word_exchange(rwsem_word(sem), &v, v | RWSEM_WAITERS,
					   __ATOMIC_RELAXED))
				continue;
			v |= RWSEM_WAITERS;
		}
		/* The bit may stay without a waiter: it costs a wake-up of nobody. */
		if (shim_signal_ends_sleep(state, ip))
			return -EINTR;
		seam_wait(ip, rwsem_word(sem), v, false, write ? "down_write" : "down_read");
		v = word_load(rwsem_word(sem));
	}
	return 0;
}

static int rwsem_down(struct rw_semaphore *sem, int subclass, struct lockdep_map *nest, bool write,
		      unsigned int state, unsigned long ip)
{
	unsigned int v;
	int ret = 0;

	seam_might_sleep(ip);
	rwsem_point(sem, SEAM_LOCK, ip);
	shim_lock_acquire(&sem->dep_map, subclass, 0, !write, nest, ip);
	v = word_load(rwsem_word(sem));
	if (unlikely(!rwsem_try(sem, &v, write)))
		ret = rwsem_wait(sem, write, state, ip);
	if (ret)
		shim_lock_release(&sem->dep_map, ip);
	return ret;
}

static int rwsem_trylock(struct rw_semaphore *sem, bool write, unsigned long ip)
{
	unsigned int v;
	bool taken;

	rwsem_point(sem, SEAM_TRYLOCK, ip);
	v = word_load(rwsem_word(sem));
	taken = rwsem_try(sem, &v, write);
	if (taken)
		shim_lock_acquire(&sem->dep_map, 0, 1, !write, NULL, ip);
	seam_result(taken);
	return taken;
}

static void rwsem_up_read(struct rw_semaphore *sem, unsigned long ip)
{
	unsigned int old, left;

	rwsem_point(sem, SEAM_UNLOCK, ip);
	seam_hb_release(&sem->owner);
	old = __atomic_fetch_sub(rwsem_word(sem), RWSEM_READER, __ATOMIC_RELAXED);
	if (unlikely(old < RWSEM_READER)) {
		shim_lock_warn("rwsem not held for read", ip);
		return;
	}
	left = old - RWSEM_READER;
	/* Who came in between keeps the bit and wakes at its own unlock. */
	if (unlikely(left == RWSEM_WAITERS) &&
	    word_exchange(rwsem_word(sem), &left, 0, __ATOMIC_RELAXED))
		seam_wake(rwsem_word(sem), LOCK_WAKE_ALL);
}

void down_read(struct rw_semaphore *sem)
{
	(void)rwsem_down(sem, 0, NULL, false, TASK_UNINTERRUPTIBLE, _RET_IP_);
}

int down_read_interruptible(struct rw_semaphore *sem)
{
	return rwsem_down(sem, 0, NULL, false, TASK_INTERRUPTIBLE, _RET_IP_);
}

int down_read_killable(struct rw_semaphore *sem)
{
	return rwsem_down(sem, 0, NULL, false, TASK_KILLABLE, _RET_IP_);
}

void down_read_nested(struct rw_semaphore *sem, int subclass)
{
	(void)rwsem_down(sem, subclass, NULL, false, TASK_UNINTERRUPTIBLE, _RET_IP_);
}

int down_read_killable_nested(struct rw_semaphore *sem, int subclass)
{
	return rwsem_down(sem, subclass, NULL, false, TASK_KILLABLE, _RET_IP_);
}

void down_write(struct rw_semaphore *sem)
{
	(void)rwsem_down(sem, 0, NULL, true, TASK_UNINTERRUPTIBLE, _RET_IP_);
}

int down_write_killable(struct rw_semaphore *sem)
{
	return rwsem_down(sem, 0, NULL, true, TASK_KILLABLE, _RET_IP_);
}

void down_write_nested(struct rw_semaphore *sem, int subclass)
{
	(void)rwsem_down(sem, subclass, NULL, true, TASK_UNINTERRUPTIBLE, _RET_IP_);
}

int down_write_killable_nested(struct rw_semaphore *sem, int subclass)
{
	return rwsem_down(sem, subclass, NULL, true, TASK_KILLABLE, _RET_IP_);
}

void _down_write_nest_lock(struct rw_semaphore *sem, struct lockdep_map *nest)
{
	(void)rwsem_down(sem, 0, nest, true, TASK_UNINTERRUPTIBLE, _RET_IP_);
}

int down_read_trylock(struct rw_semaphore *sem)
{
	return rwsem_trylock(sem, false, _RET_IP_);
}

int down_write_trylock(struct rw_semaphore *sem)
{
	return rwsem_trylock(sem, true, _RET_IP_);
}

void up_read(struct rw_semaphore *sem)
{
	shim_lock_release(&sem->dep_map, _RET_IP_);
	rwsem_up_read(sem, _RET_IP_);
}

void up_write(struct rw_semaphore *sem)
{
	unsigned int old;

	shim_lock_release(&sem->dep_map, _RET_IP_);
	rwsem_point(sem, SEAM_UNLOCK, _RET_IP_);
	old = __atomic_fetch_and(rwsem_word(sem), ~(RWSEM_WRITER | RWSEM_WAITERS),
				 __ATOMIC_RELEASE);
	if (unlikely(!(old & RWSEM_WRITER)))
		shim_lock_warn("rwsem not held for write", _RET_IP_);
	if (unlikely(old & RWSEM_WAITERS))
		seam_wake(rwsem_word(sem), LOCK_WAKE_ALL);
}

void downgrade_write(struct rw_semaphore *sem)
{
	unsigned int old;

	lock_downgrade(&sem->dep_map, _RET_IP_);
	rwsem_point(sem, SEAM_UNLOCK, _RET_IP_);
	old = __atomic_exchange_n(rwsem_word(sem), RWSEM_READER, __ATOMIC_RELEASE);
	if (unlikely(!(old & RWSEM_WRITER)))
		shim_lock_warn("rwsem not held for write", _RET_IP_);
	if (unlikely(old & RWSEM_WAITERS))
		seam_wake(rwsem_word(sem), LOCK_WAKE_ALL);
}

/* Another task gives it back: lockdep knows nothing of it, as in the kernel. */
void down_read_non_owner(struct rw_semaphore *sem)
{
	unsigned int v;

	seam_might_sleep(_RET_IP_);
	rwsem_point(sem, SEAM_LOCK, _RET_IP_);
	v = word_load(rwsem_word(sem));
	if (!rwsem_try(sem, &v, false))
		(void)rwsem_wait(sem, false, TASK_UNINTERRUPTIBLE, _RET_IP_);
}

void up_read_non_owner(struct rw_semaphore *sem)
{
	rwsem_up_read(sem, _RET_IP_);
}

void __init_rwsem(struct rw_semaphore *sem, const char *name, struct lock_class_key *key)
{
	lockdep_init_map_wait(&sem->dep_map, name, key, 0, LD_WAIT_SLEEP);
	sem->count.counter = RWSEM_UNLOCKED_VALUE;
	sem->owner.counter = 0;
}
