/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tiny world behind the ops table, for tests of the executor, the policies and
 * the recorder without the model: a few pages of shared words under toy locks
 * made of engine calls, with an interrupt, an RCU callback, choices and spins.
 * With a fault switched on it fails in a known way under some schedules.
 */
#ifndef FUZZ_TEST_TOY_WORLD_H
#define FUZZ_TEST_TOY_WORLD_H

#include <string.h>

#include "core/base/bug.h"
#include "core/base/world_ops.h"
#include "core/engine/context.h"
#include "core/engine/engine.h"

enum toy_fault {
	TOY_NONE,
	TOY_LOST_UPDATE,  /* kswapd() adds to a counter without the lock */
	TOY_DEADLOCK,     /* lru_drain() takes two locks in the other order */
	TOY_LOST_WRITE,   /* madv_pageout() copies a page away and back, unlocked */
	TOY_IO_ERROR,     /* worker() reports when its choice "io" fails */
	TOY_HANG,         /* swapoff() spins for ever */
};
struct toy_mm {
	u32 lock;
	bool exists;
	bool mapped[WORLD_PAGES];
	u64 word[WORLD_PAGES][WORLD_WORDS];
};

struct toy {
	u32 lock[2];          /* role "toy lock" */
	u64 updates, expected;
	u32 io_done;
	struct engine_irq_work io;
	struct engine_rcu_head rcu;
	bool rcu_queued;
	struct toy_mm mm[WORLD_MM_MAX + 1];
};

static enum toy_fault toy_fault;
static struct toy *toy;

static void toy_lock_at(u32 *lock, const struct site *site)
{
	engine_point(site, EV_LOCK, lock, sizeof(*lock));
	while (engine_load_relaxed(lock))
		engine_wait(site, lock, 1, false, "a toy lock");
	engine_store_relaxed(lock, 1);
}

static void toy_unlock_at(u32 *lock, const struct site *site)
{
	engine_point(site, EV_UNLOCK, lock, sizeof(*lock));
	engine_store_relaxed(lock, 0);
	engine_wake(lock, 1);
}
#define toy_lock(l) toy_lock_at((l), SITE("toy_lock"))
#define toy_unlock(l) toy_unlock_at((l), SITE("toy_unlock"))

static int toy_setup(const struct world_config *config)
{
	toy = engine_arena_alloc(sizeof(*toy));
	for (int i = 0; i < 2; i++)
		engine_role_set(&toy->lock[i], sizeof(u32), "toy lock", i, -1);
	for (int mm = 1; mm <= WORLD_MM_MAX; mm++) {
		toy->mm[mm].exists = config->mms >> (mm - 1) & 1;
		engine_role_set(&toy->mm[mm], sizeof(u32), "mm", mm, -1);
		engine_role_set(toy->mm[mm].word, sizeof(toy->mm[mm].word), "pages", mm, -1);
	}
	return 0;
}

static void toy_teardown(void)
{
	engine_synchronize_rcu(SITE("toy_teardown"));
}

static void toy_check_quiet(void)
{
	if (toy->updates != toy->expected)
		report("toy: lost update", "");
}

static bool toy_covers(int mm, int page)
{
	return mm >= 1 && mm <= WORLD_MM_MAX && toy->mm[mm].exists && page < WORLD_PAGES;
}

static int toy_map(int mm, int page, int pages, bool map)
{
	if (!toy_covers(mm, page))
		return -EINVAL;
	toy_lock(&toy->mm[mm].lock);
	for (int i = page; i < page + pages; i++) {
		engine_point(SITE("toy_pte"), EV_PTE, &toy->mm[mm].mapped[i], 1);
		memset(toy->mm[mm].word[i], 0, sizeof(toy->mm[mm].word[i]));
		toy->mm[mm].mapped[i] = map;
	}
	toy_unlock(&toy->mm[mm].lock);
	return 0;
}

static int toy_mmap(int mm, int page, int pages, u32 flags)
{
	(void)flags;
	return toy_map(mm, page, pages, true);
}

static int toy_munmap(int mm, int page, int pages)
{
	return toy_map(mm, page, pages, false);
}

static int toy_dontneed(int mm, int page, int pages)
{
	if (!toy_covers(mm, page))
		return -EINVAL;
	toy_lock(&toy->mm[mm].lock);
	for (int i = page; i < page + pages; i++) {
		engine_point(SITE("toy_zap"), EV_PTE, &toy->mm[mm].mapped[i], 1);
		memset(toy->mm[mm].word[i], 0, sizeof(toy->mm[mm].word[i]));
	}
	toy_unlock(&toy->mm[mm].lock);
	return 0;
}

static int toy_access(int mm, int page, u64 value, u64 *words, bool write)
{
	for (int w = 0; w < WORLD_WORDS; w++) {
		u64 *p;

		if (!toy_covers(mm, page))
			return -EINVAL;
		p = &toy->mm[mm].word[page][w];
		engine_point(SITE("toy_word"), write ? EV_STORE : EV_LOAD, p, 8);
		if (!toy->mm[mm].mapped[page])
			return -EFAULT;
		if (write) {
			*p = value;
			if (world_hooks.store)
				world_hooks.store(mm, page, w, value);
		} else {
			words[w] = *p;
			if (world_hooks.load)
				world_hooks.load(mm, page, w, *p);
		}
	}
	return 0;
}

static int toy_write(int mm, int page, u64 value)
{
	return toy_access(mm, page, value, NULL, true);
}

