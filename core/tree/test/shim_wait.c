// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: who waits is woken and sees what the waker did; a timeout ends; work runs once
 * for each time that it was queued, and neither cancel nor flush returns while it runs.
 * Method: a flag that says how far things are, with twins that do not wake or wait.
 */
#include <linux/completion.h>
#include <linux/sched.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "core/tree/test/shim_test.h"

static DECLARE_WAIT_QUEUE_HEAD(queue);
static DECLARE_COMPLETION(done);
static int ready, seen;

/* ---- wait queues, completions, timeouts ----------------------------------------------- */

static void waiter(void)
{
	wait_event(queue, READ_ONCE(ready));
	MUST(READ_ONCE(seen) == 7, "the waker's store is not there");
}

static void waker(void)
{
	WRITE_ONCE(seen, 7);
	smp_store_release(&ready, 1);
	wake_up_all(&queue);
}

static void forgetful_waker(void)
{
	WRITE_ONCE(seen, 7);
	smp_store_release(&ready, 1);
}

static void completion_waiter(void)
{
	wait_for_completion(&done);
	MUST(READ_ONCE(seen) == 7, "the store before complete() is not there");
}

static void completer(void)
{
	WRITE_ONCE(seen, 7);
	complete(&done);
}

static void completer_of_all(void)
{
	WRITE_ONCE(seen, 7);
	complete_all(&done);
}

/* Returns 0 when the time is over: time is virtual, so it always is in the end. */
static void timeout(void)
{
	MUST(schedule_timeout_uninterruptible(5) == 0, "a timeout left some time");
	MUST(READ_ONCE(current->__state) == TASK_RUNNING, "a task runs that sleeps");
}

static void timed_waiter(void)
{
	long left = wait_event_timeout(queue, READ_ONCE(ready), 10);

	if (!left)
		seam_selftest_saw(1);
	else
		seam_selftest_saw(2);
	MUST(left >= 0 && left <= 10, "a timeout of 10 left more than that");
}

/* ---- work ----------------------------------------------------------------------------- */

#define RUNS_DEAD "work runs after its end"

static int runs, alive = 1, inside;

static void work_runs(struct work_struct *work)
{
	MUST(READ_ONCE(alive), RUNS_DEAD);
	MUST(!READ_ONCE(inside), "one item runs twice at a time");
	WRITE_ONCE(inside, 1);
	WRITE_ONCE(runs, READ_ONCE(runs) + 1);
	MUST(READ_ONCE(alive), RUNS_DEAD);
	WRITE_ONCE(inside, 0);
}

static DECLARE_WORK(work, work_runs);
static DECLARE_DELAYED_WORK(delayed, work_runs);

static void worker(void)
{
	int pass;

	for (pass = 0; pass < 8; pass++) {
		tree_worker();
		cond_resched();
	}
}

/* Queued twice while it waits: it runs once. */
static void queuer(void)
{
	bool second;
	int i;

	MUST(schedule_work(&work), "work that nobody queued was pending");
	for (i = 0; i < 8; i++)
		cond_resched();
	second = schedule_work(&work);
	seam_selftest_saw(second ? 2 : 1); /* 2: a worker has begun it in between */
	flush_work(&work);
	MUST(!work_pending(&work), "work is pending behind its flush");
	MUST(READ_ONCE(runs) == 1 + second, "work did not run once for each time");
}

static void flush_forgetter(void)
{
	schedule_work(&work);
	MUST(READ_ONCE(runs) == 1, "nobody has flushed the work");
	flush_work(&work);
}

/* Outcomes: 1 it was cancelled before it ran, 2 it was not. */
static void canceller(void)
{
	schedule_work(&work);
	if (cancel_work_sync(&work)) {
		MUST(!READ_ONCE(runs), "work that was cancelled has run");
		seam_selftest_saw(1);
	} else {
		MUST(READ_ONCE(runs) == 1, "cancel says that the work has run");
		seam_selftest_saw(2);
	}
	MUST(!READ_ONCE(inside), "cancel_work_sync() returned while the work runs");
	WRITE_ONCE(alive, 0);
}

static void cancel_forgetter(void)
{
	schedule_work(&work);
	WRITE_ONCE(alive, 0);
}

static void delayed_canceller(void)
{
	MUST(schedule_delayed_work(&delayed, 5), "delayed work was pending");
	seam_selftest_saw(cancel_delayed_work_sync(&delayed) ? 1 : 2);
	MUST(!delayed_work_pending(&delayed), "delayed work is pending behind its cancel");
	WRITE_ONCE(alive, 0);
}

/* Alone: nobody runs it between the two. */
static void delayed_twice(void)
{
	MUST(schedule_delayed_work(&delayed, 5), "delayed work was pending");
	MUST(delayed_work_pending(&delayed), "delayed work is not pending");
	MUST(!schedule_delayed_work(&delayed, 5), "delayed work was armed twice");
	MUST(cancel_delayed_work_sync(&delayed), "nothing was there to cancel");
	MUST(!delayed_work_pending(&delayed) && !READ_ONCE(runs), "the cancel came to nothing");
}

static void delayed_flusher(void)
{
	schedule_delayed_work(&delayed, 1000);
	flush_delayed_work(&delayed);
	MUST(READ_ONCE(runs) == 1, "flush_delayed_work() did not run the work");
}

static void delayed_forgetter(void)
{
	schedule_delayed_work(&delayed, 5);
	WRITE_ONCE(alive, 0);
}

const struct tree_selftest shim_wait_tests[] = {
	SILENT(wait_event, 0, waiter, waker, waiter),
	PLANTED(wake_up_forgotten, "deadlock: task hung in waiter",
		waiter, forgetful_waker),
	SILENT(completion, 0, completion_waiter, completer),
	SILENT(complete_all, 0, completion_waiter, completer_of_all, completion_waiter),
	PLANTED(complete_for_one_of_two, "deadlock: task hung in do_wait_for_common",
		completion_waiter, completer, completion_waiter),
	SILENT(schedule_timeout, 0, timeout, timeout),
	SILENT(wait_event_timeout, 3, timed_waiter, waker),
	SILENT(work_once, 3, queuer, worker),
	PLANTED(work_not_flushed, SELFTEST_FAILS("nobody has flushed the work"),
		flush_forgetter, worker),
	SILENT(cancel_work_sync, 3, canceller, worker),
	PLANTED(work_not_cancelled, SELFTEST_FAILS(RUNS_DEAD),
		cancel_forgetter, worker),
	SILENT(cancel_delayed_work_sync, 3, delayed_canceller, worker),
	SILENT(delayed_work_pending, 0, delayed_twice),
	SILENT(flush_delayed_work, 0, delayed_flusher, worker),
	PLANTED(delayed_work_not_cancelled, SELFTEST_FAILS(RUNS_DEAD),
		delayed_forgetter, worker),
	{ .name = NULL },
};
