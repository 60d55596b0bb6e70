// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swaprace bench: the budgets of the design for the world at hand, beside what is
 * measured here, in CPU time of this thread. Best of several rounds; with --runs=N one
 * round of N runs, whose number of instructions a profiler can compare.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/world_ops.h"
#include "core/world/bench_world.h"
#include "fuzz/tools/tool.h"

#define RUNS_MAX 1000000

static const struct option_spec options[] = {
	{ "time", "S", "CPU seconds a row (default 2)" },
	{ "runs", "N", "one round of N runs a row instead" },
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

/* Three tasks of six ops, two on one mm: faults, COW, a page out and in again. more_of_b:
 * further ops of task B; last_of_c: of task C. */
#define BENCH_PROGRAM(more_of_b, last_of_c)						\
	"machine: cpus=3 folios=32 dev0=sync,16\n"					\
	"policy: random seed=1\n"							\
	"task A cpu=0 mm=1\n"								\
	" 1 mmap r0 2\n 2 write r0+0 0x11\n 3 write r0+0 0x12\n 4 madv_pageout r0 1\n"	\
	" 5 read r0+0\n 6 write r0+0 0x13\n"						\
	"task B cpu=1 mm=1\n"								\
	" 1 mmap r1 2\n 2 write r1+0 0x21\n 3 read r1+0\n 4 read r1+0\n"		\
	" 5 write r1+0 0x23\n 6 read r1+0\n" more_of_b					\
	"task C cpu=2 mm=2\n"								\
	" 1 mmap r0 2\n 2 write r0+0 0x31\n 3 read r0+0\n 4 read r0+0\n"		\
	" 5 write r0+0 0x32\n 6 " last_of_c "\n"
static const char model_program[] = BENCH_PROGRAM("", "cond_resched");
/* About 1,600 points on a tree. */
static const char tree_program[] = BENCH_PROGRAM(" 7 write r1+1 0x24\n", "munmap r0 2");

/* Of the release build and the tsan build; 0: none. */
struct budget { double release, tsan; };

/* What is asked of a world. reset: what comes before a program's tasks. whole: a run
 * without them, so with quiet checks, tear-down and audit as well. */
static const struct world_bench {
	const char *world; /* as in "world:" */
	const char *program, *what;
	struct budget runs, reset, whole;
} world_benches[] = {
	{ "model", model_program, "mm program, 3 tasks x 6 ops, all checkers",
	  { 20000, 5000 }, { 0, 0 }, { 10, 20 } },
	{ "tree", tree_program, "mm program of about 1,600 points, all checkers",
	  { 10000, 1000 }, { 20, 0 }, { 0, 0 } },
};

struct row {
	const char *what, *unit;
	double value, budget;
	bool at_most; /* the budget is an upper bound */
};

static struct row rows[16];
static unsigned nrows;

static void add_row(const char *what, const char *unit, double value, struct budget budget,
		    bool at_most)
{
	double limit = strcmp(BUILD, "tsan") == 0 ? budget.tsan :
		       strcmp(BUILD, "release") == 0 ? budget.release : 0;

	BUG_ON_CMP(nrows, ==, ARRAY_SIZE(rows));
	rows[nrows++] = (struct row){ .what = what, .unit = unit, .value = value, .budget = limit,
				      .at_most = at_most };
}

static const struct budget no_budget;

/* ---- rounds ---- */

struct rounds {
	double seconds; /* of one row; 0: one round */
	u64 runs;       /* of a round; 0: as many as the row likes */
};

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* CPU seconds of what is measured in n runs; first: how many were before. <= 0: give up. */
typedef double (*round_fn)(void *arg, u64 n, u64 first);

/* CPU seconds of one run in the best round; 0: it gave up. */
static double best_round(const struct rounds *limit, u64 n, round_fn round, void *arg)
{
	double best = 1e99, start = cpu_seconds();
	u64 first = 0;

	n = limit->runs ? limit->runs : n;
	do {
		double seconds = round(arg, n, first);

		if (seconds <= 0)
			return 0;
		first += n;
		best = min(best, seconds / (double)n);
	} while (cpu_seconds() - start < limit->seconds);
	return best;
}

/* ---- the engine ---- */

static double round_points(void *arg, u64 n, u64 first)
{
	double start = cpu_seconds();

	*(struct bench_points *)arg = bench_points_run(n, 1 + first, sched_random(0));
	return cpu_seconds() - start;
}

static void bench_points(const struct rounds *limit)
{
	struct bench_points r = { 0, 0 };
	double best = best_round(limit, 2000, round_points, &r);
	double points = (double)r.points / (double)r.runs;

	add_row("3 tasks x 20 x {lock, add, unlock, atomic add}", "schedules/s", 1 / best,
		(struct budget){ 140000, 40000 }, false);
	add_row("scheduling point, all of it, random walk", "ns", best * 1e9 / points,
		(struct budget){ 40, 0 }, true);
	add_row("  points a schedule", "", points, no_budget, false);
}

/* ---- the world ---- */

struct programs {
	const struct prog *prog;
	struct run_options opt;
	struct run_result result;
	u64 points, runs;
};

static bool is_clean(const struct programs *b)
{
	if (b->result.status == RUN_REPORT)
		fprintf(stderr, "swaprace bench: report: %s\n%s", b->result.title,
			b->result.body ? b->result.body : "");
	return b->result.status != RUN_REPORT;
}

static double round_programs(void *arg, u64 n, u64 first)
{
	struct programs *b = arg;
	double start = cpu_seconds();

	for (u64 i = 0; i < n; i++) {
		b->opt.seed = 1 + first + i;
		run_program(b->prog, NULL, &b->opt, &b->result);
		b->points += b->result.stats.steps;
		b->runs++;
		if (!is_clean(b))
			return 0;
	}
	return cpu_seconds() - start;
}

/* What comes before the tasks, after a run that left the world as they do. */
static double round_resets(void *arg, u64 n, u64 first)
{
	struct programs *b = arg;
	double seconds = 0;

	for (u64 i = 0; i < n; i++) {
		double start;

		b->opt.seed = 1 + first + i;
		run_program(b->prog, NULL, &b->opt, &b->result);
		if (!is_clean(b))
			return 0;
		start = cpu_seconds();
		run_set_up_only(b->prog, NULL, &b->opt, &b->result);
		seconds += cpu_seconds() - start;
		if (!is_clean(b))
			return 0;
	}
	return seconds;
}

/* CPU seconds of a run; *points, if not NULL: how many it has. */
static double bench_runs(const struct rounds *limit, u64 n, const struct prog *p, round_fn round,
			 double *points)
{
	static struct programs b;
	double best;

	b = (struct programs){ .prog = p, .opt = run_defaults };
	b.opt.seed_set = true;
	best = best_round(limit, n, round, &b);
	if (points)
		*points = b.runs ? (double)b.points / (double)b.runs : 0;
	run_result_clear(&b.result);
	return best;
}

static const struct world_bench *world_bench(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(world_benches); i++) {
		const struct world_bench *w = &world_benches[i];

		if (world_matches(world_linked, w->world, strlen(w->world)) == 1)
			return w;
	}
	return NULL;
}

