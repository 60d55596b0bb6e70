// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ftruncate() into a large folio of shared memory that is swapped out. A file of two folios of
 * 64 kB is swapped out, each folio as a whole; a child cuts it to so many pages.
 * Usage: PAGES large | small   (folios of 64 kB, or of one page)
 */
#include "confirm.h"

#define FOLIO 65536ul
#define FILE_SIZE (2 * FOLIO)
#define SIZES "/sys/kernel/mm/transparent_hugepage/hugepages-64kB/"

static int file_swapped_out(bool is_large)
{
	int fd = memfd_create("cut", MFD_CLOEXEC);
	long before = get(SIZES "stats/swpout"), wanted = is_large ? FILE_SIZE / FOLIO : 0, written;
	char *p;

	put(SIZES "shmem_enabled", is_large ? "always" : "never");
	if (fd < 0 || ftruncate(fd, FILE_SIZE) != 0)
		cannot("memfd_create");
	p = or_die(mmap(map_aligned(FILE_SIZE, FOLIO), FILE_SIZE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_FIXED, fd, 0), "mmap");
	memset(p, 0x11, FILE_SIZE);
	if (madvise(p, FILE_SIZE, MADV_PAGEOUT) != 0)
		cannot("MADV_PAGEOUT");
	munmap(p, FILE_SIZE);
	written = get(SIZES "stats/swpout") - before;
	printf("large folios swapped out: %ld\n", written);
	if (written != wanted) {
		printf("cannot: they are not swapped out as they should be\n");
		exit(2);
	}
	return fd;
}

int main(int argc, char **argv)
{
	off_t pages = argc > 1 ? atoi(argv[1]) : 1;
	char *device = zram_new(1024);
	pid_t child;
	int fd;

	setvbuf(stdout, NULL, _IONBF, 0);
	if (swapon(device, 0) != 0)
		cannot("swapon");
	pin_to(1); /* a folio in another CPU's batch would not be swapped out */
	fd = file_swapped_out(argc < 3 || !strcmp(argv[2], "large"));
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
