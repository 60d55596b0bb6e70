// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree's own mm/userfaultfd.c, with a way in to its ioctls. The build compiles this
 * file in the place of mm/userfaultfd.c. Each mm has one userfaultfd, which the first
 * registration opens and uffd_close or the end of the mm closes. It is opened with
 * UFFD_FEATURE_SIGBUS: a fault that it catches gives SIGBUS and waits for nobody.
 * The words of a page that UFFDIO_COPY and UFFDIO_ZEROPAGE map are told to the contents
 * oracle in the instant in which the page is mapped: update_mmu_cache() follows the
 * entry's change without a point in between.
 * Left out: shared files, faults that wait, events (fork, remap), poll, minor faults, poisoning.
 * Locking: the table of files changes in one instant, as a file's count does.
 */
#include <linux/anon_inodes.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/userfaultfd_k.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

/* Anonymous memory alone: the oracle does not follow what UFFDIO_COPY puts into a file. */
#define can_userfault(vma, flags) can_userfault(vma, flags) && vma_is_anonymous(vma)

static void uffd_mapped(unsigned long addr);
#undef update_mmu_cache
#define update_mmu_cache(vma, addr, ptep) uffd_mapped(addr)

#include "mm/userfaultfd.c"

static void uffd_mapped(unsigned long addr)
{
	unsigned long value = shim_task_of(current)->uffd_value;
	int word, page = (int)((addr - USER_BASE) >> PAGE_SHIFT);

	for (word = 0; word < SEAM_PAGE_WORDS; word++)
		seam_user_fill(shim_mm_number(current->mm), page, word, value);
}

/* ---- files: one for each mm ------------------------------------------------------ */

struct uffd_file {
	struct file file;
	unsigned refs;
};

static struct uffd_file *uffd_files[SEAM_MMS_MAX + 1];
#define RESERVED ((struct uffd_file *)1)

static struct uffd_file **uffd_slot(unsigned int fd)
{
	BUG_ON(fd < 1 || fd > SEAM_MMS_MAX);
	return &uffd_files[fd];
}

static struct uffd_file *uffd_get(int mm)
{
	struct uffd_file *file = __atomic_load_n(uffd_slot(mm), __ATOMIC_ACQUIRE);

	if (!file || file == RESERVED)
		return NULL;
	__atomic_fetch_add(&file->refs, 1, __ATOMIC_RELAXED);
	return file;
}

static void uffd_put(struct uffd_file *file)
{
	if (__atomic_sub_fetch(&file->refs, 1, __ATOMIC_ACQ_REL))
		return;
	userfaultfd_release(NULL, &file->file);
	kfree(file);
}

/* The number of a userfaultfd is its mm's. */
int get_unused_fd_flags(unsigned flags)
{
	int fd = shim_mm_number(current->mm);
	struct uffd_file *none = NULL;

	return __atomic_compare_exchange_n(uffd_slot(fd), &none, RESERVED, false,
					   __ATOMIC_RELAXED, __ATOMIC_RELAXED) ? fd : -EMFILE;
}

void put_unused_fd(unsigned int fd)
{
	__atomic_store_n(uffd_slot(fd), NULL, __ATOMIC_RELAXED);
}

void fd_install(unsigned int fd, struct file *file)
{
	__atomic_store_n(uffd_slot(fd), container_of(file, struct uffd_file, file),
			 __ATOMIC_RELEASE);
}

struct file *anon_inode_create_getfile(const char *name, const struct file_operations *fops,
				       void *priv, int flags, const struct inode *context)
{
	struct uffd_file *file = kzalloc(sizeof(*file), GFP_KERNEL);

	if (!file)
		return ERR_PTR(-ENOMEM);
	file->refs = 1; /* the table's */
	file->file.private_data = priv;
	return &file->file;
}

int misc_register(struct miscdevice *misc)
{
	return 0;
}

/* ---- ioctls ---------------------------------------------------------------------- */

