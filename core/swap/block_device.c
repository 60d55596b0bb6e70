// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: a block layer with drivers below it, as little as swap needs: submit,
 * transfer, complete. drivers/block/zram for the synchronous kind, a disk with
 * DMA and an interrupt for the other one.
 * Every word of a transfer is a marked access, with a scheduling point before
 * the first and in the middle: contents may be torn, and the oracle judges them.
 * Left out: merging, plugging, queues, congestion, barriers.
 * Locking: none; a folio under I/O is locked (read) or under writeback (write).
 */
#include <stdio.h>

#include "core/swap/block_device.h"
#include "core/swap/swap_table.h"

/* What a block holds that was never written or was discarded. */
#define BLOCK_GARBAGE 0x5bad5bad00000000ull

static struct block_device *swap_bdevs[WORLD_DEVS_MAX] __world = { NULL };
WORLD_NAME(swap_bdevs);

struct block_device *swap_bdev(unsigned int dev)
{
	return dev < WORLD_DEVS_MAX ? swap_bdevs[dev] : NULL;
}

static void block_fill_garbage(struct block_device *bdev, u64 block)
{
	unsigned int w;

	for (w = 0; w < PAGE_WORDS; w++)
		engine_store_relaxed(&bdev->words[block * PAGE_WORDS + w],
				     BLOCK_GARBAGE | (u64)bdev->id << 16 | block);
}

static struct block_device *bdev_create(unsigned int id, const struct world_dev *dev)
{
	struct block_device *bdev = engine_arena_alloc(sizeof(*bdev));
	unsigned int i;

	BUG_ON_CMP(dev->slots, <, 2);
	bdev->id = (u8)id;
	bdev->flags = dev->flags;
	bdev->prio = dev->prio;
	bdev->nr_blocks = dev->slots;
	bdev->nr_extents = 1;
	bdev->header.version = 1;
	bdev->header.last_page = dev->slots - 1U;
	for (i = 0; i < ARRAY_SIZE(dev->bad); i++) {
		if (dev->bad[i])
			bdev->header.badpages[bdev->header.nr_badpages++] = dev->bad[i];
	}
	mutex_init(&bdev->inode_lock);
	bdev->words = engine_arena_alloc(bdev->nr_blocks * PAGE_WORDS * sizeof(u64));
	role_set(bdev, sizeof(*bdev), "bdev dev", (int)id, -1);
	for (i = 0; i < bdev->nr_blocks; i++) {
		role_set(&bdev->words[i * PAGE_WORDS], PAGE_WORDS * sizeof(u64), "block dev",
			 (int)id, (int)i);
		block_fill_garbage(bdev, i);
	}
	return bdev;
}

void swap_world_setup(const struct world_config *config)
{
	unsigned int i;

	BUG_ON_CMP(config->cluster_slots, <, 1U << FOLIO_ORDER_MAX >> 1);
	BUG_ON_CMP(config->count_bits, <, 2);
	BUG_ON_CMP(config->count_bits, >, 8);
	swap_shape.cluster_slots = config->cluster_slots;
	swap_shape.count_bits = config->count_bits;
	swap_shape.swap_full = config->swap_full;
	page_cluster = config->readahead;
	for (i = 0; i < WORLD_DEVS_MAX; i++) {
		if (config->dev[i].flags & WORLD_DEV_PRESENT)
			swap_bdevs[i] = bdev_create(i, &config->dev[i]);
	}
}

/* ---- assertions ---------------------------------------------------------------- */

static void bad_io(const char *what, const char *func, const struct swap_info_struct *si,
		   swp_entry_t entry, u64 block)
{
	char title[REPORT_TITLE_MAX];

	snprintf(title, sizeof(title), "BUG: swap I/O %s in %s", what, func);
	reportf(title, "type %d, offset %lu, block %llu\n", si->type,
		(unsigned long)swp_offset(entry), (unsigned long long)block);
}

u64 swap_folio_block(struct swap_info_struct *si, const struct folio *folio)
{
	unsigned long offset = swp_offset(folio->swap);
	struct swap_extent *se = offset_to_swap_extent(si, offset);

	return se ? se->start_block + (offset - se->start_page) : si->bdev->nr_blocks;
}

static void check_slots(struct swap_info_struct *si, swp_entry_t entry, unsigned long nr_pages,
			u64 block, const char *func)
{
	const struct block_device *bdev = si->bdev;
	unsigned long i, n, offset = swp_offset(entry);
	const struct swap_header *h = &bdev->header;
	struct swap_cluster_info *ci;

	for (n = 0; n < nr_pages; n++) {
		if (offset + n == 0)
			bad_io("on a bad slot", func, si, entry, block);
		if (block + n >= bdev->nr_blocks)
			bad_io("past the end of the device", func, si, entry, block);
		for (i = 0; i < h->nr_badpages; i++) {
			if (h->badpages[i] == offset + n)
				bad_io("on a bad slot", func, si, entry, block);
		}
		ci = swap_offset_to_cluster_at(si, offset + n, func);
		if (swp_tb_is_null(swap_table_peek(ci, (offset + n) % SWAPFILE_CLUSTER)))
			bad_io("on a free slot", func, si, entry, block);
	}
}

