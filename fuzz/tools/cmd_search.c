// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace search: random programs and schedules, without libFuzzer. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/exec/source_lines.h"
#include "fuzz/exec/title.h"
#include "fuzz/tools/known.h"
#include "fuzz/tools/paths.h"
#include "fuzz/tools/rare.h"
#include "fuzz/tools/search.h"
#include "fuzz/tools/titles.h"
#include "fuzz/tools/tool.h"

static const struct option_spec options[] = {
	{ "bug", "A,B", option_bug_search_text },
	{ "policy", "P", option_search_policy_text },
	{ "backend", "sim|native", "native ends at its first report" },
	{ "profile", "P", "all (default), swap, swapoff, ksm, hibernate or reclaim" },
	{ "seed", "N", "of the search (default: a new one, which is printed)" },
	{ "time", "S", "seconds at most (default 60)" },
	{ "schedules", "N", "runs at most" },
	{ "jobs", "N", "processes (default: a core each); what is found depends on the seed alone" },
	{ "out", "DIR", "where the program that failed goes, as text with its schedule" },
	{ "coverage", NULL, "print what overlapped, where interrupts went, paths never taken" },
	{ "edges", "OUT", "write which edges of a tree's code ran, for: swaprace tree coverage" },
	{ "rss", NULL, "print the memory in use after 10^3, 10^4, ... runs (with --keep-going)" },
	{ "keep-going", NULL, "count reports by title instead of ending at the first" },
	{ "known", "FILE", "reports that an entry of FILE knows (as repro/known.txt) do not end it" },
	{ "races", "plain|marked", "TSan, on a tree: plain (default) reports races of plain accesses" },
	{ NULL, NULL, NULL },
};

static struct search search;
static struct run_coverage coverage;
static struct prog fixed;
static struct prog_text text;

static const char *out_dir;
static bool fresh_seed, rss, keep_going;
static int not_kept; /* the status of a program that could not be written */

/* Writes the program to DIR/<title>.prog. */
static int save_program(const char *title, const struct prog *p)
{
	char path[4096], slug[64], names[SEEDED_BUG_NAMES_MAX];
	size_t n = 0;
	int err;

	for (const char *t = title; *t && n + 1 < sizeof(slug); t++)
		slug[n++] = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_",
				   *t) ? *t : '-';
	slug[n] = 0;
	snprintf(path, sizeof(path) - 32, "%s/%s", out_dir, slug);
	memset(&text, 0, sizeof(text));
	if (!seeded_bugs_none(&search.bugs))
		snprintf(text.bugs, sizeof(text.bugs), "%s", seeded_bugs_names(&search.bugs, names));
	if (strcmp(world_linked->name, "model") != 0)
		snprintf(text.world, sizeof(text.world), "tree"); /* events are named alike in all */
	title_expectation(title, text.expect[0], sizeof(text.expect[0]));
	text.nexpects = 1;
	err = make_folder("search", out_dir); /* it may have been removed since the start */
	if (!err)
		err = write_new_program(path, sizeof(path), p, &text);
	if (err)
		return err;
	printf("kept: %s\n%s: swaprace run %s", path,
	       search.backend == ENGINE_NATIVE ? "try again" : "replay", path);
	print_world_option(stdout);
	printf("%s\n", search.backend == ENGINE_NATIVE ? " --backend=native --schedules=100000" : "");
	return 0;
}

static void print_native(const struct engine_report *r)
{
	printf("report: %s\nfound on native after %llu runs\n%s", r->title,
	       (unsigned long long)search_current->schedules, r->body ? r->body : "");
	if (out_dir)
		save_program(r->title, &search_current->prog);
}

static bool reduce_time(void *arg)
{
	return now_seconds() < *(double *)arg;
}

/* Keeps the program that failed, with a schedule that replays it. */
static int save(void)
{
	static struct prog out;
	struct run_options opt = run_defaults;
	struct run_result r = { 0 };
	double end = now_seconds() + 20;

	if (search.backend == ENGINE_NATIVE)
		return save_program(search.result.title, &search.prog);
	opt.bugs = search.bugs;
	opt.races_marked = search.races_marked;
	opt.flush_shadow = true;
	opt.race_tries = 4;
	if (run_reduce(&search.prog, NULL, &opt, search.result.title, &out, &r, reduce_time, &end))
		out = search.prog;
	run_result_clear(&r);
	return save_program(search.result.title, &out);
}

/* --keep-going, --known=. */
static struct titles titles, known_titles;

static void print_rss(void)
{
	static u64 mark = 1000;

	if (search.schedules < mark)
		return;
	engine_flush_shadow();
	printf("%llu runs: %ld KiB of memory\n", (unsigned long long)mark, own_memory_kib());
	fflush(stdout);
	mark *= 10;
}

/* After each program: does the search end? */
static bool report_ends(struct search *s, void *arg)
{
	(void)arg;
	if (rss)
		print_rss();
	if (!s->found)
		return false;
	if (known_has(s->result.title, s->result.body)) {
		titles_add(&known_titles, s->result.title, s->schedules);
		s->found = false;
		return false;
	}
	if (!keep_going)
		return true;
	if (titles_add(&titles, s->result.title, s->schedules)) {
		printf("report: %s (after %llu schedules)\n", s->result.title,
		       (unsigned long long)s->schedules);
		fflush(stdout);
		if (out_dir)
			not_kept = max(not_kept, save());
	}
	return false;
}

