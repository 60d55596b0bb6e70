// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: mm/page_io.c (swap_writeout, __swap_writepage, swap_read_folio, the
 * zeromap, completions), 7.0.
 * A zero-filled folio is a bit, not I/O. The completion of a read sets uptodate
 * unless it failed, and unlocks; that of a write ends writeback, after an error
 * the folio is dirty again.
 * Left out: zswap, swap to files of a filesystem, plugging, memcg.
 * Locking: the folio is locked by the caller; writing unlocks it first.
 */
#include "core/swap/block_device.h"
#include "core/swap/swap_table.h"

static DEFINE_KMEM_CACHE(bio_cache, struct bio, "bio");

/* ---- completion --------------------------------------------------------------- */

static void __end_swap_bio_write(struct bio *bio)
{
	struct folio *folio = bio->folio;

	if (bio->status) {
		/* Dirty again, or reclaim would drop it as if it had been written. */
		PATH("end_swap_bio_write: error, folio dirty again");
		folio_mark_dirty(folio);
		folio_clear_reclaim(folio);
	}
	folio_end_writeback(folio);
}

static void end_swap_bio_write(struct bio *bio)
{
	__end_swap_bio_write(bio);
	kmem_cache_free(&bio_cache, bio);
}

static void __end_swap_bio_read(struct bio *bio)
{
	if (bio->status)
		PATH("end_swap_bio_read: error, folio not uptodate");
	folio_end_read(bio->folio, bio->status == 0);
}

static void end_swap_bio_read(struct bio *bio)
{
	__end_swap_bio_read(bio);
	kmem_cache_free(&bio_cache, bio);
}

/* ---- zero-filled folios ------------------------------------------------------------ */

static atomic_long_t *zeromap_word(struct swap_info_struct *si, unsigned long offset)
{
	VM_BUG_ON(offset >= si->max);
	return &si->zeromap[offset / 64];
}

static void swap_zeromap_folio_set(struct folio *folio)
{
	struct swap_info_struct *si = __swap_entry_to_info(folio->swap);
	unsigned long offset = swp_offset(folio->swap);
	long i;

	for (i = 0; i < folio_nr_pages(folio); i++, offset++)
		set_bit((unsigned int)(offset % 64), zeromap_word(si, offset));
}

static void swap_zeromap_folio_clear(struct folio *folio)
{
	struct swap_info_struct *si = __swap_entry_to_info(folio->swap);
	unsigned long offset = swp_offset(folio->swap);
	long i;

	for (i = 0; i < folio_nr_pages(folio); i++, offset++)
		clear_bit((unsigned int)(offset % 64), zeromap_word(si, offset));
}

/* True: it was zero-filled (or partly: not uptodate then), and is done. */
static bool swap_read_folio_zeromap(struct folio *folio)
{
	struct swap_info_struct *si = __swap_entry_to_info(folio->swap);
	unsigned long offset = swp_offset(folio->swap);
	long i, zero = 0, nr_pages = folio_nr_pages(folio);

	for (i = 0; i < nr_pages; i++, offset++)
		zero += test_bit((unsigned int)(offset % 64), zeromap_word(si, offset));
	if (!zero)
		return false;
	if (WARN_NAMED(zero != nr_pages, "large folio partly zero-filled on swap"))
		return true;

	folio_zero_user(folio);
	folio_mark_uptodate(folio);
	return true;
}

/* ---- writing ---------------------------------------------------------------------------- */

static void bio_init(struct bio *bio, struct swap_info_struct *si, struct folio *folio,
		     bool write, void (*end_io)(struct bio *))
{
	bio->bdev = si->bdev;
	bio->si = si;
	bio->folio = folio;
	bio->entry = folio->swap;
	bio->block = swap_folio_block(si, folio);
	bio->write = write;
	bio->status = 0;
	bio->end_io = end_io;
}

static struct bio *bio_alloc(gfp_t gfp)
{
	/* From a mempool in the kernel: sleeps rather than fails. */
	struct bio *bio = kmem_cache_alloc(&bio_cache, gfp | __GFP_NOFAIL);

