/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A CPU of the simulated machine. An address space is 2 MiB: three levels of page
 * tables with eight entries each. There are no registers to save.
 */
#ifndef __ASM_PROCESSOR_H
#define __ASM_PROCESSOR_H

#include <asm/ptrace.h>
#include <asm/shim.h>

struct thread_struct {
	unsigned long unused;
};
#define INIT_THREAD { 0 }

#define TASK_SIZE (1UL << 21)
#define STACK_TOP TASK_SIZE
#define STACK_TOP_MAX TASK_SIZE
#define TASK_UNMAPPED_BASE 0x40000

#define cpu_relax() seam_relax()

#define KSTK_EIP(task) 0
#define KSTK_ESP(task) 0
#define task_pt_regs(task) ((struct pt_regs *)0)

static inline unsigned long __get_wchan(struct task_struct *task)
{
	return 0;
}

#define ARCH_HAS_PREFETCH
static inline void prefetch(const void *p) { }

#define ARCH_HAS_PREFETCHW
static inline void prefetchw(const void *p) { }

#endif
