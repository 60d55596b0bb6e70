// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: kernel/locking/lockdep.c (lock_is_held_type, lockdep_sys_exit,
 * debug_check_no_locks_freed, lockdep_rcu_suspicious), kernel/sched/core.c
 * (__might_resched), kernel/rcu (the RCU_LOCKDEP_WARN checks). Rules that need
 * no graph: they look at what one context holds now.
 */
#include "core/lockdep/state.h"

#include <stdio.h>

/* ---- assertions ---- */

int lock_is_held_type(const struct lockdep_ctx *ctx, const struct lockdep_map *map, int read)
{
	const struct held_lock *lock = ld_find_held(ctx, map);

	if (!lock)
		return 0;
	return read < 0 || (lock->read != 0) == (read != 0);
}

static void report_held(struct lockdep_ctx *ctx, const struct lockdep_map *map, const char *what,
			const char *func)
{
	struct ld_text *t = ld_text_begin();
	char headline[112];

	snprintf(headline, sizeof(headline), "WARNING: %s %s", map->name, what);
	ld_print_banner(t, headline);
	ld_print_held(t, ctx);
	ld_print_backtrace(t, ctx, NULL);
	ld_report(t, headline, func);
}

void lockdep_assert_held_at(struct lockdep_ctx *ctx, const struct lockdep_map *map, int read,
			    const char *func)
{
	if (likely(ctx->depth && ctx->held[ctx->depth - 1].map == map && read < 0))
		return;
	if (unlikely(!lock_is_held_type(ctx, map, read)) && !ctx->recursion)
		report_held(ctx, map, read < 0 ? "not held" : read ? "not held for reading" :
			    "not held for writing", func);
}

void lockdep_assert_not_held_at(struct lockdep_ctx *ctx, const struct lockdep_map *map,
				const char *func)
{
	if (unlikely(ld_find_held(ctx, map)) && !ctx->recursion)
		report_held(ctx, map, "held", func);
}

/* ---- sleeping ---- */

/* Why this context may not sleep, or NULL. */
static const char *atomic_reason(const struct lockdep_ctx *ctx)
{
	if (ctx->irq_context)
		return ctx->irq_context == 2 ? "in a hard interrupt" : "in a softirq";
	if (ctx->hardirqs_off)
		return "interrupts are off";
	if (ctx->preempt_count)
		return "preemption is off";
	if (ctx->softirqs_off)
		return "softirqs are off";
	if (ctx->rcu_nesting)
		return "inside an RCU read-side section";
	for (unsigned i = 0; i < ctx->depth; i++) {
		unsigned inner = ld.classes[ctx->held[i].class_].wait_inner;

		if (inner != LD_WAIT_INV && inner < LD_WAIT_SLEEP)
			return "a spinning lock is held";
	}
	return NULL;
}

void lockdep_might_sleep(struct lockdep_ctx *ctx, const struct site *site)
{
	const char *reason = atomic_reason(ctx);
	struct ld_text *t;

	if (likely(!reason) || ctx->recursion)
		return;
	t = ld_text_begin();
	ld_print(t, "BUG: sleeping function called from invalid context at %s+%s\n",
		 ld_site_func(site), site ? site->op : "?");
	ld_print(t, "in_atomic(): %d, irqs_disabled(): %d, non_block: 0, name: %.16s\n",
		 ctx->preempt_count || ctx->irq_context || ctx->softirqs_off, ctx->hardirqs_off,
		 ctx->name);
	ld_print(t, "preempt_count: %x, expected: 0\n", ctx->preempt_count);
	ld_print(t, "RCU nest depth: %u, expected: 0\n", ctx->rcu_nesting);
	ld_print(t, "reason: %s\n", reason);
	ld_print_held(t, ctx);
	ld_print_backtrace(t, ctx, site);
	ld_report(t, "BUG: sleeping function called from invalid context", ld_site_func(site));
}

/* ---- RCU ---- */

static void report_rcu(struct lockdep_ctx *ctx, const char *what, const struct site *site)
{
	struct ld_text *t = ld_text_begin();

	ld_print_banner(t, "WARNING: suspicious RCU usage");
	ld_print(t, "%s+%s %s!\n", ld_site_func(site), site ? site->op : "?", what);
	ld_print(t, "\nother info that might help us debug this:\n\n");
	ld_print(t, "\nrcu_scheduler_active = 2, debug_locks = 1\n");
	ld_print_held(t, ctx);
	ld_print_backtrace(t, ctx, site);
	ld_report(t, "WARNING: suspicious RCU usage", ld_site_func(site));
}

