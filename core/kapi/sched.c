/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Models: kernel/sched/core.c (cond_resched, might_sleep), kernel/signal.c, and
 * the checks of lib/smp_processor_id.c: the calling task and its CPU. */
#include <stdio.h>

#include "core/kapi/percpu.h"
#include "core/kapi/sched.h"

struct task_struct init_task __world = { .comm = "init" };
WORLD_NAME(init_task);

void might_sleep_at(const struct site *site)
{
	struct lockdep_ctx *ctx = engine_lockdep_begin();

	if (ctx) {
		lockdep_might_sleep(ctx, site);
		engine_lockdep_end();
	}
}

void cond_resched_at(const struct site *site)
{
	might_sleep_at(site);
	engine_point(site, EV_PREEMPT, NULL, 0);
}

void schedule_timeout_at(const struct site *site)
{
	might_sleep_at(site);
	engine_yield(site);
}

bool signal_pending_at(struct task_struct *t, const struct site *site)
{
	if (t->flags & PF_SIGPENDING)
		return true;
	if (!(t->flags & PF_MAY_SIGNAL) || !engine_choose(site, CHOICE_SIGNAL, 2))
		return false;
	t->flags |= PF_SIGPENDING;
	return true;
}

unsigned smp_processor_id_at(const char *what, const char *func)
{
	const struct lockdep_ctx *ctx = engine_lockdep_ctx();

	if (ctx && unlikely(!ctx->preempt_count && !ctx->hardirqs_off && !ctx->softirqs_off &&
			    !ctx->irq_context)) {
		char title[REPORT_TITLE_MAX];

		snprintf(title, sizeof(title), "BUG: using %s() in preemptible code in %s", what,
			 func);
		report(title, "");
	}
	return engine_cpu();
}
