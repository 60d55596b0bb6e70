// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: swapoff brings everything back and leaves nothing behind; where it may
 * not or cannot, the device stays on and is whole.
 * Method: single-threaded worlds for what it does to PTEs, counts, lists; worlds
 * with two or three tasks under random walks for its loops and ways out.
 */
#include "core/check/check.h"
#include "core/mm/swapoff.h"
#include "core/mm/test/world_test.h"

#define VALUE(page) (0x0101010101010101ull * (u64)((page) + 1))

static void fill_and_pageout(int mm, int pages)
{
	CHECK_EQ(model_mmap(mm, 0, pages, 0), 0);
	for (int p = 0; p < pages; p++)
		CHECK_EQ(model_write(mm, p, VALUE(p)), 0);
	CHECK_EQ(model_madv_pageout(mm, 0, pages), 0);
}

static void read_back(int mm, int pages)
{
	for (int p = 0; p < pages; p++)
		CHECK_EQ(test_read(mm, p), VALUE(p));
}

static void device_is_gone(unsigned int type)
{
	CHECK_EQ(swap_info[type]->flags, 0);
	CHECK(!swap_info[type]->cluster_info);
	CHECK_EQ(swap_info[type]->max, 0);
	CHECK(init_mm.mmlist.next == &init_mm.mmlist);
	CHECK_EQ(total_swap_pages, 0);
	CHECK_EQ(get_nr_swap_pages(), 0);
}

/* All pages back: old, clean, read-only, exclusive as they were. */
static void check_all_back(void)
{
	fill_and_pageout(1, 6);
	for (int p = 0; p < 6; p++)
		CHECK(pte_is_swap(test_pte(1, p)) && pte_swp_exclusive(test_pte(1, p)));
	CHECK_EQ(model_swapoff(0), 0);
	for (int p = 0; p < 6; p++) {
		pte_t pte = test_pte(1, p);

		CHECK(pte_present(pte) && !pte_write(pte) && !pte_dirty(pte) && !pte_young(pte));
		CHECK(PageAnonExclusive(folio_page(test_folio(1, p), 0)));
		CHECK(!folio_test_swapcache(test_folio(1, p)));
		CHECK(folio_test_dirty(test_folio(1, p)));
	}
	device_is_gone(0);
	check_all_quiet();
	read_back(1, 6);
	/* Exclusive: a write reuses the page. */
	CHECK_EQ(model_write(1, 0, VALUE(7)), 0);
	CHECK_EQ(counters[COUNTER_wp_copy], 0);
	CHECK_EQ(test_read(1, 0), VALUE(7));
}

/* Entries of a parent and a child: both come back to one folio. */
static void check_shared(void)
{
	fill_and_pageout(1, 4);
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK(!pte_swp_exclusive(test_pte(1, 0)));
	CHECK_EQ(model_swapoff(0), 0);
	device_is_gone(0);
	for (int p = 0; p < 4; p++) {
		CHECK(test_folio(1, p) && test_folio(1, p) == test_folio(3, p));
		CHECK(!PageAnonExclusive(folio_page(test_folio(1, p), 0)));
	}
	check_all_quiet();
	read_back(1, 4);
	read_back(3, 4);
	CHECK_EQ(model_write(3, 0, VALUE(9)), 0);
	read_back(1, 4);
}

/* Off, on again, used, off again: the type and the device are used again. */
static void check_again(void)
{
	fill_and_pageout(1, 4);
	CHECK_EQ(model_swapoff(0), 0);
	CHECK_EQ(model_swapoff(0), -EINVAL);
	CHECK_EQ(model_madv_pageout(1, 0, 4), 0);
	read_back(1, 4);
	CHECK_EQ(model_swapon(0), 0);
	CHECK_EQ(nr_swapfiles, 1);
	CHECK_EQ(model_madv_pageout(1, 0, 4), 0);
	CHECK(pte_is_swap(test_pte(1, 0)));
	check_all_quiet();
	CHECK_EQ(model_swapoff(0), 0);
	device_is_gone(0);
	read_back(1, 4);
}

/* A slot that only the cache holds goes as well. */
static void check_cached_only(void)
{
	struct folio *folio;

	fill_and_pageout(1, 1);
	CHECK_EQ(test_read(1, 0), VALUE(0));
	folio = test_folio(1, 0);
	if (!folio_test_swapcache(folio)) { /* a synchronous device frees it at once */
		CHECK_EQ(model_swapoff(0), 0);
		return;
	}
	CHECK_EQ(swap_usage_in_pages(swap_info[0]), 1);
	CHECK_EQ(model_swapoff(0), 0);
	CHECK(!folio_test_swapcache(folio));
	device_is_gone(0);
	read_back(1, 1);
}

static void check_pinned(void)
{
	fill_and_pageout(1, 2);
	CHECK_EQ(model_hib_open(0), 0);
	CHECK_EQ(model_swapoff(0), -EBUSY);
	CHECK_EQ(model_hib_close(), 0);
	CHECK_EQ(model_swapoff(0), 0);
	device_is_gone(0);
	read_back(1, 2);
}

