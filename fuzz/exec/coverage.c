// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Accumulates struct run_coverage from the engine's events. For each task a mask
 * of the op kinds that had an event since its own last one: at its next event of
 * the same op, those have run inside of it. Prints matrices and histograms.
 */
#include "fuzz/exec/coverage.h"

#include <string.h>

#include "core/base/bug.h"
#include "fuzz/exec/observe.h"

_Static_assert(PROG_OP_COUNT <= 64, "op kinds are bits of a u64");

struct task_overlap {
	u64 since;  /* kinds with an event since the task's last one */
	u64 inside; /* kinds counted for this op */
	u8 kind;
	bool active;
};

static struct task_overlap task[ENGINE_TASKS_MAX];
static struct run_coverage *coverage;

void coverage_begin(struct run_coverage *c)
{
	coverage = c;
	memset(task, 0, sizeof(task));
}

void coverage_op_begin(unsigned ctx, u8 kind)
{
	if (coverage && ctx < ENGINE_TASKS_MAX)
		task[ctx] = (struct task_overlap){ .kind = kind, .active = true };
}

void coverage_op_end(unsigned ctx, u8 kind, bool failed)
{
	if (!coverage || ctx >= ENGINE_TASKS_MAX)
		return;
	task[ctx].active = false;
	coverage->op_runs[kind]++;
	coverage->op_failures[kind] += failed;
}

void coverage_event(unsigned ctx)
{
	struct task_overlap *t;
	u64 fresh;

	if (ctx >= ENGINE_TASKS_MAX || !task[ctx].active)
		return;
	t = &task[ctx];
	fresh = t->since & ~t->inside;
	t->since = 0;
	t->inside |= fresh;
	for (; fresh; fresh &= fresh - 1)
		coverage->overlap[t->kind][__builtin_ctzll(fresh)]++;
	for (unsigned i = 0; i < PROG_TASKS_MAX; i++) {
		if (i != ctx)
			task[i].since |= 1ull << t->kind;
	}
}

void coverage_delivery(unsigned victim_kind, bool hardirq)
{
	if (victim_kind < EV_KIND_COUNT)
		(hardirq ? coverage->irq_at : coverage->softirq_at)[victim_kind]++;
}

void coverage_end(const struct engine_stats *stats, bool reported)
{
	coverage->runs++;
	coverage->reports += reported;
	coverage->steps += stats->steps;
	coverage->switches += stats->switches;
	coverage->irqs += stats->irqs;
	coverage->softirqs += stats->softirqs;
	coverage = NULL;
}

/* ---- printing ---- */

_Static_assert(sizeof(struct run_coverage) % sizeof(u64) == 0, "it is numbers, all u64");

void run_coverage_add(struct run_coverage *c, const struct run_coverage *other)
{
	u64 *to = (u64 *)(void *)c;
	const u64 *from = (const u64 *)(const void *)other;

	for (size_t i = 0; i < sizeof(*c) / sizeof(u64); i++)
		to[i] += from[i];
}

unsigned run_coverage_pairs(const struct run_coverage *c)
{
	unsigned n = 0;

	for (int a = 0; a < PROG_OP_COUNT; a++) {
		for (int b = 0; b < PROG_OP_COUNT; b++)
			n += c->overlap[a][b] > 0;
	}
	return n;
}

/* Four characters: the number, or its power of ten. */
static void print_count(FILE *out, u64 n)
{
	if (n == 0)
		fputs("   .", out);
	else if (n < 1000)
		fprintf(out, " %3u", (unsigned)n);
	else if (n < 100000)
		fprintf(out, " %2uk", (unsigned)(n / 1000));
	else if (n < 100000000)
		fprintf(out, " %2uM", (unsigned)((n + 999999) / 1000000));
	else
		fputs(" >1G", out);
}

void run_coverage_print_overlap(const struct run_coverage *c, FILE *out)
{
	fprintf(out, "Which ops ran inside which: row: the op that was interrupted; column: the op "
		     "that ran inside it\n%-18s", "");
	for (int b = 0; b < PROG_OP_COUNT; b++)
		fprintf(out, "  %02d", b);
	fputc('\n', out);
	for (int a = 0; a < PROG_OP_COUNT; a++) {
		fprintf(out, "%02d %-15s", a, prog_ops[a].name);
		for (int b = 0; b < PROG_OP_COUNT; b++)
			print_count(out, c->overlap[a][b]);
		fputc('\n', out);
	}
	fprintf(out, "%u of %u pairs have overlapped\n", run_coverage_pairs(c),
		(unsigned)(PROG_OP_COUNT * PROG_OP_COUNT));
}

void run_coverage_print_delivery(const struct run_coverage *c, FILE *out)
{
	fprintf(out, "Where interrupts and RCU callbacks began: the event that was pending on the "
		     "victim\n%-10s %12s %12s\n", "event", "interrupts", "callbacks");
	for (int k = 0; k < EV_KIND_COUNT; k++) {
		if (c->irq_at[k] || c->softirq_at[k])
			fprintf(out, "%-10s %12llu %12llu\n",
				k == EV_NONE ? "(idle)" : event_kind_name((enum event_kind)k),
				(unsigned long long)c->irq_at[k],
				(unsigned long long)c->softirq_at[k]);
	}
}

void run_coverage_print_ops(const struct run_coverage *c, FILE *out)
{
	fprintf(out, "%-18s %12s %12s\n", "op", "ended", "with error");
	for (int k = 0; k < PROG_OP_COUNT; k++)
		fprintf(out, "%-18s %12llu %12llu\n", prog_ops[k].name,
			(unsigned long long)c->op_runs[k], (unsigned long long)c->op_failures[k]);
}
