/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Running a program: reset, set-up, one context a task, checks when the machine
 * is quiet, tear-down, audit. One run at a time in a process. The world is the one
 * that the executable is linked with unless the caller names another; it is reached
 * through its ops table only.
 */
#ifndef FUZZ_EXEC_RUN_H
#define FUZZ_EXEC_RUN_H

#include "core/base/counters.h"
#include "core/base/seeded_bug.h"
#include "core/engine/engine.h"
#include "core/engine/policy.h"
#include "fuzz/prog/prog.h"
#include "fuzz/sched/sched.h"

struct run_coverage; /* coverage.h */

struct run_options {
	enum engine_backend backend;
	int policy;            /* enum prog_policy, or RUN_POLICY_OF_PROGRAM */
	bool seed_set;         /* seed below instead of the program's */
	u64 seed;
	struct seeded_bug_set bugs;
	bool log;              /* keep the event log: engine_log() until the next run */
	bool capture;          /* stacks at every lock, for the report's text: slow */
	bool flush_shadow;     /* TSan: verdict independent of earlier runs; 120 us */
	/* TSan remembers four accesses to a word and forgets one of them by chance:
	 * repeat a run that reports nothing up to so often. 0: once. */
	u8 race_tries;
	bool report_known;     /* a world's known warnings are reports too */
	bool races_marked;     /* TSan: also races of which one side is marked, in any world */
	/* Sets the world up, even if it could go back to where the last set-up ended: whoever
	 * looks at the edges that a run takes wants those of set-up too. So does feedback. */
	bool fresh;
	bool check_ops;        /* check_cheap() at the end of each op */
	bool feedback;         /* for the fuzzer: feedback_into() */
	u32 steps_max;         /* 0: the engine's default */
	struct run_coverage *coverage;  /* what this run adds to, or NULL */
	const struct sched_schedule *schedule; /* replay this one, not the program's */
	struct sched_policy *scheduler; /* instead of any of these, or NULL */
};
#define RUN_POLICY_OF_PROGRAM (-1)
/* The program's policy and seed, sim, all checks, no bug. */
extern const struct run_options run_defaults;

enum run_status {
	RUN_CLEAN,
	RUN_REPORT,
	RUN_TRUNCATED, /* too long: for TSan, or at all. Nothing found, but not called clean */
};

struct run_result {
	enum run_status status;
	char title[REPORT_TITLE_MAX]; /* "" unless RUN_REPORT */
	char label[16];               /* op that made the report: "A3", "setup" */
	char *body;                   /* the report's text, malloc'ed; NULL without one */
	u64 hash;                     /* trace hash, up to the first report */
	u64 hash_at_bug;              /* ... at the first evaluation of any of the bugs, 0: none */
	u32 step;                     /* of the report */
	struct engine_stats stats;
	u64 counters[COUNTER_COUNT];
	u32 ops, ops_failed;          /* ops that ended; of those, with an error */
	u32 io_errors, alloc_failures; /* injected */
	u32 races_marked;             /* TSan: seen, and not reported */
	u32 dropped;                  /* edges that the policy gave up (replay) */
	u32 first_dropped;            /* index of the first one, if any */
	/* Edges and choices that were not met, whatever the policy: their side, or event,
	 * did not come. Not those that a report left open. */
	u32 unmet;
	u32 open;                     /* those that a report left open */
	struct run_unmet {
		bool is_choice;
		u32 index;            /* in the program's edges or choices */
		enum sched_edge_end why;
		u32 came;             /* events of the missing side's key */
	} first_unmet;                /* of unmet, else of open */
	ctx_mask contexts;            /* mask of contexts that had an event (log) */
};

/*
 * Where the features of a run go, whose options have feedback: one byte each, 1 when it was
 * there. Whoever reads them clears them. NULL, the default: libFuzzer's extra counters.
 */
#define FEEDBACK_FEATURES 8192
void feedback_into(u8 *features);

/* opt NULL: run_defaults; world NULL: world_linked. result is
 * overwritten: run_result_clear() it, or zero it, before the first use. */
enum run_status run_program(const struct prog *p, const struct world_ops *world,
			    const struct run_options *opt, struct run_result *result);
/* The reset and the set-up of such a run alone: to measure them. RUN_CLEAN or RUN_REPORT. */
enum run_status run_set_up_only(const struct prog *p, const struct world_ops *world,
				const struct run_options *opt, struct run_result *result);
void run_result_clear(struct run_result *result);
/* Ends all engine state of the process. */
void run_exit(void);

/* Does the result meet an expect: line (fuzz/prog/expect.h; a valid one)? *applies
 * says whether the line means this build and this world. */
bool run_meets_expect(const struct run_result *result, const char *line, bool *applies);
/* "plain", "asan" or "tsan". */
const char *run_build_name(void);
/* Makes the program's machine one that the world can be. */
void run_fit(struct prog *p, const struct world_ops *world);
/* Can the world be this program's machine? False: a line in why. */
bool run_machine_check(const struct prog *p, const struct world_ops *world, char *why,
		       size_t size);

/* ---- record.c ---- */

/*
 * out: the same program with policy replay and the schedule that opt's run takes
 * as edges and choices, so that it gives the same trace hash. 0, -E2BIG where the
 * schedule does not fit into a program (see run_reduce()), -EILSEQ where a rerun
 * does not give the same hash (result then says what it gave).
 */
int run_record(const struct prog *p, const struct world_ops *world,
	       const struct run_options *opt, struct prog *out, struct run_result *result);
/*
 * For programs that fail: as run_record(), but only the title must stay (NULL: the one
 * of p's report; or a counter, see goal.h); edges and choices that it doesn't need are
 * left out until the schedule is as small as removing parts of it makes it. What is
 * left is met in the run. tick(arg) false: time is up. -ENOENT: p does not give the title.
 */
int run_reduce(const struct prog *p, const struct world_ops *world,
	       const struct run_options *opt, const char *title, struct prog *out,
	       struct run_result *result, bool (*tick)(void *arg), void *arg);
/* Edges and choices of a program as the policy takes them, and back (-E2BIG: too
 * many of them). */
void run_schedule_of(const struct prog *p, struct sched_schedule *out);
int run_schedule_to(struct prog *p, const struct sched_schedule *s);

/* ---- minimize.c ---- */

/* prog_minimize() with "the same title" as the predicate: records and reduces the
 * schedule first, then removes what the title does not need. 0 or -errno as
 * run_reduce(). p is replaced by the smallest program found. */
struct run_minimize {
	const struct world_ops *world;
	struct run_options options;
	bool (*tick)(void *arg); /* NULL: no limit */
	void *arg;
	unsigned jobs; /* processes; 0 and 1: this one. The result is the same */
	u64 runs;     /* out */
	bool minimal; /* out: a checked local minimum */
	bool met;     /* out: each edge and choice is met */
	char title[REPORT_TITLE_MAX]; /* in: "" takes what p gives; a counter: goal.h; out */
};
int run_minimize(struct prog *p, struct run_minimize *m);

#endif
