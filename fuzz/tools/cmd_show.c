// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace show, encode, bugs: what lies in a file, in a catalogue. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/tools/tool.h"

static struct prog prog;
static struct prog_text text;

static const struct option_spec no_options[] = { { NULL, NULL, NULL } };

static const struct option_spec show_options[] = {
	{ "programs", "N", "generated programs, where no file is named, each after a line: # seed S" },
	{ "profile", "P", "of generated programs: all (default), swap, swapoff, ksm, ..." },
	{ "seed", "N", "of the first generated program (default 1)" },
	{ NULL, NULL, NULL },
};

static int print_program(void)
{
	char *out = malloc(PROG_TEXT_MAX);

	if (!out)
		return bad_environment("show", "no memory");
	fwrite(out, 1, prog_print(&prog, &text, out, PROG_TEXT_MAX), stdout);
	free(out);
	return EXIT_CLEAN;
}

/* Of the ops and machines that this world has. */
static int show_generated(const struct args *a)
{
	const struct prog_profile *profile = args_profile(a);
	bool bad = false;
	u64 n = args_number(a, "programs", 0, 1000000000, &bad);
	u64 seed = args_number(a, "seed", 1, UINT64_MAX, &bad);

	if (bad || !profile)
		return EXIT_USAGE;
	for (u64 i = 0; i < n; i++) {
		struct prng rng;
		int status;

		prng_seed(&rng, seed + i);
		prog_generate(&prog, &rng, profile);
		run_fit(&prog, NULL);
		printf("# seed %llu\n", (unsigned long long)(seed + i));
		status = print_program();
		if (status)
			return status;
	}
	return EXIT_CLEAN;
}

static int show(int argc, char **argv)
{
	static struct args a;
	int status = args_parse(&a, &command_show, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	if (args_get(&a, "programs"))
		return a.nfiles ? bad_usage("show", "give files or --programs, not both")
				: show_generated(&a);
	if (a.nfiles == 0)
		return bad_usage("show", "no file given");
	for (int i = 0; i < a.nfiles; i++) {
		status = load_program(a.file[i], &prog, &text);
		if (status == 0)
			status = print_program();
		if (status)
			return status;
	}
	return EXIT_CLEAN;
}

const struct command command_show = {
	"show", "FILE... [options]", "prints a program as text", show_options, show,
};

static const struct option_spec encode_options[] = {
	{ "o", "OUT", "where the bytes go (also: -o OUT)" },
	{ NULL, NULL, NULL },
};

static int encode(int argc, char **argv)
{
	static struct args a;
	int status = args_parse(&a, &command_encode, argc, argv);
	const char *out_path;
	u8 *bytes;
	size_t n;

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	out_path = args_get(&a, "o");
	if (a.nfiles != 1 || !out_path)
		return bad_usage("encode", "one file and -o OUT are wanted");
	status = load_program(a.file[0], &prog, &text);
	if (status)
		return status;
	bytes = malloc(PROG_BYTES_MAX);
	n = bytes ? prog_encode(&prog, bytes, PROG_BYTES_MAX) : 0;
	if (n == 0)
		status = bad_usage("encode", "%s does not fit into %d bytes", a.file[0], PROG_BYTES_MAX);
	else
		status = write_file(out_path, bytes, n);
	free(bytes);
	return status;
}

const struct command command_encode = {
	"encode", "FILE -o OUT", "writes a program as the bytes that libFuzzer takes",
	encode_options, encode,
};

static int bugs(int argc, char **argv)
{
	static struct args a;
	int status = args_parse(&a, &command_bugs, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	printf("%-30s %-5s %-7s %s\n", "id", "ref", "class", "what it is");
	for (int i = BUG_NONE + 1; i < SEEDED_BUG_COUNT; i++) {
		const struct seeded_bug_info *b = seeded_bug_info((enum seeded_bug)i);

		printf("%-30s %-5s %-7s %s\n", b->name, b->ref, b->class_, b->text);
	}
	return EXIT_CLEAN;
}

const struct command command_bugs = {
	"bugs", "", "the seeded bugs, a line each: id, reference, class, what it is",
	no_options, bugs,
};
