/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world around another one: passes each op on and writes down, when it is over,
 * what it returned, what it read, and the state of every page and counter.
 */
#ifndef FUZZ_KERNEL_OBSERVE_H
#define FUZZ_KERNEL_OBSERVE_H

#include "core/base/limits.h"
#include "core/base/seeded_bug.h"
#include "core/base/world_ops.h"

#define OBSERVED_MAX (PROG_TASKS_MAX * PROG_OPS_MAX)

struct observed {
	char label[12];      /* "A3" */
	u8 kind;             /* of the op: enum prog_op_kind */
	s32 ret;
	bool read;           /* words are what the op read */
	u64 words[WORLD_WORDS];
	struct world_page_state page[WORLD_MM_MAX][WORLD_PAGES];
	struct world_mm_counters mm[WORLD_MM_MAX];
	struct world_counters counters;
};

/* What is read back at the end, when all ops are over. */
struct read_back { bool done; s32 ret; u64 words[WORLD_WORDS]; };

struct observation {
	struct observed op[OBSERVED_MAX];
	unsigned n;
	struct read_back end[WORLD_MM_MAX][WORLD_PAGES];
};

/* The table that observes inner into out, which is cleared. One at a time. It sets the
 * machine's full_scale: what is observed is compared with a kernel, and that scans 32
 * folios at a time at priorities 12 to 0 and has batches of 31, whatever it is tested
 * with. A scaled-down reclaim takes other pages. */
const struct world_ops *observe_world(const struct world_ops *inner, struct observation *out);

/* Adds the seeded bugs by which the model follows the kernel where it is better than that,
 * and where it shows in whole ops: for its runs beside a kernel. */
void observe_kernel_rules(struct seeded_bug_set *bugs);

#endif
