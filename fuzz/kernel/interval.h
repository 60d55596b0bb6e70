/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contents oracle for system calls. Of a call only the begin and the end are
 * known, not the instant at which it took effect (world_hooks would want that). So a
 * read may give what an op wrote that began before the read's end, unless another op
 * that surely took effect lies between the two as a whole. A fork's child begins
 * with all that a read of the parent might have given meanwhile. A page that has
 * had too many events is no longer judged.
 *
 * Titles: contents: foreign data, lost write, data after discard, access after unmap
 * (oracle/contents.h has what they mean). Locking: a mutex inside, for each call.
 */
#ifndef FUZZ_KERNEL_INTERVAL_H
#define FUZZ_KERNEL_INTERVAL_H

#include "core/base/world_ops.h"

enum interval_effect {
	INTERVAL_NONE,
	INTERVAL_READ,
	INTERVAL_WRITE,
	INTERVAL_MAP,
	INTERVAL_UNMAP,
	INTERVAL_DISCARD,
	INTERVAL_FREE, /* pages may become zero at any time, until they are written to */
	INTERVAL_FORK, /* child gets what mm has; no other fork or exit is under way */
};

/* One op: filled in by the caller up to value; the rest is the oracle's. */
struct interval_op {
	enum interval_effect effect;
	int mm, child;      /* child: of a fork that will not find one of that number */
	int page, pages;
	u64 value;          /* of a write */
	u32 begin, life, child_life;
	u16 event[WORLD_REGION_PAGES];
};

/* Forgets everything: nothing is mapped. */
void interval_reset(void);
/* Right before and right after the system call; ret: what it gave. NULL, or the
 * title of a report, with the page and word in *what (static buffer). */
void interval_begin(struct interval_op *op);
const char *interval_end(const struct interval_op *op, int ret, const u64 words[WORLD_WORDS],
			 const char **what);
/* The mm has exited: what its ops do that are still under way is not known. */
void interval_exited(int mm);

#endif
