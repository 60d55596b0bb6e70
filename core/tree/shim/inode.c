// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for fs/inode.c, fs/file_table.c and what of fs/dcache.c, fs/super.c and
 * fs/libfs.c mm/shmem.c needs: one super block, one mount, inodes that live as long as
 * somebody counts them, and files with a dentry of their own. A last fput() is done when
 * the op ends, as the kernel does it on the way back to the user.
 * Left out: directories, names and lookup, the inode hash and LRU, times, owners,
 * permissions, quotas, attributes, freezing, write-back.
 * Locking: i_lock for the last count of an inode, as in the kernel.
 */
#include <linux/backing-dev.h>
#include <linux/file.h>
#include <linux/file_ref.h>
#include <linux/fs.h>
#include <linux/fs_context.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uuid.h>

#include "internal.h"

#include "core/tree/shim/world.h"

/* ---- the super block ------------------------------------------------------------- */

struct mnt_idmap { int unused; };
struct mnt_idmap nop_mnt_idmap;
const struct file_operations simple_offset_dir_operations;
static struct super_block super;
static struct vfsmount mount;

int register_filesystem(struct file_system_type *type)
{
	return 0;
}

int get_tree_nodev(struct fs_context *fc, int (*fill)(struct super_block *sb, struct fs_context *fc))
{
	super.s_type = fc->fs_type;
	super.s_flags = SB_KERNMOUNT;
	return fill(&super, fc);
}

struct vfsmount *kern_mount(struct file_system_type *type)
{
	struct fs_context fc = { .fs_type = type };
	int err = type->init_fs_context(&fc);

	if (err)
		return ERR_PTR(err);
	err = fc.ops->get_tree(&fc);
	fc.ops->free(&fc);
	if (err)
		return ERR_PTR(err);
	super.s_flags |= SB_ACTIVE;
	mount.mnt_sb = &super;
	mount.mnt_root = super.s_root;
	mount.mnt_idmap = &nop_mnt_idmap;
	return &mount;
}

bool path_noexec(const struct path *path)
{
	return false;
}

void uuid_gen(uuid_t *uuid)
{
	memset(uuid, 0, sizeof(*uuid));
}

struct dentry *d_make_root(struct inode *inode)
{
	struct dentry *dentry = kzalloc(sizeof(*dentry), GFP_KERNEL);

	if (!dentry)
		return NULL;
	dentry->d_inode = inode;
	dentry->d_parent = dentry;
	dentry->d_sb = inode->i_sb;
	return dentry;
}

void simple_offset_init(struct offset_ctx *ctx)
{
}

/* ---- inodes ---------------------------------------------------------------------- */

static const struct address_space_operations no_aops;
static const struct inode_operations no_iops;

/* The constructor of shmem's cache. */
void inode_init_once(struct inode *inode)
{
	struct address_space *mapping = &inode->i_data;

	memset(inode, 0, sizeof(*inode));
	INIT_LIST_HEAD(&inode->i_lru);
	xa_init_flags(&mapping->i_pages, XA_FLAGS_LOCK_IRQ | XA_FLAGS_ACCOUNT);
	init_rwsem(&mapping->i_mmap_rwsem);
	spin_lock_init(&mapping->i_private_lock);
	mapping->i_mmap = RB_ROOT_CACHED;
	i_size_ordered_init(inode);
}

static void mapping_init(struct inode *inode)
{
	struct address_space *mapping = &inode->i_data;

	inode->i_mapping = mapping;
	mapping->host = inode;
	mapping->flags = 0;
	mapping->a_ops = &no_aops;
	mapping_set_gfp_mask(mapping, GFP_HIGHUSER_MOVABLE);
	atomic_set(&mapping->i_mmap_writable, 0);
	init_rwsem(&mapping->invalidate_lock);
	lockdep_set_class_and_name(&mapping->invalidate_lock,
				   &inode->i_sb->s_type->invalidate_lock_key, "invalidate_lock");
}

struct inode *new_inode(struct super_block *sb)
{
	struct inode *inode = sb->s_op->alloc_inode(sb);

