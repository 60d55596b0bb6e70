/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: kernel/sched/wait.c, kernel/sched/completion.c. See wait.h and
 * completion.h. A wake-up releases, who was woken (or came later) acquires.
 */
#include "core/kapi/compiler.h"
#include "core/kapi/completion.h"
#include "core/kapi/err.h"
#include "core/kapi/wait.h"

void init_waitqueue_head(wait_queue_head_t *wq)
{
	engine_store_relaxed(&wq->seq, 0);
	engine_store_relaxed(&wq->waiters, 0);
}

u32 wait_prepare_at(wait_queue_head_t *wq, const struct site *site)
{
	engine_point(site, EV_WAIT, wq, sizeof(wq->seq));
	engine_fetch_add(&wq->waiters, 1, HB_MACHINE_ORDER(ENGINE_SEQ_CST));
	return __atomic_load_n(&wq->seq, HB_ORDER(WAIT_QUEUE, ENGINE_ACQUIRE));
}

void wait_sleep_at(wait_queue_head_t *wq, u32 seq, const struct site *site)
{
	engine_wait(site, &wq->seq, seq, false, site->op);
	engine_fetch_add(&wq->waiters, -1, ENGINE_RELAXED);
}

void wait_park_at(wait_queue_head_t *wq, u32 seq, const struct site *site)
{
	engine_park(site, &wq->seq, seq);
	engine_fetch_add(&wq->waiters, -1, ENGINE_RELAXED);
}

void wait_finish(wait_queue_head_t *wq)
{
	u32 old = engine_fetch_add(&wq->waiters, -1, ENGINE_RELAXED);

	BUG_ON_CMP(old, ==, 0);
}

void wake_up_at(wait_queue_head_t *wq, const struct site *site)
{
	engine_point(site, EV_WAKE, wq, sizeof(wq->seq));
	engine_fetch_add(&wq->seq, 1, HB_ORDER(WAKE_UP, ENGINE_RELEASE));
	if (engine_load_relaxed(&wq->waiters))
		engine_wake(&wq->seq, ~0u);
}

/* ---- completions ---- */

void init_completion(struct completion *x)
{
	engine_store_relaxed(&x->done, 0);
}

void reinit_completion(struct completion *x)
{
	engine_store_relaxed(&x->done, 0);
}

void complete_at(struct completion *x, const struct site *site)
{
	u32 v;

	engine_point(site, EV_WAKE, x, sizeof(x->done));
	v = engine_load_relaxed(&x->done);
	while (v != COMPLETION_ALL)
		if (engine_cmpxchg(&x->done, &v, v + 1, HB_ORDER(COMPLETE, ENGINE_RELEASE),
				   ENGINE_RELAXED))
			break;
	engine_wake(&x->done, 1);
}

void complete_all_at(struct completion *x, const struct site *site)
{
	engine_point(site, EV_WAKE, x, sizeof(x->done));
	engine_xchg(&x->done, COMPLETION_ALL, HB_ORDER(COMPLETE_ALL, ENGINE_RELEASE));
	engine_wake(&x->done, ~0u);
}

/* Takes one; false where there is none. complete_all()'s stays. */
static bool completion_take(struct completion *x)
{
	u32 v = engine_load_relaxed(&x->done);

	while (v != 0) {
		u32 left = v == COMPLETION_ALL ? v : v - 1;

		if (engine_cmpxchg(&x->done, &v, left, HB_ORDER(COMPLETION_WAIT, ENGINE_ACQUIRE),
				   ENGINE_RELAXED))
			return true;
	}
	return false;
}

void wait_for_completion_at(struct completion *x, const struct site *site)
{
	might_sleep_at(site);
	engine_point(site, EV_WAIT, x, sizeof(x->done));
	while (!completion_take(x))
		engine_wait(site, &x->done, 0, false, "wait_for_completion");
}

int wait_for_completion_killable_at(struct completion *x, const struct site *site)
{
	might_sleep_at(site);
	engine_point(site, EV_WAIT, x, sizeof(x->done));
	while (!completion_take(x)) {
		if (signal_pending_at(current, site))
			return -ERESTARTSYS;
		engine_wait(site, &x->done, 0, false, "wait_for_completion");
	}
	return 0;
}

bool try_wait_for_completion_at(struct completion *x, const struct site *site)
{
	bool ok;

	engine_point(site, EV_RMW, x, sizeof(x->done));
	ok = completion_take(x);
	engine_result(ok);
	return ok;
}

bool completion_done_at(struct completion *x, const struct site *site)
{
	bool done;

	engine_point(site, EV_LOAD, x, sizeof(x->done));
	done = __atomic_load_n(&x->done, HB_ORDER(COMPLETION_WAIT, ENGINE_ACQUIRE)) != 0;
	engine_result(done);
	return done;
}
