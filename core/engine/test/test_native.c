/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: the native machine does what engine.h says, on real threads.
 * Method: tiny worlds of raw engine calls, many runs. What must end the process
 * (reports, hangs) happens in a forked child, which hands its title over a pipe;
 * no thread is started before the last of them.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/test.h"
#include "core/engine/context.h"
#include "core/engine/test/policies.h"

#ifdef SWAPRACE_ASAN
/* As in the command: ASan's fake stacks would grow from run to run. */
const char *__asan_default_options(void);
__attribute__((used)) const char *__asan_default_options(void)
{
	return "detect_stack_use_after_return=0";
}
#endif

struct object { u64 word; };
#define OBJECT_ALIVE 0x600du
#define OBJECT_DEAD 0xdeadu

struct shared {
	u32 lock, word, seq;
	u32 in, together;        /* sections inside now; most of them at once */
	u64 count;               /* plain: what the section protects */
	u32 handled, in_task[2]; /* by CPU: is its task inside a section? */
	u32 handler_inside;      /* handlers that began inside of one */
	struct engine_irq_work irq[4][8];
	struct object object[8];
	struct object *published;
	struct engine_rcu_head rcu[8];
	u32 callbacks, readers_of_dead;
	u32 daemon_ran;
	void *named[4][16];
};
static struct shared *w;

static void setup(void *arg)
{
	(void)arg;
	w = engine_arena_alloc(sizeof(*w));
	engine_role_set(w, sizeof(*w), "shared", -1, -1);
}

struct world { unsigned cpus, ntasks; void (*fn[4])(void *arg); u8 cpu[4]; };

static struct engine_stats stats;
static enum engine_status run(const struct world *t, u64 seed)
{
	struct engine_task task[4];
	enum engine_status status;

	for (unsigned i = 0; i < t->ntasks; i++)
		task[i] = (struct engine_task){ .fn = t->fn[i], .arg = (void *)(uintptr_t)i,
						.cpu = t->cpu[i] };
	engine_reset(&(struct engine_config){
		.backend = ENGINE_NATIVE, .cpus = t->cpus, .ntasks = t->ntasks, .tasks = task,
		.policy = &test_policy_random, .seed = seed });
	engine_quiet(setup, NULL);
	status = engine_run();
	engine_stats(&stats);
	return status;
}

/* ---- in a child: its first title, and its exit status ---- */

static int title_pipe;
static void title_send(const struct engine_report *r)
{
	char title[REPORT_TITLE_MAX] = { 0 };

	snprintf(title, sizeof(title), "%s", r->title);
	if (write(title_pipe, title, sizeof(title)) != (ssize_t)sizeof(title))
		_exit(3);
}

/* "" where the child has ended without a report. */
static const char *title_of(const struct world *t, unsigned runs)
{
	static char title[REPORT_TITLE_MAX];
	int fds[2], status;
	ssize_t n, more;
	char extra;
	pid_t pid;

	if (pipe(fds) != 0)
		return "no pipe";
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		title_pipe = fds[1];
		engine_native_report = title_send;
		engine_native_hang_ms = 500;
		for (u64 seed = 1; seed <= runs; seed++)
			run(t, seed);
		_exit(0);
	}
	close(fds[1]);
	memset(title, 0, sizeof(title));
	n = read(fds[0], title, sizeof(title));
	more = read(fds[0], &extra, 1);
	close(fds[0]);
	waitpid(pid, &status, 0);
	CHECK(more == 0); /* one report and no more */
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), n > 0);
	return title;
}

/* ---- mutual exclusion by a word that is slept on ---- */

static void lock(u32 *word)
{
	engine_point(SITE("lock"), EV_LOCK, word, 4);
	while (engine_xchg(word, 2, ENGINE_ACQUIRE) != 0)
		engine_wait(SITE("lock"), word, 2, false, "a lock");
}

static void unlock(u32 *word)
{
	engine_point(SITE("unlock"), EV_UNLOCK, word, 4);
	if (engine_xchg(word, 0, ENGINE_RELEASE) == 2)
		engine_wake(word, 1);
}

static void enter(void)
{
	u32 in = engine_fetch_add(&w->in, 1, ENGINE_RELAXED) + 1;

	if (in > engine_load_relaxed(&w->together))
		engine_store_relaxed(&w->together, in);
}

