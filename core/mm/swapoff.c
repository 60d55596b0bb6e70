// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swapoff(2): everything that a device holds comes back into memory, then the
 * device is taken apart.
 * Models: mm/swapfile.c (unuse_pte .. try_to_unuse, drain_mmlist, swapoff).
 * Left out: shmem_unuse() (no shmem yet; its place is marked), files; the memory
 * check, which lets everything pass under the default overcommit policy.
 * The device's side lies in core/swap.
 * Locking: swap_lock -> si->lock -> swap_avail_lock; swap_lock -> mmlist_lock;
 * mmap_lock (read) -> folio lock -> PTL -> cluster lock.
 */
#include "core/mm/swapoff.h"

#include "core/mm/ksm.h"
#include "core/mm/mm.h"
#include "core/page/page.h"
#include "core/swap/block_device.h"
#include "core/swap/swap.h"
#include "core/swap/swap_table.h"

/* Same swap entry, whatever the flag bits say? */
static bool pte_same_as_swp(pte_t pte, pte_t swp_pte)
{
	return pte_same(pte_swp_clear_flags(pte), swp_pte);
}

/* The PTE for a folio that came back: old, clean, read-only. The rmap is done.
 * PTL held. */
static pte_t unuse_map_folio(struct vm_area_struct *vma, unsigned long addr, struct folio *folio,
			     struct folio *swapcache, pte_t old_pte)
{
	struct page *page = folio_page(folio, 0);
	rmap_t rmap_flags = RMAP_NONE;
	pte_t new_pte;

	dec_mm_counter(vma->vm_mm, MM_SWAPENTS);
	inc_mm_counter(vma->vm_mm, MM_ANONPAGES);
	folio_get(folio);
	if (folio == swapcache) {
		/* Waited for under the folio lock, which is still held. */
		VM_BUG_ON(folio_flag_peek(folio, PG_writeback));
		if (pte_swp_exclusive(old_pte))
			rmap_flags |= RMAP_EXCLUSIVE;
		if (!folio_test_anon(folio))
			folio_add_new_anon_rmap(folio, vma, addr, rmap_flags);
		else
			folio_add_anon_rmap_pte(folio, page, vma, addr, rmap_flags);
	} else {
		PATH("unuse_pte: mapped a KSM copy");
		folio_add_new_anon_rmap(folio, vma, addr, RMAP_EXCLUSIVE);
		folio_add_lru_vma(folio, vma);
	}
	/* Neither writable nor dirty, whatever the vma allows: a write fault works
	 * out whether the page is shared. */
	new_pte = pte_mkold(mk_pte(page, vma));
	if (pte_swp_soft_dirty(old_pte))
		new_pte = pte_mksoft_dirty(new_pte);
	if (pte_swp_uffd(old_pte))
		new_pte = pte_mkuffd(new_pte);
	return new_pte;
}

/* Replaces the swap PTE of entry at addr by one for folio, which is locked and
 * was found for entry. 1 done, 0 nothing to do any more, -ENOMEM. */
static int unuse_pte(struct vm_area_struct *vma, unsigned long addr, swp_entry_t entry,
		     struct folio *folio)
	__no_lock_analysis("the PTL is found by pte_offset_map_lock()")
{
	struct folio *swapcache = folio, *counted;
	bool hwpoisoned = false;
	pte_t *pte, new_pte, old_pte;
	spinlock_t *ptl;
	int ret = 1;

	BUG_ON(!folio_peek_locked(folio));
	/* Somebody took it out of the cache: other PTEs may still name the entry,
	 * try_to_unuse() comes back for this one. */
	if (!folio_matches_swap_entry(folio, entry)) {
		PATH("unuse_pte: folio no longer matches");
		return 0;
	}
	folio = ksm_might_need_to_copy(folio, vma, addr);
	if (unlikely(!folio)) {
		PATH("unuse_pte: no memory for the copy");
		return -ENOMEM;
	}
	if (unlikely(IS_ERR(folio))) {
		PATH("unuse_pte: contents are bad");
		hwpoisoned = true;
		folio = swapcache;
	}
	pte = pte_offset_map_lock(vma->vm_mm, addr, &ptl);
	if (unlikely(!pte || !pte_same_as_swp(ptep_get(pte), swp_entry_to_pte(entry)))) {
		PATH("unuse_pte: pte changed");
		ret = 0;
		goto out;
	}
	old_pte = ptep_get(pte);
	if (unlikely(hwpoisoned || !folio_test_uptodate(folio))) {
		/* The entry goes, the contents are lost: a marker gives SIGBUS. */
		PATH("unuse_pte: poison marker");
		dec_mm_counter(vma->vm_mm, MM_SWAPENTS);
		new_pte = make_poisoned_pte();
		ret = 0;
	} else {
		new_pte = unuse_map_folio(vma, addr, folio, swapcache, old_pte);
	}
	set_pte_at(vma->vm_mm, addr, pte, new_pte);
	/* The count belongs to the swap cache folio: a copy is in no cache. */
	counted = bug_seeded(BUG_KSM_COPY_SWAP_COUNT) ? folio : swapcache;
	folio_put_swap(counted, folio_page(counted, 0));
out:
	if (pte)
		pte_unmap_unlock(pte, ptl);
	if (folio != swapcache) {
		folio_unlock(folio);
		folio_put(folio);
	}
	return ret;
}

