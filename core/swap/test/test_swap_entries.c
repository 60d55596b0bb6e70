// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: swap counts count owners exactly, over the edge where they overflow into
 * the extension table; slots are freed by the last direct put or by leaving the
 * cache, and by nothing else. Method: counts up to 3 times the limit, failures of
 * the extension's allocation, each assertion once.
 */
#include "core/swap/test/swap_test.h"

static struct folio *cached_folio(u64 value)
{
	struct folio *folio = t_folio(value);

	BUG_ON(!folio);
	folio_lock(folio);
	BUG_ON(folio_alloc_swap(folio));
	return folio;
}

static void drop(struct folio *folio)
{
	CHECK(folio_free_swap(folio));
	folio_unlock(folio);
	folio_put(folio);
}

static struct swap_cluster_info *cluster_of(swp_entry_t entry)
{
	return __swap_entry_to_cluster(entry);
}

static void dup(struct folio *folio)
{
	folio_lock(folio);
	CHECK_EQ(folio_dup_swap(folio, &folio->page[0]), 0);
	folio_unlock(folio);
}

static void put(struct folio *folio)
{
	folio_lock(folio);
	folio_put_swap(folio, &folio->page[0]);
	folio_unlock(folio);
}

static int word_count(swp_entry_t e)
{
	int count;

	/* As if a PTE of the entry were locked. */
	rcu_read_lock();
	count = __swap_count(e);
	rcu_read_unlock();
	return count;
}

/* count_bits 2: counts 0..2 fit in the word, 3 means "in the extension". */
static void count_up_and_down(void *arg)
{
	struct folio *folio = cached_folio(1);
	struct page *page = &folio->page[0];
	swp_entry_t e = folio->swap;
	int n, max = (int)SWP_TB_COUNT_MAX;

	(void)arg;
	for (n = 1; n <= max + 5; n++) {
		CHECK_EQ(folio_dup_swap(folio, page), 0);
		CHECK_EQ(swp_swapcount(e), n);
		CHECK_EQ(word_count(e), n < max ? n : max);
		CHECK_EQ(cluster_of(e)->extend_table != NULL, n >= max);
		CHECK(folio_maybe_swapped(folio));
		CHECK(!folio_free_swap(folio));
	}
	for (n = max + 4; n >= 0; n--) {
		folio_put_swap(folio, page);
		CHECK_EQ(swp_swapcount(e), n);
	}
	CHECK(!cluster_of(e)->extend_table);
	/* A put never frees: the cache pins the slot. */
	CHECK(swap_cache_has_folio(e));
	drop(folio);
	CHECK(swp_tb_is_null(swap_table_get(cluster_of(e), swp_cluster_offset(e))));
}

/* Two slots of a cluster overflowed; the table goes with the last of them. */
static void two_overflow(void *arg)
{
	struct folio *a = cached_folio(1), *b;
	int n, max = (int)SWP_TB_COUNT_MAX;

	(void)arg;
	folio_unlock(a);
	b = cached_folio(2);
	folio_unlock(b);
	CHECK(cluster_of(a->swap) == cluster_of(b->swap));
	for (n = 0; n < max + 1; n++) {
		dup(a);
		dup(b);
	}
	for (n = 0; n < max + 1; n++)
		put(a);
	CHECK(cluster_of(b->swap)->extend_table != NULL);
	CHECK_EQ(swp_swapcount(b->swap), max + 1);
	for (n = 0; n < max + 1; n++)
		put(b);
	CHECK(!cluster_of(b->swap)->extend_table);
	folio_lock(a);
	drop(a);
	folio_lock(b);
	drop(b);
}

/* A duplicated entry lives on without its folio; the last put frees the slot. */
static void direct(void *arg)
{
	struct folio *folio = cached_folio(7);
	swp_entry_t e = folio->swap;

	(void)arg;
	CHECK_EQ(folio_dup_swap(folio, NULL), 0);
	swap_cache_del_folio(folio);
	CHECK(!folio_test_swapcache(folio));
	folio_unlock(folio);
	folio_put(folio);
	CHECK(!swap_cache_has_folio(e));
	CHECK_EQ(swp_swapcount(e), 1);
	CHECK(swap_entry_swapped(swap_info[0], e));
	CHECK_EQ(swap_dup_entry_direct(e), 0);
	CHECK_EQ(swap_dup_entry_direct(e), 0);
	CHECK_EQ(swap_dup_entry_direct(e), 0);
	CHECK_EQ(swp_swapcount(e), 4);
	swap_put_entries_direct(e, 1);
	swap_put_entries_direct(e, 1);
	swap_put_entries_direct(e, 1);
	CHECK_EQ(get_nr_swap_pages(), 7);
	swap_put_entries_direct(e, 1);
	CHECK_EQ(get_nr_swap_pages(), 8);
	CHECK(!swap_entry_swapped(swap_info[0], e));
}

