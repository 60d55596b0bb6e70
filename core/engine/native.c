/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native backend: the same tasks on real threads, an interrupt and a softirq
 * thread a CPU, RCU by liburcu (native_rcu.c). It is the sanity check on sim and the
 * soak test: nothing replays. preempt_disable, local_lock and interrupts-off take one
 * recursive lock a CPU. Threads live on between runs; delays are injected at
 * events, by seed. The first report ends the process.
 * Locking: what several threads share here is under hidden locks (native_wait.c).
 * This folder is built without TSan and calls no pthread lock, so TSan knows
 * nothing of it but the annotations, which are those of sim.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/engine/native.h"

#define WATCH_MS 250u

/* No event and nobody finished for so long: a deadlock. Nobody has ended an op for
 * LIVELOCK_FACTOR times that, though there are events: a livelock. */
unsigned engine_native_hang_ms = 5000;
#define LIVELOCK_FACTOR 8

struct native_thread {
	pthread_t thread;
	bool started;
	u32 go;        /* changes: there may be work */
	u32 seen;      /* last go after which it has found nothing more to do */
	u64 prng;
	void *stack_end;
};

static struct {
	u32 busy;      /* tasks, interrupts and callbacks that are not over */
	bool stop;
	u32 cpu[ENGINE_CPUS_MAX]; /* hidden locks: preemption, interrupts */
	u32 queue_lock;           /* the CPUs' queues, their counters, statistics */
	u32 choose_lock, feedback_lock;
	u32 reporter;  /* context that reports, + 1 */
	struct native_thread thread[ENGINE_CTX_MAX];
} pool;

static __thread struct engine_ctx *self;

struct engine_ctx *native_ctx(void)
{
	return self ? self : &eng.ctx[CTX_MAIN];
}

const char *native_stack_end(void)
{
	return self ? pool.thread[self->index].stack_end : NULL;
}

/* ---- the queue's lock and who is busy, for native_rcu.c as well ---- */

void native_queue_lock(void)
{
	engine_hidden_lock(&pool.queue_lock);
}

void native_queue_unlock(void)
{
	engine_hidden_unlock(&pool.queue_lock);
}

void native_busy_get(void)
{
	engine_fetch_add(&pool.busy, 1, ENGINE_RELAXED);
}

void native_busy_put(void)
{
	if (engine_fetch_add(&pool.busy, -1, ENGINE_ACQ_REL) == 1)
		native_futex_wake(&pool.busy, 1);
}

void native_kick(u32 ctx)
{
	engine_fetch_add(&pool.thread[ctx].go, 1, ENGINE_RELEASE);
	native_futex_wake(&pool.thread[ctx].go, 1);
}

/* ---- events ---- */

static void feedback(struct engine_ctx *c, const struct engine_event *ev)
{
	engine_hidden_lock(&pool.feedback_lock);
	engine_feedback(c->index, ev->site, ev->role, ev->kind);
	engine_hidden_unlock(&pool.feedback_lock);
}

void native_point(const struct site *site, enum event_kind kind, const volatile void *obj,
		  unsigned size)
{
	struct engine_ctx *c = native_ctx();
	struct engine_event *ev = &eng.view.pending[c->index];

	if (unlikely(!self))
		return;
	*ev = (struct engine_event){ .site = site, .obj = obj, .role = arena_role_of(obj),
				     .kind = (u8)kind, .size = (u8)size, .op = c->op };
	c->points++;
	if (native_delay_due(kind == EV_YIELD))
		native_delay();
	native_trace(c, ev);
	if (unlikely(engine_feedback != NULL))
		feedback(c, ev);
}

static void native_yield(const struct site *site)
{
	native_point(site, EV_YIELD, NULL, 0);
}

/* As in sim: the policy's own odds, and what the program says where it replays. */
static u32 native_choose(const struct site *site, enum choice_kind kind, u32 n)
{
	struct sched_choice ch = { .site = site, .kind = kind, .ctx = native_ctx()->index, .n = n };
	u32 v;

	if (!eng.policy)
		return 0;
	engine_hidden_lock(&pool.choose_lock);
	v = eng.policy->choose(eng.policy, &eng.view, &ch);
	eng.stats.choices++;
	engine_hidden_unlock(&pool.choose_lock);
	return v < n ? v : 0;
}

