/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * String functions that the C library has as well: the linked program uses the
 * library's, which TSan and ASan know. The others are the tree's lib/string.c.
 */
#ifndef __ASM_STRING_H
#define __ASM_STRING_H

#define __HAVE_ARCH_MEMCPY
#define __HAVE_ARCH_MEMSET
#define __HAVE_ARCH_MEMMOVE
#define __HAVE_ARCH_MEMCMP
#define __HAVE_ARCH_MEMCHR
#define __HAVE_ARCH_STRLEN
#define __HAVE_ARCH_STRNLEN
#define __HAVE_ARCH_STRCMP
#define __HAVE_ARCH_STRNCMP
#define __HAVE_ARCH_STRCHR
#define __HAVE_ARCH_STRRCHR
#define __HAVE_ARCH_STRSTR

void *memcpy(void *to, const void *from, __kernel_size_t n);
void *memset(void *to, int c, __kernel_size_t n);
void *memmove(void *to, const void *from, __kernel_size_t n);
int memcmp(const void *a, const void *b, __kernel_size_t n);
void *memchr(const void *s, int c, __kernel_size_t n);
__kernel_size_t strlen(const char *s);
__kernel_size_t strnlen(const char *s, __kernel_size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, __kernel_size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);
char *strstr(const char *s, const char *what);

#endif
