// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree's own mm/compaction.c, with a way in for the op compact. The build compiles
 * this file in its place. 1 is what /proc/sys/vm/compact_memory starts: the whole zone,
 * synchronously. 0 is what an allocation does by itself: asynchronous, on behalf of
 * reclaim, until there is a free block of four pages.
 * Left out: kcompactd, which is never woken; proactive compaction.
 * Locking: none.
 */
#include <linux/init.h>

/* Each function in a section of its own, so that the link drops what nobody calls. */
#undef __init
#define __init

#include "mm/compaction.c"

#include "core/tree/shim/world.h"

#define DIRECT_ORDER 2

static void compact_direct(struct zone *zone)
{
	struct compact_control cc = {
		.order = DIRECT_ORDER,
		.search_order = DIRECT_ORDER,
		.gfp_mask = GFP_KERNEL,
		.zone = zone,
		.mode = MIGRATE_ASYNC,
		.alloc_flags = ALLOC_WMARK_MIN,
		.highest_zoneidx = zone_idx(zone),
		.direct_compaction = true,
	};
	unsigned int noreclaim;

	fs_reclaim_acquire(GFP_KERNEL);
	noreclaim = memalloc_noreclaim_save();
	compact_zone(&cc, NULL);
	memalloc_noreclaim_restore(noreclaim);
	fs_reclaim_release(GFP_KERNEL);
}

int tree_compact(int sync)
{
	if (sync)
		return compact_nodes();
	compact_direct(&NODE_DATA(0)->node_zones[ZONE_NORMAL]);
	return 0;
}