static void leave(void)
{
	engine_fetch_add(&w->in, -1, ENGINE_RELAXED);
}

static void lock_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++) {
		u64 n;

		lock(&w->lock);
		enter();
		n = w->count;
		engine_point(SITE("inside"), EV_STORE, &w->count, 8);
		w->count = n + 1;
		leave();
		unlock(&w->lock);
	}
}

static void test_locks(void)
{
	static const struct world t = { 4, 4, { lock_task, lock_task, lock_task, lock_task },
					{ 0, 1, 2, 3 } };

	for (u64 seed = 1; seed <= 200; seed++) {
		CHECK(run(&t, seed) == ENGINE_DONE);
		CHECK_EQ(w->count, 80);
		CHECK_EQ(w->together, 1);
	}
	CHECK(stats.steps >= 4 * 20 * 3);
}

/* ---- preemption: one lock a CPU, recursive ---- */

static void preempt_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < 20; i++) {
		u64 n;

		engine_preempt_disable();
		engine_irq_disable();
		engine_preempt_disable();
		enter();
		n = w->count;
		engine_point(SITE("inside"), EV_STORE, &w->count, 8);
		w->count = n + 1;
		leave();
		engine_preempt_enable(SITE("on"));
		engine_irq_enable(SITE("on"));
		engine_preempt_enable(SITE("on"));
	}
}

static void test_preempt(void)
{
	static const struct world one = { 1, 3, { preempt_task, preempt_task, preempt_task },
					  { 0, 0, 0 } };
	static const struct world two = { 2, 2, { preempt_task, preempt_task }, { 0, 1 } };
	u32 together = 0;

	for (u64 seed = 1; seed <= 200; seed++) {
		run(&one, seed);
		CHECK_EQ(w->count, 60);
		CHECK_EQ(w->together, 1);
	}
	for (u64 seed = 1; seed <= 2000 && together < 2; seed++) {
		run(&two, seed);
		together = max(together, w->together);
	}
	CHECK_EQ(together, 2); /* the other CPU's task is not kept off */
}

/* ---- interrupts ---- */

static void irq_handler(void *arg)
{
	unsigned cpu = engine_cpu();

	BUG_ON(!engine_in_hardirq() || !engine_irqs_off() || cpu != (uintptr_t)arg);
	if (engine_load_relaxed(&w->in_task[cpu]))
		engine_fetch_add(&w->handler_inside, 1, ENGINE_RELAXED);
	engine_point(SITE("handler"), EV_STORE, &w->handled, 4);
	engine_fetch_add(&w->handled, 1, ENGINE_RELAXED);
}

static void irq_task(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg, cpu = engine_cpu();

	for (unsigned k = 0; k < 8; k++) {
		struct engine_irq_work *work = &w->irq[i][k];

		work->fn = irq_handler;
		work->arg = (void *)(uintptr_t)(k & 1);
		engine_irq_queue(k & 1, work);
		engine_irq_disable();
		engine_store_relaxed(&w->in_task[cpu], 1);
		engine_point(SITE("inside"), EV_STORE, &w->in_task[cpu], 4);
		engine_store_relaxed(&w->in_task[cpu], 0);
		engine_irq_enable(SITE("on"));
	}
}

static void test_interrupts(void)
{
	static const struct world t = { 2, 2, { irq_task, irq_task }, { 0, 1 } };

	for (u64 seed = 1; seed <= 300; seed++) {
		CHECK(run(&t, seed) == ENGINE_DONE);
		CHECK_EQ(w->handled, 16); /* all of them, before the run is over */
		CHECK_EQ(w->handler_inside, 0);
		CHECK_EQ(stats.irqs, 16);
	}
}

/* ---- RCU ---- */

static void rcu_free(struct engine_rcu_head *head)
{
	unsigned i = (unsigned)(head - w->rcu);

	BUG_ON(!engine_in_softirq());
	engine_store_relaxed(&w->object[i].word, OBJECT_DEAD);
	engine_fetch_add(&w->callbacks, 1, ENGINE_RELAXED);
}

