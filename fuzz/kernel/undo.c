// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state file, one line a change: "zram 3", "loop 5", "newloop 8", "file PATH",
 * "swap PATH", "ksm pages", "sys PATH VALUE". A line is on its way to the disk before the change is made,
 * so a line may name what has not happened yet: undoing that is no error.
 * A swap area is switched off only if its header has our label.
 */
#include "fuzz/kernel/undo.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <time.h>
#include <unistd.h>

#define UNDO_LINES_MAX 64
#define UNDO_LINE_MAX 256
#define LOCK_TRIES 30 /* a tenth of a second each: a killed run's processes go away */

static const char *state_path = "/run/swaprace-kernel";
static int state_fd = -1;

void undo_set_path(const char *path)
{
	state_path = path ? path : "/run/swaprace-kernel";
}

/* ---- small files ---- */

int sysfile_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return -EIO;
	buf[n] = 0;
	buf[strcspn(buf, "\n")] = 0;
	return 0;
}

long sysfile_number(const char *path, long otherwise)
{
	char buf[64], *end;
	long v;

	if (sysfile_read(path, buf, sizeof(buf)))
		return otherwise;
	v = strtol(buf, &end, 10);
	return end == buf ? otherwise : v;
}

int sysfile_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* ---- noting ---- */

static void note(const char *line)
{
	char buf[UNDO_LINE_MAX + 1];
	int n = snprintf(buf, sizeof(buf), "%s\n", line);

	if (state_fd >= 0 && n > 0 && n < (int)sizeof(buf) && write(state_fd, buf, (size_t)n) == n)
		return;
	/* Rather stop than change what cannot be undone. */
	fprintf(stderr, "swaprace: %s cannot be written: %s\n", state_path, strerror(errno));
	undo_all();
	exit(2);
}

static void note_number(const char *what, int id)
{
	char line[64];

	snprintf(line, sizeof(line), "%s %d", what, id);
	note(line);
}

static void note_path(const char *what, const char *path)
{
	char line[UNDO_LINE_MAX];

	snprintf(line, sizeof(line), "%s %s", what, path);
	note(line);
}

void undo_note_zram(int id)
{
	note_number("zram", id);
}

void undo_note_loop(int id)
{
	note_number("loop", id);
}

void undo_note_file(const char *path)
{
	note_path("file", path);
}

/* All lines of the state file; *n of them. Freed by the caller. */
static char (*read_lines(unsigned *n))[UNDO_LINE_MAX]
{
	char (*lines)[UNDO_LINE_MAX] = calloc(UNDO_LINES_MAX, sizeof(*lines));
	FILE *f = fopen(state_path, "re");

	*n = 0;
	while (f && lines && *n < UNDO_LINES_MAX && fgets(lines[*n], UNDO_LINE_MAX, f)) {
		lines[*n][strcspn(lines[*n], "\n")] = 0;
		*n += lines[*n][0] != 0;
	}
	if (f)
		fclose(f);
	return lines;
}

static bool noted(const char *what, const char *path)
{
	unsigned n;
	char (*lines)[UNDO_LINE_MAX] = read_lines(&n);
	size_t len = strlen(what), path_len = strlen(path);
	bool found = false;

	for (unsigned i = 0; lines && i < n && !found; i++)
		found = strncmp(lines[i], what, len) == 0 && lines[i][len] == ' ' &&
			strncmp(lines[i] + len + 1, path, path_len) == 0 &&
			(lines[i][len + 1 + path_len] == 0 || lines[i][len + 1 + path_len] == ' ');
	free(lines);
	return found;
}

void undo_note_new_loop(int id)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", id);
	if (!noted("newloop", number))
		note_path("newloop", number);
}

void undo_note_swap(const char *path)
{
	if (!noted("swap", path))
		note_path("swap", path);
}

void undo_note_ksm(void)
{
	if (!noted("ksm", "pages"))
		note_path("ksm", "pages");
}

int undo_write(const char *path, const char *value)
{
	char before[100], line[UNDO_LINE_MAX];
	int err = sysfile_read(path, before, sizeof(before));

	if (err)
		return err;
	if (!noted("sys", path)) {
		snprintf(line, sizeof(line), "sys %s %s", path, before);
		note(line);
	}
	return sysfile_write(path, value);
}

/* ---- undoing ---- */

static bool is_swapped_on(const char *path)
{
	char line[UNDO_LINE_MAX];
	FILE *f = fopen("/proc/swaps", "re");
	size_t len = strlen(path);
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f))
		found = strncmp(line, path, len) == 0 && (line[len] == ' ' || line[len] == '\t');
	if (f)
		fclose(f);
	return found;
}

static bool has_our_label(const char *path)
{
	char name[16] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ours = fd >= 0 && pread(fd, name, sizeof(name), 1024 + 12 + 16) == sizeof(name) &&
		    strncmp(name, UNDO_LABEL, sizeof(name)) == 0;

	if (fd >= 0)
		close(fd);
	return ours;
}

static bool undo_swap(const char *path)
{
	if (!is_swapped_on(path))
		return true;
	if (!has_our_label(path)) {
		fprintf(stderr, "swaprace: %s is not the swap area that was made; left alone\n", path);
		return true;
	}
	return swapoff(path) == 0;
}

static bool undo_zram(const char *id)
{
	char path[64];
	long size;

	snprintf(path, sizeof(path), "/sys/block/zram%s/disksize", id);
	size = sysfile_number(path, -1);
	if (size < 0)
		return true;
	if (size != 0 && size != UNDO_ZRAM_BYTES) {
		fprintf(stderr, "swaprace: zram%s is not the device that was made; left alone\n",
			id);
		return true;
	}
	/* Removal is refused while somebody (a udev worker) has it open. */
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (sysfile_write("/sys/class/zram-control/hot_remove", id) == 0)
			return true;
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	return false;
}

