/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native backend: the same tasks on real threads, RCU by liburcu, an interrupt
 * thread a CPU. It is the sanity check on sim and the soak test: nothing replays.
 * preempt_disable, local_lock and interrupts-off take one recursive lock a CPU.
 * Threads live on between runs; delays are injected at events, by seed. The
 * first report ends the process.
 * Happens-before for liburcu, which Debian does not build for TSan, stands in
 * this file alone: one token for all grace periods, weaker than sim's.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#define RCU_MEMBARRIER
#include <urcu/urcu-memb.h>
#include <urcu/call-rcu.h>

#include "core/engine/internal.h"

#define HUNG_SECONDS 20



struct native_thread {
	pthread_t thread;
	bool started;
	u64 prng;
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t start, done, irq;
	u64 run;
	u32 unfinished;      /* tasks of this run */
	u32 irqs_pending;    /* queued or running */
	bool stop;
	struct native_thread thread[ENGINE_CTX_MAX];
	pthread_mutex_t cpu[ENGINE_CPUS_MAX]; /* preemption, interrupts */
	u32 lockdep_word;    /* unseen by TSan: it must add no happens-before */
	char rcu_token;
} pool = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.start = PTHREAD_COND_INITIALIZER,
	.done = PTHREAD_COND_INITIALIZER,
	.irq = PTHREAD_COND_INITIALIZER,
};

static __thread struct engine_ctx *self;
static __thread u64 self_prng;

struct engine_ctx *native_ctx(void)
{
	return self ? self : &eng.ctx[CTX_MAIN];
}

unsigned native_current(void)
{
	return native_ctx()->index;
}

static u32 prng_next(void)
{
	self_prng ^= self_prng << 13;
	self_prng ^= self_prng >> 7;
	self_prng ^= self_prng << 17;
	return (u32)(self_prng >> 32);
}

/* Delays where the schedule of sim would switch. */
void native_point(const struct site *site, enum event_kind kind, const volatile void *obj)
{
	u32 r = prng_next();

	(void)site;
	(void)obj;
	native_ctx()->points++;
	if (kind == EV_YIELD || (r & 31) == 0)
		sched_yield();
	else if ((r & 63) == 1)
		for (volatile u32 i = 0; i < (r >> 22); i++)
			;
	else if ((r & 2047) == 2)
		nanosleep(&(struct timespec){ .tv_nsec = 1000 + (r >> 16) % 50000 }, NULL);
}

u32 native_choose(const struct site *site, const char *what, u32 n)
{
	(void)site;
	(void)what;
	return prng_next() % 64 == 0 ? prng_next() % n : 0;
}

/* ---- sleeping ---- */

static long futex(const volatile u32 *word, int op, u32 value, const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, timeout, NULL, 0);
}

void native_wait(const struct site *site, const volatile u32 *word, u32 value, bool park)
{
	struct timespec limit = { .tv_sec = park ? 1 : HUNG_SECONDS };

	if (futex(word, FUTEX_WAIT, value, &limit) == 0 || errno != ETIMEDOUT)
		return;
	if (!park && engine_load_relaxed(word) == value) {
		char title[REPORT_TITLE_MAX];

		snprintf(title, sizeof(title), "deadlock: task hung in %s", site->func);
		reportf(title, "waited %d s at %s@%s\n", HUNG_SECONDS, site->op, site->func);
	}
}

void native_wake(const volatile u32 *word, unsigned n)
{
	futex(word, FUTEX_WAKE, n > INT_MAX ? INT_MAX : n, NULL);
}

/* ---- CPUs and interrupts ---- */

void native_preempt_disable(void)
{
	struct engine_ctx *c = native_ctx();

	if (c->atomic_nest++ != 0)
		return;
	pthread_mutex_lock(&pool.cpu[c->cpu]);
	native_rcu_read_lock();
}

void native_preempt_enable(void)
{
	struct engine_ctx *c = native_ctx();

	if (--c->atomic_nest != 0)
		return;
	native_rcu_read_unlock();
	pthread_mutex_unlock(&pool.cpu[c->cpu]);
}

