// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reports of a target that goes on: see record.h. A file is written under a name
 * that begins with a dot, flushed to the disk and then renamed; the text comes
 * before the input, so that an input that is there has its text. One thread.
 */
#include "fuzz/targets/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/bug.h"
#include "core/base/prng.h"

#define TITLES_MAX 512        /* more are counted as one */
#define KINDS_MAX 2048        /* a title with one top of the stack */
#define KIND_KEPT 2           /* inputs of a kind that a process keeps */
#define STACK_LINES 6
#define COUNT_DIGITS 12
#define PATH_SIZE 4096
#define RECORD_NAME_SIZE 41   /* 40 hexadecimal digits and a 0 */

struct record_title {
	u64 hash, count;
	off_t at;             /* of its line in "titles" */
};

static const char *folder;    /* NULL: off */
static const char *log_path;
static int folder_fd = -1, titles_fd = -1;
static struct record_title titles[TITLES_MAX];
static unsigned ntitles;
static off_t titles_end;
static struct record_kind { u64 hash; unsigned kept; } kinds[KINDS_MAX];
static unsigned nkinds;

void record_init(const char *name)
{
	char path[PATH_SIZE];

	folder = getenv("SWAPRACE_RECORD");
	log_path = getenv("SWAPRACE_RECORD_LOG");
	if (!folder || !folder[0]) {
		folder = NULL;
		return;
	}
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(path, sizeof(path), "%s/titles", folder);
	if (folder_fd >= 0)
		titles_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (folder_fd < 0 || titles_fd < 0) {
		fprintf(stderr, "%s: SWAPRACE_RECORD=%s: %s\n", name, folder, strerror(errno));
		exit(3);
	}
}

bool record_is_on(void)
{
	return folder != NULL;
}

/* ---- SHA-1 (FIPS 180-4) ---- */

static u32 rotate(u32 x, unsigned by)
{
	return x << by | x >> (32 - by);
}