/* ---- CPUs ---- */

static void native_cpu_lock(u32 cpu)
{
	engine_hidden_lock(&pool.cpu[cpu]);
}

static void native_cpu_unlock(u32 cpu)
{
	engine_hidden_unlock(&pool.cpu[cpu]);
}

/* Who is interrupted? A task of this CPU that is inside of its run: it may go on
 * until it wants the CPU, as if it were elsewhere. */
static void note_delivery(u32 cpu, bool hardirq)
{
	u32 kind = EV_NONE;

	for (u32 i = 0; i < eng.ntasks && kind == EV_NONE; i++)
		if (eng.ctx[i].cpu == cpu && engine_load_relaxed(&eng.ctx[i].state) == CTX_READY)
			kind = engine_load_relaxed(&eng.view.pending[i].kind);
	engine_hidden_lock(&pool.feedback_lock);
	engine_irq_delivered(kind, hardirq);
	engine_hidden_unlock(&pool.feedback_lock);
}

/* A handler begins and ends. It has its CPU: nobody of it is inside of a section. */
void native_handler_begin(struct engine_ctx *c, bool hardirq, u16 op)
{
	native_cpu_lock(c->cpu);
	if (unlikely(engine_irq_delivered != NULL))
		note_delivery(c->cpu, hardirq);
	c->op = op;
	c->nrole_kinds = 0;
	label_print(c, c->ld.label, sizeof(c->ld.label));
	c->ld.op_rcu_nesting = c->ld.rcu_nesting;
	native_point(hardirq ? SITE("irq_enter") : SITE("softirq_enter"), EV_IRQ, NULL, 0);
	native_reader_enter(c);
	HB(HB_RUN_START_ACQUIRE, acquire, &eng.token_start);
}

void native_handler_end(struct engine_ctx *c, const char *what)
{
	engine_lockdep_begin();
	lockdep_check_op_end(&c->ld, what);
	engine_lockdep_end();
	HB(HB_RUN_END_RELEASE, release, &eng.token_end);
	native_reader_leave(c);
	native_cpu_unlock(c->cpu);
}

/* ---- interrupts ---- */

static void native_irq_queue(unsigned cpu, struct engine_irq_work *work)
{
	native_busy_get();
	native_queue_lock();
	interrupt_put(cpu, work);
	native_queue_unlock();
	native_kick(ENGINE_CTX_IRQ(cpu));
}

static struct engine_irq_work *irq_next(u32 cpu, u16 *number)
{
	struct engine_irq_work *w;

	native_queue_lock();
	w = interrupt_take(cpu);
	if (w) {
		*number = ++eng.cpu[cpu].irq_count;
		eng.stats.irqs++;
	}
	native_queue_unlock();
	return w;
}

static void irq_work(struct engine_ctx *c)
{
	struct engine_irq_work *w;
	u16 number;

	while ((w = irq_next(c->cpu, &number)) != NULL) {
		native_delay();
		native_handler_begin(c, true, number);
		c->ld.hardirqs_off = 1;
		c->irqoff = 1;
		HB(HB_IRQ_ACQUIRE_ENTRY, acquire, &eng.cpu[c->cpu].token_irq);
		HB(HB_IRQ_QUEUE_ACQUIRE, acquire, w);
		w->fn(w->arg);
		HB(HB_IRQ_RELEASE_EXIT, release, &eng.cpu[c->cpu].token_irq);
		c->irqoff = 0;
		native_handler_end(c, "interrupt");
		native_busy_put();
	}
}

/* ---- threads ---- */

static void task_work(struct engine_ctx *c)
{
	HB(HB_RUN_START_ACQUIRE, acquire, &eng.token_start);
	if (setjmp(c->entry) == 0)
		c->fn(c->arg);
	HB(HB_RUN_END_RELEASE, release, &eng.token_end);
	engine_store_relaxed(&c->state, CTX_DONE);
	native_busy_put();
}

