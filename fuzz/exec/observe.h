/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What run.c tells coverage.c and feedback.c while a run is under way. All are
 * called by the one thread of sim, and none by native.
 */
#ifndef FUZZ_EXEC_OBSERVE_H
#define FUZZ_EXEC_OBSERVE_H

#include "core/engine/engine.h"
#include "fuzz/exec/coverage.h"

/* coverage.c */
void coverage_begin(struct run_coverage *c); /* NULL: this run is not counted */
void coverage_op_begin(unsigned ctx, u8 kind);
void coverage_op_end(unsigned ctx, u8 kind, bool failed);
void coverage_event(unsigned ctx);
void coverage_delivery(unsigned victim_kind, bool hardirq);
void coverage_end(const struct engine_stats *stats, bool reported);

/* feedback.c */
void feedback_begin(void);
void feedback_event(unsigned ctx, const struct site *site, u32 role, u32 kind);
void feedback_dependency(u32 from_hash, u32 to_hash);

#endif