	BUG_ON(!bio);
	return bio;
}

static void swap_writepage_bdev_sync(struct swap_info_struct *si, struct folio *folio)
{
	struct bio bio;

	bio_init(&bio, si, folio, true, NULL);
	folio_start_writeback(folio);
	folio_unlock(folio);
	submit_bio_wait(&bio);
	__end_swap_bio_write(&bio);
}

static void swap_writepage_bdev_async(struct swap_info_struct *si, struct folio *folio)
{
	struct bio *bio = bio_alloc(GFP_NOIO);

	bio_init(bio, si, folio, true, end_swap_bio_write);
	folio_start_writeback(folio);
	folio_unlock(folio);
	submit_bio(bio);
}

static void __swap_writepage(struct folio *folio)
{
	struct swap_info_struct *si = __swap_entry_to_info(folio->swap);

	VM_BUG_ON_FOLIO(!folio_flag_peek(folio, PG_swapcache), folio);
	COUNT(swapout);
	if (READ_ONCE(si->flags) & SWP_SYNCHRONOUS_IO)
		swap_writepage_bdev_sync(si, folio);
	else
		swap_writepage_bdev_async(si, folio);
}

int swap_writeout(struct folio *folio, struct swap_iocb **swap_plug)
{
	(void)swap_plug;
	VM_BUG_ON_FOLIO(!folio_flag_peek(folio, PG_locked), folio);

	/* Nobody may need the slot any more: no use writing it then. */
	if (folio_free_swap(folio))
		goto out_unlock;

	swap_check_io(__swap_entry_to_info(folio->swap), folio, __func__);
	/*
	 * The zeromap's bits belong to the locked cached folio; they are changed
	 * atomically because of the neighbours in the same word.
	 */
	if (is_folio_zero_filled(folio)) {
		swap_zeromap_folio_set(folio);
		goto out_unlock;
	}
	/* Or the bit of an earlier, zero-filled owner of the slot would be read. */
	swap_zeromap_folio_clear(folio);

	__swap_writepage(folio);
	return 0;
out_unlock:
	folio_unlock(folio);
	return 0;
}

/* ---- reading ------------------------------------------------------------------------------ */

static void swap_read_folio_bdev_sync(struct swap_info_struct *si, struct folio *folio)
{
	struct bio bio;

	bio_init(&bio, si, folio, false, NULL);
	submit_bio_wait(&bio);
	if (!bio.status)
		folio_mark_uptodate(folio);
	else
		PATH("swap_read_folio_bdev_sync: error, folio not uptodate");
	folio_unlock(folio);
}

static void swap_read_folio_bdev_async(struct swap_info_struct *si, struct folio *folio)
{
	struct bio *bio = bio_alloc(GFP_KERNEL);

	bio_init(bio, si, folio, false, end_swap_bio_read);
	/* The interrupt will unlock. */
	folio_lock_handoff(folio);
	submit_bio(bio);
}

void swap_read_folio(struct folio *folio, struct swap_iocb **plug)
{
	struct swap_info_struct *si = __swap_entry_to_info(folio->swap);

	(void)plug;
	/* As in 6.18: on a synchronous device a folio may bypass the swap cache. */
	VM_BUG_ON_FOLIO(!folio_flag_peek(folio, PG_swapcache) &&
			!(data_race(si->flags) & SWP_SYNCHRONOUS_IO), folio);
	VM_BUG_ON_FOLIO(!folio_flag_peek(folio, PG_locked), folio);
	VM_BUG_ON_FOLIO(folio_flag_peek(folio, PG_uptodate), folio);

	swap_check_io(si, folio, __func__);
	COUNT(swapin);
	if (swap_read_folio_zeromap(folio)) {
		folio_unlock(folio);
		return;
	}
	if (READ_ONCE(si->flags) & SWP_SYNCHRONOUS_IO)
		swap_read_folio_bdev_sync(si, folio);
	else
		swap_read_folio_bdev_async(si, folio);
}
