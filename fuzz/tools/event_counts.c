// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts of events by site, and what differs between two worlds: see event_counts.h. */
#include "fuzz/tools/event_counts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bug.h"
#include "core/base/site.h"
#include "core/engine/policy.h"

#define BUCKETS 16384u /* a power of two, and more than twice the sites */
_Static_assert(BUCKETS > 2 * EVENT_SITES_MAX, "an open hash needs room");

static u16 bucket[BUCKETS]; /* index + 1 in the counts; 0: free */

static struct event_count *count_of(struct event_counts *c, u32 site)
{
	u32 i = site % BUCKETS;

	for (; bucket[i]; i = (i + 1) % BUCKETS) {
		if (c->count[bucket[i] - 1].site == site)
			return &c->count[bucket[i] - 1];
	}
	if (c->nsites == EVENT_SITES_MAX)
		return NULL;
	c->count[c->nsites].site = site;
	site_name(site, c->count[c->nsites].name, sizeof(c->count[0].name));
	bucket[i] = (u16)++c->nsites;
	return &c->count[c->nsites - 1];
}

void event_counts_add(struct event_counts *c)
{
	size_t n;
	const struct engine_logged *log = engine_log(&n);

	BUG_ON(c->nsites > EVENT_SITES_MAX);
	if (!c->runs)
		memset(bucket, 0, sizeof(bucket));
	c->runs++;
	for (size_t i = 0; i < n; i++) {
		struct event_count *count = log[i].choice ? NULL : count_of(c, log[i].site);

		if (count)
			count->n++;
		else
			c->lost += !log[i].choice;
	}
}

struct change { const char *name; double base, with; };

static int by_site(const void *a, const void *b)
{
	const struct event_count *x = a, *y = b;

	return x->site < y->site ? -1 : x->site > y->site;
}

static int by_size(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	double dx = fabs(x->base - x->with), dy = fabs(y->base - y->with);

	return dx > dy ? -1 : dx < dy ? 1 : strcmp(x->name, y->name);
}

static struct event_count *sorted(const struct event_counts *c)
{
	struct event_count *copy = calloc(c->nsites + 1, sizeof(*copy));

	BUG_ON(!copy);
	memcpy(copy, c->count, c->nsites * sizeof(*copy));
	qsort(copy, c->nsites, sizeof(*copy), by_site);
	return copy;
}

/* An op does the same thing many times or not at all, so chance is taken for larger than
 * that of single events. */
static bool is_change(u64 a, u64 b)
{
	double difference = fabs((double)a - (double)b);

	return difference > 6 * sqrt((double)(a + b)) && difference > 0.1 * (double)max(a, b);
}

unsigned event_counts_print(const struct event_counts *base, const struct event_counts *with,
			    unsigned lines, FILE *out)
{
	struct event_count *a = sorted(base), *b = sorted(with);
	struct change *change = calloc((size_t)base->nsites + with->nsites + 1, sizeof(*change));
	unsigned n = 0;

	BUG_ON(!change);
	for (u32 i = 0, k = 0; (i < base->nsites || k < with->nsites) && base->runs && with->runs;) {
		bool left = k == with->nsites || (i < base->nsites && a[i].site <= b[k].site);
		bool right = i == base->nsites || (k < with->nsites && b[k].site <= a[i].site);
		u64 na = left ? a[i].n : 0, nb = right ? b[k].n : 0;

		if (is_change(na, nb))
			change[n++] = (struct change){ left ? a[i].name : b[k].name,
						       (double)na / (double)base->runs,
						       (double)nb / (double)with->runs };
		i += left;
		k += right;
	}
	qsort(change, n, sizeof(*change), by_size);
	n = min(n, lines);
	for (unsigned i = 0; i < n; i++)
		fprintf(out, "  %-48s base %9.3f  with %9.3f\n", change[i].name, change[i].base,
			change[i].with);
	free(change);
	free(a);
	free(b);
	return n;
}
