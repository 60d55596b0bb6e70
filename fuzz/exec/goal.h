/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The goal of record.c's reduction and of minimize.c: a title, and a schedule that is
 * the one that happens. */
#ifndef FUZZ_EXEC_GOAL_H
#define FUZZ_EXEC_GOAL_H

#include "fuzz/exec/run.h"

/* "counter NAME > N": a behaviour, no report. */
bool run_title_is_counter(const char *title);
/* Does the result of this run of p have the title? For a counter: also not without the
 * bugs, which takes a run of its own. */
bool run_has_title(const struct prog *p, const struct world_ops *world,
		   const struct run_options *opt, const char *title,
		   const struct run_result *result);
/* Runs p; as run_has_title(). */
bool run_gives(const struct prog *p, const struct world_ops *world,
	       const struct run_options *opt, const char *title, struct run_result *result);
/* Did each edge and choice of the schedule say what happened? */
bool run_schedule_met(const struct run_result *result);

#endif
