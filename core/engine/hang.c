/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The watchdog of sim: a plain loop without an event would hang the process, because
 * nobody else can run. A timer of CPU time looks whether events happen; when none did
 * for engine_hang_ms, the interrupted code is made to call a report, as after a
 * fault (oops.c). In native other threads go on: native_wait.c has its own watch.
 * The title names the op, which is the same in every build; the trace hash is that of
 * the last event.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "core/engine/internal.h"
#include "core/engine/symbols.h"

#define TICK_MS 100
/* How often the report waits for a better moment: code of a sanitizer or of libc was
 * interrupted, which may hold a lock that the report needs. */
#define RETRIES_MAX 100
#define RETRY_US 2000

unsigned engine_hang_ms = 4000;

static __thread bool is_sim_thread;
static bool armed;
static u64 last_progress;
static unsigned idle_ticks, retries;

static u64 progress(void)
{
	return (u64)eng.view.steps + eng.quiet_points + eng.stats.switches + eng.stats.choices +
	       (eng.runs << 32);
}

static void timer_set(long us)
{
	struct itimerval t = { { 0, 1000L * TICK_MS }, { 0, us } };

	setitimer(ITIMER_PROF, &t, NULL);
}

/* What the loop "calls"; never returns to it. */
static void hang_report(void)
{
	struct engine_ctx *c = cur_ctx();
	char title[REPORT_TITLE_MAX];

	snprintf(title, sizeof(title), "hang: no event in %s",
		 eng.quiet ? "set-up or tear-down" : c->op_site ? c->op_site->func : "task");
	reportf(title, "no event in %u ms of CPU time: a loop that nobody can end\n", engine_hang_ms);
	abort();
}

/* May a report be made in the place of what runs at pc? */
static bool interruptible(const void *pc)
{
	static const char *const foreign[] = {
		"?", "__tsan", "_ZN6__tsan", "__asan", "_ZN6__asan", "__sanitizer", "_ZN11__sanitizer",
		"__ubsan", "_ZN7__ubsan", "__interceptor", "___interceptor", "_ZL", "_ZN", "mem",
		"fiber_swap_stacks",
	};
	const char *name = symbol_name(pc);

	for (size_t i = 0; i < ARRAY_SIZE(foreign); i++)
		if (strncmp(name, foreign[i], strlen(foreign[i])) == 0)
			return false;
	return true;
}

static void on_tick(int sig, siginfo_t *info, void *context)
{
	u64 now = progress();

	(void)sig;
	(void)info;
	if (!is_sim_thread || eng.threaded || eng.killing ||
	    !(eng.quiet || (eng.in_run && eng.cur != CTX_MAIN))) {
		idle_ticks = 0;
		return;
	}
	if (now != last_progress) {
		last_progress = now;
		idle_ticks = retries = 0;
		return;
	}
	if (++idle_ticks * TICK_MS < engine_hang_ms)
		return;
	if (!interruptible((void *)oops_pc(context)) && retries++ < RETRIES_MAX) {
		timer_set(RETRY_US);
		return;
	}
	idle_ticks = retries = 0;
	oops_redirect(context, hang_report, NULL);
}

/* Past TSan's wrapper, which keeps a signal until the next call into libc: the loop makes
 * none. What returns from a handler is taken from the one that libc has installed. */
static void handler_install(void)
{
	struct sigaction sa = { .sa_sigaction = on_tick };

	sa.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGPROF, &sa, NULL);
#ifdef SWAPRACE_TSAN
	struct { void *handler; unsigned long flags; void *restorer; u64 mask; } raw;

	if (syscall(SYS_rt_sigaction, SIGPROF, NULL, &raw, 8) == 0) {
		raw.handler = (void *)on_tick;
		syscall(SYS_rt_sigaction, SIGPROF, &raw, NULL, 8);
	}
#endif
}

/* A child of fork() has no timer. */
static void in_child(void)
{
	armed = false;
}

void hang_watch(void)
{
	static bool installed;

	is_sim_thread = true;
	if (armed)
		return;
	armed = true;
	if (!installed) {
		installed = true;
		symbol_name(NULL); /* reads the names now, not in the handler */
		handler_install();
		pthread_atfork(NULL, NULL, in_child);
	}
	timer_set(1000L * TICK_MS);
}
