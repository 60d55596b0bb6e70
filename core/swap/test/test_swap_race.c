// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: whatever swaps, faults, forks, zaps, allocates, discards, hibernates and
 * switches devices off at the same time, the invariants of the swap core hold at
 * the end, contents are right and nothing leaks; and the races that history knows
 * are found when they are put back. Method: random programs under random
 * schedules with failing allocations and I/O; then the same for each seeded bug.
 * SWAP_RACE_RUNS sets the number of runs.
 */
#include "core/swap/test/swap_test.h"

/* Instrumented builds look at fewer schedules, and not for the seeded bugs. */
#if defined(SWAPRACE_TSAN)
#define RACE_RUNS 2000
#define FIND_BUGS 0
#elif defined(SWAPRACE_ASAN)
#define RACE_RUNS 1500
#define FIND_BUGS 0
#else
#define RACE_RUNS 5000
#define FIND_BUGS 1
#endif

enum { OP_FILL, OP_SWAPOUT, OP_SWAPIN, OP_FORK, OP_ZAP, OP_HIB, OP_OFF, OP_ON, OP_WORK, OP_DRAIN,
       OP_COUNT };

static u8 program[TTASKS_MAX][8][3] __always_unused; /* op, a, b */
static unsigned program_len;

static void run_op(const u8 *op)
{
	struct tpage *p = &tpages[op[1] % TPAGES], *q = &tpages[op[2] % TPAGES];
	u64 block;

	switch (op[0]) {
	case OP_FILL: t_fill(p, op[2] % 8 ? op[2] * 64UL + 1 : 0); break;
	case OP_SWAPOUT: t_swapout(p); break;
	case OP_SWAPIN: t_swapin(p); break;
	case OP_FORK: t_fork(p, q); break;
	case OP_ZAP: t_zap(p); break;
	case OP_HIB:
		if (op[2] % 4 == 0)
			snapshot_open(op[1] % 2);
		else if (op[2] % 4 == 1)
			snapshot_release();
		else if (op[2] % 4 == 2)
			snapshot_free_swap_pages();
		else
			snapshot_alloc_swap_page(&block);
		break;
	case OP_OFF: t_swapoff(op[1] % 2, 2); break;
	case OP_ON: sys_swapon(op[1] % 2); break;
	case OP_WORK: run_pending_work(); break;
	case OP_DRAIN: lru_add_drain(); break;
	default: BUG();
	}
}

static void task(void *arg)
{
	uintptr_t me = (uintptr_t)arg;

	for (unsigned i = 0; i < program_len; i++)
		run_op(program[me][i]);
}

#define MIX 20
static const u8 mixes[][MIX] = {
	{ /* everything */
	OP_FILL, OP_FILL, OP_FILL, OP_SWAPOUT, OP_SWAPOUT, OP_SWAPOUT, OP_SWAPOUT, OP_SWAPIN,
	OP_SWAPIN, OP_SWAPIN, OP_FORK, OP_FORK, OP_ZAP, OP_ZAP, OP_HIB, OP_HIB, OP_OFF, OP_ON,
	OP_WORK, OP_DRAIN },
	{ /* counts over their edge */
	OP_FORK, OP_FORK, OP_FORK, OP_FORK, OP_FORK, OP_FORK, OP_FORK, OP_FORK, OP_FORK, OP_FORK,
	OP_ZAP, OP_ZAP, OP_ZAP, OP_ZAP, OP_SWAPOUT, OP_SWAPOUT, OP_SWAPOUT, OP_SWAPIN, OP_FILL,
	OP_SWAPOUT },
	{ /* slots that only the cache holds, swap full */
	OP_FILL, OP_FILL, OP_FILL, OP_FILL, OP_SWAPOUT, OP_SWAPOUT, OP_SWAPOUT, OP_SWAPOUT,
	OP_SWAPOUT, OP_SWAPIN, OP_SWAPIN, OP_SWAPIN, OP_SWAPIN, OP_ZAP, OP_ZAP, OP_WORK, OP_WORK,
	OP_DRAIN, OP_SWAPOUT, OP_FILL },
	{ /* devices that come and go */
	OP_FILL, OP_FILL, OP_SWAPOUT, OP_SWAPOUT, OP_SWAPOUT, OP_SWAPIN, OP_ZAP, OP_ZAP, OP_OFF,
	OP_OFF, OP_OFF, OP_ON, OP_ON, OP_ON, OP_HIB, OP_HIB, OP_WORK, OP_FORK, OP_SWAPOUT, OP_OFF },
};

