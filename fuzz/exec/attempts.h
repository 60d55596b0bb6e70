/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Attempts that are made in turn until one succeeds, several at once: each in a process
 * of its own (the engine is one for each process), which begins with a copy of all that
 * this one has. What the caller sees is what attempts one after the other would give.
 */
#ifndef FUZZ_EXEC_ATTEMPTS_H
#define FUZZ_EXEC_ATTEMPTS_H

#include <sys/types.h>

#include "core/base/types.h"

#define ATTEMPTS_JOBS_MAX 64

/* One attempt, in the child: did it succeed? What it found goes to out. */
typedef bool (*attempt_fn)(u32 which, void *out, void *arg);

struct attempts {
	unsigned jobs;       /* processes at once; 1: all in this one */
	size_t out_size;
	attempt_fn attempt;
	void *arg;
	/* those under way, the oldest first */
	struct attempt { u32 which; pid_t pid; struct attempt_out *out; }
		running[ATTEMPTS_JOBS_MAX];
	unsigned nrunning;
};

/* Is there room for one more? */
bool attempts_room(const struct attempts *a);
/* Begins one; which means something to the caller alone. Once attempts_room() said so. */
void attempts_begin(struct attempts *a, u32 which);
/* Waits for the oldest one: true if it succeeded. *which, and out_size bytes at out. */
bool attempts_end_oldest(struct attempts *a, u32 *which, void *out);
/* Ends all that are under way: their answers are not wanted any more. */
void attempts_drop(struct attempts *a);

#endif
