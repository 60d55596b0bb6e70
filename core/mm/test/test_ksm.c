// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: KSM merges equal pages, breaks them on a write and on request, and they
 * survive swap: one slot for all, a copy for each but one when they come back.
 * Method: single-threaded worlds, then ksmd beside writers, reclaim, swapoff and
 * exit under random walks; the seeded bugs give their titles.
 *
 *	mm1 [A] -\                        swapout, swapoff
 *	          KSM folio -- stable node       ->  mm1 [A] plain  mm2 [A'] copy
 *	mm2 [A] -/
 */
#include "core/check/check.h"
#include "core/mm/ksm.h"
#include "core/mm/ksm_node.h"
#include "core/mm/test/world_test.h"

#define SAME 0x1111111111111111ull
#define OTHER 0x7777777777777777ull

/* Pages 0..pages-1 of mms 1 and 2 with the same contents, one a page. */
static void map_equal(int pages)
{
	for (int mm = 1; mm <= 2; mm++) {
		CHECK_EQ(model_mmap(mm, 0, pages, WORLD_VMA_MERGEABLE), 0);
		for (int p = 0; p < pages; p++)
			CHECK_EQ(model_write(mm, p, SAME * (u64)(p + 1)), 0);
	}
}

/* Two passes: checksums, then the merge. */
static void scan(void)
{
	CHECK_EQ(model_ksm_scan(32), 0);
}

static void check_merge(void)
{
	map_equal(2);
	scan();
	CHECK_EQ(counters[COUNTER_ksm_merged], 4);
	CHECK(test_folio(1, 0) == test_folio(2, 0));
	CHECK(test_folio(1, 1) == test_folio(2, 1));
	CHECK(folio_test_ksm(test_folio(1, 0)));
	CHECK_EQ(ksm_pages_shared_now(), 2);
	CHECK_EQ(ksm_pages_sharing_now(), 2);
	check_all_quiet();
	CHECK_EQ(test_read(1, 0), SAME);
	CHECK_EQ(test_read(2, 1), SAME * 2);
	/* A write breaks: the other one keeps the KSM page. */
	CHECK_EQ(model_write(1, 0, OTHER), 0);
	CHECK(test_folio(1, 0) != test_folio(2, 0));
	CHECK(!folio_test_ksm(test_folio(1, 0)) && folio_test_ksm(test_folio(2, 0)));
	CHECK_EQ(test_read(1, 0), OTHER);
	CHECK_EQ(test_read(2, 0), SAME);
	/* Equal again: merged with the KSM page that is still there. */
	CHECK_EQ(model_write(1, 0, SAME), 0);
	scan();
	CHECK(test_folio(1, 0) == test_folio(2, 0));
	CHECK_EQ(ksm_pages_sharing_now(), 2);
	check_all_quiet();
}

static void check_unequal(void)
{
	map_equal(2);
	CHECK_EQ(model_write(1, 0, OTHER), 0);
	CHECK_EQ(model_write(1, 1, OTHER + 1), 0);
	scan();
	CHECK_EQ(counters[COUNTER_ksm_merged], 0);
	CHECK(!folio_test_ksm(test_folio(1, 0)));
}

/* A page that changes between two passes isn't merged. */
static void check_volatile(void)
{
	map_equal(1);
	CHECK_EQ(ksm_do_scan(8), 2);
	CHECK_EQ(model_write(1, 0, OTHER), 0);
	CHECK_EQ(model_write(2, 0, OTHER), 0);
	CHECK_EQ(ksm_do_scan(8), 2);
	CHECK_EQ(counters[COUNTER_ksm_merged], 0);
	CHECK_EQ(ksm_do_scan(8), 2);
	CHECK_EQ(counters[COUNTER_ksm_merged], 2);
}

static void check_unmerge(void)
{
	map_equal(2);
	scan();
	CHECK_EQ(model_ksm_unmerge(1, 0, 1), 0);
	CHECK(!folio_test_ksm(test_folio(1, 0)) && folio_test_ksm(test_folio(1, 1)));
	CHECK_EQ(model_madv_unmergeable(1, 0, 2), 0);
	CHECK(!folio_test_ksm(test_folio(1, 1)) && folio_test_ksm(test_folio(2, 1)));
	CHECK_EQ(test_read(1, 0), SAME);
	CHECK_EQ(test_read(1, 1), SAME * 2);
	scan();
	check_all_quiet();
	/* Not mergeable any more: ksmd has let go of mm1. */
	CHECK(!test_bit(MMF_VM_MERGEABLE, &test_mm(1)->flags));
	CHECK(!folio_test_ksm(test_folio(1, 0)));
}

/* Out to one slot with two users; back by faults: one gets the folio, the other
 * one, at another place, a copy. */
static void check_swap(void)
{
	map_equal(1);
	scan();
	CHECK_EQ(model_reclaim(4), 0);
	CHECK(pte_is_swap(test_pte(1, 0)) && pte_is_swap(test_pte(2, 0)));
	CHECK(pte_to_swp_entry(test_pte(1, 0)).val == pte_to_swp_entry(test_pte(2, 0)).val);
	CHECK_EQ(swp_swapcount(pte_to_swp_entry(test_pte(1, 0))), 2);
	check_all_quiet();
	CHECK_EQ(test_read(1, 0), SAME);
	CHECK(!folio_test_ksm(test_folio(1, 0)));
	CHECK_EQ(test_read(2, 0), SAME);
	CHECK_EQ(counters[COUNTER_ksm_copied], 1);
	CHECK(test_folio(1, 0) != test_folio(2, 0));
	check_all_quiet();
}

static void check_swapoff(void)
{
	map_equal(1);
	scan();
	CHECK_EQ(model_reclaim(4), 0);
	CHECK(pte_is_swap(test_pte(1, 0)) && pte_is_swap(test_pte(2, 0)));
	CHECK_EQ(model_swapoff(0), 0);
	CHECK_EQ(counters[COUNTER_ksm_copied], 1);
	CHECK(test_folio(1, 0) && test_folio(2, 0) && test_folio(1, 0) != test_folio(2, 0));
	check_all_quiet();
	CHECK_EQ(test_read(1, 0), SAME);
	CHECK_EQ(test_read(2, 0), SAME);
}

static void do_swapoff(void)
{
	map_equal(1);
	scan();
	model_reclaim(4);
	model_swapoff(0);
}

/* A child maps the KSM page too: rmap finds it, ksmd gives it an item. */
static void check_fork(void)
{
	map_equal(1);
	scan();
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK(test_folio(3, 0) == test_folio(1, 0));
	CHECK_EQ(folio_mapcount(test_folio(3, 0)), 3);
	scan();
	CHECK_EQ(ksm_pages_sharing_now(), 2);
	CHECK_EQ(model_reclaim(4), 0);
	CHECK(pte_is_swap(test_pte(3, 0)) && pte_is_swap(test_pte(1, 0)));
	for (int mm = 1; mm <= 3; mm++)
		CHECK_EQ(test_read(mm, 0), SAME);
	check_all_quiet();
}

/* The child alone is left: its mapping is found through the parent's anon_vma. */
static void check_fork_unscanned(void)
{
	map_equal(1);
	scan();
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK_EQ(model_reclaim(4), 0);
	CHECK(pte_is_swap(test_pte(3, 0)));
	CHECK_EQ(test_read(3, 0), SAME);
}

static void check_exit(void)
{
	map_equal(2);
	scan();
	CHECK_EQ(model_exit(1), 0);
	check_all_quiet();
	CHECK_EQ(test_read(2, 0), SAME);
	scan();
	CHECK_EQ(ksm_pages_shared_now(), 2);
	CHECK_EQ(ksm_pages_sharing_now(), 0);
	CHECK_EQ(model_exit(2), 0);
	scan();
	CHECK(!root_stable_tree.rb_node);
	CHECK(ksm_mm_head.mm_node.next == &ksm_mm_head.mm_node);
}

/*
 * A page is read back while its write is still under way (it is exclusive, so it
 * is mapped writable, in the cache and clean), then written to, and merged: what
 * was written is in memory alone, and the PTE's dirty bit is all that says so.
 */
static void check_dirty(void)
{
	CHECK_EQ(model_mmap(1, 0, 1, WORLD_VMA_MERGEABLE), 0);
	CHECK_EQ(model_mmap(2, 0, 1, WORLD_VMA_MERGEABLE), 0);
	CHECK_EQ(model_write(2, 0, OTHER), 0);
	CHECK_EQ(model_madv_pageout(2, 0, 1), 0);
	CHECK_EQ(test_read(2, 0), OTHER);
	CHECK(folio_test_writeback(test_folio(2, 0)) && pte_write(test_pte(2, 0)));
	folio_wait_writeback(test_folio(2, 0));
	CHECK_EQ(model_write(2, 0, SAME), 0);
	CHECK_EQ(model_write(1, 0, SAME), 0);
	CHECK(folio_test_swapcache(test_folio(2, 0)) && !folio_test_dirty(test_folio(2, 0)));
	scan();
	model_reclaim(4);
	model_reclaim(4);
	lru_add_drain_all();
	model_reclaim(4);
	if (test_read(1, 0) != SAME || test_read(2, 0) != SAME)
		report("contents: lost write", "");
}

/*
 * A cached KSM page that ksmd has no item for any more is no candidate; equal pages
 * get a node of their own, in one chain with the first one, which may come back.
 */
static void check_chain(void)
{
	struct folio *first;

	CHECK_EQ(model_mmap(1, 0, 4, WORLD_VMA_MERGEABLE), 0);
	CHECK_EQ(model_write(1, 0, SAME), 0);
	CHECK_EQ(model_write(1, 1, SAME), 0);
	scan();
	first = test_folio(1, 1);
	CHECK(test_folio(1, 0) == first);
	CHECK_EQ(model_write(1, 0, OTHER), 0);
	CHECK_EQ(model_madv_pageout(1, 0, 2), 0);
	folio_wait_writeback(first);
	scan();
	CHECK_EQ(ksm_pages_shared_now(), 0);
	CHECK(folio_test_swapcache(first) && folio_test_ksm(first));
	CHECK_EQ(model_write(1, 0, SAME), 0);
	scan();
	CHECK(!folio_test_ksm(test_folio(1, 0)));
	CHECK_EQ(model_write(1, 2, SAME), 0);
	scan();
	CHECK(folio_test_ksm(test_folio(1, 0)) && test_folio(1, 0) != first);
	CHECK(test_folio(1, 0) == test_folio(1, 2));
	check_all_quiet();
	/* Mapped again: ksmd gives it an item. Both are shared now. */
	CHECK_EQ(test_read(1, 1), SAME);
	CHECK(test_folio(1, 1) == first);
	scan();
	CHECK_EQ(ksm_pages_shared_now(), 2);
	CHECK_EQ(ksm_pages_sharing_now(), 1);
	/* The first one goes for good, and the chain is one node again. */
	CHECK_EQ(model_munmap(1, 1, 1), 0);
	lru_add_drain_all();
	scan();
	CHECK_EQ(model_write(1, 3, SAME), 0);
	scan();
	CHECK(test_folio(1, 3) == test_folio(1, 0));
	CHECK_EQ(ksm_pages_shared_now(), 1);
	CHECK_EQ(ksm_pages_sharing_now(), 2);
	check_all_quiet();
}

/* ---- beside other tasks ---------------------------------------------------------------- */

static void setup_equal(void)
{
	map_equal(2);
}

static void task_ksm(void)
{
	model_ksm_scan(16);
	check_all_cheap();
	model_ksm_scan(16);
	check_all_cheap();
}

static void task_write(void)
{
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(model_write(1, 0, i & 1 ? SAME : OTHER), 0);
		CHECK_EQ(test_read(1, 0), i & 1 ? SAME : OTHER);
		check_all_cheap();
	}
	CHECK_EQ(model_write(1, 0, SAME), 0);
}

