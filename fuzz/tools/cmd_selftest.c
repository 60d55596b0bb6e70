// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swaprace selftest: the tests that a world brings for what it stands on. A kernel
 * tree's are of the shim's primitives against their contract (core/tree/test/shim_*.c).
 * Each runs under many random schedules: a planted fault must be reported by one of
 * them, under its title; the others must be silent in all, tear-down and audit
 * included, and must see each of their outcomes.
 */
#include <string.h>

#include "core/base/world_ops.h"
#include "fuzz/exec/exec.h"
#include "fuzz/sched/sched.h"
#include "fuzz/tools/tool.h"

static const struct option_spec options[] = {
	{ "schedules", "N", "of each test (default 300)" },
	{ "only", "NAME", "this test alone" },
	{ "verbose", NULL, "print each report" },
	{ 0 },
};

#define SEED_FIRST 1u

/* The test that runs: there is one at a time. */
static struct world_config machine;
static const struct world_selftest *test;
static const struct site *op_site;

static unsigned ntasks_of(const struct world_selftest *t)
{
	unsigned n = 0;

	while (n < WORLD_SELFTEST_TASKS && t->task[n])
		n++;
	return n;
}

static void task_run(void *arg)
{
	unsigned index = (unsigned)(size_t)arg;

	if (world_linked->task_begin)
		world_linked->task_begin(index);
	engine_op_begin(1, op_site);
	test->task[index]();
	if (world_linked->op_end)
		world_linked->op_end(index, true);
	engine_op_end(op_site);
}

static void set_up(void *arg)
{
	(void)arg;
	BUG_ON(world_linked->setup(&machine) != 0);
	for (unsigned i = 0; world_linked->task_make && i < ntasks_of(test); i++)
		BUG_ON(world_linked->task_make(i, (char)('A' + i)) != 0);
}

static void tear_down(void *arg)
{
	(void)arg;
	world_linked->check_quiet();
	world_linked->teardown();
	world_linked->audit();
}

/* One schedule; its report, or NULL. */
static const struct engine_report *run_once(u64 seed)
{
	struct engine_task tasks[WORLD_SELFTEST_TASKS] = { 0 };
	struct engine_config config = { .tasks = tasks, .ntasks = ntasks_of(test),
		.cpus = machine.cpus, .seed = seed, .races = ENGINE_RACES_PLAIN,
		.policy = sched_random(1), .steps_max = world_linked->steps_max };

	for (unsigned i = 0; i < config.ntasks; i++)
		tasks[i] = (struct engine_task){ .fn = task_run, .arg = (void *)(size_t)i,
						 .cpu = (u8)(i % 2), .label = (char)('A' + i) };
	config.arena_kept = world_linked->arena_kept(&machine);
	config.arena_size = world_linked->arena_size(&machine);
	engine_reset(&config);
	if (engine_quiet(set_up, NULL) == ENGINE_DONE && engine_run() == ENGINE_DONE)
		engine_quiet(tear_down, NULL);
	return engine_report();
}

/* wanted: titles with | between them: builds have their own. */
static bool is_wanted(const char *wanted, const char *title)
{
	size_t len = strlen(title);

	for (const char *at = wanted; at; at = strchr(at, '|'), at += !!at)
		if (strncmp(at, title, len) == 0 && (!at[len] || at[len] == '|'))
			return true;
	return false;
}

/* True: as it must be. */
static bool run_test(u64 schedules, bool verbose)
{
	bool tsan = strcmp(run_build_name(), "tsan") == 0, good;
	const char *wanted = test->tsan && !tsan ? NULL : test->title;
	unsigned saw = 0;
	u64 met = 0, runs;
	char other[REPORT_TITLE_MAX] = "";

	for (runs = 0; runs < schedules && !other[0] && !(wanted && met); runs++) {
		const struct engine_report *report = run_once(SEED_FIRST + runs);

		saw |= world_linked->selftest_saw();
		if (!report)
			continue;
		if (verbose)
			printf("%s: seed %llu: %s\n%s", test->name,
			       (unsigned long long)(SEED_FIRST + runs), report->title,
			       report->body ? report->body : "");
		if (wanted && is_wanted(wanted, report->title))
			met++;
		else
			snprintf(other, sizeof(other), "%s", report->title);
	}
	good = !other[0] && (wanted ? met > 0 : (saw & test->see) == test->see);
	printf("%s %s: ", good ? "ok    " : "FAILED", test->name);
	if (other[0])
		printf("seed %llu: %s", (unsigned long long)(SEED_FIRST + runs - 1), other);
	else if (wanted)
		printf("%s \"%s\" after %llu schedules", met ? "reported" : "nobody reported",
		       wanted, (unsigned long long)runs);
	else
		printf("silent in %llu schedules, outcomes %#x of %#x", (unsigned long long)runs,
		       saw & test->see, test->see);
	printf("\n");
	return good;
}

static int selftest(int argc, char **argv)
{
	static struct args a;
	int status = args_parse(&a, &command_selftest, argc, argv);
	unsigned n = 0, failed = 0;
	bool bad = false;
	u64 schedules;

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	schedules = args_number(&a, "schedules", 300, 1000000, &bad);
	if (bad)
		return EXIT_USAGE;
	if (!world_linked->selftest)
		return bad_usage("selftest", "%s has no tests of its own (--world=tree:NAME)",
				 world_linked->name);
	machine = prog_machine_default;
	machine.mms = 1;
	machine.dev[0] = (struct world_dev){ .slots = 8, .prio = 2,
		.flags = WORLD_DEV_PRESENT | WORLD_DEV_ON | WORLD_DEV_SYNC };
	machine.dev[1] = (struct world_dev){ .slots = 8, .prio = 1,
		.flags = WORLD_DEV_PRESENT | WORLD_DEV_ON };
	machine.dev[2] = (struct world_dev){ .slots = 8,
		.flags = WORLD_DEV_PRESENT | WORLD_DEV_SYNC };
	op_site = exec_site(OP_cond_resched);
	for (unsigned i = 0; (test = world_linked->selftest(i)) != NULL; i++) {
		if (args_get(&a, "only") && strcmp(args_get(&a, "only"), test->name) != 0)
			continue;
		failed += !run_test(schedules, args_get(&a, "verbose") != NULL);
		n++;
	}
	printf("selftest: %u tests, %u failed\n", n, failed);
	if (!n)
		return bad_usage("selftest", "no test '%s'", args_get(&a, "only"));
	return failed ? EXIT_REPORT : EXIT_CLEAN;
}

const struct command command_selftest = {
	"selftest", "[options]", "the world's tests of what it stands on", options, selftest,
};
