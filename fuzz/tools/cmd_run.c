// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace run: programs from files; regression (--check) and replay. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/exec/source_lines.h"
#include "fuzz/prog/expect.h"
#include "fuzz/tools/run_results.h"
#include "fuzz/tools/unmet.h"

static const struct option_spec options[] = {
	{ "backend", "sim|native", "sim (default) is exact; native runs real threads" },
	{ "policy", "P", option_policy_text },
	{ "seed", "N", "seed of the policy instead of the program's" },
	{ "schedules", "N", "run so often, with seeds from --seed on (default 1)" },
	{ "bug", "A,B", option_bug_text },
	{ "steps", "N", "points until the fair schedule takes over" },
	{ "races", "plain|marked", "TSan, on a tree: plain (default) reports races of plain accesses" },
	{ "check", NULL, "exit 0 when each expect: line is met (with --bug=none: when clean)" },
	{ "edges", "must|may", "with --check, an order edge or choice that is not met: must (default)\n"
	  "                         fails the check; may is said, no more (programs of another world)" },
	{ "quiet", NULL, "a line a file, no reports" },
	{ "json", "OUT", "results as JSON" },
	{ "junit", "OUT", "results as JUnit XML" },
	{ "sarif", "OUT", "what failed as SARIF 2.1.0" },
	{ NULL, NULL, NULL },
};

#define RACE_TRIES 8

struct run_job {
	struct args args;
	struct run_options opt;
	bool check, quiet, bug_none, edges_may;
	u64 schedules;
	struct run_results results;
};

static struct prog prog;
static struct prog_text text;
static struct run_job job;
static const char *native_file;

static void print_native(const struct engine_report *r)
{
	printf("%s: report: %s\n", native_file, r->title);
	if (!job.quiet && r->body)
		fputs(r->body, stdout);
}

static const char *bug_names(const struct run_job *j)
{
	static char names[SEEDED_BUG_NAMES_MAX];

	return seeded_bugs_names(&j->opt.bugs, names);
}

/* The command that does this run again. */
static void put_replay(FILE *out, const char *path, const struct run_options *opt)
{
	fprintf(out, "swaprace run %s", path);
	print_world_option(out);
	if (world_linked->seeded_bugs)
		fprintf(out, " --bug=%s", bug_names(&job));
	if (opt->policy != RUN_POLICY_OF_PROGRAM)
		fprintf(out, " --policy=%s", prog_policy_names[opt->policy]);
	if (opt->seed_set)
		fprintf(out, " --seed=%llu", (unsigned long long)opt->seed);
	fprintf(out, "\n");
}

static void print_report(const char *path, const struct run_options *opt,
			 const struct run_result *r)
{
	printf("%s: report: %s\n", path, r->title);
	source_lines_print(stdout, r->body);
	printf("\nreplay: ");
	put_replay(stdout, path, opt);
	if (prog.nedges)
		printf("schedule: %u order edges, %u choices\n", prog.nedges, prog.nchoices);
}

/* --check: is what the run gave what the file expects? *why names the first miss. */
static bool meets(const struct run_job *j, const struct run_result *r, const char **why)
{
	bool any_title = false;

	*why = "";
	for (int i = 0; i < text.nexpects; i++) {
		bool applies, met = run_meets_expect(r, text.expect[i], &applies), absent;
		struct expect e;
		const char *wrong;

		expect_parse(text.expect[i], &e, &wrong);
		/* What is said of a world by name holds whether a switch is on or not. What is
		 * said of the model's switch says nothing of a world without switches. */
		if (!applies || (text.bugs[0] && !world_linked->seeded_bugs && !expect_names_world(&e)))
			continue;
		absent = j->bug_none && !e.is_clean && !expect_names_world(&e);
		any_title |= !absent && !e.is_counter && !e.is_clean;
		if (met == absent) {
			*why = text.expect[i];
			return false;
		}
	}
	if (r->status == RUN_REPORT && !any_title) {
		*why = "no report";
		return false;
	}
	return true;
}

