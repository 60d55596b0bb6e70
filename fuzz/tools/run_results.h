/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Results of `swaprace run` for other programs: JSON, JUnit XML, SARIF 2.1.0. They are
 * collected in memory and written when all files have had their turn.
 */
#ifndef FUZZ_TOOLS_RUN_RESULTS_H
#define FUZZ_TOOLS_RUN_RESULTS_H

#include "fuzz/tools/titles.h"
#include "fuzz/tools/tool.h"

/* What became of one file. Strings may be NULL. */
struct run_outcome {
	const char *path;
	enum { OUTCOME_OK, OUTCOME_FAILED, OUTCOME_ERROR, OUTCOME_SKIPPED } kind;
	const char *why;     /* the expectation that was not met, the error, why skipped */
	const char *bug;     /* "none" without one */
	/* Of the first run that failed, else of the last one: */
	const char *title;   /* "" where it was clean */
	const char *body;
	const char *replay;  /* the command that does it again */
	u64 seed;
	bool seeded;
	u64 schedules, good, points, truncated;
	u64 hash, hashes, hash_at_bug;
	const struct titles *titles; /* of all runs */
	double seconds;
};

struct run_results {
	struct results_file { FILE *stream; char *text; size_t size; const char *path; bool any; }
		json, junit, sarif;
	unsigned tests, failures, errors, skipped;
	double seconds;
};

/* Paths may be NULL. 0 or EXIT_ENVIRONMENT. */
int results_begin(struct run_results *r, const char *json, const char *junit, const char *sarif);
void results_add(struct run_results *r, const struct run_outcome *o);
/* Writes the files; 0 or a status after a line on stderr. */
int results_end(struct run_results *r);

#endif
