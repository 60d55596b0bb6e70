/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The native backend's waiting: futexes, hidden locks, sleeping and parking,
 * injected delays, and the last events of each context.
 * A hidden lock orders the engine's own bookkeeping and tells TSan nothing: were it
 * a pthread lock, every two tasks that touch lockdep or the slab would be ordered
 * by it, and TSan would see hardly a race of the model.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/engine/native.h"

int native_futex_wait(const volatile u32 *word, u32 value, unsigned ms)
{
	struct timespec limit = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	if (syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, ms ? &limit : NULL, NULL, 0) == 0)
		return 0;
	return errno;
}

void native_futex_wake(const volatile u32 *word, unsigned n)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n > INT_MAX ? INT_MAX : n, NULL, NULL, 0);
}

/* ---- hidden locks: 0 free, 1 taken, 2 taken and somebody sleeps ---- */

#define HIDDEN_SPINS 100

void engine_hidden_lock(u32 *word)
{
	u32 old = 0;

	if (likely(!eng.threaded))
		return;
	for (unsigned i = 0; i < HIDDEN_SPINS; i++) {
		old = 0;
		if (engine_cmpxchg(word, &old, 1, ENGINE_ACQUIRE, ENGINE_RELAXED))
			return;
		if (old == 2)
			break;
	}
	while (engine_xchg(word, 2, ENGINE_ACQUIRE) != 0)
		native_futex_wait(word, 2, 0);
}

void engine_hidden_unlock(u32 *word)
{
	if (likely(!eng.threaded))
		return;
	if (engine_xchg(word, 0, ENGINE_RELEASE) == 2)
		native_futex_wake(word, 1);
}

/* ---- sleeping ---- */

/* A context that waits for work: it keeps no run from ending. */
enum { PARKED, PARKED_WOKEN, PARKED_END };
struct parked {
	const volatile u32 *word;
	u32 go;
	struct parked *next;
};

static struct {
	u32 lock;  /* hidden */
	u32 count; /* of the list; read without the lock */
	struct parked *first;
} parking;

static void park(const volatile u32 *word, u32 value)
{
	struct parked p = { .word = word }, **at;

	engine_hidden_lock(&parking.lock);
	if (engine_load_relaxed(word) != value) {
		engine_hidden_unlock(&parking.lock);
		return;
	}
	for (at = &parking.first; *at; at = &(*at)->next)
		;
	*at = &p;
	engine_fetch_add(&parking.count, 1, ENGINE_SEQ_CST);
	engine_hidden_unlock(&parking.lock);
	native_busy_put();
	while (engine_load_acquire(&p.go) == PARKED)
		native_futex_wait(&p.go, PARKED, 0);
	if (p.go == PARKED_END)
		longjmp(native_ctx()->entry, 1);
}

/* Who is woken is busy from here on. Returns how many. word NULL: all, and the run is
 * over: they leave their op. */
static unsigned parked_wake(const volatile u32 *word, unsigned n)
{
	struct parked **at, *p;
	unsigned woken = 0;

	engine_hidden_lock(&parking.lock);
	for (at = &parking.first; (p = *at) != NULL && woken < n;) {
		if (word && p->word != word) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		engine_fetch_add(&parking.count, -1, ENGINE_RELAXED);
		native_busy_get();
		woken++;
		engine_store_release(&p->go, word ? PARKED_WOKEN : PARKED_END);
		native_futex_wake(&p->go, 1); /* p may be gone: a stray wake-up does no harm */
	}
	engine_hidden_unlock(&parking.lock);
	return woken;
}

bool native_unpark_all(void)
{
	return parked_wake(NULL, ~0u) != 0;
}

/* Says of the calling context what it waits for; returns the state that it had. */
static u8 wait_begin(u8 state, const struct site *site, const volatile u32 *word, const char *what)
{
	struct engine_ctx *c = native_ctx();
	u8 before = c->state;

	c->wait_word = word;
	c->wait_what = what;
	c->wait_site = site;
	engine_store_release(&c->state, state);
	return before;
}

void native_wait(const struct site *site, const volatile u32 *word, u32 value, const char *what)
{
	u8 before = wait_begin(CTX_BLOCKED, site, word, what);

	native_futex_wait(word, value, 0);
	engine_store_relaxed(&native_ctx()->state, before);
}