/* What two builds, or a bug on and off, must agree on: over all schedules. */
struct run_hashes {
	u64 traces; /* the trace hash of each run */
	u64 at_bug; /* ... at the first evaluation of one of the file's bugs, on or off; 0: none */
	u64 truncated; /* runs that were too long: shorter than elsewhere */
};

static void hashes_add(struct run_hashes *h, const struct run_result *r,
		       const struct seeded_bug_set *bugs)
{
	h->traces = (h->traces ^ r->hash) * 0x100000001b3ull;
	h->truncated += r->status == RUN_TRUNCATED;
	if (!seeded_bugs_none(bugs))
		h->at_bug = (h->at_bug ^ seeded_bugs_hash_at_first(bugs)) * 0x100000001b3ull;
}

static bool expects_race(void)
{
	for (int i = 0; i < text.nexpects; i++)
		if (strstr(text.expect[i], "data-race"))
			return !job.bug_none;
	return false;
}

/* Is the program for another world, or its machine one that this world cannot be? */
static bool is_elsewhere(struct run_job *j, const char *path)
{
	char why[160];

	if (text.world[0] && world_matches(world_linked, text.world, strlen(text.world)) <= 0)
		snprintf(why, sizeof(why), "it is for %s, this is %s", text.world, world_linked->name);
	else if (run_machine_check(&prog, NULL, why, sizeof(why)))
		return false;
	printf("%s: skipped: %s\n", path, why);
	results_add(&j->results, &(struct run_outcome){ .path = path, .kind = OUTCOME_SKIPPED,
							.why = why });
	return true;
}

/* The nth run's policy seed, where there is one to choose. */
static void seed_nth(struct run_options *opt, u64 n, u64 schedules)
{
	bool seeded = opt->seed_set || prog.policy != PROG_POLICY_REPLAY ||
		      opt->policy > PROG_POLICY_REPLAY || opt->backend == ENGINE_NATIVE;

	if (!opt->seed_set && schedules == 1)
		return;
	opt->seed = (opt->seed_set ? opt->seed : prog.seed) + n;
	opt->seed_set = seeded;
}

/* Edges and choices that were not met, over all schedules. */
struct unmet_edges {
	u64 runs;    /* with at least one */
	u32 unknown; /* that name what this build does not have */
	u64 seed;    /* of the first run */
	bool seeded;
	char first[UNMET_TEXT_MAX];
};

static void unmet_add(struct unmet_edges *u, const struct run_result *r,
		      const struct run_options *opt)
{
	if (r->unmet + r->open == 0 || u->runs++)
		return;
	u->seeded = opt->seed_set;
	u->seed = opt->seed;
	if (!u->unknown)
		unmet_describe(&prog, &r->first_unmet, u->first, sizeof(u->first));
}

/* Says which names this build does not have: a line each, before anything is run. */
static void print_unknown(struct unmet_edges *u, const char *path)
{
	char line[UNMET_TEXT_MAX];

	for (u32 index = 0; unmet_unknown(&prog, &text, &index, line, sizeof(line));) {
		printf("%s: %s\n", path, line);
		if (u->unknown++ == 0)
			snprintf(u->first, sizeof(u->first), "%s", line);
	}
}

/* --check: is the schedule one that did not happen? Without the file's bug it may be: its
 * order is often what the correct code excludes. */
static bool schedule_fails(const struct run_job *j, const struct run_result *r,
			   const struct unmet_edges *u)
{
	bool open = r->open;

	if (j->edges_may)
		return false;
#ifdef SWAPRACE_TSAN
	open = false; /* TSan reports a race before what the race leads to */
#endif
	return u->unknown || (!j->bug_none && (r->unmet || open));
}

static void print_unmet(const struct unmet_edges *u, const char *path, u64 schedules)
{
	if (u->runs == 0 || u->unknown)
		return;
	printf("%s: not met in %llu of %llu schedules", path, (unsigned long long)u->runs,
	       (unsigned long long)schedules);
	if (u->seeded)
		printf(" (first: --seed=%llu)", (unsigned long long)u->seed);
	printf(": %s\n", u->first);
}

