// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs' ops on an mm: each is one entry point of the tree on the calling task.
 * Results are those of the model (core/mm/model_world.c): 0 or -errno, -EINVAL when
 * there is no such mm or range, -EEXIST when the child's number is taken, or something
 * is mapped there already.
 * Left out: what a system call does around it (security, copies of arguments).
 */
#include <linux/ksm.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/syscalls.h>
#include <linux/version.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define NO_VMA_FLAGS EMPTY_VMA_FLAGS
#else
#define NO_VMA_FLAGS 0
#endif

int shim_mmap_fixed(struct mm_struct *mm, struct file *file, int page, int pages,
		    unsigned long prot, unsigned long flags)
{
	unsigned long populate = 0, addr = user_addr(page), where;

	mmap_write_lock(mm);
	where = do_mmap(file, addr, user_bytes(pages), prot, flags | MAP_FIXED_NOREPLACE, NO_VMA_FLAGS,
			file ? (unsigned long)(page % REGION_PAGES) : 0, &populate, NULL);
	mmap_write_unlock(mm);
	BUG_ON(!IS_ERR_VALUE(where) && where != addr);
	return IS_ERR_VALUE(where) ? (int)where : 0;
}

int tree_mmap(int mm, int page, int pages, unsigned mergeable, unsigned readonly)
{
	struct mm_struct *m = mm_enter_range(mm, page, pages);
	unsigned long prot = readonly ? PROT_READ : PROT_READ | PROT_WRITE;
	int ret;

	if (!m)
		return -EINVAL;
	ret = shim_mmap_fixed(m, NULL, page, pages, prot, MAP_PRIVATE | MAP_ANONYMOUS);
	if (!ret && mergeable)
		ret = do_madvise(m, user_addr(page), user_bytes(pages), MADV_MERGEABLE);
	mm_leave(mm);
	return ret;
}

int tree_munmap(int mm, int page, int pages)
{
	struct mm_struct *m = mm_enter_range(mm, page, pages);
	int ret;

	if (!m)
		return -EINVAL;
	mmap_write_lock(m);
	ret = do_munmap(m, user_addr(page), user_bytes(pages), NULL);
	mmap_write_unlock(m);
	mm_leave(mm);
	return ret;
}

int tree_write(int mm, int page, unsigned long value)
{
	struct mm_struct *m = mm_enter_range(mm, page, 1);
	int word, ret = 0;

	if (!m)
		return -EINVAL;
	for (word = 0; word < SEAM_PAGE_WORDS && !ret; word++)
		ret = user_write_word(m, mm, page, word, value);
	mm_leave(mm);
	return ret;
}

int tree_read(int mm, int page, unsigned long words[SEAM_PAGE_WORDS])
{
	struct mm_struct *m = mm_enter_range(mm, page, 1);
	int word, ret = 0;

	if (!m)
		return -EINVAL;
	for (word = 0; word < SEAM_PAGE_WORDS && !ret; word++)
		ret = user_read_word(m, mm, page, word, &words[word]);
	mm_leave(mm);
	return ret;
}

int tree_madvise(int mm, int page, int pages, int advice)
{
	struct mm_struct *m = mm_enter_range(mm, page, pages);
	int ret;

	if (!m)
		return -EINVAL;
	ret = do_madvise(m, user_addr(page), user_bytes(pages), advice);
	mm_leave(mm);
	return ret;
}

/* ---- system calls that take current->mm ------------------------------------------ */

int tree_mprotect(int mm, int page, int pages, int readonly)
{
	unsigned long prot = readonly ? PROT_READ : PROT_READ | PROT_WRITE;
	int ret;

	if (!mm_enter_range(mm, page, pages))
		return -EINVAL;
	ret = (int)sys_mprotect(user_addr(page), user_bytes(pages), prot);
	mm_leave(mm);
	return ret;
}

int tree_mlock(int mm, int page, int pages)
{
	int ret;

	if (!mm_enter_range(mm, page, pages))
		return -EINVAL;
	ret = (int)sys_mlock(user_addr(page), user_bytes(pages));
	mm_leave(mm);
	return ret;
}

int tree_munlock(int mm, int page, int pages)
{
	int ret;

	if (!mm_enter_range(mm, page, pages))
		return -EINVAL;
	ret = (int)sys_munlock(user_addr(page), user_bytes(pages));
	mm_leave(mm);
	return ret;
}

int tree_mremap(int mm, int page, int pages, int to)
{
	long where;

	if (to < 0 || to > USER_PAGES - pages || !mm_enter_range(mm, page, pages))
		return -EINVAL;
	shim_task_of(current)->move_by = to - page;
	where = sys_mremap(user_addr(page), user_bytes(pages), user_bytes(pages),
			   MREMAP_MAYMOVE | MREMAP_FIXED, user_addr(to));
	shim_task_of(current)->move_by = 0;
	mm_leave(mm);
	BUG_ON(!IS_ERR_VALUE(where) && where != (long)user_addr(to));
	return IS_ERR_VALUE(where) ? (int)where : 0;
}

/* ---- the rest -------------------------------------------------------------------- */

/* Without large folios there is no huge page that could be wanted. */
int tree_madv_collapse(int mm, int page, int pages)
{
	return shim_machine.thp ? tree_madvise(mm, page, pages, MADV_COLLAPSE) : -EINVAL;
}

/* The reaper is no thread of the process, whose tasks are being killed. */
int tree_oom_reap(int mm)
{
	struct mm_struct *m = mm_slot_kill(mm);

	if (!m)
		return -EINVAL;
	shim_kill_users(m);
	shim_oom_reap(m);
	mmdrop(m);
	return 0;
}

int tree_ksm_unmerge(int mm, int page, int pages)
{
	struct mm_struct *m = mm_enter_range(mm, page, pages);
	int ret;

	if (!m)
		return -EINVAL;
	ret = shim_ksm_unmerge(m, user_addr(page), user_addr(page + pages));
	mm_leave(mm);
	return ret;
}

int tree_fork(int mm, int child)
{
	struct shim_task *task = shim_task_of(current);
	struct mm_struct *m, *new;

	if (child < 1 || child > SEAM_MMS_MAX)
		return -EINVAL;
	m = mm_enter(mm);
	if (!m)
		return -EINVAL;
	if (!mm_slot_claim(child)) {
		mm_leave(mm);
		return -EEXIST;
	}
	task->making_mm = child;
	new = shim_dup_mm(m);
	task->making_mm = 0;
	mm_slot_publish(child, new);
	mm_leave(mm);
	return new ? 0 : -ENOMEM;
}

int tree_exit(int mm)
{
	return mm_slot_exit(mm);
}
