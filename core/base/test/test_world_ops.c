// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: texts that speak of worlds mean the right ones, and others are refused.
 * Method: a table of texts against three worlds.
 */
#include "core/base/test.h"
#include "core/base/world_ops.h"

static const struct world_ops model = { .name = "model" };
static const struct world_ops mine = { .name = "tree:mine", .version = "7.3.4" };
static const struct world_ops next = { .name = "tree:next", .version = "7.10-rc2" };

static const struct { const char *spec; int model, mine, next; } cases[] = {
	{ "model", 1, 0, 0 },
	{ "tree", 0, 1, 1 },
	{ "tree:mine", 0, 1, 0 },
	{ "tree:min", 0, 0, 0 },
	{ "tree:minee", 0, 0, 0 },
	{ "tree>=7.3", 0, 1, 1 },
	{ "tree>7.3", 0, 0, 1 },
	{ "tree<=7.3", 0, 1, 0 },
	{ "tree<7.3", 0, 0, 0 },
	{ "tree=7.3", 0, 1, 0 },
	{ "tree=7.3.4", 0, 1, 0 },
	{ "tree=7.3.5", 0, 0, 0 },
	{ "tree<7.3.5", 0, 1, 0 },
	{ "tree>=7.10", 0, 0, 1 },
	{ "tree>6", 0, 1, 1 },
};

static const char *const wrong[] = {
	"", "mode", "models", "Model", "tre", "trees", "tree:", "tree>", "tree>=", "tree>=7.",
	"tree>=7.x", "tree>=.3", "tree>=7.3.4.5", "tree!7", "tree==7.3", "asan",
};

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *s = cases[i].spec;

		CHECK_EQ(world_matches(&model, s, strlen(s)), cases[i].model);
		CHECK_EQ(world_matches(&mine, s, strlen(s)), cases[i].mine);
		CHECK_EQ(world_matches(&next, s, strlen(s)), cases[i].next);
		CHECK_EQ(world_matches(NULL, s, strlen(s)), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		CHECK_EQ(world_matches(&mine, wrong[i], strlen(wrong[i])), -EINVAL);
		CHECK_EQ(world_matches(NULL, wrong[i], strlen(wrong[i])), -EINVAL);
	}
	return TEST_END();
}
