// SPDX-License-Identifier: GPL-2.0-or-later
/* The pool of a search, by the paths that its programs took: see rare.h. */
#include <string.h>

#include "core/base/bug.h"
#include "core/base/site.h"
#include "fuzz/tools/rare.h"

#define PATHS_MAX 320
#define DRAWS 4

/* The records that PATH() leaves, in the order of the link. */
extern struct path *const __start_swaprace_paths[] __attribute__((weak));
extern struct path *const __stop_swaprace_paths[] __attribute__((weak));

static struct rare {
	u64 before; /* taken, at rare_begin() */
	u64 programs;
	u64 points; /* of last */
	struct prog last;
} rare[PATHS_MAX];
static u32 taken[PATHS_MAX]; /* indices of those that some program took */
static u32 ntaken;

static u32 npaths(void)
{
	return (u32)(__stop_swaprace_paths - __start_swaprace_paths);
}

void rare_reset(void)
{
	BUG_ON(npaths() > PATHS_MAX);
	for (u32 i = 0; i < npaths(); i++)
		rare[i].programs = 0;
	ntaken = 0;
}

void rare_begin(void)
{
	for (u32 i = 0; i < npaths(); i++)
		rare[i].before = __start_swaprace_paths[i]->taken;
}

void rare_end(const struct prog *p, u64 points)
{
	for (u32 i = 0; i < npaths(); i++) {
		if (__start_swaprace_paths[i]->taken == rare[i].before)
			continue;
		if (!rare[i].programs++)
			taken[ntaken++] = i;
		/* Else the pool drifts to programs that take long, and the search slows down. */
		if (rare[i].programs > 1 && points > rare[i].points + rare[i].points / 8)
			continue;
		/* The common ones need no program of their own. */
		if (!(rare[i].programs & (rare[i].programs - 1)) || rare[i].programs < 1000) {
			rare[i].last = *p;
			rare[i].points = points;
		}
	}
}

const struct prog *rare_pick(struct prng *rng)
{
	const struct rare *best = NULL;

	for (unsigned i = 0; i < DRAWS && ntaken; i++) {
		const struct rare *r = &rare[taken[prng_below(rng, ntaken)]];

		if (!best || r->programs < best->programs)
			best = r;
	}
	return best ? &best->last : NULL;
}
