/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: every lock excludes, none loses a wake-up. Method: one table of locks;
 * four tasks on three CPUs (two of them on one) increment a plain counter with a
 * scheduling point in between, under many random schedules. A hung task is a
 * deadlock report. The canary, a lock that does nothing, must fail.
 */
#include "core/kapi/test/world.h"

#define ROUNDS 6

struct shared {
	spinlock_t spin;
	struct mutex mutex;
	struct rw_semaphore rwsem;
	atomic_long_t flags;
	struct lockdep_map flag_map;
	u32 inside, count, readers, readers_max;
	u32 noise;
	u32 killed;
};
static struct shared *w __world;

static void shared_setup(void *arg)
{
	(void)arg;
	w = engine_arena_alloc(sizeof(*w));
	role_set(w, sizeof(*w), "shared", -1, -1);
	spin_lock_init(&w->spin);
	mutex_init(&w->mutex);
	init_rwsem(&w->rwsem);
	bit_lock_init(&w->flag_map, "flag");
}

struct locker { const char *name; void (*lock)(void); void (*unlock)(void); };

static void lock_nothing(void) { WRITE_ONCE(w->noise, 1); }
static void lock_spin(void) __no_lock_analysis("test") { spin_lock(&w->spin); }
static void unlock_spin(void) __no_lock_analysis("test") { spin_unlock(&w->spin); }
static void lock_try(void) __no_lock_analysis("test")
{
	while (!spin_trylock(&w->spin))
		cpu_relax();
}
static void lock_spin_irq(void) __no_lock_analysis("test") { spin_lock_irq(&w->spin); }
static void unlock_spin_irq(void) __no_lock_analysis("test") { spin_unlock_irq(&w->spin); }
static void lock_spin_bh(void) __no_lock_analysis("test") { spin_lock_bh(&w->spin); }
static void unlock_spin_bh(void) __no_lock_analysis("test") { spin_unlock_bh(&w->spin); }
static void lock_mutex(void) __no_lock_analysis("test") { mutex_lock(&w->mutex); }
static void unlock_mutex(void) __no_lock_analysis("test") { mutex_unlock(&w->mutex); }
static void lock_mutex_try(void) __no_lock_analysis("test")
{
	while (!mutex_trylock(&w->mutex))
		cpu_relax();
}
static void lock_write(void) __no_lock_analysis("test") { down_write(&w->rwsem); }
static void unlock_write(void) __no_lock_analysis("test") { up_write(&w->rwsem); }
static void lock_write_try(void) __no_lock_analysis("test")
{
	while (!down_write_trylock(&w->rwsem))
		cpu_relax();
}
static void lock_bit(void) { bit_lock_at(&w->flags, 0, &w->flag_map, 0, SITE("bit_lock")); }
static void lock_bit_try(void)
{
	while (!bit_trylock_at(&w->flags, 0, &w->flag_map, SITE("bit_trylock")))
		cpu_relax();
}
static void unlock_bit(void) { bit_unlock_at(&w->flags, 0, &w->flag_map, SITE("bit_unlock")); }

static const struct locker lockers[] = {
	{ "spin_lock", lock_spin, unlock_spin },
	{ "spin_trylock", lock_try, unlock_spin },
	{ "spin_lock_irq", lock_spin_irq, unlock_spin_irq },
	{ "spin_lock_bh", lock_spin_bh, unlock_spin_bh },
	{ "mutex_lock", lock_mutex, unlock_mutex },
	{ "mutex_trylock", lock_mutex_try, unlock_mutex },
	{ "down_write", lock_write, unlock_write },
	{ "down_write_trylock", lock_write_try, unlock_write },
	{ "bit_lock", lock_bit, unlock_bit },
	{ "bit_trylock", lock_bit_try, unlock_bit },
};
static const struct locker canary = { "nothing", lock_nothing, lock_nothing };

static void exclusive_task(void *arg)
{
	const struct locker *l = arg;

	engine_op_begin(1, SITE("exclusive"));
	for (int i = 0; i < ROUNDS; i++) {
		u32 seen;

		l->lock();
		BUG_ON(data_race(w->inside) != 0);
		w->inside = 1;
		seen = w->count;
		(void)READ_ONCE(w->noise);
		w->count = seen + 1;
		w->inside = 0;
		l->unlock();
	}
	engine_op_end(SITE("exclusive"));
}

/* Nobody holds or waits: no count of waiters was left behind. */
static void check_idle(void *arg)
{
	(void)arg;
	BUG_ON(w->spin.word || w->mutex.word || w->flags.counter);
	BUG_ON(rwsem_is_locked(&w->rwsem));
}

static void check_count(void *arg)
{
	check_idle(arg);
	BUG_ON(w->count != 4 * ROUNDS);
}

static struct world_test exclusion(const struct locker *l)
{
	struct world_test t = { .cpus = 3, .ntasks = 4, .setup = shared_setup,
				.teardown = check_count };

