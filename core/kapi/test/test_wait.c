/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: nobody sleeps through a wake-up, and work runs once for each time it was
 * queued while idle. Method: wait queues, completions and work items between
 * tasks and interrupts under many random schedules; a sleeper that is left is a
 * deadlock report. Canaries: a wait queue that nobody wakes, a worker that
 * flushes itself.
 */
#include "core/kapi/test/world.h"

#define ITEMS 5

struct shared {
	wait_queue_head_t wq;
	struct completion done, ack;
	spinlock_t lock;
	struct mutex mutex;
	struct work_struct work, other;
	u32 posted, taken, ran, running, stop, late, signals;
	bool flag;
};
static struct shared *w __world;

static void count_work(struct work_struct *work)
{
	BUG_ON(work != &w->work);
	BUG_ON(w->running);
	w->running = 1;
	(void)READ_ONCE(w->stop);
	w->ran++;
	w->running = 0;
}

static void mutex_work(struct work_struct *work)
{
	(void)work;
	mutex_lock(&w->mutex);
	w->ran++;
	mutex_unlock(&w->mutex);
}

static void shared_setup(void *arg)
{
	(void)arg;
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	init_waitqueue_head(&w->wq);
	init_completion(&w->done);
	init_completion(&w->ack);
	spin_lock_init(&w->lock);
	mutex_init(&w->mutex);
	INIT_WORK(&w->work, count_work);
	INIT_WORK(&w->other, mutex_work);
}

/* ---- wait queue: a bounded channel of one ---- */

static bool take_one(void)
{
	bool got;

	spin_lock(&w->lock);
	got = w->posted > w->taken;
	if (got)
		w->taken++;
	spin_unlock(&w->lock);
	return got;
}

static void consumer_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < ITEMS; i++) {
		wait_event(w->wq, take_one());
		wake_up(&w->wq);
	}
}

static bool post_one(void)
{
	bool room;

	spin_lock(&w->lock);
	room = w->posted == w->taken;
	if (room)
		w->posted++;
	spin_unlock(&w->lock);
	return room;
}

static void producer_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2 * ITEMS; i++) {
		wait_event(w->wq, post_one());
		wake_up(&w->wq);
	}
}

static void queue_after(void *arg)
{
	(void)arg;
	BUG_ON(w->posted != 2 * ITEMS || w->taken != 2 * ITEMS);
	BUG_ON(waitqueue_active(&w->wq));
}

/* Wakes only the first time: somebody stays asleep. */
static void bad_producer_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < 2 * ITEMS; i++) {
		wait_event(w->wq, post_one());
		if (i == 0)
			wake_up(&w->wq);
	}
}

static void quiet_consumer_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < ITEMS; i++)
		wait_event(w->wq, take_one());
}

static void test_wait_queue(void)
{
	struct world_test t = { .cpus = 3, .ntasks = 3, .setup = shared_setup,
		.teardown = queue_after, .task = {
		{ .fn = producer_task, .cpu = 0 }, { .fn = consumer_task, .cpu = 1 },
		{ .fn = consumer_task, .cpu = 1 } } };

	world_silent("wait queue", &t, 500);
	t.native = true;
	world_silent("wait queue, native", &t, 10);
	t.native = false;
	t.task[0].fn = bad_producer_task;
	t.task[1].fn = t.task[2].fn = quiet_consumer_task;
	world_fires("lost wake-up", &t, 20, "deadlock: task hung in");
}

static void idle_task(void *arg)
{
	(void)arg;
	wait_event_idle(w->wq, READ_ONCE(w->stop));
	w->late = 1;
}

static void post_task(void *arg)
{
	(void)arg;
	if (arg) {
		WRITE_ONCE(w->stop, 1);
		wake_up_all(&w->wq);
	}
}

/* A parked daemon is no deadlock; a woken one goes on. */
static void test_park(void)
{
	struct world_test t = { .cpus = 2, .ntasks = 2, .setup = shared_setup, .task = {
		{ .fn = idle_task, .cpu = 0 }, { .fn = post_task, .cpu = 1 } } };

	world_silent("parked", &t, 50);
	CHECK_EQ(w->late, 0);
	t.task[1].arg = w;
	for (u64 seed = 1; seed < 100; seed++) {
		CHECK_STR(world_run(&t, seed), "");
		CHECK_EQ(w->late, 1);
	}
}

static void killable_wait_task(void *arg)
{
	struct task_struct t = { .flags = PF_MAY_SIGNAL };
	int ret;

	(void)arg;
	engine_set_ctx_data(&t);
	ret = wait_event_killable(w->wq, READ_ONCE(w->stop));
	BUG_ON(ret && ret != -ERESTARTSYS);
	BUG_ON(ret && !signal_pending(current)); /* it stays until it is cleared */
	if (!ret && wait_for_completion_killable(&w->done))
		ret = -1;
	if (ret)
		WRITE_ONCE(w->signals, 1);
	engine_set_ctx_data(NULL);
}

