// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace show, encode, bugs: what lies in a file, in a catalogue. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/tools/tool.h"

static struct prog prog;
static struct prog_text text;

static const struct option_spec no_options[] = { { NULL, NULL, NULL } };

static int show(int argc, char **argv)
{
	static struct args a;
	int status = args_parse(&a, &command_show, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	if (a.nfiles == 0)
		return bad_usage("show", "no file given");
	for (int i = 0; i < a.nfiles; i++) {
		char *out = malloc(PROG_TEXT_MAX);
		size_t n;

		status = load_program(a.file[i], &prog, &text);
		if (status == 0 && out) {
			n = prog_print(&prog, &text, out, PROG_TEXT_MAX);
			fwrite(out, 1, n, stdout);
		}
		free(out);
		if (status)
			return status;
	}
	return EXIT_CLEAN;
}

const struct command command_show = {
	"show", "FILE...", "prints a program as text", no_options, show,
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
