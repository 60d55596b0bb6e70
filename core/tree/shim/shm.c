// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ops on shared files: what memfd_create(), mmap(MAP_SHARED), fallocate(), ftruncate()
 * and close() do. A file is made by the first op that names it and held by the world, as by
 * a file descriptor, until shm_close. An op is inside of it as mm_slots.c has it of an mm:
 * to enter or leave orders nothing between tasks.
 * Left out: read() and write(), private mappings, seals, names.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/falloc.h> /* has no includes of its own */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/shmem_fs.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

#define FILE_PAGES REGION_PAGES
#define SHM_CLOSED 0x10000u

struct shm_slot {
	unsigned users;    /* 1 for the world, 1 for each op inside; a flag above */
	struct file *file; /* set once, before users */
};
static struct shm_slot slots[SEAM_SHMS_MAX];

static void slot_drop(struct shm_slot *slot)
{
	if (users_drop(&slot->users) != (SHM_CLOSED | 1))
		return;
	(void)__atomic_load_n(&slot->users, __ATOMIC_ACQUIRE);
	fput(slot->file);
}

/* Two may make it at the same time: the second drops its own. */
static int shm_make(struct shm_slot *slot)
{
	vma_flags_t flags = { 0 };
	struct file *file, *none = NULL;

	vma_flags_set(&flags, VMA_NORESERVE_BIT);
	file = shmem_file_setup("shm", FILE_PAGES << PAGE_SHIFT, flags);
	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	if (__atomic_compare_exchange_n(&slot->file, &none, file, false, __ATOMIC_RELEASE,
					__ATOMIC_RELAXED))
		__atomic_store_n(&slot->users, 1, __ATOMIC_RELEASE);
	else
		fput(file);
	return 0;
}

/* The op is inside of the file from here on. An error pointer: -EBADF, it is closed. */
static struct file *shm_enter(int shm)
{
	struct shm_slot *slot;
	int err;

	if (shm < 0 || shm >= SEAM_SHMS_MAX)
		return ERR_PTR(-EINVAL);
	slot = &slots[shm];
	if (!__atomic_load_n(&slot->file, __ATOMIC_RELAXED)) {
		err = shm_make(slot);
		if (err)
			return ERR_PTR(err);
	}
	if (!users_add(&slot->users, 1, SHM_CLOSED))
		return ERR_PTR(-EBADF);
	return __atomic_load_n(&slot->file, __ATOMIC_ACQUIRE);
}

static void shm_leave(int shm)
{
	slot_drop(&slots[shm]);
}

int tree_shm_map(int mm, int page, int pages, int shm)
{
	struct mm_struct *m = mm_enter_range(mm, page, pages);
	struct file *file;
	int ret;

	if (!m)
		return -EINVAL;
	file = shm_enter(shm);
	if (IS_ERR(file)) {
		mm_leave(mm);
		return (int)PTR_ERR(file);
	}
	ret = shim_mmap_fixed(m, file, page, pages, PROT_READ | PROT_WRITE, MAP_SHARED);
	shm_leave(shm);
	mm_leave(mm);
	return ret;
}

int tree_shm_punch(int shm, int index, int pages)
{
	struct file *file = shm_enter(shm);
	int ret;

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	ret = (int)file->f_op->fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					 (loff_t)index << PAGE_SHIFT, (loff_t)pages << PAGE_SHIFT);
	shm_leave(shm);
	return ret;
}

int tree_shm_truncate(int shm, int size)
{
	struct iattr attr = { .ia_valid = ATTR_SIZE | ATTR_FILE,
			      .ia_size = (loff_t)size << PAGE_SHIFT };
	struct file *file = shm_enter(shm);
	struct inode *inode;
	int ret;

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	inode = file_inode(file);
	inode_lock(inode);
	ret = inode->i_op->setattr(&nop_mnt_idmap, file->f_path.dentry, &attr);
	inode_unlock(inode);
	shm_leave(shm);
	return ret;
}

int tree_shm_close(int shm)
{
	if (shm < 0 || shm >= SEAM_SHMS_MAX || !users_add(&slots[shm].users, SHM_CLOSED, SHM_CLOSED))
		return -EBADF;
	(void)__atomic_load_n(&slots[shm].file, __ATOMIC_ACQUIRE);
	slot_drop(&slots[shm]); /* the world's own */
	return 0;
}

void shim_shm_teardown(void)
{
	int shm;

	for (shm = 0; shm < SEAM_SHMS_MAX; shm++)
		tree_shm_close(shm);
	shim_files_put_late();
}
