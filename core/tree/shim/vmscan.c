// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree's own mm/vmscan.c, with ways in to its static functions. The
 * build compiles this file in the place of mm/vmscan.c.
 * Left out: throttle_direct_reclaim() does not wait until kswapd has freed pages: kswapd
 * is an op, which may never come.
 */
#include <linux/mmzone.h>
#include <linux/wait.h>

/* MGLRU's batches are meant for millions of pages: 64 and 4096. Below the small one of free
 * swap it leaves anonymous memory alone; the large one is how long it keeps a lock. */
#ifdef CONFIG_LRU_GEN
#undef MIN_LRU_BATCH
#undef MAX_LRU_BATCH
#define MIN_LRU_BATCH 4
#define MAX_LRU_BATCH 8
#endif

#undef wait_event_killable
#define wait_event_killable(head, condition) ((void)(condition))
#undef wait_event_interruptible_timeout
#define wait_event_interruptible_timeout(head, condition, timeout) ((void)(condition))

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

/* There is one kswapd, which has a mm_walk of the node to itself: ops take turns. */
static DEFINE_MUTEX(kswapd_turn);

void shim_balance_pgdat(void)
{
	mutex_lock(&kswapd_turn);
	balance_pgdat(NODE_DATA(0), 0, MAX_NR_ZONES - 1);
	mutex_unlock(&kswapd_turn);
}

/* As a write of y or n to /sys/kernel/mm/lru_gen/enabled. */
void shim_lru_gen_enable(bool on)
{
#ifdef CONFIG_LRU_GEN
	lru_gen_change_state(on);
	if (on) {
		static_branch_enable(&lru_gen_caps[LRU_GEN_MM_WALK]);
		static_branch_enable(&lru_gen_caps[LRU_GEN_NONLEAF_YOUNG]);
	} else {
		static_branch_disable(&lru_gen_caps[LRU_GEN_MM_WALK]);
		static_branch_disable(&lru_gen_caps[LRU_GEN_NONLEAF_YOUNG]);
	}
#endif
}

/* A kernel keeps the root's filters for ever. */
void shim_lru_gen_exit(void)
{
#ifdef CONFIG_LRU_GEN_WALKS_MMU
	struct lru_gen_mm_state *state = &NODE_DATA(0)->__lruvec.mm_state;
	int i;

	for (i = 0; i < NR_BLOOM_FILTERS; i++) {
		bitmap_free(state->filters[i]);
		state->filters[i] = NULL;
	}
#endif
}