/* The runs of one file: their sums, and the first that failed (else the last). */
struct file_runs {
	struct run_hashes hashes;
	struct titles titles;
	struct unmet_edges unmet;
	struct run_result last;
	struct seeded_bug_set watched;
	u64 good, first_hash;
	bool same;
	struct run_options shown_opt;
	char title[REPORT_TITLE_MAX];
	char *body;
	char why[UNMET_TEXT_MAX];
};

static void print_outcome(const struct run_job *j, const char *path, const struct file_runs *f)
{
	bool ok = f->good == j->schedules;

	if (j->check && ok)
		printf("%s: ok: bug %s: %s (%llu of %llu)\n", path, bug_names(j),
		       f->title[0] ? f->title : "clean", (unsigned long long)f->good,
		       (unsigned long long)j->schedules);
	else if (j->check)
		printf("%s: FAILED: bug %s: %s; not met: %s (%llu of %llu)\n", path, bug_names(j),
		       f->title[0] ? f->title : "clean", f->why, (unsigned long long)f->good,
		       (unsigned long long)j->schedules);
	else if (ok)
		printf("%s: %s (%llu schedules, %llu points, hash %016llx%s)\n", path,
		       f->last.status == RUN_TRUNCATED ? "nothing found, but too long to be called clean" :
		       "clean", (unsigned long long)j->schedules,
		       (unsigned long long)f->last.stats.steps, (unsigned long long)f->first_hash,
		       f->same ? "" : ", schedules differ");
	else if (j->quiet)
		printf("%s: report: %s\n", path, f->title);
}

static void add_outcome(struct run_job *j, const char *path, const struct file_runs *f,
			double seconds)
{
	bool failed = f->good != j->schedules;
	/* A symbolizer takes its time: only for what is shown. */
	char *replay = NULL, *body = failed ? source_lines(f->body) : NULL;
	size_t size;
	FILE *out = open_memstream(&replay, &size);

	if (out) {
		put_replay(out, path, &f->shown_opt);
		fclose(out);
	}
	results_add(&j->results, &(struct run_outcome){
		.path = path, .kind = failed ? OUTCOME_FAILED : OUTCOME_OK,
		.why = f->why, .bug = bug_names(j), .title = f->title, .body = body,
		.replay = replay, .seed = f->shown_opt.seed, .seeded = f->shown_opt.seed_set,
		.schedules = j->schedules, .good = f->good, .points = f->last.stats.steps,
		.truncated = f->hashes.truncated, .hash = f->last.hash, .hashes = f->hashes.traces,
		.hash_at_bug = f->hashes.at_bug, .titles = &f->titles, .seconds = seconds });
	free(replay);
	free(body);
}

/* Keeps what is shown of this run. */
static void show_run(struct file_runs *f, const struct run_options *opt, const char *why)
{
	f->shown_opt = *opt;
	snprintf(f->title, sizeof(f->title), "%s", f->last.title);
	free(f->body);
	f->body = f->last.body ? strdup(f->last.body) : NULL;
	snprintf(f->why, sizeof(f->why), "%s", why);
}

/* Did the nth run go as it should? False also ends the runs of a file without --check. */
static bool run_nth(struct run_job *j, const char *path, struct file_runs *f, u64 n)
{
	struct run_options opt = j->opt;
	const char *miss = "";
	struct run_result *r = &f->last;
	bool ok, first = f->good == n;

	seed_nth(&opt, n, j->schedules);
	run_program(&prog, NULL, &opt, r);
	if (n == 0)
		f->first_hash = r->hash;
	f->same &= r->hash == f->first_hash;
	hashes_add(&f->hashes, r, &f->watched);
	if (r->status == RUN_REPORT)
		titles_add(&f->titles, r->title, n);
	unmet_add(&f->unmet, r, &opt);
	ok = j->check ? meets(j, r, &miss) : r->status != RUN_REPORT;
	if (ok && j->check && schedule_fails(j, r, &f->unmet)) {
		ok = false;
		miss = f->unmet.first;
	}
	f->good += ok;
	if (ok && !first)
		return true;
	if (first)
		show_run(f, &opt, miss);
	if (!ok && first && r->status == RUN_REPORT && !j->quiet)
		print_report(path, &opt, r);
	return ok;
}

