/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program as the comparison runs it: whole ops, one after the other, in one
 * fixed order, on one CPU of a machine whose sizes are the kernel's. The order is
 * that of the replay policy: the task that runs goes on, then the lowest one, and
 * edges between whole ops are kept. Edges inside of ops and choices are left out.
 */
#ifndef FUZZ_KERNEL_FIXED_ORDER_H
#define FUZZ_KERNEL_FIXED_ORDER_H

#include "core/engine/policy.h"
#include "fuzz/kernel/device.h"
#include "fuzz/prog/prog.h"

#define ORDER_STEPS_MAX (PROG_TASKS_MAX * PROG_OPS_MAX)

struct order_step { u8 task, op; }; /* op: 1-based */
struct fixed_order {
	struct order_step step[ORDER_STEPS_MAX];
	unsigned n;
	unsigned edges_left_out; /* edges inside of ops, or in a circle */
};

/* Can system calls express it? NULL, or why not, in one line (static buffer).
 * contents_alone: page states need not be the model's (reclaim takes other pages). */
const char *order_refuses(const struct prog *p, bool contents_alone);
/* For generated programs: takes out what makes it refuse (madv_pageout comes in the
 * place of reclaim), and gives most of them the same device, because to switch one off
 * takes a grace period of RCU. */
void order_make_expressible(struct prog *p);
/* The same for worlds that have reclaim: takes out hib_* alone. */
void order_take_out_no_call(struct prog *p);
/* Is this op done in the model alone: it has no system call and no visible effect? */
bool order_model_only(u8 kind);
void order_make(const struct prog *p, struct fixed_order *out);
/* The same program on the machine that the comparison uses. */
void order_adapt(struct prog *p, enum device_kind kind);
/* Pages that an op "kswapd" pages out where contents alone matter. */
#define ORDER_KSWAPD_PAGES 32
/* Whole passes of ksmd that an op "ksm_scan n" stands for. */
int order_ksm_passes(int pages);

/* Runs ops whole in this order; interrupts and callbacks run between them, and
 * where an op waits. order must stay valid until the run is over. */
struct sched_policy *order_policy(const struct fixed_order *order);

#endif
