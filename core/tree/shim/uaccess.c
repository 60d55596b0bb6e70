// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * User memory that system calls copy from and to. An op's arguments lie at USER_ARGS, in the
 * task's own buffer. At USER_SOURCE lies a page for each byte value, which UFFDIO_COPY reads:
 * whether it is in memory at first is a choice ("source"), so that a copy with page faults
 * disabled fails and the kernel does it again without its locks.
 * Left out: copies from and to the pages of a program.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "core/tree/shim/page_state.h"
#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

static void *args_at(unsigned long addr, unsigned long n)
{
	struct shim_task *task = shim_task_of(current);
	unsigned long offset = addr - USER_ARGS;

	return addr >= USER_ARGS && offset + n <= sizeof(task->user_args) ?
	       (char *)task->user_args + offset : NULL;
}

/* Bytes that were not copied: all, or none. */
static unsigned long copy_source(void *to, unsigned long addr, unsigned long ip)
{
	if (current->pagefault_disabled && seam_live() && seam_choose(ip, "source", 2))
		return PAGE_SIZE;
	if (!current->pagefault_disabled)
		seam_might_sleep(ip);
	shim_fill_page_at(to, ((addr - USER_SOURCE) >> PAGE_SHIFT) * 0x0101010101010101UL, ip);
	return 0;
}

static unsigned long copy_from(void *to, unsigned long addr, unsigned long n, unsigned long ip)
{
	const void *args = args_at(addr, n);

	if (args) {
		memcpy(to, args, n);
		return 0;
	}
	if (addr >= USER_SOURCE && addr < TASK_SIZE && n == PAGE_SIZE)
		return copy_source(to, addr, ip);
	seam_unexpected("copy_from_user");
}

static unsigned long copy_to(unsigned long addr, const void *from, unsigned long n)
{
	void *args = args_at(addr, n);

	if (!args)
		seam_unexpected("copy_to_user");
	memcpy(args, from, n);
	return 0;
}

noinline unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long n)
{
	return copy_from(to, (unsigned long)from, n, _RET_IP_);
}

noinline unsigned long _copy_from_user(void *to, const void __user *from, unsigned long n)
{
	return copy_from(to, (unsigned long)from, n, _RET_IP_);
}

unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long n)
{
	return copy_to((unsigned long)to, from, n);
}

unsigned long _copy_to_user(void __user *to, const void *from, unsigned long n)
{
	return copy_to((unsigned long)to, from, n);
}