void swap_check_io(struct swap_info_struct *si, const struct folio *folio, const char *func)
{
	u64 block = swap_folio_block(si, folio);

	/* 6.18 still reads past the swap cache from a synchronous device; whether
	 * that goes well is not for this check to say. */
	if (!folio_flag_peek(folio, PG_swapcache)) {
		if (data_race(si->flags) & SWP_SYNCHRONOUS_IO)
			return;
		bad_io("of a folio that is not in the swap cache", func, si, folio->swap, block);
		return;
	}
	check_slots(si, folio->swap, (unsigned long)folio_nr_pages(folio), block, func);
}

/* ---- transfers -------------------------------------------------------------------- */

static void bio_transfer_page(struct bio *bio, struct page *page, u64 nr)
{
	u64 *block = &bio->bdev->words[nr * PAGE_WORDS];
	const struct site *site = SITE("dma");
	unsigned int w;

	for (w = 0; w < PAGE_WORDS; w++) {
		if (w % (PAGE_WORDS / 2) == 0)
			engine_point(site, EV_COPY, bio->write ? page->words : block,
				     PAGE_WORDS / 2 * sizeof(u64));
		if (bio->write)
			engine_store_relaxed(&block[w], page_load_word(page, w));
		else
			page_store_word(page, w, engine_load_relaxed(&block[w]));
	}
}

/* A failed transfer moves nothing. */
static void bio_transfer(struct bio *bio)
{
	u64 block = bio->block;
	unsigned int i;

	for (i = 0; i < bio->nr_bvecs; i++) {
		struct folio *folio = bio->bvecs[i].folio;
		unsigned long n, nr_pages = (unsigned long)folio_nr_pages(folio);
		swp_entry_t entry = bio->bvecs[i].entry;

		/* The slot must still be there when the data moves, and be the folio's.
		 * (Not for a read past the swap cache: see swap_check_io().) */
		if (bio->write || folio_flag_peek(folio, PG_swapcache))
			check_slots(bio->si, entry, nr_pages, block, "bio_transfer");
		if (unlikely(data_race(folio->swap.val) != entry.val))
			bad_io("of a folio that has left its slot", "bio_transfer", bio->si,
			       entry, block);
		for (n = 0; n < nr_pages && !bio->status; n++)
			bio_transfer_page(bio, folio_page(folio, n), block + n);
		block += nr_pages;
	}
}

static void bio_start(struct bio *bio, const struct site *site)
{
	u64 *words = &bio->bdev->words[bio->block * PAGE_WORDS];

	if (unlikely(!bio->bdev->is_swapfile))
		bad_io("on a device that is off", site->func, bio->si, bio->bvecs[0].entry,
		       bio->block);
	engine_point(site, EV_IO, words, PAGE_WORDS * sizeof(u64) / 2);
	bio->status = engine_choose(site, CHOICE_IO, 2) ? -EIO : 0;
	if (bio->status)
		PATH("bio_start: I/O error injected");
}

static void bio_interrupt(void *arg)
{
	struct bio *bio = arg;

	VM_BUG_ON(engine_running() && !in_interrupt());
	if (!bio->moved)
		bio_transfer(bio);
	bio->end_io(bio);
}

void submit_bio(struct bio *bio)
{
	VM_BUG_ON(!bio->end_io);
	bio_start(bio, SITE("submit_bio"));
	/* A device reads the page at any time between here and its interrupt: at once,
	 * or as late as it can. What is stored to the page in between is on it or not. */
	bio->moved = bio->write && engine_choose(SITE("dma_at_once"), CHOICE_DMA, 2);
	if (bio->moved)
		bio_transfer(bio);
	bio->work.fn = bio_interrupt;
	bio->work.arg = bio;
	bio->work.name = bio->write ? "swap write" : "swap read";
	engine_irq_queue(engine_cpu(), &bio->work);
}

void submit_bio_wait(struct bio *bio)
{
	might_sleep();
	bio_start(bio, SITE("submit_bio_wait"));
	bio_transfer(bio);
}

void bdev_discard(struct block_device *bdev, u64 start_block, u64 nr_blocks)
{
	u64 block;

	might_sleep();
	BUG_ON_CMP(start_block + nr_blocks, >, bdev->nr_blocks);
	for (block = start_block; block < start_block + nr_blocks; block++) {
		engine_point(SITE("discard"), EV_IO, &bdev->words[block * PAGE_WORDS],
			     PAGE_WORDS * sizeof(u64) / 2);
		block_fill_garbage(bdev, block);
	}
}

void swap_release_bdev(struct block_device *bdev)
{
	unsigned int i;

	mutex_lock(&bdev->inode_lock);
	VM_BUG_ON(!bdev->is_swapfile);
	bdev->is_swapfile = false;
	/* Nobody may look at it any more; whoever does reads garbage. */
	for (i = 0; i < bdev->nr_blocks; i++)
		block_fill_garbage(bdev, i);
	mutex_unlock(&bdev->inode_lock);
}
