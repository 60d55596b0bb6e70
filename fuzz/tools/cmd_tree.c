// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace tree: kernel trees whose own mm code can be a world. scripts/tree.py does
 * the work; it says what it can do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/tools/tool.h"

static const struct option_spec options[] = { { NULL, NULL, NULL } };

static int run(int argc, char **argv)
{
	char **args = calloc((size_t)argc + 3, sizeof(*args));

	if (!args)
		return bad_environment("tree", "out of memory");
	if (checkout_check("tree", tree_script()))
		return EXIT_ENVIRONMENT;
	args[0] = "python3";
	args[1] = (char *)(uintptr_t)tree_script();
	for (int i = 0; i < argc; i++)
		args[2 + i] = argv[i];
	fflush(NULL);
	execvp(args[0], args);
	free(args);
	return bad_usage("tree", "python3 cannot be started: %s", strerror(errno));
}

const struct command command_tree = {
	"tree", "add NAME PATH | add NAME --debian[=VERSION] | list | check NAME | build NAME | "
	"coverage NAME FILE... | remove NAME",
	"kernel trees whose own mm code runs as a world: --world=tree:NAME\n"
	"add NAME --of=TREE with --patch=SERIES (a mailbox or a diff) or --edit=RULES makes a\n"
	"tree of another one and a change; --switch: with the edits off, until tree:NAME+EDIT.\n"
	"What is built lies in the checkout that this executable comes from. tree --help of an\n"
	"executable with its checkout says more.", options, run,
};
