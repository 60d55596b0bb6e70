/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the minimiser: each pass tries smaller programs and keeps those
 * that hold; it returns whether it kept any.
 */
#ifndef FUZZ_PROG_MINIMIZE_H
#define FUZZ_PROG_MINIMIZE_H

#include "fuzz/prog/prog.h"

struct minimizer {
	struct prog *p;          /* the smallest that held so far */
	struct prog candidate;   /* the next one to try */
	struct prog_minimize *m;
	u64 calls;
	bool stopped;            /* tick() said so */
	u64 *failed;             /* hashes of programs that did not hold; NULL: none kept */
	u32 nfailed;
	u8 bytes[PROG_BYTES_MAX];
};

/* Starts the next candidate from the smallest program; returns it. */
struct prog *minimize_start(struct minimizer *mz);
/* Repairs the candidate and, where it differs and holds, keeps it. */
bool minimize_try(struct minimizer *mz);

/* minimize_values.c */
bool minimize_names(struct minimizer *mz);   /* regions, pages, values, mms together */
bool minimize_args(struct minimizer *mz);    /* one argument at a time */
bool minimize_machine(struct minimizer *mz); /* towards the defaults */

#endif
