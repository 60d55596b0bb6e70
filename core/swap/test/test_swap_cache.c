// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: the swap cache is the one synchroniser of swap-in: an entry has at most
 * one folio, lookups take references, who loses uses the winner's folio, slots
 * without a count never come into the cache. Method: each function by itself,
 * readahead over free, bad and foreign slots, two tasks that race.
 */
#include "core/swap/test/swap_test.h"

/* Swaps page 0 out; its slot is left with a count of 1 and a shadow. */
static swp_entry_t swapped_out(u64 value)
{
	CHECK_EQ(t_fill(&tpages[0], value), 0);
	CHECK_EQ(t_swapout(&tpages[0]), 0);
	CHECK_EQ(tpages[0].state, T_SWAPPED);
	return tpages[0].entry;
}

static void lookups(void *arg)
{
	swp_entry_t e = swapped_out(11);
	struct folio *folio;

	(void)arg;
	CHECK(!swap_cache_get_folio(e));
	CHECK(!swap_cache_has_folio(e));
	CHECK(swap_cache_get_shadow(e) != NULL);
	folio = swap_cache_alloc_folio(e, GFP_KERNEL, BIT(0), NULL);
	CHECK(!IS_ERR(folio));
	CHECK(folio_test_locked(folio) && !folio_test_uptodate(folio));
	CHECK(folio_matches_swap_entry(folio, e));
	CHECK(!folio_matches_swap_entry(folio, (swp_entry_t){ e.val + 1 }));
	CHECK(!swap_cache_get_shadow(e));
	CHECK_EQ(swp_swapcount(e), 1);
	t_readin(folio);
	CHECK(folio_test_uptodate(folio) && !folio_test_locked(folio));
	CHECK(t_content_is(folio, 11));
	/* The second one gets the first one's folio. */
	CHECK_EQ(PTR_ERR(swap_cache_alloc_folio(e, GFP_KERNEL, BIT(0), NULL)), -EEXIST);
	CHECK(swapin_sync(e, GFP_KERNEL, BIT(0), NULL) == folio);
	folio_put(folio);
	CHECK(swap_cache_get_folio(e) == folio);
	folio_put(folio);
	folio_put(folio);
	CHECK_EQ(t_swapin(&tpages[0]), 0);
	CHECK(tpages[0].folio == folio);
}

static long alloc_error(unsigned long offset)
{
	return PTR_ERR(swap_cache_alloc_folio(swp_entry(0, offset), GFP_KERNEL, BIT(0), NULL));
}

static void not_swapped_out(void *arg)
{
	struct folio *folio;

	(void)arg;
	/* A free slot of a cluster with a table, of one without, a bad slot. */
	CHECK_EQ(alloc_error(2), -ENOENT);
	CHECK_EQ(alloc_error(5), -ENOENT);
	CHECK_EQ(alloc_error(0), -ENOENT);
	CHECK_EQ(alloc_error(10), -ENOENT);
	CHECK_EQ(PTR_ERR(swapin_sync(swp_entry(0, 2), GFP_KERNEL, BIT(0), NULL)), -ENOENT);
	CHECK(!swapin_readahead(swp_entry(0, 5), GFP_KERNEL, NULL));
	CHECK(!t_read_async(swp_entry(2, 1)));
	folio = t_folio(1);
	folio_lock(folio);
	CHECK(!folio_matches_swap_entry(folio, swp_entry(0, 2)));
	folio_unlock(folio);
	folio_put(folio);
}

static void loser(void *arg)
{
	swp_entry_t e = swapped_out(21);
	struct folio *a;

	(void)arg;
	a = swapin_sync(e, GFP_KERNEL, BIT(0), NULL);
	CHECK(folio_test_uptodate(a));
	CHECK(swapin_sync(e, GFP_KERNEL, BIT(0), NULL) == a);
	folio_put(a);
	folio_put(a);
	CHECK(t_read_async(e) == a);
	folio_put(a);
}

/*
 * A large folio where its neighbours fit, else a smaller one.
 *
 *   slots:   [0 bad][1]  [2][3]     a folio of order 1 is swapped out to 2 and 3
 */
static void orders(void *arg)
	__no_lock_analysis("a lock that is returned")
{
	struct folio *folio = folio_alloc(GFP_KERNEL, 1);
	struct swap_cluster_info *ci;
	swp_entry_t e;

	(void)arg;
	folio_lock(folio);
	__folio_set_swapbacked(folio);
	folio_mark_uptodate(folio);
	CHECK_EQ(folio_alloc_swap(folio), 0);
	e = folio->swap;
	CHECK_EQ(folio_dup_swap(folio, NULL), 0);
	swap_cache_del_folio(folio);
	folio_unlock(folio);
	folio_put(folio);

	folio = swapin_sync((swp_entry_t){ e.val + 1 }, GFP_KERNEL, BIT(1) | BIT(0), NULL);
	folio_lock(folio);
	CHECK_EQ(folio_order(folio), 1);
	CHECK(folio->swap.val == e.val);
	swap_cache_del_folio(folio);
	folio_unlock(folio);
	folio_put(folio);

	/* The other one has a zero flag, then no count: order 0 is left. */
	ci = swap_cluster_lock(swap_info[0], swp_offset(e));
	__swap_table_set_zero(ci, swp_cluster_offset(e) + 1);
	swap_cluster_unlock(ci);
	CHECK_EQ(PTR_ERR(swap_cache_alloc_folio(e, GFP_KERNEL, BIT(1), NULL)), -EBUSY);
	swap_put_entries_direct((swp_entry_t){ e.val + 1 }, 1);
	folio = swapin_sync(e, GFP_KERNEL, BIT(1) | BIT(0), NULL);
	folio_lock(folio);
	CHECK_EQ(folio_order(folio), 0);
	folio_put_swap(folio, NULL);
	CHECK(folio_free_swap(folio));
	folio_unlock(folio);
	folio_put(folio);
}

