// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: mm/page_io.c (swap_writeout, __swap_writepage, swap_read_folio, zero-filled
 * folios, swap_bdev_ops, submission and completion), include/linux/swap_ops.h.
 * I/O is collected in a swap_io_ctx while blocks are neighbours. A zero-filled folio is a
 * flag of its slots, not I/O. The completion of a read sets uptodate unless it failed,
 * and unlocks; that of a write ends writeback, after an error the folio is dirty again.
 * Left out: zswap, swap to files of a filesystem, block plugs, memcg.
 * Locking: the folio is locked by the caller; writing unlocks it first. ci->lock for flags.
 */
#include "core/swap/block_device.h"
#include "core/swap/swap_table.h"

/* As many as reclaim takes off a list at a time (SWAP_CLUSTER_MAX in the kernel). */
#define SWAP_IOCB_FOLIOS 4

/* Folios whose blocks are neighbours, and their transfer. */
struct swap_iocb {
	struct bio bio;
	struct bio_vec bvecs[SWAP_IOCB_FOLIOS];
	unsigned int nr_bvecs;
};

enum { READ, WRITE };

static DEFINE_KMEM_CACHE(sio_pool, struct swap_iocb, "swap_iocb");

/* ---- completion --------------------------------------------------------------- */

static void swap_write_end(struct swap_iocb *sio, bool failed)
{
	for (unsigned int p = 0; p < sio->nr_bvecs; p++) {
		struct folio *folio = sio->bvecs[p].folio;

		if (failed) {
			/* Dirty again, or reclaim would drop it as if it had been written. */
			PATH("swap_write_end: error, folio dirty again");
			folio_mark_dirty(folio);
			folio_clear_reclaim(folio);
		}
		folio_end_writeback(folio);
	}
	kmem_cache_free(&sio_pool, sio);
}

static void end_swap_bio_write(struct bio *bio)
{
	swap_write_end(container_of(bio, struct swap_iocb, bio), bio->status != 0);
}

static void swap_read_end(struct swap_iocb *sio, bool failed)
{
	for (unsigned int p = 0; p < sio->nr_bvecs; p++) {
		struct folio *folio = sio->bvecs[p].folio;

		if (failed)
			PATH("swap_read_end: error, folio not uptodate");
		else
			folio_mark_uptodate(folio);
		folio_unlock(folio);
	}
	kmem_cache_free(&sio_pool, sio);
}

static void swap_bio_read_end_io(struct bio *bio)
{
	swap_read_end(container_of(bio, struct swap_iocb, bio), bio->status != 0);
}

/* ---- submission: swap_bdev_ops --------------------------------------------------- */

static struct bio *swap_bio_init(struct swap_io_ctx *ctx, bool write)
{
	struct swap_iocb *sio = ctx->sio;
	struct bio *bio = &sio->bio;

	bio->bdev = ctx->sis->bdev;
	bio->si = ctx->sis;
	bio->bvecs = sio->bvecs;
	bio->nr_bvecs = sio->nr_bvecs;
	bio->block = swap_folio_block(ctx->sis, sio->bvecs[0].folio);
	bio->write = write;
	bio->status = 0;
	bio->end_io = NULL;
	return bio;
}

static void swap_bdev_submit_write(struct swap_io_ctx *ctx)
{
	struct bio *bio = swap_bio_init(ctx, true);

	if (READ_ONCE(ctx->sis->flags) & SWP_SYNCHRONOUS_IO) {
		submit_bio_wait(bio);
		end_swap_bio_write(bio);
	} else {
		bio->end_io = end_swap_bio_write;
		submit_bio(bio);
	}
}

static void swap_bdev_submit_read(struct swap_io_ctx *ctx)
{
	struct bio *bio = swap_bio_init(ctx, false);

	if (READ_ONCE(ctx->sis->flags) & SWP_SYNCHRONOUS_IO) {
		submit_bio_wait(bio);
		swap_bio_read_end_io(bio);
	} else {
		bio->end_io = swap_bio_read_end_io;
		/* The interrupt will unlock. */
		for (unsigned int p = 0; p < bio->nr_bvecs; p++)
			folio_lock_handoff(bio->bvecs[p].folio);
		submit_bio(bio);
	}
}

static bool swap_bdev_can_merge(struct swap_info_struct *si, const struct folio *folio,
				const struct folio *prev_folio)
{
	return swap_folio_block(si, folio) ==
	       swap_folio_block(si, prev_folio) + (u64)folio_nr_pages(prev_folio);
}

void swap_write_submit(struct swap_io_ctx *ctx)
{
	if (!ctx->sio)
		return;
	swap_bdev_submit_write(ctx);
	ctx->sio = NULL;
	ctx->sis = NULL;
}

void swap_read_submit(struct swap_io_ctx *ctx)
{
	if (!ctx->sio)
		return;
	swap_bdev_submit_read(ctx);
	ctx->sio = NULL;
	ctx->sis = NULL;
}

static void swap_submit(struct swap_io_ctx *ctx, int rw)
{
	if (rw == WRITE)
		swap_write_submit(ctx);
	else
		swap_read_submit(ctx);
}

/* ---- collecting ------------------------------------------------------------------- */

