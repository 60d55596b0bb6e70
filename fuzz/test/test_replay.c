// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a program gives one trace hash however often it runs; the schedule that a
 * random run took, written as edges and choices, gives the same hash again and
 * the same report; edges hold what they say and an edge that can't be met is
 * dropped and said. Method: many generated programs on the toy world.
 */
#include "core/base/test.h"
#include "fuzz/exec/run.h"
#include "fuzz/test/toy_world.h"

#ifdef SWAPRACE_TSAN
#define IS_TSAN true
#else
#define IS_TSAN false
#endif

static struct prog p, recorded;
static struct run_result first, second;

/* Op kinds that the toy world has, in few enough pages to collide. */
static void toy_program(struct prog *out, u64 seed)
{
	static const u8 kinds[] = {
		OP_mmap, OP_munmap, OP_write, OP_read, OP_write, OP_read, OP_madv_dontneed,
		OP_fork, OP_cond_resched, OP_reclaim, OP_kswapd, OP_lru_drain, OP_worker,
		OP_madv_pageout, OP_reclaim, OP_kswapd, OP_lru_drain, OP_worker, OP_madv_pageout,
		OP_write, OP_read,
	};
	struct prng rng;

	prng_seed(&rng, seed);
	prog_init(out);
	out->machine.cpus = 2;
	out->machine.mms = 3;
	out->ntasks = (u8)(2 + prng_below(&rng, 3));
	for (unsigned t = 0; t < out->ntasks; t++) {
		struct prog_task *task = &out->task[t];

		task->label = (char)('A' + t);
		task->cpu = (u8)prng_below(&rng, 2);
		task->mm = (u8)(1 + prng_below(&rng, 2));
		task->nops = (u8)(2 + prng_below(&rng, 3));
		for (unsigned i = 0; i < task->nops; i++) {
			struct prog_op *op = &task->op[i];

			op->kind = i == 0 ? OP_mmap : kinds[prng_below(&rng, ARRAY_SIZE(kinds))];
			op->arg[0] = op->kind == OP_fork ? (u8)(3 + prng_below(&rng, 2)) :
							   (u8)prng_below(&rng, 2);
			op->arg[1] = 1 + (u8)prng_below(&rng, 2);
		}
	}
	out->policy = (u8)(PROG_POLICY_RANDOM + prng_below(&rng, 2));
	out->seed = prng_next(&rng);
	prog_repair(out);
}

static void test_same_hash_each_time(void)
{
	for (u64 seed = 0; seed < 300; seed++) {
		toy_program(&p, seed);
		run_program(&p, &toy_world, NULL, &first);
		run_program(&p, &toy_world, NULL, &second);
		CHECK_EQ(first.hash, second.hash);
		CHECK_STR(first.title, second.title);
		CHECK_EQ(first.status, RUN_CLEAN);
		if (first.status)
			printf("%s\n%s", first.title, first.body);
		CHECK_EQ(first.stats.steps, second.stats.steps);
	}
}

static void test_seed_matters(void)
{
	unsigned different = 0;
	u64 hash = 0;

	toy_program(&p, 5);
	for (u64 seed = 0; seed < 50; seed++) {
		p.seed = seed;
		run_program(&p, &toy_world, NULL, &first);
		different += first.hash != hash;
		hash = first.hash;
	}
	CHECK(different > 30);
}

static void test_record_replays_exactly(void)
{
	unsigned exact = 0, reports = 0, too_big = 0;

	for (u64 seed = 0; seed < 4000; seed++) {
		int ret;

		toy_fault = (enum toy_fault)(seed % TOY_HANG);
		toy_program(&p, seed);
		run_program(&p, &toy_world, NULL, &first);
		reports += first.status == RUN_REPORT;
		ret = run_record(&p, &toy_world, NULL, &recorded, &second);
		if (ret == -E2BIG) {
			too_big++;
			continue;
		}
		CHECK_EQ(ret, 0);
		CHECK_EQ(first.hash, second.hash);
		CHECK_STR(first.title, second.title);
		CHECK_EQ(second.dropped, 0);
		CHECK_EQ(recorded.policy, PROG_POLICY_REPLAY);
		exact += ret == 0;
	}
	printf("%u exact, %u with a report, %u too big\n", exact, reports, too_big);
	CHECK(exact > 3900);
	CHECK(reports > 10);
	toy_fault = TOY_NONE;
}

