/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/workqueue.h. One queue; work runs where a task of the
 * program calls run_pending_work(), because background work is explicit tasks.
 * Deviation: flush_work() runs the work itself where it is still queued (no
 * worker might ever come), and waits where another task is running it. A work
 * item is never run by two tasks at once.
 */
#ifndef CORE_KAPI_WORKQUEUE_H
#define CORE_KAPI_WORKQUEUE_H

#include "core/kapi/atomic.h"
#include "core/kapi/list.h"
#include "core/kapi/lock_map.h"

struct work_struct;
typedef void (*work_func_t)(struct work_struct *work);

struct work_struct {
	atomic_long_t pending;      /* 1: queued; set by whoever queues it */
	struct list_head entry;     /* work_lock */
	work_func_t func;
	struct lockdep_map dep_map; /* held while it runs and while it is flushed */
};
struct workqueue_struct;
#define system_wq ((struct workqueue_struct *)0)
#define system_unbound_wq ((struct workqueue_struct *)0)

void init_work_key(struct work_struct *work, work_func_t func, const char *name,
		   const struct lock_class_key *key);
#define INIT_WORK(work, func)                                                     \
	do {                                                                      \
		static const struct lock_class_key key_;                          \
		init_work_key((work), (func), "(work_completion)(" #work ")", &key_); \
	} while (0)

/* False where it was queued already. Any context. */
bool queue_work_at(struct work_struct *work, const struct site *site);
/* Sleeps until the work is neither queued nor running; false: it was neither. */
bool flush_work_at(struct work_struct *work, const struct site *site);
/* As flush, but what is still queued is taken off and not run. */
bool cancel_work_sync_at(struct work_struct *work, const struct site *site);
/* Runs queued work until there is none; returns how many. Task context. */
/* The item that the calling context is running, or NULL. Not to be looked into. */
struct work_struct *current_work(void);
unsigned run_pending_work_at(const struct site *site);
/* Is anything queued or running? For audits; set-up and tear-down. */
bool work_idle(void);

#define queue_work(wq, work) ((void)(wq), queue_work_at((work), SITE("queue_work")))
#define schedule_work(work) queue_work_at((work), SITE("schedule_work"))
#define flush_work(work) flush_work_at((work), SITE("flush_work"))
#define cancel_work_sync(work) cancel_work_sync_at((work), SITE("cancel_work_sync"))
#define run_pending_work() run_pending_work_at(SITE("run_pending_work"))
#define work_pending(work) (atomic_long_read_at(&(work)->pending, SITE("work_pending")) != 0)

#endif
