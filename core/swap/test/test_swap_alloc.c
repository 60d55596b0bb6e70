// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: the allocator gives every slot once, in the order of its lists, and none
 * when there is none; clusters are on the list that their flag says. Method: tiny
 * devices filled to the last slot, each path of the allocator by itself.
 *
 *	dev0, 9 slots, clusters of 4:   [H 1 2 3] [4 5 6 7] [8 x x x]
 *	H header, x past the end. nonfull: 0 and 2; free: 1. 8 usable slots.
 */
#include "core/swap/test/swap_test.h"

static struct folio *new_folio(u64 value)
{
	struct folio *folio = t_folio(value);

	BUG_ON(!folio);
	return folio;
}

/* Gives back what new_folio() and t_get_slot() made. */
static void drop(struct folio *folio)
{
	folio_lock(folio);
	CHECK(folio_free_swap(folio));
	folio_unlock(folio);
	folio_put(folio);
}

static struct swap_cluster_info *cluster(unsigned int i)
{
	return &swap_info[0]->cluster_info[i];
}

static void fill_and_exhaust(void *arg)
{
	struct folio *f[16];
	u32 seen = 0;
	unsigned i;

	(void)arg;
	CHECK_EQ(get_nr_swap_pages(), 8);
	CHECK_EQ(cluster(0)->flags, CLUSTER_FLAG_NONFULL);
	CHECK_EQ(cluster(1)->flags, CLUSTER_FLAG_FREE);
	CHECK_EQ(cluster(2)->flags, CLUSTER_FLAG_NONFULL);
	for (i = 0; i < 8; i++) {
		f[i] = new_folio(i + 1);
		CHECK_EQ(t_get_slot(f[i]), 0);
		CHECK(folio_test_swapcache(f[i]));
		CHECK_EQ(folio_ref_count(f[i]), 2);
		CHECK_EQ(swp_swapcount(f[i]->swap), 0);
		CHECK(swap_cache_has_folio(f[i]->swap));
		CHECK(!(seen & 1u << swp_offset(f[i]->swap)));
		seen |= 1u << swp_offset(f[i]->swap);
	}
	CHECK_EQ(seen, 0x1fe);
	CHECK_EQ(get_nr_swap_pages(), 0);
	CHECK_EQ(swap_usage_in_pages(swap_info[0]), 8);
	CHECK(atomic_long_read(&swap_info[0]->inuse_pages) & (long)SWAP_USAGE_OFFLIST_BIT);
	CHECK(plist_head_empty(&swap_avail_head));
	for (i = 0; i < 3; i++)
		CHECK_EQ(cluster(i)->flags, CLUSTER_FLAG_FULL);
	f[8] = new_folio(9);
	CHECK_EQ(t_get_slot(f[8]), -ENOMEM);
	CHECK(!folio_test_swapcache(f[8]));

	/* The slot that becomes free puts the device back, and is the next one. */
	i = (unsigned)swp_offset(f[3]->swap);
	drop(f[3]);
	CHECK(!plist_head_empty(&swap_avail_head));
	CHECK_EQ(t_get_slot(f[8]), 0);
	CHECK_EQ(swp_offset(f[8]->swap), i);
	f[3] = f[8];
	for (i = 0; i < 8; i++)
		drop(f[i]);
	CHECK_EQ(get_nr_swap_pages(), 8);
	CHECK_EQ(cluster(1)->flags, CLUSTER_FLAG_FREE);
	CHECK(!cluster(1)->table);
}

static void last_freed_first_used(void *arg)
{
	struct folio *f = new_folio(1), *g;
	swp_entry_t first;

	(void)arg;
	CHECK_EQ(t_get_slot(f), 0);
	first = f->swap;
	drop(f);
	f = new_folio(1);
	g = new_folio(2);
	CHECK_EQ(t_get_slot(f), 0);
	CHECK_EQ(t_get_slot(g), 0);
	CHECK(f->swap.val != g->swap.val);
	CHECK(swp_type(f->swap) == swp_type(first));
	drop(f);
	drop(g);
}

