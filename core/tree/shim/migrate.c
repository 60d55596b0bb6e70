// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The op migrate: the folios behind a range of the calling mm are isolated and go to
 * mm/migrate.c. MIGRATE_SYNC is as move_pages() with MPOL_MF_MOVE_ALL or soft offline
 * do it: all batches are emptied first, and it waits for locks and writeback. MIGRATE_ASYNC
 * is as compaction does it: only this CPU's batches, and nothing is waited for.
 * There is one node, so a folio moves to another frame of the same node.
 * Left out: what a system call does around it, folios of other nodes, page offlining.
 * Locking: mmap_lock for each page, as move_pages(); none while folios move.
 */
#include <linux/gfp.h>
#include <linux/migrate.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/pagewalk.h>
#include <linux/swap.h>

#include "internal.h"

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

/* Puts the folio that addr is mapped to on the list, if there is one that can be isolated.
 * A page of a folio that is on the list already is no error. */
static int isolate_at(struct mm_struct *mm, unsigned long addr, struct list_head *list)
{
	struct vm_area_struct *vma;
	struct folio_walk walk;
	struct folio *folio;
	int err = -EFAULT;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma) {
		err = -ENOENT;
		folio = folio_walk_start(&walk, vma, addr, 0);
		if (folio) {
			err = isolate_folio_to_list(folio, list) ? 0 : -EBUSY;
			folio_walk_end(&walk, vma);
		}
	}
	mmap_read_unlock(mm);
	return err;
}

static int migrate_list(struct list_head *list, bool sync)
{
	struct migration_target_control target = {
		.nid = NUMA_NO_NODE,
		.gfp_mask = GFP_HIGHUSER_MOVABLE,
		.reason = sync ? MR_SYSCALL : MR_COMPACTION,
	};
	int left;

	left = migrate_pages(list, alloc_migration_target, NULL, (unsigned long)&target,
			     sync ? MIGRATE_SYNC : MIGRATE_ASYNC, target.reason, NULL);
	if (left)
		putback_movable_pages(list);
	return left > 0 ? -EAGAIN : left;
}

static int migrate_range(struct mm_struct *mm, int page, int pages, bool sync)
{
	int i, err, first_err = 0;
	LIST_HEAD(list);

	for (i = 0; i < pages; i++) {
		err = isolate_at(mm, user_addr(page + i), &list);
		first_err = first_err ?: err;
	}
	return list_empty(&list) ? first_err : migrate_list(&list, sync);
}

int tree_migrate(int mm, int page, int pages, int sync)
{
	struct mm_struct *m = mm_enter_range(mm, page, pages);
	int ret;

	if (!m)
		return -EINVAL;
	if (sync)
		lru_cache_disable();
	else
		lru_add_drain();
	ret = migrate_range(m, page, pages, sync);
	if (sync)
		lru_cache_enable();
	mm_leave(mm);
	return ret;
}