/* A report found at random is kept by a few edges and choices. */
static void test_reduce(void)
{
	unsigned reduced = 0, edges = 0;

	for (u64 seed = 0; seed < 20000 && reduced < 40; seed++) {
		toy_fault = (enum toy_fault)(1 + seed % TOY_IO_ERROR);
		toy_program(&p, seed);
		if (run_program(&p, &toy_world, NULL, &first) != RUN_REPORT)
			continue;
		CHECK_EQ(run_reduce(&p, &toy_world, NULL, NULL, &recorded, &second, NULL, NULL), 0);
		CHECK_STR(first.title, second.title);
		reduced++;
		edges += recorded.nedges + recorded.nchoices;
		run_program(&recorded, &toy_world, NULL, &second);
		CHECK_STR(first.title, second.title);
		CHECK_EQ(second.unmet + second.open, 0);
	}
	printf("%u reduced to %u edges and choices\n", reduced, edges);
	CHECK_EQ(reduced, 40);
	CHECK(edges <= 3 * reduced);
	toy_fault = TOY_NONE;
}

static void test_minimize(void)
{
	static struct run_minimize m;
	unsigned minimized = 0, ops = 0;

	for (u64 seed = 0; seed < 20000 && minimized < 12; seed++) {
		toy_fault = (enum toy_fault)(1 + seed % TOY_IO_ERROR);
		toy_program(&p, seed);
		if (run_program(&p, &toy_world, NULL, &first) != RUN_REPORT)
			continue;
		m = (struct run_minimize){ .world = &toy_world, .options = run_defaults };
		CHECK_EQ(run_minimize(&p, &m), 0);
		CHECK_STR(m.title, first.title);
		CHECK(m.minimal);
		CHECK(m.met);
		run_program(&p, &toy_world, NULL, &second);
		CHECK_STR(first.title, second.title);
		CHECK_EQ(second.unmet + second.open, 0);
		for (unsigned t = 0; t < p.ntasks; t++)
			ops += p.task[t].nops;
		minimized++;
	}
	printf("%u minimized to %u ops\n", minimized, ops);
	CHECK_EQ(minimized, 12);
	CHECK(ops <= 4 * minimized);
	toy_fault = TOY_NONE;
}

/* Two kswapd ops with a planted lost update: B between A's load and store. */
static void lost_update_program(struct prog *out)
{
	prog_init(out);
	out->machine.cpus = 2;
	out->ntasks = 2;
	for (unsigned t = 0; t < 2; t++) {
		out->task[t] = (struct prog_task){ .label = (char)('A' + t), .cpu = (u8)t, .nops = 1 };
		out->task[t].op[0].kind = OP_kswapd;
	}
	out->policy = PROG_POLICY_REPLAY;
}

static struct event_key event_at(u8 ctx, const char *site, u16 nth)
{
	struct event_key e = { .ctx = ctx, .op = 1, .nth = nth };

	e.site = site ? site_hash(site, strlen(site)) : 0;
	return e;
}

static void test_edges_hold(void)
{
	toy_fault = TOY_LOST_UPDATE;
	lost_update_program(&p);
	run_program(&p, &toy_world, NULL, &first);
	CHECK_EQ(first.status, RUN_CLEAN);

	/* A's store after all of B: B's update is lost. */
	p.nedges = 1;
	p.edge[0].event = event_at(0, "toy_add@toy_kswapd", 2);
	p.edge[0].after = event_at(1, NULL, 0);
	run_program(&p, &toy_world, NULL, &first);
	CHECK_STR(first.title, "toy: lost update");
	CHECK_EQ(first.dropped, 0);

	/* Whole ops in order: nothing is lost. */
	p.edge[0].event = event_at(0, NULL, 0);
	run_program(&p, &toy_world, NULL, &first);
	CHECK_EQ(first.status, RUN_CLEAN);
	CHECK_EQ(first.dropped, 0);
	toy_fault = TOY_NONE;
}

