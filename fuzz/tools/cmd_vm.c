// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace vm: kernels in virtual machines. scripts/vm.py does the work; it says what it
 * can do. swaprace confirm and the comparison of swaprace kernel --vm go through it, too. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/tools/tool.h"

static const struct option_spec options[] = { { NULL, NULL, NULL } };

int vm_run(const char *const *words, int count)
{
	char **args = calloc((size_t)count + 3, sizeof(*args));

	if (!args)
		return bad_environment("vm", "out of memory");
	if (checkout_check("vm", vm_script()))
		return EXIT_ENVIRONMENT;
	args[0] = (char *)(uintptr_t)"python3";
	args[1] = (char *)(uintptr_t)vm_script();
	for (int i = 0; i < count; i++)
		args[2 + i] = (char *)(uintptr_t)words[i];
	fflush(NULL);
	execvp(args[0], args);
	free(args);
	return bad_environment("vm", "python3 cannot be started: %s", strerror(errno));
}

static int run(int argc, char **argv)
{
	return vm_run((const char *const *)argv, argc);
}

static int run_confirm(int argc, char **argv)
{
	const char **words = calloc((size_t)argc + 1, sizeof(*words));

	if (!words)
		return bad_environment("confirm", "out of memory");
	words[0] = "confirm";
	for (int i = 0; i < argc; i++)
		words[1 + i] = argv[i];
	return vm_run(words, argc + 1);
}

const struct command command_confirm = {
	"confirm", "FINDING... | --all [--runs=N] [--kernel=NAME]",
	"shows findings about the kernel (repro/findings/) on a real one, in a virtual machine",
	options, run_confirm,
};

const struct command command_vm = {
	"vm", "add NAME --debian[=VERSION] | add NAME BZIMAGE | list | run -- COMMAND | remove NAME",
	"kernels in virtual machines: to look at, and for swaprace kernel --vm", options, run,
};
