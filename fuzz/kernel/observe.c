// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The observing table. An op that the inner world lacks is written down as done where
 * the kernel does it by itself, else as -ENOSYS. ksm_scan becomes whole passes in
 * either world.
 */
#include "fuzz/kernel/observe.h"

#include <string.h>

#include "core/base/bug.h"
#include "core/engine/engine.h"
#include "fuzz/kernel/fixed_order.h"

static const struct world_ops *inner;
static struct observation *seen;

static struct observed *look(u8 kind, int ret)
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
	o->kind = kind;
	o->ret = ret;
	for (int mm = 1; mm <= WORLD_MM_MAX; mm++) {
		inner->mm_counters(mm, &o->mm[mm - 1]);
		for (int page = 0; page < WORLD_PAGES; page++)
			inner->page_state(mm, page, &o->page[mm - 1][page]);
	}
	inner->counters(&o->counters);
	return o;
}

static int noted(u8 kind, int ret)
{
	look(kind, ret);
	return ret;
}

/* What an op gives if the inner world lacks it. The kernel does some by itself. */
#define LACKED_MADVISE (-ENOSYS)
#define LACKED_OWN (-ENOSYS)
#define LACKED_ITSELF 0
#define LACKED_CONTENTS (-ENOSYS)
#define LACKED_NO_CALL (-ENOSYS)
#define OP_BY_HAND(...)

#define OP(name, on, nargs, a, b, c, effect, call, ...)                                    \
	static int see_##name(WORLD_PARAMS(on, nargs, a, b, c))                    \
	{                                                                          \
		if (!inner->name)                                                  \
			return noted(OP_##name, LACKED_##call);                    \
		return noted(OP_##name,                                            \
			     inner->name(WORLD_ARGS(on, nargs, mm, arg0, arg1, arg2))); \
	}
#include "core/base/ops.def"

static int see_read(int mm, int page, u64 words[WORLD_WORDS])
{
	int ret = inner->read(mm, page, words);
	struct observed *o;

	if (!engine_running()) {
		struct read_back *end = &seen->end[mm - 1][page];

		end->done = true;
		end->ret = ret;
		memcpy(end->words, words, sizeof(end->words));
		return ret;
	}
	o = look(OP_read, ret);
	o->read = ret == 0;
	if (o->read)
		memcpy(o->words, words, sizeof(o->words));
	return ret;
}

static int see_ksm_passes(int pages)
{
	for (int i = order_ksm_passes(pages); i > 0; i--)
		inner->ksm_pass();
	return noted(OP_ksm_scan, 0);
}

static int see_setup(const struct world_config *config)
{
	struct world_config full = *config;

	full.full_scale = 1;
	return inner->setup(&full);
}

const struct world_ops *observe_world(const struct world_ops *world, struct observation *out)
{
	static struct world_ops table;

	inner = world;
	seen = out;
	memset(out, 0, sizeof(*out));
	table = *world;
#define OP_BY_HAND(...)
#define OP(name, ...) table.name = see_##name;
#include "core/base/ops.def"
	table.setup = see_setup;
	table.read = see_read;
	table.ksm_scan = see_ksm_passes;
	return &table;
}

void observe_kernel_rules(struct seeded_bug_set *bugs)
{
	seeded_bugs_add(bugs, BUG_MADV_FREE_KSM);
	seeded_bugs_add(bugs, BUG_MADV_FREE_UNSHARED);
}
