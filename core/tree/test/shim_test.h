/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of the shim's primitives, compiled with the tree's headers and part of each
 * tree's executable: swaprace --world=tree:NAME selftest runs them. A test's state is
 * world memory, so each run begins with it as it is written down.
 */
#ifndef CORE_TREE_TEST_SHIM_TEST_H
#define CORE_TREE_TEST_SHIM_TEST_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "core/tree/shim/shim.h"

#define SELFTEST_FAILS(what) "selftest: " what
/* As BUG_ON(), with a title that is the same in all builds. */
#define MUST(condition, what)                                                         \
	do {                                                                          \
		if (!(condition))                                                     \
			seam_report(SELFTEST_FAILS(what), #condition "\n");           \
	} while (0)

/* Rows of tests: silent in all schedules, with outcomes that must come; reported. */
#define SILENT(name_, see_, ...) { .name = #name_, .see = (see_), .task = { __VA_ARGS__ } }
#define PLANTED(name_, title_, ...) \
	{ .name = #name_, .title = (title_), .task = { __VA_ARGS__ } }
#define PLANTED_TSAN(name_, title_, ...) \
	{ .name = #name_, .title = (title_), .tsan = 1, .task = { __VA_ARGS__ } }

/* Files of tests; each ends with a row without a name. */
extern const struct tree_selftest shim_lock_tests[], shim_rcu_tests[], shim_wait_tests[],
	shim_memory_tests[], shim_cpu_tests[], shim_io_tests[];

#endif
