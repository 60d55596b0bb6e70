// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a device and the mm that pinned a page see each other's stores, whatever is done to
 * the page meanwhile; who must leave a pinned page alone does, and pins for reading do not
 * take what others share.
 * Method: single-threaded worlds; all checkers run with the pins held, and after; the world is
 * torn down and audited.
 *
 *	              may be pinned      then
 *	exclusive     yes                not swapped out, not merged; fork copies it at once
 *	shared, KSM   after unsharing    the same
 *	zero page     for a short read   no reference is held
 */
#include "core/check/check.h"
#include "core/mm/ksm.h"
#include "core/mm/gup.h"
#include "core/mm/pin.h"
#include "core/mm/test/world_test.h"

#define OLD 0x1111111111111111ull
#define NEW 0x2222222222222222ull

static void fill(int mm, int pages, u32 flags)
{
	CHECK_EQ(model_mmap(mm, 0, pages, flags), 0);
	for (int p = 0; p < pages; p++)
		CHECK_EQ(model_write(mm, p, OLD), 0);
	lru_add_drain_all();
}

static struct folio *pinned(int pin)
{
	const struct page *page = model_pins[engine_current()][pin].page;

	return page ? page_folio(page) : NULL;
}

static u64 device_word(int pin)
{
	return page_load_word(model_pins[engine_current()][pin].page, 0);
}

static void check_fast(void)
{
	struct folio *folio;

	fill(1, 1, 0);
	folio = test_folio(1, 0);
	CHECK_EQ(model_unpin(0), -ENOENT);
	CHECK_EQ(model_pin_read(0), -ENOENT);
	CHECK_EQ(model_pin(1, 0, 0, WORLD_PIN_WRITE), 0);
	CHECK_EQ(counters[COUNTER_pin_fast], 1);
	CHECK(pinned(0) == folio && folio_maybe_dma_pinned(folio));
	CHECK(test_bit(MMF_HAS_PINNED, &test_mm(1)->flags));
	CHECK_EQ(model_pin(1, 0, 0, 0), -EBUSY);
	CHECK_EQ(model_pin(1, 0, 1, WORLD_PIN_SLOW), 0);
	CHECK_EQ(counters[COUNTER_pin_slow], 1);
	CHECK_EQ(folio_peek_refs(folio), 1 + 2 * (int)GUP_PIN_COUNTING_BIAS);
	CHECK_EQ(model_pin_write(1, NEW), -EACCES);
	CHECK_EQ(model_pin_write(0, NEW), 0);
	check_all_quiet();
	CHECK_EQ(test_read(1, 0), NEW);
	CHECK_EQ(model_unpin(1), 0);
	CHECK(!folio_test_dirty(folio));
	CHECK_EQ(model_unpin(0), 0);
	CHECK(folio_test_dirty(folio) && !folio_maybe_dma_pinned(folio));
}

static void check_errors(void)
{
	CHECK_EQ(model_mmap(1, 0, 1, WORLD_VMA_READONLY), 0);
	CHECK_EQ(model_pin(1, 0, 0, WORLD_PIN_WRITE), -EFAULT);
	CHECK_EQ(model_pin(1, 1, 0, 0), -EFAULT);
	CHECK_EQ(model_pin(1, 1, 0, WORLD_PIN_SLOW), -EFAULT);
	CHECK_EQ(model_pin(5, 0, 0, 0), -EINVAL);
	CHECK_EQ(model_pins_held, 0);
}

/* A short pin for reading is one of the zero page; a long one gets a page of its own. */
static void check_zero_page(void)
{
	CHECK_EQ(model_mmap(1, 0, 1, 0), 0);
	CHECK_EQ(model_pin(1, 0, 0, 0), 0);
	CHECK(is_zero_folio(pinned(0)));
	CHECK_EQ(model_pin(1, 0, 1, WORLD_PIN_LONGTERM), 0);
	CHECK_EQ(counters[COUNTER_pin_unshared], 1);
	CHECK(!is_zero_folio(pinned(1)) && !pte_write(test_pte(1, 0)));
	CHECK_EQ(model_write(1, 0, NEW), 0);
	CHECK(test_folio(1, 0) == pinned(1));
	CHECK_EQ(device_word(1), NEW);
	CHECK_EQ(model_unpin(0), 0);
	CHECK_EQ(model_unpin(1), 0);
}

