/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pool of a search: for each place the last program that reached it, and how many
 * did. A place is a named path (PATH()) or, in a world that has them, an edge of its
 * code; of the edges the rarest ones have a program. A program that reached what few
 * reach is worth more runs.
 */
#ifndef FUZZ_TOOLS_RARE_H
#define FUZZ_TOOLS_RARE_H

#include "fuzz/prog/prog.h"

/* Forgets all programs. */
void rare_reset(void);
/* Around the runs of one program: which places did they take? taken: rare_bytes() bytes,
 * a bit for each place. */
size_t rare_bytes(void);
void rare_begin(void);
void rare_end(u8 *taken);
/* Counts a program that took these places, and adds it to the pool; p NULL: it has reported
 * something, and what goes on from it would report that again (a livelock takes thousands of
 * times as long as a run that ends). points: of all its runs; a much longer program does not
 * take a shorter one's place. The pool depends on the calls of this alone. */
void rare_add(const struct prog *p, u64 points, const u8 *taken);
/* A program of the pool, the rarer its place the likelier; NULL: there is none. */
const struct prog *rare_pick(struct prng *rng);

/* For each edge of the world's code a line: its address, how many programs took it.
 * taken: so many were. 0, or -errno; -ENODATA: the world has named paths instead. */
int rare_save(const char *path, u32 *taken);

#endif
