// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: mm/swapfile.c (swap_info[], get_swap_device, available and active
 * lists, inuse_pages), mm/swap.h (swap_cluster_lock and its relatives).
 * The state of swap devices as a whole: who is on, who has room, who is in use.
 * Left out: /proc/swaps, zswap, memcg, swap_slot_free_notify.
 * Locking: swap_lock -> si->lock -> swap_avail_lock; ci->lock -> swap_avail_lock
 * at the edge between full and not full. SWP_WRITEOK changes under all three of
 * swap_lock, si->lock and swap_avail_lock and is read under ci->lock.
 */
#include "core/swap/swap.h"
#include "core/swap/swap_table.h"

struct swap_shape swap_shape __world = { .cluster_slots = 8, .count_bits = 3, .swap_full = 50 };
WORLD_NAME(swap_shape);

DEFINE_SPINLOCK(swap_lock);
DEFINE_SPINLOCK(swap_avail_lock);
DEFINE_MUTEX(swapon_mutex);

struct plist_head swap_active_head __world = PLIST_HEAD_INIT(swap_active_head);
WORLD_NAME(swap_active_head);
struct plist_head swap_avail_head __world = PLIST_HEAD_INIT(swap_avail_head);
WORLD_NAME(swap_avail_head);

struct swap_info_struct *swap_info[MAX_SWAPFILES] __world = { NULL };
WORLD_NAME(swap_info);
unsigned int nr_swapfiles __world = 0;
WORLD_NAME(nr_swapfiles);
atomic_long_t nr_swap_pages __world = ATOMIC_LONG_INIT(0);
WORLD_NAME(nr_swap_pages);
long total_swap_pages __world = 0;
WORLD_NAME(total_swap_pages);
atomic_t nr_rotate_swap __world = ATOMIC_INIT(0);
WORLD_NAME(nr_rotate_swap);

/* ---- from a type or an entry to the device and the cluster ------------------ */

struct swap_info_struct *swap_type_to_info(int type)
{
	if (type < 0 || type >= MAX_SWAPFILES)
		return NULL;
	/* Pairs with alloc_swap_info(); the kernel relies on the dependency. */
	return smp_load_acquire(&swap_info[type]);
}

struct swap_info_struct *swap_entry_to_info(swp_entry_t entry)
{
	return swap_type_to_info((int)swp_type(entry));
}

struct swap_info_struct *swap_type_to_info_at(int type, const char *func)
{
	struct swap_info_struct *si;

	BUG_ON_CMP(type, <, 0);
	BUG_ON_CMP(type, >=, MAX_SWAPFILES);
	si = smp_load_acquire(&swap_info[type]);
	if (unlikely(!si)) {
		report_bug("no swap device of this type", func, "");
		return NULL;
	}
	if (unlikely(swap_users_gone(si)))
		report_warn("swap device used after swapoff", func, "percpu_ref_is_zero(&si->users)");
	return si;
}

struct swap_cluster_info *swap_offset_to_cluster_at(struct swap_info_struct *si, pgoff_t offset,
						    const char *func)
{
	struct swap_cluster_info *cluster_info;

	if (unlikely(swap_users_gone(si)))
		report_warn("swap device used after swapoff", func, "percpu_ref_is_zero(&si->users)");
	/* max and cluster_info change under si->lock when no user is left. */
	if (unlikely(offset >= round_up(data_race(si->max), SWAPFILE_CLUSTER)))
		report_warnf("swap offset out of range", func, "offset %lu, max %u\n", offset,
			     data_race(si->max));
	cluster_info = data_race(si->cluster_info);
	if (unlikely(!cluster_info))
		report_bug("swap device without clusters", func, "");
	return &cluster_info[offset / SWAPFILE_CLUSTER];
}

struct swap_cluster_info *swap_cluster_lock_at(struct swap_info_struct *si, pgoff_t offset,
					       bool irq, const char *func, const struct site *site)
	__no_lock_analysis("returns the cluster that it locks")
{
	struct swap_cluster_info *ci = swap_offset_to_cluster_at(si, offset, func);

	/* Nothing changes the swap cache in an interrupt: the lock needs no irqs off. */
	VM_WARN_ON(in_interrupt());
	if (irq)
		spin_lock_irq_at(&ci->lock, 0, site);
	else
		spin_lock_at(&ci->lock, site);
	return ci;
}