static int bench_world(const struct rounds *limit)
{
	static struct prog p, empty;
	const struct world_bench *w = world_bench();
	struct prog_error err;
	double best, whole, reset, points;

	BUG_ON(!w);
	if (prog_parse(&p, NULL, w->program, strlen(w->program), &err) != 0) {
		fprintf(stderr, "swaprace bench: its own program: %u:%u: %s\n", err.line, err.column,
			err.what);
		return EXIT_USAGE;
	}
	run_fit(&p, NULL);
	empty = p;
	empty.ntasks = 1;
	empty.task[0].nops = 1;
	empty.task[0].op[0] = (struct prog_op){ .kind = OP_cond_resched };
	best = bench_runs(limit, 200, &p, round_programs, &points);
	reset = best ? bench_runs(limit, 200, &p, round_resets, NULL) : 0;
	whole = reset ? bench_runs(limit, 1000, &empty, round_programs, NULL) : 0;
	if (!whole)
		return EXIT_REPORT;
	add_row(w->what, "runs/s", 1 / best, w->runs, false);
	add_row("  points a run", "", points, no_budget, false);
	add_row("  of that, world reset and set-up", "us", reset * 1e6, w->reset, true);
	add_row("world reset, set-up, quiet checks, full audit", "us", whole * 1e6, w->whole, true);
	return EXIT_CLEAN;
}

static int print_rows(const char *json_path)
{
	char *out;
	size_t size;
	FILE *json = json_path ? open_memstream(&out, &size) : NULL;
	int status = 0;

	printf("build: %s, world: %s (CPU time, best round; lockdep on)\n", BUILD,
	       world_linked->name);
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
	struct rounds limit = { 0, 0 };
	bool bad = false;
	int status = args_parse(&a, &command_bench, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	limit.runs = args_number(&a, "runs", 0, RUNS_MAX, &bad);
	limit.seconds = args_seconds(&a, "time", 2, &bad);
	if (bad)
		return EXIT_USAGE;
	if (limit.runs)
		limit.seconds = 0;
	bench_points(&limit);
	status = bench_world(&limit);
	if (status)
		return status;
	status = print_rows(args_get(&a, "json"));
	run_exit();
	return status;
}

const struct command command_bench = {
	"bench", "[options]", "measures the budgets of the design on this machine", options, bench,
};