/* Full of slots that only the cache holds: with swap "full" they are reclaimed. */
static void reclaims_cached(void *arg)
{
	struct folio *f[8], *g;
	unsigned i;

	(void)arg;
	for (i = 0; i < 8; i++) {
		f[i] = new_folio(i + 1);
		CHECK_EQ(t_get_slot(f[i]), 0);
	}
	CHECK(vm_swap_full());
	/* The device is off the list while it is full: its worker frees slots. */
	CHECK_EQ(run_pending_work(), 1);
	CHECK(get_nr_swap_pages() > 0);
	g = new_folio(99);
	CHECK_EQ(t_get_slot(g), 0);
	drop(g);
	for (i = 0; i < 8; i++) {
		folio_lock(f[i]);
		folio_free_swap(f[i]);
		folio_unlock(f[i]);
		folio_put(f[i]);
	}
}

/* 6 of 8 slots cached and idle: allocation itself drops one where it comes by. */
static void scan_reclaims(void *arg)
{
	struct folio *f[6], *g;
	unsigned i, cached = 0;

	(void)arg;
	for (i = 0; i < 6; i++) {
		f[i] = new_folio(i + 1);
		CHECK_EQ(t_get_slot(f[i]), 0);
	}
	/* Another CPU has no cluster of its own and looks from the start. */
	this_cpu_write(percpu_swap_cluster.offset[0], 0);
	g = new_folio(50);
	CHECK_EQ(t_get_slot(g), 0);
	for (i = 0; i < 6; i++)
		cached += folio_test_swapcache(f[i]);
	CHECK(cached < 6);
	drop(g);
	for (i = 0; i < 6; i++)
		t_put_folio(f[i]);
}

static void prefers_priority(void *arg)
{
	struct folio *f[16];
	unsigned i;

	(void)arg;
	/* dev1 has the higher priority and 3 slots. */
	for (i = 0; i < 11; i++) {
		f[i] = new_folio(i + 1);
		CHECK_EQ(t_get_slot(f[i]), 0);
		CHECK_EQ(__swap_entry_to_info(f[i]->swap)->bdev->id, i < 3 ? 1 : 0);
	}
	f[11] = new_folio(12);
	CHECK_EQ(t_get_slot(f[11]), -ENOMEM);
	for (i = 0; i < 11; i++)
		drop(f[i]);
	folio_put(f[11]);
}

static struct folio *new_large(unsigned int order)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, order);

	BUG_ON(!folio);
	__folio_mark_uptodate(folio);
	__folio_set_swapbacked(folio);
	return folio;
}

static void large_folios(void *arg)
{
	struct folio *a = new_large(1), *b = new_large(1), *c = new_large(1), *s, *t, *f[4];

	(void)arg;
	/* Order 1 in whole clusters: only cluster 1 is free; two fit. */
	CHECK_EQ(t_get_slot(a), 0);
	CHECK_EQ(swp_offset(a->swap), 4);
	CHECK_EQ(folio_ref_count(a), 3);
	CHECK_EQ(cluster(1)->order, 1);
	CHECK_EQ(t_get_slot(b), 0);
	CHECK_EQ(swp_offset(b->swap), 6);
	CHECK_EQ(t_get_slot(c), -ENOMEM);
	drop(b);
	CHECK_EQ(cluster(1)->flags, CLUSTER_FLAG_NONFULL);
	/* Order 0 has four slots of its own, then steals. */
	for (unsigned i = 0; i < 4; i++) {
		s = new_folio(i + 1);
		CHECK_EQ(t_get_slot(s), 0);
		CHECK(swp_offset(s->swap) < 4 || swp_offset(s->swap) == 8);
		f[i] = s;
	}
	t = new_folio(77);
	CHECK_EQ(t_get_slot(t), 0);
	drop(t);
	drop(a);
	folio_put(c);
	for (unsigned i = 0; i < 4; i++)
		drop(f[i]);
}

static void global_cluster(void *arg)
{
	struct folio *f[8];
	unsigned i;

	(void)arg;
	CHECK(swap_info[0]->global_cluster != NULL);
	CHECK_EQ(atomic_read(&nr_rotate_swap), 1);
	for (i = 0; i < 8; i++) {
		f[i] = new_folio(i + 1);
		CHECK_EQ(t_get_slot(f[i]), 0);
	}
	for (i = 0; i < 8; i++)
		drop(f[i]);
}

