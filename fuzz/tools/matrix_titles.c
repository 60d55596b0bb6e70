// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swaprace matrix --titles=N: one bug, one title? Counts the titles that each seeded bug
 * gives in N schedules of generated programs, and lists the titles that several bugs give.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/tools/matrix.h"

#define TITLES_MAX 512
#define TITLES_FEW 3 /* more are listed */

static struct row {
	char title[REPORT_TITLE_MAX];
	u32 reports[SEEDED_BUG_COUNT]; /* of each bug */
} rows[TITLES_MAX];
static unsigned nrows, bug_titles[SEEDED_BUG_COUNT];
static enum seeded_bug bug;
static bool too_many;

static bool count(struct search *s, void *arg)
{
	unsigned i;

	(void)arg;
	if (!s->found)
		return false;
	for (i = 0; i < nrows; i++)
		if (strcmp(rows[i].title, s->result.title) == 0)
			break;
	too_many |= i == TITLES_MAX;
	if (too_many)
		return true;
	if (i == nrows)
		snprintf(rows[nrows++].title, sizeof(rows[i].title), "%s", s->result.title);
	if (rows[i].reports[bug]++ == 0)
		bug_titles[bug]++;
	return false;
}

static void print_bug(void)
{
	const struct seeded_bug_info *info = seeded_bug_info(bug);
	const struct row *most = NULL;
	u64 reports = 0;

	for (unsigned i = 0; i < nrows; i++) {
		reports += rows[i].reports[bug];
		if (rows[i].reports[bug] && (!most || rows[i].reports[bug] > most->reports[bug]))
			most = &rows[i];
	}
	printf("%-28s %-5s %6u %8llu  %s\n", info->name, info->ref, bug_titles[bug],
	       (unsigned long long)reports, most ? most->title : "-");
	for (unsigned i = 0; bug_titles[bug] > TITLES_FEW && i < nrows; i++)
		if (rows[i].reports[bug])
			printf("%50u  %s\n", rows[i].reports[bug], rows[i].title);
	fflush(stdout);
}

static int cmp(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return x < y ? -1 : x > y;
}

static void print_median(u64 schedules)
{
	unsigned sorted[SEEDED_BUG_COUNT], n = 0, few = 0;

	for (int b = BUG_NONE + 1; b < SEEDED_BUG_COUNT; b++) {
		if (!bug_titles[b])
			continue;
		sorted[n++] = bug_titles[b];
		few += bug_titles[b] <= TITLES_FEW;
	}
	if (!n)
		return;
	qsort(sorted, n, sizeof(*sorted), cmp);
	printf("\n%u bugs with a report in %llu schedules each; titles: median %u, at most %u; %u have "
	       "%d or fewer\n", n, (unsigned long long)schedules, sorted[(n - 1) / 2],
	       sorted[n - 1], few, TITLES_FEW);
}

static unsigned bugs_of(const struct row *r)
{
	unsigned n = 0;

	for (int b = BUG_NONE + 1; b < SEEDED_BUG_COUNT; b++)
		n += r->reports[b] > 0;
	return n;
}

static bool share(int a, int b)
{
	for (unsigned i = 0; i < nrows; i++)
		if (rows[i].reports[a] && rows[i].reports[b])
			return true;
	return false;
}

static void print_shared(void)
{
	unsigned pairs = 0;

	for (int a = BUG_NONE + 1; a < SEEDED_BUG_COUNT; a++)
		for (int b = a + 1; b < SEEDED_BUG_COUNT; b++)
			pairs += share(a, b);
	printf("\n%u pairs of bugs share a title:\n", pairs);
	for (unsigned i = 0; i < nrows; i++) {
		if (bugs_of(&rows[i]) < 2)
			continue;
		printf("  %s:", rows[i].title);
		for (int b = BUG_NONE + 1; b < SEEDED_BUG_COUNT; b++)
			if (rows[i].reports[b])
				printf(" %s (%u)", seeded_bug_info((enum seeded_bug)b)->name,
				       rows[i].reports[b]);
		putchar('\n');
	}
}

int matrix_titles(const char *bugs, u64 schedules, const struct prog_profile *profile, unsigned jobs)
{
	static struct search search;
	int status = 0;

	printf("%-28s %-5s %6s %8s  %s\n", "bug", "ref", "titles", "reports", "the most frequent one");
	for (int b = BUG_NONE + 1; b < SEEDED_BUG_COUNT && !status; b++) {
		if (!matrix_has(bugs, (enum seeded_bug)b))
			continue;
		bug = (enum seeded_bug)b;
		search = (struct search){
			.profile = profile, .policy = SEARCH_POLICY_PORTFOLIO, .backend = ENGINE_SIM,
			.seed = 1, .jobs = jobs, .schedules_max = schedules, .quiet = true,
			.program_done = count,
		};
		seeded_bugs_add(&search.bugs, bug);
		status = search_run(&search);
		run_result_clear(&search.result);
		if (too_many)
			return bad_environment("matrix", "more than %d titles", TITLES_MAX);
		print_bug();
	}
	print_median(schedules);
	print_shared();
	return status;
}
