// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Executors of what the machine does by itself: reclaim, kswapd, draining of
 * LRU batches, queued work, a voluntary reschedule.
 */
#include "core/engine/engine.h"
#include "fuzz/exec/exec.h"

int exec_reclaim(const struct exec_call *c)
{
	return WORLD_CALL(c, reclaim, c->arg[0]);
}

int exec_kswapd(const struct exec_call *c)
{
	return WORLD_CALL(c, kswapd);
}

int exec_lru_drain(const struct exec_call *c)
{
	return WORLD_CALL(c, lru_drain);
}

int exec_lru_drain_all(const struct exec_call *c)
{
	return WORLD_CALL(c, lru_drain_all);
}

int exec_worker(const struct exec_call *c)
{
	return WORLD_CALL(c, worker);
}

int exec_cond_resched(const struct exec_call *c)
{
	(void)c;
	engine_point(SITE("cond_resched"), EV_PREEMPT, NULL, 0);
	return 0;
}