void native_park(const struct site *site, const volatile u32 *word, u32 value)
{
	u8 before = wait_begin(CTX_PARKED, site, word, "work");

	park(word, value);
	engine_store_relaxed(&native_ctx()->state, before);
}

void native_wake(const volatile u32 *word, unsigned n)
{
	engine_fence(); /* the word's change, then the look at who is parked */
	if (unlikely(engine_load_relaxed(&parking.count)))
		n -= parked_wake(word, n);
	if (n)
		native_futex_wake(word, n);
}

/* ---- delays ---- */

#define DELAY_EVENTS 48u /* between two delays of a thread, on average */

static __thread u64 delay_prng;
static __thread u32 delay_left;

static u32 delay_random(void)
{
	delay_prng ^= delay_prng << 13;
	delay_prng ^= delay_prng >> 7;
	delay_prng ^= delay_prng << 17;
	return (u32)(delay_prng >> 32);
}

void native_delay_seed(u64 seed, u64 more)
{
	delay_prng = hash_mix(seed, more) | 1;
	delay_left = delay_random() % (2 * DELAY_EVENTS);
}

bool native_delay_due(bool yield)
{
	if (likely(!yield && delay_left)) {
		delay_left--;
		return false;
	}
	return true;
}

/* Where the schedule of sim would switch: mostly give way to who is ready, often
 * a few hundred cycles, seldom long enough for others to end what they do. */
void native_delay(void)
{
	u32 r = delay_random();

	delay_left = delay_random() % (2 * DELAY_EVENTS);
	if (r % 32 == 0)
		nanosleep(&(struct timespec){ .tv_nsec = 1000 + (r >> 8) % 30000 }, NULL);
	else if (r % 4 == 1)
		for (volatile u32 i = 0; i < (r >> 22); i++)
			;
	else
		sched_yield();
}

/* ---- the trace: the newest events of each context, put in order for a report ---- */

#define TRACE_SIZE 128u /* a power of two */

struct trace_entry {
	u64 time;
	struct ring_entry event;
};

static struct {
	u32 at;
	struct trace_entry entry[TRACE_SIZE];
} traces[ENGINE_CTX_MAX];

/* Only to put events in order: nothing depends on it but the text of a report. */
static inline u64 trace_time(void)
{
#if defined(__x86_64__)
	u32 low, high;

	__asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high));
	return (u64)high << 32 | low;
#else
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
#endif
}

void native_trace_reset(void)
{
	for (u32 i = 0; i < ENGINE_CTX_MAX; i++)
		traces[i].at = 0;
}

void native_trace(struct engine_ctx *c, const struct engine_event *ev)
{
	struct trace_entry *t = &traces[c->index].entry[traces[c->index].at++ % TRACE_SIZE];

	t->time = trace_time();
	t->event = (struct ring_entry){ .step = c->points, .role = ev->role, .site = ev->site,
					.op = ev->op, .ctx = c->index, .kind = ev->kind };
}

static int trace_cmp(const void *a, const void *b)
{
	u64 x = ((const struct trace_entry *)a)->time, y = ((const struct trace_entry *)b)->time;

	return x < y ? -1 : x > y;
}

/* Into the engine's ring, as if it had been there all the time. The other threads go
 * on, so an entry may be newer than the report. */
void native_trace_collect(void)
{
	static struct trace_entry all[ENGINE_CTX_MAX * TRACE_SIZE];
	u32 n = 0;

	for (u32 i = 0; i < ENGINE_CTX_MAX; i++) {
		u32 have = traces[i].at < TRACE_SIZE ? traces[i].at : TRACE_SIZE;

		memcpy(&all[n], traces[i].entry, have * sizeof(all[0]));
		n += have;
	}
	qsort(all, n, sizeof(all[0]), trace_cmp);
	BUILD_BUG_ON(ENGINE_CTX_MAX * TRACE_SIZE > RING_SIZE);
	for (u32 i = 0; i < n; i++) {
		eng.ring[i] = all[i].event;
		eng.ring[i].step = i;
	}
	eng.ring_at = n;
}
