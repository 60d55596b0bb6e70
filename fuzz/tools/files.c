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

static char last_error[4096 + 200];

static __printf_like(1, 2) int load_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(last_error, sizeof(last_error), fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s\n", last_error);
	return EXIT_USAGE;
}

const char *load_error(void)
{
	return last_error;
}

static int read_file(const char *path, char **data, size_t *size)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	size_t n = 0, got;
	int status = 0;

	if (!f)
		return load_fail("%s: %s", path, strerror(errno));
	if (fstat(fileno(f), &st) == 0 && S_ISDIR(st.st_mode)) {
		fclose(f);
		return load_fail("%s: is a directory; name the programs in it", path);
	}
	*data = malloc(FILE_MAX_BYTES + 1);
	if (!*data) {
		fclose(f);
		load_fail("%s: out of memory", path);
		return EXIT_ENVIRONMENT;
	}
	while (n <= FILE_MAX_BYTES && (got = fread(*data + n, 1, FILE_MAX_BYTES + 1 - n, f)) > 0)
		n += got;
	if (ferror(f))
		status = load_fail("%s: cannot be read", path);
	else if (n > FILE_MAX_BYTES)
		status = load_fail("%s: larger than 4 MiB: not a program", path);
	fclose(f);
	if (status) {
		free(*data);
		return status;
	}
	(*data)[n] = 0;
	*size = n;
	return 0;
}

int load_program(const char *path, struct prog *p, struct prog_text *text)
{
	struct prog_error err;
	size_t size = 0;
	char *data = NULL;
	int status = read_file(path, &data, &size);

	if (status)
		return status;
	if (prog_load(p, text, data, size, &err) != 0)
		status = load_fail("%s:%u:%u: %s", path, err.line, err.column, err.what);
	else if (!prog_is_text(data, size))
		run_fit(p, NULL); /* as the target did that wrote it */
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

/* Why a file cannot be written: a folder that is not there is the caller's mistake. */
static int write_status(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EISDIR ? EXIT_USAGE : EXIT_ENVIRONMENT;
}

/* A terminal, a pipe, /dev/full: written to as it is, never replaced by a file. */
static int write_special(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write_all(fd, data, size);
	int status = ok ? 0 : write_status(errno);

	if (!ok)
		fprintf(stderr, "%s: cannot be written: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return status;
}

int output_check(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];
	int error;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	if (access(dir, W_OK | X_OK) == 0)
		return 0;
	error = errno;
	if (access(path, W_OK) == 0) /* a device, for one */
		return 0;
	fprintf(stderr, "%s: cannot be written: %s\n", path, strerror(error));
	return write_status(error);
}

int make_folder(const char *command, const char *path)
{
	char part[4096];
	size_t n = 0;

	if (strlen(path) >= sizeof(part))
		return bad_usage(command, "%s: name too long", path);
	do {
		n += strspn(path + n, "/");
		n += strcspn(path + n, "/");
		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		if (mkdir(part, 0777) != 0 && errno != EEXIST) {
			int status = errno == ENOTDIR ? EXIT_USAGE : EXIT_ENVIRONMENT;

			fprintf(stderr, "swaprace %s: cannot make %s: %s\n", command, path,
				strerror(errno));
			return status;
		}
	} while (path[n]);
	/* with the slash, a file in its place is one that is no folder */
	snprintf(part, sizeof(part), "%s/", path);
	if (access(part, W_OK | X_OK) == 0)
		return 0;
	n = errno == ENOTDIR;
	fprintf(stderr, "swaprace %s: cannot write to %s: %s\n", command, path, strerror(errno));
	return n ? EXIT_USAGE : EXIT_ENVIRONMENT;
}

int write_file(const char *path, const void *data, size_t size)
{
	char temporary[4096];
	struct stat st;
	bool ok;
	int fd, status;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return write_special(path, data, size);
	if (snprintf(temporary, sizeof(temporary), "%s.%ld.tmp", path, (long)getpid()) >=
	    (int)sizeof(temporary)) {
		fprintf(stderr, "%s: name too long\n", path);
		return EXIT_USAGE;
	}
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		status = write_status(errno);
		fprintf(stderr, "%s: cannot be written: %s\n", path, strerror(errno));
		return status;
	}
	ok = write_all(fd, data, size) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	if (!ok || rename(temporary, path) != 0) {
		status = write_status(errno ? errno : ENOSPC);
		fprintf(stderr, "%s: cannot be written: %s; an older one is untouched\n", path,
			strerror(errno ? errno : ENOSPC));
		unlink(temporary);
		return status;
	}
	return 0;
}