static void task_reclaim(void)
{
	model_reclaim(4);
	check_all_cheap();
	model_madv_pageout(2, 0, 2);
	check_all_cheap();
}

static void task_swapoff(void)
{
	model_swapoff(0);
	check_all_cheap();
}

static void task_exit(void)
{
	model_exit(2);
	check_all_cheap();
}

static void task_unmerge(void)
{
	model_ksm_unmerge(1, 0, 2);
	model_madv_unmergeable(2, 0, 2);
	model_madv_mergeable(2, 0, 2);
	check_all_cheap();
}

static void check_equal(void)
{
	check_all_quiet();
	for (int mm = 1; mm <= 2; mm++)
		for (int p = 0; test_mm(mm) && p < 2; p++)
			CHECK_EQ(test_read(mm, p), SAME * (u64)(p + 1));
}

/* Memory for the child, none for its place on ksmd's list: the fork goes on. */
static unsigned long forks, forks_off_list;

static void task_fork(void)
{
	if (model_fork(1, 3))
		return;
	forks++;
	forks_off_list += !test_bit(MMF_VM_MERGEABLE, &test_mm(3)->flags);
	CHECK(!list_empty(&test_mm(3)->vmas));
}

/* ksmd breaks merges; a signal is for the task, when the scan is over. */
static void task_ksm_signal(void)
{
	task_ksm();
	CHECK(!(current->flags & PF_SIGPENDING) && current->flags & PF_MAY_SIGNAL);
}