/* The last direct put of a cached slot takes the folio out of the cache, unless
 * somebody has it locked: then the slot stays with the cache alone. */
static void direct_cached(void *arg)
{
	struct folio *folio = cached_folio(7);
	swp_entry_t e = folio->swap;

	(void)arg;
	CHECK_EQ(folio_dup_swap(folio, NULL), 0);
	folio_unlock(folio);
	swap_put_entries_direct(e, 1);
	CHECK(!folio_test_swapcache(folio));
	CHECK(folio_test_dirty(folio));
	CHECK_EQ(get_nr_swap_pages(), 8);
	folio_put(folio);

	folio = cached_folio(8);
	e = folio->swap;
	CHECK_EQ(folio_dup_swap(folio, NULL), 0);
	swap_put_entries_direct(e, 1);
	CHECK(folio_test_swapcache(folio));
	CHECK_EQ(swp_swapcount(e), 0);
	/* Only when asked to, or unmapped, or full. */
	folio_unlock(folio);
	atomic_inc(&folio->page[0]._mapcount);
	CHECK_EQ(__try_to_reclaim_swap(swap_info[0], swp_offset(e), TTRS_UNMAPPED | TTRS_FULL), -1);
	atomic_dec(&folio->page[0]._mapcount);
	mutex_lock(&system_transition_mutex);
	pm_restore_gfp_mask(); /* one too many does no harm */
	pm_restrict_gfp_mask();
	pm_restrict_gfp_mask();
	pm_restore_gfp_mask();
	CHECK_EQ(__try_to_reclaim_swap(swap_info[0], swp_offset(e), TTRS_ANYWAY), -1);
	pm_restore_gfp_mask();
	mutex_unlock(&system_transition_mutex);
	CHECK_EQ(__try_to_reclaim_swap(swap_info[0], swp_offset(e), TTRS_ANYWAY), 1);
	CHECK_EQ(__try_to_reclaim_swap(swap_info[0], swp_offset(e), TTRS_ANYWAY), 0);
	folio_put(folio);
}

/* A range over two clusters, of which some slots are cached. */
static void direct_range(void *arg)
{
	struct folio *f[8];
	unsigned i;

	(void)arg;
	for (i = 0; i < 8; i++) {
		f[i] = cached_folio(i + 1);
		CHECK_EQ(folio_dup_swap(f[i], NULL), 0);
		if (i != 2)
			swap_cache_del_folio(f[i]);
		folio_unlock(f[i]);
	}
	CHECK_EQ(get_nr_swap_pages(), 0);
	atomic_inc(&f[2]->page[0]._mapcount);
	swap_put_entries_direct(swp_entry(0, 1), 8);
	CHECK_EQ(get_nr_swap_pages(), 7);
	atomic_dec(&f[2]->page[0]._mapcount);
	for (i = 0; i < 8; i++)
		t_put_folio(f[i]);
	CHECK_EQ(get_nr_swap_pages(), 8);
}

/* The extension cannot be had: -ENOMEM, the count as before, then a retry. */
static void extension_fails(void *arg)
{
	struct folio *folio = cached_folio(1);
	swp_entry_t e = folio->swap;
	int n, max = (int)SWP_TB_COUNT_MAX;

	(void)arg;
	for (n = 0; n < max - 1; n++)
		CHECK_EQ(folio_dup_swap(folio, NULL), 0);
	CHECK_EQ(swap_dup_entry_direct(e), -ENOMEM);
	CHECK_EQ(swp_swapcount(e), max - 1);
	CHECK(!cluster_of(e)->extend_table);
	CHECK_EQ(swap_retry_table_alloc(e, GFP_KERNEL), 0);
	CHECK(cluster_of(e)->extend_table != NULL);
	CHECK_EQ(swap_dup_entry_direct(e), 0);
	CHECK_EQ(swp_swapcount(e), max);
	for (n = 0; n < max; n++)
		folio_put_swap(folio, NULL);
	CHECK(!cluster_of(e)->extend_table);
	drop(folio);
}

/* Of a large folio the first page's dup is undone when the second one's fails. */
static void undo(void *arg)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, 1);
	swp_entry_t e;

	(void)arg;
	BUG_ON(!folio);
	__folio_mark_uptodate(folio);
	__folio_set_swapbacked(folio);
	folio_lock(folio);
	CHECK_EQ(folio_alloc_swap(folio), 0);
	e = folio->swap;
	CHECK_EQ(folio_dup_swap(folio, folio_page(folio, 1)), 0);
	CHECK_EQ(folio_dup_swap(folio, folio_page(folio, 1)), 0);
	CHECK_EQ(folio_dup_swap(folio, NULL), -ENOMEM);
	if (!seeded_bugs_none(&seeded_bugs_on)) {
		folio_unlock(folio);
		return;
	}
	CHECK_EQ(swp_swapcount(e), 0);
	e.val++;
	CHECK_EQ(swp_swapcount(e), 2);
	folio_put_swap(folio, folio_page(folio, 1));
	folio_put_swap(folio, folio_page(folio, 1));
	drop(folio);
}

