// SPDX-License-Identifier: GPL-2.0-or-later
/* How far each task has come, and waiting for it. See edges.h. */
#include "fuzz/kernel/edges.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/engine/engine.h"

#define WAIT_TRIES 1000 /* of 100 us each */

static const struct prog *prog;
static u32 finished[PROG_TASKS_MAX]; /* ops of each task that are over */

void edges_begin(const struct prog *p)
{
	prog = p;
	memset(finished, 0, sizeof(finished));
}

/* Number of the op that a context is in: from its label, "A3". */
static u32 op_number(unsigned ctx)
{
	char label[16];

	return (u32)strtoul(engine_label(ctx, label, sizeof(label)) + 1, NULL, 10);
}

static bool is_held(unsigned ctx, u32 op)
{
	for (unsigned i = 0; i < prog->nedges; i++) {
		const struct event_key *e = &prog->edge[i].event, *after = &prog->edge[i].after;

		if (e->site || after->site || e->ctx != ctx || e->op != op ||
		    after->ctx >= PROG_TASKS_MAX)
			continue;
		if (__atomic_load_n(&finished[after->ctx], __ATOMIC_ACQUIRE) < after->op)
			return true;
	}
	return false;
}

void edges_wait(unsigned ctx)
{
	u32 op;

	if (!prog || ctx >= PROG_TASKS_MAX)
		return;
	op = op_number(ctx);
	/* Ops that make no call don't come by here. */
	__atomic_store_n(&finished[ctx], op ? op - 1 : 0, __ATOMIC_RELEASE);
	for (int i = 0; i < WAIT_TRIES && is_held(ctx, op); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
}

void edges_done(unsigned ctx)
{
	if (prog && ctx < PROG_TASKS_MAX)
		__atomic_store_n(&finished[ctx], op_number(ctx), __ATOMIC_RELEASE);
}