static int toy_read(int mm, int page, u64 words[WORLD_WORDS])
{
	return toy_access(mm, page, 0, words, false);
}

static int toy_pageout(int mm, int page, int pages)
{
	u64 copy[WORLD_WORDS];

	(void)pages;
	if (!toy_covers(mm, page) || toy_fault != TOY_LOST_WRITE)
		return -EINVAL;
	memcpy(copy, toy->mm[mm].word[page], sizeof(copy));
	engine_point(SITE("toy_pageout"), EV_IO, toy->mm[mm].word[page], 8);
	memcpy(toy->mm[mm].word[page], copy, sizeof(copy));
	return 0;
}

static int toy_fork(int mm, int child)
{
	if (!toy_covers(mm, 0) || child == mm || toy->mm[child].exists)
		return -EINVAL;
	toy_lock(&toy->lock[0]);
	if (toy->mm[child].exists) {
		toy_unlock(&toy->lock[0]);
		return -EINVAL;
	}
	for (int i = 0; i < WORLD_PAGES; i += 4) {
		engine_point(SITE("toy_copy"), EV_COPY, toy->mm[child].word[i], 8);
		memcpy(toy->mm[child].word[i], toy->mm[mm].word[i], 4 * sizeof(toy->mm[mm].word[i]));
		memcpy(&toy->mm[child].mapped[i], &toy->mm[mm].mapped[i], 4);
	}
	toy->mm[child].exists = true;
	toy_unlock(&toy->lock[0]);
	return 0;
}

static int toy_reclaim(int pages)
{
	(void)pages;
	toy_lock(&toy->lock[0]);
	toy_lock(&toy->lock[1]);
	toy->expected++;
	toy->updates++;
	toy_unlock(&toy->lock[1]);
	toy_unlock(&toy->lock[0]);
	return engine_choose(SITE("toy_alloc"), CHOICE_ALLOC, 2) ? -ENOMEM : 0;
}

static int toy_kswapd(void)
{
	bool locked = toy_fault != TOY_LOST_UPDATE;
	u64 seen;

	if (locked)
		toy_lock(&toy->lock[1]);
	engine_point(SITE("toy_add"), EV_LOAD, &toy->updates, 8);
	seen = toy->updates;
	toy->expected++;
	engine_point(SITE("toy_add"), EV_STORE, &toy->updates, 8);
	toy->updates = seen + 1;
	if (locked)
		toy_unlock(&toy->lock[1]);
	return 0;
}

static int toy_lru_drain(void)
{
	int first = toy_fault == TOY_DEADLOCK;

	toy_lock(&toy->lock[first]);
	toy_lock(&toy->lock[!first]);
	toy_unlock(&toy->lock[!first]);
	toy_unlock(&toy->lock[first]);
	return 0;
}

static void toy_io_end(void *arg)
{
	(void)arg;
	engine_point(SITE("toy_io_end"), EV_IO, &toy->io_done, 4);
	engine_store_relaxed(&toy->io_done, 1);
	engine_wake(&toy->io_done, 1);
}

static void toy_rcu_done(struct engine_rcu_head *head)
{
	(void)head;
	engine_point(SITE("toy_rcu_done"), EV_FREE, &toy->rcu, 8);
	toy->rcu_queued = false;
}

/* One I/O and one callback at a time, waited for; then a few spins. */
static int toy_worker(void)
{
	bool failed;

	toy_lock(&toy->lock[0]);
	toy->io_done = 0;
	toy->io = (struct engine_irq_work){ .fn = toy_io_end, .name = "toy" };
	failed = engine_choose(SITE("toy_io"), CHOICE_IO, 2) != 0;
	engine_irq_queue(engine_cpu(), &toy->io);
	while (!engine_load_relaxed(&toy->io_done))
		engine_wait(SITE("toy_io"), &toy->io_done, 0, false, "toy I/O");
	if (!toy->rcu_queued) {
		toy->rcu_queued = true;
		engine_call_rcu(SITE("toy_call_rcu"), &toy->rcu, toy_rcu_done);
	}
	toy_unlock(&toy->lock[0]);
	for (int i = 0; i < 3; i++)
		engine_yield(SITE("toy_relax"));
	if (failed && toy_fault == TOY_IO_ERROR)
		report("toy: I/O failed", "");
	return failed ? -EIO : 0;
}

static int toy_swapoff(int dev)
{
	(void)dev;
	if (toy_fault != TOY_HANG)
		return -EINVAL;
	for (;;)
		engine_point(SITE("toy_scan"), EV_LOAD, &toy->updates, 8);
}

static void toy_page_state(int mm, int page, struct world_page_state *out)
{
	*out = (struct world_page_state){ .dev = -1 };
	if (toy->mm[mm].mapped[page])
		out->bits = WORLD_PAGE_MAPPED | WORLD_PAGE_PRESENT;
}

static const struct world_ops toy_world = {
	.name = "toy",
	.setup = toy_setup,
	.teardown = toy_teardown,
	.check_quiet = toy_check_quiet,
	.mmap = toy_mmap,
	.munmap = toy_munmap,
	.write = toy_write,
	.read = toy_read,
	.madv_dontneed = toy_dontneed,
	.madv_pageout = toy_pageout,
	.fork = toy_fork,
	.reclaim = toy_reclaim,
	.kswapd = toy_kswapd,
	.lru_drain = toy_lru_drain,
	.worker = toy_worker,
	.swapoff = toy_swapoff,
	.page_state = toy_page_state,
};

#endif