static void late_post_task(void *arg)
{
	(void)arg;
	WRITE_ONCE(w->stop, 1);
	wake_up(&w->wq);
	complete(&w->done);
}

static void test_killable(void)
{
	struct world_test t = { .cpus = 2, .ntasks = 2, .setup = shared_setup,
		.policy = &world_policy, .task = {
		{ .fn = killable_wait_task, .cpu = 0 }, { .fn = late_post_task, .cpu = 1 } } };
	u32 signals = 0;

	for (u64 seed = 1; seed <= 200; seed++) {
		CHECK_STR(world_run(&t, seed), "");
		signals += w->signals;
	}
	CHECK(signals > 5 && signals < 195);
}

/* ---- completions ---- */

static void complete_irq(void *arg)
{
	(void)arg;
	w->posted = 5;
	complete(&w->done);
}
static struct engine_irq_work complete_work __world = { .fn = complete_irq, .name = "done" };

static void completion_waiter(void *arg)
{
	(void)arg;
	wait_for_completion(&w->done);
	BUG_ON(w->posted != 5);
	complete_all(&w->ack);
}

static void completion_starter(void *arg)
{
	(void)arg;
	engine_irq_queue(0, &complete_work);
	wait_for_completion(&w->ack);
	BUG_ON(!completion_done(&w->ack));
	BUG_ON(!try_wait_for_completion(&w->ack));
	BUG_ON(try_wait_for_completion(&w->done));
	reinit_completion(&w->ack);
	BUG_ON(completion_done(&w->ack));
}

static void test_completion(void)
{
	struct world_test t = { .cpus = 2, .ntasks = 2, .setup = shared_setup, .task = {
		{ .fn = completion_starter, .cpu = 0 }, { .fn = completion_waiter, .cpu = 1 } } };

	world_silent("completion", &t, 300);
	t.native = true;
	world_silent("completion, native", &t, 10);
	t.native = false;
	/* Two waiters, one completion: the second one hangs. */
	t.ntasks = 3;
	t.task[2] = (struct engine_task){ .fn = completion_waiter, .cpu = 0 };
	world_fires("two waiters, one completion", &t, 5, "deadlock: task hung in");
}

/* ---- work ---- */

static void queue_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < ITEMS; i++) {
		if (schedule_work(&w->work))
			__atomic_add_fetch(&w->posted, 1, __ATOMIC_RELAXED);
	}
}

static void worker_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++)
		run_pending_work();
}

static void flush_task(void *arg)
{
	(void)arg;
	queue_task(NULL);
	flush_work(&w->work);
}

static void work_after(void *arg)
{
	(void)arg;
	run_pending_work();
	BUG_ON(w->ran != w->posted);
	BUG_ON(!work_idle());
	BUG_ON(work_pending(&w->work));
}

static void test_work(void)
{
	struct world_test t = { .cpus = 3, .ntasks = 4, .setup = shared_setup,
		.teardown = work_after, .task = {
		{ .fn = queue_task, .cpu = 0 }, { .fn = worker_task, .cpu = 1 },
		{ .fn = worker_task, .cpu = 2 }, { .fn = flush_task, .cpu = 0 } } };

	world_silent("work", &t, 500);
	t.native = true;
	world_silent("work, native", &t, 10);
}

static void cancel_task(void *arg)
{
	(void)arg;
	schedule_work(&w->work);
	if (cancel_work_sync(&w->work))
		BUG_ON(w->ran);
	else
		BUG_ON(w->ran != 1);
	BUG_ON(w->running);
}

static void test_cancel(void)
{
	struct world_test t = { .cpus = 2, .ntasks = 2, .setup = shared_setup, .task = {
		{ .fn = cancel_task, .cpu = 0 }, { .fn = worker_task, .cpu = 1 } } };

	world_silent("cancel", &t, 300);
}

/* Flushing under a lock that the work takes: reported by lockdep, in any order. */
static void flush_under_mutex_task(void *arg)
{
	(void)arg;
	schedule_work(&w->other);
	run_pending_work();
	mutex_lock(&w->mutex);
	flush_work(&w->other);
	mutex_unlock(&w->mutex);
}

static void flush_self(struct work_struct *work)
{
	flush_work(work);
}

static void flush_self_task(void *arg)
{
	(void)arg;
	w->other.func = flush_self;
	schedule_work(&w->other);
	run_pending_work();
}

static void test_flush_rules(void)
{
	struct world_test t = { .cpus = 1, .ntasks = 1, .setup = shared_setup,
		.task = { { .fn = flush_under_mutex_task } } };

	world_fires("flush under the work's lock", &t, 3,
		    "WARNING: possible circular locking dependency detected");
	t.task[0].fn = flush_self_task;
	world_fires("flush of itself", &t, 3, "WARNING: possible recursive locking detected");
}

int main(void)
{
	test_wait_queue();
	test_park();
	test_killable();
	test_completion();
	test_work();
	test_cancel();
	test_flush_rules();
	engine_exit();
	return TEST_END();
}
