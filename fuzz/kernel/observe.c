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

static int see_mmap(int mm, int page, int pages, u32 vma_flags)
{
	return noted(INNER(mmap, mm, page, pages, vma_flags));
}

static int see_munmap(int mm, int page, int pages)
{
	return noted(INNER(munmap, mm, page, pages));
}

static int see_write(int mm, int page, u64 value)
{
	return noted(INNER(write, mm, page, value));
}

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

static int see_dontneed(int mm, int page, int pages)
{
	return noted(INNER(madv_dontneed, mm, page, pages));
}

static int see_pageout(int mm, int page, int pages)
{
	return noted(INNER(madv_pageout, mm, page, pages));
}

static int see_mergeable(int mm, int page, int pages, bool on)
{
	return noted(INNER(madv_mergeable, mm, page, pages, on));
}

static int see_fork(int mm, int child)
{
	return noted(INNER(fork, mm, child));
}

static int see_exit(int mm)
{
	return noted(INNER(exit, mm));
}

static int see_ksm_scan(int pages)
{
	for (int i = order_ksm_passes(pages); i > 0; i--)
		inner->ksm_pass();
	return noted(0);
}

static int see_ksm_unmerge(int mm, int page, int pages)
{
	return noted(INNER(ksm_unmerge, mm, page, pages));
}

static int see_swapon(int dev)
{
	return noted(INNER(swapon, dev));
}

static int see_swapoff(int dev)
{
	return noted(INNER(swapoff, dev));
}

static int see_lru_drain(void)
{
	return noted(INNER(lru_drain));
}

static int see_lru_drain_all(void)
{
	return noted(INNER(lru_drain_all));
}

static int see_worker(void)
{
	return noted(INNER(worker));
}

const struct world_ops *observe_world(const struct world_ops *world, struct observation *out)
{
	static struct world_ops table;

	inner = world;
	seen = out;
	memset(out, 0, sizeof(*out));
	table = *world;
	table.mmap = see_mmap;
	table.munmap = see_munmap;
	table.write = see_write;
	table.read = see_read;
	table.madv_dontneed = see_dontneed;
	table.madv_pageout = see_pageout;
	table.madv_mergeable = see_mergeable;
	table.fork = see_fork;
	table.exit = see_exit;
	table.ksm_scan = see_ksm_scan;
	table.ksm_unmerge = see_ksm_unmerge;
	table.swapon = see_swapon;
	table.swapoff = see_swapoff;
	table.lru_drain = see_lru_drain;
	table.lru_drain_all = see_lru_drain_all;
	table.worker = see_worker;
	return &table;
}
