// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shrinker of large folios takes one off its own list without the lock: list_del_init()
 * stores next, then prev. Between the two a process unmaps part of the folio. That sees an item
 * that is on no list and puts it into the queue; then the shrinker stores its prev. The item is in
 * the queue with a prev that points to itself. The shrinker then splits the folio, which takes
 * it off the queue: the kernel's own check of lists finds that.
 * Usage: while | before   (the process unmaps part of its folio between the two stores; or before
 * the shrinker comes)
 */
#include "confirm.h"

#include <sys/prctl.h>

#define LARGE (512 * PAGE)
#define THP "/sys/kernel/mm/transparent_hugepage/"

enum step { START, READY, SCANS, OVER };

static volatile int *step;

static bool has_large(void)
{
	char line[256];
	long kilobytes = 0;
	FILE *f = fopen("/proc/self/smaps_rollup", "re");

	while (f && fgets(line, sizeof(line), f))
		sscanf(line, "AnonHugePages: %ld kB", &kilobytes);
	if (f)
		fclose(f);
	return kilobytes == (long)(LARGE / 1024);
}

static void user_run(bool is_before)
{
	char *area = map_aligned(LARGE, LARGE);

	prctl(PR_SET_NAME, "unmaps");
	if (madvise(area, LARGE, MADV_HUGEPAGE) != 0)
		cannot("MADV_HUGEPAGE");
	for (size_t n = 0; n < LARGE; n += PAGE)
		*(volatile size_t *)(area + n) = n + 1;
	if (!has_large())
		cannot("no large folio");
	if (is_before)
		madvise(area, LARGE / 2, MADV_DONTNEED);
	*step = READY;
	if (!is_before) {
		while (*step < SCANS)
			usleep(1000);
		usleep(100000);
		madvise(area, LARGE / 2, MADV_DONTNEED);
	}
	await_yielding(step, OVER);
	for (size_t n = LARGE / 2; n < LARGE; n += PAGE) {
		if (*(volatile size_t *)(area + n) != n + 1)
			cannot("another page came back");
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	bool is_before = argc > 1 && !strcmp(argv[1], "before");
	int status;
	pid_t user;

	setvbuf(stdout, NULL, _IONBF, 0);
	put(THP "enabled", "madvise");
	step = shared_page();
	/* Its mm never was on the other CPU, so no flush of the TLB waits for that one. */
	pin_to(1);
	user = fork();
	if (user == 0)
		user_run(is_before);
	pin_to(0);
	while (*step < READY && waitpid(user, &status, WNOHANG) == 0)
		usleep(1000);
	if (*step < READY)
		return 2;
	prctl(PR_SET_NAME, "scans");
	*step = SCANS;
	put("/proc/sys/vm/drop_caches", "2");
	prctl(PR_SET_NAME, "main");
	*step = OVER;
	if (waitpid(user, &status, 0) != user || status != 0)
		return 1;
	printf("the shrinker has returned\n");
	return 0;
}
