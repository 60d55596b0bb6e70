// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A read of shared memory that is swapped out as a large folio, by a process whose cgroup is
 * over its limit: locked memory, and nobody whom the OOM killer may take. The read should
 * fail. It never ends if the page is not the first one of the folio.
 * Usage: PAGE large | small   (which page is read; folios of 64 kB, or of one page)
 */
#include "confirm.h"

#define LOCKED (8ul << 20)
#define LIMIT "4M"

/* The process in the cgroup, which reads when its parent has set the limit. */
static void run_reader(off_t page, bool is_large, int ready, int go)
{
	int fd;
	char c;

	put("/proc/self/oom_score_adj", "-1000");
	cgroup_enter();
	pin_to(1);
	fd = file_swapped_out(SHMEM_FOLIO, is_large);
	/* Its own pages as well: it must have no other fault later, and print nothing. */
	map_aligned(LOCKED, PAGE);
	if (mlockall(MCL_CURRENT) != 0)
		cannot("mlockall");
	printf("reads page %ld\n", (long)page);
	if (write(ready, "r", 1) != 1 || read(go, &c, 1) != 1)
		cannot("pipe");
	_exit(pread(fd, &c, 1, page * (off_t)PAGE) < 0 ? errno : 0);
}

int main(int argc, char **argv)
{
	off_t page = argc > 1 ? atoi(argv[1]) : 1;
	bool is_large = argc < 3 || !strcmp(argv[2], "large");
	char *device = zram_new(1024), c;
	int ready[2], go[2];
	pid_t child;

	setvbuf(stdout, NULL, _IONBF, 0);
	cgroup_make();
	if (swapon(device, 0) != 0 || pipe(ready) != 0 || pipe(go) != 0)
		cannot("swapon");
	child = fork();
	if (child == 0)
		run_reader(page, is_large, ready[1], go[0]);
	if (read(ready[0], &c, 1) != 1)
		cannot("the reader is not ready");
	put(CGROUP "memory.max", LIMIT);
	if (write(go[1], "g", 1) != 1)
		cannot("pipe");
	return never_ends(child, "pread()", 1);
}
