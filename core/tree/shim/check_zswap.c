// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * zswap's entries against swap slots: an entry stands for a slot that is in use, names that
 * slot, and has an object that is not free. Slot and entry change under the cluster's lock,
 * so a cluster is looked at when its lock is free. On a quiet machine zswap's count of pages
 * and its LRU list agree with the trees.
 * Never instrumented: it reads everything raw.
 */
#include <linux/mm.h>
#include <linux/swap.h>
#include <linux/xarray.h>

#include "swap.h"
#include "swap_table.h"

#include "core/tree/shim/check_raw.h"
#include "core/tree/shim/world.h"
#include "core/tree/shim/zswap.h"

__cold static void entry_fail(const char *title, int type, unsigned long offset,
			      const struct check_zswap_entry *entry)
{
	check_fail(title, "slot %d:%lu: entry of slot %d:%lu, length %u\n", type, offset,
		   (int)swp_type(entry->slot), swp_offset(entry->slot), entry->length);
}

static const void *entry_of(int type, unsigned long offset)
{
	const struct xarray *tree = check_zswap_tree(type);
	unsigned long base;

	return tree ? check_xarray_entry(tree, offset, &base) : NULL;
}

/* One that is being stored is in the tree before it is complete: under its folio's lock. */
static bool is_being_stored(const struct swap_info_struct *si, unsigned long offset)
{
	unsigned long word = check_word(si, offset);

	return swp_tb_is_folio(word) && check_word_pfn(word) < shim_pages &&
	       check_flag(check_folio(check_word_pfn(word)), PG_locked);
}

/* 1: there is an entry. */
static unsigned check_slot(const struct swap_info_struct *si, unsigned long offset)
{
	const void *p = entry_of(si->type, offset);
	struct check_zswap_entry entry;

	if (!p)
		return 0;
	if (check_spin_held(&si->cluster_info[offset / SWAPFILE_CLUSTER].lock) ||
	    is_being_stored(si, offset))
		return 1;
	entry = check_zswap_entry(p);
	if (unlikely(!check_word(si, offset)))
		entry_fail("invariant: zswap entry of a free swap slot", si->type, offset, &entry);
	if (unlikely((int)swp_type(entry.slot) != si->type || swp_offset(entry.slot) != offset))
		entry_fail("invariant: zswap entry names another slot", si->type, offset, &entry);
	if (unlikely(!check_zsmalloc_live(entry.object)))
		entry_fail("invariant: zswap entry with a free object", si->type, offset, &entry);
	return 1;
}

static long check_entries(void)
{
	unsigned long offset;
	long n = 0;
	int type;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		const struct swap_info_struct *si = check_device(type);

		for (offset = 0; si && offset < si->max; offset++)
			n += check_slot(si, offset);
	}
	return n;
}

void check_zswap_cheap(void)
{
	if (check_zswap_stored())
		check_entries();
}

void check_zswap_quiet(void)
{
	long n = check_entries(), stored = check_zswap_stored(), listed = check_zswap_listed();

	if (unlikely(n != stored))
		check_fail("invariant: zswap_stored_pages does not match the entries",
			   "%ld pages, %ld entries\n", stored, n);
	if (unlikely(n != listed))
		check_fail("invariant: zswap's LRU list does not match the entries",
			   "%ld on the list, %ld entries\n", listed, n);
}
