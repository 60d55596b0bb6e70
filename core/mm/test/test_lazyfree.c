// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: what MADV_FREE has given up is dropped by reclaim, without a slot and as a whole, and
 * what must stay stays: pages that are written to later, that others map, or hold.
 * Method: single-threaded worlds, where each of the three moments (PTE, folio, PG_swapbacked)
 * is looked at; all checkers run, and the world is torn down and audited.
 *
 *	                 PTE          folio      list           reclaim
 *	write            dirty        clean      (in)active anon   writes it to swap
 *	MADV_FREE        clean, old   clean      the same       the same, until the batch is drained
 *	drained          clean, old   clean      inactive file  drops it
 *	write            dirty        clean      inactive file  gives it back: dirty, active anon
 */
#include "core/check/check.h"
#include "core/mm/test/world_test.h"
#include "core/mm/vmscan.h"

#define VALUE(page) (0x0101010101010101ull * (u64)((page) + 1))

static void fill(int mm, int pages)
{
	CHECK_EQ(model_mmap(mm, 0, pages, 0), 0);
	for (int p = 0; p < pages; p++)
		CHECK_EQ(model_write(mm, p, VALUE(p)), 0);
	lru_add_drain_all();
}

static u32 page_bits(int mm, int page)
{
	struct world_page_state state;

	model_world_ops.page_state(mm, page, &state);
	return state.bits;
}

static bool is_lazyfree(int mm, int page)
{
	struct folio *folio = test_folio(mm, page);

	return folio && !folio_test_swapbacked(folio) && folio_test_lru(folio) &&
	       folio_lru_list(folio) == LRU_INACTIVE_FILE;
}

static void check_dropped(void)
{
	fill(1, 3);
	CHECK_EQ(tlb_peek(0, test_mm(1), 0).dirty, true);
	CHECK_EQ(model_madv_free(1, 0, 2), 0);
	for (int p = 0; p < 3; p++) {
		pte_t pte = test_pte(1, p);

		CHECK_EQ(pte_dirty(pte), p == 2);
		CHECK_EQ(pte_young(pte), p == 2);
		CHECK(pte_write(pte));
		/* Else a store would go on without the dirty bit. */
		CHECK_EQ(tlb_peek(0, test_mm(1), (unsigned long)p << PAGE_SHIFT).valid, p == 2);
	}
	CHECK(!is_lazyfree(1, 0) && folio_test_swapbacked(test_folio(1, 0)));
	CHECK_EQ(counters[COUNTER_pglazyfree], 0);
	lru_add_drain_all();
	CHECK(is_lazyfree(1, 0) && is_lazyfree(1, 1) && !is_lazyfree(1, 2));
	CHECK_EQ(counters[COUNTER_pglazyfree], 2);
	check_all_quiet();
	CHECK_EQ(test_read(1, 1), VALUE(1)); /* nobody needed the memory so far */
	CHECK_EQ(model_madv_pageout(1, 0, 2), 0);
	CHECK_EQ(page_bits(1, 0) & (WORLD_PAGE_PRESENT | WORLD_PAGE_SWAPPED), 0);
	CHECK_EQ(counters[COUNTER_pglazyfreed], 2);
	CHECK_EQ(counters[COUNTER_swapout], 0);
	check_all_quiet();
	CHECK_EQ(test_read(1, 0), 0);
	CHECK_EQ(test_read(1, 1), 0);
	CHECK_EQ(test_read(1, 2), VALUE(2));
}

/* A store sets the dirty bit of the PTE, and reclaim finds it there. */
static void check_written(void)
{
	fill(1, 2);
	CHECK_EQ(model_madv_free(1, 0, 2), 0);
	lru_add_drain_all();
	CHECK_EQ(model_write(1, 0, VALUE(7)), 0);
	CHECK(is_lazyfree(1, 0) && pte_dirty(test_pte(1, 0)));
	CHECK_EQ(model_madv_pageout(1, 0, 2), 0);
	CHECK_EQ(counters[COUNTER_pglazyfreed], 1);
	CHECK_EQ(counters[COUNTER_needless_swapbacked], 0);
	lru_add_drain_all();
	CHECK(folio_test_swapbacked(test_folio(1, 0)) && folio_test_dirty(test_folio(1, 0)));
	CHECK_EQ(folio_lru_list(test_folio(1, 0)), LRU_ACTIVE_ANON);
	check_all_quiet();
	/* Like any other page from now on. */
	CHECK_EQ(model_madv_pageout(1, 0, 1), 0);
	CHECK(page_bits(1, 0) & WORLD_PAGE_SWAPPED);
	CHECK_EQ(test_read(1, 0), VALUE(7));
	CHECK_EQ(test_read(1, 1), 0);
	/* And given up once more. */
	CHECK_EQ(model_madv_free(1, 0, 1), 0);
	lru_add_drain_all();
	CHECK(is_lazyfree(1, 0));
	CHECK_EQ(model_madv_pageout(1, 0, 1), 0);
	CHECK_EQ(test_read(1, 0), 0);
}

