/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ThreadSanitizer's side of the engine: happens-before tokens, clearing the
 * shadow of the arena between runs (so that no verdict depends on an earlier
 * run), and the hook that turns its report into one of ours with both stacks.
 * Empty in other builds.
 */
#include <stdlib.h>
#include <string.h>

#include "core/engine/internal.h"

/* Test hook: index of one annotation that is left out; -1 none. */
int engine_hb_disabled = -1;
bool (*engine_race_known)(const struct engine_race *race);

unsigned engine_hb_count(void)
{
	return ENGINE_HB_COUNT;
}

#ifdef SWAPRACE_TSAN
void __tsan_acquire(void *addr);
void __tsan_release(void *addr);
void __tsan_flush_memory(void);
void __tsan_java_init(uintptr_t begin, uintptr_t size);
void __tsan_java_alloc(uintptr_t p, uintptr_t size);
void __tsan_java_free(uintptr_t p, uintptr_t size);
void __tsan_mutex_pre_signal(void *addr, unsigned flags);
void __tsan_mutex_post_signal(void *addr, unsigned flags);
int __tsan_get_report_data(void *report, const char **description, int *count, int *stacks,
			   int *mops, int *locs, int *mutexes, int *threads, int *unique_tids,
			   void **sleep_trace, unsigned long trace_size);
int __tsan_get_report_mop(void *report, unsigned long idx, int *tid, void **addr, int *size,
			  int *write, int *atomic, void **trace, unsigned long trace_size);
void __tsan_on_report(void *report);

void engine_hb_release(const volatile void *token)
{
	__tsan_release((void *)(uintptr_t)token);
}

void engine_hb_acquire(const volatile void *token)
{
	__tsan_acquire((void *)(uintptr_t)token);
}

void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);

void engine_race_ignore_begin(void)
{
	if (this_ctx()->race_ignore++ != 0)
		return;
	AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
	AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}

void engine_race_ignore_end(void)
{
	struct engine_ctx *c = this_ctx();

	BUG_ON(c->race_ignore == 0);
	if (--c->race_ignore != 0)
		return;
	AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
	AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}

/* The fiber lives on, and must not stay blind for the next run. */
void tsan_race_ignore_drop(struct engine_ctx *c)
{
	if (likely(c->race_ignore == 0))
		return;
	c->race_ignore = 1;
	engine_race_ignore_end();
}

void *__tsan_create_fiber(unsigned flags);
void __tsan_switch_to_fiber(void *fiber, unsigned flags);
void *__tsan_get_current_fiber(void);

static void *courier; /* created by main: it begins with what main knows */

void tsan_on_courier(void (*fn)(void *arg), void *arg)
{
	void *self = __tsan_get_current_fiber();

	__tsan_switch_to_fiber(courier, 1);
	fn(arg);
	__tsan_switch_to_fiber(self, 1);
}

void tsan_clear_shadow(void *p, size_t size)
{
	static bool initialised;

	/* The "Java heap" interface is TSan's public way to reset a range. */
	if (!initialised) {
		__tsan_java_init(1u << 12, 1ul << 46);
		initialised = true;
		courier = __tsan_create_fiber(0);
		symbol_name(NULL); /* reads the names now: inside of a report nothing may be allocated */
		__tsan_java_alloc((uintptr_t)p, size);
		return;
	}
	__tsan_java_free((uintptr_t)p, size);
	__tsan_java_alloc((uintptr_t)p, size);
}

void tsan_flush(void)
{
	__tsan_flush_memory();
}

/*
 * The two sides of a mutex's "signal" are TSan's public region in which neither
 * accesses nor synchronisation count, and the only one that records no stack for
 * each begin.
 */
bool tsan_quiet_begin(void)
{
	if (engine_hb_disabled >= 0)
		return false;
	__tsan_mutex_pre_signal(NULL, 0);
	return true;
}

void tsan_quiet_end(bool begun)
{
	if (begun)
		__tsan_mutex_post_signal(NULL, 0);
}

#define RACE_FRAMES 24
static bool race_side(void *report, unsigned long i, struct engine_race_side *side,
		      void *trace[RACE_FRAMES])
{
	int tid, bytes, write, atomic;
	void *addr;

	memset(trace, 0, RACE_FRAMES * sizeof(trace[0]));
	side->func[0] = 0;
	if (!__tsan_get_report_mop(report, i, &tid, &addr, &bytes, &write, &atomic, trace,
				   RACE_FRAMES))
		return false;
	side->addr = addr;
	side->size = (unsigned)bytes;
	side->write = write != 0;
	side->marked = atomic != 0;
	for (unsigned f = 0; f < RACE_FRAMES && trace[f]; f++) {
		const char *s = symbol_name((char *)trace[f] - 1);

		/* memset and the like: the caller is what matters */
		if (strstr(s, "interceptor") || strncmp(s, "__tsan", 6) == 0 || strcmp(s, "?") == 0)
			continue;
		snprintf(side->func, sizeof(side->func), "%s", s);
		break;
	}
	return true;
}

