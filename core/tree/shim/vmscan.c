// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree's own mm/vmscan.c, with a way in to two of its static functions. The
 * build compiles this file in the place of mm/vmscan.c.
 */
#include "mm/vmscan.c"

#include "core/tree/shim/world.h"

unsigned long shim_reclaim(unsigned long nr)
{
	struct scan_control sc = {
		.nr_to_reclaim = nr,
		.gfp_mask = GFP_KERNEL,
		.reclaim_idx = gfp_zone(GFP_KERNEL),
		.priority = DEF_PRIORITY,
		.may_writepage = 1,
		.may_unmap = 1,
		.may_swap = 1,
	};
	unsigned long freed;

	set_task_reclaim_state(current, &sc.reclaim_state);
	freed = do_try_to_free_pages(node_zonelist(0, GFP_KERNEL), &sc);
	set_task_reclaim_state(current, NULL);
	return freed;
}

void shim_balance_pgdat(void)
{
	balance_pgdat(NODE_DATA(0), 0, MAX_NR_ZONES - 1);
}
