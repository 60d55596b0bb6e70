// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * File and line of the frames of a report's stacks, and the functions that were inlined
 * there: asked of llvm-symbolizer, once a report, when the run is over: that of the
 * environment, that beside the executable (where fuzzing services put one), that of PATH.
 * Without it the frames stay as the engine wrote them, "#0 0x1f2a3 in func".
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz/exec/source_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FRAMES_MAX 256

extern char **environ;

struct frames {
	unsigned long at[FRAMES_MAX];
	unsigned n;
};

/* "    #3 0x1f2a3 in func": its address. */
static bool is_frame(const char *line, unsigned long *at)
{
	unsigned number;

	return sscanf(line, "    #%u 0x%lx in ", &number, at) == 2;
}

static void collect(const char *body, struct frames *f)
{
	for (const char *line = body; line && *line && f->n < FRAMES_MAX; line = strchr(line, '\n')) {
		line += *line == '\n';
		f->n += is_frame(line, &f->at[f->n]);
	}
}

/* Starts the symbolizer for all addresses; the stream of its answer, or NULL. */
static FILE *ask(const struct frames *f, pid_t *pid)
{
	static char address[FRAMES_MAX][24];
	static char exe[4096], beside[4096 + 16];
	char *argv[FRAMES_MAX + 4] = { "llvm-symbolizer", "--inlines", exe };
	const char *const names[] = { getenv("LLVM_SYMBOLIZER_PATH"), getenv("ASAN_SYMBOLIZER_PATH"),
				      beside, "llvm-symbolizer", "llvm-symbolizer-19",
				      "llvm-symbolizer-20" };
	posix_spawn_file_actions_t actions;
	ssize_t len;
	int fds[2], err = -1;

	len = readlink("/proc/self/exe", exe + 6, sizeof(exe) - 7);
	if (len <= 0 || pipe2(fds, O_CLOEXEC) != 0)
		return NULL;
	memcpy(exe, "--obj=", 6);
	exe[6 + len] = 0;
	snprintf(beside, sizeof(beside), "%.*s/llvm-symbolizer",
		 (int)(strrchr(exe, '/') - (exe + 6)), exe + 6);
	for (unsigned i = 0; i < f->n; i++) {
		snprintf(address[i], sizeof(address[i]), "0x%lx", f->at[i]);
		argv[3 + i] = address[i];
	}
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	for (size_t i = 0; err && i < ARRAY_SIZE(names); i++)
		if (names[i] && *names[i])
			err = posix_spawnp(pid, names[i], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (!err)
		return fdopen(fds[0], "r");
	close(fds[0]);
	return NULL;
}

/* The path from the source folder on. */
static const char *short_path(const char *path)
{
	static const char here[] = __FILE__, tail[] = "fuzz/exec/source_lines.c";
	size_t root = sizeof(here) > sizeof(tail) ? sizeof(here) - sizeof(tail) : 0;

	return root && strncmp(path, here, root) == 0 ? path + root : path;
}

static void chomp(char *line)
{
	line[strcspn(line, "\n")] = 0;
}

/* One address's answer: pairs of lines, a function and its place, up to an empty line. */
static unsigned print_frame(FILE *out, FILE *answer, unsigned number, unsigned long at,
			    const char *func)
{
	static char name[1024], place[4096];
	unsigned n = 0;

	while (fgets(name, sizeof(name), answer) && name[0] != '\n' &&
	       fgets(place, sizeof(place), answer)) {
		chomp(name);
		chomp(place);
		if (name[0] == '?' || place[0] == '?')
			fprintf(out, "    #%u 0x%lx in %s\n", number + n, at, func);
		else
			fprintf(out, "    #%u 0x%lx in %s %s\n", number + n, at, name, short_path(place));
		n++;
	}
	return n;
}

static void print_with(FILE *out, const char *body, FILE *answer)
{
	unsigned number = 0;

	while (*body) {
		size_t len = strcspn(body, "\n");
		unsigned long at;
		char func[256];

		if (is_frame(body, &at)) {
			const char *in = strstr(body, " in ") + 4;

			snprintf(func, sizeof(func), "%.*s", (int)strcspn(in, " \n"), in);
			number += print_frame(out, answer, number, at, func);
		} else {
			number = 0;
			fprintf(out, "%.*s\n", (int)len, body);
		}
		body += len + (body[len] == '\n');
	}
}

char *source_lines(const char *body)
{
	struct frames frames = { .n = 0 };
	char *text = NULL;
	size_t size;
	FILE *out, *answer;
	pid_t pid = 0;

	if (!body)
		return NULL;
	collect(body, &frames);
	answer = frames.n ? ask(&frames, &pid) : NULL;
	if (!answer)
		return strdup(body);
	out = open_memstream(&text, &size);
	if (out) {
		print_with(out, body, answer);
		fclose(out);
	}
	fclose(answer);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return text ? text : strdup(body);
}

void source_lines_print(FILE *out, const char *body)
{
	char *text = source_lines(body);

	if (text)
		fputs(text, out);
	free(text);
}
