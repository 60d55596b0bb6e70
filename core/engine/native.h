/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the native backend share: native.c (runs, threads, interrupts,
 * events), native_wait.c (sleeping, hidden locks, delays, the trace) and
 * native_rcu.c (liburcu).
 */
#ifndef CORE_ENGINE_NATIVE_H
#define CORE_ENGINE_NATIVE_H

#include "core/engine/internal.h"

/* ---- native.c ---- */

void native_point(const struct site *site, enum event_kind kind, const volatile void *obj,
		  unsigned size);

/* The CPUs' queues of interrupts and callbacks, and the statistics. */
void native_queue_lock(void);
void native_queue_unlock(void);
/* The run is over when nobody is busy: each task, each interrupt and callback from
 * when it is queued. Whoever queues is busy himself, so 0 is for good. */
void native_busy_get(void);
void native_busy_put(void);
/* There may be work for this context's thread. */
void native_kick(u32 ctx);
/* Around each interrupt and callback, on its own context. */
void native_handler_begin(struct engine_ctx *c, bool hardirq, u16 op);
void native_handler_end(struct engine_ctx *c, const char *what);

/* ---- native_wait.c: of struct backend ---- */

void native_wait(const struct site *site, const volatile u32 *word, u32 value, const char *what);
void native_park(const struct site *site, const volatile u32 *word, u32 value);
void native_wake(const volatile u32 *word, unsigned n);

/* ---- and what native.c takes of it ---- */

/* Sleeps while *word == value, at most ms (0: no limit); 0 or ETIMEDOUT, EAGAIN,
 * EINTR. TSan does not see it. */
int native_futex_wait(const volatile u32 *word, u32 value, unsigned ms);
void native_futex_wake(const volatile u32 *word, unsigned n);

/* The run is over: parked tasks leave from where they are. False: there was none. */
bool native_unpark_all(void);

/* Delays of this thread. */
void native_delay_seed(u64 seed, u64 more);
bool native_delay_due(bool yield); /* at each event: is it time for one? */
void native_delay(void);

/* The last events of each context, for reports; put in order into the engine's ring. */
void native_trace_collect(void);
void native_trace_reset(void);
void native_trace(struct engine_ctx *c, const struct engine_event *ev);

/* ---- native_rcu.c ---- */

void native_rcu_init(void);
void native_rcu_thread(bool begin); /* first and last thing of a thread */
void native_rcu_work(struct engine_ctx *c); /* softirq thread: runs what is queued */
/* of struct backend */
void native_reader_enter(struct engine_ctx *c);
void native_reader_leave(struct engine_ctx *c);
void native_call_rcu(const struct site *site, struct engine_rcu_head *head);
void native_synchronize_rcu(const struct site *site);
void native_rcu_barrier(void);

#endif
