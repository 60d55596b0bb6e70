// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: mm/swapfile.c (folio_alloc_swap and the cluster allocator).
 * A slot comes from this CPU's cluster, else from the lists of a device: free
 * first where it discards, nonfull, free, then what reclaim of a full cluster or
 * stealing from other orders gives. Rotational devices have one cluster for all.
 * ci->lock is dropped to reclaim cached slots, so the cluster is looked at anew.
 * SWP_WRITEOK is looked at under ci->lock, immediately before slots are taken:
 * swapoff clears it and then takes each ci->lock once.
 * Left out: memcg. Locking: local_lock -> global_cluster_lock -> ci->lock.
 */
#include "core/swap/swap.h"
#include "core/swap/swap_table.h"

DEFINE_PER_CPU_INIT(struct percpu_swap_cluster, percpu_swap_cluster, {
	.si = { NULL },
	.offset = { SWAP_ENTRY_INVALID },
	.lock = INIT_LOCAL_LOCK(percpu_swap_cluster.lock),
});

/*
 * Drops ci->lock to free the cached slots of a range. *usable: the cluster may
 * still be allocated from by this order. True: the range is free now.
 */
static bool cluster_reclaim_range(struct swap_info_struct *si, struct swap_cluster_info *ci,
				  unsigned long start, unsigned int order, bool *usable)
	__no_lock_analysis("drops and retakes the caller's lock")
{
	unsigned long offset = start, end = start + (1UL << order);
	unsigned long swp_tb;

	PATH("cluster_reclaim_range: lock dropped");
	spin_unlock(&ci->lock);
	do {
		swp_tb = swap_table_get(ci, (unsigned int)(offset % SWAPFILE_CLUSTER));
		if (swp_tb_get_count(swp_tb))
			break;
		if (swp_tb_is_folio(swp_tb)) {
			if (__try_to_reclaim_swap(si, offset, TTRS_ANYWAY) < 0) {
				PATH("cluster_reclaim_range: folio kept");
				break;
			}
		}
	} while (++offset < end);
	spin_lock(&ci->lock);

	/* Another order may have it by now, or it was freed: then it has no table. */
	if (!cluster_is_usable(ci, order)) {
		PATH("cluster_reclaim_range: cluster no longer usable");
		*usable = false;
		return false;
	}
	*usable = true;

	if (cluster_is_empty(ci)) {
		PATH("cluster_reclaim_range: cluster empty");
		return true;
	}

	/* Whatever reclaim said: others were here. */
	for (offset = start; offset < end; offset++) {
		swp_tb = __swap_table_get(ci, (unsigned int)(offset % SWAPFILE_CLUSTER));
		if (!swp_tb_is_null(swp_tb)) {
			PATH("cluster_reclaim_range: range not free");
			return false;
		}
	}
	return true;
}

/* Is the range free, or free but for cached slots (*need_reclaim)? */
static bool cluster_scan_range(struct swap_cluster_info *ci, unsigned long offset,
			       unsigned int nr_pages, bool *need_reclaim)
{
	unsigned int ci_off = (unsigned int)(offset % SWAPFILE_CLUSTER);
	unsigned int ci_end = ci_off + nr_pages;
	unsigned long swp_tb;

	lockdep_assert_held(&ci->lock);
	do {
		swp_tb = __swap_table_get(ci, ci_off);
		if (swp_tb_is_null(swp_tb))
			continue;
		if (swp_tb_is_folio(swp_tb) && !__swp_tb_get_count(swp_tb)) {
			if (!vm_swap_full())
				return false;
			*need_reclaim = true;
			continue;
		}
		WARN_NAMED(!swp_tb_get_count(swp_tb), "swap slot neither free, cached nor counted");
		return false;
	} while (++ci_off < ci_end);

	return true;
}

/* Where a seeded bug looks at SWP_WRITEOK: before any cluster lock. */
static void seeded_look_early(struct swap_info_struct *si)
{
	if (bug_seeded(BUG_ALLOC_WRITEOK_UNLOCKED))
		raw_cpu_ptr(&percpu_swap_cluster)->seeded_writeok =
			READ_ONCE(si->flags) & SWP_WRITEOK;
}

/*
 * Takes the free slots of folio at ci_off: cached, with count 0. Without a folio
 * (hibernation) one slot, not cached, with count 1. False: the device goes off.
 */
