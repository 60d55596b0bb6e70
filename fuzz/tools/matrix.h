/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of swaprace matrix. */
#ifndef FUZZ_TOOLS_MATRIX_H
#define FUZZ_TOOLS_MATRIX_H

#include "fuzz/tools/search.h"
#include "fuzz/tools/tool.h"

/* ---- cmd_matrix.c ---- */

/* Is the bug one of --bugs= (names or references; NULL: all) that this build can see? */
bool matrix_has(const char *bugs, enum seeded_bug bug);

/* ---- matrix_titles.c ---- */

/* --titles=SCHEDULES: a status. */
int matrix_titles(const char *bugs, u64 schedules, const struct prog_profile *profile,
		  unsigned jobs);

#endif