static void rcu_reader(void *arg)
{
	bool preempt = (uintptr_t)arg & 1;

	for (int i = 0; i < 30; i++) {
		struct object *o;

		if (preempt)
			engine_preempt_disable();
		else
			engine_rcu_read_lock(SITE("reader"));
		o = engine_load_acquire(&w->published);
		for (int k = 0; o && k < 3; k++) {
			engine_point(SITE("reader"), EV_LOAD, o, 8);
			if (engine_load_relaxed(&o->word) != OBJECT_ALIVE)
				engine_fetch_add(&w->readers_of_dead, 1, ENGINE_RELAXED);
		}
		if (preempt)
			engine_preempt_enable(SITE("reader"));
		else
			engine_rcu_read_unlock(SITE("reader"));
	}
}

/* Publishes one object after the other; even ones wait, odd ones are called back. */
static void rcu_updater(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 8; i++) {
		struct object *old = w->published;

		engine_store_relaxed(&w->object[i].word, OBJECT_ALIVE);
		engine_point(SITE("updater"), EV_STORE, &w->published, 8);
		engine_store_release(&w->published, &w->object[i]);
		if (!old)
			continue;
		if (i & 1) {
			engine_call_rcu(SITE("updater"), &w->rcu[old - w->object], rcu_free);
		} else {
			engine_synchronize_rcu(SITE("updater"));
			engine_store_relaxed(&old->word, OBJECT_DEAD);
		}
	}
}

/* Frees at once what readers may have: they must notice, sooner or later. */
static void rcu_bad_updater(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 8; i++) {
		struct object *old = w->published;

		engine_store_relaxed(&w->object[i].word, OBJECT_ALIVE);
		engine_store_release(&w->published, &w->object[i]);
		engine_point(SITE("updater"), EV_STORE, &w->published, 8);
		if (old)
			engine_store_relaxed(&old->word, OBJECT_DEAD);
	}
}

static void test_rcu(void)
{
	static const struct world good = { 3, 3, { rcu_reader, rcu_reader, rcu_updater },
					   { 0, 1, 2 } };
	static const struct world bad = { 3, 3, { rcu_reader, rcu_reader, rcu_bad_updater },
					  { 0, 1, 2 } };
	u32 noticed = 0;

	for (u64 seed = 1; seed <= 300; seed++) {
		CHECK(run(&good, seed) == ENGINE_DONE);
		CHECK_EQ(w->readers_of_dead, 0);
		CHECK_EQ(w->callbacks, 4); /* all of them, before the run is over */
	}
	for (u64 seed = 1; seed <= 5000 && !noticed; seed++) {
		run(&bad, seed);
		noticed = w->readers_of_dead;
	}
	CHECK(noticed);
}

static void barrier_task(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 4; i++)
		engine_call_rcu(SITE("caller"), &w->rcu[i], rcu_free);
	engine_rcu_barrier(SITE("caller"));
	BUG_ON(engine_load_relaxed(&w->callbacks) != 4);
}

static void test_barrier(void)
{
	static const struct world t = { 1, 1, { barrier_task }, { 0 } };

	for (u64 seed = 1; seed <= 50; seed++)
		CHECK(run(&t, seed) == ENGINE_DONE);
}

/* ---- daemons ---- */

static void daemon_task(void *arg)
{
	(void)arg;
	for (;;) {
		u32 seq = engine_load_acquire(&w->seq);

		engine_fetch_add(&w->daemon_ran, 1, ENGINE_RELAXED);
		engine_park(SITE("daemon"), &w->seq, seq);
	}
}

static void waker_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5; i++) {
		engine_point(SITE("waker"), EV_WAKE, &w->seq, 4);
		engine_fetch_add(&w->seq, 1, ENGINE_RELEASE);
		engine_wake(&w->seq, 1);
	}
}

static void test_daemon(void)
{
	static const struct world t = { 2, 2, { daemon_task, waker_task }, { 0, 1 } };
	u32 most = 0;

	for (u64 seed = 1; seed <= 300; seed++) {
		CHECK(run(&t, seed) == ENGINE_DONE); /* parked: no hang */
		CHECK(w->daemon_ran >= 1);
		most = max(most, w->daemon_ran);
	}
	CHECK(most >= 2); /* woken */
}

/* ---- names ---- */

static void naming_task(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg;

	for (unsigned k = 0; k < 16; k++) {
		w->named[i][k] = engine_arena_alloc(32);
		engine_role_new(w->named[i][k], 32, "thing");
	}
}

