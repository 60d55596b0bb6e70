/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: what swap sees of a block device (struct block_device, struct bio), its
 * inode, and the swap header (union swap_header) on it.
 * Contents lie in the arena, PAGE_WORDS words a block. A synchronous device
 * (zram-like) copies in the submitter's task; an asynchronous one copies and
 * completes in an interrupt, or copies at once ("dma", a choice of the schedule).
 * Either may fail ("io").
 */
#ifndef CORE_SWAP_BLOCK_DEVICE_H
#define CORE_SWAP_BLOCK_DEVICE_H

#include "core/swap/swap.h"

#define MAX_SWAP_BADPAGES 4

/* As mkswap(8) wrote it; tests change it before swapon. */
struct swap_header {
	unsigned int version;     /* 1 */
	unsigned int last_page;   /* the header is page 0 */
	unsigned int nr_badpages;
	unsigned int badpages[MAX_SWAP_BADPAGES];
};

struct block_device {
	u8 id;                    /* dev0.. of the machine line */
	u8 flags;                 /* enum world_dev_flag */
	s8 prio;
	unsigned int nr_blocks;   /* in pages; the size of the device */
	unsigned int nr_extents;  /* blocks lie in 1 or 2 pieces (a swap file would) */
	unsigned int activate_max; /* 0, or: activation finds so many pages only */
	struct swap_header header;
	struct mutex inode_lock;  /* is_swapfile */
	bool is_swapfile;         /* S_SWAPFILE */
	u64 *words;               /* contents; marked accesses only */
};

struct bio_vec {
	struct folio *folio;
	swp_entry_t entry;        /* first slot, when it was added */
};

/* One transfer of folios whose blocks follow each other. */
struct bio {
	struct engine_irq_work work;
	struct block_device *bdev;
	struct swap_info_struct *si; /* for assertions */
	struct bio_vec *bvecs;
	unsigned int nr_bvecs;
	u64 block;                /* of the first one */
	bool write;
	bool moved;               /* the data was moved before the interrupt */
	int status;               /* 0 or -EIO */
	void (*end_io)(struct bio *bio);
};

/* Device `dev` of the machine line, or NULL. */
struct block_device *swap_bdev(unsigned int dev);

/* Asynchronous: returns at once, end_io runs in interrupt context. */
void submit_bio(struct bio *bio);
/* Synchronous: the transfer is done on return; end_io isn't called. */
void submit_bio_wait(struct bio *bio);
/* Forgets blocks; sleeps. What is read there afterwards is garbage. */
void bdev_discard(struct block_device *bdev, u64 start_block, u64 nr_blocks);

/* Block of the folio's first slot; that of the device's end if it has none. */
u64 swap_folio_block(struct swap_info_struct *si, const struct folio *folio);
/* Reports I/O to the header, a bad or free slot, or past the end; func: caller. */
void swap_check_io(struct swap_info_struct *si, const struct folio *folio, const char *func);

#endif