static void print_titles(const struct titles *t, const char *known)
{
	for (unsigned i = 0; i < t->count; i++)
		printf("%8llu x %s (%sfirst after %llu)\n", (unsigned long long)t->seen[i].count,
		       t->seen[i].title, known, (unsigned long long)t->seen[i].first);
	if (t->others)
		printf("%8llu x other titles, beyond the %d above\n", (unsigned long long)t->others,
		       TITLES_MAX);
}

/* --jobs: as many as there are cores, unless the search is about this process. */
static int configure_jobs(struct args *a, bool *bad)
{
	bool one = rss || search.backend == ENGINE_NATIVE;

	search.jobs = (unsigned)args_jobs(a, one ? 1 : SEARCH_JOBS_MAX, SEARCH_JOBS_MAX, bad);
	if (one && search.jobs > 1)
		return bad_usage("search", "--jobs=%u: %s is one process", search.jobs,
				 rss ? "--rss" : "--backend=native");
	return 0;
}

static int configure(struct args *a)
{
	bool bad = false;
	int policy = args_policy(a), backend = args_backend(a);

	search.profile = args_profile(a);
	search.policy = policy;
	search.seed = args_seed(a, &fresh_seed, &bad);
	search.schedules_max = args_number(a, "schedules", 0, UINT64_MAX, &bad);
	search.seconds = args_seconds(a, "time", args_get(a, "schedules") ? 1e9 : 60, &bad);
	if (args_races(a, &search.races_marked))
		return EXIT_USAGE;
	if (bad || policy == -2 || backend == -2 || !search.profile)
		return EXIT_USAGE;
	search.backend = (enum engine_backend)backend;
	rss = args_get(a, "rss") != NULL;
	keep_going = args_get(a, "keep-going") != NULL;
	if (configure_jobs(a, &bad) || bad)
		return EXIT_USAGE;
	if (args_get(a, "known") && known_load(args_get(a, "known")))
		return EXIT_USAGE;
	if (policy == PROG_POLICY_REPLAY)
		return bad_usage("search",
				 "--policy=replay searches nothing; another one is wanted");
	if (a->nfiles > 1)
		return bad_usage("search", "one file at most");
	if (a->nfiles == 1) {
		int status = load_runnable(a->file[0], &fixed, &text);

		if (status)
			return status;
		fixed.nedges = fixed.nchoices = 0;
		search.fixed = &fixed;
	}
	return args_bugs(a, world_linked->seeded_bugs ? text.bugs : NULL, &search.bugs);
}

/* Gives status, or a worse one. */
static int save_edges(const char *path, int status)
{
	u32 taken;
	int err = rare_save(path, &taken);

	if (err == -ENODATA)
		return bad_usage("search", "--edges: %s has none, see --coverage", world_linked->name);
	if (err)
		return bad_environment("search", "cannot write %s: %s", path, strerror(-err));
	printf("%u edges of the tree's code were taken: %s\n", taken, path);
	return status;
}

static int run_search(int argc, char **argv)
{
	static struct args a;
	int status = args_parse(&a, &command_search, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	status = configure(&a);
	if (status)
		return status;
	out_dir = args_get(&a, "out");
	status = out_dir ? make_folder("search", out_dir) : 0;
	if (status)
		return status;
	if (args_get(&a, "coverage"))
		search.coverage = &coverage;
	if (fresh_seed) {
		printf("seed: %llu\n", (unsigned long long)search.seed);
		fflush(stdout);
	}
	search_catch_signals();
	engine_native_report = print_native;
	search.program_done = report_ends;
	status = search_run(&search);
	status = max(status, not_kept);
	print_titles(&known_titles, "known; ");
	if (keep_going) {
		print_titles(&titles, "");
		search.found = titles.count > 0;
	} else if (search.found) {
		printf("report: %s\n", search.result.title);
		source_lines_print(stdout, search.result.body);
		if (out_dir)
			status = max(status, save());
		printf("trace hash %016llx, policy %s, seed %llu\n",
		       (unsigned long long)search.result.hash,
		       prog_policy_names[search.prog.policy],
		       (unsigned long long)search.prog.seed);
	}
	printf("%s%s after %llu schedules in %.2f s (%.0f a second)\n",
	       search_stopped() ? "ended by a signal: " : "", search.found ? "found" : "nothing found",
	       (unsigned long long)search.schedules,
	       search.elapsed, (double)search.schedules / max(search.elapsed, 1e-6));
	if (search.truncated)
		printf("%llu runs were too long to be called clean\n",
		       (unsigned long long)search.truncated);
	if (search.coverage) {
		run_coverage_print_overlap(&coverage, stdout);
		run_coverage_print_delivery(&coverage, stdout);
		run_coverage_print_ops(&coverage, stdout);
		paths_print(stdout);
	}
	if (args_get(&a, "edges"))
		status = save_edges(args_get(&a, "edges"), status);
	run_result_clear(&search.result);
	run_exit();
	return status ? status : search.found ? EXIT_REPORT : EXIT_CLEAN;
}

const struct command command_search = {
	"search", "[FILE] [options]",
	"generates programs and schedules until something is found\n"
	"With FILE: that program under many schedules.", options, run_search,
};
