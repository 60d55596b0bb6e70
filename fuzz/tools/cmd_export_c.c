// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace export-c: a program as a standalone C program for a real kernel. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/kernel/export.h"
#include "fuzz/tools/tool.h"

static const struct option_spec options[] = {
	{ "o", "OUT", "where the C program goes (default: printed; also: -o OUT)" },
	{ "loop", NULL, "free-running for ever is its default, not once in order" },
	{ "kselftest", NULL, "says its result in KTAP, by kselftest.h of a kernel tree's selftests" },
	{ "kernel-delays", "OUT", "a patch for a kernel tree that keeps the edges inside of ops" },
	{ NULL, NULL, NULL },
};

static struct args args;
static struct prog prog;
static struct prog_text text;

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Writes what is in the buffer to path, or prints it. */
static int put(const char *path, const char *buf, size_t size)
{
	if (path)
		return write_file(path, buf, size);
	fwrite(buf, 1, size, stdout);
	return EXIT_CLEAN;
}

static int write_delays(const char *path, const char *name)
{
	char *buf = NULL;
	size_t size;
	FILE *out = open_memstream(&buf, &size);
	unsigned n;
	int status;

	if (!out)
		return bad_environment("export-c", "out of memory");
	n = export_delays(out, &prog, name);
	fclose(out);
	if (n == 0)
		status = bad_usage("export-c", "%s has no order edges inside of ops", name);
	else
		status = write_file(path, buf, size);
	free(buf);
	return status;
}

static int run(int argc, char **argv)
{
	const char *why, *name, *delays;
	char *buf = NULL;
	size_t size;
	FILE *out;
	int status = args_parse(&args, &command_export_c, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	if (args.nfiles != 1)
		return bad_usage("export-c", "one file is wanted");
	status = load_program(args.file[0], &prog, &text);
	if (status)
		return status;
	out = open_memstream(&buf, &size);
	if (!out)
		return bad_environment("export-c", "out of memory");
	name = base_name(args.file[0]);
	why = export_c(out, &prog, &text, name, args_get(&args, "loop") != NULL,
		       args_get(&args, "kselftest") != NULL);
	fclose(out);
	if (why)
		status = bad_usage("export-c", "%s: %s", args.file[0], why);
	else
		status = put(args_get(&args, "o"), buf, size);
	delays = args_get(&args, "kernel-delays");
	if (!status && delays)
		status = write_delays(delays, name);
	free(buf);
	run_exit();
	return status;
}

const struct command command_export_c = {
	"export-c", "FILE [-o OUT] [options]",
	"writes a program as a standalone C program for a real kernel (libc only)",
	options, run,
};
