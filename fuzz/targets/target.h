/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share (target.c, mutate.c). A target's file defines fuzz_targets:
 * its name, which ops and machines it prefers when it mutates, and possibly a world of its
 * own. Any input is a program, whichever target made it.
 */
#ifndef FUZZ_TARGETS_TARGET_H
#define FUZZ_TARGETS_TARGET_H

#include <stddef.h>

#include "core/base/types.h"
#include "fuzz/prog/prog.h"

struct fuzz_target {
	const char *name;
	const struct prog_profile *profile;
	/* NULL: the world that is linked. Called once, before the first input. */
	const struct world_ops *(*world)(void);
};
/* Of this executable: one, or (a kernel tree's) several, which other names of the file
 * choose from. Behind the last one stands one without a name. */
extern const struct fuzz_target fuzz_targets[];
extern const struct fuzz_target *fuzz_target; /* the chosen one, at first the first */

/* Decodes data and runs it; on a report does not return, or (record.h) returns -1: an
 * input to be forgotten. Else 0. After LLVMFuzzerInitialize(). */
int target_run(const u8 *data, size_t size);
/* Changes the program in data[0..size) in place and returns its new size, at most
 * max_size; 0: it does not fit. Depends on its arguments and the target's profile alone. */
size_t target_mutate(u8 *data, size_t size, size_t max_size, unsigned int seed);
/* A program made of two into out; its size, or 0 as above. */
size_t target_crossover(const u8 *data1, size_t size1, const u8 *data2, size_t size2, u8 *out,
			size_t max_out_size, unsigned int seed);

/* libFuzzer's entry points; weak where libFuzzer itself defines them. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const u8 *data1, size_t size1, const u8 *data2, size_t size2,
				 u8 *out, size_t max_out_size, unsigned int seed);
size_t LLVMFuzzerMutate(u8 *data, size_t size, size_t max_size);

/* Prints "<file>:<line>: <func>: Assertion `<title>' failed." and aborts. */
void fuzz_fail(const char *file, int line, const char *func, const char *title)
	__attribute__((noreturn));

#endif
