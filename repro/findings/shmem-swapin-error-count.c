// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tmpfs and a page that cannot be read from swap. The swap device is a loop device; its file is
 * cut after the page was written, so that reading the page gives EIO and leaves a marker. Then
 * the file gets a second page, and a hole in place of the marker, so one page is left, but tmpfs
 * counts none. ftruncate() believes that count: what it should drop is there again when the
 * file grows.
 * Usage: error|none hole|none   (none: no read fails; there is no hole)
 */
#include "confirm.h"

#define SLOTS 1024u

/* The folio has gone out of the swap cache as well: who reads it needs the device. */
static void swap_out(void *page, int fd)
{
	unsigned char resident = 1;

	if (madvise(page, PAGE, MADV_PAGEOUT) != 0)
		cannot("MADV_PAGEOUT");
	munmap(page, PAGE);
	for (int n = 0; n < 10; n++)
		cgroup_reclaim();
	page = or_die(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0), "mmap");
	if (mincore(page, PAGE, &resident) != 0 || resident & 1)
		cannot("the page is still there");
	munmap(page, PAGE);
}

/* Is what ftruncate() has cut off there again? The file has two pages. */
static bool is_contents_kept(int fd)
{
	char byte = 0;

	if (ftruncate(fd, 0) != 0 || ftruncate(fd, 2 * (off_t)PAGE) != 0 ||
	    pread(fd, &byte, 1, (off_t)PAGE) != 1)
		cannot("ftruncate");
	if (byte)
		printf("evidence: the file was cut to nothing, grew again, and has its old contents "
		       "(0x%x)\n", byte);
	return byte != 0;
}

int main(int argc, char **argv)
{
	bool is_error = argc < 2 || !strcmp(argv[1], "error"), is_kept;
	bool is_hole = argc < 3 || !strcmp(argv[2], "hole");
	char name[64], file[64], byte = 0x22, *device, *page;
	int fd;

	setvbuf(stdout, NULL, _IONBF, 0);
	snprintf(file, sizeof(file), "/swap-file-%d", (int)getpid());
	snprintf(name, sizeof(name), "/dev/shm/file-%d", (int)getpid());
	device = loop_new(file, SLOTS);
	make_swap(device, SLOTS);
	if (swapon(device, 0) != 0)
		cannot("swapon");
	pin_to(0); /* a folio in another CPU's batch would not be swapped out */
	cgroup_make();
	cgroup_enter();
	fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, 2 * (off_t)PAGE) != 0)
		cannot(name);
	page = or_die(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), "mmap");
	memset(page, 0x11, PAGE);
	swap_out(page, fd);
	if (is_error && truncate(file, (off_t)PAGE) != 0)
		cannot(file);
	if ((pread(fd, &(char){0}, 1, 0) == 1) == is_error)
		cannot("reading the page");
	if (pwrite(fd, &byte, 1, (off_t)PAGE) != 1)
		cannot("pwrite");
	if (is_hole && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)PAGE) != 0)
		cannot("fallocate");
	is_kept = is_contents_kept(fd);
	unlink(name);
	close(fd);
	if (swapoff(device) != 0)
		cannot("swapoff");
	unlink(file);
	printf("%s, %s\n", is_error ? "a read error" : "no read error", is_hole ? "a hole" : "no hole");
	return is_kept;
}
