// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For no_zero_page.sh, loaded before libc: /proc/kpageflags as a kernel that never
 * maps the zero page would show it, without the zero page's flag.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KPF_ZERO_PAGE (1ull << 24)

ssize_t pread64(int fd, void *buf, size_t size, off_t offset);

static int is_kpageflags(int fd)
{
	char link[64], path[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = 0;
	return strcmp(path, "/proc/kpageflags") == 0;
}

ssize_t pread(int fd, void *buf, size_t size, off_t offset)
{
	ssize_t n = pread64(fd, buf, size, offset);
	uint64_t *flags = buf;

	for (ssize_t i = 0; n > 0 && i < n / 8 && is_kpageflags(fd); i++)
		flags[i] &= ~KPF_ZERO_PAGE;
	return n;
}