static bool undo_loop(const char *id)
{
	char path[64], backing[256];
	int fd;
	bool done;

	snprintf(path, sizeof(path), "/sys/block/loop%s/loop/backing_file", id);
	if (sysfile_read(path, backing, sizeof(backing)) != 0 || !strstr(backing, UNDO_LABEL))
		return true;
	snprintf(path, sizeof(path), "/dev/loop%s", id);
	fd = open(path, O_RDWR | O_CLOEXEC);
	done = fd >= 0 && ioctl(fd, LOOP_CLR_FD, 0) == 0;
	if (fd >= 0)
		close(fd);
	return done;
}

static bool undo_new_loop(const char *id)
{
	char path[64];
	int control;
	bool done = false;

	snprintf(path, sizeof(path), "/sys/block/loop%s/loop/backing_file", id);
	if (access(path, F_OK) == 0)
		return true; /* somebody uses it */
	snprintf(path, sizeof(path), "/sys/block/loop%s", id);
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	/* Removal is refused while somebody (a udev worker) has it open. */
	for (int i = 0; i < LOCK_TRIES && !done; i++) {
		done = access(path, F_OK) != 0 ||
		       (control >= 0 && ioctl(control, LOOP_CTL_REMOVE, atoi(id)) >= 0);
		if (!done)
			nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	}
	if (control >= 0)
		close(control);
	return done;
}

static bool undo_line(char *line)
{
	char *arg = strchr(line, ' '), *value;

	if (!arg)
		return true;
	*arg++ = 0;
	if (strcmp(line, "swap") == 0)
		return undo_swap(arg);
	if (strcmp(line, "zram") == 0)
		return undo_zram(arg);
	if (strcmp(line, "loop") == 0)
		return undo_loop(arg);
	if (strcmp(line, "newloop") == 0)
		return undo_new_loop(arg);
	if (strcmp(line, "ksm") == 0)
		return sysfile_write("/sys/kernel/mm/ksm/run", "2") == 0 &&
		       sysfile_write("/sys/kernel/mm/ksm/run", "0") == 0;
	if (strcmp(line, "file") == 0)
		return unlink(arg) == 0 || errno == ENOENT;
	value = strchr(arg, ' ');
	if (strcmp(line, "sys") != 0 || !value)
		return true;
	*value++ = 0;
	return sysfile_write(arg, value) == 0;
}

int undo_all(void)
{
	unsigned n, left = 0;
	char (*lines)[UNDO_LINE_MAX] = read_lines(&n);
	char (*kept)[UNDO_LINE_MAX] = calloc(UNDO_LINES_MAX, sizeof(*kept));

	for (unsigned i = n; lines && kept && i-- > 0;) {
		memcpy(kept[left], lines[i], UNDO_LINE_MAX);
		if (undo_line(lines[i]))
			continue;
		fprintf(stderr, "swaprace: could not undo \"%s\" (%s); the next run tries again\n",
			kept[left], strerror(errno));
		left++;
	}
	if (state_fd >= 0 && ftruncate(state_fd, 0) != 0)
		fprintf(stderr, "swaprace: %s: %s\n", state_path, strerror(errno));
	for (unsigned i = left; kept && i-- > 0;)
		note(kept[i]);
	free(lines);
	free(kept);
	return left ? -EBUSY : 0;
}

/* ---- the lock ---- */

/* The file that was locked may have been unlinked by its last owner. */
static bool is_current(void)
{
	struct stat mine, named;

	return fstat(state_fd, &mine) == 0 && stat(state_path, &named) == 0 &&
	       mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

static int state_open(void)
{
	state_fd = open(state_path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	return state_fd < 0 ? -errno : 0;
}

int undo_open(char why[UNDO_WHY_MAX])
{
	struct stat st;
	int tries = 0;

	if (geteuid() != 0) {
		snprintf(why, UNDO_WHY_MAX, "needs root: it makes swap devices and reads pagemap");
		return -EPERM;
	}
	if (state_open() != 0) {
		snprintf(why, UNDO_WHY_MAX, "%s cannot be written: %s", state_path, strerror(errno));
		return -errno;
	}
	while (flock(state_fd, LOCK_EX | LOCK_NB) != 0 || !is_current()) {
		if (++tries > LOCK_TRIES) {
			snprintf(why, UNDO_WHY_MAX, "another comparison is running on this machine");
			close(state_fd);
			state_fd = -1;
			return -EBUSY;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		if (is_current())
			continue;
		close(state_fd);
		if (state_open() != 0) {
			snprintf(why, UNDO_WHY_MAX, "%s: %s", state_path, strerror(errno));
			return -errno;
		}
	}
	if (fstat(state_fd, &st) == 0 && st.st_size > 0) {
		fprintf(stderr, "swaprace: undoing what a killed run has left\n");
		if (undo_all() != 0) {
			snprintf(why, UNDO_WHY_MAX, "what a killed run has left cannot be undone");
			undo_close();
			return -EBUSY;
		}
	}
	return 0;
}

void undo_close(void)
{
	struct stat st;

	if (state_fd < 0)
		return;
	/* Unlinked under the lock and only when empty. */
	if (fstat(state_fd, &st) == 0 && st.st_size == 0)
		unlink(state_path);
	close(state_fd);
	state_fd = -1;
}

void undo_forked(void)
{
	if (state_fd >= 0)
		close(state_fd);
	state_fd = -1;
}