	if (!inode)
		return NULL;
	inode->i_sb = sb;
	inode->i_blkbits = sb->s_blocksize_bits;
	inode->i_op = &no_iops;
	inode->__i_nlink = 1;
	inode->i_size = 0;
	inode->i_private = NULL;
	inode_state_assign_raw(inode, 0);
	atomic_set(&inode->i_count, 1);
	atomic_set(&inode->i_writecount, 0);
	spin_lock_init(&inode->i_lock);
	lockdep_set_class(&inode->i_lock, &sb->s_type->i_lock_key);
	init_rwsem(&inode->i_rwsem);
	lockdep_set_class(&inode->i_rwsem, &sb->s_type->i_mutex_key);
	mapping_init(inode);
	return inode;
}

void inode_init_owner(struct mnt_idmap *idmap, struct inode *inode, const struct inode *dir,
		      umode_t mode)
{
	inode->i_mode = mode;
}

void inc_nlink(struct inode *inode)
{
	inode->__i_nlink++;
}

void clear_nlink(struct inode *inode)
{
	inode->__i_nlink = 0;
}

int inode_just_drop(struct inode *inode)
{
	return 1;
}

/* The end of eviction: reclaim may still hold the lock of the page tree. */
void clear_inode(struct inode *inode)
{
	xa_lock_irq(&inode->i_data.i_pages);
	xa_unlock_irq(&inode->i_data.i_pages);
	xa_destroy(&inode->i_data.i_pages);
	BUG_ON(inode->i_data.nrpages);
	inode_state_assign_raw(inode, I_FREEING | I_CLEAR);
}

static void inode_free_rcu(struct rcu_head *head)
{
	struct inode *inode = container_of(head, struct inode, i_rcu);

	inode->i_sb->s_op->free_inode(inode);
}

/* Inodes that have a file, for checkers. Two may make the same file at a time. */
static struct inode *file_inodes[SEAM_SHMS_MAX * 17];

struct inode *shim_next_inode(unsigned *n)
{
	while (*n < ARRAY_SIZE(file_inodes)) {
		struct inode *inode = __atomic_load_n(&file_inodes[(*n)++], __ATOMIC_RELAXED);

		if (inode)
			return inode;
	}
	return NULL;
}

/* Puts new where old is. False: old is nowhere. */
static bool file_inodes_replace(struct inode *old, struct inode *new)
{
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(file_inodes); i++) {
		if (__atomic_load_n(&file_inodes[i], __ATOMIC_RELAXED) != old)
			continue;
		__atomic_store_n(&file_inodes[i], new, __ATOMIC_RELAXED);
		return true;
	}
	return false;
}

static void inode_evict(struct inode *inode)
{
	const struct super_operations *op = inode->i_sb->s_op;

	op->evict_inode(inode);
	file_inodes_replace(inode, NULL); /* not there: it never got a file */
	op->destroy_inode(inode);
	call_rcu(&inode->i_rcu, inode_free_rcu);
}

void iput(struct inode *inode)
{
	if (!inode)
		return;
	might_sleep();
	if (atomic_add_unless(&inode->i_count, -1, 1))
		return;
	spin_lock(&inode->i_lock);
	if (!atomic_dec_and_test(&inode->i_count)) {
		spin_unlock(&inode->i_lock);
		return;
	}
	BUG_ON(!inode->i_sb->s_op->drop_inode(inode));
	inode_state_set(inode, I_FREEING);
	spin_unlock(&inode->i_lock);
	inode_evict(inode);
}

/* What a file is charged: i_blocks must be 0 when it goes. */
static void inode_change_bytes(struct inode *inode, loff_t bytes)
{
	spin_lock(&inode->i_lock);
	inode->i_blocks += (blkcnt_t)(bytes / 512);
	spin_unlock(&inode->i_lock);
}

void inode_add_bytes(struct inode *inode, loff_t bytes)
{
	inode_change_bytes(inode, bytes);
}

void inode_sub_bytes(struct inode *inode, loff_t bytes)
{
	inode_change_bytes(inode, -bytes);
}

void lockdep_annotate_inode_mutex_key(struct inode *inode)
{
}

