// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: swapon makes of a header exactly the slots that it describes and refuses
 * what the kernel refuses, without a leak; a device reference keeps swapoff
 * waiting and cannot be had of a dead device; types are used again. Method: all
 * sizes from 2 to 64 slots with clusters of 4 and 8; each header fault; failing
 * each allocation of swapon in turn.
 */
#include "core/swap/test/swap_test.h"

static void geometry(void *arg)
{
	struct swap_info_struct *si;
	unsigned long i, nr, bad = 0;

	(void)arg;
	si = swap_info[0];
	nr = DIV_ROUND_UP(si->max, SWAPFILE_CLUSTER);
	CHECK_EQ(si->max, test_cfg.dev[0].slots);
	for (i = 0; i < nr * SWAPFILE_CLUSTER; i++) {
		unsigned long word = swap_table_peek(&si->cluster_info[i / SWAPFILE_CLUSTER],
						     i % SWAPFILE_CLUSTER);
		bool is_bad = i == 0 || i >= si->max || i == test_cfg.dev[0].bad[0] ||
			      i == test_cfg.dev[0].bad[1];

		CHECK_EQ(word, is_bad ? SWP_TB_BAD : SWP_TB_NULL);
		bad += is_bad && i < si->max;
	}
	if (seeded_bugs_none(&seeded_bugs_on))
		CHECK_EQ(si->pages, si->max - bad);
	CHECK_EQ(get_nr_swap_pages(), si->pages);
	for (i = 0; i < nr; i++)
		CHECK_EQ(si->cluster_info[i].flags, si->cluster_info[i].count ?
			 CLUSTER_FLAG_NONFULL : CLUSTER_FLAG_FREE);
}

/* What swapon says of the header as changed; everything is as before then. */
static int refused(struct swap_header *h)
{
	struct swap_header old = swap_bdev(0)->header;
	int ret;

	swap_bdev(0)->header = *h;
	ret = sys_swapon(0);
	if (ret) {
		CHECK_EQ(get_nr_swap_pages(), 0);
		CHECK_EQ(swap_info[0]->flags, 0);
		CHECK(!swap_info[0]->cluster_info);
		CHECK(!get_swap_device(swp_entry(0, 1)));
	} else {
		CHECK_EQ(t_swapoff(0, 1), 0);
	}
	swap_bdev(0)->header = old;
	*h = old;
	return ret;
}

static void headers(void *arg)
{
	struct swap_header h = swap_bdev(0)->header;

	(void)arg;
	CHECK_EQ(refused(&h), 0);
	h.version = 2;
	CHECK_EQ(refused(&h), -EINVAL);
	h.last_page = 0;
	CHECK_EQ(refused(&h), -EINVAL);
	h.last_page = 17;
	CHECK_EQ(refused(&h), -EINVAL);
	h.nr_badpages = MAX_SWAP_BADPAGES + 1;
	CHECK_EQ(refused(&h), -EINVAL);
	h.nr_badpages = 1; /* the header page */
	CHECK_EQ(refused(&h), -EINVAL);
	h.nr_badpages = 1;
	h.badpages[0] = 17;
	CHECK_EQ(refused(&h), -EINVAL);
	h.nr_badpages = 2;
	h.badpages[0] = h.badpages[1] = 5;
	CHECK_EQ(refused(&h), -EINVAL);
	h.nr_badpages = 2;
	h.badpages[0] = 5;
	h.badpages[1] = 16;
	CHECK_EQ(refused(&h), 0);
	/* All pages bad. */
	h.last_page = 2;
	h.nr_badpages = 2;
	h.badpages[0] = 1;
	h.badpages[1] = 2;
	CHECK_EQ(refused(&h), -EINVAL);
}

/* Activation finds 9 of 17 pages: what lies behind is neither bad nor there. */
static void shrunk(void *arg)
{
	struct block_device *bdev = swap_bdev(0);

	(void)arg;
	bdev->activate_max = 9;
	bdev->header.nr_badpages = 2;
	bdev->header.badpages[0] = 5;
	bdev->header.badpages[1] = 12;
	CHECK_EQ(sys_swapon(0), 0);
	CHECK_EQ(swap_info[0]->max, 9);
	CHECK_EQ(swap_info[0]->pages, 7);
	CHECK_EQ(sys_swapon(0), -EBUSY);
	CHECK_EQ(sys_swapon(2), -EINVAL);
	CHECK_EQ(swap_type_of_dev(0), 0);
	CHECK_EQ(swap_type_of_dev(1), -ENODEV);
}

static void references(void *arg)
{
	struct swap_info_struct *si;
	struct sysinfo info;

	(void)arg;
	CHECK(!get_swap_device((swp_entry_t){ 0 }));
	CHECK(!get_swap_device(swp_entry(1, 1)));
	CHECK(!get_swap_device(swp_entry(0, 17)));
	si = get_swap_device(swp_entry(0, 16));
	CHECK(si == swap_info[0]);
	put_swap_device(si);
	si_swapinfo(&info);
	CHECK_EQ(info.totalswap, 16);
	CHECK_EQ(info.freeswap, 16);
	CHECK_EQ(count_swap_pages(0, 0), 16);
	CHECK_EQ(count_swap_pages(0, 1), 16);
	CHECK_EQ(count_swap_pages(3, 1), 0);
	CHECK_EQ(t_swapoff(0, 1), 0);
	CHECK_EQ(t_swapoff(0, 1), -EINVAL);
	CHECK(!get_swap_device(swp_entry(0, 1)));
	CHECK_EQ(swap_type_of_dev(0), -ENODEV);
	/* The type and its struct are used again. */
	CHECK_EQ(sys_swapon(0), 0);
	CHECK(swap_info[0] == si);
	CHECK_EQ(nr_swapfiles, 1);
	si = get_swap_device(swp_entry(0, 16));
	CHECK(si != NULL);
	put_swap_device(si);
}