static void *stack_end(void)
{
	pthread_attr_t attr;
	void *low = NULL;
	size_t size = 0;

	if (pthread_getattr_np(pthread_self(), &attr) == 0) {
		pthread_attr_getstack(&attr, &low, &size);
		pthread_attr_destroy(&attr);
	}
	return low ? (char *)low + size : NULL;
}

static void *thread_main(void *arg)
{
	struct engine_ctx *c = arg;
	struct native_thread *t = &pool.thread[c->index];
	u32 seen = 0;

	self = c;
	t->stack_end = stack_end();
	prctl(PR_SET_TIMERSLACK, 1ul); /* short delays are short */
	native_rcu_thread(true);
	for (;;) {
		u32 go;

		engine_store_release(&t->seen, seen);
		while ((go = engine_load_acquire(&t->go)) == seen)
			native_futex_wait(&t->go, seen, 0);
		seen = go;
		if (engine_load_acquire(&pool.stop))
			break;
		native_delay_seed(engine_load_relaxed(&t->prng), c->points);
		if (ctx_is_task(c->index))
			task_work(c);
		else if (c->index < ENGINE_CTX_SOFTIRQ(0))
			irq_work(c);
		else
			native_rcu_work(c);
	}
	native_rcu_thread(false);
	return NULL;
}

static void thread_start(u32 i)
{
	struct native_thread *t = &pool.thread[i];

	if (t->started)
		return;
	t->go = t->seen = 0;
	if (pthread_create(&t->thread, NULL, thread_main, &eng.ctx[i]) != 0) {
		fprintf(stderr, "swaprace: cannot start a thread\n");
		exit(3);
	}
	t->started = true;
}

/* ---- reports ---- */

/* The first reporter goes on, and so does what it reports on its way; all others
 * wait for the end of the process. False: this is a report inside of a report. */
static bool native_report_begin(void)
{
	u32 none = 0, me = native_ctx()->index + 1;

	if (engine_cmpxchg(&pool.reporter, &none, me, ENGINE_SEQ_CST, ENGINE_SEQ_CST)) {
		native_trace_collect();
		return true;
	}
	if (none == me)
		return false;
	for (;;)
		pause();
}

static void native_report_end(void)
{
	const struct engine_report *report = &eng.report;

	if (engine_native_report)
		engine_native_report(report);
	else
		fprintf(stderr, "report: %s\n%s", report->title, report->body ? report->body : "");
	fflush(NULL);
	_exit(1);
}

const struct backend backend_native = {
	.point = native_point, .yield = native_yield, .choose = native_choose,
	.wait = native_wait, .park = native_park, .wake = native_wake,
	.irq_queue = native_irq_queue, .call_rcu = native_call_rcu,
	.synchronize_rcu = native_synchronize_rcu, .rcu_barrier = native_rcu_barrier,
	.cpu_take = native_cpu_lock, .cpu_give = native_cpu_unlock,
	.reader_enter = native_reader_enter, .reader_leave = native_reader_leave,
	.report_begin = native_report_begin, .report_end = native_report_end,
};

/* ---- runs ---- */

void native_reset(void)
{
	native_rcu_init();
	native_trace_reset();
	pool.reporter = 0;
}

static void contexts_prepare(void)
{
	for (u32 i = 0; i < eng.ntasks; i++) {
		eng.view.cpu_of[i] = task_prepare(i)->cpu;
		thread_start(i);
	}
	for (u32 cpu = 0; cpu < eng.ncpus; cpu++) {
		thread_start(ENGINE_CTX_IRQ(cpu));
		thread_start(ENGINE_CTX_SOFTIRQ(cpu));
	}
	for (u32 i = 0; i < ENGINE_CTX_MAX; i++)
		engine_store_relaxed(&pool.thread[i].prng,
				     hash_mix(eng.config.seed + 1, i + 1) | 1);
	memset(eng.view.pending, 0, sizeof(eng.view.pending));
	eng.view.steps = 0;
	eng.view.ntasks = eng.ntasks;
	eng.view.cpus = eng.ncpus;
	eng.view.cur = ENGINE_CTX_MAX;
	if (eng.policy)
		eng.policy->start(eng.policy, &eng.view, eng.config.seed);
}