static void sha1_block(u32 h[5], const u8 *block)
{
	static const u32 constant[4] = { 0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6 };
	u32 w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (unsigned i = 0; i < 16; i++)
		w[i] = (u32)block[4 * i] << 24 | (u32)block[4 * i + 1] << 16 |
		       (u32)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (unsigned i = 16; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (unsigned i = 0; i < 80; i++) {
		u32 mixed = i < 20 ? ((b & c) | (~b & d)) :
			    i >= 40 && i < 60 ? ((b & c) | (b & d) | (c & d)) : b ^ c ^ d;
		u32 next = rotate(a, 5) + mixed + e + constant[i / 20] + w[i];

		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = next;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

/* The SHA-1 of data as 40 hexadecimal digits: libFuzzer names its artifacts so. */
static void record_name(const u8 *data, size_t size, char name[RECORD_NAME_SIZE])
{
	u32 h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	u8 tail[128] = { 0 };
	size_t whole = size / 64 * 64, left = size - whole, padded = left < 56 ? 64 : 128;

	for (size_t i = 0; i < whole; i += 64)
		sha1_block(h, data + i);
	if (left)
		memcpy(tail, data + whole, left);
	tail[left] = 0x80;
	for (unsigned i = 0; i < 8; i++)
		tail[padded - 1 - i] = (u8)((u64)size * 8 >> 8 * i);
	for (size_t i = 0; i < padded; i += 64)
		sha1_block(h, tail + i);
	for (unsigned i = 0; i < 5; i++)
		snprintf(name + 8 * i, 9, "%08x", h[i]);
}

/* ---- files ---- */

struct piece { const char *data; size_t size; };

static bool write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

/* FOLDER/name is whole or absent afterwards; false if it is absent. */
static bool write_whole(const char *name, const struct piece *piece, unsigned npieces)
{
	char temporary[80];
	bool ok = true;
	int fd;

	snprintf(temporary, sizeof(temporary), ".%s", name);
	fd = openat(folder_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	for (unsigned i = 0; ok && i < npieces; i++)
		ok = write_all(fd, piece[i].data, piece[i].size);
	ok = ok && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	ok = ok && renameat(folder_fd, temporary, folder_fd, name) == 0;
	if (!ok)
		unlinkat(folder_fd, temporary, 0);
	return ok;
}

static void log_append(const char *name, const char *title)
{
	char line[PATH_SIZE];
	int fd, n;

	if (!log_path || !log_path[0])
		return;
	fd = open(log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	n = snprintf(line, sizeof(line), "%s %s\n", name, title);
	write_all(fd, line, n < (int)sizeof(line) ? (size_t)n : sizeof(line) - 1);
	close(fd);
}

static bool input_keep(const char *title, const char *text, const u8 *data, size_t size)
{
	char name[64], text_name[72], sha1[RECORD_NAME_SIZE];
	struct piece whole = { (const char *)data, size };
	struct piece texts[] = {
		{ title, strlen(title) }, { "\n", 1 }, { text ? text : "", text ? strlen(text) : 0 },
	};

	record_name(data, size, sha1);
	snprintf(name, sizeof(name), "report-%s", sha1);
	if (faccessat(folder_fd, name, F_OK, 0) == 0)
		return false; /* libFuzzer runs an input again, now and then */
	snprintf(text_name, sizeof(text_name), "%s.txt", name);
	if (!write_whole(text_name, texts, 3) || !write_whole(name, &whole, 1))
		return false;
	fsync(folder_fd);
	log_append(sha1, title);
	fprintf(stderr, "recorded: %s: %s\n", name, title);
	return true;
}

/* ---- counts ---- */

static u64 hash_bytes(u64 hash, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = prng_mix(hash ^ (u8)s[i]);
	return hash;
}

/* Its line in "titles" is written with the first report, and its digits with each. */
static void title_count(const char *title)
{
	u64 hash = hash_bytes(0, title, strlen(title));
	char line[PATH_SIZE];
	unsigned i;
	int n;

	for (i = 0; i < ntitles && titles[i].hash != hash; i++)
		;
	if (i == TITLES_MAX)
		i--;
	if (i == ntitles) {
		titles[ntitles++] = (struct record_title){ .hash = hash, .at = titles_end };
		n = snprintf(line, sizeof(line), "%*u %s\n", COUNT_DIGITS, 0u,
			     i == TITLES_MAX - 1 ? "(further titles)" : title);
		if (pwrite(titles_fd, line, (size_t)n, titles_end) != n) {
			ntitles--;
			return;
		}
		titles_end += n;
	}
	titles[i].count++;
	snprintf(line, sizeof(line), "%*llu", COUNT_DIGITS, (unsigned long long)titles[i].count);
	if (pwrite(titles_fd, line, COUNT_DIGITS, titles[i].at) != COUNT_DIGITS)
		titles[i].count--;
}

/* The title and the first lines of the first stack. */
static u64 kind_hash(const char *title, const char *text)
{
	u64 hash = hash_bytes(1, title, strlen(title));
	const char *line = text ? strstr(text, "\nstack:\n") : NULL;

	line = line ? line + strlen("\nstack:\n") : NULL;
	for (unsigned i = 0; line && i < STACK_LINES && line[0] == ' '; i++) {
		const char *end = strchr(line, '\n');

		if (!end)
			break;
		hash = hash_bytes(hash, line, (size_t)(end - line));
		line = end + 1;
	}
	return hash;
}

void record_report(const char *title, const char *text, const u8 *data, size_t size)
{
	u64 hash = kind_hash(title, text);
	unsigned i;

	BUG_ON(!record_is_on());
	title_count(title);
	for (i = 0; i < nkinds && kinds[i].hash != hash; i++)
		;
	if (i == KINDS_MAX)
		return;
	if (i == nkinds)
		kinds[nkinds++] = (struct record_kind){ .hash = hash };
	if (kinds[i].kept < KIND_KEPT && input_keep(title, text, data, size))
		kinds[i].kept++;
}
