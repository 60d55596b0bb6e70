/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: kernel/workqueue.c (queue_work, process_one_work, flush_work). See
 * workqueue.h. pending is cleared before the function runs, so that work queued
 * from then on runs again. A running item is listed by a record on its worker's
 * stack, because the function may free the item.
 * Locking: work_lock (innermost, interrupts off) guards both lists.
 */
#include "core/kapi/preempt.h"
#include "core/kapi/spinlock.h"
#include "core/kapi/workqueue.h"

struct work_run {
	struct list_head entry;     /* work_running */
	struct work_struct *work;   /* identity only: may be freed */
	struct lockdep_map map;     /* copy, ditto */
};

/* What each context runs now, for current_work(): written by that context alone. */
static struct work_struct *current_works[ENGINE_CTX_MAX + 1] __world = { NULL };
WORLD_NAME(current_works);

static DEFINE_SPINLOCK(work_lock);
static LIST_HEAD(work_queued);
static LIST_HEAD(work_running);
/* Raised after each run; who waits for one to end sleeps on it. */
static u32 work_done_seq __world = 0;
WORLD_NAME(work_done_seq);

void init_work_key(struct work_struct *work, work_func_t func, const char *name,
		   const struct lock_class_key *key)
{
	BUG_ON(!func);
	engine_store_relaxed(&work->pending.counter, 0);
	INIT_LIST_HEAD(&work->entry);
	work->func = func;
	lockdep_init_map(&work->dep_map, name, key, LD_WAIT_INV, LD_WAIT_INV);
}

bool queue_work_at(struct work_struct *work, const struct site *site)
{
	if (atomic_long_fetch_or_at(1, &work->pending, HB_FULL, site))
		return false;
	spin_lock_irq_at(&work_lock, 0, site);
	BUG_ON(!list_empty(&work->entry));
	list_add_tail(&work->entry, &work_queued);
	spin_unlock_irq_at(&work_lock, site);
	return true;
}

static bool work_is_running(const struct work_struct *work)
	__must_hold(&work_lock)
{
	struct work_run *run;

	list_for_each_entry(run, &work_running, entry)
		if (run->work == work)
			return true;
	return false;
}

struct work_struct *current_work(void)
{
	return engine_load_relaxed(&current_works[engine_current()]);
}

/* Runs one queued item; the lock is dropped, and not held on return. */
static void work_run(struct work_struct *work, const struct site *site)
	__releases(&work_lock)
{
	struct work_run run = { .work = work, .map = work->dep_map };
	work_func_t func = work->func;

	list_del_init(&work->entry);
	list_add(&run.entry, &work_running);
	engine_xchg(&work->pending.counter, 0, HB_FULL);
	spin_unlock_irq_at(&work_lock, site);

	engine_store_relaxed(&current_works[engine_current()], work);
	map_acquire(&run.map, 0, false, 0, site);
	func(work);
	map_release(&run.map, site);
	engine_store_relaxed(&current_works[engine_current()], NULL);

	spin_lock_irq_at(&work_lock, 0, site);
	list_del(&run.entry);
	engine_fetch_add(&work_done_seq, 1, ENGINE_RELEASE);
	spin_unlock_irq_at(&work_lock, site);
	engine_wake(&work_done_seq, ~0u);
}

/* The first queued item that no other task is running. */
static struct work_struct *work_next(void)
	__must_hold(&work_lock)
{
	struct work_struct *work;

	list_for_each_entry(work, &work_queued, entry)
		if (!work_is_running(work))
			return work;
	return NULL;
}

unsigned run_pending_work_at(const struct site *site)
{
	struct work_struct *work;
	unsigned ran = 0;

	might_sleep_at(site);
	for (;; ran++) {
		spin_lock_irq_at(&work_lock, 0, site);
		work = work_next();
		if (!work)
			break;
		work_run(work, site);
	}
	spin_unlock_irq_at(&work_lock, site);
	return ran;
}

/* Waits until nobody runs the item; takes the lock. True if it had to wait. */
static bool work_wait_idle(struct work_struct *work, const struct site *site)
	__acquires(&work_lock)
{
	bool waited = false;
	u32 seq;

	spin_lock_irq_at(&work_lock, 0, site);
	while (work_is_running(work)) {
		seq = engine_load_relaxed(&work_done_seq);
		spin_unlock_irq_at(&work_lock, site);
		waited = true;
		engine_wait(site, &work_done_seq, seq, false, "flush_work");
		spin_lock_irq_at(&work_lock, 0, site);
	}
	return waited;
}

/* A dependency on whatever the work's function takes. */
static void work_note_flush(struct work_struct *work, const struct site *site)
{
	might_sleep_at(site);
	map_acquire(&work->dep_map, 0, false, 0, site);
	map_release(&work->dep_map, site);
}

bool flush_work_at(struct work_struct *work, const struct site *site)
{
	bool waited;

	work_note_flush(work, site);
	waited = work_wait_idle(work, site);
	if (!list_empty(&work->entry)) {
		work_run(work, site);
		return true;
	}
	spin_unlock_irq_at(&work_lock, site);
	return waited;
}

bool cancel_work_sync_at(struct work_struct *work, const struct site *site)
{
	bool was_queued = false;

	work_note_flush(work, site);
	spin_lock_irq_at(&work_lock, 0, site);
	if (!list_empty(&work->entry)) {
		list_del_init(&work->entry);
		engine_xchg(&work->pending.counter, 0, HB_FULL);
		was_queued = true;
	}
	spin_unlock_irq_at(&work_lock, site);
	(void)work_wait_idle(work, site);
	spin_unlock_irq_at(&work_lock, site);
	return was_queued;
}

bool work_idle(void)
{
	return list_empty(&work_queued) && list_empty(&work_running);
}
