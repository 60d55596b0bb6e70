/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/wait.h. A queue is a sequence number that each wake-up
 * raises; a waiter reads it, looks at its condition once more and sleeps while
 * it has not changed. So no wake-up between look and sleep is lost.
 * Left out: the queue's spinlock (it is innermost and taken by nobody else),
 * exclusive waiters (each wake-up wakes all; they look again), timeouts.
 */
#ifndef CORE_KAPI_WAIT_H
#define CORE_KAPI_WAIT_H

#include "core/kapi/sched.h"

typedef struct wait_queue_head {
	u32 seq;
	u32 waiters;     /* who sleeps or is about to; for waitqueue_active() */
} wait_queue_head_t;

#define DECLARE_WAIT_QUEUE_HEAD(name)                                             \
	wait_queue_head_t name __world = { 0 };                                   \
	WORLD_NAME(name)
void init_waitqueue_head(wait_queue_head_t *wq);

/* Registers as a waiter; the value goes into wait_sleep_at(). */
u32 wait_prepare_at(wait_queue_head_t *wq, const struct site *site);
void wait_sleep_at(wait_queue_head_t *wq, u32 seq, const struct site *site);
void wait_finish(wait_queue_head_t *wq);
/* A daemon with nothing to do: sleeping for ever is no deadlock. */
void wait_park_at(wait_queue_head_t *wq, u32 seq, const struct site *site);
/* A full barrier's worth of order to whoever it wakes. Any context. */
void wake_up_at(wait_queue_head_t *wq, const struct site *site);

static inline bool waitqueue_active(const wait_queue_head_t *wq)
{
	return engine_load_relaxed(&wq->waiters) != 0;
}

#define wait_event_loop_(wq, cond, sleep, site)                                   \
	do {                                                                      \
		might_sleep_at(site);                                             \
		if (cond)                                                         \
			break;                                                    \
		for (;;) {                                                        \
			u32 we_seq_ = wait_prepare_at(&(wq), (site));             \
			if (cond)                                                 \
				break;                                            \
			sleep(&(wq), we_seq_, (site));                            \
		}                                                                 \
		wait_finish(&(wq));                                               \
	} while (0)
#define wait_event(wq, cond) wait_event_loop_(wq, cond, wait_sleep_at, SITE("wait_event"))
/* As wait_event, for a daemon's idle loop. */
#define wait_event_idle(wq, cond) \
	wait_event_loop_(wq, cond, wait_park_at, SITE("wait_event_idle"))
/* 0 once the condition holds, -ERESTARTSYS (-512) when a signal came first. */
#define wait_event_killable(wq, cond)                                             \
	({                                                                        \
		const struct site *wk_site_ = SITE("wait_event_killable");        \
		int wk_ret_ = 0;                                                  \
		might_sleep_at(wk_site_);                                         \
		if (!(cond)) {                                                    \
			for (;;) {                                                \
				u32 wk_seq_ = wait_prepare_at(&(wq), wk_site_);   \
				if (cond)                                         \
					break;                                    \
				if (signal_pending_at(current, wk_site_)) {       \
					wk_ret_ = -512;                           \
					break;                                    \
				}                                                 \
				wait_sleep_at(&(wq), wk_seq_, wk_site_);          \
			}                                                         \
			wait_finish(&(wq));                                       \
		}                                                                 \
		wk_ret_;                                                          \
	})
#define wait_event_interruptible(wq, cond) wait_event_killable(wq, cond)
#define wake_up(wq) wake_up_at((wq), SITE("wake_up"))
#define wake_up_all(wq) wake_up_at((wq), SITE("wake_up_all"))
#define wake_up_interruptible(wq) wake_up_at((wq), SITE("wake_up_interruptible"))

#endif
