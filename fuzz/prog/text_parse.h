/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser's state, for its parts: text_parse.c (headers, tasks, ops),
 * text_machine.c (the machine line), text_schedule.c (edges and choices).
 * Each returns false after scan_fail().
 */
#ifndef FUZZ_PROG_TEXT_PARSE_H
#define FUZZ_PROG_TEXT_PARSE_H

#include "fuzz/prog/prog.h"
#include "fuzz/prog/text_scan.h"

struct parse {
	struct scan scan;
	struct prog *p;
	struct prog_text *text;    /* never NULL */
	bool have_world, have_bug, have_machine, have_policy, have_mms, in_schedule;
	/* Of each task's line, for errors that show themselves only later. */
	struct { u32 line, column; } mm_at[PROG_TASKS_MAX];
};

/* The rest of the line behind "machine:". */
bool parse_machine(struct parse *ps);
/* A line of the schedule. */
bool parse_schedule_line(struct parse *ps);
/* A number in min..max, else an error that names it and the bounds. */
bool parse_bounded(struct parse *ps, struct span s, const char *what, u32 low, u32 high,
		   u32 *out);
/* "dev0": the number of a device. */
bool parse_dev(struct parse *ps, struct span word, u32 *out);

#endif
