// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ftruncate() into a large folio of shared memory that is swapped out. A file of two folios of
 * 64 kB is swapped out, each folio as a whole; a child cuts it to so many pages.
 * Usage: PAGES large | small   (folios of 64 kB, or of one page)
 */
#include "confirm.h"

#define FILE_SIZE (2 * SHMEM_FOLIO)

int main(int argc, char **argv)
{
	off_t pages = argc > 1 ? atoi(argv[1]) : 1;
	char *device = zram_new(1024);
	pid_t child;
	int fd;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (swapon(device, 0) != 0)
		cannot("swapon");
	pin_to(1);
	fd = file_swapped_out(FILE_SIZE, argc < 3 || !strcmp(argv[2], "large"));
	child = fork();
	if (child == 0)
		_exit(ftruncate(fd, pages * (off_t)PAGE) != 0);
	if (never_ends(child, "ftruncate()", 1))
		return 1;
	close(fd);
	if (swapoff(device) != 0)
		cannot("swapoff");
	printf("ftruncate() has ended\n");
	return 0;
}