/* The atomic attempt fails, the sleeping one gives the table. */
static void table_second_try(void *arg)
{
	struct folio *f[5];
	unsigned i;

	(void)arg;
	for (i = 0; i < 5; i++) {
		f[i] = new_folio(i + 1);
		CHECK_EQ(t_get_slot(f[i]), 0);
	}
	CHECK(cluster(1)->table != NULL);
	for (i = 0; i < 5; i++)
		drop(f[i]);
}

/* Both fail: the cluster is on the free list again, and the next try uses it. */
static void table_fails(void *arg)
{
	struct folio *f[5];
	unsigned i;

	(void)arg;
	for (i = 0; i < 4; i++) {
		f[i] = new_folio(i + 1);
		CHECK_EQ(t_get_slot(f[i]), 0);
	}
	CHECK(!cluster(1)->table);
	f[4] = new_folio(5);
	CHECK_EQ(t_get_slot(f[4]), -ENOMEM);
	if (!seeded_bugs_none(&seeded_bugs_on))
		return;
	CHECK_EQ(cluster(1)->flags, CLUSTER_FLAG_FREE);
	CHECK_EQ(t_get_slot(f[4]), 0);
	for (i = 0; i < 5; i++)
		drop(f[i]);
}

/* Allocations of a run in order: 6 folios, then tables. */
static void test_table_failures(struct world_config base)
{
	test_cfg = base;
	test_walk.nth_alloc = 6;
	CHECK_STR(test_run_one(table_second_try), "");
	test_walk.nth_alloc_len = 2;
	CHECK_STR(test_run_one(table_fails), "");
	seeded_bug_select(BUG_TABLE_ALLOC_NO_RELIST);
	test_walk.nth_alloc_len = 2;
	CHECK_STR(test_run_one(table_fails), "WARNING: cluster on no list in test_check_cluster");
	seeded_bug_select(BUG_TABLE_ALLOC_RELOCK_ORDER);
	test_walk.nth_alloc_len = 1;
	CHECK_STR(test_run_one(table_second_try),
		  "WARNING: possible circular locking dependency detected in swap_cluster_populate");
	seeded_bug_select(BUG_NONE);
	test_walk.nth_alloc = test_walk.nth_alloc_len = 0;
}

static void alloc_unlocked(void *arg)
{
	(void)arg;
	folio_alloc_swap(t_folio(1));
}

static void alloc_twice(void *arg)
{
	struct folio *f = new_folio(1);

	(void)arg;
	folio_lock(f);
	folio_alloc_swap(f);
	folio_alloc_swap(f);
}

int main(void)
{
	struct world_config base = test_config(WORLD_DEV_ON | WORLD_DEV_SYNC, 9), two = base;

	TEST_CASE(base, reclaims_cached);
	TEST_CASE(base, scan_reclaims);
	/* From here on swap is never "full", and cached slots stay. */
	base.swap_full = two.swap_full = 100;
	TEST_CASE(base, fill_and_exhaust);
	TEST_CASE(base, last_freed_first_used);
	two.dev[1] = (struct world_dev){ .flags = WORLD_DEV_PRESENT | WORLD_DEV_ON |
					 WORLD_DEV_SYNC, .slots = 4, .prio = 5 };
	TEST_CASE(two, prefers_priority);
	TEST_CASE(base, large_folios);
	base.dev[0].flags |= WORLD_DEV_ROTATIONAL;
	TEST_CASE(base, global_cluster);
	base.dev[0].flags &= (u8)~WORLD_DEV_ROTATIONAL;
	test_table_failures(base);

	test_end_state.keep = true;
	CHECK_HAS(test_run_one(alloc_unlocked), "in folio_alloc_swap");
	CHECK_STR(test_run_one(alloc_twice),
		  "WARNING: folio in swap cache already in __swap_cache_do_add_folio");
	engine_exit();
	return TEST_END();
}
