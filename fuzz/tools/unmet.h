/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Edges and choices of a schedule that were not met, in words. */
#ifndef FUZZ_TOOLS_UNMET_H
#define FUZZ_TOOLS_UNMET_H

#include <stdio.h>

#include "fuzz/exec/run.h"

#define UNMET_TEXT_MAX 1400

/* One line, without its end: which edge or choice, and why it was not met. */
void unmet_describe(const struct prog *p, const struct run_unmet *u, char *buf, size_t size);
/* The next edge or choice from *index on (choices are numbered behind the edges) that
 * names a site which this build does not have: one line in buf, with the nearest name;
 * *index is behind it then. False: there are no more. */
bool unmet_unknown(const struct prog *p, const struct prog_text *text, u32 *index, char *buf,
		   size_t size);

#endif
