// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Per-CPU memory, and the counters of mm/vmstat.c: exact, and without events, as
 * nothing but the sizes that reclaim looks at depends on them.
 * Left out: thresholds and per-CPU differences of the counters, events (vm_event_*).
 * Locking: none.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/percpu.h>
#include <linux/vmstat.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

atomic_long_t vm_zone_stat[NR_VM_ZONE_STAT_ITEMS];
atomic_long_t vm_node_stat[NR_VM_NODE_STAT_ITEMS];

void __percpu *pcpu_alloc_noprof(size_t size, size_t align, bool reserved, gfp_t gfp)
{
	if (gfp & __GFP_DIRECT_RECLAIM)
		seam_might_sleep(_RET_IP_);
	if (shim_should_fail(gfp, _RET_IP_))
		return NULL;
	return (void __percpu *)seam_percpu_alloc(size, align);
}

void free_percpu(void __percpu *p)
{
	if (p)
		seam_percpu_free((void *)p);
}

/* ---- counters -------------------------------------------------------------------- */

static void stat_add(atomic_long_t *stat, long delta)
{
	__atomic_fetch_add(&stat->counter, delta, __ATOMIC_RELAXED);
}

void mod_node_page_state(struct pglist_data *node, enum node_stat_item item, long delta)
{
	stat_add(&node->vm_stat[item], delta);
	stat_add(&vm_node_stat[item], delta);
}

void __mod_node_page_state(struct pglist_data *node, enum node_stat_item item, long delta)
{
	mod_node_page_state(node, item, delta);
}

void inc_node_page_state(struct page *page, enum node_stat_item item)
{
	mod_node_page_state(page_pgdat(page), item, 1);
}

void __inc_node_page_state(struct page *page, enum node_stat_item item)
{
	mod_node_page_state(page_pgdat(page), item, 1);
}

void dec_node_page_state(struct page *page, enum node_stat_item item)
{
	mod_node_page_state(page_pgdat(page), item, -1);
}

void __dec_node_page_state(struct page *page, enum node_stat_item item)
{
	mod_node_page_state(page_pgdat(page), item, -1);
}

void mod_zone_page_state(struct zone *zone, enum zone_stat_item item, long delta)
{
	stat_add(&zone->vm_stat[item], delta);
	stat_add(&vm_zone_stat[item], delta);
}

void __mod_zone_page_state(struct zone *zone, enum zone_stat_item item, long delta)
{
	mod_zone_page_state(zone, item, delta);
}

void inc_zone_page_state(struct page *page, enum zone_stat_item item)
{
	mod_zone_page_state(page_zone(page), item, 1);
}

void __inc_zone_page_state(struct page *page, enum zone_stat_item item)
{
	mod_zone_page_state(page_zone(page), item, 1);
}

void dec_zone_page_state(struct page *page, enum zone_stat_item item)
{
	mod_zone_page_state(page_zone(page), item, -1);
}

void __dec_zone_page_state(struct page *page, enum zone_stat_item item)
{
	mod_zone_page_state(page_zone(page), item, -1);
}