static bool __swap_cluster_alloc_entries(struct swap_info_struct *si,
					 struct swap_cluster_info *ci, struct folio *folio,
					 unsigned int ci_off)
{
	unsigned int order = 0, nr_pages = 1;

	lockdep_assert_held(&ci->lock);

	if (bug_seeded(BUG_ALLOC_WRITEOK_UNLOCKED)) {
		/* Looked at before the lock was taken: see seeded_look_early(). */
		if (!raw_cpu_ptr(&percpu_swap_cluster)->seeded_writeok)
			return false;
	} else if (!(READ_ONCE(si->flags) & SWP_WRITEOK) &&
		   !bug_seeded(BUG_ALLOC_NO_WRITEOK_RECHECK)) {
		PATH("__swap_cluster_alloc_entries: device is going off");
		return false;
	}

	if (likely(folio)) {
		order = folio_order(folio);
		nr_pages = 1U << order;
		swap_cluster_assert_empty(ci, ci_off, nr_pages, false);
		__swap_cache_add_folio(ci, folio, swp_entry((unsigned long)si->type,
							    ci_off + cluster_offset(si, ci)));
	} else {
		swap_cluster_assert_empty(ci, ci_off, 1, false);
		__swap_table_set(ci, ci_off, __swp_tb_mk_count(shadow_to_swp_tb(NULL, 0), 1));
	}

	/* The first allocation in a cluster gives it its order. */
	if (cluster_is_empty(ci))
		ci->order = (u8)order;
	ci->count = (u16)(ci->count + nr_pages);
	swap_range_alloc(si, nr_pages);
	return true;
}

/* Tries one cluster, from offset on; ci->lock held, and dropped. 0: no slot. */
unsigned int alloc_swap_scan_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci,
				     struct folio *folio, unsigned long offset)
	__no_lock_analysis("unlocks the cluster that its caller locked")
{
	unsigned int next = SWAP_ENTRY_INVALID, found = SWAP_ENTRY_INVALID;
	unsigned long start = round_down(offset, (unsigned long)SWAPFILE_CLUSTER);
	unsigned int order = likely(folio) ? folio_order(folio) : 0;
	unsigned long end = start + SWAPFILE_CLUSTER;
	unsigned int nr_pages = 1U << order;
	bool need_reclaim, ret, usable;

	lockdep_assert_held(&ci->lock);
	WARN_NAMED(!cluster_is_usable(ci, order), "cluster not usable");

	if (end < nr_pages || ci->count + nr_pages > SWAPFILE_CLUSTER)
		goto out;

	for (end -= nr_pages; offset <= end; offset += nr_pages) {
		need_reclaim = false;
		if (!cluster_scan_range(ci, offset, nr_pages, &need_reclaim))
			continue;
		if (need_reclaim) {
			ret = cluster_reclaim_range(si, ci, offset, order, &usable);
			if (!usable)
				goto out;
			if (cluster_is_empty(ci))
				offset = start;
			/* Not reclaimed, but still usable: try the next range. */
			if (!ret)
				continue;
		}
		if (!__swap_cluster_alloc_entries(si, ci, folio,
						  (unsigned int)(offset % SWAPFILE_CLUSTER)))
			break;
		found = (unsigned int)offset;
		offset += nr_pages;
		if (ci->count < SWAPFILE_CLUSTER && offset <= end)
			next = (unsigned int)offset;
		break;
	}
out:
	relocate_cluster(si, ci);
	swap_cluster_unlock(ci);
	if (READ_ONCE(si->flags) & SWP_SOLIDSTATE) {
		this_cpu_write(percpu_swap_cluster.offset[order], next);
		this_cpu_write(percpu_swap_cluster.si[order], si);
	} else {
		si->global_cluster->next[order] = next;
	}
	return found;
}

static unsigned int alloc_swap_scan_list(struct swap_info_struct *si, struct list_head *list,
					 struct folio *folio, bool scan_all)
{
	unsigned int found = SWAP_ENTRY_INVALID;

	do {
		struct swap_cluster_info *ci = isolate_lock_cluster(si, list);

		if (!ci)
			break;
		found = alloc_swap_scan_cluster(si, ci, folio, cluster_offset(si, ci));
		if (found)
			break;
	} while (scan_all);

	return found;
}

