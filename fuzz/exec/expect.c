// SPDX-License-Identifier: GPL-2.0-or-later
/* Does a run meet an expect: line (fuzz/prog/expect.h)? */
#include <string.h>

#include "fuzz/exec/run.h"
#include "fuzz/exec/title.h"
#include "fuzz/prog/expect.h"

const char *run_build_name(void)
{
#if defined(SWAPRACE_TSAN)
	return "tsan";
#elif defined(SWAPRACE_ASAN)
	return "asan";
#else
	return "plain";
#endif
}

static bool counter_meets(const struct run_result *result, const struct expect *e)
{
	u64 value = result->counters[e->counter];

	if (!strcmp(e->op, ">"))
		return value > e->bound;
	return e->op[0] == '>' ? value >= e->bound : value == e->bound;
}

bool run_meets_expect(const struct run_result *result, const char *line, bool *applies)
{
	struct expect e;
	const char *why;

	*applies = true;
	if (!expect_parse(line, &e, &why))
		return false; /* the parser of programs refuses such lines */
	*applies = expect_applies(&e, run_build_name(), world_linked);
	if (e.is_counter)
		return result->status != RUN_REPORT && counter_meets(result, &e);
	if (e.is_clean)
		return result->status != RUN_REPORT;
	return result->status == RUN_REPORT && title_is(result->title, e.what);
}
