// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shared part of the targets that run programs: bytes are decoded and run on
 * sim; a report is printed with the program as text and the command that replays
 * it, then abort(). With SWAPRACE_RECORD (record.h) it is written to a folder, and
 * the target goes on. SWAPRACE_BUG names seeded bugs ("a,b") to switch on for the whole
 * process. What libFuzzer and AFL++ call is in libfuzzer.c and afl.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/site.h"
#include "fuzz/exec/run.h"
#include "fuzz/exec/source_lines.h"
#include "fuzz/targets/record.h"
#include "fuzz/targets/target.h"

static const struct world_ops *world;
static struct run_options options;
static struct prog prog;

/* By the name that the executable was called with. */
static void target_choose(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (const struct fuzz_target *t = fuzz_targets; t->name; t++)
		if (strcmp(t->name, name) == 0)
			fuzz_target = t;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *names = getenv("SWAPRACE_BUG"), *wrong;
	char why[160];

	if (*argc > 0)
		target_choose((*argv)[0]);
	options = run_defaults;
	if (names && names[0] && seeded_bugs_parse(&options.bugs, names, &wrong)) {
		seeded_bugs_describe_wrong(wrong, why, sizeof(why));
		fprintf(stderr, "%s: SWAPRACE_BUG=%s: %s\n", fuzz_target->name, names, why);
		exit(2);
	}
	record_init(fuzz_target->name);
	sites_init();
	options.feedback = true;
	world = fuzz_target->world ? fuzz_target->world() : world_linked;
	if (!seeded_bugs_none(&options.bugs) && !world->seeded_bugs) {
		fprintf(stderr, "%s: SWAPRACE_BUG=%s: %s has no seeded bugs\n", fuzz_target->name, names,
			world->name);
		exit(2);
	}
	prog_generate_for(world);
	return 0;
}

/* "X in func": the function that the title names, else the target's. */
static const char *title_function(const char *title)
{
	const char *in = NULL;

	for (const char *s = title; (s = strstr(s, " in ")) != NULL; s++)
		in = s + 4;
	return in && in[0] && !strpbrk(in, " /") ? in : fuzz_target->name;
}

static void print_program(FILE *f, const struct prog *p)
{
	static char text[PROG_TEXT_MAX];
	static struct prog_text extra;
	char names[SEEDED_BUG_NAMES_MAX];

	if (!seeded_bugs_none(&options.bugs))
		snprintf(extra.bugs, sizeof(extra.bugs), "%s", seeded_bugs_names(&options.bugs, names));
	if (prog_print(p, &extra, text, sizeof(text)))
		fprintf(f, "---- program\n%s----\n", text);
}

/* lines: with file and line in the stacks, which takes a process of its own. */
static void print_report(FILE *f, const struct prog *p, const struct run_result *result, bool lines)
{
	bool bugs = !seeded_bugs_none(&options.bugs), model = strcmp(world->name, "model") == 0;
	char names[SEEDED_BUG_NAMES_MAX];

	fprintf(f, "in %s at step %u, trace hash %016llx\n", result->label, result->step,
		(unsigned long long)result->hash);
	if (lines)
		source_lines_print(f, result->body);
	else
		fputs(result->body ? result->body : "", f);
	print_program(f, p);
	fprintf(f, "replay: swaprace%s%s run%s%s FILE   (FILE: the input that the fuzzer writes)\n",
		model ? "" : " --world=", model ? "" : world->name, bugs ? " --bug=" : "",
		bugs ? seeded_bugs_names(&options.bugs, names) : "");
}

static void fail(const struct prog *p, const struct run_result *result)
{
	fprintf(stderr, "\nreport: %s\n", result->title);
	print_report(stderr, p, result, true);
	fuzz_fail("fuzz/targets/target.c", __LINE__, title_function(result->title),
		  result->title);
}

/* The engine's next reset takes the world of this run away, whatever state it is in. */
static void record(const struct prog *p, const struct run_result *result, const u8 *data,
		   size_t size)
{
	char *text = NULL;
	size_t length;
	FILE *f = open_memstream(&text, &length);

	if (f) {
		print_report(f, p, result, false);
		fclose(f);
	}
	record_report(result->title, text, data, size);
	free(text);
}

int target_run(const u8 *data, size_t size)
{
	static struct run_result result;

	prog_decode(&prog, data, size);
	run_fit(&prog, world);
	if (run_program(&prog, world, &options, &result) != RUN_REPORT)
		return 0;
	if (!record_is_on())
		fail(&prog, &result);
	record(&prog, &result, data, size);
	return -1; /* no input to mutate from: what stands behind the report never ran */
}
