// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace bench: the budgets of the design beside what is measured here. The
 * first three rows use one program each; best of several rounds, one core. */
#include <stdlib.h>
#include <string.h>

#include "core/world/bench_world.h"
#include "fuzz/tools/tool.h"

static const struct option_spec options[] = {
	{ "time", "S", "seconds a row (default 2)" },
	{ "json", "OUT", "results as JSON" },
	{ NULL, NULL, NULL },
};

#if defined(SWAPRACE_TSAN)
#define BUILD "tsan"
#elif defined(SWAPRACE_ASAN)
#define BUILD "asan"
#else
#define BUILD "release"
#endif

/* Three tasks of six ops, two on one mm: faults, COW, a page out and in again. */
static const char mm_program[] =
	"machine: cpus=3 folios=32 dev0=sync,16\n"
	"policy: random seed=1\n"
	"task A cpu=0 mm=1\n"
	" 1 mmap r0 2\n 2 write r0+0 0x11\n 3 write r0+0 0x12\n 4 madv_pageout r0 1\n"
	" 5 read r0+0\n 6 write r0+0 0x13\n"
	"task B cpu=1 mm=1\n"
	" 1 mmap r1 2\n 2 write r1+0 0x21\n 3 read r1+0\n 4 read r1+0\n 5 write r1+0 0x23\n"
	" 6 read r1+0\n"
	"task C cpu=2 mm=2\n"
	" 1 mmap r0 2\n 2 write r0+0 0x31\n 3 read r0+0\n 4 read r0+0\n 5 write r0+0 0x32\n"
	" 6 cond_resched\n";

struct row {
	const char *what, *unit, *where;
	double value, budget;
	bool at_most; /* the budget is an upper bound */
};

static struct row rows[16];
static unsigned nrows;

static void add_row(const char *what, const char *unit, double value, double release, double tsan,
		    bool at_most)
{
	double budget = strcmp(BUILD, "tsan") == 0 ? tsan : strcmp(BUILD, "release") == 0 ? release : 0;

	rows[nrows++] = (struct row){ .what = what, .unit = unit, .value = value, .budget = budget,
				      .at_most = at_most };
}

static void bench_points(double seconds)
{
	double best = 1e99, start = now_seconds();
	struct bench_points r = { 0, 0 };
	u64 seed = 1;

	while (now_seconds() - start < seconds) {
		double t = now_seconds();

		r = bench_points_run(2000, seed, sched_random(0));
		seed += 2000;
		best = min(best, (now_seconds() - t) / (double)r.runs);
	}
	add_row("3 tasks x 20 x {lock, add, unlock, atomic add}", "schedules/s", 1 / best, 140000, 40000,
		false);
	add_row("scheduling point, all of it, random walk", "ns",
		best * 1e9 / ((double)r.points / (double)r.runs), 40, 0, true);
	add_row("  points a schedule", "", (double)r.points / (double)r.runs, 0, 0, true);
}

static int bench_programs(double seconds)
{
	static struct prog p;
	struct prog_error err;
	struct run_result r = { 0 };
	struct run_options opt = run_defaults;
	double best = 1e99, best_reset = 1e99, start = now_seconds();
	u64 points = 0, runs = 0, seed = 1;
	static struct prog empty;

	if (prog_parse(&p, NULL, mm_program, sizeof(mm_program) - 1, &err) != 0) {
		fprintf(stderr, "swaprace bench: its own program: %u:%u: %s\n", err.line, err.column,
			err.what);
		return EXIT_USAGE;
	}
	run_fit(&p, NULL);
	opt.seed_set = true;
	while (now_seconds() - start < seconds) {
		double t = now_seconds();

		for (unsigned i = 0; i < 200; i++) {
			opt.seed = seed++;
			run_program(&p, NULL, &opt, &r);
			points += r.stats.steps;
			runs++;
			if (r.status == RUN_REPORT) {
				fprintf(stderr, "swaprace bench: report: %s\n%s", r.title, r.body);
				return EXIT_REPORT;
			}
		}
		best = min(best, (now_seconds() - t) / 200);
	}
	add_row("mm program, 3 tasks x 6 ops, all checkers", "runs/s", 1 / best, 20000, 5000, false);
	add_row("  points a run", "", (double)points / (double)runs, 0, 0, true);
	empty = p;
	empty.ntasks = 1;
	empty.task[0].nops = 1;
	empty.task[0].op[0] = (struct prog_op){ .kind = OP_cond_resched };
	start = now_seconds();
	while (now_seconds() - start < seconds) {
		double t = now_seconds();

		for (unsigned i = 0; i < 1000; i++)
			run_program(&empty, NULL, &opt, &r);
		best_reset = min(best_reset, (now_seconds() - t) / 1000);
	}
	add_row("world reset, set-up, quiet checks, full audit", "us", best_reset * 1e6, 10, 20, true);
	run_result_clear(&r);
	return 0;
}

static int print_rows(const char *json_path)
{
	char *out;
	size_t size;
	FILE *json = json_path ? open_memstream(&out, &size) : NULL;
	int status = 0;

	printf("build: %s (best round; one core; lockdep on)\n", BUILD);
	printf("%-50s %12s %12s  %s\n", "what", "measured", "budget", "");
	if (json)
		fputc('[', json);
	for (unsigned i = 0; i < nrows; i++) {
		struct row *r = &rows[i];
		bool met = r->at_most ? r->value <= r->budget : r->value >= r->budget;

		printf("%-50s %12.1f", r->what, r->value);
		if (r->budget > 0)
			printf(" %s%10.0f  %s\n", r->at_most ? "<=" : ">=", r->budget,
			       met ? r->unit : r->unit[0] ? "MISSED" : "");
		else
			printf(" %12s  %s\n", "", r->unit);
		if (json) {
			fprintf(json, "%s\n  {\"what\": ", i ? "," : "");
			print_json(json, r->what + strspn(r->what, " "));
			fprintf(json, ", \"build\": \"%s\", \"value\": %.2f, \"budget\": %.0f, \"unit\": ",
				BUILD, r->value, r->budget);
			print_json(json, r->unit);
			fputc('}', json);
		}
	}
	if (json) {
		fprintf(json, "\n]\n");
		fclose(json);
		status = write_file(json_path, out, size);
		free(out);
	}
	return status;
}

static int bench(int argc, char **argv)
{
	static struct args a;
	bool bad = false;
	double seconds;
	int status = args_parse(&a, &command_bench, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	seconds = args_seconds(&a, "time", 2, &bad);
	if (bad)
		return EXIT_USAGE;
	bench_points(seconds);
	status = bench_programs(seconds);
	if (status)
		return status;
	status = print_rows(args_get(&a, "json"));
	run_exit();
	return status;
}

const struct command command_bench = {
	"bench", "[options]", "measures the budgets of the design on this machine", options, bench,
};
