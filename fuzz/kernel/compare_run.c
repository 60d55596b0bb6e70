// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One program on both worlds. The engine runs it twice with the same policy: what
 * the kernel does, it does while the task's fiber stands still.
 */
#include <string.h>

#include "fuzz/exec/run.h"
#include "fuzz/kernel/compare.h"
#include "fuzz/kernel/kernel_world.h"

#define STEPS_MAX 4000000
#define TRIES_MAX 3
#define AGAIN_MAX 6 /* a difference that is the program's stays */
#define FOLIOS_SPARE 8 /* the model swaps nothing out by itself above that */

struct seeded_bug_set compare_bugs;

static struct observation model_seen, kernel_seen;

static void run_on(const struct prog *p, const struct world_ops *world,
		   const struct fixed_order *order, struct observation *seen,
		   struct run_result *result)
{
	struct run_options opt = run_defaults;

	opt.scheduler = order_policy(order);
	opt.steps_max = STEPS_MAX;
	if (world->seeded_bugs) {
		opt.bugs = compare_bugs;
		observe_kernel_rules(&opt.bugs);
	}
	run_program(p, observe_world(world, seen), &opt, result);
}

static bool is_too_large(const struct observation *seen)
{
	for (unsigned i = 0; i < seen->n; i++) {
		if (seen->op[i].counters.folios_free < FOLIOS_SPARE)
			return true;
	}
	return false;
}

static enum compare_status compare_once(const struct prog *p, const struct fixed_order *order,
					enum device_kind kind, struct compare_total *sum, FILE *out)
{
	struct run_result result = { 0 };
	struct difference first;
	enum compare_status status = COMPARE_EQUAL;

	run_on(p, world_linked, order, &model_seen, &result);
	if (result.status == RUN_REPORT) {
		if (out)
			fprintf(out, "the model reports: %s\n%s", result.title,
				result.body ? result.body : "");
		status = COMPARE_REPORT;
	} else if (is_too_large(&model_seen)) {
		status = COMPARE_TOO_LARGE;
	}
	if (status == COMPARE_EQUAL) {
		run_on(p, &kernel_world_ops, order, &kernel_seen, &result);
		if (kernel_world_disturbed() || result.status == RUN_REPORT)
			status = COMPARE_DISTURBED;
	}
	if (status == COMPARE_EQUAL) {
		compare_observations(&model_seen, &kernel_seen, kind, sum, &first);
		if (first.found) {
			status = COMPARE_DIFFERS;
			if (out)
				compare_print(out, p, order, &model_seen, &kernel_seen, &first);
		}
	}
	run_result_clear(&result);
	return status;
}

/* Runs it until nothing disturbs it. */
static enum compare_status compare_tries(const struct prog *p, const struct fixed_order *order,
					 enum device_kind kind, struct compare_total *sum,
					 FILE *out)
{
	enum compare_status status = COMPARE_DISTURBED;

	for (int i = 0; i < TRIES_MAX && status == COMPARE_DISTURBED; i++) {
		if (kernel_world_stopped())
			return COMPARE_STOPPED;
		status = compare_once(p, order, kind, sum, out);
	}
	return status == COMPARE_DISTURBED && kernel_world_stopped() ? COMPARE_STOPPED : status;
}

enum compare_status compare_program(const struct prog *p, enum device_kind kind,
				    struct compare_total *sum, FILE *out)
{
	static struct fixed_order order;
	static struct prog adapted;
	static struct compare_total ignored;
	enum compare_status status, again;

	order_make(p, &order);
	prog_copy(&adapted, p);
	order_adapt(&adapted, kind);
	status = compare_tries(&adapted, &order, kind, sum, out);
	for (int i = 0; i < AGAIN_MAX && status == COMPARE_DIFFERS; i++) {
		again = compare_tries(&adapted, &order, kind, &ignored, NULL);
		if (again == COMPARE_EQUAL) {
			status = COMPARE_UNSTEADY;
			sum->differing--;
			sum->unsteady++;
		}
	}
	return status;
}

bool compare_model(const struct prog *p, enum device_kind kind, struct fixed_order *order,
		   struct observation *seen)
{
	static struct prog adapted;
	struct run_result result = { 0 };
	bool clean;

	order_make(p, order);
	prog_copy(&adapted, p);
	order_adapt(&adapted, kind);
	run_on(&adapted, world_linked, order, seen, &result);
	clean = result.status != RUN_REPORT;
	run_result_clear(&result);
	return clean;
}