struct swap_cluster_info *swap_cluster_get_and_lock_at(const struct folio *folio, bool irq,
						       const char *func, const struct site *site)
{
	if (unlikely(!folio_flag_peek(folio, PG_locked)))
		report_warn("folio not locked", func, "");
	if (unlikely(!folio_flag_peek(folio, PG_swapcache)))
		report_warn("folio not in swap cache", func, "");
	return swap_cluster_lock_at(swap_type_to_info_at((int)swp_type(folio->swap), func),
				    swp_offset(folio->swap), irq, func, site);
}

/* ---- references --------------------------------------------------------------- */

bool get_swap_device_info(struct swap_info_struct *si)
{
	if (!percpu_ref_tryget_live(&si->users)) {
		PATH("get_swap_device: users dead");
		return false;
	}
	/*
	 * users is looked at before anything else of si, and si->flags is what
	 * enable_swap_info() left. Pairs with the spin_unlock() there, and with
	 * what swapoff does after percpu_ref_kill().
	 */
	smp_rmb(&si->users);
	return true;
}

void put_swap_device(struct swap_info_struct *si)
{
	percpu_ref_put(&si->users);
}

struct swap_info_struct *get_swap_device(swp_entry_t entry)
{
	struct swap_info_struct *si;

	if (!entry.val)
		return NULL;
	si = swap_entry_to_info(entry);
	if (!si) {
		PATH("get_swap_device: no such type");
		return NULL;
	}
	if (!get_swap_device_info(si))
		return NULL;
	if (swp_offset(entry) >= si->max) {
		PATH("get_swap_device: offset past the end");
		percpu_ref_put(&si->users);
		return NULL;
	}
	return si;
}

/* ---- how many slots --------------------------------------------------------------- */

/*
 * The second highest bit of inuse_pages says "not on the available list". So
 * the counter still adds up, and nobody needs a lock to see the list's state.
 */
unsigned long swap_usage_offlist_bit(void)
{
	return bug_seeded(BUG_OFFLIST_BIT_COLLIDES) ? 1UL << 2 : 1UL << 62;
}

long swap_usage_in_pages(struct swap_info_struct *si)
{
	return atomic_long_read(&si->inuse_pages) & (long)~SWAP_USAGE_OFFLIST_BIT;
}

long get_nr_swap_pages(void)
{
	return atomic_long_read(&nr_swap_pages);
}

bool vm_swap_full(void)
{
	long total = data_race(total_swap_pages);
	long used = total - atomic_long_read(&nr_swap_pages);

	return used * 100 > total * (long)swap_shape.swap_full;
}

void si_swapinfo(struct sysinfo *val)
{
	unsigned long nr_to_be_unused = 0;
	unsigned int type;

	spin_lock(&swap_lock);
	for (type = 0; type < nr_swapfiles; type++) {
		struct swap_info_struct *si = swap_info[type];
		unsigned long flags = READ_ONCE(si->flags);

		if ((flags & SWP_USED) && !(flags & SWP_WRITEOK))
			nr_to_be_unused += (unsigned long)swap_usage_in_pages(si);
	}
	val->freeswap = (unsigned long)atomic_long_read(&nr_swap_pages) + nr_to_be_unused;
	val->totalswap = (unsigned long)total_swap_pages + nr_to_be_unused;
	spin_unlock(&swap_lock);
}

/* ---- the available list -------------------------------------------------------------- */

/* The off-list bit is set here alone. */
void del_from_avail_list(struct swap_info_struct *si, bool swapoff)
{
	long pages;

	spin_lock(&swap_avail_lock);
	if (swapoff) {
		/* Both locks: add_to_avail_list() must see that writes are over. */
		lockdep_assert_held(&si->lock);
		WRITE_ONCE(si->flags, si->flags & ~(unsigned long)SWP_WRITEOK);
		atomic_long_or((long)SWAP_USAGE_OFFLIST_BIT, &si->inuse_pages);
	} else {
		/*
		 * Only if it is full and on the list, that is, if inuse_pages is
		 * exactly si->pages. Somebody may have freed a slot by now, or
		 * have taken it off.
		 */
		pages = (long)si->pages;
		if (!atomic_long_try_cmpxchg(&si->inuse_pages, &pages,
					     pages | (long)SWAP_USAGE_OFFLIST_BIT)) {
			PATH("del_from_avail_list: no longer full");
			goto skip;
		}
	}
	plist_del(&si->avail_list, &swap_avail_head);
skip:
	spin_unlock(&swap_avail_lock);
}

