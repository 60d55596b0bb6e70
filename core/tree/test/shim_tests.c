// SPDX-License-Identifier: GPL-2.0-or-later
/* The list of all tests of the shim. */
#include <linux/kernel.h>

#include "core/tree/test/shim_test.h"

const struct tree_selftest *tree_selftest(unsigned i)
{
	const struct tree_selftest *const files[] = {
		shim_lock_tests, shim_rcu_tests, shim_wait_tests, shim_memory_tests,
		shim_cpu_tests, shim_io_tests,
	};
	unsigned f;

	for (f = 0; f < ARRAY_SIZE(files); f++) {
		const struct tree_selftest *test;

		for (test = files[f]; test->name; test++)
			if (!i--)
				return test;
	}
	return NULL;
}
