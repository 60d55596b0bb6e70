// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * By schedules: each program runs N times on both trees, with the same policies and
 * seeds. A title that one of them alone gave is tried again on the other: under the
 * order edges that it needs, and under ten times the schedules. Reads are compared by
 * the values that each side gave; a value counts as one side's own only when it was
 * frequent enough that the other side had to meet it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/tools/compare.h"

#define TITLES_MAX 256
#define VALUES_MAX 16
#define RETRIES 10
#define EVENT_LINES 16
/* Expected that often, a value that does not come is another behaviour: p < 1e-6. */
#define VALUE_OFTEN 16

struct title {
	char text[REPORT_TITLE_MAX];
	u64 hits[SIDES];         /* runs that gave it */
	u64 again_runs, again_hits; /* of the side that did not */
	bool retried, ported;    /* ported: the other side gave it under its edges */
	char program[256];       /* the first one */
};

struct value { u64 digest; s32 ret; u64 count[SIDES]; };
struct read_values { u8 task, op; unsigned n; bool full; struct value value[VALUES_MAX]; };

struct schedules_total {
	struct title title[TITLES_MAX];
	unsigned ntitles;
	u64 runs, steps[SIDES];
	u64 counters[SIDES][COUNTER_COUNT];
	u64 reads_differ, titles_lost;
	struct read_values reads[REMOTE_READS_MAX];
	unsigned nreads;
};
static struct schedules_total total;

/* ---- one run ---- */

static int run_one(struct remote *r, const struct prog *p, int policy, u64 seed)
{
	prog_copy(&r->shared->prog, p);
	r->shared->policy = policy;
	r->shared->seed_set = policy != RUN_POLICY_OF_PROGRAM;
	r->shared->seed = seed;
	r->shared->race_tries = 1;
	r->shared->command = REMOTE_RUN;
	return remote_call(r);
}

static int nth_policy(u64 n)
{
	static const u8 turns[] = { PROG_POLICY_RANDOM, PROG_POLICY_PCT, PROG_POLICY_DELAY,
				    PROG_POLICY_DELAY };

	return turns[n % ARRAY_SIZE(turns)];
}

static u64 nth_seed(const struct comparison *c, u64 n)
{
	return prng_mix(c->seed + n);
}

static struct title *title_of(const char *text)
{
	for (unsigned i = 0; i < total.ntitles; i++) {
		if (!strcmp(total.title[i].text, text))
			return &total.title[i];
	}
	if (total.ntitles == TITLES_MAX) {
		total.titles_lost++;
		return NULL;
	}
	snprintf(total.title[total.ntitles].text, REPORT_TITLE_MAX, "%s", text);
	return &total.title[total.ntitles++];
}

static void note_value(const struct remote_read *r, int side)
{
	struct read_values *v = NULL;

	for (unsigned i = 0; i < total.nreads && !v; i++) {
		if (total.reads[i].task == r->task && total.reads[i].op == r->op)
			v = &total.reads[i];
	}
	if (!v && total.nreads == REMOTE_READS_MAX)
		return;
	if (!v) {
		v = &total.reads[total.nreads++];
		*v = (struct read_values){ .task = r->task, .op = r->op };
	}
	for (unsigned i = 0; i < v->n; i++) {
		if (v->value[i].digest == r->words && v->value[i].ret == r->ret) {
			v->value[i].count[side]++;
			return;
		}
	}
	if (v->n == VALUES_MAX) {
		v->full = true;
		return;
	}
	v->value[v->n] = (struct value){ .digest = r->words, .ret = r->ret };
	v->value[v->n++].count[side]++;
}

