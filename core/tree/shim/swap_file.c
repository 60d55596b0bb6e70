// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What swapon and swapoff open: a block device's file, inode and mapping. The path
 * is a small number, the device's plus one. The swap header lies in a page of the
 * pool that is never free (pfn 1 + device), so reading it allocates nothing: that is
 * read_cache_folio(), in the place of mm/filemap.c's (weak at link).
 * Left out: the page cache of the device, files of a filesystem, permissions.
 * Locking: a device is claimed by one swapon at a time, as O_EXCL does.
 */
#include <linux/backing-dev.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/swap.h>

#include "core/tree/shim/device.h"
#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

static struct filename *filenames; /* [SEAM_DEVS_MAX] */

/* ---- paths and files ------------------------------------------------------------- */

struct filename *getname_flags(const char __user *path, int flags)
{
	unsigned long number = (unsigned long)path - 1;

	BUG_ON(number >= SEAM_DEVS_MAX);
	return &filenames[number];
}

void putname(struct filename *name)
{
}

struct file *file_open_name(struct filename *name, int flags, umode_t mode)
{
	struct shim_device *device = &shim_devices[name - filenames];
	unsigned none = 0;

	if (!(flags & O_EXCL))
		return &device->plain_file;
	if (!__atomic_compare_exchange_n(&device->claimed, &none, 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return ERR_PTR(-EBUSY);
	return &device->swap_file;
}

/* Nobody may look at a device that is off: whoever does reads garbage. */
int filp_close(struct file *file, fl_owner_t id)
{
	struct shim_device *device = container_of(file->f_mapping, struct shim_device, mapping);

	if (file != &device->swap_file)
		return 0;
	shim_device_forget(device);
	BUG_ON(!__atomic_exchange_n(&device->claimed, 0, __ATOMIC_RELEASE));
	return 0;
}

bool shim_device_is_on(int dev)
{
	return __atomic_load_n(&shim_devices[dev].claimed, __ATOMIC_RELAXED);
}

struct block_device *I_BDEV(struct inode *inode)
{
	return &container_of(inode, struct shim_device, inode)->bdev;
}

/* ---- the header ------------------------------------------------------------------ */

static struct folio *header_folio(const struct shim_device *device)
{
	return (struct folio *)pfn_to_page(1UL + (unsigned long)device->number);
}

static void header_setup(struct shim_device *device, const struct tree_device *d)
{
	union swap_header *header = page_address(&header_folio(device)->page);
	unsigned int i, n = 0;

	memset(header, 0, sizeof(*header));
	header->info.version = 1;
	header->info.last_page = d->slots - 1U;
	for (i = 0; i < ARRAY_SIZE(d->bad); i++)
		if (d->bad[i])
			header->info.badpages[n++] = d->bad[i];
	header->info.nr_badpages = n;
	memcpy(header->magic.magic, "SWAPSPACE2", 10);
}

struct folio *read_cache_folio(struct address_space *mapping, pgoff_t index, filler_t *filler,
			       struct file *file)
{
	struct shim_device *device = container_of(mapping, struct shim_device, mapping);
	struct folio *folio = header_folio(device);

	BUG_ON(index);
	seam_might_sleep(_RET_IP_);
	folio_get(folio);
	return folio;
}

static int no_read_folio(struct file *file, struct folio *folio)
{
	seam_unexpected(__func__);
}

static const struct address_space_operations swap_file_aops = { .read_folio = no_read_folio };

/* ---- set-up ---------------------------------------------------------------------- */

static struct dentry *root_dentry(void)
{
	static struct dentry dentry;

	dentry.d_parent = &dentry;
	return &dentry;
}

static void file_setup(struct file *file, struct shim_device *device)
{
	file->f_mapping = &device->mapping;
	file->f_inode = &device->inode;
	file->__f_path.dentry = root_dentry();
}

void shim_swap_file_setup(struct shim_device *device, const struct tree_device *d)
{
	struct address_space *mapping = &device->mapping;
	struct inode *inode = &device->inode;

	if (!filenames)
		filenames = seam_arena_alloc(SEAM_DEVS_MAX * sizeof(*filenames));
	filenames[device->number].name = "swap device";
	inode->i_mode = S_IFBLK;
	inode->i_mapping = mapping;
	inode->i_size = (loff_t)(device->nr_blocks << PAGE_SHIFT);
	inode->i_blkbits = PAGE_SHIFT;
	init_rwsem(&inode->i_rwsem);
	xa_init_flags(&mapping->i_pages, XA_FLAGS_LOCK_IRQ | XA_FLAGS_ACCOUNT);
	mapping->host = inode;
	mapping->a_ops = &swap_file_aops;
	mapping->gfp_mask = GFP_KERNEL;
	device->bdev.bd_mapping = mapping;
	file_setup(&device->swap_file, device);
	file_setup(&device->plain_file, device);
	header_setup(device, d);
}
