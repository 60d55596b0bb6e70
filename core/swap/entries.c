// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: mm/swapfile.c (folio_dup_swap, folio_put_swap, swap_put_entries_direct,
 * swap_dup_entry_direct, the extension of counts, freeing of slots,
 * folio_free_swap, __try_to_reclaim_swap).
 * Swap counts. Who may call what: a count goes from 0 to 1 only by
 * folio_dup_swap() on a locked cached folio; without a folio, the lock of an
 * owner keeps it >= 1. The swap cache pins a slot without a count. A slot is
 * freed by the last direct put if it isn't cached, and by leaving the cache with
 * count 0, nowhere else.
 * Left out: memcg. Locking: ci->lock around each cluster's words.
 */
#include "core/swap/swap.h"
#include "core/swap/swap_table.h"

static unsigned int saved_gfp_count __world = 0; /* system_transition_mutex */
WORLD_NAME(saved_gfp_count);

void pm_restrict_gfp_mask(void)
{
	lockdep_assert_held(&system_transition_mutex);
	WRITE_ONCE(saved_gfp_count, saved_gfp_count + 1);
}

void pm_restore_gfp_mask(void)
{
	lockdep_assert_held(&system_transition_mutex);
	if (saved_gfp_count)
		WRITE_ONCE(saved_gfp_count, saved_gfp_count - 1);
}

bool pm_suspended_storage(void)
{
	return READ_ONCE(saved_gfp_count) != 0;
}

/* ---- dropping cached slots ---- */

static bool folio_swapcache_freeable(struct folio *folio)
{
	VM_BUG_ON_FOLIO(!folio_flag_peek(folio, PG_locked), folio);

	if (!folio_test_swapcache(folio))
		return false;
	if (folio_test_writeback(folio)) {
		PATH("folio_swapcache_freeable: under writeback");
		return false;
	}
	/* A writer reads folio->swap unlocked; who deletes the folio stores there, after a load
	 * that saw writeback end: a control dependency, of which TSan knows nothing. Pairs with
	 * folio_end_writeback(). */
	engine_hb_acquire(&folio->flags);
	/*
	 * Once hibernation makes its image, a folio may be in it as clean and
	 * cached: its slot must not go to another page of the image.
	 */
	if (pm_suspended_storage()) {
		PATH("folio_swapcache_freeable: storage suspended");
		return false;
	}
	return true;
}

static bool swap_only_has_cache(struct swap_cluster_info *ci, unsigned long offset, long nr_pages)
{
	unsigned int ci_off = (unsigned int)(offset % SWAPFILE_CLUSTER);
	unsigned int ci_end = ci_off + (unsigned int)nr_pages;
	unsigned long swp_tb;

	do {
		swp_tb = __swap_table_get(ci, ci_off);
		WARN_NAMED(!swp_tb_is_folio(swp_tb), "locked cached folio is not in the swap table");
		if (swp_tb_get_count(swp_tb))
			return false;
	} while (++ci_off < ci_end);

	return true;
}

int __try_to_reclaim_swap(struct swap_info_struct *si, unsigned long offset, unsigned long flags)
	__no_lock_analysis("locks by trylock and by a returning lock function")
{
	const swp_entry_t entry = swp_entry((unsigned long)si->type, offset);
	struct swap_cluster_info *ci;
	struct folio *folio;
	bool need_reclaim;
	int ret, nr_pages;

	VM_WARN_ON(!(flags & (TTRS_ANYWAY | TTRS_UNMAPPED | TTRS_FULL)));
again:
	folio = swap_cache_get_folio(entry);
	if (!folio)
		return 0;

	nr_pages = (int)folio_nr_pages(folio);
	ret = -nr_pages;

	/* Some callers hold a PTL, or another folio's lock: never wait. */
	if (!folio_trylock(folio)) {
		PATH("__try_to_reclaim_swap: folio locked by another");
		goto out;
	}

	/* It may be the middle of a large folio, or no longer what it was. */
	if (!folio_matches_swap_entry(folio, entry)) {
		PATH("__try_to_reclaim_swap: folio changed before it was locked");
		folio_unlock(folio);
		folio_put(folio);
		goto again;
	}
	offset = swp_offset(folio->swap);

	need_reclaim = (flags & TTRS_ANYWAY) ||
		       ((flags & TTRS_UNMAPPED) && !folio_mapped(folio)) ||
		       ((flags & TTRS_FULL) && vm_swap_full());
	if (!need_reclaim || !folio_swapcache_freeable(folio))
		goto out_unlock;

	/*
	 * With count 0, the folio locked and no writeback, nobody else has a use
	 * for the slots, and nobody can get one.
	 */
	ci = swap_cluster_lock(si, offset);
	need_reclaim = swap_only_has_cache(ci, offset, nr_pages);
	swap_cluster_unlock(ci);
	if (!need_reclaim) {
		PATH("__try_to_reclaim_swap: slot in use again");
		goto out_unlock;
	}

	swap_cache_del_folio(folio);
	folio_set_dirty(folio);
	COUNT(slot_freed_lazily);
	ret = nr_pages;
out_unlock:
	folio_unlock(folio);
out:
	folio_put(folio);
	return ret;
}