/* The program as text, malloc'ed; NULL after a line on stderr. */
static char *program_text(const char *path, const struct prog *p, const struct prog_text *text,
			  size_t *size)
{
	char *out = malloc(PROG_TEXT_MAX);

	*size = out ? prog_print(p, text, out, PROG_TEXT_MAX) : 0;
	if (*size)
		return out;
	fprintf(stderr, "%s: the program does not fit into %d bytes of text\n", path, PROG_TEXT_MAX);
	free(out);
	return NULL;
}

int write_program(const char *path, const struct prog *p, const struct prog_text *text)
{
	size_t size;
	char *out = program_text(path, p, text, &size);
	int status = out ? write_file(path, out, size) : EXIT_USAGE;

	free(out);
	return status;
}

/* Gives the file from its temporary name to the first free one of path.prog,
 * path-2.prog, ...; link() never replaces what is there. */
static int take_free_name(const char *temporary, char *path, size_t size)
{
	size_t stem = strlen(path);

	for (unsigned n = 1; n < 100000; n++) {
		if (n == 1)
			snprintf(path + stem, size - stem, ".prog");
		else
			snprintf(path + stem, size - stem, "-%u.prog", n);
		if (link(temporary, path) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	fprintf(stderr, "%s: cannot be written: %s\n", path, strerror(errno));
	return EXIT_ENVIRONMENT;
}

int write_new_program(char *path, size_t path_size, const struct prog *p,
		      const struct prog_text *text)
{
	char temporary[4096];
	size_t size;
	char *out;
	int status;

	if (strlen(path) + 32 > path_size ||
	    snprintf(temporary, sizeof(temporary), "%s.%ld.new", path, (long)getpid()) >=
	    (int)sizeof(temporary)) {
		fprintf(stderr, "%s: name too long\n", path);
		return EXIT_USAGE;
	}
	out = program_text(path, p, text, &size);
	if (!out)
		return EXIT_USAGE;
	status = write_file(temporary, out, size);
	free(out);
	if (!status) {
		status = take_free_name(temporary, path, path_size);
		unlink(temporary);
	}
	return status;
}

#define NOT_A_CHARACTER 0xfffdu

/* The next character of a string that should be UTF-8; NOT_A_CHARACTER for a byte that
 * does not belong there. */
static u32 next_character(const char **s)
{
	const u8 *b = (const u8 *)*s;
	unsigned more = b[0] < 0x80 ? 0 : b[0] < 0xc2 ? 9 : b[0] < 0xe0 ? 1 : b[0] < 0xf0 ? 2 :
			b[0] < 0xf5 ? 3 : 9;
	u32 c = more == 0 ? b[0] : b[0] & (0x3fu >> more);

	(*s)++;
	if (more == 9)
		return NOT_A_CHARACTER;
	for (unsigned i = 1; i <= more; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return NOT_A_CHARACTER;
		c = c << 6 | (b[i] & 0x3f);
	}
	if ((more == 2 && c < 0x800) || (more == 3 && c < 0x10000) || c > 0x10ffff ||
	    (c >= 0xd800 && c < 0xe000))
		return NOT_A_CHARACTER;
	*s += more;
	return c;
}

static void put_character(FILE *out, u32 c)
{
	if (c < 0x80)
		fputc((int)c, out);
	else if (c < 0x800)
		fprintf(out, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
	else if (c < 0x10000)
		fprintf(out, "%c%c%c", 0xe0 | c >> 12, 0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
	else
		fprintf(out, "%c%c%c%c", 0xf0 | c >> 18, 0x80 | (c >> 12 & 0x3f),
			0x80 | (c >> 6 & 0x3f), 0x80 | (c & 0x3f));
}

void print_json(FILE *out, const char *s)
{
	fputc('"', out);
	while (*s) {
		u32 c = next_character(&s);

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", (int)c);
		else if (c == '\n')
			fputs("\\n", out);
		else if (c < 0x20)
			fprintf(out, "\\u%04x", c);
		else
			put_character(out, c);
	}
	fputc('"', out);
}

void print_xml(FILE *out, const char *s)
{
	while (*s) {
		u32 c = next_character(&s);

		if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '&')
			fputs("&amp;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0xfffe || c == 0xffff)
			put_character(out, NOT_A_CHARACTER);
		else
			put_character(out, c);
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

long own_memory_kib(void)
{
	static const char *const names[] = { "RssAnon:", "RssShmem:", "VmSwap:" };
	FILE *f = fopen("/proc/self/status", "r");
	long sum = 0, kib;
	char line[128];

	while (f && fgets(line, sizeof(line), f)) {
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			size_t len = strlen(names[i]);

			if (strncmp(line, names[i], len) == 0 && sscanf(line + len, "%ld", &kib) == 1)
				sum += kib;
		}
	}
	if (f)
		fclose(f);
	return sum;
}
