/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quiet phases: set-up, tear-down and audit run as one piece on the caller's stack, with no
 * schedule, no choices and no other context. Interrupts and RCU callbacks that they queue run
 * where somebody waits, and at the end.
 */
#include "core/engine/internal.h"

/* ---- points ---- */

/* The longest tear-down takes some ten thousand. */
#define QUIET_POINTS_MAX (1u << 22)

static __cold void quiet_too_long(const struct site *site)
{
	if (!eng.quiet)
		return;
	eng.quiet_points = 0;
	reportf("livelock in set-up or tear-down", "%u points; at %s@%s\n", QUIET_POINTS_MAX,
		site->op, site->func);
}

bool engine_quiet_point(void)
{
	if (is_running() || eng.quiet_points >= QUIET_POINTS_MAX)
		return false;
	eng.quiet_points++;
	return true;
}

static void quiet_point(const struct site *site, enum event_kind kind, const volatile void *obj,
			unsigned size)
{
	(void)kind;
	(void)obj;
	(void)size;
	if (unlikely(++eng.quiet_points > QUIET_POINTS_MAX))
		quiet_too_long(site);
}

static u32 quiet_choose(const struct site *site, enum choice_kind kind, u32 n)
{
	(void)site;
	(void)kind;
	(void)n;
	return 0;
}

/* ---- interrupts and callbacks ---- */

/* A handler that is due, under the name and the lockdep state of its context. */
static void quiet_handler(u32 ctx, void (*fn)(void *arg), void *arg)
{
	struct engine_ctx *c = &eng.ctx[ctx];
	u32 interrupted = eng.cur;
	bool hard = c->ld.irq_context == 2;

	set_cur(ctx);
	c->irqoff = c->ld.hardirqs_off = hard;
	c->ld.softirqs_off = 1;
	fn(arg);
	lockdep_check_op_end(&c->ld, hard ? "interrupt" : "softirq");
	c->irqoff = 0;
	set_cur(interrupted);
}

static void quiet_callback(void *arg)
{
	struct engine_rcu_head *head = arg;

	head->fn(head);
}

/* Runs the next interrupt or callback that is due. False: there is none. */
bool quiet_run_due(void)
{
	BUG_ON(eng.live);
	for (u32 cpu = 0; cpu < ENGINE_CPUS_MAX; cpu++) {
		struct engine_irq_work *w = interrupt_take(cpu);
		struct engine_rcu_head *head;

		if (w) {
			quiet_handler(ENGINE_CTX_IRQ(cpu), w->fn, w->arg);
			return true;
		}
		head = softirq_take(cpu);
		if (head) {
			quiet_handler(ENGINE_CTX_SOFTIRQ(cpu), quiet_callback, head);
			return true;
		}
	}
	return false;
}

static void quiet_call_rcu(const struct site *site, struct engine_rcu_head *head)
{
	(void)site;
	sim_softirq_queue(head->cpu, head);
}

static void quiet_synchronize_rcu(const struct site *site)
{
	(void)site; /* nobody reads */
}

static void quiet_run_all(void)
{
	while (quiet_run_due())
		;
}

/* ---- waiting ---- */

/* Nobody else runs, so do what interrupts and callbacks would do until the word changes. */
static void quiet_wait(const struct site *site, const volatile u32 *word, u32 value,
		       const char *what)
{
	while (engine_load_relaxed(word) == value) {
		if (quiet_run_due())
			continue;
		reportf("deadlock: set-up or tear-down hung", "%s@%s waits for %s\n", site->op,
			site->func, what);
		return;
	}
}

static void quiet_yield(const struct site *site)
{
	quiet_run_due();
	quiet_point(site, EV_YIELD, NULL, 0);
}

static void quiet_park(const struct site *site, const volatile u32 *word, u32 value)
{
	(void)site;
	(void)word;
	(void)value;
	quiet_run_due();
}

static void quiet_wake(const volatile u32 *word, unsigned n)
{
	(void)word;
	(void)n; /* nobody sleeps */
}

/* ---- reports: engine_quiet() and sim_run() are left by a jump, see report.c ---- */

static bool quiet_report_begin(void)
{
	return true;
}

static void quiet_report_end(void)
{
}

const struct backend backend_quiet = {
	.point = quiet_point, .yield = quiet_yield, .choose = quiet_choose,
	.wait = quiet_wait, .park = quiet_park, .wake = quiet_wake,
	.irq_queue = interrupt_put, .call_rcu = quiet_call_rcu,
	.synchronize_rcu = quiet_synchronize_rcu, .rcu_barrier = quiet_run_all,
	.report_begin = quiet_report_begin, .report_end = quiet_report_end,
};

enum engine_status engine_quiet(void (*fn)(void *arg), void *arg)
{
	bool begun = tsan_quiet_begin();

	eng.quiet = true;
	eng.quiet_points = 0;
	set_cur(CTX_MAIN);
	if (setjmp(eng.quiet_jmp) == 0) {
		fn(arg);
		quiet_run_all();
	}
	eng.quiet = false;
	tsan_race_ignore_drop(cur_ctx());
	tsan_quiet_end(begun);
	return eng.reported ? ENGINE_REPORTED : ENGINE_DONE;
}