/* fork copies what is pinned; the parent's stores reach the device. */
static void check_fork(void)
{
	fill(1, 2, 0);
	CHECK_EQ(model_pin(1, 0, 0, WORLD_PIN_WRITE), 0);
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK_EQ(counters[COUNTER_fork_copied], 1);
	CHECK(test_folio(1, 0) == pinned(0) && test_folio(3, 0) != pinned(0));
	CHECK(test_folio(1, 1) == test_folio(3, 1));
	CHECK_EQ(model_write(1, 0, NEW), 0);
	CHECK_EQ(device_word(0), NEW);
	CHECK_EQ(test_read(3, 0), OLD);
	check_all_quiet();
	CHECK_EQ(model_unpin(0), 0);
}

/* What parent and child share is unshared for a pin, even for a short one. */
static void check_shared(void)
{
	fill(1, 1, 0);
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK_EQ(model_pin(1, 0, 0, 0), 0);
	CHECK_EQ(counters[COUNTER_pin_unshared], 1);
	CHECK(test_folio(1, 0) == pinned(0) && test_folio(3, 0) != pinned(0));
	CHECK_EQ(device_word(0), OLD);
	CHECK_EQ(model_unpin(0), 0);
}

/* Reclaim leaves a pinned page, in the swap cache or not, and writes it out afterwards. */
static void check_swap(void)
{
	fill(1, 1, 0);
	CHECK_EQ(model_madv_pageout(1, 0, 1), 0);
	test_wait_io();
	test_read(1, 0);
	lru_add_drain_all();
	CHECK(folio_test_swapcache(test_folio(1, 0)));
	CHECK_EQ(model_pin(1, 0, 0, WORLD_PIN_WRITE), 0);
	CHECK_EQ(model_madv_pageout(1, 0, 1), 0);
	CHECK(test_folio(1, 0) == pinned(0));
	check_all_quiet();
	CHECK_EQ(model_pin_write(0, NEW), 0);
	CHECK_EQ(model_unpin(0), 0);
	lru_add_drain_all();
	CHECK_EQ(model_madv_pageout(1, 0, 1), 0);
	test_wait_io();
	CHECK_EQ(test_read(1, 0), NEW);
}

/* A pin of a merged page gets a copy of it, which is not merged again while it is pinned. */
static void check_ksm_merge(void)
{
	fill(1, 2, WORLD_VMA_MERGEABLE);
	CHECK_EQ(model_ksm_scan(16), 0);
	CHECK(folio_test_ksm(test_folio(1, 0)));
	CHECK_EQ(model_pin(1, 0, 0, 0), 0);
	CHECK(test_folio(1, 0) == pinned(0) && !folio_test_ksm(pinned(0)));
	lru_add_drain_all();
	check_all_quiet();
	CHECK_EQ(model_ksm_scan(16), 0);
	CHECK(test_folio(1, 0) == pinned(0) && folio_test_ksm(test_folio(1, 1)));
	check_all_quiet();
	CHECK_EQ(model_unpin(0), 0);
}

/* The page outlives its mapping and its mm. */
static void check_unmapped(void)
{
	struct folio *folio;

	fill(1, 1, 0);
	CHECK_EQ(model_pin(1, 0, 0, WORLD_PIN_WRITE), 0);
	folio = pinned(0);
	CHECK_EQ(model_munmap(1, 0, 1), 0);
	CHECK_EQ(model_pin_write(0, NEW), 0);
	CHECK_EQ(model_reclaim(4), 0);
	CHECK_EQ(model_exit(1), 0);
	CHECK(!folio_is_free(folio));
	check_all_quiet();
	pins_drop();
	lru_add_drain_all();
	CHECK(folio_is_free(folio));
	CHECK_EQ(model_pins_held, 0);
}

int main(void)
{
	struct world_config sync = test_config(WORLD_DEV_SYNC), async = sync;

	async.dev[0].flags &= (u8)~WORLD_DEV_SYNC;

	const struct world_test tests[] = {
		{ .name = "fast", .config = sync, .check = check_fast },
		{ .name = "errors", .config = sync, .check = check_errors },
		{ .name = "zero page", .config = sync, .check = check_zero_page },
		{ .name = "fork", .config = sync, .check = check_fork },
		{ .name = "shared", .config = sync, .check = check_shared },
		{ .name = "swap", .config = async, .check = check_swap },
		{ .name = "ksm", .config = sync, .check = check_ksm_merge },
		{ .name = "unmapped", .config = sync, .check = check_unmapped },
	};

	sites_init();
	for (unsigned i = 0; i < ARRAY_SIZE(tests); i++)
		test_clean(&tests[i], 1);
	engine_exit();
	return TEST_END();
}
