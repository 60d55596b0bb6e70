/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A target that goes on after a report, for a service that runs round the clock.
 * SWAPRACE_RECORD=FOLDER in the environment switches it on; without it the first
 * report aborts, as libFuzzer and fuzzing services expect. In FOLDER lie then
 *   report-<SHA-1 of the input>       the input; complete as soon as it is there
 *   report-<SHA-1 of the input>.txt   the title, then the report's text
 *   titles                            a line for each title: how often, and the title
 * All reports are counted; of each title with the same top of the stack only the first
 * few inputs of a process are kept. SWAPRACE_RECORD_LOG=FILE: a line for each input
 * that is kept is appended to FILE as well, for a test that counts by itself.
 */
#ifndef FUZZ_TARGETS_RECORD_H
#define FUZZ_TARGETS_RECORD_H

#include <stddef.h>

#include "core/base/types.h"

/* Reads the environment. Once, before the first input; a folder that is not there
 * ends the process with status 3 and one line that says so. name: the target's. */
void record_init(const char *name);
/* Does this process go on after a report? */
bool record_is_on(void);
/*
 * Counts a report and possibly keeps its input. text: what a person reads, its first
 * line aside from the title; may be NULL. A full disk keeps nothing and loses no
 * count: the next report of that kind tries again.
 */
void record_report(const char *title, const char *text, const u8 *data, size_t size);

#endif