struct simple_xattr_cache;
void simple_xattrs_free(struct simple_xattr_cache *cache, struct list_head *xattrs, size_t *freed);
void simple_xattrs_free(struct simple_xattr_cache *cache, struct list_head *xattrs, size_t *freed)
{
}

/* Inodes without pages are not kept for anybody. */
void inode_lru_list_add(struct inode *inode)
{
}

/* ---- files ----------------------------------------------------------------------- */

struct shim_file {
	struct file file;
	struct dentry dentry;
};

struct file *alloc_file_pseudo(struct inode *inode, struct vfsmount *mnt, const char *name,
			       int flags, const struct file_operations *fops)
{
	struct shim_file *made = kzalloc(sizeof(*made), GFP_KERNEL);
	struct file *file;

	if (!made)
		return ERR_PTR(-ENOMEM);
	file = &made->file;
	made->dentry.d_inode = inode;
	made->dentry.d_parent = &made->dentry;
	made->dentry.d_sb = inode->i_sb;
	spin_lock_init(&file->f_lock);
	file->__f_path.mnt = mnt;
	file->__f_path.dentry = &made->dentry;
	file->f_flags = (unsigned int)flags;
	file->f_mode = OPEN_FMODE(flags) | FMODE_OPENED;
	file->f_inode = inode;
	file->f_mapping = inode->i_mapping;
	file->f_op = fops;
	file_ref_init(&file->f_ref, 1);
	BUG_ON(!file_inodes_replace(NULL, inode));
	return file;
}

/* The slow path of file_ref_put(): the count was the last one. */
bool __file_ref_put(file_ref_t *ref, unsigned long cnt)
{
	if (cnt != FILE_REF_NOREF) {
		WARN_ONCE(1, "imbalanced put on file reference count");
		return false;
	}
	return atomic_long_try_cmpxchg_release(&ref->refcnt, (long *)&cnt, (long)FILE_REF_DEAD);
}

static void file_release(struct callback_head *work)
{
	struct file *file = container_of(work, struct file, f_task_work);

	iput(file->f_inode);
	kfree(container_of(file, struct shim_file, file));
}

/* The file of a device is never freed, and has no operations. */
void fput(struct file *file)
{
	struct shim_task *task = shim_task_of(current);

	if (!file->f_op || !file_ref_put(&file->f_ref))
		return;
	file->f_task_work.func = file_release;
	file->f_task_work.next = task->late_puts;
	task->late_puts = &file->f_task_work;
}

void shim_files_put_late(void)
{
	struct shim_task *task = shim_task_of(current);
	struct callback_head *work;

	while ((work = task->late_puts)) {
		task->late_puts = work->next;
		work->func(work);
	}
}

/* ---- attributes: only the size is one -------------------------------------------- */

bool inode_owner_or_capable(struct mnt_idmap *idmap, const struct inode *inode)
{
	return true;
}

int inode_permission(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	return 0;
}

int setattr_prepare(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	return attr->ia_valid & ~(unsigned int)(ATTR_SIZE | ATTR_FILE) ? -EINVAL : 0;
}

void setattr_copy(struct mnt_idmap *idmap, struct inode *inode, const struct iattr *attr)
{
}

int file_modified(struct file *file)
{
	return 0;
}

void touch_atime(const struct path *path)
{
}

int file_update_time(struct file *file)
{
	return 0;
}

struct timespec64 simple_inode_init_ts(struct inode *inode)
{
	return (struct timespec64){ 0 };
}

struct timespec64 inode_set_ctime_current(struct inode *inode)
{
	return (struct timespec64){ 0 };
}

bool inode_maybe_inc_iversion(struct inode *inode, bool force)
{
	return false;
}

/* ---- mm/memfd.c, mm/page-writeback.c --------------------------------------------- */

int memfd_check_seals_mmap(struct file *file, void *vma_flags);
/* Nobody seals. */
int memfd_check_seals_mmap(struct file *file, void *vma_flags)
{
	return 0;
}

void balance_dirty_pages_ratelimited(struct address_space *mapping)
{
}
