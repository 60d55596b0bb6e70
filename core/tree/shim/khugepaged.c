// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree's own mm/khugepaged.c, with ways in to what the thread does. The build
 * compiles this file in the place of mm/khugepaged.c.
 * There is one khugepaged: an op that finds it at work waits for its turn.
 * Left out: the thread's life, its sysfs files; pages of files have no op yet.
 */
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>

/* Each function in a section of its own, so that the link drops what nobody calls. */
#undef __init
#define __init

#include "core/tree/shim/check.h"
#include "core/tree/shim/world.h"

/* By number of the mm: the entry whose page table is taken out to be emptied. */
static pmd_t *taken_out[SEAM_MMS_MAX + 1];

static SHIM_RAW void note_taken_out(const struct mm_struct *mm, pmd_t *pmd)
{
	taken_out[shim_mm_number(mm)] = pmd;
}

/* Pages of a file have been unmapped before their table goes, with or without mmap_lock. */
static pmd_t shim_collapse_flush(struct vm_area_struct *vma, unsigned long address, pmd_t *pmd)
{
	if (vma_is_anonymous(vma))
		note_taken_out(vma->vm_mm, pmd);
	return pmdp_collapse_flush(vma, address, pmd);
}

/* Whoever takes a table out has mmap_lock for writing until its pages have no mapping
 * any more, or the table is back. */
SHIM_RAW bool check_table_taken_out(const struct mm_struct *mm)
{
	const pmd_t *pmd = taken_out[shim_mm_number(mm)];

	return pmd && !(pmd_val(*pmd) & _PAGE_PRESENT) &&
	       mm->mmap_lock.count.counter & RWSEM_WRITER_LOCKED;
}

#define pmdp_collapse_flush(vma, address, pmd) shim_collapse_flush(vma, address, pmd)
#include "mm/khugepaged.c"

static DEFINE_MUTEX(khugepaged_turn);

int shim_khugepaged_init(void)
{
	return khugepaged_init();
}

void shim_khugepaged(void)
{
	unsigned int flags = shim_kthread_begin();

	mutex_lock(&khugepaged_turn);
	shim_task_of(current)->kthread_fn = khugepaged;
	khugepaged_do_scan(&khugepaged_collapse_control);
	shim_task_of(current)->kthread_fn = NULL;
	mutex_unlock(&khugepaged_turn);
	shim_kthread_end(flags);
}

void shim_khugepaged_stop(void)
{
	struct mm_slot *slot;

	spin_lock(&khugepaged_mm_lock);
	slot = khugepaged_scan.mm_slot;
	khugepaged_scan.mm_slot = NULL;
	if (slot)
		collect_mm_slot(slot);
	spin_unlock(&khugepaged_mm_lock);
}
