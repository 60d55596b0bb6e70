// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace run: programs from files; regression (--check) and replay. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/prog/expect.h"
#include "fuzz/tools/tool.h"
#include "fuzz/tools/unmet.h"

static const struct option_spec options[] = {
	{ "backend", "sim|native", "sim (default) is exact; native runs real threads" },
	{ "policy", "P", option_policy_text },
	{ "seed", "N", "seed of the policy instead of the program's" },
	{ "schedules", "N", "run so often, with seeds from --seed on (default 1)" },
	{ "bug", "ID", "seeded bug instead of the file's; none: without" },
	{ "steps", "N", "points until the fair schedule takes over" },
	{ "races", "plain|marked", "TSan, on a tree: plain (default) reports races of plain accesses" },
	{ "check", NULL, "exit 0 when each expect: line is met (with --bug=none: when clean)" },
	{ "edges", "must|may", "with --check, an order edge or choice that is not met: must (default)\n"
	  "                         fails the check; may is said, no more (programs of another world)" },
	{ "quiet", NULL, "a line a file, no reports" },
	{ "json", "OUT", "results as JSON" },
	{ "junit", "OUT", "results as JUnit XML" },
	{ NULL, NULL, NULL },
};

#define RACE_TRIES 8

struct run_job {
	struct args args;
	struct run_options opt;
	bool check, quiet, bug_none, edges_may;
	u64 schedules;
	FILE *json, *junit;
	char *json_text, *junit_text;
	size_t json_size, junit_size;
	unsigned failed, skipped;
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

static const char *bug_name(const struct run_job *j)
{
	return j->opt.bug == BUG_NONE ? "none" : seeded_bug_info(j->opt.bug)->name;
}

static void print_replay(const char *path, const struct run_options *opt, const struct prog *p)
{
	printf("\nreplay: swaprace run %s", path);
	print_world_option();
	if (world_linked->seeded_bugs)
		printf(" --bug=%s", bug_name(&job));
	if (opt->policy != RUN_POLICY_OF_PROGRAM)
		printf(" --policy=%s", prog_policy_names[opt->policy]);
	if (opt->seed_set)
		printf(" --seed=%llu", (unsigned long long)opt->seed);
	printf("\n");
	if (p->nedges)
		printf("schedule: %u order edges, %u choices\n", p->nedges, p->nchoices);
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
		if (!applies || (text.bug[0] && !world_linked->seeded_bugs && !expect_names_world(&e)))
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
	u64 at_bug; /* ... at the first evaluation of the file's bug, on or off; 0: none */
	u64 truncated; /* runs that TSan's bound ended: shorter than elsewhere */
};

static void hashes_add(struct run_hashes *h, const struct run_result *r, enum seeded_bug bug)
{
	h->traces = (h->traces ^ r->hash) * 0x100000001b3ull;
	h->truncated += r->status == RUN_TRUNCATED;
	if (bug != BUG_NONE)
		h->at_bug = (h->at_bug ^ seeded_bug_hash_at_first(bug)) * 0x100000001b3ull;
}

static void add_result(struct run_job *j, const char *path, const struct run_result *r,
		       const struct run_hashes *hashes, u64 good, bool ok, const char *why)
{
	if (j->json) {
		fprintf(j->json, "%s\n  {\"file\": ", ftell(j->json) > 1 ? "," : "");
		print_json(j->json, path);
		fprintf(j->json, ", \"bug\": ");
		print_json(j->json, bug_name(j));
		fprintf(j->json, ", \"title\": ");
		print_json(j->json, r->title);
		fprintf(j->json, ", \"ok\": %s, \"schedules\": %llu, \"good\": %llu, \"points\": %llu, "
			"\"hash\": \"%016llx\", \"hashes\": \"%016llx\", \"hash_at_bug\": \"%016llx\", "
			"\"truncated\": %llu}",
			ok ? "true" : "false", (unsigned long long)j->schedules,
			(unsigned long long)good, (unsigned long long)r->stats.steps,
			(unsigned long long)r->hash, (unsigned long long)hashes->traces,
			(unsigned long long)hashes->at_bug, (unsigned long long)hashes->truncated);
	}
	if (j->junit) {
		fprintf(j->junit, "<testcase classname=\"swaprace\" name=\"");
		print_xml(j->junit, path);
		fprintf(j->junit, "\">");
		if (!ok) {
			fprintf(j->junit, "<failure message=\"");
			print_xml(j->junit, r->title[0] ? r->title : why);
			fprintf(j->junit, "\">");
			print_xml(j->junit, r->body ? r->body : "");
			fprintf(j->junit, "</failure>");
		}
		fprintf(j->junit, "</testcase>\n");
	}
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
	j->skipped++;
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
	if (j->edges_may)
		return false;
	return u->unknown || (!j->bug_none && (r->unmet || r->open));
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

static void print_outcome(const struct run_job *j, const char *path, const struct run_result *r,
			  u64 good, const char *why, u64 first_hash, bool same)
{
	bool ok = good == j->schedules;

	if (j->check)
		printf("%s: %s: bug %s: %s%s%s (%llu of %llu)\n", path, ok ? "ok" : "FAILED",
		       bug_name(j), r->title[0] ? r->title : "clean", ok ? "" : "; not met: ",
		       ok ? "" : why, (unsigned long long)good, (unsigned long long)j->schedules);
	else if (ok)
		printf("%s: %s (%llu schedules, %llu points, hash %016llx%s)\n", path,
		       r->status == RUN_TRUNCATED ? "nothing found, but longer than TSan's history" :
		       "clean", (unsigned long long)j->schedules, (unsigned long long)r->stats.steps,
		       (unsigned long long)first_hash, same ? "" : ", schedules differ");
	else if (j->quiet)
		printf("%s: report: %s\n", path, r->title);
}

static int run_file(struct run_job *j, const char *path)
{
	struct run_hashes hashes = { 0 };
	struct unmet_edges unmet = { 0 };
	struct run_result r = { 0 };
	enum seeded_bug watched;
	u64 good = 0, first_hash = 0;
	const char *why = "";
	bool ok = true, same = true;
	int bug, status = load_program(path, &prog, &text);

	if (status)
		return status;
	if (is_elsewhere(j, path))
		return EXIT_CLEAN;
	/* A world without switches runs the program as it is without its bug. */
	bug = args_bug(&j->args, world_linked->seeded_bugs ? text.bug : NULL);
	if (bug == -2)
		return EXIT_USAGE;
	j->opt.bug = bug < 0 ? BUG_NONE : (enum seeded_bug)bug;
	j->bug_none = j->opt.bug == BUG_NONE && text.bug[0];
	watched = j->bug_none ? (enum seeded_bug)seeded_bug_find(text.bug) : j->opt.bug;
	native_file = path;
	j->opt.report_known = text.nexpects > 0;
	j->opt.race_tries = !j->check || expects_race() ? RACE_TRIES : 1;
	if (j->opt.backend == ENGINE_NATIVE && prog.nedges)
		printf("%s: native ignores the %u order edges\n", path, prog.nedges);
	print_unknown(&unmet, path);
	for (u64 i = 0; i < j->schedules; i++) {
		struct run_options opt = j->opt;
		const char *miss = "";

		seed_nth(&opt, i, j->schedules);
		run_program(&prog, NULL, &opt, &r);
		if (i == 0)
			first_hash = r.hash;
		same &= r.hash == first_hash;
		hashes_add(&hashes, &r, watched);
		unmet_add(&unmet, &r, &opt);
		ok = j->check ? meets(j, &r, &miss) : r.status != RUN_REPORT;
		if (ok && j->check && schedule_fails(j, &r, &unmet)) {
			ok = false;
			miss = unmet.first;
		}
		good += ok;
		if (!ok && !*why)
			why = *miss ? miss : r.title;
		if (!ok || (j->check && r.status == RUN_REPORT && j->schedules == 1) || !j->check) {
			if (r.status == RUN_REPORT && !j->quiet && !(j->check && ok)) {
				printf("%s: report: %s\n%s", path, r.title, r.body ? r.body : "");
				print_replay(path, &opt, &prog);
			}
			if (!ok && !j->check)
				break;
		}
	}
	ok = good == j->schedules;
	print_unmet(&unmet, path, j->schedules);
	print_outcome(j, path, &r, good, why, first_hash, same);
	add_result(j, path, &r, &hashes, good, ok, why);
	j->failed += !ok;
	run_result_clear(&r);
	return ok ? EXIT_CLEAN : EXIT_REPORT;
}

static int finish_files(struct run_job *j)
{
	const char *json = args_get(&j->args, "json"), *junit = args_get(&j->args, "junit");
	int status = 0;

	if (j->json) {
		fprintf(j->json, "\n]\n");
		fclose(j->json);
		status = write_file(json, j->json_text, j->json_size);
		free(j->json_text);
	}
	if (j->junit) {
		char head[200];
		char *whole;
		int n = snprintf(head, sizeof(head), "<?xml version=\"1.0\"?>\n<testsuite "
				 "name=\"swaprace\" tests=\"%d\" failures=\"%u\">\n",
				 j->args.nfiles, j->failed);

		fprintf(j->junit, "</testsuite>\n");
		fclose(j->junit);
		whole = malloc((size_t)n + j->junit_size);
		if (whole) {
			memcpy(whole, head, (size_t)n);
			memcpy(whole + n, j->junit_text, j->junit_size);
			status |= write_file(junit, whole, (size_t)n + j->junit_size);
		}
		free(whole);
		free(j->junit_text);
	}
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
	if (args_get(&j->args, "json")) {
		j->json = open_memstream(&j->json_text, &j->json_size);
		fputc('[', j->json);
	}
	if (args_get(&j->args, "junit"))
		j->junit = open_memstream(&j->junit_text, &j->junit_size);
	for (int i = 0; i < j->args.nfiles && worst != EXIT_USAGE; i++) {
		status = run_file(j, j->args.file[i]);
		worst = max(worst, status);
	}
	if (finish_files(j))
		worst = EXIT_USAGE;
	run_exit();
	if (worst == EXIT_CLEAN && j->skipped == (unsigned)j->args.nfiles)
		worst = EXIT_SKIPPED;
	return worst;
}

const struct command command_run = {
	"run", "FILE... [options]",
	"runs programs; a line a file, and the report of what fails", options, run,
};
