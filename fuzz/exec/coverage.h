/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What many runs have covered: which pairs of op kinds overlapped inside each
 * other, where interrupts and RCU callbacks were delivered, how often each op ran
 * and failed. Accumulated by run_program(); printed by the command.
 */
#ifndef FUZZ_EXEC_COVERAGE_H
#define FUZZ_EXEC_COVERAGE_H

#include <stdio.h>

#include "core/engine/policy.h"
#include "fuzz/prog/prog.h"

struct run_coverage {
	u64 runs, reports, steps, switches, irqs, softirqs;
	/* [a][b]: an op of kind b had an event between two events of one a */
	u64 overlap[PROG_OP_COUNT][PROG_OP_COUNT];
	/* an interrupt (callback) began while this kind of event was pending on the
	 * victim; EV_NONE: on an idle CPU */
	u64 irq_at[EV_KIND_COUNT], softirq_at[EV_KIND_COUNT];
	u64 op_runs[PROG_OP_COUNT], op_failures[PROG_OP_COUNT];
};

/* Adds what other runs have covered. */
void run_coverage_add(struct run_coverage *c, const struct run_coverage *other);
/* Pairs that have overlapped, among all pairs (a, b) of op kinds. */
unsigned run_coverage_pairs(const struct run_coverage *c);
void run_coverage_print_overlap(const struct run_coverage *c, FILE *out);
void run_coverage_print_delivery(const struct run_coverage *c, FILE *out);
void run_coverage_print_ops(const struct run_coverage *c, FILE *out);

#endif