static void task_rewrite(void)
{
	current->flags &= ~PF_MAY_SIGNAL;
	for (int i = 0; i < 12; i++)
		CHECK_EQ(model_write(1 + i % 2, i & 1, i & 2 ? SAME : OTHER), 0);
}

/* An unmerge waits for ksmd. */
static void setup_merged(void)
{
	map_equal(1);
	scan();
}

static void task_hold_ksmd(void)
{
	bool merged;

	mutex_lock(&ksm_thread_mutex);
	merged = folio_test_ksm(test_folio(1, 0));
	for (int i = 0; i < 50; i++) {
		cond_resched();
		CHECK_EQ(folio_test_ksm(test_folio(1, 0)), merged);
	}
	mutex_unlock(&ksm_thread_mutex);
}

static void task_unmerge_one(void)
{
	CHECK_EQ(model_ksm_unmerge(1, 0, 1), 0);
	CHECK(!folio_test_ksm(test_folio(1, 0)));
}

static void around_ksmd(struct world_config config)
{
	struct world_test t = { .name = "fork without memory", .config = config,
				.setup = setup_equal, .task = { task_fork }, .fail_one_in = 6 };

	test_clean(&t, 150);
	CHECK(forks_off_list > 0 && forks_off_list < forks);
	t = (struct world_test){ .name = "ksmd and signals", .config = config,
				 .setup = setup_equal, .task = { task_ksm_signal, task_rewrite },
				 .signal_one_in = 1 };
	test_clean(&t, 300);
	CHECK(test_path_taken("ksm: break_cow") > 0);
	CHECK_EQ(test_path_taken("break_ksm: interrupted"), 0);
	t = (struct world_test){ .name = "unmerge waits", .config = config,
				 .setup = setup_merged,
				 .task = { task_hold_ksmd, task_unmerge_one } };
	test_clean(&t, 150);
}

