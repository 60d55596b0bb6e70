// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: reclaim frees what it should, in the order it should, and nothing is
 * lost: by direct reclaim, from allocation, by kswapd, by MADV_PAGEOUT, after MADV_COLD.
 * Method: single-threaded worlds; contents are read back, all checkers run, and
 * the world is torn down and audited.
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
}

static void read_back(int mm, int pages)
{
	for (int p = 0; p < pages; p++)
		CHECK_EQ(test_read(mm, p), VALUE(p));
}

static int swapped(int mm, int pages)
{
	struct world_page_state state;
	int n = 0;

	for (int p = 0; p < pages; p++) {
		model_world_ops.page_state(mm, p, &state);
		n += (state.bits & WORLD_PAGE_SWAPPED) != 0;
	}
	return n;
}

/* Fill, reclaim, fault back: contents equal. */
static void check_reclaim(void)
{
	unsigned long free_before;

	fill(1, 8);
	free_before = nr_free_pages();
	CHECK_EQ(model_reclaim(4), 0);
	CHECK(counters[COUNTER_folio_reclaimed] >= 4);
	CHECK_EQ(nr_free_pages(), free_before + counters[COUNTER_folio_reclaimed]);
	CHECK_EQ(swapped(1, 8), (int)counters[COUNTER_folio_reclaimed]);
	check_all_quiet();
	read_back(1, 8);
	CHECK_EQ(swapped(1, 8), 0);
	check_all_quiet();
}

/* A folio that was used again since the last look survives those that were not. */
static void check_second_chance(void)
{
	fill(1, 8);
	lru_add_drain_all();
	/* The first look takes the young bits of the faults. */
	for (int p = 0; p < 8; p++) {
		unsigned long flags;

		folio_referenced(test_folio(1, p), 0, &flags);
		flush_tlb_mm(test_mm(1));
	}
	CHECK_EQ(test_read(1, 0), VALUE(0));
	CHECK_EQ(test_read(1, 1), VALUE(1));
	CHECK_EQ(model_reclaim(4), 0);
	CHECK(test_folio(1, 0) && test_folio(1, 1));
	CHECK(swapped(1, 8) >= 4);
	read_back(1, 8);
}

static void check_pageout(void)
{
	fill(1, 8);
	CHECK_EQ(model_madv_pageout(1, 2, 4), 0);
	CHECK_EQ(swapped(1, 8), 4);
	CHECK(test_folio(1, 1) && !test_folio(1, 2) && !test_folio(1, 5) && test_folio(1, 6));
	CHECK_EQ(counters[COUNTER_folio_reclaimed], 4);
	CHECK_EQ(counters[COUNTER_swapout], 4);
	check_all_quiet();
	read_back(1, 8);
	/* A page that was only read since is in the swap cache or was freed there: it
	 * is written again only if it is dirty. */
	CHECK_EQ(model_madv_pageout(1, 0, 8), 0);
	CHECK_EQ(swapped(1, 8), 8);
	read_back(1, 8);
}

static bool young(int mm, int page)
{
	return pte_young(test_mm(mm)->pt[page / PTRS_PER_PTE]->pte[page % PTRS_PER_PTE]);
}

/* Pages 0 and 1 are said to be cold: no young bit, no translation, not active, and
 * reclaim takes them first. The others are as before. */
static void check_cold(void)
{
	fill(1, 6);
	lru_add_drain_all();
	for (int p = 0; p < 6; p++)
		folio_activate(test_folio(1, p));
	lru_add_drain_all();
	CHECK_EQ(do_madvise(test_mm(1), 0, 2 * PAGE_SIZE, MADV_COLD), 0);
	lru_add_drain_all();
	for (int p = 0; p < 6; p++) {
		CHECK_EQ(folio_test_active(test_folio(1, p)), p >= 2);
		CHECK_EQ(folio_test_workingset(test_folio(1, p)), p < 2);
		CHECK_EQ(young(1, p), p >= 2);
		CHECK_EQ(tlb_peek(0, test_mm(1), (unsigned long)p << PAGE_SHIFT).valid, p >= 2);
	}
	check_all_quiet();
	CHECK_EQ(model_reclaim(2), 0);
	CHECK_EQ(swapped(1, 2), 2);
	CHECK_EQ(swapped(1, 6), 2);
	read_back(1, 6);
}

/* What another mm maps as well is left alone, and so is a hole. */
static void check_cold_shared(void)
{
	fill(1, 2);
	lru_add_drain_all();
	folio_activate(test_folio(1, 0));
	lru_add_drain_all();
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK_EQ(do_madvise(test_mm(1), 0, 2 * PAGE_SIZE, MADV_COLD), 0);
	lru_add_drain_all();
	CHECK(folio_test_active(test_folio(1, 0)) && young(1, 0));
	CHECK_EQ(do_madvise(test_mm(1), PAGE_SIZE, 2 * PAGE_SIZE, MADV_COLD), -ENOMEM);
}