static bool swap_can_merge(struct swap_io_ctx *ctx, const struct folio *folio)
{
	struct swap_info_struct *sis = __swap_entry_to_info(folio->swap);

	if (ctx->sis != sis)
		return false;
	return swap_bdev_can_merge(sis, folio, ctx->sio->bvecs[ctx->sio->nr_bvecs - 1].folio);
}

static void swap_add_folio(struct swap_io_ctx *ctx, struct folio *folio, int rw)
{
	struct swap_info_struct *sis = __swap_entry_to_info(folio->swap);
	struct swap_iocb *sio = ctx->sio;

	if (sio && !swap_can_merge(ctx, folio)) {
		PATH("swap_add_folio: not a neighbour, submitted");
		swap_submit(ctx, rw);
		sio = ctx->sio;
	}

	if (!sio) {
		ctx->sis = sis;
		/* From a mempool in the kernel: sleeps rather than fails. */
		ctx->sio = sio = kmem_cache_alloc(&sio_pool, GFP_NOIO | __GFP_NOFAIL);
		BUG_ON(!sio);
		sio->nr_bvecs = 0;
	}
	sio->bvecs[sio->nr_bvecs] = (struct bio_vec){ .folio = folio, .entry = folio->swap };

	/* Reclaim counts on a synchronous write being over when it looks at the folio. */
	if (++sio->nr_bvecs == ARRAY_SIZE(sio->bvecs) ||
	    (rw == WRITE && (READ_ONCE(sis->flags) & SWP_SYNCHRONOUS_IO)))
		swap_submit(ctx, rw);
}

/* ---- zero-filled folios ------------------------------------------------------------ */

static void swap_zeromap_folio_set(struct folio *folio)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	unsigned int ci_off = swp_cluster_offset(folio->swap);
	struct swap_cluster_info *ci;
	long i;

	ci = swap_cluster_get_and_lock(folio);
	for (i = 0; i < folio_nr_pages(folio); i++)
		__swap_table_set_zero(ci, ci_off + (unsigned int)i);
	swap_cluster_unlock(ci);
}

static void swap_zeromap_folio_clear(struct folio *folio)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	unsigned int ci_off = swp_cluster_offset(folio->swap);
	struct swap_cluster_info *ci;
	long i;

	ci = swap_cluster_get_and_lock(folio);
	for (i = 0; i < folio_nr_pages(folio); i++)
		__swap_table_clear_zero(ci, ci_off + (unsigned int)i);
	swap_cluster_unlock(ci);
}

/* How many slots from entry on have the zero flag of the first one, which is in *is_zerop. */
static long swap_zeromap_batch(swp_entry_t entry, long max_nr, bool *is_zerop)
{
	struct swap_cluster_info *ci = __swap_entry_to_cluster(entry);
	unsigned int ci_start = swp_cluster_offset(entry);
	bool is_zero;
	long i;

	VM_WARN_ON(ci_start + (unsigned long)max_nr > SWAPFILE_CLUSTER);
	rcu_read_lock();
	is_zero = __swap_table_test_zero(ci, ci_start);
	for (i = 1; i < max_nr; i++) {
		if (is_zero != __swap_table_test_zero(ci, ci_start + (unsigned int)i))
			break;
	}
	rcu_read_unlock();
	*is_zerop = is_zero;
	return i;
}

/* True: it was zero-filled (or partly: not uptodate then), and is done. */
static bool swap_read_folio_zeromap(struct folio *folio)
{
	long nr_pages = folio_nr_pages(folio);
	bool is_zeromap;

	/* The folio lock keeps the slots, and so the cluster and its flags. */
	if (WARN_NAMED(swap_zeromap_batch(folio->swap, nr_pages, &is_zeromap) != nr_pages,
		       "large folio partly zero-filled on swap"))
		return true;
	if (!is_zeromap)
		return false;

	folio_zero_user(folio);
	folio_mark_uptodate(folio);
	return true;
}

/* ---- writing ---------------------------------------------------------------------------- */

static void __swap_writepage(struct swap_io_ctx *ctx, struct folio *folio)
{
	VM_BUG_ON_FOLIO(!folio_flag_peek(folio, PG_swapcache), folio);
	COUNT(swapout);
	folio_start_writeback(folio);
	folio_unlock(folio);
	swap_add_folio(ctx, folio, WRITE);
}

int swap_writeout(struct swap_io_ctx *ctx, struct folio *folio)
{
	VM_BUG_ON_FOLIO(!folio_flag_peek(folio, PG_locked), folio);

	/* Nobody may need the slot any more: no use writing it then. */
	if (folio_free_swap(folio))
		goto out_unlock;

	swap_check_io(__swap_entry_to_info(folio->swap), folio, __func__);
	if (is_folio_zero_filled(folio)) {
		swap_zeromap_folio_set(folio);
		goto out_unlock;
	}
	/* Or the flag of an earlier, zero-filled write to the slot would be read. */
	swap_zeromap_folio_clear(folio);

	/* Place of zswap_store(). */
	__swap_writepage(ctx, folio);
	return 0;
out_unlock:
	folio_unlock(folio);
	return 0;
}

/* ---- reading ------------------------------------------------------------------------------ */

void swap_read_folio(struct swap_io_ctx *ctx, struct folio *folio)
{
	struct swap_info_struct *si = __swap_entry_to_info(folio->swap);

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
	/* Place of zswap_load(). */
	swap_add_folio(ctx, folio, READ);
}
