// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Block devices below the tree's swap code, as the model has them
 * (core/swap/block_device.c): a synchronous one copies in the submitter's task, an
 * asynchronous one in an interrupt of the submitting CPU or, by choice ("dma"), at
 * once. Either may fail ("io"). A transfer goes word by word with a point before the
 * first and the middle one, so contents can be torn. A block that nobody wrote or that
 * was discarded holds garbage.
 * Left out: queues, merging, plugs, barriers, zones, partitions.
 * Locking: none; a folio under I/O is locked (read) or under writeback (write).
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/mm.h>

#include "core/tree/shim/device.h"
#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

#define BLOCK_GARBAGE 0x5bad5bad00000000UL
#define HALF (SEAM_PAGE_WORDS / 2)

struct shim_device *shim_devices;

/* ---- blocks ---------------------------------------------------------------------- */

static unsigned long *block_words(struct shim_device *device, unsigned long block)
{
	return device->words + block * SEAM_PAGE_WORDS;
}

static void block_fill_garbage(struct shim_device *device, unsigned long block)
{
	int w;

	for (w = 0; w < SEAM_PAGE_WORDS; w++)
		__atomic_store_n(block_words(device, block) + w,
				 BLOCK_GARBAGE | (unsigned long)device->number << 16 | block,
				 __ATOMIC_RELAXED);
}

void shim_device_forget(struct shim_device *device)
{
	unsigned long block;

	for (block = 0; block < device->nr_blocks; block++)
		block_fill_garbage(device, block);
}

static __always_inline void dma(const unsigned long *words)
{
	seam_copy(words, HALF * sizeof(*words));
}

static noinline void bio_transfer_page(struct shim_device *device, unsigned long block,
				       unsigned long *page, bool write)
{
	unsigned long *words = block_words(device, block);
	int w;

	for (w = 0; w < SEAM_PAGE_WORDS; w++) {
		if (w % HALF == 0)
			dma(write ? page + w : words + w);
		if (write)
			__atomic_store_n(words + w, __atomic_load_n(page + w, __ATOMIC_RELAXED),
					 __ATOMIC_RELAXED);
		else
			__atomic_store_n(page + w, __atomic_load_n(words + w, __ATOMIC_RELAXED),
					 __ATOMIC_RELAXED);
	}
}

/* ---- bios ------------------------------------------------------------------------ */

static unsigned long bio_block(const struct bio *bio)
{
	return bio->bi_iter.bi_sector >> (PAGE_SHIFT - SECTOR_SHIFT);
}

/* A failed transfer moves nothing. */
static void bio_transfer(struct bio *bio)
{
	struct shim_device *device = shim_device_of(bio->bi_bdev);
	unsigned long block = bio_block(bio), left = bio->bi_iter.bi_size >> PAGE_SHIFT;
	bool write = op_is_write(bio_op(bio));
	struct bio_vec *bv;

	for (bv = bio->bi_io_vec; left; bv++) {
		unsigned long i, n = bv->bv_len >> PAGE_SHIFT;

		BUG_ON(!n || n > left || bv->bv_offset);
		shim_check_io(device, block, bv->bv_page, n, write, __func__);
		for (i = 0; i < n && !bio->bi_status; i++)
			bio_transfer_page(device, block + i, page_address(bv->bv_page + i), write);
		block += n;
		left -= n;
	}
}

static void bio_start(struct bio *bio, unsigned long ip)
{
	struct shim_device *device = shim_device_of(bio->bi_bdev);

	if (bio_block(bio) < device->nr_blocks)
		seam_point(ip, SEAM_IO, block_words(device, bio_block(bio)),
			   HALF * sizeof(unsigned long));
	bio->bi_status = BLK_STS_OK;
	if (seam_live() && seam_choose(ip, "io", 2))
		bio->bi_status = BLK_STS_IOERR;
}

/* bi_private is free: swap does not use it. Set: the data has been moved. */
static void bio_interrupt(void *arg)
{
	struct bio *bio = arg;

	if (seam_live())
		shim_irq_enter();
	if (!bio->bi_private)
		bio_transfer(bio);
	bio->bi_end_io(bio);
	if (seam_live())
		shim_irq_exit();
}

void submit_bio(struct bio *bio)
{
	bool write = op_is_write(bio_op(bio));

	BUG_ON(!bio->bi_end_io || bio->bi_private);
	bio_start(bio, _RET_IP_);
	if (write && seam_live() && seam_choose(_RET_IP_, "dma", 2)) {
		bio->bi_private = bio;
		bio_transfer(bio);
	}
	if (seam_live())
		seam_irq_queue(seam_cpu(), bio_interrupt, bio, write ? "swap write" : "swap read");
	else
		bio_interrupt(bio);
}

