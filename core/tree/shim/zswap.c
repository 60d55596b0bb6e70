// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree's own mm/zswap.c, with ways in to what /sys/module/zswap and its shrinker do.
 * The build compiles this file in the place of mm/zswap.c. As in a kernel that boots with
 * zswap off, the first write of "enabled" sets it up; a world's tear-down takes it down,
 * which a kernel never does, so that the audit sees what is left.
 * Left out: a change of the compressor, debugfs.
 */
#include <linux/init.h>

#include "mm/zswap.c"

#include "core/tree/shim/check.h"
#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"
#include "core/tree/shim/zswap.h"

/* races.def names them; the tree's own are static. */
#define ALIAS(name) extern typeof(zswap_##name) shim_zswap_##name __alias(zswap_##name)
ALIAS(enabled);
ALIAS(pool_limit_hit);
ALIAS(written_back_pages);
ALIAS(reject_reclaim_fail);
ALIAS(reject_compress_fail);
ALIAS(reject_compress_poor);
ALIAS(decompress_fail);
ALIAS(reject_alloc_fail);
ALIAS(reject_kmemcache_fail);
ALIAS(pool_reached_full);

/* An administrator's choice: a small world reaches the limit with some ten pages. */
#define POOL_PERCENT 8

SHIM_RAW int shim_zswap_enable(bool on)
{
	static const struct kernel_param param = { .arg = &zswap_enabled };

	zswap_max_pool_percent = POOL_PERCENT;
	zswap_shrinker_enabled = true;
	return zswap_enabled_param_set(on ? "1" : "0", &param);
}

static bool zswap_is_set_up(void)
{
	bool yes;

	mutex_lock(&zswap_init_lock);
	yes = zswap_init_state == ZSWAP_INIT_SUCCEED;
	mutex_unlock(&zswap_init_lock);
	return yes;
}

int shim_zswap_shrink(unsigned long nr)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = nr };

	if (!zswap_is_set_up())
		return -EINVAL;
	zswap_shrinker_scan(zswap_shrinker, &sc);
	return 0;
}

/* All references must be gone but the list's: else the pool stays, and is a leak. */
static void zswap_pool_exit(struct zswap_pool *pool)
{
	list_del_init(&pool->list);
	percpu_ref_kill(&pool->ref);
}

void shim_zswap_exit(void)
{
	struct zswap_pool *pool, *next;

	if (zswap_init_state != ZSWAP_INIT_SUCCEED)
		return;
	zswap_init_state = ZSWAP_UNINIT;
	zswap_has_pool = false;
	list_for_each_entry_safe(pool, next, &zswap_pools, list)
		zswap_pool_exit(pool);
	rcu_barrier();
	shim_run_work();
	shrinker_free(zswap_shrinker);
	list_lru_destroy(&zswap_list_lru);
	destroy_workqueue(shrink_wq);
}

/* ---- for checkers: raw ----------------------------------------------------------- */

SHIM_RAW long check_zswap_stored(void)
{
	return zswap_stored_pages.counter;
}

SHIM_RAW struct xarray *check_zswap_tree(int type)
{
	return zswap_trees[type];
}

SHIM_RAW struct check_zswap_entry check_zswap_entry(const void *p)
{
	const struct zswap_entry *entry = p;

	return (struct check_zswap_entry){
		.slot = entry->swpentry, .length = entry->length, .object = entry->handle,
	};
}

SHIM_RAW long check_zswap_listed(void)
{
	const struct list_lru_node *node = zswap_list_lru.node;

	return node ? node->lru.nr_items : 0;
}