bool folio_maybe_swapped(struct folio *folio)
{
	swp_entry_t entry = folio->swap;
	struct swap_cluster_info *ci;
	unsigned int ci_off, ci_end;
	bool ret = false;

	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_locked), folio, "folio not locked");
	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_swapcache), folio, "folio not in swap cache");

	ci = __swap_entry_to_cluster(entry);
	ci_off = swp_cluster_offset(entry);
	ci_end = ci_off + (unsigned int)folio_nr_pages(folio);
	/*
	 * No lock: the locked folio keeps its slots, and keeps their counts from
	 * going up from 0. They may go down meanwhile.
	 */
	rcu_read_lock();
	do {
		if (__swp_tb_get_count(__swap_table_get(ci, ci_off))) {
			ret = true;
			break;
		}
	} while (++ci_off < ci_end);
	rcu_read_unlock();

	return ret;
}

bool folio_free_swap(struct folio *folio)
{
	if (!folio_swapcache_freeable(folio))
		return false;
	if (folio_maybe_swapped(folio))
		return false;

	swap_cache_del_folio(folio);
	/* The copy on the device is gone. */
	folio_set_dirty(folio);
	return true;
}

/* ---- the extension of counts ---- */

static int swap_extend_table_alloc(struct swap_cluster_info *ci, unsigned int ci_off, gfp_t gfp)
	__no_lock_analysis("the condition returns early")
{
	unsigned int *table;
	int count;

	table = kzalloc(sizeof(ci->extend_table[0]) * SWAPFILE_CLUSTER, gfp);
	if (!table)
		return -ENOMEM;

	spin_lock(&ci->lock);
	/*
	 * The lock was dropped to allocate: the slot may be free by now, or its
	 * count lower, or somebody else has been faster.
	 */
	if (!cluster_table_is_alloced(ci)) {
		PATH("swap_extend_table_alloc: cluster freed meanwhile");
		goto out_free;
	}
	count = swp_tb_get_count(__swap_table_get(ci, ci_off));
	if (count < (int)SWP_TB_COUNT_MAX - 1 && !bug_seeded(BUG_EXTEND_NO_RECHECK)) {
		PATH("swap_extend_table_alloc: count lower meanwhile");
		goto out_free;
	}
	if (ci->extend_table && !bug_seeded(BUG_EXTEND_NO_RECHECK)) {
		PATH("swap_extend_table_alloc: another was faster");
		goto out_free;
	}

	ci->extend_table = table;
	spin_unlock(&ci->lock);
	return 0;

out_free:
	spin_unlock(&ci->lock);
	kfree(table);
	return 0;
}

int swap_retry_table_alloc(swp_entry_t entry, gfp_t gfp)
{
	struct swap_cluster_info *ci;
	struct swap_info_struct *si;
	int ret;

	si = get_swap_device(entry);
	if (!si)
		return 0;

	ci = __swap_offset_to_cluster(si, swp_offset(entry));
	ret = swap_extend_table_alloc(ci, swp_cluster_offset(entry), gfp);

	put_swap_device(si);
	return ret;
}

static void swap_extend_table_try_free(struct swap_cluster_info *ci)
	__must_hold(&ci->lock)
{
	bool can_free = true;
	unsigned int i;

	if (!ci->extend_table)
		return;
	for (i = 0; i < SWAPFILE_CLUSTER; i++) {
		if (ci->extend_table[i] && !bug_seeded(BUG_EXTEND_FREED_EARLY))
			can_free = false;
	}
	if (can_free) {
		PATH("swap_extend_table_try_free: freed");
		kfree(ci->extend_table);
		ci->extend_table = NULL;
	}
}