static void random_walks(struct world_config config)
{
	void (*const others[])(void) = { task_write, task_reclaim, task_swapoff, task_exit,
					 task_unmerge };
	struct world_test t = { .name = "beside", .config = config, .setup = setup_equal,
				.check = check_equal };

	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		t.task[0] = task_ksm;
		t.task[1] = others[i];
		t.task[2] = others[(i + 1) % ARRAY_SIZE(others)];
		test_clean(&t, 150);
	}
}

int main(void)
{
	struct world_config sync = test_config(WORLD_DEV_SYNC), async = sync;

	async.dev[0].flags &= (u8)~WORLD_DEV_SYNC;

	const struct world_test tests[] = {
		{ .name = "merge", .config = sync, .check = check_merge },
		{ .name = "unequal", .config = sync, .check = check_unequal },
		{ .name = "volatile", .config = sync, .check = check_volatile },
		{ .name = "unmerge", .config = sync, .check = check_unmerge },
		{ .name = "swap", .config = sync, .check = check_swap },
		{ .name = "swapoff", .config = sync, .check = check_swapoff },
		{ .name = "swapoff", .config = async, .check = check_swapoff },
		{ .name = "fork", .config = sync, .check = check_fork },
		{ .name = "fork unscanned", .config = sync, .check = check_fork_unscanned },
		{ .name = "exit", .config = sync, .check = check_exit },
		{ .name = "chain", .config = async, .check = check_chain },
		{ .name = "dirty", .config = async, .check = check_dirty },
	};

	sites_init();
	for (unsigned i = 0; i < ARRAY_SIZE(tests); i++)
		test_clean(&tests[i], 1);
	test_finds(&(struct world_test){ .name = "copy", .config = sync, .check = do_swapoff },
		   BUG_KSM_COPY_SWAP_COUNT,
		   "WARNING: folio not in swap cache in folio_put_swap", 1);
	test_finds(&tests[ARRAY_SIZE(tests) - 1], BUG_KSM_DIRTY_LOST, "contents: lost write", 1);
	around_ksmd(sync);
	random_walks(sync);
	random_walks(async);
	engine_exit();
	return TEST_END();
}
