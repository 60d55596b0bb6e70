/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swaprace compare, shared by its two ways: by schedules (two trees, before and after
 * a patch) and op by op (the model against a tree).
 */
#ifndef FUZZ_TOOLS_COMPARE_H
#define FUZZ_TOOLS_COMPARE_H

#include "fuzz/tools/remote.h"

#define SIDES 2 /* 0: --base, 1: --with */

struct comparison {
	struct remote side[SIDES];
	bool ops;             /* op by op: the machine is the one of the fixed order */
	bool events;          /* count events by site, too; by schedules alone */
	u64 schedules, seed;
	double seconds;       /* generated programs for so long; 0: as many as programs says */
	u64 programs;
	const char *out;      /* where programs that differ go; NULL: nowhere */
	const struct prog_profile *profile;
	const char *const *file;
	int nfiles;
	/* counted */
	u64 compared, refused;
};

/* The next program, with a machine that both can be. False: there is none. A file that
 * cannot be read ends it: *status. */
bool comparison_next(struct comparison *c, struct prog *p, char name[256], int *status);
/* Keeps p under --out as NAME-TAG.prog. */
void comparison_keep(const struct comparison *c, const struct prog *p, const char *name,
		     const char *tag, const char *expect);

/* Each prints its table; EXIT_CLEAN, EXIT_REPORT where something differs, EXIT_USAGE. */
int compare_schedules(struct comparison *c);
int compare_ops(struct comparison *c);

#endif