/*
 * TSan asks here whether a report counts. Only world memory is judged: libc
 * calls of the engine (snprintf, memcpy) are seen by TSan's interceptors on
 * whatever fiber they happen, and what they touch is not the model's. Model
 * code has no writable memory outside of the world (scripts/style.py checks).
 * In native the same holds for what libc and liburcu touch on real threads: the
 * engine orders its threads by means that TSan does not see, so it would report
 * their accesses. Nothing of the model is lost by that, and nothing is suppressed.
 * A race of which one side is marked is counted alone if the run asks for that: a
 * tree has many of them, and the kernel's own rules call most of them harmless.
 */
bool tsan_report_is_foreign(const void *report, bool suppressed)
	__asm__("_ZN6__tsan8OnReportEPKNS_10ReportDescEb");
bool tsan_report_is_foreign(const void *report, bool suppressed)
{
	const char *what;
	int count, stacks, mops, locs, mutexes, threads, tids;
	void *r = (void *)(uintptr_t)report, *sleep_trace[4], *trace[RACE_FRAMES];
	struct engine_race race;

	if (suppressed)
		return true;
	__tsan_get_report_data(r, &what, &count, &stacks, &mops, &locs, &mutexes, &threads, &tids,
			       sleep_trace, 4);
	if (strcmp(what, "data-race") != 0 || mops == 0 || !race_side(r, 0, &race.side[0], trace))
		return false;
	if (!engine_is_world(race.side[0].addr))
		return true;
	if (mops < 2 || !race_side(r, 1, &race.side[1], trace))
		return false;
	if (race.side[0].marked || race.side[1].marked) {
		if (eng.config.races != ENGINE_RACES_PLAIN)
			return false;
		eng.races_marked++;
		return true;
	}
	return engine_race_known && engine_race_known(&race);
}

static size_t race_print(const struct engine_race_side *side, void *const trace[RACE_FRAMES],
			 char *body, size_t size)
{
	unsigned frames = 0;
	size_t n = 0;
	char name[64];

	engine_role_name(engine_role_of(side->addr), name, sizeof(name));
	n += (size_t)snprintf(body + n, size - n, "%s%s of %u bytes of %s:\nstack:\n",
			      side->marked ? "marked " : "", side->write ? "write" : "read",
			      side->size, name);
	while (frames < RACE_FRAMES && trace[frames])
		frames++;
	if (n < size)
		n += stack_print(body + n, size - n, trace, frames);
	return n < size ? n : size - 1;
}

void __tsan_on_report(void *report)
{
	const char *what, *f[2];
	int count, stacks, mops, locs, mutexes, threads, tids;
	void *sleep_trace[4], *trace[RACE_FRAMES];
	struct engine_race race = { 0 };
	char title[REPORT_TITLE_MAX];
	static char body[8192];
	size_t n = 0;

	__tsan_get_report_data(report, &what, &count, &stacks, &mops, &locs, &mutexes, &threads,
			       &tids, sleep_trace, 4);
	for (unsigned long i = 0; i < 2 && i < (unsigned long)mops; i++)
		if (race_side(report, i, &race.side[i], trace))
			n += race_print(&race.side[i], trace, body + n, sizeof(body) - n);
	body[n] = 0;
	f[0] = race.side[0].func;
	f[1] = race.side[1].func;
	if (strcmp(what, "data-race") == 0)
		snprintf(title, sizeof(title), "data-race in %s / %s",
			 strcmp(f[0], f[1]) > 0 ? f[1] : f[0], strcmp(f[0], f[1]) > 0 ? f[0] : f[1]);
	else
		snprintf(title, sizeof(title), "%s in %s", what, f[0][0] ? f[0] : f[1]);
	report_from_sanitizer(title, body);
}
#else
void engine_race_ignore_begin(void)
{
}

void engine_race_ignore_end(void)
{
}

void engine_hb_release(const volatile void *token)
{
	(void)token;
}

void engine_hb_acquire(const volatile void *token)
{
	(void)token;
}
#endif