static int uffd_ioctl(struct uffd_file *file, unsigned cmd, const void *args, size_t size)
{
	struct shim_task *task = shim_task_of(current);

	BUG_ON(size > sizeof(task->user_args));
	memcpy(task->user_args, args, size);
	return (int)userfaultfd_ioctl(&file->file, cmd, USER_ARGS);
}

/* The mm's userfaultfd; it is opened if there is none. Or an error. */
static struct uffd_file *uffd_open(int mm)
{
	struct uffdio_api api = {
		.api = UFFD_API, .features = UFFD_FEATURE_SIGBUS | UFFD_FEATURE_WP_UNPOPULATED,
	};
	struct uffd_file *file = uffd_get(mm);
	int fd, err;

	if (file)
		return file;
	fd = new_userfaultfd(0);
	if (fd < 0)
		return ERR_PTR(fd == -EMFILE ? -EBUSY : fd); /* another task is opening it */
	file = uffd_get(mm);
	if (!file)
		return ERR_PTR(-EBUSY); /* closed again */
	err = uffd_ioctl(file, UFFDIO_API, &api, sizeof(api));
	if (!err)
		return file;
	uffd_put(file);
	return ERR_PTR(err);
}

/* Runs one ioctl on the mm's userfaultfd. -EBADF: there is none. */
static int uffd_call(int mm, unsigned cmd, const void *args, size_t size)
{
	struct uffd_file *file = uffd_get(mm);
	int err;

	if (!file)
		return -EBADF;
	err = uffd_ioctl(file, cmd, args, size);
	uffd_put(file);
	return err;
}

int shim_uffd_register(int mm, unsigned long start, unsigned long len, unsigned mode)
{
	struct uffdio_register args = {
		.range = { .start = start, .len = len },
		.mode = (mode & TREE_UFFD_MISSING ? UFFDIO_REGISTER_MODE_MISSING : 0) |
			(mode & TREE_UFFD_WP ? UFFDIO_REGISTER_MODE_WP : 0),
	};
	struct uffd_file *file = uffd_open(mm);
	int err;

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	err = uffd_ioctl(file, UFFDIO_REGISTER, &args, sizeof(args));
	uffd_put(file);
	return err;
}

int shim_uffd_unregister(int mm, unsigned long start, unsigned long len)
{
	struct uffdio_range args = { .start = start, .len = len };

	return uffd_call(mm, UFFDIO_UNREGISTER, &args, sizeof(args));
}

int shim_uffd_copy(int mm, unsigned long to, unsigned long value)
{
	struct uffdio_copy args = {
		.dst = to, .src = USER_SOURCE + ((value & 0xff) << PAGE_SHIFT), .len = PAGE_SIZE,
	};

	shim_task_of(current)->uffd_value = value;
	return uffd_call(mm, UFFDIO_COPY, &args, sizeof(args));
}

int shim_uffd_zeropage(int mm, unsigned long start, unsigned long len)
{
	struct uffdio_zeropage args = { .range = { .start = start, .len = len } };

	shim_task_of(current)->uffd_value = 0;
	return uffd_call(mm, UFFDIO_ZEROPAGE, &args, sizeof(args));
}

int shim_uffd_wp(int mm, unsigned long start, unsigned long len, bool protect)
{
	struct uffdio_writeprotect args = {
		.range = { .start = start, .len = len },
		.mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return uffd_call(mm, UFFDIO_WRITEPROTECT, &args, sizeof(args));
}

int shim_uffd_move(int mm, unsigned long to, unsigned long from, unsigned long len)
{
	struct uffdio_move args = { .dst = to, .src = from, .len = len };

	return uffd_call(mm, UFFDIO_MOVE, &args, sizeof(args));
}

int shim_uffd_close(int mm)
{
	struct uffd_file *file = __atomic_load_n(uffd_slot(mm), __ATOMIC_ACQUIRE);

	if (!file || file == RESERVED)
		return -EBADF;
	__atomic_store_n(uffd_slot(mm), NULL, __ATOMIC_RELAXED);
	uffd_put(file);
	return 0;
}

int shim_uffd_setup(void)
{
	return userfaultfd_init();
}
