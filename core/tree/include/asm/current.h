/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The running task's task_struct, or the init task's at set-up. */
#ifndef __ASM_CURRENT_H
#define __ASM_CURRENT_H

#include <asm/shim.h>

struct task_struct;
#define get_current() ((struct task_struct *)seam_current())
#define current get_current()

#endif
