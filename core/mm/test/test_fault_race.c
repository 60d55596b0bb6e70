// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: faults, forks, zaps and reclaim of the same pages at the same time leave
 * the right contents, counters and references; and each seeded bug of these paths
 * is found by a plain random walk.
 * Method: small worlds of two or three tasks on two CPUs, some hundred schedules
 * each; the outcome is checked, then the world is torn down and must be empty.
 */
#include "core/mm/test/world_test.h"

#define V1 0x1111111111111111ull
#define V2 0x2222222222222222ull
#define V3 0x3333333333333333ull
#define SCHEDULES 300

static int ret_a, ret_b;
static u64 got_a[WORLD_WORDS], got_b[WORLD_WORDS];

static void all_words(const u64 *words, u64 one, u64 other)
{
	for (int i = 0; i < WORLD_WORDS; i++)
		CHECK(words[i] == one || words[i] == other);
}

/* ---- two writers on one page ---- */

static void map_one(void)
{
	CHECK_EQ(model_mmap(1, 0, 2, 0), 0);
}

static void write_even(void)
{
	for (unsigned w = 0; w < WORLD_WORDS; w += 2)
		user_write_word(test_mm(1), 0, w, V1);
}

static void write_odd(void)
{
	for (unsigned w = 1; w < WORLD_WORDS; w += 2)
		user_write_word(test_mm(1), 0, w, V2);
}

static void check_even_odd(void)
{
	u64 words[WORLD_WORDS];

	CHECK_EQ(model_read(1, 0, words), 0);
	for (int w = 0; w < WORLD_WORDS; w++)
		CHECK_EQ(words[w], w % 2 ? V2 : V1);
	CHECK_EQ(get_mm_counter(test_mm(1), MM_ANONPAGES), 1);
}

/* ---- swap ---- */

static void swapped_out(void)
{
	CHECK_EQ(model_mmap(1, 0, 2, 0), 0);
	CHECK_EQ(model_write(1, 0, V1), 0);
	CHECK_EQ(test_pageout(1, 0, 1), 0);
	/* Out of the swap cache too: the next fault has to read. */
	CHECK_EQ(model_reclaim(1), 0);
	test_wait_io();
	CHECK(softleaf_is_swap(softleaf_from_pte(test_pte(1, 0))));
}

static void read_a(void)
{
	ret_a = model_read(1, 0, got_a);
}

static void read_b(void)
{
	ret_b = model_read(1, 0, got_b);
}

static void write_v2(void)
{
	ret_a = model_write(1, 0, V2);
}

static void check_both_read(void)
{
	CHECK_EQ(ret_a, 0);
	CHECK_EQ(ret_b, 0);
	all_words(got_a, V1, V1);
	all_words(got_b, V1, V1);
	CHECK_EQ(test_read(1, 0), V1);
	CHECK_EQ(get_mm_counter(test_mm(1), MM_SWAPENTS), 0);
}

static void check_read_write(void)
{
	CHECK_EQ(ret_a, 0);
	CHECK_EQ(ret_b, 0);
	all_words(got_b, V1, V2);
	CHECK_EQ(test_read(1, 0), V2);
}

static void pageout_a(void)
{
	model_madv_pageout(1, 0, 1);
}

static void written(void)
{
	CHECK_EQ(model_mmap(1, 0, 2, 0), 0);
	CHECK_EQ(model_write(1, 0, V1), 0);
	lru_add_drain_all();
}

static void check_v2(void)
{
	CHECK_EQ(ret_a, 0);
	CHECK_EQ(test_read(1, 0), V2);
}

/* ---- fork ---- */

static void fork_13(void)
{
	ret_b = model_fork(1, 3);
}

static void check_forked(void)
{
	u64 child[WORLD_WORDS];

	CHECK_EQ(ret_a, 0);
	CHECK_EQ(ret_b, 0);
	CHECK_EQ(test_read(1, 0), V2);
	CHECK_EQ(model_read(3, 0, child), 0);
	all_words(child, V1, V2);
	/* What the child has is its own from now on. */
	CHECK_EQ(model_write(1, 0, V3), 0);
	CHECK_EQ(model_read(3, 0, got_b), 0);
	CHECK_EQ(memcmp(child, got_b, sizeof(child)), 0);
	CHECK_EQ(model_write(3, 0, V2), 0);
	CHECK_EQ(test_read(1, 0), V3);
}

static void check_forked_only(void)
{
	CHECK_EQ(ret_b, 0);
	CHECK_EQ(model_write(1, 0, V3), 0);
	CHECK_EQ(test_read(3, 0), V1);
	CHECK_EQ(model_write(3, 0, V2), 0);
	CHECK_EQ(test_read(1, 0), V3);
}

