// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace vm: kernels in virtual machines. scripts/vm.py does the work; it says what it
 * can do. swaprace confirm and the comparison of swaprace kernel --vm go through it, too. */
#include <stdlib.h>

#include "fuzz/tools/tool.h"

static const struct option_spec options[] = { { NULL, NULL, NULL } };

static int run(int argc, char **argv)
{
	return script_run("vm", vm_script(), (const char *const *)argv, argc);
}

static int run_confirm(int argc, char **argv)
{
	const char **words = calloc((size_t)argc + 1, sizeof(*words));

	if (!words)
		return bad_environment("confirm", "out of memory");
	words[0] = "confirm";
	for (int i = 0; i < argc; i++)
		words[1 + i] = argv[i];
	return script_run("confirm", vm_script(), words, argc + 1);
}

const struct command command_confirm = {
	"confirm", "FINDING... | --all [--runs=N] [--kernel=NAME] [--mail=OUT] [--patch=DIFF]"
		   " [--tree=PATH]",
	"shows findings about the kernel (repro/findings/) on a real one, in a virtual machine",
	options, run_confirm,
};

const struct command command_vm = {
	"vm", "add NAME --debian[=VERSION] | add NAME BZIMAGE | build NAME TREE | list | run -- COMMAND"
	      " | remove NAME",
	"kernels in virtual machines: to look at, and for swaprace kernel --vm", options, run,
};
