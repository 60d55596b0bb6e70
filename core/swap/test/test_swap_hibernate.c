// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: hibernation slots are all freed, by abort and by release, whatever order
 * they were allocated in and whatever fails; the pin keeps swapoff out; readahead
 * that meets a hibernation slot does no harm. Method: every path by itself, then
 * the seeded bugs of this code, each against its twin.
 */
#include "core/swap/test/swap_test.h"

static void release(void *arg)
{
	u64 block;
	unsigned i;

	(void)arg;
	CHECK_EQ(snapshot_alloc_swap_page(&block), -ENODEV);
	CHECK_EQ(snapshot_release(), -EINVAL);
	/* A device that is off: there is nothing to allocate from. */
	CHECK_EQ(snapshot_open(1), 0);
	CHECK_EQ(snapshot_alloc_swap_page(&block), -ENODEV);
	CHECK_EQ(snapshot_free_swap_pages(), -ENODEV);
	CHECK_EQ(snapshot_release(), 0);
	CHECK_EQ(snapshot_open(0), 0);
	CHECK_EQ(snapshot_open(0), -EBUSY);
	for (i = 0; i < 8; i++) {
		CHECK_EQ(snapshot_alloc_swap_page(&block), 0);
		CHECK(block > 0 && block < 9);
	}
	CHECK_EQ(snapshot_alloc_swap_page(&block), -ENOSPC);
	CHECK_EQ(get_nr_swap_pages(), 0);
	CHECK_EQ(count_swap_pages(0, 1), 0);
	CHECK(swsusp_swap_in_use());
	CHECK_EQ(t_swapoff(0, 1), -EBUSY);
	CHECK_EQ(snapshot_release(), 0);
	CHECK(!swsusp_swap_in_use());
	CHECK_EQ(get_nr_swap_pages(), 8);
	CHECK_EQ(t_swapoff(0, 1), 0);
}

/* Abort before use: the slots go, the device stays pinned. */
static void abort_before_use(void *arg)
{
	u64 block;

	(void)arg;
	CHECK_EQ(snapshot_open(0), 0);
	CHECK_EQ(snapshot_alloc_swap_page(&block), 0);
	CHECK_EQ(snapshot_free_swap_pages(), 0);
	CHECK_EQ(get_nr_swap_pages(), 8);
	CHECK_EQ(t_swapoff(0, 1), -EBUSY);
	CHECK_EQ(snapshot_alloc_swap_page(&block), 0);
	CHECK_EQ(snapshot_alloc_swap_page(&block), 0);
	CHECK_EQ(snapshot_release(), 0);
}

/* Slots of pages between those of the image: extents with holes. */
static void holes(void *arg)
{
	u64 block;
	unsigned i;

	(void)arg;
	CHECK_EQ(snapshot_open(0), 0);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(t_fill(&tpages[i], i + 1), 0);
		CHECK_EQ(t_swapout(&tpages[i]), 0);
		CHECK_EQ(snapshot_alloc_swap_page(&block), 0);
	}
	CHECK_EQ(get_nr_swap_pages(), 2);
	CHECK_EQ(t_swapin(&tpages[1]), 0);
	CHECK_EQ(snapshot_alloc_swap_page(&block), 0);
	CHECK_EQ(snapshot_release(), 0);
	for (i = 0; i < 3; i++)
		t_swapin(&tpages[i]);
}

/* The extent cannot be remembered: the slot is given back at once. */
static void insert_fails(void *arg)
{
	u64 block;

	(void)arg;
	CHECK_EQ(snapshot_open(0), 0);
	CHECK_EQ(snapshot_alloc_swap_page(&block), -ENOSPC);
	CHECK_EQ(get_nr_swap_pages(), 8);
	CHECK_EQ(snapshot_alloc_swap_page(&block), 0);
	CHECK_EQ(snapshot_release(), 0);
}