static void test_unmet_edge_is_dropped(void)
{
	lost_update_program(&p);
	p.nedges = 2;
	/* B has no third such event: dropped when B's op ends. */
	p.edge[0].event = event_at(0, "toy_add@toy_kswapd", 1);
	p.edge[0].after = event_at(1, "toy_add@toy_kswapd", 3);
	p.edge[1].event = event_at(1, NULL, 0);
	p.edge[1].after = event_at(0, "toy_lock@toy_kswapd", 1);
	run_program(&p, &toy_world, NULL, &first);
	CHECK_EQ(first.status, RUN_CLEAN);
	CHECK(first.dropped >= 1);
	CHECK_EQ(first.first_dropped, 0);

	/* Each waits for the other. */
	p.edge[0].event = event_at(0, NULL, 0);
	p.edge[0].after = event_at(1, NULL, 0);
	p.edge[1].event = event_at(1, NULL, 0);
	p.edge[1].after = event_at(0, NULL, 0);
	run_program(&p, &toy_world, NULL, &first);
	CHECK_EQ(first.status, RUN_CLEAN);
	CHECK_EQ(first.dropped, 1);
	CHECK_EQ(first.first_dropped, 0);
}

static void check_unmet(enum sched_edge_end why, u32 index, bool is_choice, u32 came)
{
	CHECK_EQ(first.unmet, 1);
	CHECK_EQ(first.first_unmet.why, why);
	CHECK_EQ(first.first_unmet.index, index);
	CHECK_EQ(first.first_unmet.is_choice, is_choice);
	CHECK_EQ(first.first_unmet.came, came);
}

/* Either side may be missing, and a choice; under each policy. What is met is silent. */
static void test_unmet_is_counted(void)
{
	for (int policy = 0; policy < PROG_POLICY_COUNT; policy++) {
		toy_fault = TOY_LOST_UPDATE;
		lost_update_program(&p);
		p.policy = (u8)policy;
		p.nedges = 1;
		p.edge[0].event = event_at(0, "toy_add@toy_kswapd", 2);
		p.edge[0].after = event_at(1, NULL, 0);
		run_program(&p, &toy_world, NULL, &first);
		CHECK_EQ(first.unmet, 0);
		CHECK_EQ(first.open, 0);
		toy_fault = TOY_NONE; /* A keeps a lock there that B takes */
		run_program(&p, &toy_world, NULL, &first);
		if (policy == PROG_POLICY_REPLAY) /* under the others B may go first */
			check_unmet(SCHED_EDGE_DEADLOCK, 0, false, 1);

		p.edge[0].event.nth = 3; /* the later side does not come */
		run_program(&p, &toy_world, NULL, &first);
		check_unmet(SCHED_EDGE_NO_LATER, 0, false, 2);

		p.edge[0].event = event_at(0, NULL, 0);
		p.edge[0].after = event_at(1, "toy_add@toy_kswapd", 4);
		run_program(&p, &toy_world, NULL, &first);
		check_unmet(SCHED_EDGE_NO_EARLIER, 0, false, 2);

		p.nedges = 0;
		p.nchoices = 1;
		p.choice[0].event = event_at(0, "toy_io@toy_worker", 1);
		run_program(&p, &toy_world, NULL, &first);
		check_unmet(SCHED_EDGE_NO_LATER, 0, true, 0);
	}
}

