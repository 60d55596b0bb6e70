/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which mm a program's number means, and how long an op may use it: a slot for each
 * number, as a process is for its threads.
 *
 * An op is inside of its mm from mm_enter() to mm_leave(); exit keeps new ops out, and
 * whoever leaves last drops the mm. Threads of a process do the same with
 * exit_mm(). To enter or leave orders nothing between tasks and is no event:
 * else it would hide races between one op and another.
 */
#ifndef CORE_MM_MM_SLOT_H
#define CORE_MM_MM_SLOT_H

#include "core/base/world_ops.h"
#include "core/page/mm_types.h"

#define MODEL_MM_EXITING 0x10000u
#define MODEL_MM_MAKING 0x20000u

struct model_mm_slot {
	u32 users;             /* 1 for the process, 1 for each op inside; flags above */
	struct mm_struct *mm;  /* set before users, valid while users is not 0 */
};
/* Slot 1..WORLD_MM_MAX. */
extern struct model_mm_slot model_mm_slots[WORLD_MM_MAX + 1];

/* The op is inside of the mm from here on; NULL: there is no such mm. */
struct mm_struct *mm_enter(int mm);
void mm_leave(int mm);
/* Set-up: the number gets a new mm. 0 or -ENOMEM. */
int mm_slot_make(int mm);
/* The child's number gets a copy of the mm. 0, -EINVAL: no such mm or number,
 * -EEXIST: the number is taken, -ENOMEM. */
int mm_slot_fork(int mm, int child);
/* The process ends: no op enters any more. 0, or -EINVAL: there is none. */
int mm_slot_exit(int mm);

#endif
