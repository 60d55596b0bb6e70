// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a cluster that became empty is discarded before it is used again, by the
 * worker or when allocation finds nothing else, never under a lock; nobody
 * touches it meanwhile. Method: each way by itself, then all at once at random.
 */
#include "core/swap/test/swap_test.h"

static struct swap_cluster_info *cluster(unsigned int i)
{
	return &swap_info[0]->cluster_info[i];
}

/* Fills and empties cluster 1: free clusters come first on such a device. */
static void use_cluster(void)
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		CHECK_EQ(t_fill(&tpages[i], i + 1), 0);
		CHECK_EQ(t_swapout(&tpages[i]), 0);
		CHECK_EQ(swp_offset(tpages[i].entry) / 4, 1);
	}
	for (i = 0; i < 4; i++)
		t_zap(&tpages[i]);
}

static void by_worker(void *arg)
{
	(void)arg;
	use_cluster();
	CHECK_EQ(cluster(1)->flags, CLUSTER_FLAG_DISCARD);
	CHECK_EQ(run_pending_work(), 1);
	CHECK_EQ(cluster(1)->flags, CLUSTER_FLAG_FREE);
	CHECK(!cluster(1)->table);
	CHECK_EQ(counters[COUNTER_discarded], 1);
}

/* 5 other slots are all in use: the 6th page waits for the discard. */
static void by_allocation(void *arg)
{
	unsigned i;

	(void)arg;
	use_cluster();
	for (i = 0; i < 5; i++) {
		CHECK_EQ(t_fill(&tpages[i], i + 1), 0);
		CHECK_EQ(t_swapout(&tpages[i]), 0);
	}
	CHECK_EQ(counters[COUNTER_discarded], 1);
	CHECK_EQ(swp_offset(tpages[4].entry) / 4, 1);
}

static void by_swapoff(void *arg)
{
	(void)arg;
	use_cluster();
	CHECK_EQ(t_swapoff(0, 1), 0);
	CHECK_EQ(counters[COUNTER_discarded], 1);
	CHECK_EQ(sys_swapon(0), 0);
	/* While it goes off, a device doesn't discard. */
	CHECK_EQ(t_fill(&tpages[0], 1), 0);
	CHECK_EQ(t_swapout(&tpages[0]), 0);
	CHECK_EQ(t_swapoff(0, 1), 0);
	CHECK_EQ(counters[COUNTER_discarded], 1);
}

static void traffic(void *arg)
{
	uintptr_t me = (uintptr_t)arg;

	for (unsigned i = 0; i < 4; i++) {
		struct tpage *p = &tpages[(me + i * 2) % TPAGES];

		t_fill(p, me * 100 + i + 1);
		t_swapout(p);
		if (i % 2)
			t_zap(p);
	}
	for (unsigned i = 0; i < 4; i++)
		t_swapin(&tpages[(me + i * 2) % TPAGES]);
}

static void worker(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 4; i++) {
		run_pending_work();
		cond_resched();
	}
}

int main(void)
{
	struct world_config base = test_config(WORLD_DEV_ON | WORLD_DEV_SYNC | WORLD_DEV_DISCARD,
					       9);
	static void (*const racers[])(void *) = { traffic, traffic, worker, traffic };
	const char *title = "";

	base.swap_full = 100;
	TEST_CASE(base, by_worker);
	TEST_CASE(base, by_allocation);
	TEST_CASE(base, by_swapoff);
	seeded_bug_select(BUG_DISCARD_IN_ALLOCATION);
	title = test_run_one(by_allocation);
	CHECK_STR(title, "BUG: sleeping function called from invalid context in discard_swap_cluster");
	seeded_bug_select(BUG_NONE);

	test_walk.stay = 4;
	for (unsigned seed = 1; seed <= TEST_SEEDS; seed++) {
		test_cfg = base;
		if (seed % 2)
			test_cfg.dev[0].flags &= (u8)~WORLD_DEV_SYNC;
		test_cfg.swap_full = seed % 3 ? 100 : 50;
		CHECK_STR(test_run(racers, 4, seed), "");
	}
	engine_exit();
	return TEST_END();
}
