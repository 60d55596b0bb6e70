// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * "expect:" lines of a program: a title, or a bound on a behaviour counter,
 * possibly for one build only.
 */
#include <stdio.h>
#include <string.h>

#include "fuzz/exec/run.h"

static const char *build_name(void)
{
#if defined(SWAPRACE_TSAN)
	return "tsan";
#elif defined(SWAPRACE_ASAN)
	return "asan";
#else
	return "plain";
#endif
}

/* "counter NAME > N", also with >= and ==. */
static bool counter_meets(const struct run_result *result, const char *text)
{
	char name[64], op[3];
	unsigned long long bound;
	int counter;

	if (sscanf(text, "counter %63s %2[><=] %llu", name, op, &bound) != 3)
		return false;
	counter = counter_find(name);
	if (counter < 0)
		return false;
	if (!strcmp(op, ">"))
		return result->counters[counter] > bound;
	if (!strcmp(op, ">="))
		return result->counters[counter] >= bound;
	return !strcmp(op, "==") && result->counters[counter] == bound;
}

bool run_meets_expect(const struct run_result *result, const char *expect, bool *applies)
{
	*applies = true;
	if (expect[0] == '[') {
		const char *end = strchr(expect, ']');
		size_t len = end ? (size_t)(end - expect) - 1 : 0;

		*applies = strlen(build_name()) == len && !strncmp(expect + 1, build_name(), len);
		expect = end ? end + 1 : expect;
		expect += strspn(expect, " ");
	}
	if (!strncmp(expect, "counter ", 8))
		return result->status != RUN_REPORT && counter_meets(result, expect);
	return result->status == RUN_REPORT && !strcmp(result->title, expect);
}