static void note_run(const struct remote_shared *s, int side, const char *program)
{
	total.steps[side] += s->steps;
	for (int i = 0; i < COUNTER_COUNT; i++)
		total.counters[side][i] += s->counters[i];
	if (s->status == RUN_REPORT) {
		struct title *t = title_of(s->title);

		if (t && !t->hits[0] && !t->hits[1])
			snprintf(t->program, sizeof(t->program), "%s", program);
		if (t)
			t->hits[side]++;
		return; /* its reads stop where the report was made */
	}
	for (u32 i = 0; i < s->nreads; i++)
		note_value(&s->reads[i], side);
}

/* ---- trying again ---- */

/* Side gave the title under this policy and seed, the other did not: does it under the
 * edges that the title needs, or under many more schedules? */
static int try_again(struct comparison *c, const struct prog *p, const char *name, int side,
		     struct title *t, int policy, u64 seed)
{
	struct remote *own = &c->side[side], *other = &c->side[!side];
	static struct prog reduced;
	int status;

	t->retried = true;
	prog_copy(&own->shared->prog, p);
	own->shared->policy = policy;
	own->shared->seed_set = true;
	own->shared->seed = seed;
	own->shared->command = REMOTE_REDUCE;
	status = remote_call(own);
	if (status)
		return status;
	if (own->shared->ret == 0) {
		reduced = own->shared->prog;
		comparison_keep(c, &reduced, name, side ? "new" : "gone", t->text);
		status = run_one(other, &reduced, RUN_POLICY_OF_PROGRAM, 0);
		if (status)
			return status;
		t->ported = other->shared->status == RUN_REPORT &&
			    !strcmp(other->shared->title, t->text);
	}
	for (u64 i = 0; i < RETRIES * c->schedules && !t->ported; i++) {
		u64 n = c->schedules + i;

		status = run_one(other, p, nth_policy(n), nth_seed(c, n));
		if (status)
			return status;
		t->again_runs++;
		t->again_hits += other->shared->status == RUN_REPORT &&
				 !strcmp(other->shared->title, t->text);
	}
	return 0;
}

/* ---- one program ---- */

static void end_reads(const struct comparison *c, const struct prog *p, const char *name)
{
	for (unsigned i = 0; i < total.nreads; i++) {
		const struct read_values *v = &total.reads[i];

		for (unsigned k = 0; k < v->n && !v->full; k++) {
			const struct value *value = &v->value[k];
			int own = value->count[0] ? 0 : 1;

			if (value->count[!own] || value->count[own] < VALUE_OFTEN)
				continue;
			total.reads_differ++;
			printf("%s: read %c%u may give %d, %016llx on %s alone (%llu of %llu runs)\n",
			       name, p->task[v->task].label, v->op, value->ret,
			       (unsigned long long)value->digest, c->side[own].world,
			       (unsigned long long)value->count[own],
			       (unsigned long long)c->schedules);
		}
	}
	total.nreads = 0;
}

static int compare_one(struct comparison *c, const struct prog *p, const char *name)
{
	for (u64 n = 0; n < c->schedules; n++) {
		int policy = nth_policy(n), status = 0;
		u64 seed = nth_seed(c, n);

		for (int i = 0; i < SIDES; i++) {
			c->side[i].shared->count_events = c->events;
			status = run_one(&c->side[i], p, policy, seed);
			if (status)
				return status;
			c->side[i].shared->count_events = false;
			note_run(c->side[i].shared, i, name);
		}
		total.runs++;
		for (int i = 0; i < SIDES; i++) {
			const struct remote_shared *s = c->side[i].shared;
			struct title *t = s->status == RUN_REPORT ? title_of(s->title) : NULL;

			if (t && !t->hits[!i] && !t->retried)
				status = try_again(c, p, name, i, t, policy, seed);
			if (status)
				return status;
		}
	}
	end_reads(c, p, name);
	return 0;
}

/* ---- the table ---- */

