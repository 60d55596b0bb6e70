// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shared part of the targets that run programs: bytes are decoded and run on
 * sim; a report is printed with the program as text and the command that replays
 * it, then abort(). Mutation and crossover are those of fuzz/prog. SWAPRACE_BUG
 * names a seeded bug to switch on for the whole process.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/prng.h"
#include "core/base/site.h"
#include "fuzz/exec/run.h"
#include "fuzz/targets/target.h"

static const struct world_ops *world;
static struct run_options options;
static struct prog prog;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("SWAPRACE_BUG");
	int bug = name && name[0] ? seeded_bug_find(name) : BUG_NONE;

	(void)argc;
	(void)argv;
	if (bug < 0) {
		fprintf(stderr, "%s: SWAPRACE_BUG=%s: no seeded bug of that name\n",
			fuzz_target.name, name);
		exit(2);
	}
	sites_init();
	options = run_defaults;
	options.bug = (enum seeded_bug)bug;
	options.feedback = true;
	world = fuzz_target.world ? fuzz_target.world() : NULL;
	prog_generate_for(world ? world : world_linked);
	return 0;
}

/* "X in func": the function that the title names, else the target's. */
static const char *title_function(const char *title)
{
	const char *in = NULL;

	for (const char *s = title; (s = strstr(s, " in ")) != NULL; s++)
		in = s + 4;
	return in && in[0] && !strpbrk(in, " /") ? in : fuzz_target.name;
}

static void print_program(const struct prog *p, enum seeded_bug bug)
{
	static char text[PROG_TEXT_MAX];
	static struct prog_text extra;

	if (bug != BUG_NONE)
		snprintf(extra.bug, sizeof(extra.bug), "%s", seeded_bug_info(bug)->name);
	if (prog_print(p, &extra, text, sizeof(text)))
		fprintf(stderr, "---- program\n%s----\n", text);
}

static void fail(const struct prog *p, const struct run_result *result)
{
	fprintf(stderr, "\nreport: %s\nin %s at step %u, trace hash %016llx\n%s", result->title,
		result->label, result->step, (unsigned long long)result->hash,
		result->body ? result->body : "");
	print_program(p, options.bug);
	fprintf(stderr, "replay: swaprace run%s%s FILE   (FILE: the input that libFuzzer writes)\n",
		options.bug ? " --bug=" : "",
		options.bug ? seeded_bug_info(options.bug)->name : "");
	fuzz_fail("fuzz/targets/target.c", __LINE__, title_function(result->title),
		  result->title);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct run_result result;

	prog_decode(&prog, data, size);
	run_fit(&prog, world);
	if (run_program(&prog, world, &options, &result) == RUN_REPORT)
		fail(&prog, &result);
	return 0;
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned int seed)
{
	static struct prog p;
	struct prng rng;
	size_t n;

	prng_seed(&rng, prng_mix(seed));
	/* Bytes as bytes, now and then: for the decoder. */
	if (prng_chance(&rng, 1, 64))
		return LLVMFuzzerMutate(data, size, max_size);
	if (size == 0 || prng_chance(&rng, 1, 256))
		prog_generate(&p, &rng, fuzz_target.profile);
	else
		prog_decode(&p, data, size);
	prog_mutate(&p, &rng, fuzz_target.profile);
	n = prog_encode(&p, data, max_size);
	return n ? n : LLVMFuzzerMutate(data, size, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const u8 *data1, size_t size1, const u8 *data2, size_t size2,
				 u8 *out, size_t max_out_size, unsigned int seed)
{
	static struct prog a, b, child;
	struct prng rng;

	prng_seed(&rng, prng_mix(seed));
	prog_decode(&a, data1, size1);
	prog_decode(&b, data2, size2);
	prog_crossover(&child, &a, &b, &rng);
	return prog_encode(&child, out, max_out_size);
}
