// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swaprace port: a program of one world for another one. Order edges between whole ops
 * mean the same everywhere; edges between events name places in one world's code. So
 * the program is searched under its op edges for the title that it expects, and the
 * schedule that gave it is recorded in this world's events.
 */
#include <string.h>

#include "fuzz/exec/title.h"
#include "fuzz/prog/expect.h"
#include "fuzz/tools/tool.h"

static const struct option_spec options[] = {
	{ "o", "OUT", "where the ported program goes" },
	{ "title", "T", "the report to look for (default: what the file expects)" },
	{ "schedules", "N", "at most (default 100000)" },
	{ "time", "S", "seconds at most (default 60)" },
	{ "seed", "N", "of the search (default 1)" },
	{ NULL, NULL, NULL },
};

static struct prog prog, ported;
static struct prog_text text;
static double time_end;

static bool within_time(void *arg)
{
	(void)arg;
	return now_seconds() < time_end;
}

/* Leaves the edges between whole ops. Returns how many it took out. */
static unsigned keep_op_edges(struct prog *p)
{
	unsigned kept = 0, all = p->nedges;

	for (unsigned i = 0; i < all; i++) {
		if (!p->edge[i].event.site && !p->edge[i].after.site)
			p->edge[kept++] = p->edge[i];
	}
	p->nedges = (u16)kept;
	p->nchoices = 0;
	return all - kept;
}

/* The title that the file expects, without the world that it is for; NULL: none. */
static const char *title_of(const struct args *a)
{
	const char *title = args_get(a, "title");

	for (unsigned i = 0; i < text.nexpects && !title; i++) {
		struct expect e;
		const char *why;

		if (expect_parse(text.expect[i], &e, &why) && !e.is_counter && !e.is_clean)
			title = e.what;
	}
	return title;
}

static bool gives(const struct run_result *r, const char *title)
{
	return r->status == RUN_REPORT && title_is(r->title, title);
}

/* Runs until the title comes; *tried: how often. */
static bool search_title(struct run_options *opt, const char *title, u64 schedules, u64 *tried)
{
	static struct run_result result;
	static const u8 turns[] = { PROG_POLICY_RANDOM, PROG_POLICY_PCT, PROG_POLICY_DELAY,
				    PROG_POLICY_DELAY };
	u64 seed = opt->seed;

	opt->seed_set = true;
	for (*tried = 0; *tried < schedules && within_time(NULL); ++*tried) {
		opt->policy = turns[*tried % ARRAY_SIZE(turns)];
		opt->seed = prng_mix(seed + *tried);
		run_program(&prog, NULL, opt, &result);
		if (gives(&result, title))
			return true;
	}
	return false;
}

static int save(const char *out, const char *title)
{
	struct prog_text to = text;

	snprintf(to.world, sizeof(to.world), "%s",
		 strcmp(world_linked->name, "model") == 0 ? "model" : "tree");
	if (!world_linked->seeded_bugs)
		to.bugs[0] = 0;
	memset(to.expect, 0, sizeof(to.expect));
	title_expectation(title, to.expect[0], sizeof(to.expect[0]));
	to.nexpects = 1;
	return write_program(out, &ported, &to);
}

static int run_port(int argc, char **argv)
{
	static struct args a;
	static struct run_result result;
	struct run_options opt = run_defaults;
	int status = args_parse(&a, &command_port, argc, argv);
	const char *title, *out;
	unsigned left_out;
	u64 schedules, tried;
	bool bad = false;

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	out = args_get(&a, "o");
	if (a.nfiles != 1 || !out)
		return bad_usage("port", "one file and -o OUT are wanted");
	schedules = args_number(&a, "schedules", 100000, 1000000000, &bad);
	opt.seed = args_number(&a, "seed", 1, UINT64_MAX, &bad);
	time_end = now_seconds() + args_seconds(&a, "time", 60, &bad);
	status = load_program(a.file[0], &prog, &text);
	if (!status && world_linked->seeded_bugs)
		status = args_bugs(&a, text.bugs, &opt.bugs);
	if (bad || status)
		return EXIT_USAGE;
	title = title_of(&a);
	if (!title)
		return bad_usage("port", "%s expects no report; name one by --title", a.file[0]);
	run_fit(&prog, NULL);
	left_out = keep_op_edges(&prog);
	opt.report_known = true;
	if (!search_title(&opt, title, schedules, &tried)) {
		printf("%s: %s does not give \"%s\" in %llu schedules\n", a.file[0], world_linked->name,
		       title, (unsigned long long)tried);
		return EXIT_REPORT;
	}
	if (run_reduce(&prog, NULL, &opt, NULL, &ported, &result, within_time, NULL))
		return bad_usage("port", "%s: its schedule cannot be recorded", a.file[0]);
	status = save(out, title);
	if (status)
		return status;
	printf("%s: %s gives it after %llu schedules: %u order edges in the place of %u\n", a.file[0],
	       world_linked->name, (unsigned long long)tried + 1, ported.nedges,
	       left_out);
	return EXIT_CLEAN;
}

const struct command command_port = {
	"port", "FILE -o OUT [options]",
	"a program of another world for this one, with this world's events\n"
	"Searches under its edges between whole ops for the title that it expects, and records\n"
	"the schedule that gave it. Status 1: not found.",
	options, run_port,
};
