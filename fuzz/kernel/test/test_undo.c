// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Undoing: goal: what was changed is as before, also when a run died in between.
 * Method: ordinary files stand for those of /sys; a run that dies is a child that
 * ends without a word.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/test.h"
#include "fuzz/kernel/undo.h"

static char folder[] = "/tmp/test_undo.XXXXXX";
static char state[64], setting[64], made[64], why[UNDO_WHY_MAX];

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	CHECK(f != NULL);
	if (f) {
		fputs(text, f);
		fclose(f);
	}
}

static const char *get(const char *path)
{
	static char buf[64];

	return sysfile_read(path, buf, sizeof(buf)) ? "(gone)" : buf;
}

static void change(void)
{
	CHECK_EQ(undo_open(why), 0);
	undo_note_file(made);
	put(made, "x");
	CHECK_EQ(undo_write(setting, "2"), 0);
	CHECK_EQ(undo_write(setting, "3"), 0);
	CHECK_STR(get(setting), "3");
}

static void check_end(void)
{
	put(setting, "1");
	change();
	CHECK_EQ(undo_all(), 0);
	CHECK_STR(get(setting), "1");
	CHECK_STR(get(made), "(gone)");
	undo_close();
	CHECK_STR(get(state), "(gone)");
}

static void check_killed(void)
{
	pid_t pid;
	int status;

	put(setting, "1");
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		change();
		_exit(0);
	}
	waitpid(pid, &status, 0);
	CHECK_STR(get(setting), "3");
	CHECK_EQ(undo_open(why), 0); /* the next run */
	CHECK_STR(get(setting), "1");
	CHECK_STR(get(made), "(gone)");
	undo_close();
}

/* One at a time: the second is refused while the first has the lock. */
static void check_lock(void)
{
	pid_t pid;
	int status;

	CHECK_EQ(undo_open(why), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		undo_forked();
		_exit(undo_open(why) == -EBUSY ? 7 : 0);
	}
	waitpid(pid, &status, 0);
	CHECK_EQ(WEXITSTATUS(status), 7);
	undo_close();
	CHECK_EQ(undo_open(why), 0);
	undo_close();
}

int main(void)
{
	if (geteuid() != 0) {
		printf("skipped: needs root\n");
		return 77;
	}
	if (!mkdtemp(folder))
		return 1;
	snprintf(state, sizeof(state), "%s/state", folder);
	snprintf(setting, sizeof(setting), "%s/setting", folder);
	snprintf(made, sizeof(made), "%s/made", folder);
	undo_set_path(state);
	check_end();
	check_killed();
	check_lock();
	unlink(setting);
	rmdir(folder);
	return TEST_END();
}
