// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * TSan: which races are reports. Two tasks race on one word, plainly or with a mark
 * on one side; a run may want marked races counted only; a context may ask TSan not
 * to look, and a run that ends meanwhile leaves nobody blind. Skipped elsewhere.
 */
#include "core/base/test.h"
#include "core/kapi/test/world.h"

#ifdef SWAPRACE_TSAN
static u32 *word;
static u8 races;
static u32 marked;

static void races_setup(void *arg)
{
	(void)arg;
	word = engine_arena_alloc(64);
}

static void plain(void *arg)
{
	(void)arg;
	engine_point(SITE("plain"), EV_STORE, word, 4);
	*(word) += 1;
}

static void mark(void *arg)
{
	(void)arg;
	engine_point(SITE("mark"), EV_STORE, word, 4);
	engine_store_relaxed(word, 7);
}

static void blind(void *arg)
{
	engine_race_ignore_begin();
	engine_race_ignore_begin();
	plain(arg);
	engine_race_ignore_end();
	plain(arg);
	engine_race_ignore_end();
}

static void blind_end(void *arg)
{
	(void)arg;
	engine_race_ignore_begin();
	report("ends here", "");
}

/* How many of 20 schedules report. */
static unsigned reports(void (*a)(void *), void (*b)(void *))
{
	const struct engine_task task[] = { { .fn = a }, { .fn = b, .cpu = 1 } };
	struct engine_config config = { .cpus = 2, .ntasks = 2, .tasks = task, .races = races,
					.policy = &test_policy_random };
	unsigned n = 0;

	marked = 0;
	for (u64 seed = 1; seed <= 20; seed++) {
		config.seed = seed;
		engine_reset(&config);
		engine_quiet(races_setup, NULL);
		engine_run();
		n += engine_report() != NULL;
		marked += engine_races_marked();
	}
	return n;
}

int main(void)
{
	races = ENGINE_RACES_ALL;
	CHECK(reports(plain, plain) > 0);
	CHECK(reports(plain, mark) > 0);
	CHECK_EQ(reports(mark, mark), 0);
	CHECK_EQ(marked, 0);
	races = ENGINE_RACES_PLAIN;
	CHECK(reports(plain, plain) > 0);
	CHECK_EQ(marked, 0);
	CHECK_EQ(reports(plain, mark), 0);
	CHECK(marked > 0);
	CHECK_EQ(reports(plain, blind), 0);
	CHECK_EQ(reports(blind_end, mark), 20);
	CHECK(reports(plain, plain) > 0);
	engine_exit();
	return TEST_END();
}
#else
int main(void)
{
	printf("skipped: not the tsan build\n");
	return 77;
}
#endif
