// SPDX-License-Identifier: GPL-2.0-or-later
/* The command `swaprace`: one binary for everything that isn't libFuzzer's. */
#include <string.h>

#include "core/base/nearest.h"
#include "fuzz/tools/remote.h"
#include "fuzz/tools/tool.h"

const struct command *const commands[] = {
	&command_run, &command_search, &command_show, &command_encode, &command_minimize,
	&command_trace, &command_bugs, &command_matrix, &command_bench, &command_kernel,
	&command_export_c, &command_tree, &command_compare,
	&command_port, &command_vm, &command_confirm, &command_help, NULL,
};

void commands_print(FILE *out)
{
	fprintf(out, "usage: swaprace COMMAND [FILE...] [options]\n\n"
		"Runs programs on a model of Linux's anonymous memory and swap code under a\n"
		"deterministic scheduler, and says what goes wrong. Files are .prog text or\n"
		"libFuzzer's inputs, told apart by content.\n\n");
	for (size_t i = 0; commands[i]; i++) {
		const char *end = strchr(commands[i]->text, '\n');
		int len = end ? (int)(end - commands[i]->text) : (int)strlen(commands[i]->text);

		fprintf(out, "  %-10s %.*s\n", commands[i]->name, len, commands[i]->text);
	}
	fprintf(out, "\n--world=model|tree:NAME, with each command: what programs run on (default: the\n"
		"model; a tree's own mm code: see swaprace tree).\n"
		"swaprace COMMAND --help says more; swaprace --version.\n%s", exit_status_text);
}

int command_unknown(const char *name)
{
	struct nearest nearest;

	nearest_begin(&nearest, name, strlen(name));
	for (size_t i = 0; commands[i]; i++)
		nearest_offer(&nearest, commands[i]->name);
	fprintf(stderr, "swaprace: unknown command '%s'%s%s%s (swaprace --help lists them)\n", name,
		nearest.best[0] ? "; did you mean '" : "", nearest.best, nearest.best[0] ? "'?" : "");
	return EXIT_USAGE;
}

static int run_command(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		commands_print(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		commands_print(stdout);
		return EXIT_CLEAN;
	}
	if (strcmp(argv[1], "--version") == 0) {
		printf("swaprace %s, build %s, world %s\n", SWAPRACE_VERSION, run_build_name(),
		       world_linked->name);
		return EXIT_CLEAN;
	}
	if (strcmp(argv[1], "serve") == 0)
		return remote_serve(argc - 2, argv + 2);
	/* For those who work on a world: --help does not list it. */
	if (strcmp(argv[1], command_selftest.name) == 0)
		return command_selftest.run(argc - 2, argv + 2);
	c = command_find(argv[1]);
	return c ? c->run(argc - 2, argv + 2) : command_unknown(argv[1]);
}

int main(int argc, char **argv)
{
	int status;

	sites_init();
	status = world_select(&argc, argv);
	if (status)
		return status;
	status = run_command(argc, argv);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "swaprace: standard output cannot be written: %s\n", strerror(errno));
	return EXIT_ENVIRONMENT;
}
