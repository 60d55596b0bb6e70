/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generating programs and schedules until something is found: what the commands
 * search and matrix have in common. A search is a sequence of programs that depends on
 * its seed alone. Program n is made from the pool of rare programs as programs up to
 * n - SEARCH_DELAY have left it. So as many of them can run at once, in as many
 * processes as there are cores, and what is found does not depend on how many.
 */
#ifndef FUZZ_TOOLS_SEARCH_H
#define FUZZ_TOOLS_SEARCH_H

#include "fuzz/exec/coverage.h"
#include "fuzz/exec/run.h"

#define SEARCH_POLICY_PORTFOLIO (-1)
#define SEARCH_DELAY 64
#define SEARCH_JOBS_MAX SEARCH_DELAY

struct search {
	/* in */
	const struct prog_profile *profile; /* which programs; unused with fixed */
	const struct prog *fixed;           /* this program under many schedules, or NULL */
	int policy;                         /* enum prog_policy, or SEARCH_POLICY_PORTFOLIO */
	enum engine_backend backend;
	struct seeded_bug_set bugs;
	u64 seed;
	unsigned jobs;                      /* processes; 0 and 1: this one; native: 1 */
	double seconds;                     /* limit; 0: none */
	u64 schedules_max;                  /* limit; 0: none */
	bool races_marked;                  /* as in run_options */
	struct run_coverage *coverage;      /* may be NULL */
	bool quiet;
	/* Called in this process, for the programs in their order, with what is out below;
	 * true: the search ends. NULL: it ends at the first report. */
	bool (*program_done)(struct search *s, void *arg);
	void *arg;
	/* out */
	bool found;                         /* the last program had a report */
	u64 schedules, truncated;
	double elapsed;
	struct prog prog;                   /* that program, with its policy and seed */
	struct run_result result;           /* of its report: title, label, body, hash, step */
};

/* Runs until a report, or a limit. 0; EXIT_ENVIRONMENT after a line on stderr where a
 * process of the search came to an end, or none could be started. */
int search_run(struct search *s);
/* For native, whose first report ends the process: called before each run. */
extern const struct search *search_current;
/* From now on the first SIGINT or SIGTERM ends the search after the run that is under way,
 * the second one the process. */
void search_catch_signals(void);
/* Has there been one? */
bool search_stopped(void);

/* ---- search.c, for search_jobs.c ---- */

#define SEARCH_BODY_MAX (64 * 1024)

/* What the runs of one program gave. */
struct search_slot {
	u64 ready;       /* the program's number + 1; search_jobs.c: atomic */
	u64 points;
	u32 ran, truncated;
	bool found;
	struct prog prog;
	char title[REPORT_TITLE_MAX], label[16];
	char body[SEARCH_BODY_MAX];
	u64 hash;
	u32 step;
	u8 taken[];      /* rare_bytes() */
};
size_t search_slot_size(void);
/* What the pool gets of it: NULL where it has reported something. */
const struct prog *search_parent(const struct search_slot *slot);
/* Makes program n and runs it, under at most limit schedules. The pool must be that of
 * program n. */
void search_program(struct search *s, u64 n, u32 limit, struct search_slot *slot);
/* The next program's results, in the order of the programs. True: the search is over. */
bool search_take(struct search *s, const struct search_slot *slot);
/* Is there no budget left? start: now_seconds() when the search began. */
bool search_is_over(struct search *s, double start);
void search_print_progress(const struct search *s);

/* ---- search_jobs.c ---- */

/* The search in s->jobs processes. Status as search_run(). */
int search_in_processes(struct search *s, double start);

#endif
