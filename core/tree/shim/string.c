// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What of lib/string.c and lib/string_helpers.c is not in the C library.
 * Locking: none.
 */
#include <linux/errno.h>
#include <linux/string.h>

ssize_t sized_strscpy(char *to, const char *from, size_t size)
{
	size_t n = strnlen(from, size);

	if (!size)
		return -E2BIG;
	if (n < size) {
		memcpy(to, from, n + 1);
		return (ssize_t)n;
	}
	memcpy(to, from, size - 1);
	to[size - 1] = 0;
	return -E2BIG;
}

void *memchr_inv(const void *p, int c, size_t n)
{
	const unsigned char *bytes = p;
	size_t i;

	for (i = 0; i < n; i++)
		if (bytes[i] != (unsigned char)c)
			return (void *)(bytes + i);
	return NULL;
}
