/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/wait_bit.h and mm/filemap.c (folio_lock, folio_unlock,
 * folio_wait_bit): a sleeping lock that is one of the low 32 bits of an
 * atomic_long_t, and waits for such a bit to become clear. Waiters sleep on the
 * word itself and set BIT_LOCK_WAITERS in it, so that an unlock without waiters
 * wakes nobody (the kernel's PG_waiters; here its last user always clears it).
 * The lock may be handed to an I/O completion: bit_lock_handoff() takes it off
 * the task's held locks, and whoever unlocks passes a NULL map.
 */
#ifndef CORE_KAPI_BIT_LOCK_H
#define CORE_KAPI_BIT_LOCK_H

#include "core/kapi/atomic.h"
#include "core/kapi/lock_map.h"

/* Reserved in every word that holds such a lock. */
#define BIT_LOCK_WAITERS 31

void bit_lock_init_key(struct lockdep_map *map, const char *name,
		       const struct lock_class_key *key);
#define bit_lock_init(map, name)                                                  \
	do {                                                                      \
		static const struct lock_class_key key_;                          \
		bit_lock_init_key((map), (name), &key_);                          \
	} while (0)

void bit_lock_at(atomic_long_t *word, unsigned bit, struct lockdep_map *map, unsigned subclass,
		 const struct site *site);
/* -EINTR where a signal arrives while it would sleep. */
int __must_check bit_lock_killable_at(atomic_long_t *word, unsigned bit,
				      struct lockdep_map *map, const struct site *site);
bool bit_trylock_at(atomic_long_t *word, unsigned bit, struct lockdep_map *map,
		    const struct site *site);
/* map NULL: the lock was handed over before. */
void bit_unlock_at(atomic_long_t *word, unsigned bit, struct lockdep_map *map,
		   const struct site *site);
void bit_lock_handoff_at(struct lockdep_map *map, const struct site *site);
#define bit_lock_handoff(map) bit_lock_handoff_at((map), SITE("bit_lock_handoff"))

/* Sleeps until the bit is clear; what cleared it happened before. */
void bit_wait_at(atomic_long_t *word, unsigned bit, const struct site *site);
/* Wakes who waits for the bit; the caller has cleared it, with release order. */
void bit_wake(atomic_long_t *word, unsigned bit);
/* Clears the bit with release order and wakes: one event. */
void bit_clear_and_wake_at(atomic_long_t *word, unsigned bit, const struct site *site);

#endif
