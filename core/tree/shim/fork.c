// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree's own kernel/fork.c, with a way in to its static dup_mm(). The build
 * compiles this file in the place of kernel/fork.c.
 * Left out: tasks; a fork of a program duplicates an mm, and no task runs in it.
 */
#include <linux/init.h>

/* Each function in a section of its own, so that the link drops what nobody calls. */
#undef __init
#define __init

#include "kernel/fork.c"

#include "core/tree/shim/shim.h"

struct mm_struct *shim_dup_mm(struct mm_struct *old)
{
	return dup_mm(current, old);
}
