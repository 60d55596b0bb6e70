// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The observing table. An op that the inner world lacks has no visible effect
 * (the others were refused before): it is written down as done. ksm_scan becomes
 * whole passes in either world.
 */
#include "fuzz/kernel/observe.h"

#include <string.h>

#include "core/base/bug.h"
#include "core/engine/engine.h"
#include "fuzz/kernel/fixed_order.h"

static const struct world_ops *inner;
static struct observation *seen;

static struct observed *look(int ret)
{
	struct observed *o;

	/* The kernel's workers need no op to run: full clusters are reclaimed soon
	 * after an allocation that filled a device. */
	if (inner->worker)
		inner->worker();

	BUG_ON_CMP(seen->n, >=, OBSERVED_MAX);
	o = &seen->op[seen->n++];
	memset(o, 0, sizeof(*o));
	engine_label(engine_current(), o->label, sizeof(o->label));
	o->ret = ret;
	for (int mm = 1; mm <= WORLD_MM_MAX; mm++) {
		inner->mm_counters(mm, &o->mm[mm - 1]);
		for (int page = 0; page < WORLD_PAGES; page++)
			inner->page_state(mm, page, &o->page[mm - 1][page]);
	}
	inner->counters(&o->counters);
	return o;
}

static int noted(int ret)
{
	look(ret);
	return ret;
}

#define INNER(op_, ...) (inner->op_ ? inner->op_(__VA_ARGS__) : 0)

/* Programs with an op that has no call are refused before. */
#define SEE_MADVISE(...) SEE(__VA_ARGS__)
#define SEE_OWN(...) SEE(__VA_ARGS__)
#define SEE_ITSELF(...) SEE(__VA_ARGS__)
#define SEE_CONTENTS(...)
#define SEE_NO_CALL(...)
#define OP_BY_HAND(...)

#define SEE(name, on, nargs, a, b, c)                                              \
	static int see_##name(WORLD_PARAMS(on, nargs, a, b, c))                    \
	{                                                                          \
		return noted(INNER(name, WORLD_ARGS(on, nargs, mm, arg0, arg1, arg2))); \
	}
#define OP(name, on, nargs, a, b, c, effect, call, ...) SEE_##call(name, on, nargs, a, b, c)
#include "core/base/ops.def"
#undef SEE

static int see_read(int mm, int page, u64 words[WORLD_WORDS])
{
	int ret = INNER(read, mm, page, words);
	struct observed *o;

	if (!engine_running()) {
		struct read_back *end = &seen->end[mm - 1][page];

		end->done = true;
		end->ret = ret;
		memcpy(end->words, words, sizeof(end->words));
		return ret;
	}
	o = look(ret);
	o->read = ret == 0;
	if (o->read)
		memcpy(o->words, words, sizeof(o->words));
	return ret;
}

static int see_ksm_passes(int pages)
{
	for (int i = order_ksm_passes(pages); i > 0; i--)
		inner->ksm_pass();
	return noted(0);
}

const struct world_ops *observe_world(const struct world_ops *world, struct observation *out)
{
	static struct world_ops table;

	inner = world;
	seen = out;
	memset(out, 0, sizeof(*out));
	table = *world;
#define OP_BY_HAND(...)
#define SEE(name, ...) table.name = see_##name;
#define OP(name, on, nargs, a, b, c, effect, call, ...) SEE_##call(name)
#include "core/base/ops.def"
#undef SEE
	table.read = see_read;
	table.ksm_scan = see_ksm_passes;
	return &table;
}