/* A report may leave an edge open: neither met, nor known to be wrong. */
static void test_report_leaves_edges_open(void)
{
	toy_fault = TOY_LOST_UPDATE;
	lost_update_program(&p);
	p.nedges = 2;
	p.edge[0].event = event_at(0, "toy_add@toy_kswapd", 2);
	p.edge[0].after = event_at(1, "toy_add@toy_kswapd", 2);
	p.edge[1].event = event_at(1, "toy_add@toy_kswapd", 1);
	p.edge[1].after = event_at(0, "toy_add@toy_kswapd", 1);
	run_program(&p, &toy_world, NULL, &first);
	CHECK_STR(first.title, "toy: lost update");
	CHECK_EQ(first.unmet, 0);
	CHECK_EQ(first.open, 0);
	toy_fault = TOY_IO_ERROR;
	prog_init(&p);
	p.machine.cpus = 2;
	p.ntasks = 2;
	for (unsigned t = 0; t < 2; t++) {
		p.task[t] = (struct prog_task){ .label = (char)('A' + t), .cpu = (u8)t, .nops = 1 };
		p.task[t].op[0].kind = OP_worker;
	}
	p.policy = PROG_POLICY_REPLAY;
	p.nchoices = 1;
	p.choice[0].event = event_at(0, "toy_io@toy_worker", 1);
	p.choice[0].value = 1;
	p.nedges = 1;
	p.edge[0].event = event_at(1, NULL, 0);
	p.edge[0].after = event_at(0, NULL, 0);
	run_program(&p, &toy_world, NULL, &first);
	CHECK_STR(first.title, "toy: I/O failed");
	CHECK_EQ(first.unmet, 0);
	CHECK_EQ(first.open, 1);
	CHECK_EQ(first.first_unmet.why, SCHED_EDGE_OPEN);
	toy_fault = TOY_NONE;
}

static void test_choices(void)
{
	prog_init(&p);
	p.task[0].nops = 1;
	p.task[0].op[0].kind = OP_worker;
	p.policy = PROG_POLICY_REPLAY;
	toy_fault = TOY_IO_ERROR;
	run_program(&p, &toy_world, NULL, &first);
	CHECK_EQ(first.status, RUN_CLEAN);
	p.nchoices = 1;
	p.choice[0].event = event_at(0, "toy_io@toy_worker", 1);
	p.choice[0].value = 1;
	run_program(&p, &toy_world, NULL, &first);
	CHECK_STR(first.title, "toy: I/O failed");
	CHECK_EQ(first.io_errors, 1);
	toy_fault = TOY_NONE;
}

static void test_hang_is_livelock(void)
{
	prog_init(&p);
	p.task[0].nops = 1;
	p.task[0].op[0].kind = OP_swapoff;
	toy_fault = TOY_HANG;
	run_program(&p, &toy_world, NULL, &first);
	CHECK_STR(first.title, "livelock in swapoff");
	toy_fault = TOY_NONE;
	run_program(&p, &toy_world, NULL, &first);
	CHECK_EQ(first.status, RUN_CLEAN);
}

static void test_expect(void)
{
	static struct run_result clean, report = { .status = RUN_REPORT, .title = "toy: T" };
	bool applies;

	clean.counters[COUNTER_wp_copy] = 3;
	CHECK(run_meets_expect(&report, "toy: T", &applies) && applies);
	CHECK(!run_meets_expect(&report, "toy: U", &applies));
	CHECK(!run_meets_expect(&clean, "toy: T", &applies));
	CHECK(run_meets_expect(&clean, "counter wp_copy > 2", &applies));
	CHECK(!run_meets_expect(&clean, "counter wp_copy > 3", &applies));
	CHECK(run_meets_expect(&clean, "counter wp_copy >= 3", &applies));
	CHECK(run_meets_expect(&clean, "counter wp_copy == 3", &applies) && applies);
	CHECK(!run_meets_expect(&clean, "counter wp_copy == 2", &applies));
	CHECK(!run_meets_expect(&clean, "counter no_such > 0", &applies));
	CHECK(run_meets_expect(&report, "[tsan] toy: T", &applies));
	CHECK(applies == IS_TSAN);
}

int main(void)
{
	test_expect();
	test_same_hash_each_time();
	test_seed_matters();
	test_edges_hold();
	test_unmet_edge_is_dropped();
	test_unmet_is_counted();
	test_report_leaves_edges_open();
	test_choices();
	test_hang_is_livelock();
	test_record_replays_exactly();
	test_reduce();
	test_minimize();
	run_result_clear(&first);
	run_result_clear(&second);
	run_exit();
	return TEST_END();
}