void native_irq_queue(unsigned cpu, struct engine_irq_work *work)
{
	struct engine_cpu_state *s = &eng.cpu[cpu];

	pthread_mutex_lock(&pool.lock);
	work->next = NULL;
	*s->irq_tail = work;
	s->irq_tail = &work->next;
	pool.irqs_pending++;
	pthread_cond_broadcast(&pool.irq);
	pthread_mutex_unlock(&pool.lock);
}

static void *irq_thread(void *arg)
{
	struct engine_ctx *c = arg;
	struct engine_cpu_state *s = &eng.cpu[c->cpu];

	self = c;
	self_prng = 0x9e3779b97f4a7c15ull + c->index;
	urcu_memb_register_thread();
	pthread_mutex_lock(&pool.lock);
	while (!pool.stop) {
		struct engine_irq_work *w = s->irq_head;

		if (!w) {
			urcu_memb_thread_offline();
			pthread_cond_wait(&pool.irq, &pool.lock);
			urcu_memb_thread_online();
			continue;
		}
		s->irq_head = w->next;
		if (!s->irq_head)
			s->irq_tail = &s->irq_head;
		pthread_mutex_unlock(&pool.lock);
		pthread_mutex_lock(&pool.cpu[c->cpu]);
		native_rcu_read_lock();
		c->atomic_nest = 1;
		c->irqoff = 1;
		c->ld.hardirqs_off = 1;
		c->op++;
		w->fn(w->arg);
		c->irqoff = 0;
		c->atomic_nest = 0;
		native_rcu_read_unlock();
		pthread_mutex_unlock(&pool.cpu[c->cpu]);
		pthread_mutex_lock(&pool.lock);
		if (--pool.irqs_pending == 0)
			pthread_cond_broadcast(&pool.done);
	}
	pthread_mutex_unlock(&pool.lock);
	urcu_memb_unregister_thread();
	return NULL;
}

/* ---- lockdep: serialised by a lock that TSan does not see ---- */

void native_lockdep_lock(void)
{
	u32 zero = 0;

	while (!engine_cmpxchg(&pool.lockdep_word, &zero, 1, ENGINE_ACQUIRE, ENGINE_RELAXED)) {
		zero = 0;
		sched_yield();
	}
}

void native_lockdep_unlock(void)
{
	engine_store_release(&pool.lockdep_word, 0);
}

/* ---- RCU ---- */

struct native_rcu {
	struct rcu_head head;
	struct engine_rcu_head *target;
	void (*fn)(struct engine_rcu_head *head);
};

void native_rcu_read_lock(void)
{
	urcu_memb_read_lock();
}

void native_rcu_read_unlock(void)
{
	engine_hb_release(&pool.rcu_token);
	urcu_memb_read_unlock();
}

/* On liburcu's thread: softirq context of the CPU that queued it. */
static void native_rcu_run(struct rcu_head *head)
{
	struct native_rcu *n = container_of(head, struct native_rcu, head);
	struct engine_ctx *c = &eng.ctx[ENGINE_CTX_SOFTIRQ(0)];
	struct engine_ctx *before = self;

	engine_hb_acquire(&pool.rcu_token);
	if (!self_prng)
		self_prng = 0xda942042e4dd58b5ull;
	c->cpu = (u8)n->target->cpu;
	self = c;
	pthread_mutex_lock(&pool.cpu[c->cpu]);
	c->atomic_nest = 1;
	c->op++;
	n->fn(n->target);
	c->atomic_nest = 0;
	pthread_mutex_unlock(&pool.cpu[c->cpu]);
	self = before;
	free(n);
}

void native_call_rcu(struct engine_rcu_head *head, void (*fn)(struct engine_rcu_head *head))
{
	struct native_rcu *n = malloc(sizeof(*n));

	if (!n) {
		fprintf(stderr, "swaprace: out of memory\n");
		exit(2);
	}
	n->target = head;
	n->fn = fn;
	engine_hb_release(&pool.rcu_token);
	urcu_memb_call_rcu(&n->head, native_rcu_run);
}

void native_synchronize_rcu(void)
{
	engine_hb_release(&pool.rcu_token);
	urcu_memb_synchronize_rcu();
	engine_hb_acquire(&pool.rcu_token);
}

void native_rcu_barrier(void)
{
	engine_hb_release(&pool.rcu_token);
	urcu_memb_barrier();
	engine_hb_acquire(&pool.rcu_token);
}