static void forked_swapped_out(void)
{
	swapped_out();
	CHECK_EQ(model_fork(1, 3), 0);
}

static void write_child(void)
{
	ret_b = model_write(3, 0, V3);
}

static void check_child_isolated(void)
{
	CHECK_EQ(ret_a, 0);
	CHECK_EQ(ret_b, 0);
	CHECK_EQ(test_read(1, 0), V2);
	CHECK_EQ(test_read(3, 0), V3);
}

static void forked(void)
{
	written();
	CHECK_EQ(model_fork(1, 3), 0);
}

static void exit_child(void)
{
	model_exit(3);
}

/* ---- zap ---- */

static void zap_a(void)
{
	model_madv_dontneed(1, 0, 2);
}

static void munmap_a(void)
{
	model_munmap(1, 0, 1);
}

static void write_b(void)
{
	ret_b = model_write(1, 0, V2);
}

static void check_zapped(void)
{
	CHECK_EQ(ret_b, 0);
	CHECK_EQ(model_read(1, 0, got_b), 0);
	all_words(got_b, 0, V2);
}

static void check_unmapped(void)
{
	CHECK(ret_b == 0 || ret_b == -EFAULT);
	CHECK_EQ(model_read(1, 0, got_b), -EFAULT);
}

/* ---- pressure: two mms write more pages than there are ---- */

static void map_both(void)
{
	CHECK_EQ(model_mmap(1, 0, 8, 0), 0);
	CHECK_EQ(model_mmap(2, 0, 8, 0), 0);
}

static void fill_1(void)
{
	for (int i = 0; i < 8; i++)
		if (model_write(1, i, 0x1000u + (unsigned)i))
			ret_a++;
}

static void fill_2(void)
{
	for (int i = 0; i < 8; i++)
		if (model_write(2, i, 0x2000u + (unsigned)i))
			ret_b++;
}

static void kswapd(void)
{
	for (int i = 0; i < 3; i++)
		model_kswapd();
}

static void check_filled(void)
{
	for (int i = 0; i < 8; i++) {
		if (!ret_a)
			CHECK_EQ(test_read(1, i), 0x1000u + (unsigned)i);
		if (!ret_b)
			CHECK_EQ(test_read(2, i), 0x2000u + (unsigned)i);
	}
}

static void exit_1(void)
{
	model_exit(1);
}

static void reclaim_b(void)
{
	model_reclaim(4);
}

static void filled(void)
{
	map_both();
	fill_1();
	lru_add_drain_all();
}

/* ---- other pairs ---- */

static void fork_14(void)
{
	model_fork(1, 4);
}

static void reclaim_a(void)
{
	model_reclaim(2);
}

static void exit_1_b(void)
{
	model_exit(1);
}

static void munmap_b(void)
{
	model_munmap(1, 0, 8);
}

/* Any result is right as long as it is the old value, the new one, or an error. */
static void check_v1_v2_or_error(void)
{
	if (!model_mm_slots[1].users || model_read(1, 0, got_b))
		return;
	for (int i = 0; i < WORLD_WORDS; i++)
		CHECK(got_b[i] == V1 || got_b[i] == V2 || got_b[i] == 0);
}

static void check_read_untouched(void)
{
	CHECK_EQ(ret_b, 0);
	all_words(got_b, 0, V2);
	CHECK_EQ(test_read(1, 0), V2);
}

/* Five owners of one slot: the count overflows its two bits. */
static void fork_many(void)
{
	for (int mm = 3; mm <= 6; mm++)
		model_fork(1, mm);
}

static void exit_many(void)
{
	for (int mm = 3; mm <= 6; mm++)
		model_exit(mm);
}

static void check_all_v1(void)
{
	for (int mm = 1; mm <= 6; mm++)
		if (mm != 2 && model_mm_slots[mm].users)
			CHECK_EQ(test_read(mm, 0), V1);
}

static void pageout_b(void)
{
	model_madv_pageout(1, 0, 1);
	model_madv_pageout(1, 0, 1);
}

static void owned_by_many(void)
{
	written();
	fork_many();
}

/* ---- bugs ---- */

/* K01: the reader stops after its read; the writer swaps in, changes the page
 * and is swapped out into the same slot. */
static void write_and_pageout(void)
{
	ret_a = model_write(1, 0, V2);
	model_madv_pageout(1, 0, 1);
	model_reclaim(1);
}

static void swapoff_b(void)
{
	model_swapoff(0);
}

static void zap_child_and_parent(void)
{
	model_madv_dontneed(1, 0, 1);
}

/* ---- two vmas in one region: their page table goes after both are out of rmap ---- */

static void two_vmas(void)
{
	CHECK_EQ(model_mmap(1, 0, 2, 0), 0);
	CHECK_EQ(model_mmap(1, 2, 2, 0), 0);
	for (int i = 0; i < 4; i++)
		CHECK_EQ(model_write(1, i, V1), 0);
	lru_add_drain_all();
}

