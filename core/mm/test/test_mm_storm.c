// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: any mix of ops of three tasks leaves every invariant true, every page
 * with contents that its mm (or an ancestor) has written, and nothing behind.
 * Method: random ops on random worlds under a random walk, with failing
 * allocations, I/O errors and signals in half of the runs; all checkers of
 * core/check at the end of each op, when it is quiet, and after tear-down.
 * Values name their page, so that a page that turns up elsewhere is seen.
 */
#include "core/check/check.h"
#include "core/mm/test/world_test.h"

#define OPS 6
#define MMS 3 /* 1..3 */
#define PAGES 4

static u64 storm_seed;

static __no_sanitize_tsan u64 storm_random(u64 *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return *state >> 33;
}

static u64 page_value(int page, u64 n)
{
	/* Few values, so that KSM finds equal pages; never 0. */
	return (u64)(page % 2 + 1) << 32 | (n % 2);
}

static void check_words(int page, const u64 *words)
{
	for (int i = 0; i < WORLD_WORDS; i++)
		if (words[i] && words[i] >> 32 != (u64)(page % 2 + 1))
			report("contents: foreign", "a page has what another page's writer wrote\n");
}

static void storm_op(u64 *r)
{
	int mm = (int)(storm_random(r) % MMS) + 1, page = (int)(storm_random(r) % PAGES);
	int pages = (int)(storm_random(r) % 3) + 1;
	u64 words[WORLD_WORDS];

	switch (storm_random(r) % 20) {
	case 0: case 1: case 2: case 3:
		model_write(mm, page, page_value(page, storm_random(r)));
		break;
	case 4: case 5: case 6:
		if (!model_read(mm, page, words))
			check_words(page, words);
		break;
	case 7: case 8:
		model_madv_pageout(mm, page, pages);
		break;
	case 9:
		model_madv_dontneed(mm, page, pages);
		break;
	case 10:
		model_fork(mm, (int)(storm_random(r) % MMS) + 1);
		break;
	case 11:
		model_exit(mm);
		break;
	case 12:
		if (storm_random(r) % 2)
			model_munmap(mm, page, pages);
		else
			model_mmap(mm, page, pages, WORLD_VMA_MERGEABLE);
		break;
	case 13: case 14:
		model_reclaim(pages);
		break;
	case 15:
		model_kswapd();
		break;
	case 16:
		model_ksm_scan(4);
		break;
	case 17:
		if (storm_random(r) % 2)
			model_swapoff((int)(storm_random(r) % 2));
		else
			model_swapon((int)(storm_random(r) % 2));
		break;
	case 18:
		if (storm_random(r) % 2)
			(storm_random(r) % 2 ? model_madv_mergeable : model_madv_unmergeable)
				(mm, page, pages);
		else
			model_ksm_unmerge(mm, page, pages);
		break;
	default:
		model_worker();
		model_lru_drain();
		break;
	}
}

static void storm_task(unsigned n)
{
	u64 r = storm_seed * 8 + n;

	storm_random(&r);
	for (unsigned i = 0; i < OPS; i++) {
		if (i) {
			engine_op_end(SITE("op"));
			check_all_cheap();
			clear_signal(current);
			engine_op_begin(i + 1, SITE("op"));
		}
		storm_op(&r);
	}
	clear_signal(current);
}

static void storm_0(void) { storm_task(0); }
static void storm_1(void) { storm_task(1); }
static void storm_2(void) { storm_task(2); }

static void storm_setup(void)
{
	for (int mm = 1; mm <= 2; mm++) {
		model_mmap(mm, 0, PAGES, WORLD_VMA_MERGEABLE);
		for (int page = 0; page < PAGES; page++)
			model_write(mm, page, page_value(page, storm_seed));
	}
}

static void storm_check(void)
{
	u64 words[WORLD_WORDS];

	test_wait_io();
	check_all_quiet();
	for (int mm = 1; mm <= MMS; mm++)
		for (int page = 0; page < PAGES; page++)
			if (!model_read(mm, page, words))
				check_words(page, words);
	check_all_quiet();
}

static void storm_teardown(void *arg)
{
	(void)arg;
	model_teardown();
	check_all_audit();
}

static void storm_world(struct world_test *t, u64 seed)
{
	u64 r = seed;
	u8 flags = (u8)(storm_random(&r) % 3);

	*t = (struct world_test){ .name = "storm", .setup = storm_setup,
				  .task = { storm_0, storm_1, storm_2 }, .check = storm_check };
	t->config = test_config(flags == 0 ? WORLD_DEV_SYNC : flags == 1 ? WORLD_DEV_STABLE : 0);
	t->config.dev[0].slots = (u8)(5 + storm_random(&r) % 12);
	t->config.dev[1] = (struct world_dev){
		.flags = WORLD_DEV_PRESENT | WORLD_DEV_DISCARD, .slots = 9, .prio = 1 };
	if (storm_random(&r) % 2)
		t->config.dev[1].flags |= WORLD_DEV_ON;
	t->config.folios = (u8)(12 + storm_random(&r) % 20);
	t->config.readahead = (u8)(storm_random(&r) % 3);
	t->config.swap_full = storm_random(&r) % 2 ? 50 : 100;
	t->config.batch = (u8)(1 + storm_random(&r) % 5);
	t->config.cpus = (u8)(1 + storm_random(&r) % 3);
	if (seed % 2) {
		t->fail_one_in = 20;
		t->io_fail_one_in = 20;
		t->signal_one_in = 10;
	}
}

int main(int argc, char **argv)
{
	u64 first = 1, last = 3000;

	sites_init();
	if (argc > 1)
		first = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		last = strtoull(argv[2], NULL, 10);
	test_teardown = storm_teardown;
	for (storm_seed = first; storm_seed <= last && test_failures < 5; storm_seed++) {
		struct world_test t;
		const char *title;

		storm_world(&t, storm_seed);
		title = test_run(&t, storm_seed);
		CHECK_STR(title, "");
		if (title[0])
			printf("storm, seed %llu:\n%s\n", (unsigned long long)storm_seed,
			       engine_report()->body);
	}
	engine_exit();
	return TEST_END();
}