/* A file that cannot be run: said on stderr already. */
static int file_error(struct run_job *j, const char *path, const char *why)
{
	results_add(&j->results, &(struct run_outcome){ .path = path, .kind = OUTCOME_ERROR,
							.why = why });
	return EXIT_USAGE;
}

static int run_file(struct run_job *j, const char *path)
{
	struct file_runs f = { .same = true };
	double start = now_seconds();
	const char *wrong;
	int status = load_program(path, &prog, &text);

	if (status)
		return file_error(j, path, load_error());
	if (is_elsewhere(j, path))
		return EXIT_CLEAN;
	/* A world without switches runs the program as it is without its bug. */
	if (args_bugs(&j->args, world_linked->seeded_bugs ? text.bugs : NULL, &j->opt.bugs))
		return file_error(j, path, "no such seeded bug here");
	j->bug_none = seeded_bugs_none(&j->opt.bugs) && text.bugs[0];
	f.watched = j->opt.bugs;
	if (j->bug_none && seeded_bugs_parse(&f.watched, text.bugs, &wrong))
		return file_error(j, path, "no such seeded bug");
	native_file = path;
	j->opt.report_known = text.nexpects > 0;
	j->opt.race_tries = !j->check || expects_race() ? RACE_TRIES : 1;
	if (j->opt.backend == ENGINE_NATIVE && prog.nedges)
		printf("%s: native ignores the %u order edges\n", path, prog.nedges);
	print_unknown(&f.unmet, path);
	for (u64 i = 0; i < j->schedules; i++)
		if (!run_nth(j, path, &f, i) && !j->check)
			break;
	print_unmet(&f.unmet, path, j->schedules);
	print_outcome(j, path, &f);
	add_outcome(j, path, &f, now_seconds() - start);
	status = f.good == j->schedules ? EXIT_CLEAN : EXIT_REPORT;
	run_result_clear(&f.last);
	free(f.body);
	return status;
}

static int run(int argc, char **argv)
{
	struct run_job *j = &job;
	bool bad = false;
	int status = args_parse(&j->args, &command_run, argc, argv), worst = EXIT_CLEAN, backend;

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	if (j->args.nfiles == 0)
		return bad_usage("run", "no file given (see swaprace run --help)");
	j->opt = run_defaults;
	j->opt.policy = args_policy(&j->args);
	backend = args_backend(&j->args);
	j->schedules = args_number(&j->args, "schedules", 1, 1000000000, &bad);
	j->opt.seed = args_number(&j->args, "seed", 0, UINT64_MAX, &bad);
	j->opt.steps_max = (u32)args_number(&j->args, "steps", 0, 100000000, &bad);
	if (args_races(&j->args, &j->opt.races_marked))
		return EXIT_USAGE;
	if (bad || j->opt.policy == -2 || backend == -2)
		return EXIT_USAGE;
	j->opt.backend = (enum engine_backend)backend;
	j->opt.seed_set = args_get(&j->args, "seed") != NULL;
	j->opt.capture = true;
	j->opt.flush_shadow = true;
	j->check = args_get(&j->args, "check") != NULL;
	if (args_choice(&j->args, "edges", "must", "may", &j->edges_may))
		return EXIT_USAGE;
	if (!j->schedules)
		return bad_usage("run", "--schedules=0 runs nothing");
	j->quiet = args_get(&j->args, "quiet") != NULL;
	engine_native_report = print_native;
	if (results_begin(&j->results, args_get(&j->args, "json"), args_get(&j->args, "junit"),
			  args_get(&j->args, "sarif")))
		return EXIT_ENVIRONMENT;
	for (int i = 0; i < j->args.nfiles; i++) {
		status = run_file(j, j->args.file[i]);
		worst = max(worst, status);
	}
	status = results_end(&j->results);
	worst = max(worst, status);
	run_exit();
	if (worst == EXIT_CLEAN && j->results.skipped == (unsigned)j->args.nfiles)
		worst = EXIT_SKIPPED;
	return worst;
}

const struct command command_run = {
	"run", "FILE... [options]",
	"runs programs; a line a file, and the report of what fails", options, run,
};
