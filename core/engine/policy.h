/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a scheduling policy sees and must answer: start of run, next context,
 * next choice. A new policy is one file in fuzz/sched; the engine stays as it is.
 */
#ifndef CORE_ENGINE_POLICY_H
#define CORE_ENGINE_POLICY_H

#include "core/engine/engine.h"

/* An event that is pending (about to happen) or has happened. */
struct engine_event {
	const struct site *site;
	const volatile void *obj;
	u32 role;  /* engine_role_of(obj) when it became pending */
	u8 kind;   /* enum event_kind */
	u8 size;
	u16 op;    /* number of the op (tasks), of the interrupt or callback */
};

/* Read-only for policies. */
struct engine_view {
	struct engine_event pending[ENGINE_CTX_MAX];
	ctx_mask runnable; /* contexts that may run now */
	ctx_mask spinning; /* contexts whose pending event is EV_YIELD */
	u32 cur;        /* context that ran last (may not be runnable) */
	u32 steps;      /* points so far in this run */
	u32 ntasks, cpus;
	u8 cpu_of[ENGINE_CTX_MAX];
};

struct sched_choice {
	const struct site *site;
	enum choice_kind kind;
	u32 ctx;
	u32 n;
};

struct sched_policy {
	const char *name;
	void (*start)(struct sched_policy *p, const struct engine_view *v, u64 seed);
	/* one bit of v->runnable (never empty); called at every point */
	unsigned (*next)(struct sched_policy *p, const struct engine_view *v);
	u32 (*choose)(struct sched_policy *p, const struct engine_view *v,
		      const struct sched_choice *c);
};

/* One line of the event log (engine_config.log_events). */
struct engine_logged {
	u32 site;   /* hash */
	u32 role;   /* index: name through engine_role_name() until the next reset */
	u32 role_hash;
	u16 op;
	u8 ctx;
	u8 kind;
	u32 held;   /* number of locks held */
	u32 choice; /* EV_NONE entries: a choice was made: its value + 1 */
	u64 result;
	enum choice_kind choice_kind;
};
/* The log of the last run; *n entries. Outside the arena. */
const struct engine_logged *engine_log(size_t *n);

#endif
