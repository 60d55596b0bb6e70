// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace tree: kernel trees whose own mm code can be a world. scripts/tree.py does
 * the work; it says what it can do. */

#include "fuzz/tools/tool.h"

static const struct option_spec options[] = { { NULL, NULL, NULL } };

static int run(int argc, char **argv)
{
	return script_run("tree", tree_script(), (const char *const *)argv, argc);
}

const struct command command_tree = {
	"tree", "add NAME PATH | add NAME --debian[=VERSION] | list | check NAME | build NAME | "
	"coverage NAME FILE... | remove NAME",
	"kernel trees whose own mm code runs as a world: --world=tree:NAME\n"
	"add NAME --of=TREE with --patch=SERIES (a mailbox or a diff) or --edit=RULES makes a\n"
	"tree of another one and a change; --switch: with the edits off, until tree:NAME+EDIT.\n"
	"build NAME --fuzzers links its libFuzzer targets too.\n"
	"What is built lies in the checkout that this executable comes from. tree --help of an\n"
	"executable with its checkout says more.", options, run,
};