/* Slots in use: swapoff brings them in, or gives up and is on again. */
static void off_and_on(void *arg)
{
	unsigned i;

	(void)arg;
	for (i = 0; i < 5; i++) {
		CHECK_EQ(t_fill(&tpages[i], i + 1), 0);
		CHECK_EQ(t_swapout(&tpages[i]), 0);
	}
	CHECK_EQ(t_swapoff(0, 0), -EAGAIN);
	CHECK_EQ(get_nr_swap_pages(), 11);
	CHECK_EQ(t_swapin(&tpages[0]), 0);
	CHECK_EQ(t_swapoff(0, 2), 0);
	for (i = 0; i < 5; i++)
		CHECK_EQ(tpages[i].state, T_PRESENT);
	CHECK_EQ(sys_swapon(0), 0);
	CHECK_EQ(t_swapout(&tpages[0]), 0);
}

/* An allocation of swapon failed: all is undone, the next one succeeds. */
static void swapon_fails(void *arg)
{
	(void)arg;
	if (sys_swapon(0) == 0)
		return;
	CHECK_EQ(get_nr_swap_pages(), 0);
	CHECK(!swap_bdev(0)->is_swapfile);
	CHECK_EQ(sys_swapon(0), 0);
}

static void use_after_swapoff(void *arg)
{
	(void)arg;
	CHECK_EQ(t_swapoff(0, 1), 0);
	swap_cache_get_folio(swp_entry(0, 1));
}

static void no_such_type(void *arg)
{
	(void)arg;
	swap_cache_get_folio(swp_entry(3, 1));
}

static void offset_out_of_range(void *arg)
{
	(void)arg;
	swap_cache_get_folio(swp_entry(0, 100));
}

static void fill_all(void *arg)
{
	unsigned i;

	(void)arg;
	for (i = 0; i < TPAGES; i++) {
		t_fill(&tpages[i], i + 1);
		t_swapout(&tpages[i]);
	}
}

static void test_bugs(struct world_config c)
{
	/* 9 slots in clusters of 4: three masked. */
	c.dev[0].slots = 9;
	test_cfg = c;
	CHECK_STR(test_run_one(fill_all), "");
	seeded_bug_select(BUG_SWAPON_TAIL_NOT_MASKED);
	CHECK_STR(test_run_one(fill_all),
		  "BUG: swap I/O past the end of the device in swap_writeout");
	seeded_bug_select(BUG_SWAPON_TAIL_IN_PAGES);
	CHECK_STR(test_run_one(geometry), "WARNING: si->pages is wrong in test_invariants");
	test_cfg.dev[0].bad[0] = test_cfg.dev[0].bad[1] = 5;
	seeded_bug_select(BUG_SWAPON_BADPAGE_TWICE);
	CHECK_STR(test_run_one(fill_all),
		  "WARNING: cluster count does not match its table in test_check_cluster");
	test_cfg.dev[0].bad[0] = test_cfg.dev[0].bad[1] = 0;
	test_cfg.dev[0].slots = 17;
	seeded_bug_select(BUG_OFFLIST_BIT_COLLIDES);
	CHECK_STR(test_run_one(fill_all),
		  "WARNING: inuse_pages does not match the slots in test_invariants");
	seeded_bug_select(BUG_NONE);
}

int main(void)
{
	struct world_config base = test_config(WORLD_DEV_ON | WORLD_DEV_SYNC, 17), c = base;
	unsigned slots;

	base.swap_full = 100;
	for (slots = 2; slots <= 64; slots++) {
		c.dev[0].slots = (u8)slots;
		c.cluster_slots = slots % 2 ? 4 : 8;
		c.dev[0].bad[0] = slots > 7 ? 7 : 0;
		c.dev[0].bad[1] = slots > 9 ? (u8)(slots - 1) : 0;
		TEST_CASE(c, geometry);
	}
	TEST_CASE(base, references);
	TEST_CASE(base, off_and_on);
	c = base;
	c.dev[0].flags &= (u8)~WORLD_DEV_ON;
	TEST_CASE(c, headers);
	TEST_CASE(c, shrunk);
	c.dev[0].flags |= WORLD_DEV_ROTATIONAL;
	TEST_CASE(c, headers);
	for (test_walk.nth_alloc = 1; test_walk.nth_alloc < 10; test_walk.nth_alloc++)
		TEST_CASE(c, swapon_fails);
	test_walk.nth_alloc = 0;

	test_cfg = base;
	test_bugs(base);
	test_cfg = base;
	test_end_state.keep = true;
	CHECK_STR(test_run_one(use_after_swapoff),
		  "WARNING: swap device used after swapoff in swap_cache_get_folio");
	CHECK_STR(test_run_one(no_such_type),
		  "kernel BUG: no swap device of this type in swap_cache_get_folio");
	CHECK_STR(test_run_one(offset_out_of_range),
		  "WARNING: swap offset out of range in swap_cache_get_folio");
	engine_exit();
	return TEST_END();
}