int submit_bio_wait(struct bio *bio)
{
	seam_might_sleep(_RET_IP_);
	bio_start(bio, _RET_IP_);
	bio_transfer(bio);
	return blk_status_to_errno(bio->bi_status);
}

int blkdev_issue_discard(struct block_device *bdev, sector_t sector, sector_t nr_sects, gfp_t gfp)
{
	struct shim_device *device = shim_device_of(bdev);
	unsigned long block = sector >> (PAGE_SHIFT - SECTOR_SHIFT);
	unsigned long end = block + (nr_sects >> (PAGE_SHIFT - SECTOR_SHIFT));

	seam_might_sleep(_RET_IP_);
	BUG_ON(end > device->nr_blocks);
	for (; block < end; block++) {
		seam_point(_RET_IP_, SEAM_IO, block_words(device, block),
			   HALF * sizeof(unsigned long));
		block_fill_garbage(device, block);
	}
	return 0;
}

int blk_status_to_errno(blk_status_t status)
{
	return status ? -EIO : 0;
}

/* ---- the bio's memory ------------------------------------------------------------ */

void bio_init(struct bio *bio, struct block_device *bdev, struct bio_vec *table,
	      unsigned short max_vecs, blk_opf_t opf)
{
	memset(bio, 0, sizeof(*bio));
	bio->bi_bdev = bdev;
	bio->bi_opf = opf;
	bio->bi_io_vec = table;
	bio->bi_max_vecs = max_vecs;
	atomic_set(&bio->__bi_remaining, 1);
	atomic_set(&bio->__bi_cnt, 1);
}

void bio_uninit(struct bio *bio)
{
}

void bio_add_folio_nofail(struct bio *bio, struct folio *folio, size_t len, size_t off)
{
	BUG_ON(bio->bi_vcnt >= bio->bi_max_vecs);
	bvec_set_folio(&bio->bi_io_vec[bio->bi_vcnt++], folio, len, off);
	bio->bi_iter.bi_size += len;
}

#define BIO_VECS 1
struct bio_and_vecs {
	struct bio bio;
	struct bio_vec vec[BIO_VECS];
};
struct bio_set fs_bio_set;

/* From a pool in the kernel: it waits, but does not fail. */
struct bio *bio_alloc_bioset(struct block_device *bdev, unsigned short nr_vecs, blk_opf_t opf,
			     gfp_t gfp, struct bio_set *bs)
{
	struct bio_and_vecs *both = seam_kmalloc(sizeof(*both), 1, _RET_IP_);

	BUG_ON(nr_vecs > BIO_VECS);
	bio_init(&both->bio, bdev, both->vec, BIO_VECS, opf);
	return &both->bio;
}

void bio_put(struct bio *bio)
{
	seam_free(bio, _RET_IP_);
}

/* ---- set-up ---------------------------------------------------------------------- */

static void device_setup(struct shim_device *device, int number, const struct tree_device *d)
{
	struct request_queue *queue = &device->queue;
	unsigned long block;

	device->number = number;
	device->nr_blocks = d->slots;
	device->words = seam_arena_alloc(device->nr_blocks * SEAM_PAGE_WORDS *
					 sizeof(unsigned long));
	device->bdev.bd_queue = queue;
	device->bdev.bd_disk = &device->disk;
	device->bdev.bd_nr_sectors = device->nr_blocks << (PAGE_SHIFT - SECTOR_SHIFT);
	device->disk.queue = queue;
	device->disk.fops = &device->fops;
	queue->limits.features = (d->synchronous ? BLK_FEAT_SYNCHRONOUS : 0) |
				 (d->rotational ? BLK_FEAT_ROTATIONAL : 0) |
				 (d->stable ? BLK_FEAT_STABLE_WRITES : 0);
	queue->limits.max_discard_sectors = d->discard ? ~0U : 0;
	seam_role_set(device, sizeof(*device), "bdev dev", number, -1);
	for (block = 0; block < device->nr_blocks; block++)
		seam_role_set(block_words(device, block), SEAM_PAGE_WORDS * sizeof(unsigned long),
			      "block dev", number, (int)block);
	shim_device_forget(device);
	shim_swap_file_setup(device, d);
}

void shim_devices_setup(void)
{
	int i;

	shim_devices = seam_arena_alloc(SEAM_DEVS_MAX * sizeof(*shim_devices));
	for (i = 0; i < SEAM_DEVS_MAX; i++)
		if (shim_machine.device[i].present)
			device_setup(&shim_devices[i], i, &shim_machine.device[i]);
}