/* ---- counts of one slot ---- */

/* One down, without freeing the slot. */
void __swap_cluster_put_entry(struct swap_cluster_info *ci, unsigned int ci_off)
{
	unsigned int count, max = SWP_TB_COUNT_MAX;
	unsigned long swp_tb;

	lockdep_assert_held(&ci->lock);
	swp_tb = __swap_table_get(ci, ci_off);
	if (WARN_NAMED(!swp_tb_is_countable(swp_tb), "swap count of a bad slot"))
		return;
	count = __swp_tb_get_count(swp_tb);
	if (WARN_NAMED(count == 0, "swap count underflow"))
		return;

	if (count == max) {
		if (WARN_NAMED(!ci->extend_table, "swap count lost its extension"))
			return;
		count = ci->extend_table[ci_off];
		/* What overflowed starts at the maximum. */
		if (WARN_NAMED(count < max, "swap count lost its extension"))
			return;
		count--;
		if (count == max - 1) {
			PATH("__swap_cluster_put_entry: no longer overflowed");
			ci->extend_table[ci_off] = 0;
			__swap_table_set(ci, ci_off, __swp_tb_mk_count(swp_tb, count));
		} else {
			ci->extend_table[ci_off] = count;
		}
	} else {
		__swap_table_set(ci, ci_off, __swp_tb_mk_count(swp_tb, --count));
	}

	/*
	 * At max - 1 a duplication wants the table. So it may go when the count
	 * comes down to that; and one that was attached for a duplication which
	 * is still on its way may go when it comes down from there.
	 */
	if (unlikely(count == max - 2 || count == max - 1))
		swap_extend_table_try_free(ci);
}

/* One up. -ENOMEM: an extension table is needed. */
static int __swap_cluster_dup_entry(struct swap_cluster_info *ci, unsigned int ci_off)
	__must_hold(&ci->lock)
{
	unsigned int count, max = SWP_TB_COUNT_MAX;
	unsigned long swp_tb;

	lockdep_assert_held(&ci->lock);
	swp_tb = __swap_table_get(ci, ci_off);
	if (WARN_NAMED(swp_tb_is_bad(swp_tb), "swap count of a bad slot"))
		return -EINVAL;
	count = __swp_tb_get_count(swp_tb);
	/* Cached, or counted already: nothing else may be counted. */
	if (WARN_NAMED(!count && !swp_tb_is_folio(swp_tb), "swap count of a free slot"))
		return -ENOENT;

	if (likely(count < max - 1)) {
		__swap_table_set(ci, ci_off, __swp_tb_mk_count(swp_tb, count + 1));
		WARN_NAMED(ci->extend_table && ci->extend_table[ci_off],
			   "extension of a swap count that did not overflow");
	} else if (bug_seeded(BUG_COUNT_SATURATES)) {
		__swap_table_set(ci, ci_off, __swp_tb_mk_count(swp_tb, max - 1));
	} else if (count == max - 1) {
		if (!ci->extend_table) {
			PATH("__swap_cluster_dup_entry: no extension table");
			return -ENOMEM;
		}
		WARN_NAMED(ci->extend_table[ci_off],
			   "extension of a swap count that did not overflow");
		ci->extend_table[ci_off] = max;
		__swap_table_set(ci, ci_off, __swp_tb_mk_count(swp_tb, max));
	} else {
		PATH("__swap_cluster_dup_entry: overflowed");
		if (WARN_NAMED(!ci->extend_table, "swap count lost its extension"))
			return -EINVAL;
		WARN_NAMED(ci->extend_table[ci_off] < max, "swap count lost its extension");
		++ci->extend_table[ci_off];
	}
	return 0;
}

/* ---- counts of a range in one cluster ---- */

