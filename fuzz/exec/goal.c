// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a program that is reduced or minimised must go on giving: the title of a
 * report; or a behaviour that is no report, "counter NAME > N", with the bugs on and
 * not without them.
 */
#include <string.h>

#include "fuzz/exec/goal.h"
#include "fuzz/exec/title.h"

bool run_title_is_counter(const char *title)
{
	return strncmp(title, "counter ", 8) == 0;
}

/* The same schedule without the bugs: the behaviour must not be there. */
static bool counts_without_bugs(const struct prog *p, const struct world_ops *world,
				const struct run_options *opt, const char *title)
{
	struct run_options off = *opt;
	struct run_result without = { 0 };
	bool applies, counts;

	off.bugs = (struct seeded_bug_set){ { 0 } };
	off.coverage = NULL;
	run_program(p, world, &off, &without);
	counts = without.status == RUN_REPORT || run_meets_expect(&without, title, &applies);
	run_result_clear(&without);
	return counts;
}

bool run_has_title(const struct prog *p, const struct world_ops *world,
		   const struct run_options *opt, const char *title,
		   const struct run_result *result)
{
	bool applies;

	if (!run_title_is_counter(title))
		return result->status == RUN_REPORT && title_is(result->title, title);
	if (result->status == RUN_REPORT || !run_meets_expect(result, title, &applies))
		return false;
	return seeded_bugs_none(&opt->bugs) || !counts_without_bugs(p, world, opt, title);
}

bool run_gives(const struct prog *p, const struct world_ops *world,
	       const struct run_options *opt, const char *title, struct run_result *result)
{
	run_program(p, world, opt, result);
	return run_has_title(p, world, opt, title, result);
}

bool run_schedule_met(const struct run_result *result)
{
	return result->unmet == 0 && result->open == 0;
}