/* ---- forks that fail: others find an empty child, if any ---- */

static unsigned long unstable_seen;

static void fork_and_see(void)
{
	ret_a = model_fork(1, 3);
}

/* 0: no mm is unstable; else 1 + what is left in one. Nobody runs meanwhile. */
static __no_sanitize_tsan int unstable_left(void)
{
	for (int i = 0; i < MM_TABLE_MAX; i++) {
		struct mm_struct *mm = mm_table[i];
		int left = 1;

		if (!mm || !(mm->flags.counter & 1L << MMF_UNSTABLE))
			continue;
		left += mm->vmas.next != &mm->vmas;
		for (int pt = 0; pt < PT_PAGES; pt++)
			left += mm->pt[pt] != NULL;
		return left;
	}
	return 0;
}

static void look_for_unstable(void)
{
	for (int n = 0; n < 200; n++) {
		int left;

		cond_resched();
		left = unstable_left();
		unstable_seen += left != 0;
		CHECK(left <= 1);
	}
}

static void check_failed_fork(void)
{
	for (int i = 0; i < 4; i++)
		CHECK_EQ(test_read(1, i), V1);
	if (ret_a)
		CHECK(!test_mm(3));
}

static void reset_results(void)
{
	ret_a = ret_b = 0;
	memset(got_a, 0, sizeof(got_a));
	memset(got_b, 0, sizeof(got_b));
}

#define RACE(name_, setup_, a_, b_, check_)                                       \
	{ .name = (name_), .setup = (setup_), .task = { (a_), (b_) }, .check = (check_) }

static const struct world_test races[] = {
	RACE("two writers", map_one, write_even, write_odd, check_even_odd),
	RACE("two readers of a swap entry", swapped_out, read_a, read_b, check_both_read),
	RACE("reader and writer of a swap entry", swapped_out, write_v2, read_b,
	     check_read_write),
	RACE("two writers of a swap entry", swapped_out, write_v2, write_v2, check_v2),
	RACE("write and pageout", written, write_v2, pageout_a, check_v2),
	RACE("swap-in and pageout", swapped_out, write_v2, pageout_a, check_v2),
	RACE("write and fork", written, write_v2, fork_13, check_forked),
	RACE("swap-in and fork", swapped_out, write_v2, fork_13, check_forked),
	RACE("pageout and fork", written, pageout_a, fork_13, check_forked_only),
	RACE("two mms write one swap entry", forked_swapped_out, write_v2, write_child,
	     check_child_isolated),
	RACE("two mms write one page", forked, write_v2, write_child, check_child_isolated),
	RACE("write and exit of the child", forked, write_v2, exit_child, check_v2),
	RACE("swap-in and exit of the child", forked_swapped_out, write_v2, exit_child, check_v2),
	RACE("reclaim and exit of the child", forked, pageout_a, exit_child, NULL),
	RACE("zap and write", written, zap_a, write_b, check_zapped),
	RACE("zap and swap-in", swapped_out, zap_a, write_b, check_zapped),
	RACE("zap and zap", written, zap_a, zap_a, NULL),
	RACE("munmap and write", written, munmap_a, write_b, check_unmapped),
	RACE("munmap and swap-in", swapped_out, munmap_a, write_b, check_unmapped),
	RACE("exit and reclaim", filled, exit_1, reclaim_b, NULL),
	RACE("zap and pageout", written, zap_a, pageout_a, NULL),
	RACE("swapoff and write", swapped_out, write_v2, swapoff_b, check_v2),
	RACE("swapoff and zap", swapped_out, zap_a, swapoff_b, NULL),
	RACE("swapoff and fork", swapped_out, swapoff_b, fork_13, check_forked_only),
	RACE("reclaim and fork", written, reclaim_a, fork_13, check_forked_only),
	RACE("reclaim and munmap", written, reclaim_a, munmap_b, NULL),
	RACE("reclaim and exit", forked, reclaim_a, exit_1_b, NULL),
	RACE("reclaim and write", forked, reclaim_a, write_child, NULL),
	RACE("read and write of an untouched page", map_one, write_v2, read_b,
	     check_read_untouched),
	RACE("forks and exits", swapped_out, fork_many, exit_many, check_all_v1),
	RACE("reclaim and pageout", written, reclaim_a, pageout_b, NULL),
	RACE("reclaim of a page of many", owned_by_many, reclaim_a, reclaim_a, check_all_v1),
	RACE("two forks", forked_swapped_out, fork_many, fork_14, check_all_v1),
	RACE("reclaim and munmap of two vmas", two_vmas, reclaim_b, munmap_b, NULL),
	RACE("reclaim and exit of two vmas", two_vmas, reclaim_b, exit_1, NULL),
};