/* Readahead takes a hibernation slot for a swapped-out page and caches it. */
static void read_ahead(void *arg)
{
	struct folio *folio;
	swp_entry_t e;

	(void)arg;
	e = swap_alloc_hibernation_slot(0);
	CHECK(e.val != 0);
	folio = t_read_async(e);
	CHECK(folio != NULL);
	folio_lock(folio);
	swap_free_hibernation_slot(e);
	/* Locked: the slot stays with the cache until the folio leaves it. */
	CHECK(folio_test_swapcache(folio));
	CHECK_EQ(get_nr_swap_pages(), 7);
	CHECK(folio_free_swap(folio));
	CHECK_EQ(get_nr_swap_pages(), 8);
	folio_unlock(folio);
	folio_put(folio);

	e = swap_alloc_hibernation_slot(0);
	folio = t_read_async(e);
	folio_wait_locked(folio);
	swap_free_hibernation_slot(e);
	CHECK(!folio_test_swapcache(folio));
	folio_put(folio);
	CHECK_EQ(swap_alloc_hibernation_slot(3).val, 0);
}

/* Without the pin: the device goes between two ioctls. */
static void between_ioctls(void *arg)
{
	u64 block;

	(void)arg;
	if (snapshot_open(0))
		return;
	if (t_swapoff(0, 1) == 0)
		snapshot_alloc_swap_page(&block);
	snapshot_release();
}

static void open_alloc_release(void *arg)
{
	u64 block;

	(void)arg;
	if (snapshot_open(0))
		return;
	for (int i = 0; i < 3; i++)
		snapshot_alloc_swap_page(&block);
	snapshot_free_swap_pages();
	snapshot_alloc_swap_page(&block);
	snapshot_release();
}

static void on_and_off(void *arg)
{
	(void)arg;
	t_swapoff(0, 2);
	sys_swapon(0);
}

static void swap_traffic(void *arg)
{
	struct tpage *p = &tpages[(uintptr_t)arg % TPAGES];

	t_fill(p, 77);
	t_swapout(p);
	t_swapin(p);
}

static const char *with_bug(enum seeded_bug bug, void (*fn)(void *))
{
	const char *title;

	CHECK_STR(test_run_one(fn), "");
	seeded_bug_select(bug);
	title = test_run_one(fn);
	seeded_bug_select(BUG_NONE);
	return title;
}

int main(void)
{
	struct world_config base = test_config(WORLD_DEV_ON | WORLD_DEV_SYNC, 9), async;
	static void (*const racers[])(void *) = { open_alloc_release, on_and_off, swap_traffic,
						  open_alloc_release };

	base.swap_full = 100;
	async = base;
	async.dev[0].flags &= (u8)~WORLD_DEV_SYNC;
	TEST_CASE(base, release);
	TEST_CASE(base, abort_before_use);
	TEST_CASE(base, holes);
	test_walk.nth_alloc = 1;
	TEST_CASE(base, insert_fails);
	test_walk.nth_alloc = 0;
	TEST_CASE(base, read_ahead);
	TEST_CASE(async, read_ahead);
	base.dev[0].flags |= WORLD_DEV_ROTATIONAL;
	TEST_CASE(base, release);
	base.dev[0].flags &= (u8)~WORLD_DEV_ROTATIONAL;

	test_cfg = base;
	CHECK_STR(with_bug(BUG_HIB_EXTENT_OFF_BY_ONE, open_alloc_release),
		  "WARNING: count does not match the owners in test_check_slot");
	CHECK_STR(with_bug(BUG_HIB_RECURSIVE_LOCK, open_alloc_release),
		  "WARNING: possible recursive locking detected in swap_entry_swapped");
	CHECK_STR(with_bug(BUG_HIB_DOUBLE_NR_SWAP, open_alloc_release),
		  "WARNING: nr_swap_pages is wrong in test_invariants");
	CHECK_STR(with_bug(BUG_HIB_NO_PIN, between_ioctls),
		  "WARNING: swap device used after swapoff in swap_alloc_hibernation_slot");

	test_walk.stay = 4;
	for (unsigned seed = 1; seed <= TEST_SEEDS; seed++) {
		test_cfg = seed % 2 ? base : async;
		CHECK_STR(test_run(racers, 4, seed), "");
	}
	engine_exit();
	return TEST_END();
}