void lockdep_rcu_dereference(struct lockdep_ctx *ctx, bool condition, const struct site *site)
{
	if (likely(condition || ctx->rcu_nesting) || ctx->recursion)
		return;
	report_rcu(ctx, "suspicious rcu_dereference_check() usage", site);
}

void lockdep_rcu_read_lock(struct lockdep_ctx *ctx, const struct site *site)
{
	if (!ctx->rcu_nesting++)
		ctx->rcu_site = site;
}

void lockdep_rcu_read_unlock(struct lockdep_ctx *ctx, const struct site *site)
{
	if (unlikely(!ctx->rcu_nesting)) {
		if (!ctx->recursion)
			ld_report_unlock(ctx, "rcu_read_lock", site);
		return;
	}
	ctx->rcu_nesting--;
}

void lockdep_rcu_sync(struct lockdep_ctx *ctx, const struct site *site)
{
	if (unlikely(ctx->rcu_nesting) && !ctx->recursion) {
		report_rcu(ctx, "Illegal grace-period wait in RCU read-side critical section",
			   site);
		return;
	}
	lockdep_might_sleep(ctx, site);
}

/* ---- ends ---- */

static void report_end(struct lockdep_ctx *ctx, const char *what, const char *func)
{
	struct ld_text *t = ld_text_begin();
	char headline[96];

	snprintf(headline, sizeof(headline), "WARNING: %s when returning", what);
	ld_print_banner(t, headline);
	ld_print_who(t, ctx);
	ld_print(t, " returns from %s: %s\n", func, what);
	ld_print(t, "preempt_count: %x, RCU nest depth: %u (%u at its begin) ",
		 ctx->preempt_count, ctx->rcu_nesting, ctx->op_rcu_nesting);
	ld_print_irq_state(t, ctx);
	ld_print(t, "\n");
	ld_print_held(t, ctx);
	snprintf(headline, sizeof(headline), "WARNING: %s when returning from %.48s", what, func);
	report(headline, t->buf);
}

void lockdep_check_op_end(struct lockdep_ctx *ctx, const char *func)
{
	if (unlikely(ctx->recursion))
		return;
	if (unlikely(ctx->depth))
		report_end(ctx, "lock held", func);
	else if (unlikely(ctx->rcu_nesting > ctx->op_rcu_nesting))
		report_end(ctx, "RCU read-side section open", func);
	else if (unlikely(ctx->preempt_count))
		report_end(ctx, "preemption disabled", func);
	else if (unlikely(ctx->irq_context < 2 && ctx->hardirqs_off))
		report_end(ctx, "interrupts disabled", func);
	else if (unlikely(!ctx->irq_context && ctx->softirqs_off))
		report_end(ctx, "softirqs disabled", func);
}

/* ---- memory ---- */

static void report_freed(struct lockdep_ctx *ctx, const struct held_lock *lock, const char *func)
{
	struct ld_text *t = ld_text_begin();

	ld_print_banner(t, "WARNING: held lock freed!");
	ld_print(t, "%s is freeing memory with a lock still held there by ", func);
	ld_print_who(t, ctx);
	ld_print(t, ":\n");
	ld_print_lock(t, lock);
	ld_print_held(t, ctx);
	ld_print_backtrace(t, ctx, lock->site);
	ld_report(t, "WARNING: held lock freed", func);
}

void lockdep_free_memory(struct lockdep_ctx *ctxs[], unsigned n, const void *start, size_t len,
			 const char *func)
{
	uintptr_t low = (uintptr_t)start, high = low + len;

	for (unsigned c = 0; c < n; c++) {
		struct lockdep_ctx *ctx = ctxs[c];

		if (!ctx || !ctx->depth)
			continue;
		for (unsigned i = 0; i < ctx->depth; i++) {
			uintptr_t map = (uintptr_t)ctx->held[i].map;

			if (map >= low && map < high) {
				report_freed(ctx, &ctx->held[i], func);
				return;
			}
		}
	}
}
