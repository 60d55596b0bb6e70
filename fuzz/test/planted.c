// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The planted faults of planted.h. This file is built as the model is, with the
 * sanitizer's instrumentation, because the faults lie in it.
 */
#include "fuzz/test/planted.h"

#include "core/engine/context.h"
#include "core/engine/engine.h"
#include "fuzz/exec/run.h"

struct planted {
	u64 word;   /* stored to by anybody, without a lock */
	u32 never;  /* stays 0 */
	int array[4], number;
	u64 poisoned;
};

enum planted_fault planted_fault;

static struct planted *planted; /* in the arena, new in each run */

static int planted_setup(const struct world_config *config)
{
	int ret = world_linked->setup(config);

	planted = engine_arena_alloc(sizeof(*planted));
	return ret;
}

static noinline int planted_worker(void)
{
	engine_point(SITE("planted_store"), EV_STORE, &planted->word, sizeof(planted->word));
	planted->word++;
	return 0;
}

static int planted_lru_drain(void)
{
	while (engine_load_relaxed(&planted->never) == 0)
		engine_wait(SITE("planted_wait"), &planted->never, 0, false, "what never comes");
	return 0;
}

static noinline int planted_kswapd(void)
{
	struct planted *p = planted;
	u64 *misaligned = (u64 *)((char *)&p->word + 2);

	engine_point(SITE("planted_fault"), EV_LOAD, &p->number, sizeof(p->number));
	if (planted_fault == PLANTED_POISON) {
		engine_poison(&p->poisoned, sizeof(p->poisoned), 0x6b);
		p->number += (int)p->poisoned;
	}
	if (planted_fault == PLANTED_MISALIGNED)
		*misaligned = 1;
	if (planted_fault == PLANTED_SHIFT)
		p->number = 1 << (p->number + 32);
	if (planted_fault == PLANTED_INDEX)
		p->array[p->number + 4] = 1;
	if (planted_fault == PLANTED_OVERFLOW)
		p->number += 0x7fffffff - p->number + 1;
	if (planted_fault == PLANTED_DIVISION)
		p->number = 1 / p->number;
	engine_point(SITE("planted_end"), EV_LOAD, &p->number, sizeof(p->number));
	return 0;
}

const struct world_ops *planted_world(void)
{
	static struct world_ops ops;

	ops = *world_linked;
	ops.name = "planted";
	ops.setup = planted_setup;
	ops.worker = planted_worker;
	ops.lru_drain = planted_lru_drain;
	ops.kswapd = planted_kswapd;
	return &ops;
}