/* 0, -ENOMEM (no extension table), -EINVAL (bad slot). */
static int swap_dup_entries_cluster(struct swap_info_struct *si, pgoff_t offset, unsigned int nr)
	__no_lock_analysis("drops and retakes what a returning lock function took")
{
	unsigned int ci_start, ci_off, ci_end;
	struct swap_cluster_info *ci;
	int err;

	ci_start = (unsigned int)(offset % SWAPFILE_CLUSTER);
	ci_end = ci_start + nr;
	VM_WARN_ON(ci_end > SWAPFILE_CLUSTER);
	ci_off = ci_start;
	ci = swap_cluster_lock(si, offset);
restart:
	do {
		err = __swap_cluster_dup_entry(ci, ci_off);
		if (unlikely(err)) {
			if (err == -ENOMEM) {
				PATH("swap_dup_entries_cluster: lock dropped for a table");
				spin_unlock(&ci->lock);
				err = swap_extend_table_alloc(ci, ci_off, GFP_ATOMIC);
				spin_lock(&ci->lock);
				if (!err)
					goto restart;
			}
			goto failed;
		}
	} while (++ci_off < ci_end);
	swap_cluster_unlock(ci);
	return 0;
failed:
	PATH("swap_dup_entries_cluster: undone");
	if (bug_seeded(BUG_DUP_UNDO_OFF_BY_ONE))
		ci_off++;
	while (ci_off-- > ci_start)
		__swap_cluster_put_entry(ci, ci_off);
	swap_extend_table_try_free(ci);
	swap_cluster_unlock(ci);
	return err;
}

static void swap_put_entries_cluster(struct swap_info_struct *si, pgoff_t offset, unsigned int nr,
				     bool reclaim_cache)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	unsigned int ci_off, ci_end;
	struct swap_cluster_info *ci;
	pgoff_t end = offset + nr;
	bool need_reclaim = false;
	unsigned long swp_tb;
	int ci_batch = -1;
	int nr_reclaimed;

	ci = swap_cluster_lock(si, offset);
	ci_off = (unsigned int)(offset % SWAPFILE_CLUSTER);
	ci_end = ci_off + nr;
	VM_WARN_ON(ci_end > SWAPFILE_CLUSTER);
	do {
		swp_tb = __swap_table_get(ci, ci_off);
		if (swp_tb_get_count(swp_tb) == 1) {
			/* The last count and not cached: freed, in a batch. */
			if (!swp_tb_is_folio(swp_tb)) {
				if (ci_batch == -1)
					ci_batch = (int)ci_off;
				continue;
			}
			/* Cached, with count 0 in a moment. */
			need_reclaim = true;
		}
		/* Stays. Cached slots are freed when they leave the cache. */
		__swap_cluster_put_entry(ci, ci_off);
		if (ci_batch != -1) {
			__swap_cluster_free_entries(si, ci, (unsigned int)ci_batch,
						    ci_off - (unsigned int)ci_batch);
			ci_batch = -1;
		}
	} while (++ci_off < ci_end);

	if (ci_batch != -1)
		__swap_cluster_free_entries(si, ci, (unsigned int)ci_batch,
					    ci_off - (unsigned int)ci_batch);
	swap_cluster_unlock(ci);

	if (!need_reclaim || !reclaim_cache)
		return;

	do {
		nr_reclaimed = __try_to_reclaim_swap(si, offset, TTRS_UNMAPPED | TTRS_FULL);
		offset++;
		if (nr_reclaimed)
			offset = round_up(offset, (pgoff_t)(nr_reclaimed < 0 ? -nr_reclaimed :
							    nr_reclaimed));
	} while (offset < end);
}

/*
 * Frees slots whose count is 0, or 1 and the last reference is being put (which
 * saves a put). ci->lock held; the words are shadows.
 */
void __swap_cluster_free_entries(struct swap_info_struct *si, struct swap_cluster_info *ci,
				 unsigned int ci_start, unsigned int nr_pages)
{
	unsigned int ci_off = ci_start, ci_end = ci_start + nr_pages;
	unsigned long ci_head = cluster_offset(si, ci);
	unsigned long old_tb;

	lockdep_assert_held(&ci->lock);
	if (WARN_NAMED(ci->count < nr_pages, "cluster count underflow"))
		return;

	ci->count = (u16)(ci->count - nr_pages);
	do {
		old_tb = __swap_table_get(ci, ci_off);
		WARN_NAMED(!swp_tb_is_shadow(old_tb), "freed swap slot is free, bad or cached");
		WARN_NAMED(swp_tb_is_shadow(old_tb) && __swp_tb_get_count(old_tb) > 1,
			   "freed swap slot is in use");
		__swap_table_set(ci, ci_off, null_to_swp_tb()); /* and so no flags */
	} while (++ci_off < ci_end);

	swap_range_free(si, ci_head + ci_start, nr_pages);
	swap_cluster_assert_empty(ci, ci_start, nr_pages, false);

	if (!ci->count)
		free_cluster(si, ci);
	else
		partial_free_cluster(si, ci);
}