/* Drops cached slots with count 0 from full clusters: one, or with force all. */
static void swap_reclaim_full_clusters(struct swap_info_struct *si, bool force)
	__no_lock_analysis("drops and retakes what a returning lock function took")
{
	struct swap_cluster_info *ci;
	unsigned long offset, end;
	unsigned long swp_tb;
	long to_scan = 1;
	int nr_reclaim;

	if (force)
		to_scan = swap_usage_in_pages(si) / (long)SWAPFILE_CLUSTER;

	while ((ci = isolate_lock_cluster(si, &si->full_clusters))) {
		offset = cluster_offset(si, ci);
		end = min((unsigned long)si->max, offset + SWAPFILE_CLUSTER);
		to_scan--;

		while (offset < end) {
			swp_tb = swap_table_get(ci, (unsigned int)(offset % SWAPFILE_CLUSTER));
			if (swp_tb_is_folio(swp_tb) && !__swp_tb_get_count(swp_tb)) {
				PATH("swap_reclaim_full_clusters: lock dropped");
				spin_unlock(&ci->lock);
				nr_reclaim = __try_to_reclaim_swap(si, offset, TTRS_ANYWAY);
				spin_lock(&ci->lock);
				if (nr_reclaim) {
					offset += (unsigned long)(nr_reclaim < 0 ? -nr_reclaim :
								  nr_reclaim);
					continue;
				}
			}
			offset++;
		}

		/* Nothing was freed, and nobody else put it on a list. */
		if (ci->flags == CLUSTER_FLAG_NONE)
			relocate_cluster(si, ci);

		swap_cluster_unlock(ci);
		if (to_scan <= 0)
			break;
		/* Without force the loop has ended by now: locks are held then. */
		cond_resched();
	}
}

void swap_reclaim_work(struct work_struct *work)
{
	struct swap_info_struct *si = container_of(work, struct swap_info_struct, reclaim_work);

	swap_reclaim_full_clusters(si, true);
}

/* The one cluster of a rotational device; its lock stays held. */
static unsigned int alloc_from_global_cluster(struct swap_info_struct *si, struct folio *folio,
					      unsigned int order)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	unsigned int offset = si->global_cluster->next[order], found = SWAP_ENTRY_INVALID;
	struct swap_cluster_info *ci;

	lockdep_assert_held(&si->global_cluster_lock);
	if (offset == SWAP_ENTRY_INVALID)
		return found;

	ci = swap_cluster_lock(si, offset);
	if (cluster_is_usable(ci, order)) {
		if (cluster_is_empty(ci))
			offset = cluster_offset(si, ci);
		found = alloc_swap_scan_cluster(si, ci, folio, offset);
	} else {
		PATH("cluster_alloc_swap_entry: global cluster taken by another order");
		swap_cluster_unlock(ci);
	}
	return found;
}

unsigned long cluster_alloc_swap_entry(struct swap_info_struct *si, struct folio *folio)
	__no_lock_analysis("the global lock is taken for rotational devices only")
{
	const bool rotational = !(READ_ONCE(si->flags) & SWP_SOLIDSTATE);
	const bool discards = READ_ONCE(si->flags) & SWP_PAGE_DISCARD;
	unsigned int order = likely(folio) ? folio_order(folio) : 0;
	unsigned int found = SWAP_ENTRY_INVALID, o;

	lockdep_assert_local_held(&percpu_swap_cluster.lock);
	/* Large entries must be contiguous on the device. */
	if (order && !(READ_ONCE(si->flags) & SWP_BLKDEV))
		return 0;
	seeded_look_early(si);

	if (rotational) {
		spin_lock(&si->global_cluster_lock);
		found = alloc_from_global_cluster(si, folio, order);
		if (found)
			goto done;
	}

	/* New clusters first spread the writes. */
	if (discards) {
		found = alloc_swap_scan_list(si, &si->free_clusters, folio, false);
		if (found)
			goto done;
	}

	found = alloc_swap_scan_list(si, &si->nonfull_clusters[order], folio, true);
	if (found)
		goto done;

	if (!discards) {
		found = alloc_swap_scan_list(si, &si->free_clusters, folio, false);
		if (found)
			goto done;
	}

	if (vm_swap_full())
		swap_reclaim_full_clusters(si, false);

	/*
	 * One is enough: order 0 will find a slot there, and a larger order's
	 * failure does no harm. It keeps the list turning.
	 */
	found = alloc_swap_scan_list(si, &si->frag_clusters[order], folio, false);
	if (found)
		goto done;

	if (order)
		goto done;

	/* Order 0 steals from the others. */
	for (o = 1; o < SWAP_NR_ORDERS; o++) {
		/* They have a slot at least, unless reclaim dropped the lock and lost. */
		found = alloc_swap_scan_list(si, &si->frag_clusters[o], folio, true);
		if (found)
			goto done;
		found = alloc_swap_scan_list(si, &si->nonfull_clusters[o], folio, true);
		if (found)
			goto done;
	}
done:
	if (rotational)
		spin_unlock(&si->global_cluster_lock);
	return found;
}