/* What only grows while the run goes on: events, or ends of ops. */
static u64 progress(bool events)
{
	u64 sum = 0;

	for (u32 i = 0; i < ENGINE_CTX_MAX; i++) {
		struct engine_ctx *c = &eng.ctx[i];

		if (events)
			sum += engine_load_relaxed(&c->points);
		else
			sum += engine_load_relaxed(&c->op) + (engine_load_relaxed(&c->state) == CTX_DONE);
	}
	return sum;
}

static __cold void native_report_livelock(void)
{
	char title[REPORT_TITLE_MAX] = "livelock in interrupts";

	for (u32 i = 0; i < eng.ntasks; i++) {
		const struct engine_ctx *c = &eng.ctx[i];

		if (engine_load_relaxed(&c->state) == CTX_DONE)
			continue;
		snprintf(title, sizeof(title), "livelock in %s",
			 c->op_site ? c->op_site->func : "task");
		break;
	}
	reportf(title, "no op ended for %u ms\n", engine_native_hang_ms * LIVELOCK_FACTOR);
}

/* The run is over when nobody is busy; who is busy counts what he queues. */
static void wait_for_end(void)
{
	u64 events = 0, ops = 0;
	unsigned still_ms = 0, same_op_ms = 0;
	u32 busy;

	while ((busy = engine_load_acquire(&pool.busy)) != 0) {
		u64 now;

		if (native_futex_wait(&pool.busy, busy, WATCH_MS) != ETIMEDOUT)
			continue;
		now = progress(true);
		still_ms = now == events ? still_ms + WATCH_MS : 0;
		events = now;
		now = progress(false);
		same_op_ms = now == ops ? same_op_ms + WATCH_MS : 0;
		ops = now;
		if (still_ms >= engine_native_hang_ms) {
			native_report_begin();
			report_deadlock();
			native_report_end();
		}
		if (same_op_ms >= engine_native_hang_ms * LIVELOCK_FACTOR)
			native_report_livelock();
	}
}

/* Nobody is busy, so nobody is kicked any more; who was kicked needlessly still
 * looks for work, and must not find that of the next run. */
static void wait_for_idle(void)
{
	for (u32 i = 0; i < ENGINE_CTX_MAX; i++)
		while (pool.thread[i].started && engine_load_acquire(&pool.thread[i].seen) !=
		       engine_load_relaxed(&pool.thread[i].go))
			sched_yield();
}

enum engine_status native_run(void)
{
	contexts_prepare();
	HB(HB_RUN_START_RELEASE, release, &eng.token_start);
	eng.threaded = true;
	eng.backend = &backend_native;
	engine_store_relaxed(&pool.busy, eng.ntasks);
	for (u32 i = 0; i < eng.ntasks; i++)
		native_kick(i);
	wait_for_end();
	if (native_unpark_all())
		wait_for_end();
	wait_for_idle();
	eng.threaded = false;
	eng.backend = &backend_quiet;
	HB(HB_RUN_END_ACQUIRE, acquire, &eng.token_end);
	for (u32 i = 0; i < ENGINE_CTX_MAX; i++) {
		eng.stats.steps += eng.ctx[i].points;
#ifdef SWAPRACE_TSAN
		if (eng.ctx[i].points > TSAN_TASK_POINTS_MAX)
			eng.truncated = true;
#endif
	}
	return eng.truncated ? ENGINE_TRUNCATED : ENGINE_DONE;
}

void native_exit(void)
{
	engine_store_release(&pool.stop, true);
	for (u32 i = 0; i < ENGINE_CTX_MAX; i++) {
		if (!pool.thread[i].started)
			continue;
		native_kick(i);
		pthread_join(pool.thread[i].thread, NULL);
		pool.thread[i].started = false;
	}
	pool.stop = false;
}
