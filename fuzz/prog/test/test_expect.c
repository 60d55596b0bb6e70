// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: an expect: line means what it says, and a line that means nothing is refused.
 * Method: tables; a condition is asked for each build and two worlds.
 */
#include "core/base/counters.h"
#include "core/base/test.h"
#include "fuzz/prog/expect.h"

static const struct world_ops model = { .name = "model" };
static const struct world_ops tree = { .name = "tree:a", .version = "7.3.4" };
static const char *const builds[] = { "plain", "asan", "tsan" };

/* Each digit: plain, asan, tsan. */
static const struct { const char *line, *what, *in_model, *in_tree; } good[] = {
	{ "WARNING: x", "WARNING: x", "111", "111" },
	{ "[tsan] data-race in a / b", "data-race in a / b", "001", "001" },
	{ "[asan,tsan]  x", "x", "011", "011" },
	{ "[tree] x", "x", "000", "111" },
	{ "[ tree>=7.3 , tsan ] x", "x", "000", "001" },
	{ "[tree<7.3] x", "x", "000", "000" },
	{ "[model, plain] x", "x", "100", "000" },
	{ "clean", "clean", "111", "111" },
};

static const struct { const char *line, *why; } bad[] = {
	{ "[msan] x", "in brackets" },
	{ "[TSAN] x", "in brackets" },
	{ "[] x", "in brackets" },
	{ "[tsan,] x", "in brackets" },
	{ "[tsan x", "not closed" },
	{ "[tsan]", "missing" },
	{ "counter nope > 0", "no counter" },
	{ "counter needless_drain < 1", "is expected" },
	{ "counter needless_drain > x", "is expected" },
	{ "counter needless_drain > 1 2", "is expected" },
	{ "[tsan] counter needless_drain", "is expected" },
};

int main(void)
{
	struct expect e;
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		CHECK(expect_parse(good[i].line, &e, &why));
		CHECK_STR(e.what, good[i].what);
		for (size_t b = 0; b < ARRAY_SIZE(builds); b++) {
			CHECK_EQ(expect_applies(&e, builds[b], &model), good[i].in_model[b] - '0');
			CHECK_EQ(expect_applies(&e, builds[b], &tree), good[i].in_tree[b] - '0');
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		why = "";
		CHECK(!expect_parse(bad[i].line, &e, &why));
		CHECK_HAS(why, bad[i].why);
	}
	CHECK(expect_parse("counter needless_drain >= 3", &e, &why));
	CHECK(e.is_counter && e.counter == COUNTER_needless_drain && e.bound == 3);
	CHECK_STR(e.op, ">=");
	return TEST_END();
}