/* Swap entries go at once, in one piece, and a folio that is cached leaves the cache. */
static void check_swap_entries(void)
{
	fill(1, 4);
	CHECK_EQ(model_madv_pageout(1, 0, 4), 0);
	CHECK_EQ(test_mm(1)->rss_stat[MM_SWAPENTS].counter, 4);
	CHECK_EQ(model_madv_free(1, 1, 3), 0);
	CHECK_EQ(test_mm(1)->rss_stat[MM_SWAPENTS].counter, 1);
	CHECK_EQ(counters[COUNTER_slot_freed], 3);
	check_all_quiet();
	for (int p = 1; p < 4; p++)
		CHECK_EQ(test_read(1, p), 0);
	CHECK_EQ(test_read(1, 0), VALUE(0));
}

static void check_swapcache(void)
{
	fill(1, 1);
	CHECK_EQ(model_madv_pageout(1, 0, 1), 0);
	for (unsigned long pfn = 1; pfn < folio_map_size; pfn++)
		folio_wait_writeback(pfn_folio(pfn));
	CHECK_EQ(test_read(1, 0), VALUE(0));
	lru_add_drain_all();
	CHECK(folio_test_swapcache(test_folio(1, 0)));
	CHECK_EQ(model_madv_free(1, 0, 1), 0);
	CHECK(!folio_test_swapcache(test_folio(1, 0)) && !folio_test_dirty(test_folio(1, 0)));
	lru_add_drain_all();
	CHECK(is_lazyfree(1, 0));
	check_all_quiet();
	CHECK_EQ(model_madv_pageout(1, 0, 1), 0);
	CHECK_EQ(test_read(1, 0), 0);
}

/* Somebody holds a reference: the page can't be dropped now, and stays what it is. */
static void check_held(void)
{
	struct folio *folio;

	fill(1, 1);
	folio = test_folio(1, 0);
	CHECK_EQ(model_madv_free(1, 0, 1), 0);
	lru_add_drain_all();
	folio_get(folio);
	CHECK_EQ(model_madv_pageout(1, 0, 1), 0);
	CHECK(test_folio(1, 0) == folio && !folio_test_swapbacked(folio));
	CHECK_EQ(counters[COUNTER_pglazyfreed] + counters[COUNTER_needless_swapbacked], 0);
	folio_put(folio);
	lru_add_drain_all();
	CHECK_EQ(folio_lru_list(folio), LRU_ACTIVE_FILE);
	check_all_quiet();
	CHECK_EQ(model_madv_pageout(1, 0, 1), 0);
	CHECK_EQ(counters[COUNTER_pglazyfreed], 1);
}

/* A folio that is dirty, or has swap, is another one's as well: nothing is done to it. */
static void check_shared(void)
{
	fill(1, 1);
	CHECK_EQ(model_madv_pageout(1, 0, 1), 0);
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK_EQ(test_read(1, 0), VALUE(0));
	CHECK_EQ(test_read(3, 0), VALUE(0));
	lru_add_drain_all();
	CHECK_EQ(folio_mapcount(test_folio(1, 0)), 2);
	CHECK_EQ(model_madv_free(1, 0, 1), 0);
	lru_add_drain_all();
	CHECK(folio_test_swapbacked(test_folio(1, 0)));
	CHECK_EQ(model_reclaim(4), 0);
	CHECK_EQ(test_read(3, 0), VALUE(0));
}

