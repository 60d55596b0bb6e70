// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stubs of fs/, block/ and mm/page-writeback.c: folios of the swap cache have no
 * mapping whose dirty pages somebody would count, and no file is ever written.
 * Left out: dirty accounting and throttling, plugs (a bio goes to its device at once),
 * stable page writes other than of swap.
 */
#include <linux/backing-dev.h>
#include <linux/blkdev.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/writeback.h>

#include "internal.h"

#include "core/tree/shim/world.h"

/* ---- block/ ---------------------------------------------------------------------- */

void blk_start_plug(struct blk_plug *plug)
{
}

void blk_finish_plug(struct blk_plug *plug)
{
}

void __blk_flush_plug(struct blk_plug *plug, bool from_schedule)
{
}

/* ---- fs/ ------------------------------------------------------------------------- */

void __mark_inode_dirty(struct inode *inode, int flags)
{
}

void inode_dio_wait(struct inode *inode)
{
}

void wakeup_flusher_threads(enum wb_reason reason)
{
}

/* No mm has an executable. */
struct file *get_file_rcu(struct file __rcu **file)
{
	BUG_ON(rcu_access_pointer(*file));
	return NULL;
}

static struct backing_dev_info no_bdi;

struct backing_dev_info *inode_to_bdi(struct inode *inode)
{
	return &no_bdi;
}

/* ---- mm/page-writeback.c --------------------------------------------------------- */

void page_writeback_init(void)
{
}

bool noop_dirty_folio(struct address_space *mapping, struct folio *folio)
{
	return !folio_test_dirty(folio) && !folio_test_set_dirty(folio);
}

bool folio_mark_dirty(struct folio *folio)
{
	return !folio_test_dirty(folio) && !folio_test_set_dirty(folio);
}

bool folio_mark_dirty_lock(struct folio *folio)
{
	bool changed;

	folio_lock(folio);
	changed = folio_mark_dirty(folio);
	folio_unlock(folio);
	return changed;
}

bool folio_clear_dirty_for_io(struct folio *folio)
{
	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	return folio_test_clear_dirty(folio);
}

void __folio_cancel_dirty(struct folio *folio)
{
	folio_clear_dirty(folio);
}

void __folio_start_writeback(struct folio *folio, bool keep_write)
{
	VM_BUG_ON_FOLIO(folio_test_writeback(folio), folio);
	VM_BUG_ON_FOLIO(!folio_test_locked(folio), folio);
	folio_test_set_writeback(folio);
	node_stat_mod_folio(folio, NR_WRITEBACK, folio_nr_pages(folio));
}

bool __folio_end_writeback(struct folio *folio)
{
	bool waiters = folio_xor_flags_has_waiters(folio, 1 << PG_writeback);

	node_stat_mod_folio(folio, NR_WRITEBACK, -folio_nr_pages(folio));
	return waiters;
}

void folio_wait_writeback(struct folio *folio)
{
	while (folio_test_writeback(folio))
		folio_wait_bit(folio, PG_writeback);
}

void folio_wait_stable(struct folio *folio)
{
}
