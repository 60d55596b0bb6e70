// SPDX-License-Identifier: GPL-2.0-or-later
/* Programs from files, files that are whole or not there, small output helpers. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/tools/tool.h"

#define FILE_MAX_BYTES (4u << 20)

static int read_file(const char *path, char **data, size_t *size)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	size_t n = 0, got;

	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return EXIT_USAGE;
	}
	if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
		fprintf(stderr, "%s: is a directory; name the programs in it\n", path);
		fclose(f);
		return EXIT_USAGE;
	}
	*data = malloc(FILE_MAX_BYTES + 1);
	if (!*data) {
		fprintf(stderr, "%s: out of memory\n", path);
		fclose(f);
		return EXIT_USAGE;
	}
	while (n <= FILE_MAX_BYTES && (got = fread(*data + n, 1, FILE_MAX_BYTES + 1 - n, f)) > 0)
		n += got;
	if (ferror(f) || n > FILE_MAX_BYTES) {
		fprintf(stderr, "%s: %s\n", path,
			ferror(f) ? "cannot be read" : "larger than 4 MiB: not a program");
		fclose(f);
		free(*data);
		return EXIT_USAGE;
	}
	fclose(f);
	(*data)[n] = 0;
	*size = n;
	return 0;
}

int load_program(const char *path, struct prog *p, struct prog_text *text)
{
	struct prog_error err;
	size_t size;
	char *data;
	int status = read_file(path, &data, &size);

	if (status)
		return status;
	if (prog_load(p, text, data, size, &err) != 0) {
		fprintf(stderr, "%s:%u:%u: %s\n", path, err.line, err.column, err.what);
		status = EXIT_USAGE;
	}
	free(data);
	return status;
}

int load_runnable(const char *path, struct prog *p, struct prog_text *text)
{
	char why[160];
	int status = load_program(path, p, text);

	if (status || run_machine_check(p, NULL, why, sizeof(why)))
		return status;
	fprintf(stderr, "%s: %s cannot be this machine: %s\n", path, world_linked->name, why);
	return EXIT_USAGE;
}

static bool write_all(int fd, const void *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(fd, (const char *)data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* A terminal, a pipe, /dev/full: written to as it is, never replaced by a file. */
static int write_special(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write_all(fd, data, size);

	if (!ok)
		fprintf(stderr, "%s: cannot be written: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok ? 0 : EXIT_USAGE;
}

int output_check(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	if (access(dir, W_OK | X_OK) == 0 || access(path, W_OK) == 0)
		return 0;
	fprintf(stderr, "%s: cannot be written: %s\n", path, strerror(errno));
	return EXIT_USAGE;
}

int write_file(const char *path, const void *data, size_t size)
{
	char temporary[4096];
	struct stat st;
	bool ok;
	int fd;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return write_special(path, data, size);
	if (snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", path, (long)getpid()) >=
	    (int)sizeof(temporary)) {
		fprintf(stderr, "%s: name too long\n", path);
		return EXIT_USAGE;
	}
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		fprintf(stderr, "%s: cannot be written: %s\n", path, strerror(errno));
		return EXIT_USAGE;
	}
	ok = write_all(fd, data, size) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	if (!ok || rename(temporary, path) != 0) {
		fprintf(stderr, "%s: cannot be written: %s; an older one is untouched\n", path,
			strerror(errno ? errno : ENOSPC));
		unlink(temporary);
		return EXIT_USAGE;
	}
	return 0;
}

int write_program(const char *path, const struct prog *p, const struct prog_text *text)
{
	char *out = malloc(PROG_TEXT_MAX);
	size_t n = out ? prog_print(p, text, out, PROG_TEXT_MAX) : 0;
	int status;

	if (n == 0) {
		fprintf(stderr, "%s: the program does not fit into %d bytes of text\n", path,
			PROG_TEXT_MAX);
		free(out);
		return EXIT_USAGE;
	}
	status = write_file(path, out, n);
	free(out);
	return status;
}

void print_json(FILE *out, const char *s)
{
	fputc('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s == '\n')
			fputs("\\n", out);
		else if ((unsigned char)*s < 0x20)
			fprintf(out, "\\u%04x", *s);
		else
			fputc(*s, out);
	}
	fputc('"', out);
}

void print_xml(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '<')
			fputs("&lt;", out);
		else if (*s == '>')
			fputs("&gt;", out);
		else if (*s == '&')
			fputs("&amp;", out);
		else if (*s == '"')
			fputs("&quot;", out);
		else if ((unsigned char)*s >= 0x20 || *s == '\n' || *s == '\t')
			fputc(*s, out);
	}
}

double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool progress_shown;

void progress(const char *fmt, ...)
{
	static double last;
	double now = now_seconds();
	va_list ap;

	if (now - last < 1 || !isatty(STDERR_FILENO))
		return;
	last = now;
	progress_shown = true;
	fputs("\r\033[K", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fflush(stderr);
}

void progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}

long resident_kib(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long pages = 0, resident = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%ld %ld", &pages, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}