/* Two devices: what the first one holds may not go to the second by itself, and
 * an mm that has entries there stays on the list. */
static void check_two(void)
{
	struct world_page_state state;

	fill_and_pageout(1, 8);
	CHECK_EQ(model_mmap(2, 0, 4, 0), 0);
	for (int p = 0; p < 4; p++)
		CHECK_EQ(model_write(2, p, VALUE(p)), 0);
	CHECK_EQ(model_madv_pageout(2, 0, 4), 0); /* dev0 has 7 slots: these go to dev1 */
	model_world_ops.page_state(2, 3, &state);
	CHECK_EQ(state.dev, 1);
	CHECK_EQ(model_swapoff(0), 0);
	CHECK(init_mm.mmlist.next != &init_mm.mmlist);
	model_world_ops.page_state(2, 3, &state);
	CHECK_EQ(state.dev, 1);
	check_all_quiet();
	CHECK_EQ(model_swapoff(1), 0);
	CHECK(init_mm.mmlist.next == &init_mm.mmlist);
	check_all_quiet();
	read_back(1, 8);
	read_back(2, 4);
}

/* The same with the list drained too early: the checker must see it. */
static void do_two(void)
{
	fill_and_pageout(1, 8);
	fill_and_pageout(2, 4);
	model_swapoff(0);
	check_all_quiet();
}

/* ---- beside other tasks ------------------------------------------------------------- */

static int gave_up, went_off;

static void setup_pageout(void)
{
	fill_and_pageout(1, 8);
}

static void task_swapoff(void)
{
	int ret = model_swapoff(0);

	CHECK(ret == 0 || ret == -EINTR || ret == -ENOMEM);
	went_off += ret == 0;
	gave_up += ret != 0;
	check_all_cheap();
}

static void task_swapoff_signal(void)
{
	static struct task_struct task;

	task = (struct task_struct){ .flags = PF_MAY_SIGNAL };
	engine_set_ctx_data(&task);
	task_swapoff();
	engine_set_ctx_data(NULL);
}

static void task_read(void)
{
	for (int p = 7; p >= 0; p--)
		CHECK_EQ(test_read(1, p), VALUE(p));
	check_all_cheap();
}

static void task_write(void)
{
	for (int p = 0; p < 8; p++)
		CHECK_EQ(model_write(1, p, VALUE(p)), 0);
	check_all_cheap();
}

static void task_pageout(void)
{
	model_madv_pageout(1, 0, 8);
	model_reclaim(4);
	check_all_cheap();
}

static void task_exit(void)
{
	CHECK_EQ(model_exit(1), 0);
	check_all_cheap();
}

static void task_fork(void)
{
	model_fork(1, 3);
	check_all_cheap();
}

static void check_contents(void)
{
	check_all_quiet();
	if (test_mm(1))
		read_back(1, 8);
	if (test_mm(3))
		read_back(3, 8);
}

static void random_walks(struct world_config config)
{
	struct world_test t = { .name = "beside", .config = config, .setup = setup_pageout,
				.check = check_contents };
	void (*const others[])(void) = { task_read, task_write, task_pageout, task_exit,
					 task_fork };

	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		t.task[0] = task_swapoff;
		t.task[1] = others[i];
		t.task[2] = others[(i + 1) % ARRAY_SIZE(others)];
		t.fail_one_in = 0;
		test_clean(&t, 150);
		/* The ways out: the device is whole afterwards. */
		t.task[0] = task_swapoff_signal;
		t.fail_one_in = 8;
		if (others[i] == task_pageout || others[i] == task_exit) {
			t.task[2] = NULL;
			test_clean(&t, 150);
		}
	}
}

int main(void)
{
	struct world_config sync = test_config(WORLD_DEV_SYNC), async = sync, two = sync;

	async.dev[0].flags &= (u8)~WORLD_DEV_SYNC;
	two.dev[0].slots = 8;
	two.dev[0].prio = 2;
	two.dev[1] = sync.dev[0];

	const struct world_test tests[] = {
		{ .name = "all back", .config = sync, .check = check_all_back },
		{ .name = "all back", .config = async, .check = check_all_back },
		{ .name = "shared", .config = sync, .check = check_shared },
		{ .name = "shared", .config = async, .check = check_shared },
		{ .name = "again", .config = sync, .check = check_again },
		{ .name = "cached only", .config = async, .check = check_cached_only },
		{ .name = "pinned", .config = sync, .check = check_pinned },
		{ .name = "two devices", .config = two, .check = check_two },
	};

	sites_init();
	for (unsigned i = 0; i < ARRAY_SIZE(tests); i++)
		test_clean(&tests[i], 1);
	test_finds(&(struct world_test){ .name = "drained", .config = two, .check = do_two },
		   BUG_MMLIST_DRAIN_IN_USE, "invariant: mm with swap entries is not on mmlist", 1);
	random_walks(sync);
	random_walks(async);
	CHECK(went_off > 0);
	CHECK(gave_up > 0);
	engine_exit();
	return TEST_END();
}
