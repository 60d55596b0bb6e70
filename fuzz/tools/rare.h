/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pool of a search: for each named path (PATH()) the last program that took it,
 * and how many did. A program that took a path which few take is worth more runs.
 */
#ifndef FUZZ_TOOLS_RARE_H
#define FUZZ_TOOLS_RARE_H

#include "fuzz/prog/prog.h"

/* Forgets all programs. */
void rare_reset(void);
/* Around the runs of one program: which paths did they take? points: of all its
 * runs; a much longer program does not take a shorter one's place. */
void rare_begin(void);
void rare_end(const struct prog *p, u64 points);
/* A program of the pool, the rarer its path the likelier; NULL: there is none. */
const struct prog *rare_pick(struct prng *rng);

#endif
