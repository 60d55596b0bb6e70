/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A block device and the file that swapon opens. Included after linux/blkdev.h and
 * linux/fs.h. */
#ifndef CORE_TREE_SHIM_DEVICE_H
#define CORE_TREE_SHIM_DEVICE_H

#include <linux/blkdev.h>
#include <linux/fs.h>

#include "core/tree/seam.h"

struct shim_device {
	int number;               /* dev0.. of the machine line */
	unsigned claimed;         /* opened by swapon, not closed yet */
	unsigned long nr_blocks;  /* in pages, with the header's */
	unsigned long *words;     /* contents; marked accesses only */
	struct block_device bdev;
	struct gendisk disk;
	struct block_device_operations fops;
	struct request_queue queue;
	struct inode inode;
	struct address_space mapping;
	struct file swap_file;    /* what swapon opens, for itself */
	struct file plain_file;   /* what swapoff opens */
};

extern struct shim_device *shim_devices; /* [SEAM_DEVS_MAX] */

static inline struct shim_device *shim_device_of(struct block_device *bdev)
{
	return container_of(bdev, struct shim_device, bdev);
}

/* What is on the device is garbage from now on. */
void shim_device_forget(struct shim_device *device);
void shim_swap_file_setup(struct shim_device *device, const struct tree_device *d);
/* Reports I/O to the header, a bad or free slot, past the end, to a device that is off,
 * or of a folio that has left its slot. func: the caller. */
void shim_check_io(struct shim_device *device, unsigned long block, const struct page *page,
		   unsigned long n, bool write, const char *func);

#endif