/* ---- runs ---- */

static void *task_thread(void *arg)
{
	struct engine_ctx *c = arg;
	u64 seen = 0;

	self = c;
	urcu_memb_register_thread();
	pthread_mutex_lock(&pool.lock);
	while (!pool.stop) {
		if (pool.run == seen || c->index >= eng.ntasks) {
			seen = pool.run;
			urcu_memb_thread_offline();
			pthread_cond_wait(&pool.start, &pool.lock);
			urcu_memb_thread_online();
			continue;
		}
		seen = pool.run;
		self_prng = pool.thread[c->index].prng;
		pthread_mutex_unlock(&pool.lock);
		c->fn(c->arg);
		pthread_mutex_lock(&pool.lock);
		if (--pool.unfinished == 0)
			pthread_cond_broadcast(&pool.done);
	}
	pthread_mutex_unlock(&pool.lock);
	urcu_memb_unregister_thread();
	return NULL;
}

static void thread_start(u32 i, void *(*fn)(void *arg))
{
	struct native_thread *t = &pool.thread[i];

	if (t->started)
		return;
	if (pthread_create(&t->thread, NULL, fn, &eng.ctx[i]) != 0) {
		fprintf(stderr, "swaprace: cannot start a thread\n");
		exit(2);
	}
	t->started = true;
}

static void cpu_locks_init(void)
{
	static bool done;
	pthread_mutexattr_t attr;

	if (done)
		return;
	done = true;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	for (unsigned i = 0; i < ENGINE_CPUS_MAX; i++)
		pthread_mutex_init(&pool.cpu[i], &attr);
	urcu_memb_init();
}

void native_reset(void)
{
	cpu_locks_init();
	for (u32 i = 0; i < CTX_COUNT; i++)
		eng.ctx[i].atomic_nest = 0;
}

enum engine_status native_run(void)
{
	u64 seed = eng.config.seed;

	pthread_mutex_lock(&pool.lock);
	for (u32 i = 0; i < eng.ntasks; i++) {
		struct engine_ctx *c = &eng.ctx[i];
		const struct engine_task *t = &eng.config.tasks[i];

		c->fn = t->fn;
		c->arg = t->arg;
		c->cpu = t->cpu < eng.ncpus ? t->cpu : 0;
		c->letter = t->label ? t->label : (char)('A' + i);
		pool.thread[i].prng = (seed + i + 1) * 0x9e3779b97f4a7c15ull | 1;
		thread_start(i, task_thread);
	}
	for (u32 cpu = 0; cpu < eng.ncpus; cpu++)
		thread_start(ENGINE_CTX_IRQ(cpu), irq_thread);
	eng.native = true;
	pool.unfinished = eng.ntasks;
	pool.run++;
	pthread_cond_broadcast(&pool.start);
	while (pool.unfinished || pool.irqs_pending)
		pthread_cond_wait(&pool.done, &pool.lock);
	pthread_mutex_unlock(&pool.lock);
	native_rcu_barrier();
	pthread_mutex_lock(&pool.lock);
	while (pool.irqs_pending) /* callbacks may have started I/O */
		pthread_cond_wait(&pool.done, &pool.lock);
	pthread_mutex_unlock(&pool.lock);
	eng.native = false;
	for (u32 i = 0; i < CTX_COUNT; i++)
		eng.stats.steps += eng.ctx[i].points;
	return ENGINE_DONE;
}

void native_report(const struct engine_report *report)
{
	if (engine_native_report)
		engine_native_report(report);
	else
		fprintf(stderr, "report: %s\n%s", report->title, report->body ? report->body : "");
	fflush(NULL);
	_exit(1);
}

void native_exit(void)
{
	pthread_mutex_lock(&pool.lock);
	pool.stop = true;
	pthread_cond_broadcast(&pool.start);
	pthread_cond_broadcast(&pool.irq);
	pthread_mutex_unlock(&pool.lock);
	for (u32 i = 0; i < ENGINE_CTX_MAX; i++) {
		if (!pool.thread[i].started)
			continue;
		pthread_join(pool.thread[i].thread, NULL);
		pool.thread[i].started = false;
	}
	pool.stop = false;
}