static void replaces(void *arg)
	__no_lock_analysis("a lock that is returned")
{
	swp_entry_t e = swapped_out(31);
	struct folio *old = swapin_readahead(e, GFP_KERNEL, NULL), *new = t_folio(31);
	struct swap_cluster_info *ci;

	(void)arg;
	folio_lock(old);
	folio_lock_nested(new, 1);
	ci = swap_cluster_get_and_lock(old);
	new->swap = old->swap;
	folio_set_swapcache(new);
	folio_ref_add(new, 1);
	__swap_cache_replace_folio(ci, old, new);
	folio_clear_swapcache(old);
	old->swap.val = 0;
	swap_cluster_unlock(ci);
	folio_ref_sub(old, 1);
	folio_unlock(new);
	folio_unlock(old);
	CHECK(swap_cache_get_folio(e) == new);
	CHECK_EQ(swp_swapcount(e), 1);
	folio_put(new);
	folio_put(new);
	folio_put(old);
}

/* Neighbours are read as well: those that are swapped out, and only those. */
static void reads_ahead(void *arg)
{
	unsigned i, cached = 0;
	swp_entry_t e;

	(void)arg;
	for (i = 0; i < 6; i++) {
		CHECK_EQ(t_fill(&tpages[i], i + 100), 0);
		CHECK_EQ(t_swapout(&tpages[i]), 0);
	}
	t_zap(&tpages[2]);
	e = tpages[1].entry;
	CHECK_EQ(t_swapin(&tpages[1]), 0);
	for (i = 1; i < swap_info[0]->max; i++) {
		struct folio *folio = swap_cache_get_folio(swp_entry(0, i));

		if (!folio)
			continue;
		folio_wait_locked(folio);
		cached++;
		CHECK(folio_test_uptodate(folio));
		CHECK(i == swp_offset(e) || folio_test_readahead(folio));
		swap_update_readahead(folio, NULL, 0);
		CHECK(!folio_test_readahead(folio));
		folio_put(folio);
	}
	CHECK(cached >= 3);
	CHECK(counters[COUNTER_readahead] >= 2);
	for (i = 0; i < 6; i++)
		t_swapin(&tpages[i]);
}

static void fault(void *arg)
{
	(void)arg;
	t_swapin(&tpages[0]);
	t_swapin(&tpages[1]);
}

static void prepare_swapped(void *arg)
{
	(void)arg;
	if (tpages[0].state == T_NONE && !t_fill(&tpages[0], 5) && !t_swapout(&tpages[0]))
		t_fork(&tpages[0], &tpages[1]);
	fault(NULL);
}

static void delete_unlocked(void *arg)
{
	struct folio *folio;

	(void)arg;
	folio = swapin_readahead(swapped_out(1), GFP_KERNEL, NULL);
	swap_cache_del_folio(folio);
}

static void no_order(void *arg)
{
	(void)arg;
	swap_cache_alloc_folio(swapped_out(1), GFP_KERNEL, 0, NULL);
}

static void order_of_two_clusters(void *arg)
{
	(void)arg;
	swap_cache_alloc_folio(swapped_out(1), GFP_KERNEL, BIT(3) | BIT(0), NULL);
}

static void match_unlocked(void *arg)
{
	struct folio *folio = t_folio(1);

	(void)arg;
	folio_matches_swap_entry(folio, swp_entry(0, 1));
}

int main(void)
{
	struct world_config base = test_config(WORLD_DEV_ON | WORLD_DEV_SYNC, 9), async, bad;
	static void (*const racers[])(void *) = { prepare_swapped, fault, fault, fault };

	base.swap_full = 100;
	async = base;
	async.dev[0].flags &= (u8)~WORLD_DEV_SYNC;
	TEST_CASE(base, lookups);
	TEST_CASE(base, not_swapped_out);
	TEST_CASE(base, loser);
	TEST_CASE(base, orders);
	TEST_CASE(base, replaces);
	TEST_CASE(async, replaces);
	async.readahead = 3;
	TEST_CASE(async, reads_ahead);
	bad = async;
	bad.dev[0].bad[0] = 3;
	TEST_CASE(bad, reads_ahead);
	seeded_bug_select(BUG_BAD_SLOT_SWAPPED);
	CHECK_STR(test_run_one(reads_ahead), "BUG: swap I/O on a bad slot in swap_read_folio");
	seeded_bug_select(BUG_NONE);

	test_walk.stay = 4;
	for (unsigned seed = 1; seed <= TEST_SEEDS; seed++) {
		test_cfg = seed % 2 ? base : async;
		CHECK_STR(test_run(racers, 4, seed), "");
	}
	test_walk.stay = 8;

	test_cfg = base;
	test_end_state.keep = true;
	CHECK_STR(test_run_one(delete_unlocked), "WARNING: folio not locked in __swap_cache_do_del_folio");
	CHECK_STR(test_run_one(no_order),
		  "WARNING: no order, or one larger than a cluster in swap_cache_alloc_folio");
	CHECK_STR(test_run_one(order_of_two_clusters),
		  "WARNING: no order, or one larger than a cluster in swap_cache_alloc_folio");
	CHECK_STR(test_run_one(match_unlocked), "WARNING: folio not locked in match_unlocked");
	engine_exit();
	return TEST_END();
}
