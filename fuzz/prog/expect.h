/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "expect:" lines of a program: a title, or a bound on a behaviour counter, possibly
 * for some builds or worlds alone: "[tsan] data-race in a / b", "[tree>=7.3] clean",
 * "counter needless_drain > 0". In brackets stand words with commas between them:
 * builds (plain, asan, tsan; one of them must be this one) and worlds (as
 * world_matches() takes them; all must hold). "clean": no report.
 */
#ifndef FUZZ_PROG_EXPECT_H
#define FUZZ_PROG_EXPECT_H

#include "core/base/types.h"
#include "core/base/world_ops.h"

struct expect {
	const char *what;      /* the title; behind the brackets */
	bool is_clean;         /* no report is expected */
	bool is_counter;
	int counter;           /* enum counter */
	char op[3];            /* ">", ">=" or "==" */
	u64 bound;
	const char *condition; /* inside of the brackets */
	size_t condition_len;
};

/* False: *why says what is wrong with the line (a static text). */
bool expect_parse(const char *line, struct expect *e, const char **why);
/* Do the brackets mean this build and this world? */
bool expect_applies(const struct expect *e, const char *build, const struct world_ops *world);
/* Does a world stand in the brackets? */
bool expect_names_world(const struct expect *e);

#endif
