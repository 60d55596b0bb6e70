/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which mm a task runs in is seam_current()'s task->mm: there is nothing to switch. */
#ifndef __ASM_MMU_CONTEXT_H
#define __ASM_MMU_CONTEXT_H

#include <asm-generic/mm_hooks.h>
#include <asm/shim.h>

#define init_new_context(task, mm) shim_init_context(mm)
#define destroy_context(mm) shim_destroy_context(mm)

static inline void switch_mm(struct mm_struct *prev, struct mm_struct *next,
			     struct task_struct *task)
{
}

#include <asm-generic/mmu_context.h>

#endif
