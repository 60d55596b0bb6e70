/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Thread flags; thread_info lies in task_struct. The preempt count is the engine's. */
#ifndef __ASM_THREAD_INFO_H
#define __ASM_THREAD_INFO_H

#define THREAD_SIZE_ORDER 2
#define THREAD_SIZE (4096UL << THREAD_SIZE_ORDER)

#ifndef __ASSEMBLY__
struct thread_info {
	unsigned long flags;
	unsigned long syscall_work;
	unsigned int cpu;
};
#define INIT_THREAD_INFO(task) { .flags = 0 }
#endif

#define TIF_SIGPENDING 0
#define TIF_NEED_RESCHED 1
#define TIF_NOTIFY_RESUME 2
#define TIF_NOTIFY_SIGNAL 3
#define TIF_MEMDIE 4
#define TIF_RESTORE_SIGMASK 5
#define TIF_POLLING_NRFLAG 6
#define TIF_UPROBE 7
#define TIF_PATCH_PENDING 8
#define TIF_SYSCALL_TRACE 9
#define TIF_SYSCALL_AUDIT 10
#define TIF_SINGLESTEP 11
#define _TIF_SIGPENDING (1 << TIF_SIGPENDING)
#define _TIF_NEED_RESCHED (1 << TIF_NEED_RESCHED)
#define _TIF_NOTIFY_RESUME (1 << TIF_NOTIFY_RESUME)
#define _TIF_NOTIFY_SIGNAL (1 << TIF_NOTIFY_SIGNAL)
#define _TIF_POLLING_NRFLAG (1 << TIF_POLLING_NRFLAG)

#endif
