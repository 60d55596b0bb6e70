/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The word of a spinlock and of a mutex. Bit 0: taken; the rest counts waiters,
 * in twos. Between the scheduling point and the exchange nothing else runs, so a
 * lock that was free at the point is taken at once.
 * A waiter counts itself before it looks again, and the unlock wakes one while
 * anybody is counted: no wake-up is lost.
 * Left out: queues and fairness; the schedule decides who gets the lock.
 */
#ifndef CORE_TREE_LOCK_WORD_H
#define CORE_TREE_LOCK_WORD_H

#include <linux/compiler.h>
#include "core/tree/seam.h"

#define LOCK_HELD 1u
#define LOCK_WAITER 2u
#define LOCK_WAKE_ALL ~0u

static __always_inline bool word_exchange(unsigned int *word, unsigned int *old, unsigned int new,
					  int order)
{
	return __atomic_compare_exchange_n(word, old, new, false, order, __ATOMIC_RELAXED);
}

static __always_inline unsigned int word_load(const unsigned int *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/* Takes the word if it is free. */
static __always_inline bool word_try(unsigned int *word)
{
	unsigned int v = word_load(word);

	while (!(v & LOCK_HELD)) {
		if (word_exchange(word, &v, v | LOCK_HELD, __ATOMIC_ACQUIRE))
			return true;
	}
	return false;
}

/* Gives the word back; returns its old value, or 0 if it was not taken. */
static __always_inline unsigned int word_release(unsigned int *word)
{
	unsigned int old = __atomic_fetch_and(word, ~LOCK_HELD, __ATOMIC_RELEASE);

	if (unlikely(!(old & LOCK_HELD)))
		return 0;
	if (unlikely(old != LOCK_HELD))
		seam_wake(word, 1);
	return old;
}

#endif
