/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the libFuzzer targets share (target.c). A target is a file that defines
 * fuzz_target: its name, which ops and machines it prefers when it mutates, and
 * possibly a world of its own. Any input is a program, whichever target made it.
 */
#ifndef FUZZ_TARGETS_TARGET_H
#define FUZZ_TARGETS_TARGET_H

#include <stddef.h>

#include "core/base/types.h"
#include "fuzz/prog/prog.h"

struct fuzz_target {
	const char *name;
	const struct prog_profile *profile;
	/* NULL: the model. Called once, before the first input. */
	const struct world_ops *(*world)(void);
};
extern const struct fuzz_target fuzz_target;

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