	for (unsigned i = 0; i < 4; i++)
		t.task[i] = (struct engine_task){ .fn = exclusive_task, .arg = (void *)l,
						  .cpu = i ? (u8)(i - 1) : 0 };
	return t;
}

static void test_exclusion(void)
{
	struct world_test t = exclusion(&canary);

	for (unsigned i = 0; i < ARRAY_SIZE(lockers); i++) {
		struct world_test each = exclusion(&lockers[i]);

		world_silent(lockers[i].name, &each, 400);
		each.native = true;
		world_silent(lockers[i].name, &each, 10);
	}
#ifndef SWAPRACE_TSAN
	world_fires("canary", &t, 20, "kernel BUG");
#else
	world_fires("canary", &t, 20, "");
#endif
}

/* ---- rwsem: readers together, writer alone, downgrade, killable ---- */

static void reader_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		u32 n;

		down_read(&w->rwsem);
		n = (u32)__atomic_add_fetch(&w->readers, 1, __ATOMIC_RELAXED);
		if (n > READ_ONCE(w->readers_max))
			WRITE_ONCE(w->readers_max, n);
		BUG_ON(w->inside);
		__atomic_sub_fetch(&w->readers, 1, __ATOMIC_RELAXED);
		up_read(&w->rwsem);
	}
}

static void writer_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		down_write(&w->rwsem);
		w->inside = 1;
		BUG_ON(READ_ONCE(w->readers) != 0);
		w->count++;
		w->inside = 0;
		if (i & 1) {
			downgrade_write(&w->rwsem);
			BUG_ON(w->inside);
			(void)READ_ONCE(w->noise);
			up_read(&w->rwsem);
		} else {
			up_write(&w->rwsem);
		}
	}
}

static void test_rwsem(void)
{
	struct world_test t = { .cpus = 4, .ntasks = 4, .setup = shared_setup, .task = {
		{ .fn = reader_task, .cpu = 0 }, { .fn = reader_task, .cpu = 1 },
		{ .fn = writer_task, .cpu = 2 }, { .fn = writer_task, .cpu = 3 } } };
	u32 together = 0;

	for (u64 seed = 1; seed <= 400; seed++) {
		const char *title = world_run(&t, seed);

		CHECK_STR(title, "");
		CHECK_EQ(w->count, 2 * ROUNDS);
		together += w->readers_max > 1;
	}
	CHECK(together > 100);
}

static struct task_struct *signalled(void)
{
	struct task_struct *t = kzalloc(sizeof(*t), GFP_KERNEL | __GFP_NOFAIL);

	t->flags = PF_MAY_SIGNAL;
	engine_set_ctx_data(t);
	return t;
}

static void killable_task(void *arg)
{
	struct task_struct *t = signalled();

	for (int i = 0; i < ROUNDS; i++) {
		int ret = 0;

		switch (((uintptr_t)arg + (unsigned)i) % 4) {
		case 0:
			ret = mutex_lock_killable(&w->mutex);
			if (!ret)
				mutex_unlock(&w->mutex);
			break;
		case 1:
			ret = down_read_killable(&w->rwsem);
			if (!ret)
				up_read(&w->rwsem);
			break;
		case 2:
			ret = down_write_killable(&w->rwsem);
			if (!ret)
				up_write(&w->rwsem);
			break;
		case 3:
			ret = bit_lock_killable_at(&w->flags, 0, &w->flag_map, SITE("killable"));
			if (!ret)
				unlock_bit();
			break;
		}
		BUG_ON(ret && ret != -EINTR);
		if (ret) {
			__atomic_add_fetch(&w->killed, 1, __ATOMIC_RELAXED);
			clear_signal(t);
		}
	}
	kfree(t);
	engine_set_ctx_data(NULL);
}

/* A waiter that leaves must not take the wake-up of another with it. */
static void test_killable(void)
{
	struct world_test t = { .cpus = 4, .ntasks = 4, .setup = shared_setup,
				.teardown = check_idle, .policy = &world_policy };
	u32 killed = 0;

	for (unsigned i = 0; i < 4; i++)
		t.task[i] = (struct engine_task){ .fn = killable_task, .cpu = (u8)i,
						  .arg = (void *)(uintptr_t)(i & 1) };
	for (u64 seed = 1; seed <= 400; seed++) {
		CHECK_STR(world_run(&t, seed), "");
		killed += w->killed;
	}
	CHECK(killed > 50);
}

/* ---- bit lock: handed to a completion, waited for, other bits untouched ---- */

static void bit_completion(void *arg)
{
	(void)arg;
	bit_clear_and_wake_at(&w->flags, 3, SITE("end_writeback"));
	bit_unlock_at(&w->flags, 0, NULL, SITE("end_read"));
}

static struct engine_irq_work bit_work __world = { .fn = bit_completion, .name = "io" };

static void bit_submit_task(void *arg)
{
	(void)arg;
	engine_op_begin(1, SITE("submit"));
	lock_bit();
	w->count = 7;
	set_bit(3, &w->flags);
	set_bit(40, &w->flags);
	bit_lock_handoff(&w->flag_map);
	engine_irq_queue(1, &bit_work);
	engine_op_end(SITE("submit"));
}