static void put_underflow(void *arg)
{
	struct folio *folio = cached_folio(1);

	(void)arg;
	folio_put_swap(folio, NULL);
}

static void put_not_cached(void *arg)
{
	struct folio *folio = t_folio(1);

	(void)arg;
	folio_lock(folio);
	folio_put_swap(folio, NULL);
}

static void dup_unlocked(void *arg)
{
	struct folio *folio = cached_folio(1);

	(void)arg;
	folio_unlock(folio);
	folio_dup_swap(folio, NULL);
}

static void dup_free_slot(void *arg)
{
	(void)arg;
	swap_dup_entry_direct(swp_entry(0, 2));
}

static void put_bad_slot(void *arg)
{
	struct swap_cluster_info *ci = &swap_info[0]->cluster_info[0];

	(void)arg;
	spin_lock(&ci->lock);
	__swap_cluster_put_entry(ci, 0);
	spin_unlock(&ci->lock);
}

static void put_past_end(void *arg)
{
	(void)arg;
	swap_put_entries_direct(swp_entry(0, 8), 2);
}

static void put_no_device(void *arg)
{
	(void)arg;
	swap_put_entries_direct(swp_entry(2, 1), 1);
}

/* Forked, then put down again: what overflow bugs make of it. */
static void overflow_cycle(void *arg)
{
	(void)arg;
	t_fill(&tpages[0], 5);
	t_fill(&tpages[8], 6);
	CHECK_EQ(t_swapout(&tpages[0]), 0);
	CHECK_EQ(t_swapout(&tpages[8]), 0);
	for (unsigned i = 1; i < 6; i++)
		t_fork(&tpages[0], &tpages[i]);
	for (unsigned i = 9; i < 12; i++)
		t_fork(&tpages[8], &tpages[i]);
	for (unsigned i = 0; i < 6; i++)
		t_zap(&tpages[i]);
	for (unsigned i = 8; i < 12; i++)
		t_zap(&tpages[i]);
}

int main(void)
{
	struct world_config base = test_config(WORLD_DEV_ON | WORLD_DEV_SYNC, 9), c;

	base.swap_full = 100;
	c = base;
	TEST_CASE(base, count_up_and_down);
	c.count_bits = 3;
	TEST_CASE(c, count_up_and_down);
	c.count_bits = 8;
	TEST_CASE(c, count_up_and_down);
	TEST_CASE(base, two_overflow);
	TEST_CASE(base, direct);
	TEST_CASE(base, direct_cached);
	TEST_CASE(base, direct_range);
	TEST_CASE(base, overflow_cycle);
	test_walk.nth_alloc = 2;
	TEST_CASE(base, extension_fails);
	test_walk.nth_alloc = 3;
	TEST_CASE(base, undo);
	seeded_bug_select(BUG_DUP_UNDO_OFF_BY_ONE);
	/* Which leaves the second page with a count too few. */
	CHECK_STR(test_run_one(undo), "WARNING: count does not match the owners in test_check_slot");
	test_walk.nth_alloc = 0;
	seeded_bug_select(BUG_COUNT_SATURATES);
	CHECK_STR(test_run_one(overflow_cycle),
		  "WARNING: swap count underflow in __swap_cluster_put_entry");
	seeded_bug_select(BUG_EXTEND_FREED_EARLY);
	CHECK_STR(test_run_one(overflow_cycle),
		  "WARNING: swap count lost its extension in __swap_cluster_put_entry");
	seeded_bug_select(BUG_NONE);

	test_end_state.keep = true;
	CHECK_STR(test_run_one(put_underflow),
		  "WARNING: swap count underflow in __swap_cluster_put_entry");
	CHECK_STR(test_run_one(put_not_cached), "WARNING: folio not in swap cache in folio_put_swap");
	CHECK_STR(test_run_one(dup_unlocked), "WARNING: folio not locked in folio_dup_swap");
	CHECK_STR(test_run_one(dup_free_slot),
		  "WARNING: duplicated swap entry is not swapped out in swap_dup_entry_direct");
	CHECK_STR(test_run_one(put_bad_slot),
		  "WARNING: swap count of a bad slot in __swap_cluster_put_entry");
	CHECK_STR(test_run_one(put_past_end),
		  "WARNING: swap entries past the end of the device in swap_put_entries_direct");
	CHECK_STR(test_run_one(put_no_device),
		  "WARNING: no swap device for the entry in swap_put_entries_direct");
	engine_exit();
	return TEST_END();
}
