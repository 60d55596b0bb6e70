// SPDX-License-Identifier: GPL-2.0-or-later
/* The probe for the shared zero page: pagemap gives the frame, kpageflags its kind. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz/kernel/zero_page.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGEMAP_PRESENT (1ull << 63)
#define PAGEMAP_FRAME ((1ull << 55) - 1)
#define KPF_ZERO_PAGE (1ull << 24)

/* The entry of a file of u64; 0 or -errno. */
static int entry_read(const char *path, u64 index, u64 *entry)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int err = 0;

	if (fd < 0)
		return -errno;
	n = pread(fd, entry, sizeof(*entry), (off_t)(index * sizeof(*entry)));
	if (n != (ssize_t)sizeof(*entry))
		err = n < 0 ? -errno : -EIO;
	close(fd);
	return err;
}

int zero_page_at(const volatile void *page)
{
	u64 number = (u64)(uintptr_t)page / (u64)sysconf(_SC_PAGESIZE);
	u64 pagemap, flags;
	int err = entry_read("/proc/self/pagemap", number, &pagemap);

	if (err)
		return err;
	if (!(pagemap & PAGEMAP_PRESENT))
		return 0;
	if (!(pagemap & PAGEMAP_FRAME))
		return -EPERM; /* frames are hidden from us */
	err = entry_read("/proc/kpageflags", pagemap & PAGEMAP_FRAME, &flags);
	if (err)
		return err;
	return flags & KPF_ZERO_PAGE ? 1 : 0;
}

int zero_page_probe(void)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	const volatile char *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int found;

	if (page == MAP_FAILED)
		return -errno;
	(void)*page;
	found = zero_page_at(page);
	munmap((void *)(uintptr_t)page, size);
	return found;
}