static const u8 devices[] = { WORLD_DEV_SYNC, 0, WORLD_DEV_STABLE };

static void run_races(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(races); i++) {
		for (size_t dev = 0; dev < ARRAY_SIZE(devices); dev++) {
			struct world_test t = races[i];

			t.config = test_config(devices[dev]);
			t.before = reset_results;
			test_clean(&t, SCHEDULES);
		}
	}
}

/* The same with failing allocations, I/O errors and signals: nothing may leak. */
static void run_failing_races(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(races); i++) {
		struct world_test t = races[i];

		t.config = test_config(i % 2 ? WORLD_DEV_STABLE : WORLD_DEV_SYNC);
		t.check = check_v1_v2_or_error;
		if (t.setup == map_both || t.setup == filled)
			t.check = NULL;
		if (t.task[0] == write_even || t.task[1] == write_child)
			t.check = NULL;
		t.before = reset_results;
		t.fail_one_in = 6;
		t.io_fail_one_in = 4;
		t.signal_one_in = 4;
		test_clean(&t, SCHEDULES / 2);
	}
}

static void run_failing_forks(void)
{
	struct world_test t = RACE("failing forks", two_vmas, fork_and_see, look_for_unstable,
				   check_failed_fork);

	t.config = test_config(WORLD_DEV_SYNC);
	t.before = reset_results;
	t.fail_one_in = 6;
	test_clean(&t, SCHEDULES);
	CHECK(unstable_seen > 0);
}

static void run_pressure(void)
{
	struct world_test t = {
		.name = "pressure", .config = test_config(WORLD_DEV_SYNC), .setup = map_both,
		.task = { fill_1, fill_2, kswapd }, .check = check_filled,
		.before = reset_results,
	};

	t.config.folios = 14;
	test_clean(&t, 100);
	t.config.dev[0].flags &= (u8)~WORLD_DEV_SYNC;
	t.name = "pressure, asynchronous";
	test_clean(&t, 100);
	t.name = "pressure, allocations fail";
	t.fail_one_in = 10;
	test_clean(&t, 100);
}

static void run_bugs(void)
{
	struct world_test t = { .name = "bypass", .config = test_config(WORLD_DEV_SYNC),
				.setup = swapped_out, .before = reset_results };

	t.task[0] = swapoff_b;
	t.task[1] = read_b;
	t.name = "swapoff and read";
	test_finds(&t, BUG_SWAPIN_NO_DEVICE_REF,
		   "WARNING: swap device used after swapoff in ", 5000);

	t.setup = written;
	t.task[0] = pageout_a;
	t.task[1] = zap_child_and_parent;
	t.name = "pageout and zap";
	test_finds(&t, BUG_UNMAP_DUP_AFTER_PUBLISH,
		   "WARNING: swap count underflow in __swap_cluster_put_entry", 5000);

	t.setup = forked_swapped_out;
	t.task[0] = swapoff_b;
	t.task[1] = NULL;
	t.name = "swapoff";
	test_finds(&t, BUG_FORK_SKIPS_MMLIST, "livelock in ", 1);
	test_finds(&t, BUG_UNMAP_SKIPS_MMLIST, "livelock in ", 1);
	test_clean(&t, 10);
}

/* K01 shows in the contents: the last write is gone. */
static void run_bypass(void)
{
	struct world_test t = {
		.name = "bypass", .config = test_config(WORLD_DEV_SYNC), .setup = swapped_out,
		.task = { write_and_pageout, read_b }, .before = reset_results,
	};
	u64 seed;
	bool lost = false;

	/* One slot, which is used again at once. */
	t.config.dev[0].slots = 2;
	seeded_bug_select(BUG_SWAPCACHE_BYPASS);
	for (seed = 1; seed <= 20000 && !lost && !test_failures; seed++) {
		u64 last = V2;

		CHECK_STR(test_run_last(&t, seed, &last), "");
		lost = last != V2;
	}
	seeded_bug_select(BUG_NONE);
	CHECK(lost);
	printf("%s: swapcache-bypass by seed %llu: lost write\n", t.name,
	       (unsigned long long)seed - 1);
}

static void print_path(const struct path *path, void *arg)
{
	(void)arg;
	printf("%8llu %s@%s\n", (unsigned long long)path->taken, path->name, path->func);
}

int main(int argc, char **argv)
{
	(void)argv;
	sites_init();
	run_races();
	run_failing_races();
	run_failing_forks();
	run_pressure();
	CHECK_EQ(test_path_taken("pte_table_gone"), 0);
	run_bugs();
	run_bypass();
	if (argc > 1)
		paths_for_each(print_path, NULL);
	engine_exit();
	return TEST_END();
}
