// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a title is found under its old names and under no other one. Method: each rule of
 * title_alias.def, and near misses. scripts/service/test/test_parts.py reads these cases, too.
 */
#include "core/base/test.h"
#include "fuzz/exec/title.h"

static const struct { const char *title, *wanted; bool is; } cases[] = {
	{ "contents: lost write", "contents: lost write", true },
	{ "contents: lost write", "contents: torn page", false },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc of f at teardown", true },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc of g at teardown", false },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc-16 of f at teardown", true },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc-256 of f at teardown", true },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc-1k of f at teardown", true },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc-large of f at teardown", true },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc-1k of g at teardown", false },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc-16 of g at teardown", false },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc-16 in use at teardown", true },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc-1k in use at teardown", true },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc-large in use at teardown", true },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc- in use at teardown", false },
	{ "leak: kmalloc of f at teardown", "leak: kmalloc-16 in use", false },
	{ "leak: kmalloc of f", "leak: kmalloc-16 in use at teardown", false },
	/* never the other way round: an old report has no new name */
	{ "leak: kmalloc-16 of f at teardown", "leak: kmalloc of f at teardown", false },
	{ "leak: anon_vma in use at teardown", "leak: kmalloc-16 in use at teardown", false },
	{ "", "leak: kmalloc-16 in use at teardown", false },
	{ "", "", true },
};

static void test_expectations(void)
{
	static const struct { const char *title, *wanted; } lines[] = {
		{ "data-race in f / g", "[tsan] data-race in f / g" },
		{ "heap-use-after-free in f", "[asan] heap-use-after-free in f" },
		{ "use-after-poison in f", "[asan] use-after-poison in f" },
		{ "UBSAN: shift-out-of-bounds in f", "[asan] UBSAN: shift-out-of-bounds in f" },
		{ "WARNING: no data-race in f", "WARNING: no data-race in f" },
		{ "livelock in swapoff", "livelock in swapoff" },
		{ "general protection fault in f", "general protection fault in f" },
		{ "write-after-free", "write-after-free" },
		{ "", "" },
	};
	char line[64];

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		title_expectation(lines[i].title, line, sizeof(line));
		CHECK_STR(line, lines[i].wanted);
	}
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (title_is(cases[i].title, cases[i].wanted) != cases[i].is) {
			printf("%s / %s\n", cases[i].title, cases[i].wanted);
			CHECK(false);
		} else {
			CHECK(true);
		}
	test_expectations();
	return TEST_END();
}