/* On an asynchronous device the write is under way when reclaim has been there. */
static void check_async(void)
{
	fill(1, 4);
	CHECK_EQ(model_madv_pageout(1, 0, 4), 0);
	CHECK_EQ(swapped(1, 4), 4);
	CHECK_EQ(counters[COUNTER_folio_reclaimed], 0);
	/* The interrupts come at the end of a wait. */
	for (unsigned long pfn = 1; pfn < folio_map_size; pfn++)
		folio_wait_writeback(pfn_folio(pfn));
	lru_add_drain_all();
	CHECK_EQ(model_reclaim(4), 0);
	CHECK_EQ(counters[COUNTER_folio_reclaimed], 4);
	CHECK_EQ(counters[COUNTER_folio_reclaimed_lazily], 4);
	read_back(1, 4);
}

/* 24 pages in 12 folios: each allocation makes room. */
static void check_direct(void)
{
	for (int r = 0; r < 3; r++)
		CHECK_EQ(model_mmap(1, r * 8, 8, 0), 0);
	for (int p = 0; p < 24; p++)
		CHECK_EQ(model_write(1, p, VALUE(p)), 0);
	CHECK(swapped(1, 24) >= 12);
	CHECK_EQ(counters[COUNTER_oom], 0);
	check_all_quiet();
	read_back(1, 24);
	read_back(1, 24);
}

static void check_kswapd(void)
{
	fill(1, 8);
	CHECK_EQ(model_mmap(1, 8, 8, 0), 0);
	for (int p = 8; nr_free_pages() >= high_wmark_pages(); p++)
		CHECK_EQ(model_write(1, p, VALUE(p)), 0);
	CHECK_EQ(model_kswapd(), 0);
	CHECK(nr_free_pages() >= high_wmark_pages());
	CHECK(!(current->flags & (PF_KSWAPD | PF_MEMALLOC)));
	read_back(1, 8);
	/* Enough is free: nothing to do. */
	CHECK_EQ(model_munmap(1, 0, 8), 0);
	counters_reset();
	CHECK_EQ(model_kswapd(), 0);
	CHECK_EQ(counters[COUNTER_folio_reclaimed], 0);
}

/* Three slots, five pages: two stay, and are not lost. */
static void check_swap_full(void)
{
	fill(1, 5);
	CHECK_EQ(model_madv_pageout(1, 0, 5), 0);
	CHECK_EQ(swapped(1, 5), 3);
	CHECK_EQ(get_nr_swap_pages(), 0);
	counters_reset();
	CHECK_EQ(model_reclaim(4), 0); /* without slots it doesn't even look */
	CHECK_EQ(counters[COUNTER_folio_reclaimed], 0);
	check_all_quiet();
	read_back(1, 5);
}

/* Somebody holds a reference: the folio is unmapped, but must stay. */
static void check_busy(void)
{
	struct folio *folio;

	fill(1, 1);
	folio = test_folio(1, 0);
	folio_get(folio);
	CHECK_EQ(model_madv_pageout(1, 0, 1), 0);
	CHECK_EQ(swapped(1, 1), 1);
	CHECK(folio_test_swapcache(folio));
	CHECK_EQ(counters[COUNTER_folio_reclaimed], 0);
	folio_lock(folio);
	CHECK_EQ(remove_mapping(folio), 0); /* dirty, and the batch has a reference */
	folio_unlock(folio);
	CHECK_EQ(test_read(1, 0), VALUE(0));
	CHECK(test_folio(1, 0) == folio);
	folio_put(folio);
}

static void check_isolate(void)
{
	struct folio *folio;

	fill(1, 1);
	folio = test_folio(1, 0);
	CHECK(!folio_isolate_lru(folio)); /* still in the batch */
	lru_add_drain();
	CHECK(folio_isolate_lru(folio));
	CHECK(!folio_isolate_lru(folio)); /* not twice */
	CHECK_EQ(folio_ref_count(folio), 2);
	folio_putback_lru(folio);
	lru_add_drain();
	CHECK(folio_test_lru(folio));
	CHECK_EQ(folio_ref_count(folio), 1);
}

int main(void)
{
	struct world_config sync = test_config(WORLD_DEV_SYNC), async = test_config(0), small, full;

	async.dev[0] = sync.dev[0];
	async.dev[0].flags &= (u8)~WORLD_DEV_SYNC;
	small = sync;
	small.folios = 12;
	small.dev[0].slots = 33;
	full = sync;
	full.dev[0].slots = 4;

	const struct world_test tests[] = {
		{ .name = "reclaim", .config = sync, .check = check_reclaim },
		{ .name = "second chance", .config = sync, .check = check_second_chance },
		{ .name = "pageout", .config = sync, .check = check_pageout },
		{ .name = "cold", .config = sync, .check = check_cold },
		{ .name = "cold, shared", .config = sync, .check = check_cold_shared },
		{ .name = "async", .config = async, .check = check_async },
		{ .name = "direct", .config = small, .check = check_direct },
		{ .name = "kswapd", .config = small, .check = check_kswapd },
		{ .name = "swap full", .config = full, .check = check_swap_full },
		{ .name = "busy", .config = sync, .check = check_busy },
		{ .name = "isolate", .config = sync, .check = check_isolate },
	};

	sites_init();
	for (unsigned i = 0; i < ARRAY_SIZE(tests); i++)
		test_clean(&tests[i], 1);
	engine_exit();
	return TEST_END();
}
