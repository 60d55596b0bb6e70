// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree's own mm/oom_kill.c, with a way in to what the reaper thread does. The build
 * compiles this file in the place of mm/oom_kill.c.
 * Left out: choosing a victim, the delay before the reaper comes, the thread's life.
 */
#include <linux/init.h>

/* Each function in a section of its own, so that the link drops what nobody calls. */
#undef __init
#define __init

/* shim/page_alloc.c has what an allocation calls. */
#define out_of_memory kernel_out_of_memory
#include "mm/oom_kill.c"

#include "core/tree/shim/world.h"

/* The reaper finds the mm through the victim, of whose task it drops a reference. */
void shim_oom_reap(struct mm_struct *mm)
{
	unsigned int flags = shim_kthread_begin();

	get_task_struct(current);
	current->signal->oom_mm = mm;
	oom_reap_task(current);
	current->signal->oom_mm = NULL;
	shim_kthread_end(flags);
}

/* What it prints when it could not get the lock. */
void sched_show_task(struct task_struct *task)
{
}

void debug_show_all_locks(void)
{
}
