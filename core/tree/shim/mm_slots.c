// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How an op holds its mm. It is inside from mm_enter() to mm_leave(); exit keeps
 * new ops out, and whoever leaves last drops the mm, as threads of a process do.
 * To enter or leave orders nothing between tasks and is no event: else it would
 * hide races between one op and another. What made the mm is acquired, and the
 * last one out comes after all others.
 * Left out: threads with a task_struct of their own that share one mm.
 */
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>

#include "core/tree/shim/userfaultfd.h"
#include "core/tree/shim/world.h"

struct mm_slot_of_op shim_mm_slots[SEAM_MMS_MAX + 1];

static bool mm_valid(int mm)
{
	return mm >= 1 && mm <= SEAM_MMS_MAX;
}

/* Who exits gets into an mm whose process is killed, too. */
static bool slot_add(struct mm_slot_of_op *slot, unsigned add)
{
	return users_add(&slot->users, add,
			 MM_EXITING | MM_MAKING | (add == MM_EXITING ? 0 : MM_KILLED));
}

static void current_mm_set(struct mm_struct *mm)
{
	current->mm = mm;
	current->active_mm = mm;
}

/* What a switch to the mm tells MGLRU (lru_gen_use_mm()); no event. */
static void mm_used(struct mm_struct *mm)
{
#ifdef CONFIG_LRU_GEN_WALKS_MMU
	__atomic_store_n(&mm->lru_gen.bitmap, ~0UL, __ATOMIC_RELAXED);
#endif
}

struct mm_struct *mm_enter(int mm)
{
	struct mm_slot_of_op *slot;
	struct mm_struct *found;

	if (!mm_valid(mm))
		return NULL;
	slot = &shim_mm_slots[mm];
	if (!slot_add(slot, 1))
		return NULL;
	found = __atomic_load_n(&slot->mm, __ATOMIC_ACQUIRE);
	current_mm_set(found);
	mm_used(found);
	return found;
}

struct mm_struct *mm_enter_range(int mm, int page, int pages)
{
	if (page < 0 || pages < 1 || page >= USER_PAGES || pages > USER_PAGES - page)
		return NULL;
	return mm_enter(mm);
}

/* Drops one count; the last one out ends the mm. */
static void slot_drop(int mm)
{
	struct mm_slot_of_op *slot = &shim_mm_slots[mm];
	unsigned old = users_drop(&slot->users);
	struct mm_struct *dead;

	current_mm_set(NULL);
	if ((old & ~MM_KILLED) != (MM_EXITING | 1))
		return;
	(void)__atomic_load_n(&slot->users, __ATOMIC_ACQUIRE);
	dead = __atomic_load_n(&slot->mm, __ATOMIC_RELAXED);
	mmput(dead);
	shim_uffd_close(mm); /* as exit_files() after exit_mm() */
	__atomic_store_n(&slot->mm, NULL, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->users, 0, __ATOMIC_RELEASE);
}

void mm_leave(int mm)
{
	BUG_ON(!mm_valid(mm));
	slot_drop(mm);
}

bool mm_slot_claim(int mm)
{
	unsigned none = 0;

	return __atomic_compare_exchange_n(&shim_mm_slots[mm].users, &none, MM_MAKING, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

void mm_slot_publish(int mm, struct mm_struct *new)
{
	struct mm_slot_of_op *slot = &shim_mm_slots[mm];

	BUG_ON(__atomic_load_n(&slot->users, __ATOMIC_RELAXED) != MM_MAKING);
	if (!new) {
		__atomic_store_n(&slot->users, 0, __ATOMIC_RELEASE);
		return;
	}
	lru_gen_add_mm(new); /* as kernel_clone() */
	__atomic_store_n(&slot->mm, new, __ATOMIC_RELEASE);
	__atomic_store_n(&slot->users, 1, __ATOMIC_RELAXED);
}

int mm_slot_exit(int mm)
{
	if (!mm_valid(mm) || !slot_add(&shim_mm_slots[mm], MM_EXITING))
		return -EINVAL;
	(void)__atomic_load_n(&shim_mm_slots[mm].mm, __ATOMIC_ACQUIRE);
	slot_drop(mm); /* the process's own */
	return 0;
}

/* The mm of a program that has just been started. */
static struct mm_struct *mm_exec(void)
{
	struct mm_struct *mm = mm_alloc();

	if (mm)
		mm->task_size = TASK_SIZE; /* setup_new_exec() */
	return mm;
}

/* No event: between finding the mm and the reference nobody may drop it. Who was the last one
 * inside has taken the mm away already (exit_mm()) and may have freed it. */
SHIM_RAW struct mm_struct *mm_slot_kill(int mm)
{
	struct mm_slot_of_op *slot;
	struct mm_struct *found;

	if (!mm_valid(mm))
		return NULL;
	slot = &shim_mm_slots[mm];
	if (!(slot->users & USERS_MASK) || slot->users & (MM_MAKING | MM_KILLED))
		return NULL;
	__atomic_fetch_or(&slot->users, MM_KILLED, __ATOMIC_RELAXED);
	found = __atomic_load_n(&slot->mm, __ATOMIC_ACQUIRE);
	__atomic_fetch_add(&found->mm_count.counter, 1, __ATOMIC_RELAXED);
	return found;
}

/* Set-up: bit i-1 of mms says that mm i exists. */
void mm_slots_setup(unsigned mms)
{
	struct shim_task *task = shim_task_of(current);
	int i;

	for (i = 1; i <= SEAM_MMS_MAX; i++) {
		if (!(mms & 1u << (i - 1)))
			continue;
		BUG_ON(!mm_slot_claim(i));
		task->making_mm = i;
		mm_slot_publish(i, mm_exec());
		task->making_mm = 0;
	}
}
