// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a device keeps what was written, half by half, fails when the schedule says so,
 * completes in an interrupt if it is asynchronous, and is asked for nothing that it
 * does not have. Method: a page of mm 1 goes out and comes back; bios made by hand.
 */
#include <linux/bio.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>

#include "core/tree/shim/device.h"
#include "core/tree/shim/world.h"
#include "core/tree/test/shim_test.h"

#define VALUE 0x2222222222222222UL
#define HALF (SEAM_PAGE_WORDS / 2)

static int over;

static unsigned long word(int dev, unsigned long block, int w)
{
	return __atomic_load_n(shim_devices[dev].words + block * SEAM_PAGE_WORDS + w,
			       __ATOMIC_RELAXED);
}

/* Blocks of the device whose first and middle word have the value, or not. */
static unsigned blocks_with(int dev, bool first, bool middle)
{
	unsigned long block;
	unsigned n = 0;

	for (block = 1; block < shim_devices[dev].nr_blocks; block++)
		n += (word(dev, block, 0) == VALUE) == first &&
		     (word(dev, block, HALF) == VALUE) == middle;
	return n;
}

/* ---- through swap --------------------------------------------------------------------- */

static void write_out(void)
{
	if (tree_mmap(1, 0, 1, 0, 0) || tree_write(1, 0, VALUE))
		return; /* an allocation has failed, by choice of the schedule */
	tree_madvise(1, 0, 1, MADV_PAGEOUT);
}

/* Outcomes: 1 it came back, 2 the read failed. */
static void round_trip(void)
{
	unsigned long words[SEAM_PAGE_WORDS] = { 0 };
	int w, ret;

	write_out();
	ret = tree_read(1, 0, words);
	seam_selftest_saw(ret == -EHWPOISON ? 2 : !ret ? 1 : 0);
	for (w = 0; !ret && w < SEAM_PAGE_WORDS; w++)
		MUST(words[w] == VALUE || !words[w], "a page came back with something else");
}

static void round_trip_async(void)
{
	tree_swapoff(0);
	round_trip();
}

static void sync_writer(void)
{
	write_out();
	WRITE_ONCE(over, 1);
}

/* Outcome 1: the write was half done. */
static void tear_watcher(void)
{
	while (!READ_ONCE(over)) {
		if (blocks_with(0, true, false))
			seam_selftest_saw(1);
		MUST(!blocks_with(0, false, true), "the second half was written first");
		cond_resched();
	}
}

/* Outcomes: 1 the transfer is over when the write has been submitted, 2 it is not. */
static void async_writer(void)
{
	tree_swapoff(0);
	write_out();
	seam_selftest_saw(blocks_with(1, true, true) ? 1 : 2);
}

/* ---- bios by hand --------------------------------------------------------------------- */

static int read_block(int dev, unsigned long block, unsigned long *first)
{
	struct folio *folio = folio_alloc(GFP_KERNEL | __GFP_NOFAIL, 0);
	struct bio_vec vec;
	struct bio bio;
	int ret;

	bio_init(&bio, &shim_devices[dev].bdev, &vec, 1, REQ_OP_READ);
	bio.bi_iter.bi_sector = block << (PAGE_SHIFT - SECTOR_SHIFT);
	bio_add_folio_nofail(&bio, folio, PAGE_SIZE, 0);
	ret = submit_bio_wait(&bio);
	*first = *(unsigned long *)folio_address(folio);
	memset(folio_address(folio), 0, SEAM_PAGE_WORDS * sizeof(long));
	folio_put(folio);
	return ret;
}

/* What nobody wrote is garbage. */
static void read_garbage(void)
{
	unsigned long first;

	if (read_block(0, 1, &first)) {
		seam_selftest_saw(2);
		return;
	}
	seam_selftest_saw(1);
	MUST(first == word(0, 1, 0) && first, "a read gave what is not on the device");
}

static void read_past_end(void)
{
	unsigned long first;

	(void)read_block(0, shim_devices[0].nr_blocks, &first);
}

static void read_device_off(void)
{
	unsigned long first;

	(void)read_block(2, 1, &first);
}

const struct tree_selftest shim_io_tests[] = {
	SILENT(io_round_trip, 3, round_trip),
	SILENT(io_round_trip_async, 1, round_trip_async),
	SILENT(io_torn_write, 1, sync_writer, tear_watcher),
	SILENT(io_async_write, 2, async_writer),
	SILENT(io_garbage_and_errors, 3, read_garbage),
	PLANTED(io_past_the_end, "BUG: swap I/O past the end of the device in bio_transfer",
		read_past_end),
	PLANTED(io_device_off, "BUG: swap I/O on a device that is off in bio_transfer",
		read_device_off),
	{ .name = NULL },
};
