// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The set-up of a tree takes longer than many a program: its result is kept, and the
 * next runs of the same machine begin with it. Kept is the arena up to its end (per-CPU
 * copies and the page pool as far as they are used), and the glue's state of one run.
 * What set-up leaves empty (lock maps, RCU heads, interrupts) is emptied as ever.
 */
#include "core/tree/glue/glue.h"

static void arena_part(char *first, const char *end)
{
	BUG_ON(first > end);
	engine_snapshot_add(first, (size_t)(end - first));
}

bool glue_keep(void)
{
	char *base = (char *)ENGINE_ARENA_BASE, *percpu_first, *percpu_end;

	BUG_ON(engine_running() || engine_events_off);
	BUG_ON(lockdep_maps_used() || rcu_heads_used() || irq_works_used());
	engine_snapshot_begin();
	percpu_range(&percpu_first, &percpu_end);
	arena_part(base + pages_keep() * PAGE_BYTES, percpu_first);
	arena_part(percpu_end, base + engine_arena_used());
	percpu_keep();
	slab_keep();
	return engine_snapshot_end();
}

bool glue_kept(void)
{
	return engine_has_snapshot() && percpu_fits();
}

void glue_restore(void)
{
	BUG_ON(engine_running() || !glue_kept());
	events_reset();
	lockdep_maps_reset();
	rcu_heads_reset();
	irq_works_reset();
	pages_rewind();
	slab_rewind();
	engine_snapshot_restore();
}
