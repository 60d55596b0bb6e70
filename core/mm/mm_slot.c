// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The slots of mms. Models: the users of an mm (mm_users) as kernel/exit.c
 * (exit_mm()) and kernel/fork.c (copy_mm()) hold them.
 */
#include "core/mm/mm_slot.h"

#include "core/mm/mm.h"

struct model_mm_slot model_mm_slots[WORLD_MM_MAX + 1] __world = { { 0, NULL } };
WORLD_NAME(model_mm_slots);

struct mm_struct *mm_enter(int mm)
{
	struct model_mm_slot *slot;
	u32 users;

	if (mm < 1 || mm > WORLD_MM_MAX)
		return NULL;
	slot = &model_mm_slots[mm];
	users = engine_load_relaxed(&slot->users);
	do {
		if (users == 0 || users & (MODEL_MM_EXITING | MODEL_MM_MAKING))
			return NULL;
	} while (!engine_cmpxchg(&slot->users, &users, users + 1, ENGINE_RELAXED, ENGINE_RELAXED));
	/* Acquires what made the mm, not what other ops did inside. */
	return engine_load_acquire(&slot->mm);
}

void mm_leave(int mm)
{
	struct model_mm_slot *slot = &model_mm_slots[mm];
	u32 old = engine_fetch_add(&slot->users, -1u, ENGINE_RELEASE);
	struct mm_struct *dead;

	BUG_ON((old & 0xffff) == 0);
	if (old != (MODEL_MM_EXITING | 1))
		return;
	/* The last one out, after all others. */
	(void)engine_load_acquire(&slot->users);
	dead = engine_load_relaxed(&slot->mm);
	mmput(dead);
	engine_store_relaxed(&slot->mm, NULL);
	engine_store_release(&slot->users, 0);
}

int mm_slot_make(int mm)
{
	struct model_mm_slot *slot = &model_mm_slots[mm];

	BUG_ON(mm < 1 || mm > WORLD_MM_MAX);
	BUG_ON(slot->users);
	slot->mm = mm_alloc((unsigned int)mm);
	if (!slot->mm)
		return -ENOMEM;
	slot->users = 1;
	return 0;
}

int mm_slot_fork(int mm, int child)
{
	struct model_mm_slot *slot;
	struct mm_struct *m, *new;
	u32 none = 0;

	if (child < 1 || child > WORLD_MM_MAX)
		return -EINVAL;
	m = mm_enter(mm);
	if (!m)
		return -EINVAL;
	slot = &model_mm_slots[child];
	if (!engine_cmpxchg(&slot->users, &none, MODEL_MM_MAKING, ENGINE_ACQUIRE, ENGINE_RELAXED)) {
		mm_leave(mm);
		return -EEXIST;
	}
	new = dup_mm(m, (unsigned int)child);
	if (new) {
		engine_store_release(&slot->mm, new);
		engine_store_relaxed(&slot->users, 1);
	} else {
		engine_store_release(&slot->users, 0);
	}
	mm_leave(mm);
	return new ? 0 : -ENOMEM;
}

int mm_slot_exit(int mm)
{
	struct model_mm_slot *slot;
	u32 users;

	if (mm < 1 || mm > WORLD_MM_MAX)
		return -EINVAL;
	slot = &model_mm_slots[mm];
	users = engine_load_relaxed(&slot->users);
	do {
		if (users == 0 || users & (MODEL_MM_EXITING | MODEL_MM_MAKING))
			return -EINVAL;
	} while (!engine_cmpxchg(&slot->users, &users, users | MODEL_MM_EXITING, ENGINE_RELAXED,
				 ENGINE_RELAXED));
	(void)engine_load_acquire(&slot->mm);
	mm_leave(mm); /* the process's own */
	return 0;
}
