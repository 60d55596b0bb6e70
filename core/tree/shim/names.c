// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Roles that the model has too and that the tree's own allocations do not tell:
 * page tables ("pt mmN.R"), clusters and slots of a device. A swap table is named
 * when it is allocated: it is for the cluster that is off all lists and has none.
 * Never instrumented: it looks at others' data without locks, and makes no event.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/swap.h>

#include <asm/shim.h>

#include "swap.h"
#include "swap_table.h"

#include "core/tree/shim/device.h"
#include "core/tree/shim/world.h"

/* ---- page tables ----------------------------------------------------------------- */

void shim_name_page_table(struct mm_struct *mm, const void *entry, const void *table)
{
	unsigned long index = ((unsigned long)entry & ~PAGE_MASK) / sizeof(pte_t);
	unsigned long at = (unsigned long)entry - SEAM_ARENA_BASE;
	struct page *page = virt_to_page(table);
	int number = shim_mm_number(mm);
	bool top = ((unsigned long)entry & PAGE_MASK) == (unsigned long)mm->pgd;

	/* A split of a huge entry fills the table through a copy of the entry on the stack:
	 * the table is named when it takes the entry's place. */
	if (at >= shim_pages << PAGE_SHIFT)
		return;
	BUG_ON(index >= PTRS_PER_PMD);
	if (top) {
		seam_role_set(table, PAGE_SIZE, "pmd mm", number, -1);
		seam_role_set(page, sizeof(*page), "pmd page mm", number, -1);
		return;
	}
	seam_role_set(table, PAGE_SIZE, "pt mm", number, (int)index);
	seam_role_set(page, sizeof(*page), "pt page mm", number, (int)index);
#if ALLOC_SPLIT_PTLOCKS
	seam_role_set(page_ptdesc(page)->ptl, sizeof(spinlock_t), "ptl mm", number, (int)index);
#endif
}

/* ---- swap ------------------------------------------------------------------------ */

static int device_number(const struct swap_info_struct *si)
{
	return si->bdev ? shim_device_of(si->bdev)->number : -1;
}

static void name_table(const struct swap_info_struct *si, unsigned long cluster,
		       const void *table)
{
	const atomic_long_t *entries = table;
	unsigned long i;

	for (i = 0; i < SWAPFILE_CLUSTER; i++)
		seam_role_set(&entries[i], sizeof(entries[i]), "slot dev", device_number(si),
			      (int)(cluster * SWAPFILE_CLUSTER + i));
}

static unsigned long nr_clusters(const struct swap_info_struct *si)
{
	return DIV_ROUND_UP(si->max, SWAPFILE_CLUSTER);
}

/* After swapon. */
void shim_name_device(int dev)
{
	unsigned long i;
	int type;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		struct swap_info_struct *si = swap_info[type];

		if (!si || !si->cluster_info || device_number(si) != dev)
			continue;
		seam_role_set(si, sizeof(*si), "si dev", dev, -1);
		for (i = 0; i < nr_clusters(si); i++) {
			struct swap_cluster_info *ci = &si->cluster_info[i];

			seam_role_set(ci, sizeof(*ci), "cluster dev", dev, (int)i);
			if (ci->table)
				name_table(si, i, (const void *)ci->table);
		}
	}
}

static void name_swap_table(const void *table)
{
	unsigned long i;
	int type;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		struct swap_info_struct *si = swap_info[type];

		if (!si || !si->cluster_info)
			continue;
		for (i = 0; i < nr_clusters(si); i++) {
			const struct swap_cluster_info *ci = &si->cluster_info[i];

			if (ci->table || ci->count || ci->flags != CLUSTER_FLAG_NONE)
				continue;
			name_table(si, i, table);
			return;
		}
	}
}

static const struct kmem_cache *swap_table_cache;

void shim_name_cache(const struct kmem_cache *cache, const char *name)
{
	if (!strcmp(name, "swap_table"))
		swap_table_cache = cache;
}

void shim_name_object(const struct kmem_cache *cache, const void *object)
{
	if (cache == swap_table_cache && object)
		name_swap_table(object);
}

/* The struct stays for the next swapon of its number, with its percpu_ref. */
unsigned shim_swap_infos_of_size(unsigned size)
{
	unsigned n = 0;
	int type;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		const struct swap_info_struct *si = swap_info[type];

		if (!si)
			continue;
		n += seam_ksize(si) == size;
		n += si->users.data && seam_ksize(si->users.data) == size;
	}
	return n;
}