/* Wilson's interval of a rate, 95 %. */
static const char *rate(u64 hits, u64 runs, char buf[64])
{
	double n = (double)runs, p = n ? (double)hits / n : 0, z = 1.96;
	double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
	double half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n));

	if (!runs)
		snprintf(buf, 64, "not run");
	else
		snprintf(buf, 64, "%llu of %llu (%.2f-%.2f %%)", (unsigned long long)hits,
			 (unsigned long long)runs, 100 * max(middle - half, 0.0),
			 100 * min(middle + half, 1.0));
	return buf;
}

enum verdict { BOTH, NEW, GONE };

static enum verdict verdict_of(const struct title *t)
{
	if ((t->hits[0] && t->hits[1]) || t->ported || t->again_hits)
		return BOTH;
	return t->hits[1] ? NEW : GONE;
}

static unsigned print_titles(const struct comparison *c, enum verdict which, const char *heading)
{
	unsigned printed = 0;
	char left[64], right[64], again[64];

	for (unsigned i = 0; i < total.ntitles; i++) {
		const struct title *t = &total.title[i];

		if (verdict_of(t) != which)
			continue;
		if (!printed++)
			printf("%s\n", heading);
		printf("  %s\n    base %s, with %s", t->text, rate(t->hits[0], total.runs, left),
		       rate(t->hits[1], total.runs, right));
		if (t->ported)
			printf("; the other side gives it under the same order edges");
		else if (t->retried)
			printf("; the other side, again: %s", rate(t->again_hits, t->again_runs, again));
		printf("; first in %s\n", t->program);
	}
	(void)c;
	return printed;
}

static void print_counters(void)
{
	bool heading = false;

	for (int i = 0; i < COUNTER_COUNT; i++) {
		double a = (double)total.counters[0][i] / (double)total.runs;
		double b = (double)total.counters[1][i] / (double)total.runs;

		if (total.counters[0][i] == total.counters[1][i])
			continue;
		if (!heading)
			printf("counters, per run:\n");
		heading = true;
		printf("  %-24s base %8.3f  with %8.3f\n", counter_names[i], a, b);
	}
}

static void print_events(const struct comparison *c)
{
	const struct event_counts *base = &c->side[0].shared->events;
	const struct event_counts *with = &c->side[1].shared->events;

	if (!c->events)
		return;
	printf("events, per run without a report (%llu and %llu runs):\n",
	       (unsigned long long)base->runs, (unsigned long long)with->runs);
	if (!event_counts_print(base, with, EVENT_LINES, stdout))
		printf("  none differs by more than chance\n");
	if (base->lost + with->lost)
		printf("  %llu events of more than %d sites were not counted\n",
		       (unsigned long long)(base->lost + with->lost), EVENT_SITES_MAX);
}

int compare_schedules(struct comparison *c)
{
	static struct prog p;
	double start = now_seconds();
	unsigned news, gone;
	char name[256];
	int status;

	while (comparison_next(c, &p, name, &status)) {
		status = compare_one(c, &p, name);
		if (status)
			break;
		progress("%llu programs, %u titles", (unsigned long long)c->compared, total.ntitles);
	}
	progress_end();
	if (status)
		return status;
	if (!total.runs)
		return bad_usage("compare", "nothing was compared");
	printf("compare: %llu programs, %llu schedules each on both in %.1f s; points a run: base %.0f, "
	       "with %.0f\n", (unsigned long long)c->compared, (unsigned long long)c->schedules,
	       now_seconds() - start, (double)total.steps[0] / (double)total.runs,
	       (double)total.steps[1] / (double)total.runs);
	news = print_titles(c, NEW, "new:");
	gone = print_titles(c, GONE, "gone:");
	print_titles(c, BOTH, "on both:");
	print_counters();
	print_events(c);
	if (total.titles_lost)
		printf("more than %d titles: %llu reports were not counted\n", TITLES_MAX,
		       (unsigned long long)total.titles_lost);
	if (!news && !gone && !total.reads_differ)
		printf("no difference\n");
	return news || total.reads_differ ? EXIT_REPORT : EXIT_CLEAN;
}
