/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world in a process of its own: a child with the executable of that world, which
 * runs one program at a time for its parent. Both are built from the same sources, so
 * they share plain structs in memory; a byte on a socket says whose turn it is. The
 * child ends with its parent.
 */
#ifndef FUZZ_TOOLS_REMOTE_H
#define FUZZ_TOOLS_REMOTE_H

#include <sys/types.h>

#include "fuzz/kernel/fixed_order.h"
#include "fuzz/kernel/observe.h"
#include "fuzz/tools/event_counts.h"
#include "fuzz/tools/tool.h"

#define REMOTE_BODY_MAX (64 * 1024)
#define REMOTE_READS_MAX (PROG_TASKS_MAX * PROG_OPS_MAX)

enum remote_command {
	REMOTE_GENERATE, /* prog is a generated one of this world's, by seed and profile */
	REMOTE_FIT,     /* makes prog's machine one that the world can be */
	REMOTE_RUN,     /* one schedule */
	REMOTE_REDUCE,  /* a run that reports: prog gets the schedule that its title needs */
	REMOTE_OBSERVE, /* in a fixed order, with the state after each op */
};

/* What one read op gave: a digest of its words. */
struct remote_read { u8 task, op; s32 ret; u64 words; };

struct remote_shared {
	/* the child's, from its start */
	u64 layout;         /* of this struct: both must have the same */
	char name[64], version[32], identity[160];
	/* asked */
	enum remote_command command;
	struct prog prog;   /* FIT and REDUCE change it */
	s32 policy;         /* enum prog_policy, RUN_POLICY_OF_PROGRAM */
	bool seed_set;
	bool count_events;  /* RUN: adds those of a run without a report to events */
	u64 seed;
	u8 race_tries;
	char profile[24];   /* GENERATE */
	bool kept_in_order; /* OBSERVE: order below, else made from prog */
	struct fixed_order order;
	/* answered */
	s32 ret;            /* FIT: 0 or -EINVAL with why; REDUCE: as run_reduce() */
	char why[160];
	enum run_status status;
	char title[REPORT_TITLE_MAX], label[16];
	char body[REMOTE_BODY_MAX];
	u64 hash, steps;
	u64 counters[COUNTER_COUNT];
	struct remote_read reads[REMOTE_READS_MAX];
	u32 nreads;
	struct observation seen;
	struct event_counts events;
};

struct remote {
	struct remote_shared *shared;
	int fd;
	pid_t pid;
	char world[64];     /* as it was asked for */
};

/* Starts the executable of the world ("model" or "tree:NAME"). 0, or a status after a
 * line on stderr. */
int remote_open(struct remote *r, const char *world);
/* Has the child carry out shared->command. 0; a status after a line on stderr when the
 * child ends or does not answer within two minutes. */
int remote_call(struct remote *r);
void remote_close(struct remote *r);

/* The child's side, behind `swaprace serve FD MEMORY`: serves until the parent ends. */
int remote_serve(int argc, char **argv);

#endif
