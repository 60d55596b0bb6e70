// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: what is written comes back, synchronously and by interrupt, from one and
 * from two extents; zero-filled folios need no I/O; errors leave the folio dirty
 * (write) or not uptodate (read); I/O to a slot that isn't the folio's is caught.
 */
#include "core/swap/test/swap_test.h"

static void round_trip(void *arg)
{
	unsigned i;

	(void)arg;
	for (i = 0; i < 8; i++) {
		CHECK_EQ(t_fill(&tpages[i], i * 1000), 0); /* page 0 is zero-filled */
		CHECK_EQ(t_swapout(&tpages[i]), 0);
	}
	CHECK_EQ(counters[COUNTER_swapout], 7);
	for (i = 0; i < 8; i++)
		CHECK_EQ(t_swapin(&tpages[i]), 0);
	for (i = 0; i < 8; i++) {
		CHECK(t_content_is(tpages[i].folio, i * 1000));
		CHECK_EQ(tpages[i].state, T_PRESENT);
	}
}

static unsigned long slot_word(swp_entry_t e)
{
	return swap_table_peek(__swap_entry_to_cluster(e), swp_cluster_offset(e));
}

/* The slot of a zero-filled page is used again for one that isn't. */
static void zero_then_data(void *arg)
{
	swp_entry_t e;

	(void)arg;
	CHECK_EQ(t_fill(&tpages[0], 0), 0);
	CHECK_EQ(t_swapout(&tpages[0]), 0);
	e = tpages[0].entry;
	CHECK(slot_word(e) & SWP_TB_ZERO_FLAG);
	t_zap(&tpages[0]);
	CHECK(!(slot_word(e) & SWP_TB_ZERO_FLAG));
	CHECK_EQ(t_fill(&tpages[0], 9), 0);
	CHECK_EQ(t_swapout(&tpages[0]), 0);
	CHECK_EQ(t_swapin(&tpages[0]), 0);
	CHECK(t_content_is(tpages[0].folio, 9));
}

static void two_extents(void *arg)
{
	(void)arg;
	swap_bdev(0)->nr_extents = 2;
	CHECK_EQ(sys_swapon(0), 0);
	CHECK_EQ(first_se(swap_info[0])->nr_pages, 4);
	CHECK(next_se(first_se(swap_info[0])) != NULL);
	CHECK_EQ(swapdev_block(0, 0), 5);
	CHECK_EQ(swapdev_block(0, 8), 4);
	round_trip(NULL);
}

/* The first write fails: the folio stays, dirty, and the second one succeeds. */
static void write_error(void *arg)
{
	struct folio *folio;

	(void)arg;
	CHECK_EQ(t_fill(&tpages[0], 5), 0);
	folio = tpages[0].folio;
	CHECK_EQ(t_swapout(&tpages[0]), -EAGAIN);
	CHECK(folio_test_dirty(folio) && folio_test_swapcache(folio));
	CHECK_EQ(t_swapin(&tpages[0]), 0);
	CHECK(tpages[0].folio == folio);
	CHECK_EQ(t_swapout(&tpages[0]), 0);
	CHECK_EQ(t_swapin(&tpages[0]), 0);
}

static void read_error(void *arg)
{
	(void)arg;
	CHECK_EQ(t_fill(&tpages[0], 5), 0);
	CHECK_EQ(t_swapout(&tpages[0]), 0);
	CHECK_EQ(t_swapin(&tpages[0]), -EIO);
	CHECK_EQ(tpages[0].state, T_SWAPPED);
	t_zap(&tpages[0]);
}

/* Nobody needs the slot any more when it is to be written. */
static void no_longer_needed(void *arg)
{
	struct folio *folio = t_folio(3);

	(void)arg;
	folio_lock(folio);
	CHECK_EQ(folio_alloc_swap(folio), 0);
	CHECK_EQ(t_writeout(folio), 0);
	CHECK(!folio_test_swapcache(folio) && !folio_test_locked(folio));
	CHECK_EQ(counters[COUNTER_swapout], 0);
	folio_put(folio);
}

static void set_word(unsigned long offset, unsigned long word)
	__no_lock_analysis("a lock that is returned")
{
	struct swap_cluster_info *ci = swap_cluster_lock(swap_info[0], offset);

	__swap_table_set(ci, (unsigned int)(offset % SWAPFILE_CLUSTER), word);
	swap_cluster_unlock(ci);
}

/* A cached folio with count 1, locked, its entry moved to `offset` by force. */
static struct folio *misplaced(unsigned long offset)
{
	struct folio *folio = t_folio(3);

	folio_lock(folio);
	folio_alloc_swap(folio);
	folio_dup_swap(folio, NULL);
	folio->swap = swp_entry(0, offset);
	return folio;
}

static void io_to_header(void *arg)
{
	struct folio *folio = misplaced(0);

	(void)arg;
	folio_clear_uptodate(folio);
	t_readin(folio);
}

static void io_to_bad_page(void *arg)
{
	(void)arg;
	set_word(3, __swp_tb_mk_count(folio_to_swp_tb(zero_folio(), 0), 1));
	t_writeout(misplaced(3));
}

static void io_past_the_end(void *arg)
{
	(void)arg;
	set_word(9, __swp_tb_mk_count(folio_to_swp_tb(zero_folio(), 0), 1));
	t_writeout(misplaced(9));
}

static void io_to_free_slot(void *arg)
{
	struct folio *folio = misplaced(1);

	(void)arg;
	set_word(swp_offset(folio->swap), SWP_TB_NULL);
	folio_clear_uptodate(folio);
	t_readin(folio);
}

static void read_uptodate(void *arg)
{
	(void)arg;
	t_readin(misplaced(1));
}

static void delete_under_writeback(void *arg)
{
	struct folio *folio = misplaced(1);

	(void)arg;
	folio_put_swap(folio, NULL);
	folio_start_writeback(folio);
	CHECK(!folio_free_swap(folio));
	swap_cache_del_folio(folio);
}

static void all_kinds(struct world_config c)
{
	struct world_config off = c;

	TEST_CASE(c, round_trip);
	TEST_CASE(c, zero_then_data);
	TEST_CASE(c, no_longer_needed);
	off.dev[0].flags &= (u8)~WORLD_DEV_ON;
	TEST_CASE(off, two_extents);
	test_walk.nth_io = 1;
	TEST_CASE(c, write_error);
	test_walk.nth_io = 2;
	TEST_CASE(c, read_error);
	test_walk.nth_io = 0;
}

int main(void)
{
	struct world_config base = test_config(WORLD_DEV_ON | WORLD_DEV_SYNC, 9), async;

	base.swap_full = 100;
	async = base;
	async.dev[0].flags &= (u8)~WORLD_DEV_SYNC;
	all_kinds(base);
	all_kinds(async);

	base.dev[0].bad[0] = 3;
	test_cfg = base;
	test_end_state.keep = true;
	CHECK_STR(test_run_one(io_to_header), "BUG: swap I/O on a bad slot in swap_read_folio");
	CHECK_STR(test_run_one(io_to_bad_page), "BUG: swap I/O on a bad slot in swap_writeout");
	CHECK_STR(test_run_one(io_past_the_end),
		  "BUG: swap I/O past the end of the device in swap_writeout");
	CHECK_STR(test_run_one(io_to_free_slot), "BUG: swap I/O on a free slot in swap_read_folio");
	CHECK_HAS(test_run_one(read_uptodate), "in swap_read_folio");
	CHECK_STR(test_run_one(delete_under_writeback),
		  "WARNING: folio under writeback in __swap_cache_do_del_folio");
	engine_exit();
	return TEST_END();
}
