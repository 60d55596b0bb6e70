// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The last words of a target: glibc's assert shape, by which fuzzing services
 * group failures, then abort(), by which libFuzzer keeps the input.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/targets/target.h"

void fuzz_fail(const char *file, int line, const char *func, const char *title)
{
	fprintf(stderr, "%s:%d: %s: Assertion `%s' failed.\n", file, line, func, title);
	fflush(NULL);
	abort();
}
