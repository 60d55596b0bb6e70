/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * BUG() and WARN(): their titles are the function and the condition, never a line
 * number, so that they are the same in the next release. The _ONCE kinds report
 * every time: a run is short, and each run is judged by itself.
 */
#ifndef __ASM_BUG_H
#define __ASM_BUG_H

#include <asm/shim.h>

#define HAVE_ARCH_BUG
#define BUG() shim_bug(__func__, "")

#define HAVE_ARCH_BUG_ON
#define BUG_ON(condition)							\
do {										\
	if (unlikely(condition))						\
		shim_bug(__func__, #condition);					\
} while (0)

#define WARN_ON(condition)							\
({										\
	int __warns = !!(condition);						\
										\
	if (unlikely(__warns))							\
		shim_warn(__func__, #condition);				\
	unlikely(__warns);							\
})
#define WARN_ON_ONCE(condition) WARN_ON(condition)

#define __WARN_printf(taint, format...)						\
do {										\
	(void)(taint);								\
	shim_warn_printf(__func__, format);					\
} while (0)
#define __WARN() shim_warn(__func__, "")

#include <asm-generic/bug.h>

#undef WARN_ONCE
#define WARN_ONCE(condition, format...) WARN(condition, format)

#endif
