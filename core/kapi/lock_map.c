/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: kernel/locking/lockdep.c (lock_is_held, lockdep_assert_*): questions
 * to core/lockdep for the calling context. Where lockdep does not look (set-up,
 * kill mode) every answer is the one that silences the caller.
 */
#include "core/kapi/lock_map.h"

bool lock_map_is_held(const struct lockdep_map *map, int read)
{
	const struct lockdep_ctx *ctx = engine_lockdep_ctx();

	return !ctx || lock_is_held_type(ctx, map, read) != 0;
}

void lock_map_assert_held(const struct lockdep_map *map, int read, const char *func)
{
	struct lockdep_ctx *ctx = engine_lockdep_begin();

	if (ctx) {
		lockdep_assert_held_at(ctx, map, read, func);
		engine_lockdep_end();
	}
}

void lock_map_assert_not_held(const struct lockdep_map *map, const char *func)
{
	struct lockdep_ctx *ctx = engine_lockdep_begin();

	if (ctx) {
		lockdep_assert_not_held_at(ctx, map, func);
		engine_lockdep_end();
	}
}

void assert_not_preemptible_at(const char *func)
{
	const struct lockdep_ctx *ctx = engine_lockdep_ctx();

	if (ctx && !ctx->preempt_count && !ctx->hardirqs_off && !ctx->irq_context)
		report_warn("preemption is on", func, "lockdep_assert_preemption_disabled()\n");
}

void assert_irqs_off_at(const char *func)
{
	const struct lockdep_ctx *ctx = engine_lockdep_ctx();

	if (ctx && !ctx->hardirqs_off && ctx->irq_context != 2)
		report_warn("interrupts are on", func, "lockdep_assert_irqs_disabled()\n");
}