/* The off-list bit is cleared here alone. */
void add_to_avail_list(struct swap_info_struct *si, bool swapon)
{
	long val, pages;

	spin_lock(&swap_avail_lock);
	/* Pairs with the clearing of SWP_WRITEOK in del_from_avail_list(). */
	if (swapon) {
		lockdep_assert_held(&si->lock);
		WRITE_ONCE(si->flags, si->flags | SWP_WRITEOK);
	} else if (!(READ_ONCE(si->flags) & SWP_WRITEOK)) {
		PATH("add_to_avail_list: device is going off");
		goto skip;
	}

	if (!(atomic_long_read(&si->inuse_pages) & (long)SWAP_USAGE_OFFLIST_BIT)) {
		PATH("add_to_avail_list: on the list already");
		goto skip;
	}
	val = atomic_long_fetch_and_at((long)~SWAP_USAGE_OFFLIST_BIT, &si->inuse_pages,
				       ENGINE_RELAXED, SITE("atomic_long_fetch_and_relaxed"));

	/*
	 * The updater that sees inuse_pages reach si->pages takes the device off
	 * the list. If it saw the off-list bit instead, nobody else will: so look.
	 * As in the kernel, val still has the bit that was just cleared, so that
	 * it never matches: a full device may stay on the list until its next
	 * slot is freed and taken again. It costs a fruitless walk, no more.
	 */
	pages = (long)si->pages;
	if (val == pages) {
		if (atomic_long_try_cmpxchg(&si->inuse_pages, &pages,
					    pages | (long)SWAP_USAGE_OFFLIST_BIT)) {
			PATH("add_to_avail_list: full again");
			goto skip;
		}
	}
	plist_add(&si->avail_list, &swap_avail_head);
skip:
	spin_unlock(&swap_avail_lock);
}

/* Serialised by ci->lock in each cluster, so the sum is within 0..si->pages. */
static bool swap_usage_add(struct swap_info_struct *si, unsigned int nr_entries)
{
	long val = atomic_long_add_return_relaxed((long)nr_entries, &si->inuse_pages);

	/* Full, and on the list: take it off. */
	if (unlikely(val == (long)si->pages)) {
		del_from_avail_list(si, false);
		return true;
	}
	return false;
}

static void swap_usage_sub(struct swap_info_struct *si, unsigned int nr_entries)
{
	long val = atomic_long_add_return_relaxed(-(long)nr_entries, &si->inuse_pages);

	/* Not full, and off the list: put it back. */
	if (unlikely(val & (long)SWAP_USAGE_OFFLIST_BIT))
		add_to_avail_list(si, false);
}

void swap_range_alloc(struct swap_info_struct *si, unsigned int nr_entries)
{
	if (swap_usage_add(si, nr_entries)) {
		if (vm_swap_full())
			schedule_work(&si->reclaim_work);
	}
	atomic_long_sub((long)nr_entries, &nr_swap_pages);
}

void swap_range_free(struct swap_info_struct *si, unsigned long offset, unsigned int nr_entries)
{
	unsigned int i;

	VM_WARN_ON(offset + nr_entries > round_up(si->max, SWAPFILE_CLUSTER));
	/* zswap_invalidate() and swap_slot_free_notify() have their places here. */
	for (i = 0; i < nr_entries; i++)
		COUNT(slot_freed);
	/*
	 * try_to_unuse() must see inuse_pages reach 0 only after the cleanups
	 * above are done. Pairs with the smp_mb() at its end.
	 */
	smp_wmb(&si->inuse_pages);
	atomic_long_add((long)nr_entries, &nr_swap_pages);
	swap_usage_sub(si, nr_entries);
}