/* ---- what the rest of mm calls ---- */

int folio_dup_swap(struct folio *folio, struct page *subpage)
{
	unsigned long nr_pages = (unsigned long)folio_nr_pages(folio);
	swp_entry_t entry = folio->swap;

	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_locked), folio, "folio not locked");
	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_swapcache), folio, "folio not in swap cache");

	if (subpage) {
		entry.val += folio_page_idx(folio, subpage);
		nr_pages = 1;
	}
	/*
	 * Phase II: the whole folio at once is shmem's, which never does it twice.
	 * An anonymous folio has a page at least with each of its owners.
	 */
	return swap_dup_entries_cluster(swap_entry_to_info(entry), swp_offset(entry),
					(unsigned int)nr_pages);
}

void folio_put_swap(struct folio *folio, struct page *subpage)
{
	unsigned long nr_pages = (unsigned long)folio_nr_pages(folio);
	swp_entry_t entry = folio->swap;

	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_locked), folio, "folio not locked");
	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_swapcache), folio, "folio not in swap cache");

	if (subpage) {
		entry.val += folio_page_idx(folio, subpage);
		nr_pages = 1;
	}
	swap_put_entries_cluster(__swap_entry_to_info(entry), swp_offset(entry),
				 (unsigned int)nr_pages, false);
}

int swap_dup_entry_direct(swp_entry_t entry)
{
	struct swap_info_struct *si = swap_entry_to_info(entry);

	if (WARN_NAMED(!si, "no swap device of this type"))
		return -EINVAL;
	/* The caller has a reference of its own, in a page table. */
	WARN_NAMED(!swap_entry_swapped(si, entry), "duplicated swap entry is not swapped out");
	return swap_dup_entries_cluster(si, swp_offset(entry), 1);
}

void swap_put_entries_direct(swp_entry_t entry, int nr)
{
	const unsigned long start_offset = swp_offset(entry);
	const unsigned long end_offset = start_offset + (unsigned long)nr;
	unsigned long offset, cluster_end;
	struct swap_info_struct *si;
	bool pinned = true;

	if (bug_seeded(BUG_PUT_DIRECT_NO_DEVICE_REF)) {
		si = swap_entry_to_info(entry);
		pinned = false;
	} else {
		si = get_swap_device(entry);
	}
	if (WARN_NAMED(!si, "no swap device for the entry"))
		return;
	if (WARN_NAMED(end_offset > si->max, "swap entries past the end of the device"))
		goto out;

	offset = start_offset;
	do {
		cluster_end = min(round_up(offset + 1, (unsigned long)SWAPFILE_CLUSTER),
				  end_offset);
		swap_put_entries_cluster(si, offset, (unsigned int)(cluster_end - offset), true);
		offset = cluster_end;
	} while (offset < end_offset);
out:
	if (pinned)
		put_swap_device(si);
}

/* ---- asking ---- */

int __swap_count(swp_entry_t entry)
{
	struct swap_cluster_info *ci = __swap_entry_to_cluster(entry);

	return swp_tb_get_count(__swap_table_get(ci, swp_cluster_offset(entry)));
}

bool swap_entry_swapped(struct swap_info_struct *si, swp_entry_t entry)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	pgoff_t offset = swp_offset(entry);
	struct swap_cluster_info *ci;
	unsigned long swp_tb;

	ci = swap_cluster_lock(si, offset);
	swp_tb = swap_table_get(ci, (unsigned int)(offset % SWAPFILE_CLUSTER));
	swap_cluster_unlock(ci);

	return swp_tb_get_count(swp_tb) > 0;
}

int swp_swapcount(swp_entry_t entry)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	struct swap_cluster_info *ci;
	struct swap_info_struct *si;
	unsigned int ci_off;
	int count;

	si = get_swap_device(entry);
	if (!si)
		return 0;

	ci_off = swp_cluster_offset(entry);
	ci = swap_cluster_lock(si, swp_offset(entry));
	count = cluster_table_is_alloced(ci) ? swp_tb_get_count(__swap_table_get(ci, ci_off)) : 0;
	if (count == (int)SWP_TB_COUNT_MAX)
		count = (int)ci->extend_table[ci_off];
	swap_cluster_unlock(ci);
	put_swap_device(si);

	return count < 0 ? 0 : count;
}