/* The child of one that has given a page up has it until reclaim comes, as its parent. */
static void check_forked(void)
{
	fill(1, 2);
	CHECK_EQ(model_madv_free(1, 0, 2), 0);
	lru_add_drain_all();
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK_EQ(model_write(3, 0, VALUE(5)), 0);
	CHECK_EQ(test_read(3, 1), VALUE(1));
	CHECK_EQ(test_read(1, 0), VALUE(0));
	check_all_quiet();
	for (int i = 0; i < 4; i++)
		CHECK_EQ(model_reclaim(2), 0);
	CHECK_EQ(counters[COUNTER_pglazyfreed], 2);
	CHECK_EQ(test_read(1, 0), 0);
	CHECK_EQ(test_read(1, 1), 0);
	CHECK_EQ(test_read(3, 0), VALUE(5));
	CHECK_EQ(test_read(3, 1), 0);
}

/* No slot is free: reclaim has these folios to take, and no others. */
static void check_no_swap(void)
{
	fill(1, 8);
	CHECK_EQ(model_madv_free(1, 2, 3), 0);
	lru_add_drain_all();
	for (int i = 0; i < 3; i++)
		CHECK_EQ(model_reclaim(8), 0);
	CHECK_EQ(counters[COUNTER_pglazyfreed], 3);
	CHECK_EQ(counters[COUNTER_folio_reclaimed], 3);
	for (int p = 0; p < 8; p++)
		CHECK_EQ(test_read(1, p), p >= 2 && p < 5 ? 0 : VALUE(p));
}

/* There is swap: these go first, because they cost nothing. */
static void check_first(void)
{
	fill(1, 8);
	CHECK_EQ(model_madv_free(1, 5, 2), 0);
	lru_add_drain_all();
	CHECK_EQ(model_reclaim(2), 0);
	CHECK_EQ(counters[COUNTER_pglazyfreed], 2);
	CHECK_EQ(counters[COUNTER_swapout], 0);
}

/* A KSM page may get other users without being marked dirty again. */
static void check_ksm(void)
{
	CHECK_EQ(model_mmap(1, 0, 3, WORLD_VMA_MERGEABLE), 0);
	for (int p = 0; p < 2; p++)
		CHECK_EQ(model_write(1, p, VALUE(0)), 0);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(model_ksm_scan(8), 0);
	CHECK(page_bits(1, 0) & WORLD_PAGE_KSM);
	CHECK_EQ(model_write(1, 1, VALUE(1)), 0);
	CHECK_EQ(folio_mapcount(test_folio(1, 0)), 1);
	lru_add_drain_all();
	CHECK_EQ(model_madv_free(1, 0, 2), 0);
	lru_add_drain_all();
	CHECK(folio_test_swapbacked(test_folio(1, 0)) && folio_test_dirty(test_folio(1, 0)));
	CHECK(is_lazyfree(1, 1));
}

static void check_hole(void)
{
	fill(1, 3);
	CHECK_EQ(model_munmap(1, 1, 1), 0);
	CHECK_EQ(model_madv_free(1, 0, 3), -ENOMEM);
	lru_add_drain_all();
	CHECK(is_lazyfree(1, 0) && is_lazyfree(1, 2));
	CHECK_EQ(model_madv_free(1, 1, 1), -ENOMEM);
	CHECK_EQ(do_madvise(test_mm(1), 1, PAGE_SIZE, MADV_FREE), -EINVAL);
}

int main(void)
{
	struct world_config sync = test_config(WORLD_DEV_SYNC), async = sync, none = sync;

	async.dev[0].flags &= (u8)~WORLD_DEV_SYNC;
	none.dev[0] = (struct world_dev){ 0 };

	const struct world_test tests[] = {
		{ .name = "dropped", .config = sync, .check = check_dropped },
		{ .name = "written", .config = sync, .check = check_written },
		{ .name = "swap entries", .config = sync, .check = check_swap_entries },
		{ .name = "swap cache", .config = async, .check = check_swapcache },
		{ .name = "held", .config = sync, .check = check_held },
		{ .name = "shared", .config = sync, .check = check_shared },
		{ .name = "forked", .config = sync, .check = check_forked },
		{ .name = "no swap", .config = none, .check = check_no_swap },
		{ .name = "first", .config = sync, .check = check_first },
		{ .name = "ksm", .config = sync, .check = check_ksm },
		{ .name = "hole", .config = sync, .check = check_hole },
	};

	sites_init();
	for (unsigned i = 0; i < ARRAY_SIZE(tests); i++)
		test_clean(&tests[i], 1);
	engine_exit();
	return TEST_END();
}