/* The folio of a swap entry, from the cache or read in, with a reference and not
 * locked. NULL with *err 0: the entry is gone, go on; -ENOMEM. */
static struct folio *unuse_get_folio(struct vm_area_struct *vma, unsigned long addr,
				     swp_entry_t entry, int *err)
{
	struct vm_fault vmf = { .vma = vma, .address = addr };
	struct folio *folio = swap_cache_get_folio(entry);

	*err = 0;
	if (folio)
		return folio;
	PATH("unuse: read in");
	folio = swapin_readahead(entry, GFP_HIGHUSER_MOVABLE, &vmf);
	if (folio)
		return folio;
	/* Not read: because the entry has been freed, or for want of memory? */
	if (swp_tb_get_count(swap_table_get(__swap_entry_to_cluster(entry),
					    swp_cluster_offset(entry))) <= 0) {
		PATH("unuse: entry freed meanwhile");
		return NULL;
	}
	PATH("unuse: no memory to read in");
	*err = -ENOMEM;
	return NULL;
}

/* Brings back every swap PTE of this type in vma. mmap_lock held for read. */
static int unuse_vma(struct vm_area_struct *vma, unsigned int type)
{
	unsigned long addr;

	for (addr = vma->vm_start; addr < vma->vm_end; addr += PAGE_SIZE) {
		struct folio *folio;
		swp_entry_t entry;
		pte_t *pte, ptent;
		int ret;

		if ((addr >> PAGE_SHIFT) % PTRS_PER_PTE == 0)
			cond_resched();
		pte = pte_offset_map(vma->vm_mm, addr);
		if (!pte)
			continue;
		/* Without the PTL: unuse_pte() looks again. */
		ptent = ptep_get_lockless(pte);
		pte_unmap(pte);
		if (!pte_is_swap(ptent))
			continue;
		entry = pte_to_swp_entry(ptent);
		if (swp_type(entry) != type)
			continue;

		folio = unuse_get_folio(vma, addr, entry, &ret);
		if (ret)
			return ret;
		if (!folio)
			continue;
		folio_lock(folio);
		folio_wait_writeback(folio);
		ret = unuse_pte(vma, addr, entry, folio);
		if (ret >= 0)
			folio_free_swap(folio);
		folio_unlock(folio);
		folio_put(folio);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int unuse_mm(struct mm_struct *mm, unsigned int type)
{
	struct vm_area_struct *vma;
	int ret = 0;

	mmap_read_lock(mm);
	/* A half-made copy of a failed fork may not be walked. */
	if (check_stable_address_space(mm)) {
		PATH("unuse_mm: unstable mm");
		goto unlock;
	}
	for_each_vma(mm, vma) {
		/* A first fault may set it now: a plain read in the kernel, too. Without it
		 * there was no swap entry in this vma. */
		if (data_race(vma->anon_vma)) {
			ret = unuse_vma(vma, type);
			if (ret)
				break;
		}
		cond_resched();
	}
unlock:
	mmap_read_unlock(mm);
	return ret;
}

/* All mms that ever had a swap entry are on the list at init_mm. */
static int unuse_all_mms(struct swap_info_struct *si)
{
	struct mm_struct *prev_mm = &init_mm, *mm;
	struct list_head *p;
	int ret = 0;

	mmget(prev_mm);
	spin_lock(&mmlist_lock);
	p = &init_mm.mmlist;
	while (swap_usage_in_pages(si) && !signal_pending(current) &&
	       (p = p->next) != &init_mm.mmlist) {
		mm = list_entry(p, struct mm_struct, mmlist);
		if (!mmget_not_zero(mm)) {
			PATH("try_to_unuse: mm is exiting");
			continue;
		}
		spin_unlock(&mmlist_lock);
		/* The previous one was the place in the list until now. */
		mmput(prev_mm);
		prev_mm = mm;
		ret = unuse_mm(mm, si->type);
		if (ret)
			goto out;
		cond_resched();
		spin_lock(&mmlist_lock);
	}
	spin_unlock(&mmlist_lock);
out:
	mmput(prev_mm);
	return ret;
}

/* What is left are slots that only the cache holds. */
static void unuse_cached(struct swap_info_struct *si)
{
	unsigned int i = 0;

	while (swap_usage_in_pages(si) && !signal_pending(current) &&
	       (i = find_next_to_unuse(si, i)) != 0) {
		struct folio *folio = swap_cache_get_folio(swp_entry(si->type, i));

		if (!folio)
			continue;
		/* It may have left the cache, and may even be cached for another
		 * slot by now: folio_free_swap() takes only what nobody needs. */
		folio_lock(folio);
		folio_wait_writeback(folio);
		folio_free_swap(folio);
		folio_unlock(folio);
		folio_put(folio);
	}
}

/*
 * Where memory does not hold what the device does, reclaim for one folio takes an
 * earlier one back to the device, and swapoff goes round until a signal ends it.
 * The administrator of this machine loses patience after so many rounds in
 * which swapoff itself had to reclaim. A round that needed no memory does not count: an
 * endless swapoff for another reason is a livelock.
 */
#define MAX_THRASHING_ROUNDS 8

int try_to_unuse(unsigned int type)
{
	struct swap_info_struct *si = swap_info[type];
	unsigned long reclaimed = current->nr_direct_reclaimed;
	unsigned int thrashed = 0;
	int ret;

	BUG_ON(data_race(si->flags) & SWP_WRITEOK);
	/* Without a bound: an exiting mm puts its entries at its own pace, and
	 * reclaim may hide entries that it has just allocated. */
	while (swap_usage_in_pages(si)) {
		/* shmem_unuse(type) has its place here. */
		ret = unuse_all_mms(si);
		if (ret)
			return ret;
		unuse_cached(si);
		if (!swap_usage_in_pages(si))
			break;
		if (signal_pending(current)) {
			PATH("try_to_unuse: interrupted");
			return -EINTR;
		}
		if (current->nr_direct_reclaimed != reclaimed &&
		    ++thrashed == MAX_THRASHING_ROUNDS) {
			PATH("try_to_unuse: memory is too small, interrupted");
			return -EINTR;
		}
		reclaimed = current->nr_direct_reclaimed;
		PATH("try_to_unuse: again");
		cpu_relax();
	}
	/* The teardown that follows comes after the last inuse_pages update. */
	smp_mb(&si->inuse_pages);
	return 0;
}

/*
 * With no slot in use anywhere no mm needs to be on the list. swap_lock held.
 * The kernel looks at the counts alone, which holds off nobody: a slot that is
 * allocated on another device just after may have its mm taken off the list, and
 * then a swapoff of that device never finds the mm. So here the list is left
 * alone while another device is on, or on its way off (an allocator may be past
 * its check of SWP_WRITEOK); the kernel's rule is a seeded bug.
 */
static void drain_mmlist(const struct swap_info_struct *si)
{
	struct list_head *p, *next;
	bool others = false;
	unsigned int type;

	lockdep_assert_held(&swap_lock);
	for (type = 0; type < nr_swapfiles; type++) {
		if (swap_usage_in_pages(swap_info[type]) &&
		    !bug_seeded(BUG_MMLIST_DRAIN_IN_USE)) {
			PATH("drain_mmlist: another device is in use");
			return;
		}
		if (swap_info[type] != si && (READ_ONCE(swap_info[type]->flags) & SWP_USED))
			others = true;
	}
	if (others && !bug_seeded(BUG_MMLIST_DRAIN_IN_USE) &&
	    !bug_seeded(BUG_MMLIST_DRAIN_RACY)) {
		PATH("drain_mmlist: another device is on");
		return;
	}
	spin_lock(&mmlist_lock);
	list_for_each_safe(p, next, &init_mm.mmlist)
		list_del_init_careful(p); /* mmput() looks without the lock */
	spin_unlock(&mmlist_lock);
}

/* swap_lock held: the device of that number if it is on, or NULL. */
static struct swap_info_struct *swapoff_find(unsigned int dev)
{
	struct swap_info_struct *si;

	lockdep_assert_held(&swap_lock);
	plist_for_each_entry(si, &swap_active_head, list) {
		if ((READ_ONCE(si->flags) & SWP_WRITEOK) && si->bdev->id == dev)
			return si;
	}
	return NULL;
}

/* Steps 1 and 2: finds the device and takes it off the lists. */
static struct swap_info_struct *swapoff_begin(unsigned int dev)
{
	struct swap_info_struct *si;

	spin_lock(&swap_lock);
	si = swapoff_find(dev);
	if (!si) {
		spin_unlock(&swap_lock);
		return ERR_PTR(-EINVAL);
	}
	if (READ_ONCE(si->flags) & SWP_HIBERNATION) {
		PATH("swapoff: pinned for hibernation");
		spin_unlock(&swap_lock);
		return ERR_PTR(-EBUSY);
	}
	spin_lock(&si->lock);
	del_from_avail_list(si, true);
	plist_del(&si->list, &swap_active_head);
	atomic_long_sub((long)si->pages, &nr_swap_pages);
	data_race(total_swap_pages -= (long)si->pages);
	spin_unlock(&si->lock);
	spin_unlock(&swap_lock);
	return si;
}

/* Steps 6 to 8: nobody can have a new reference on the device any more. */
static void swapoff_end(struct swap_info_struct *si)
{
	struct swap_cluster_info *cluster_info;
	struct block_device *bdev;
	unsigned long maxpages;

	percpu_ref_kill(&si->users);
	/* RCU readers, every spinlock section among them, look at the device without
	 * a reference. */
	synchronize_rcu();
	wait_for_completion(&si->comp);

	flush_work(&si->discard_work);
	flush_work(&si->reclaim_work);
	flush_percpu_swap_cluster(si);
	destroy_swap_extents(si);
	if (!(READ_ONCE(si->flags) & SWP_SOLIDSTATE))
		atomic_dec(&nr_rotate_swap);

	mutex_lock(&swapon_mutex);
	spin_lock(&swap_lock);
	spin_lock(&si->lock);
	drain_mmlist(si);
	bdev = si->swap_file;
	si->swap_file = NULL;
	maxpages = si->max;
	cluster_info = si->cluster_info;
	si->max = 0;
	si->cluster_info = NULL;
	spin_unlock(&si->lock);
	spin_unlock(&swap_lock);
	/* zswap_swapoff() has its place here. */
	mutex_unlock(&swapon_mutex);
	kfree(si->global_cluster);
	si->global_cluster = NULL;
	free_swap_cluster_info(cluster_info, maxpages);
	swap_release_bdev(bdev);

	/* Last: now swapon may use this swap_info again. */
	spin_lock(&swap_lock);
	WRITE_ONCE(si->flags, 0);
	spin_unlock(&swap_lock);
}

int sys_swapoff(unsigned int dev)
{
	struct swap_info_struct *si;
	int err;

	might_sleep();
	si = swapoff_begin(dev);
	if (IS_ERR(si))
		return (int)PTR_ERR(si);
	/* An allocator that saw SWP_WRITEOK under its cluster lock is done now. */
	wait_for_allocation(si);

	err = try_to_unuse((unsigned int)si->type);
	if (err) {
		PATH("swapoff: gave up, the device is on again");
		reinsert_swap_info(si);
		return err;
	}
	swapoff_end(si);
	return 0;
}