static void test_names(void)
{
	static const struct world t = { 4, 4, { naming_task, naming_task, naming_task,
						naming_task }, { 0, 1, 2, 3 } };

	for (u64 seed = 1; seed <= 100; seed++) {
		unsigned same = 0, wrong = 0;

		run(&t, seed);
		for (unsigned i = 0; i < 64; i++) {
			char name[32], wanted[32];
			void *p = w->named[i / 16][i % 16];

			snprintf(wanted, sizeof(wanted), "thing %c0.%u", 'A' + (int)i / 16, i % 16);
			engine_role_name(engine_role_of(p), name, sizeof(name));
			wrong += strcmp(name, wanted) != 0;
			for (unsigned k = 0; k < i; k++)
				same += w->named[k / 16][k % 16] == p;
		}
		CHECK_EQ(same, 0);
		CHECK_EQ(wrong, 0);
	}
}

/* ---- reports: the first ends the process, hangs are some ---- */

static void report_task(void *arg)
{
	engine_point(SITE("reporter"), EV_STORE, w, 4);
	if ((uintptr_t)arg & 1)
		report("odd", "");
	else
		report("even", "");
}

static void ab_task(void *arg)
{
	bool first = (uintptr_t)arg & 1;

	lock(first ? &w->lock : &w->word);
	/* both have one before either wants the other */
	engine_fetch_add(&w->seq, 1, ENGINE_SEQ_CST);
	while (engine_load_relaxed(&w->seq) < 2)
		engine_yield(SITE("meet"));
	lock(first ? &w->word : &w->lock);
}

static void sleeper_task(void *arg)
{
	(void)arg;
	engine_wait(SITE("sleeper"), &w->word, 0, false, "nothing");
}

static void spinner_task(void *arg)
{
	(void)arg;
	engine_op_begin(1, SITE("op"));
	while (!engine_load_relaxed(&w->word))
		engine_yield(SITE("spinner"));
}

static volatile u32 *volatile null_plus_8 = (volatile u32 *)(uintptr_t)8;
static void null_task(void *arg)
{
	(void)arg;
	engine_point(SITE("store"), EV_STORE, w, 4);
	*null_plus_8 = 1;
}

static void test_reports(void)
{
	static const struct world many = { 4, 4, { report_task, report_task, report_task,
						   report_task }, { 0, 1, 2, 3 } };
	static const struct world abba = { 2, 2, { ab_task, ab_task }, { 0, 1 } };
	static const struct world sleeper = { 2, 2, { lock_task, sleeper_task }, { 0, 1 } };
	static const struct world spinner = { 1, 1, { spinner_task }, { 0 } };
	static const struct world oops = { 1, 1, { null_task }, { 0 } };
	static const struct world fine = { 2, 2, { lock_task, lock_task }, { 0, 1 } };

	for (int i = 0; i < 5; i++)
		CHECK_HAS("odd even", title_of(&many, 1)); /* one of them */
	CHECK_STR(title_of(&abba, 1), "deadlock: task hung in lock");
	CHECK_STR(title_of(&sleeper, 1), "deadlock: task hung in sleeper_task");
	CHECK_STR(title_of(&spinner, 1), "livelock in spinner_task");
	CHECK_STR(title_of(&oops, 1), "BUG: kernel NULL pointer dereference in null_task");
	CHECK_STR(title_of(&fine, 50), "");
}

/* ---- threads live on ---- */

static unsigned threads_now(void)
{
	DIR *d = opendir("/proc/self/task");
	unsigned n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

static long resident_pages(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size = 0, resident = 0;

	if (f && fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident;
}

static void test_reuse(void)
{
	static const struct world t = { 3, 3, { rcu_reader, lock_task, rcu_updater },
					{ 0, 1, 2 } };
	unsigned threads = 0;
	long pages = 0;

	for (u64 seed = 1; seed <= 2000; seed++) {
		run(&t, seed);
		if (seed == 200) {
			threads = threads_now();
			pages = resident_pages();
		}
	}
	CHECK_EQ(threads_now(), threads);
	CHECK(resident_pages() - pages < 256); /* 1 MiB in 1,800 runs */
	engine_exit();
	CHECK(threads_now() < threads);
	CHECK(run(&t, 1) == ENGINE_DONE); /* and they start again */
}

int main(void)
{
	test_reports(); /* first: forks */
	test_locks();
	test_preempt();
	test_interrupts();
	test_rcu();
	test_barrier();
	test_daemon();
	test_names();
	test_reuse();
	engine_exit();
	return TEST_END();
}
