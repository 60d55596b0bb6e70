// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared files: each page's entry in the page tree is empty, a folio that says so too, or
 * a swap entry whose slot counts it. Entries change under the tree's lock: a file is
 * looked at while that is free. A folio names its file before it gets its entry, and
 * keeps its own lock until then.
 * Never instrumented: it reads everything raw.
 */
#include <linux/mm.h>
#include <linux/shmem_fs.h>
#include <linux/swap.h>
/* 7.2: after linux/swap.h. */
#include <linux/leafops.h>
#include <linux/swapops.h>
#include <linux/xarray.h>

#include "internal.h"

#include "core/tree/shim/check_raw.h"
#include "core/tree/shim/lock_word.h"
#include "core/tree/shim/page_state.h"
#include "core/tree/shim/world.h"

/* ---- the page tree --------------------------------------------------------------- */

static bool check_file_held(const struct inode *inode)
{
	return check_spin_held((const spinlock_t *)&inode->i_data.i_pages.xa_lock);
}

bool check_files_held(void)
{
	const struct inode *inode;
	unsigned n;

	for (n = 0; (inode = shim_next_inode(&n));)
		if (check_file_held(inode))
			return true;
	return false;
}

bool check_file_swap(const struct inode *inode, unsigned long index, int *type,
		     unsigned long *offset)
{
	unsigned long base;
	const void *entry = check_xarray_entry(&inode->i_data.i_pages, index, &base);
	softleaf_t swap;

	if (!xa_is_value(entry))
		return false;
	swap = radix_to_swp_entry((void *)entry);
	*type = (int)swp_type(swap);
	*offset = swp_offset(swap) + (index - base);
	return *type < MAX_SWAPFILES;
}

bool check_file_folio(const struct folio *folio)
{
	const struct inode *inode;
	unsigned n;

	if (!folio->mapping || (unsigned long)folio->mapping & FOLIO_MAPPING_FLAGS)
		return false;
	for (n = 0; (inode = shim_next_inode(&n));)
		if (folio->mapping == &inode->i_data)
			return true;
	return false;
}

/* ---- checks ---------------------------------------------------------------------- */

__cold static void file_fail(const char *title, const struct folio *folio, unsigned long index)
{
	char line[256] = "no folio";

	if (folio)
		shim_page_line(&folio->page, line, sizeof(line));
	check_fail(title, "index %lu; %s\n", index, line);
}

static void check_tree_entry(const struct inode *inode, unsigned long index, const void *entry,
			     unsigned long base)
{
	const struct folio *folio = entry;
	unsigned long pfn = page_to_pfn((const struct page *)entry);

	if (unlikely(pfn < SEAM_PAGES_RESERVED || pfn >= shim_pages || check_page_is_free(pfn))) {
		file_fail("invariant: page cache names no folio", NULL, index);
		return;
	}
	if (unlikely(folio->mapping != &inode->i_data || folio->index != base))
		file_fail("invariant: page cache names a folio that is not its own", folio, index);
	if (unlikely(check_refs(folio) < (1 << page_state_order(&folio->page))) && check_refs(folio))
		file_fail("invariant: fewer references than owners", folio, index);
}

static void check_file(const struct inode *inode, bool quiet)
{
	const struct shmem_inode_info *info = container_of(inode, struct shmem_inode_info,
							   vfs_inode);
	unsigned long index, base, offset, pages = 0, swapped = 0;
	int type;

	if (check_file_held(inode))
		return;
	for (index = 0; index < REGION_PAGES; index++) {
		const void *entry = check_xarray_entry(&inode->i_data.i_pages, index, &base);

		if (!entry)
			continue;
		if (xa_is_value(entry)) {
			/* A page that could not be read has a marker, which is not counted. */
			swapped += check_file_swap(inode, index, &type, &offset);
			continue;
		}
		pages++;
		check_tree_entry(inode, index, entry, base);
	}
	/* collapse_file() lets others see its folio before it counts it. */
	if (!quiet)
		return;
	if (unlikely(inode->i_data.nrpages != pages))
		check_fail("invariant: nrpages does not match the page cache",
			   "nrpages %lu, %lu pages\n", inode->i_data.nrpages, pages);
	if (unlikely(info->swapped != swapped || info->alloced < pages + swapped))
		check_fail("invariant: shmem's counts do not match the page cache",
			   "alloced %lu, swapped %lu; %lu pages, %lu swap entries\n", info->alloced,
			   info->swapped, pages, swapped);
	if (unlikely(swapped && info->swaplist.next == &info->swaplist))
		check_fail("invariant: file with swap entries is not on shmem's list",
			   "%lu swap entries\n", swapped);
}

/* A folio that says it is a file's is in that file's page tree. */
static void check_file_folios(void)
{
	unsigned long pfn = SEAM_PAGES_RESERVED, base;
	const struct folio *folio;

	while ((folio = check_next_folio(&pfn))) {
		if (check_flag(folio, PG_locked) || !check_file_folio(folio) ||
		    check_file_held(folio->mapping->host))
			continue;
		if (unlikely(check_xarray_entry(&folio->mapping->i_pages, folio->index, &base) != folio))
			file_fail("invariant: folio is not in its file's page cache", folio,
				  folio->index);
	}
}

static void check_files(bool quiet)
{
	const struct inode *inode;
	unsigned n, files = 0;

	for (n = 0; (inode = shim_next_inode(&n)); files++)
		check_file(inode, quiet);
	if (files)
		check_file_folios();
}

void check_shm_cheap(void)
{
	check_files(false);
}

void check_shm_quiet(void)
{
	check_files(true);
}

void check_shm_audit(void)
{
	const struct inode *inode;
	unsigned n = 0;

	inode = shim_next_inode(&n);
	if (inode)
		check_fail("leak: shared file at teardown", "%lu pages, count %d\n",
			   inode->i_data.nrpages, inode->i_count.counter);
}
