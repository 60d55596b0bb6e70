// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for kernel/locking/mutex.c. The word of lock_word.h lies in the low half
 * of owner. A waiter that leaves because of a signal does so only after it has
 * seen the mutex taken: the holder's unlock wakes the next waiter.
 * Left out: spinning, hand-off, ww_mutex, mutex_get_owner().
 * Instrumented: TSan takes the happens-before from the exchanges of the word.
 */
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "core/tree/shim/lock_word.h"
#include "core/tree/shim/shim.h"

static __always_inline unsigned int *mutex_word(struct mutex *lock)
{
	return (unsigned int *)&lock->owner.counter;
}

static __always_inline void mutex_point(struct mutex *lock, int event, unsigned long ip)
{
	seam_point(ip, event, mutex_word(lock), sizeof(unsigned int));
}

/* state: what the task sleeps as; decides which signals end the wait. */
static noinline int mutex_wait(struct mutex *lock, unsigned int state, unsigned long ip)
{
	unsigned int *word = mutex_word(lock);
	unsigned int v = __atomic_add_fetch(word, LOCK_WAITER, __ATOMIC_RELAXED);

	for (;;) {
		if (!(v & LOCK_HELD)) {
			if (word_exchange(word, &v, v - LOCK_WAITER + LOCK_HELD,
					  __ATOMIC_ACQUIRE))
				return 0;
			continue;
		}
		if (shim_signal_ends_sleep(state, ip)) {
			(void)__atomic_fetch_sub(word, LOCK_WAITER, __ATOMIC_RELAXED);
			return -EINTR;
		}
		seam_wait(ip, word, v, false, "mutex_lock");
		v = word_load(word);
	}
}

static int mutex_take(struct mutex *lock, unsigned int subclass, struct lockdep_map *nest,
		      unsigned int state, unsigned long ip)
{
	unsigned int old = 0;
	int ret = 0;

	seam_might_sleep(ip);
	mutex_point(lock, SEAM_LOCK, ip);
	shim_lock_acquire(&lock->dep_map, subclass, 0, 0, nest, ip);
	if (unlikely(!word_exchange(mutex_word(lock), &old, LOCK_HELD, __ATOMIC_ACQUIRE)))
		ret = mutex_wait(lock, state, ip);
	if (ret)
		shim_lock_release(&lock->dep_map, ip);
	return ret;
}

void mutex_lock_nested(struct mutex *lock, unsigned int subclass)
{
	(void)mutex_take(lock, subclass, NULL, TASK_UNINTERRUPTIBLE, _RET_IP_);
}

void _mutex_lock_nest_lock(struct mutex *lock, struct lockdep_map *nest)
{
	(void)mutex_take(lock, 0, nest, TASK_UNINTERRUPTIBLE, _RET_IP_);
}

void mutex_lock_io_nested(struct mutex *lock, unsigned int subclass)
{
	(void)mutex_take(lock, subclass, NULL, TASK_UNINTERRUPTIBLE, _RET_IP_);
}

int mutex_lock_interruptible_nested(struct mutex *lock, unsigned int subclass)
{
	return mutex_take(lock, subclass, NULL, TASK_INTERRUPTIBLE, _RET_IP_);
}

int _mutex_lock_killable(struct mutex *lock, unsigned int subclass, struct lockdep_map *nest)
{
	return mutex_take(lock, subclass, nest, TASK_KILLABLE, _RET_IP_);
}

int _mutex_trylock_nest_lock(struct mutex *lock, struct lockdep_map *nest)
{
	bool taken;

	mutex_point(lock, SEAM_TRYLOCK, _RET_IP_);
	taken = word_try(mutex_word(lock));
	if (taken)
		shim_lock_acquire(&lock->dep_map, 0, 1, 0, nest, _RET_IP_);
	seam_result(taken);
	return taken;
}

void mutex_unlock(struct mutex *lock)
{
	shim_lock_release(&lock->dep_map, _RET_IP_);
	mutex_point(lock, SEAM_UNLOCK, _RET_IP_);
	if (unlikely(!word_release(mutex_word(lock))))
		shim_lock_warn("mutex unlocked that is not locked", _RET_IP_);
}

int atomic_dec_and_mutex_lock(atomic_t *cnt, struct mutex *lock)
{
	if (atomic_add_unless(cnt, -1, 1))
		return 0;
	(void)mutex_take(lock, 0, NULL, TASK_UNINTERRUPTIBLE, _RET_IP_);
	if (atomic_dec_and_test(cnt))
		return 1;
	mutex_unlock(lock);
	return 0;
}

/* For assertions: no scheduling point. */
bool mutex_is_locked(struct mutex *lock)
{
	return word_load(mutex_word(lock)) & LOCK_HELD;
}

void mutex_init_lockdep(struct mutex *lock, const char *name, struct lock_class_key *key)
{
	lockdep_init_map_wait(&lock->dep_map, name, key, 0, LD_WAIT_SLEEP);
	lock->owner.counter = 0;
}

#ifdef CONFIG_DEBUG_MUTEXES
void mutex_destroy(struct mutex *lock)
{
	if (mutex_is_locked(lock))
		shim_lock_warn("mutex destroyed that is locked", _RET_IP_);
}
#endif
