/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Generating programs and schedules until something is found: what the commands
 * search, matrix and bench have in common. */
#ifndef FUZZ_TOOLS_SEARCH_H
#define FUZZ_TOOLS_SEARCH_H

#include "fuzz/exec/coverage.h"
#include "fuzz/exec/run.h"

#define SEARCH_POLICY_PORTFOLIO (-1)

struct search {
	/* in */
	const struct prog_profile *profile; /* which programs; unused with fixed */
	const struct prog *fixed;           /* this program under many schedules, or NULL */
	int policy;                         /* enum prog_policy, or SEARCH_POLICY_PORTFOLIO */
	enum engine_backend backend;
	struct seeded_bug_set bugs;
	u64 seed;
	double seconds;                     /* limit; 0: none */
	u64 schedules_max;                  /* limit; 0: none */
	bool races_marked;                  /* as in run_options */
	struct run_coverage *coverage;      /* may be NULL */
	bool quiet;
	/* out */
	bool found;
	u64 schedules, truncated;
	double elapsed;
	struct prog prog;                   /* the program that failed, with its seed */
	struct run_result result;           /* of the last run */
};

/* Runs until a report, or a limit. Deterministic for a seed but for the time limit. */
void search_run(struct search *s);
/* For native, whose first report ends the process: called before each run. */
extern const struct search *search_current;
/* From now on the first SIGINT or SIGTERM ends the search after the run that is under way,
 * the second one the process. */
void search_catch_signals(void);
/* Has there been one? */
bool search_stopped(void);

#endif
