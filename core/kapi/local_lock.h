/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/local_lock.h: a lock on this CPU's part of per-CPU data.
 * It keeps other tasks of this CPU off (and with _irq its interrupts), nothing
 * else. The argument names the template: local_lock(&pcp_data.lock).
 * Happens-before is the CPU's token, which the engine carries.
 */
#ifndef CORE_KAPI_LOCAL_LOCK_H
#define CORE_KAPI_LOCAL_LOCK_H

#include "core/kapi/lock_map.h"
#include "core/kapi/percpu.h"

typedef struct __capability("local_lock") local_lock {
	u32 held;            /* of this CPU's copy; marked, gives no order */
	struct lockdep_map dep_map;
} local_lock_t;

/* lockname: the variable's member, "fbatches.lock"; also the key of the class. */
#define INIT_LOCAL_LOCK(lockname) \
	{ .held = 0, .dep_map = LOCK_MAP_INIT(lockname, #lockname, LD_WAIT_CONFIG) }

void local_lock_at(local_lock_t *lock, const struct site *site) __acquires(lock);
void local_unlock_at(local_lock_t *lock, const struct site *site) __releases(lock);
bool local_trylock_at(local_lock_t *lock, const struct site *site) __cond_acquires(true, lock);
void local_lock_irq_at(local_lock_t *lock, const struct site *site) __acquires(lock);
void local_unlock_irq_at(local_lock_t *lock, const struct site *site) __releases(lock);
void local_lock_assert_held(const local_lock_t *lock, const char *func);

#define local_lock(lock) local_lock_at((lock), SITE("local_lock"))
#define local_unlock(lock) local_unlock_at((lock), SITE("local_unlock"))
#define local_trylock(lock) local_trylock_at((lock), SITE("local_trylock"))
#define local_lock_irq(lock) local_lock_irq_at((lock), SITE("local_lock_irq"))
#define local_unlock_irq(lock) local_unlock_irq_at((lock), SITE("local_unlock_irq"))
#define local_lock_irqsave(lock, flags)                                           \
	do {                                                                      \
		(flags) = engine_irqs_off();                                      \
		local_lock_irq_at((lock), SITE("local_lock_irqsave"));            \
	} while (0)
#define local_unlock_irqrestore(lock, flags)                                      \
	do {                                                                      \
		(void)(flags);                                                    \
		local_unlock_irq_at((lock), SITE("local_unlock_irqrestore"));     \
	} while (0)
/* lockdep_assert_held() for a local lock, which is named by its template. */
#define lockdep_assert_local_held(lock) local_lock_assert_held((lock), __func__)

#endif