/* From this CPU's cluster. True: the folio is in the swap cache. */
static bool swap_alloc_fast(struct folio *folio)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	unsigned int order = folio_order(folio);
	struct swap_cluster_info *ci;
	struct swap_info_struct *si;
	unsigned long offset;

	/* A swap_info_struct is never freed: to see that it lives is enough. */
	si = this_cpu_read(percpu_swap_cluster.si[order]);
	offset = this_cpu_read(percpu_swap_cluster.offset[order]);
	if (!si || !offset || !get_swap_device_info(si))
		return false;

	seeded_look_early(si);
	ci = swap_cluster_lock(si, offset);
	if (cluster_is_usable(ci, order)) {
		if (cluster_is_empty(ci))
			offset = cluster_offset(si, ci);
		alloc_swap_scan_cluster(si, ci, folio, offset);
	} else {
		PATH("swap_alloc_fast: this CPU's cluster is not usable");
		swap_cluster_unlock(ci);
	}

	put_swap_device(si);
	return folio_test_swapcache(folio);
}

/* From the devices in turn. */
static void swap_alloc_slow(struct folio *folio)
{
	struct swap_info_struct *si, *next;
	unsigned long tried;

	spin_lock(&swap_avail_lock);
start_over:
	tried = 0;
	plist_for_each_entry_safe(si, next, &swap_avail_head, avail_list) {
		/*
		 * Devices of one priority take turns, each once. Linux 7.3 doesn't
		 * count: two of them that have no slot to give (what is free waits to
		 * be discarded, say) follow each other without end, and it never comes
		 * to a lower priority either.
		 */
		if ((tried & (1UL << si->type)) && !bug_seeded(BUG_AVAIL_LIST_ENDLESS)) {
			PATH("swap_alloc_slow: device has been tried");
			continue;
		}
		tried |= 1UL << si->type;
		plist_requeue(&si->avail_list, &swap_avail_head);
		spin_unlock(&swap_avail_lock);
		if (get_swap_device_info(si)) {
			if (bug_seeded(BUG_DISCARD_IN_ALLOCATION))
				swap_do_scheduled_discard(si);
			cluster_alloc_swap_entry(si, folio);
			put_swap_device(si);
			if (folio_test_swapcache(folio))
				return;
			if (folio_test_large(folio))
				return;
		}

		spin_lock(&swap_avail_lock);
		/*
		 * The lock was dropped, and the list may be another one: where next
		 * is still on it, go on there, else start over.
		 */
		if (&next->avail_list.node_list != &swap_avail_head.node_list &&
		    plist_node_empty(&next->avail_list)) {
			PATH("swap_alloc_slow: next device is off the list, again");
			goto start_over;
		}
	}
	spin_unlock(&swap_avail_lock);
}

int folio_alloc_swap(struct folio *folio)
{
	unsigned int order = folio_order(folio);

	VM_BUG_ON_FOLIO(!folio_flag_peek(folio, PG_locked), folio);
	VM_BUG_ON_FOLIO(!folio_flag_peek(folio, PG_uptodate), folio);

	if (order && WARN_NAMED((1U << order) > SWAPFILE_CLUSTER, "folio larger than a cluster"))
		return -EINVAL;

again:
	local_lock(&percpu_swap_cluster.lock);
	if (!swap_alloc_fast(folio))
		swap_alloc_slow(folio);
	local_unlock(&percpu_swap_cluster.lock);

	/* Discards sleep: only here, without any lock. */
	if (!order && unlikely(!folio_test_swapcache(folio))) {
		if (swap_sync_discard()) {
			PATH("folio_alloc_swap: discarded, again");
			goto again;
		}
	}

	if (unlikely(!folio_test_swapcache(folio)))
		return -ENOMEM;
	return 0;
}