static void generate(u64 seed)
{
	struct test_walk r = { .rng = seed * 0x2545f4914f6cdd1dull + 7 };
	unsigned pages = 1 + walk_random(&r, TPAGES - 1);
	const u8 *mix = mixes[walk_random(&r, ARRAY_SIZE(mixes))];

	program_len = 2 + walk_random(&r, 6);
	for (unsigned t = 0; t < TTASKS_MAX; t++) {
		for (unsigned i = 0; i < program_len; i++) {
			program[t][i][0] = mix[walk_random(&r, MIX)];
			program[t][i][1] = (u8)walk_random(&r, pages);
			program[t][i][2] = (u8)walk_random(&r, pages + 6);
		}
		/* Something to work on. */
		program[t][0][0] = OP_FILL;
		program[t][1][0] = OP_SWAPOUT;
		program[t][1][1] = program[t][0][1];
	}
	test_cfg = test_config(WORLD_DEV_ON, (u8)(3 + walk_random(&r, 15)));
	test_cfg.dev[0].flags |= (u8)(walk_random(&r, 2) * WORLD_DEV_SYNC |
				      walk_random(&r, 2) * WORLD_DEV_DISCARD |
				      (walk_random(&r, 4) == 0) * WORLD_DEV_ROTATIONAL);
	if (walk_random(&r, 3) == 0)
		test_cfg.dev[1] = (struct world_dev){
			.flags = WORLD_DEV_PRESENT | (u8)(walk_random(&r, 2) * WORLD_DEV_ON),
			.slots = (u8)(2 + walk_random(&r, 6)), .prio = (s8)walk_random(&r, 2) };
	if (walk_random(&r, 4) == 0)
		test_cfg.dev[0].bad[0] = (u8)(1 + walk_random(&r, test_cfg.dev[0].slots - 1U));
	test_cfg.cpus = (u8)(1 + walk_random(&r, 4));
	test_cfg.cluster_slots = walk_random(&r, 2) ? 4 : 8;
	test_cfg.count_bits = (u8)(2 + walk_random(&r, 2));
	test_cfg.readahead = (u8)walk_random(&r, 4);
	test_cfg.swap_full = walk_random(&r, 2) ? 50 : 100;
	test_walk.fail_alloc = walk_random(&r, 3) == 0 ? 10 : 0;
	test_walk.fail_io = walk_random(&r, 4) == 0 ? 6 : 0;
	test_walk.stay = walk_random(&r, 3) * 3;
	test_walk.pauses = walk_random(&r, 2);
}

static unsigned ntasks_of(u64 seed)
{
	return 2 + (unsigned)(seed % 3);
}

static const char *run_seed(u64 seed)
{
	static void (*const fns[])(void *) = { task, task, task, task, task, task };

	test_end_state.hib_slots = 1; /* may be open at the end of the tasks */

	generate(seed);
	return test_run(fns, ntasks_of(seed), seed);
}

/* First run of at most max that reports; its title in *title. 0: none. */
static unsigned search(unsigned max, const char **title)
{
	for (unsigned seed = 1; seed <= max; seed++) {
		*title = run_seed(seed);
		if ((*title)[0])
			return seed;
	}
	*title = "";
	return 0;
}

static void find_bug(enum seeded_bug bug, unsigned max)
{
	const char *title;
	unsigned runs;

	seeded_bug_select(bug);
	runs = search(max, &title);
	printf("%-32s %6u  %s\n", seeded_bug_info(bug)->name, runs, title);
	CHECK(runs != 0);
	seeded_bug_select(BUG_NONE);
}

static void deterministic(void)
{
	struct engine_stats a, b;

	for (u64 seed = 1; seed <= 20; seed++) {
		run_seed(seed);
		engine_stats(&a);
		run_seed(seed);
		engine_stats(&b);
		CHECK(a.trace_hash == b.trace_hash && a.steps == b.steps);
	}
}

int main(int argc, char **argv)
{
	const char *env = getenv("SWAP_RACE_RUNS"), *title;
	unsigned runs = env ? (unsigned)atoi(env) : RACE_RUNS, seed;

	if (argc > 1) {
		CHECK_STR(run_seed((u64)atoll(argv[1])), "");
		engine_exit();
		return TEST_END();
	}
	for (seed = 1; seed <= runs; seed++) {
		title = run_seed(seed);
		if (title[0])
			printf("seed %u: %s\n", seed, title);
		CHECK_STR(title, "");
	}
	deterministic();
	if (!env && FIND_BUGS) {
		find_bug(BUG_ALLOC_NO_WRITEOK_RECHECK, 20000);
		find_bug(BUG_ALLOC_WRITEOK_UNLOCKED, 40000);
		find_bug(BUG_SWAPOFF_NO_WAIT_FOR_ALLOCATION, 40000);
		find_bug(BUG_PUT_DIRECT_NO_DEVICE_REF, 100000);
		find_bug(BUG_BAD_SLOT_SWAPPED, 20000);
		find_bug(BUG_EXTEND_NO_RECHECK, 100000);
		find_bug(BUG_EXTEND_FREED_EARLY, 20000);
		find_bug(BUG_COUNT_SATURATES, 20000);
		find_bug(BUG_HIB_EXTENT_OFF_BY_ONE, 20000);
		find_bug(BUG_HIB_RECURSIVE_LOCK, 20000);
		find_bug(BUG_HIB_DOUBLE_NR_SWAP, 20000);
		find_bug(BUG_HIB_NO_PIN, 20000);
		find_bug(BUG_DISCARD_IN_ALLOCATION, 20000);
		find_bug(BUG_OFFLIST_BIT_COLLIDES, 20000);
		find_bug(BUG_TABLE_ALLOC_NO_RELIST, 20000);
		find_bug(BUG_TABLE_ALLOC_RELOCK_ORDER, 20000);
		find_bug(BUG_TABLE_ALLOC_FOREIGN_CLUSTER, 400000);
	}
	test_print_paths();
	engine_exit();
	return TEST_END();
}
