// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: mm/swapfile.c (discard_swap_cluster, swap_do_scheduled_discard,
 * swap_sync_discard, discard_swap).
 * A cluster that becomes empty on a device that discards goes to the discard
 * list first. Its flag stays CLUSTER_FLAG_DISCARD while it is off every list, so
 * that nobody allocates from it or moves it. The I/O sleeps and holds no lock.
 * Left out: discard errors. Locking: si->lock for the list, ci->lock to free.
 */
#include "core/swap/block_device.h"
#include "core/swap/swap.h"
#include "core/swap/swap_table.h"

/* Tells the device that its old contents are of no use; not the header. */
int discard_swap(struct swap_info_struct *si)
{
	struct swap_extent *se = first_se(si);

	might_sleep();
	if (se->nr_pages > 1) {
		bdev_discard(si->bdev, se->start_block + 1, se->nr_pages - 1);
		cond_resched();
	}
	for (se = next_se(se); se; se = next_se(se)) {
		bdev_discard(si->bdev, se->start_block, se->nr_pages);
		cond_resched();
	}
	return 0;
}

static void discard_swap_cluster(struct swap_info_struct *si, pgoff_t start_page, pgoff_t nr_pages)
{
	struct swap_extent *se = offset_to_swap_extent(si, start_page);

	might_sleep();
	/* The masked tail of the last cluster lies past the end of the device. */
	if (start_page + nr_pages > si->max)
		nr_pages = si->max - start_page;
	while (nr_pages && se) {
		pgoff_t offset = start_page - se->start_page;
		pgoff_t nr_blocks = min(se->nr_pages - offset, nr_pages);

		bdev_discard(si->bdev, se->start_block + offset, nr_blocks);
		start_page += nr_blocks;
		nr_pages -= nr_blocks;
		se = next_se(se);
	}
}

void swap_cluster_schedule_discard(struct swap_info_struct *si, struct swap_cluster_info *ci)
{
	VM_BUG_ON(ci->flags == CLUSTER_FLAG_FREE);
	lockdep_assert_held(&ci->lock);
	move_cluster(si, ci, &si->discard_clusters, CLUSTER_FLAG_DISCARD);
	schedule_work(&si->discard_work);
}

bool swap_do_scheduled_discard(struct swap_info_struct *si)
{
	struct swap_cluster_info *ci;
	bool ret = false;
	unsigned int idx;

	spin_lock(&si->lock);
	while (!list_empty(&si->discard_clusters)) {
		ci = list_first_entry(&si->discard_clusters, struct swap_cluster_info, list);
		/*
		 * Off the list, but the flag stays: this CPU's or another's
		 * percpu_swap_cluster may name it, or relocate_cluster() meet it.
		 */
		list_del(&ci->list);
		idx = cluster_index(si, ci);
		PATH("swap_do_scheduled_discard: lock dropped for the I/O");
		spin_unlock(&si->lock);
		discard_swap_cluster(si, idx * SWAPFILE_CLUSTER, SWAPFILE_CLUSTER);
		COUNT(discarded);

		spin_lock(&ci->lock);
		WARN_NAMED(ci->flags != CLUSTER_FLAG_DISCARD, "cluster moved while it was discarded");
		ci->flags = CLUSTER_FLAG_NONE;
		__free_cluster(si, ci);
		spin_unlock(&ci->lock);
		ret = true;
		spin_lock(&si->lock);
	}
	spin_unlock(&si->lock);
	return ret;
}

void swap_discard_work(struct work_struct *work)
{
	struct swap_info_struct *si = container_of(work, struct swap_info_struct, discard_work);

	swap_do_scheduled_discard(si);
}

bool swap_sync_discard(void)
{
	struct swap_info_struct *si, *next;
	bool ret = false;

	spin_lock(&swap_lock);
start_over:
	plist_for_each_entry_safe(si, next, &swap_active_head, list) {
		spin_unlock(&swap_lock);
		if (get_swap_device_info(si)) {
			if (READ_ONCE(si->flags) & SWP_PAGE_DISCARD)
				ret = swap_do_scheduled_discard(si);
			put_swap_device(si);
		}
		if (ret)
			return true;

		spin_lock(&swap_lock);
		if (&next->list.node_list != &swap_active_head.node_list &&
		    plist_node_empty(&next->list)) {
			PATH("swap_sync_discard: next device is off the list, again");
			goto start_over;
		}
	}
	spin_unlock(&swap_lock);
	return false;
}
