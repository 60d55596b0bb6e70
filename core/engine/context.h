/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kapi layer needs of the engine beyond engine.h: the calling context's
 * lockdep state, with the calls serialised in native, and atomics. The engine
 * is the only code that may touch the compiler's atomics.
 */
#ifndef CORE_ENGINE_CONTEXT_H
#define CORE_ENGINE_CONTEXT_H

#include "core/engine/engine.h"
#include "core/lockdep/lockdep.h"

/* For the two below: the state of the context that runs now, in a sim run and after
 * a run, else NULL; and what they do then. */
extern struct lockdep_ctx *engine_lockdep_now;
struct lockdep_ctx *engine_lockdep_begin_slow(void);
void engine_lockdep_end_slow(void);

/* This context's lockdep state (also on main). Between lockdep_begin() and
 * lockdep_end() no other thread is inside lockdep. begin returns NULL where
 * lockdep shall not look (set-up, kill mode): skip the call. */
static inline __no_sanitize_tsan struct lockdep_ctx *engine_lockdep_begin(void)
{
	return likely(engine_lockdep_now) ? engine_lockdep_now : engine_lockdep_begin_slow();
}
static inline __no_sanitize_tsan void engine_lockdep_end(void)
{
	if (unlikely(!engine_lockdep_now))
		engine_lockdep_end_slow();
}

/* Do points come to a policy now? Where they do not, in set-up and tear-down, a caller of
 * engine_point() may save it: true, if the point was counted, which is all. */
extern const bool *const engine_points_live;
bool engine_quiet_point(void);

struct lockdep_ctx *engine_lockdep_ctx(void); /* for queries; NULL as above */
/* Memory is freed: every context's held locks are looked through. */
void engine_lockdep_free_memory(const void *start, size_t len, const char *func);

/*
 * A lock of bookkeeping that is no part of the model (0 is free; any memory). In
 * native it orders the threads and tells TSan nothing; else it is a no-op, because
 * between two points nobody else runs. No point and no wait inside.
 */
void engine_hidden_lock(u32 *word);
void engine_hidden_unlock(u32 *word);

/* Atomics over any integer or pointer lvalue, seen by TSan as what they are. */
#define engine_load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define engine_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define engine_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define engine_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define engine_xchg(p, v, order) __atomic_exchange_n((p), (v), (order))
#define engine_fetch_add(p, v, order) __atomic_fetch_add((p), (v), (order))
#define engine_fetch_and(p, v, order) __atomic_fetch_and((p), (v), (order))
#define engine_fetch_or(p, v, order) __atomic_fetch_or((p), (v), (order))
/* 1 and *p = new where *p was *old; else 0 and *old = *p. */
#define engine_cmpxchg(p, old, new, ok, fail) \
	__atomic_compare_exchange_n((p), (old), (new), 0, (ok), (fail))
/* A full fence; TSan learns nothing from it. */
#define engine_fence() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define ENGINE_RELAXED __ATOMIC_RELAXED
#define ENGINE_ACQUIRE __ATOMIC_ACQUIRE
#define ENGINE_RELEASE __ATOMIC_RELEASE
#define ENGINE_ACQ_REL __ATOMIC_ACQ_REL
#define ENGINE_SEQ_CST __ATOMIC_SEQ_CST

#endif
