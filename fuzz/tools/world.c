// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * --world=: which world the command runs on. Each kernel tree has an executable of
 * its own for each build; this one, linked with the model, hands over to it. The
 * executable is made anew when it is older than this one (scripts/tree.py). Where
 * edits by rule are compiled in under a switch, tree:NAME+EDIT is the tree with one on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/tools/tool.h"

#define PATH_LEN 4096

/* "release", "asan", "tsan" or "fine": the builds of a tree, as build folders are called. */
static const char *build_folder(void)
{
#ifdef SWAPRACE_FINE
	return "fine";
#else
	const char *name = run_build_name();

	return strcmp(name, "plain") == 0 ? "release" : name;
#endif
}

void print_world_option(FILE *out)
{
	if (strcmp(world_linked->name, "model") != 0)
		fprintf(out, " --world=%s", world_linked->name);
}

const char *tree_script(void)
{
	const char *script = getenv("SWAPRACE_TREE_SCRIPT");

	return script ? script : SWAPRACE_SOURCE_DIR "/scripts/tree.py";
}

const char *vm_script(void)
{
	return SWAPRACE_SOURCE_DIR "/scripts/vm.py";
}

const char *trees_folder(void)
{
	const char *folder = getenv("SWAPRACE_TREES");

	return folder ? folder : SWAPRACE_SOURCE_DIR "/work/trees";
}

int checkout_check(const char *command, const char *script)
{
	if (access(script, R_OK) == 0)
		return 0;
	return bad_environment(command, "kernels are the work of the checkout that this executable was "
			       "built in, and %s is not there", script);
}

int script_run(const char *command, const char *script, const char *const *words, int count)
{
	const char **args = calloc((size_t)count + 3, sizeof(*args));

	if (!args)
		return bad_environment(command, "out of memory");
	if (checkout_check(command, script)) {
		free(args);
		return EXIT_ENVIRONMENT;
	}
	args[0] = "python3";
	args[1] = script;
	for (int i = 0; i < count; i++)
		args[2 + i] = words[i];
	fflush(NULL);
	execvp(args[0], (char *const *)(uintptr_t)args);
	free(args);
	return bad_environment(command, "python3 cannot be started: %s", strerror(errno));
}

/* Is the file there, and not older than the running executable? */
static bool is_fresh(const char *path)
{
	struct stat other, self;

	if (stat(path, &other) != 0)
		return false;
	if (stat("/proc/self/exe", &self) != 0)
		return true;
	return other.st_mtim.tv_sec > self.st_mtim.tv_sec ||
	       (other.st_mtim.tv_sec == self.st_mtim.tv_sec &&
		other.st_mtim.tv_nsec >= self.st_mtim.tv_nsec);
}

/* Runs the script's build; what it says goes to standard error. 0 or a status. */
static int tree_build(const char *tree)
{
	pid_t pid;
	int status = checkout_check("tree", tree_script());

	if (status)
		return status;
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return bad_environment("tree", "no process can be started: %s", strerror(errno));
	if (pid == 0) {
		dup2(STDERR_FILENO, STDOUT_FILENO);
		execlp("python3", "python3", tree_script(), "build", tree, build_folder(), (char *)NULL);
		fprintf(stderr, "swaprace: python3 cannot be started: %s\n", strerror(errno));
		_exit(EXIT_ENVIRONMENT);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_ENVIRONMENT;
}

/* world: "NAME" or "NAME+EDIT". Never returns unless it fails. */
static int become_tree(const char *world, char **argv)
{
	char path[PATH_LEN], tree[128];
	struct stat st;

	snprintf(tree, sizeof(tree), "%.*s", (int)strcspn(world, "+"), world);
	if (!*tree || strchr(tree, '/') || tree[0] == '.') {
		fprintf(stderr, "swaprace: '%s' cannot be a tree's name\n", tree);
		return EXIT_USAGE;
	}
	snprintf(path, sizeof(path), "%s/%s", trees_folder(), tree);
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		if (checkout_check("tree", tree_script()))
			return EXIT_ENVIRONMENT;
		fprintf(stderr, "swaprace: there is no tree '%s' (swaprace tree list; swaprace tree add %s "
			"PATH, or --debian)\n", tree, tree);
		return EXIT_USAGE;
	}
	snprintf(path, sizeof(path), "%s/%s/%s/swaprace", trees_folder(), tree, build_folder());
	if (!is_fresh(path) && tree_build(tree) != 0) {
		fprintf(stderr, "swaprace: tree '%s' cannot be built for %s; see above\n", tree,
			build_folder());
		return EXIT_ENVIRONMENT;
	}
	execv(path, argv);
	fprintf(stderr, "swaprace: %s cannot be started: %s\n", path, strerror(errno));
	return EXIT_ENVIRONMENT;
}

/* Removes --world=... from the command line; the last one counts. NULL: none. */
static const char *take_option(int *argc, char **argv)
{
	const char *world = NULL;
	int kept = 0;

	for (int i = 0; i < *argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			while (i < *argc)
				argv[kept++] = argv[i++];
			break;
		}
		if (strncmp(argv[i], "--world=", 8) == 0)
			world = argv[i] + 8;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	*argc = kept;
	return world;
}

/* In a tree's executable: "tree:NAME+EDIT" of this tree? 1 yes, 0 no, or a status. */
static int edit_select(const char *world)
{
	size_t len = strlen(world_linked->name);

	if (!world_linked->edit_select || strncmp(world, world_linked->name, len) != 0 ||
	    world[len] != '+')
		return 0;
	if (world_linked->edit_select(world + len + 1))
		return 1;
	fprintf(stderr, "swaprace: %s has no edit '%s' under a switch (swaprace tree add NAME "
		"--of=TREE --edit=FILE --switch)\n", world_linked->name, world + len + 1);
	return -EXIT_USAGE;
}

int world_select(int *argc, char **argv)
{
	char **all = calloc((size_t)*argc + 1, sizeof(*all));
	const char *world;
	int edit;

	if (!all) {
		fprintf(stderr, "swaprace: out of memory\n");
		return EXIT_ENVIRONMENT;
	}
	memcpy(all, argv, (size_t)*argc * sizeof(*all));
	world = take_option(argc, argv);
	edit = world ? edit_select(world) : 0;
	if (edit < 0) {
		free(all);
		return -edit;
	}
	if (!world || edit || strcmp(world, world_linked->name) == 0) {
		free(all);
		prog_generate_for(world_linked);
		return 0;
	}
	if (strncmp(world, "tree:", 5) == 0 && strcmp(world_linked->name, "model") == 0)
		return become_tree(world + 5, all);
	if (strcmp(world, "model") == 0 || strncmp(world, "tree:", 5) == 0)
		fprintf(stderr, "swaprace: this executable is linked with %s, not with %s\n",
			world_linked->name, world);
	else
		fprintf(stderr, "swaprace: no world '%s'; there are model and tree:NAME\n", world);
	return EXIT_USAGE;
}
