/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies from and to user memory: the shim walks the page tables of current->mm as
 * the MMU does. A function that is not there is a stub that reports its own name.
 */
#ifndef __ASM_UACCESS_H
#define __ASM_UACCESS_H

#include <linux/string.h>
#include <asm/page.h>
#include <asm-generic/access_ok.h>

/* Each returns the number of bytes that were not copied (or cleared). */
unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long n);
unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long n);
unsigned long __clear_user(void __user *to, unsigned long n);
long strncpy_from_user(char *to, const char __user *from, long count);
long strnlen_user(const char __user *s, long n);
#define INLINE_COPY_FROM_USER
#define INLINE_COPY_TO_USER
#define clear_user __clear_user

#define __get_user(x, p)							\
({										\
	typeof(*(p)) __word = 0;						\
	int __failed = raw_copy_from_user(&__word, (p), sizeof(*(p))) != 0;	\
										\
	(x) = __word;								\
	__failed ? -EFAULT : 0;							\
})
#define __put_user(x, p)							\
({										\
	typeof(*(p)) __word = (x);						\
										\
	raw_copy_to_user((p), &__word, sizeof(*(p))) ? -EFAULT : 0;		\
})
#define get_user __get_user
#define put_user __put_user

#define __get_kernel_nofault(to, from, type, label)				\
do {										\
	*(type *)(to) = *(type *)(from);					\
	if (0)									\
		goto label;							\
} while (0)
#define __put_kernel_nofault(to, from, type, label)				\
	__get_kernel_nofault(to, from, type, label)

#endif