static void bit_wait_task(void *arg)
{
	(void)arg;
	engine_op_begin(1, SITE("wait"));
	bit_wait_at(&w->flags, 3, SITE("wait_writeback"));
	lock_bit();
	unlock_bit();
	engine_op_end(SITE("wait"));
}

static void bit_after(void *arg)
{
	(void)arg;
	BUG_ON(atomic_long_read(&w->flags) != 1L << 40);
}

static void test_bit_handoff(void)
{
	struct world_test t = { .cpus = 2, .ntasks = 3, .setup = shared_setup,
		.teardown = bit_after, .task = {
		{ .fn = bit_submit_task, .cpu = 0 }, { .fn = bit_wait_task, .cpu = 1 },
		{ .fn = bit_wait_task, .cpu = 1 } } };

	world_silent("bit lock handoff", &t, 400);
}

/* Without the handoff the submitter ends its op with the lock held. */
static void bit_forget_task(void *arg)
{
	(void)arg;
	engine_op_begin(1, SITE("forget"));
	lock_bit();
	engine_op_end(SITE("forget"));
}

static void test_bit_forgotten(void)
{
	struct world_test t = { .cpus = 1, .ntasks = 1, .setup = shared_setup,
		.task = { { .fn = bit_forget_task } } };
	const char *title = world_run(&t, 1);

	CHECK_HAS(title, "WARNING: ");
}

/* ---- interrupts and spinlocks ---- */

static void irq_count(void *arg)
{
	(void)arg;
	spin_lock(&w->spin);
	w->count++;
	spin_unlock(&w->spin);
}
static struct engine_irq_work count_work __world = { .fn = irq_count, .name = "count" };

static void irqsave_task(void *arg)
{
	unsigned long flags;

	engine_irq_queue(0, &count_work);
	(void)arg;
	spin_lock_irqsave(&w->spin, flags);
	w->count++;
	(void)READ_ONCE(w->noise);
	spin_unlock_irqrestore(&w->spin, flags);
	(void)READ_ONCE(w->noise);
}

/* Interrupts on: the handler may come while the lock is held, and hangs. */
static void irq_unsafe_task(void *arg)
{
	engine_irq_queue(0, &count_work);
	(void)arg;
	spin_lock(&w->spin);
	w->count++;
	(void)READ_ONCE(w->noise);
	spin_unlock(&w->spin);
}

static void test_irq(void)
{
	struct world_test t = { .cpus = 1, .ntasks = 1, .setup = shared_setup,
		.task = { { .fn = irqsave_task } } };
	unsigned hung = 0;

	for (u64 seed = 1; seed <= 200; seed++) {
		CHECK_STR(world_run(&t, seed), "");
		CHECK_EQ(w->count, 2);
	}
	t.task[0].fn = irq_unsafe_task;
	for (u64 seed = 1; seed <= 50; seed++) {
		const char *title = world_run(&t, seed);

		hung += strstr(title, "inconsistent lock state") || strstr(title, "deadlock");
	}
	CHECK(hung > 0);
}

/* Lockdep looks at tear-down, too, and at the handlers that run in it. */
static void teardown_irq(void *arg)
{
	(void)arg;
	spin_lock(&w->spin);
	w->count++;
	spin_unlock(&w->spin);
}
static struct engine_irq_work teardown_work __world = { .fn = teardown_irq, .name = "count" };

static void teardown_fine(void *arg)
{
	engine_irq_queue(0, &teardown_work);
	irqsave_task(arg);
}

static void teardown_recursive(void *arg)
	__no_lock_analysis("takes a lock twice on purpose")
{
	(void)arg;
	spin_lock_irq(&w->spin);
	spin_lock(&w->spin);
}

static void teardown_irqs_on(void *arg)
{
	engine_irq_queue(0, &teardown_work);
	teardown_irq(arg);
}

static void teardown_endless(void *arg)
{
	(void)arg;
	for (;;)
		(void)READ_ONCE(w->noise);
}

static void test_teardown(void)
{
	struct world_test t = { .cpus = 1, .ntasks = 1, .setup = shared_setup,
		.teardown = teardown_fine, .task = { { .fn = irqsave_task } } };

	CHECK_STR(world_run(&t, 1), "");
	CHECK_EQ(w->count, 5); /* the task, tear-down, and three handlers */
	t.teardown = teardown_recursive;
	CHECK(strstr(world_run(&t, 1), "possible recursive locking"));
	t.teardown = teardown_irqs_on;
	CHECK(strstr(world_run(&t, 1), "inconsistent lock state"));
	t.teardown = teardown_endless;
	CHECK_STR(world_run(&t, 1), "livelock in set-up or tear-down");
}

int main(void)
{
	test_exclusion();
	test_rwsem();
	test_killable();
	test_bit_handoff();
	test_bit_forgotten();
	test_irq();
	test_teardown();
	engine_exit();
	return TEST_END();
}
