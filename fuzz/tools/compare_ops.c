// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Op by op: one program on both worlds, in the same fixed order, compared after
 * every op as `swaprace kernel` does: results, contents, page states, counters.
 */
#include <string.h>

#include "fuzz/kernel/compare.h"
#include "fuzz/tools/compare.h"

#define FOLIOS_SPARE 8 /* neither world swaps anything out by itself above that */

struct ops_total {
	struct compare_total sum;
	u64 too_large, inexpressible, reports[SIDES];
};

static int observe(struct remote *r, const struct prog *p, const struct fixed_order *order)
{
	prog_copy(&r->shared->prog, p);
	r->shared->order = *order;
	r->shared->kept_in_order = true;
	r->shared->command = REMOTE_OBSERVE;
	return remote_call(r);
}

static bool is_too_large(const struct observation *seen)
{
	for (unsigned i = 0; i < seen->n; i++) {
		if (seen->op[i].counters.folios_free < FOLIOS_SPARE)
			return true;
	}
	return false;
}

/* An op that one of them lacks: -ENOSYS. */
static bool is_inexpressible(const struct observation *seen)
{
	for (unsigned i = 0; i < seen->n; i++) {
		if (seen->op[i].ret == -ENOSYS)
			return true;
	}
	return false;
}

static void print_report(const struct comparison *c, int side, const char *name)
{
	const struct remote_shared *s = c->side[side].shared;

	printf("%s: %s reports: %s\n%s", name, c->side[side].world, s->title, s->body);
}

/* 0, or a status after a line on stderr. */
static int compare_one(struct comparison *c, const struct prog *p, const char *name,
		       struct ops_total *total)
{
	const struct remote_shared *a = c->side[0].shared, *b = c->side[1].shared;
	static struct fixed_order order;
	struct difference first;
	bool reported = false;

	order_make(p, &order);
	for (int i = 0; i < SIDES; i++) {
		int status = observe(&c->side[i], p, &order);

		if (status)
			return status;
		if (c->side[i].shared->status == RUN_REPORT) {
			print_report(c, i, name);
			comparison_keep(c, p, name, "report", c->side[i].shared->title);
			total->reports[i]++;
			reported = true;
		}
	}
	if (reported)
		return 0;
	if (is_too_large(&a->seen) || is_too_large(&b->seen)) {
		total->too_large++;
		return 0;
	}
	if (is_inexpressible(&a->seen) || is_inexpressible(&b->seen)) {
		total->inexpressible++;
		return 0;
	}
	compare_with = strcmp(a->name, "model") == 0 ? COMPARE_TREE : COMPARE_STRICTLY;
	compare_observations(&a->seen, &b->seen, DEVICE_ZRAM, &total->sum, &first);
	if (first.found) {
		printf("%s: differs (model: %s, kernel: %s)\n", name, c->side[0].world, c->side[1].world);
		compare_print(stdout, p, &order, &a->seen, &b->seen, &first);
		comparison_keep(c, p, name, "differs", NULL);
	}
	return 0;
}

static void print_total(const struct comparison *c, const struct ops_total *t, double seconds)
{
	printf("compare: %llu programs, %llu ops in %.1f s: %.0f programs/s\n",
	       (unsigned long long)t->sum.programs, (unsigned long long)t->sum.ops, seconds,
	       (double)c->compared / max(seconds, 0.001));
	for (int k = 0; k < COMPARE_KINDS; k++) {
		u64 all = t->sum.compared[k], equal = t->sum.equal[k];

		printf("  %-12s %10llu of %10llu agree  %7.3f %%\n", compare_kind_name(k),
		       (unsigned long long)equal, (unsigned long long)all,
		       all ? 100.0 * (double)equal / (double)all : 100.0);
	}
	printf("  %llu programs differ in a way that is not explained\n",
	       (unsigned long long)t->sum.differing);
	for (int i = 0; i < EXPLAINED_TREE_COUNT; i++) {
		if (t->sum.stopped[i])
			printf("  explained, states compared up to there: %llu programs: %s\n",
			       (unsigned long long)t->sum.stopped[i], explained_tree_text[i]);
	}
	if (t->too_large)
		printf("  %llu programs were left out: they use up memory\n",
		       (unsigned long long)t->too_large);
	if (c->refused + t->inexpressible)
		printf("  %llu programs were left out: one of the worlds lacks an op or the machine\n",
		       (unsigned long long)(c->refused + t->inexpressible));
	for (int i = 0; i < SIDES; i++) {
		if (t->reports[i])
			printf("  %llu programs give a report on %s\n",
			       (unsigned long long)t->reports[i], c->side[i].world);
	}
}

int compare_ops(struct comparison *c)
{
	static struct ops_total total;
	static struct prog p;
	double start = now_seconds();
	char name[256];
	int status;

	while (comparison_next(c, &p, name, &status)) {
		if (!c->nfiles)
			order_take_out_no_call(&p); /* no tree has hibernation so far */
		status = compare_one(c, &p, name, &total);
		if (status)
			break;
		progress("%llu programs, %llu differ", (unsigned long long)c->compared,
			 (unsigned long long)total.sum.differing);
	}
	progress_end();
	if (status)
		return status;
	print_total(c, &total, now_seconds() - start);
	if (!total.sum.programs && !total.reports[0] && !total.reports[1])
		return bad_usage("compare", "nothing was compared");
	return total.sum.differing || total.reports[0] || total.reports[1] ? EXIT_REPORT : EXIT_CLEAN;
}
