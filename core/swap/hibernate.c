// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: mm/swapfile.c (swap_alloc_hibernation_slot and its relatives, pinning),
 * kernel/power/swap.c (extents of slots), kernel/power/user.c (uswsusp).
 * A hibernation slot has count 1 and no cached folio, until readahead happens to
 * put one there. uswsusp's slots are remembered in extents, whose start and end
 * both belong to them. While the character device is open the swap device is
 * pinned (SWP_HIBERNATION): swapoff refuses.
 * Left out: the image itself, freezing, notifiers; user space keeps running.
 * Locking: system_transition_mutex outside of all; swap_lock for the pin.
 */
#include "core/swap/block_device.h"
#include "core/swap/swap_table.h"

DEFINE_MUTEX(system_transition_mutex);

/* Slots [start, end] of the resume device. */
struct swsusp_extent {
	struct rb_node node;
	unsigned long start, end;
};
static struct rb_root swsusp_extents __world = { NULL }; /* system_transition_mutex */
WORLD_NAME(swsusp_extents);

static struct snapshot_data {
	int swap;                 /* type, < 0: none; system_transition_mutex */
} snapshot_state __world = { .swap = -1 };
WORLD_NAME(snapshot_state);
static atomic_t hibernate_atomic __world = ATOMIC_INIT(1); /* 0: somebody hibernates */
WORLD_NAME(hibernate_atomic);

/* ---- slots (mm/swapfile.c) ------------------------------------------------------------ */

/* An entry of the device, 0: none free. The device is pinned. */
swp_entry_t swap_alloc_hibernation_slot(int type)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	struct swap_info_struct *pcp_si, *si = swap_type_to_info(type);
	unsigned long pcp_offset, offset = SWAP_ENTRY_INVALID;
	struct swap_cluster_info *ci;

	if (!si)
		return (swp_entry_t){ 0 };
	WARN_NAMED(swap_users_gone(si), "swap device used after swapoff");

	/* This CPU's cluster if it is of this device, else a new one takes its place. */
	local_lock(&percpu_swap_cluster.lock);
	pcp_si = this_cpu_read(percpu_swap_cluster.si[0]);
	pcp_offset = this_cpu_read(percpu_swap_cluster.offset[0]);
	if (pcp_si == si && pcp_offset) {
		ci = swap_cluster_lock(si, pcp_offset);
		if (cluster_is_usable(ci, 0)) {
			offset = alloc_swap_scan_cluster(si, ci, NULL, pcp_offset);
		} else {
			PATH("swap_alloc_hibernation_slot: this CPU's cluster is not usable");
			swap_cluster_unlock(ci);
		}
	}
	if (!offset)
		offset = cluster_alloc_swap_entry(si, NULL);
	local_unlock(&percpu_swap_cluster.lock);

	if (!offset)
		return (swp_entry_t){ 0 };
	if (bug_seeded(BUG_HIB_DOUBLE_NR_SWAP))
		atomic_long_dec(&nr_swap_pages);
	return swp_entry((unsigned long)si->type, offset);
}

/* The device is pinned. */
void swap_free_hibernation_slot(swp_entry_t entry)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	struct swap_info_struct *si = __swap_entry_to_info(entry);
	unsigned int ci_off = swp_cluster_offset(entry);
	pgoff_t offset = swp_offset(entry);
	struct swap_cluster_info *ci;

	ci = swap_cluster_lock(si, offset);
	__swap_cluster_put_entry(ci, ci_off);
	/*
	 * Readahead can have put a folio here: then the slot goes when that folio
	 * leaves the cache, as everywhere else.
	 */
	if (!swp_tb_is_folio(__swap_table_get(ci, ci_off)))
		__swap_cluster_free_entries(si, ci, ci_off, 1);
	else
		PATH("swap_free_hibernation_slot: cached by readahead");
	if (bug_seeded(BUG_HIB_RECURSIVE_LOCK))
		WARN_ON(swap_entry_swapped(si, entry));
	swap_cluster_unlock(ci);

	__try_to_reclaim_swap(si, offset, TTRS_ANYWAY);
}

/* swap_lock held. The type that the device is on as, or -ENODEV. */
static int __find_hibernation_swap_type(unsigned int dev)
{
	unsigned int type;

	lockdep_assert_held(&swap_lock);
	for (type = 0; type < nr_swapfiles; type++) {
		struct swap_info_struct *si = swap_info[type];

		if (!(READ_ONCE(si->flags) & SWP_WRITEOK))
			continue;
		if (si->bdev->id == dev)
			return (int)type;
	}
	return -ENODEV;
}

int find_hibernation_swap_type(unsigned int dev)
{
	int type;

	spin_lock(&swap_lock);
	type = __find_hibernation_swap_type(dev);
	spin_unlock(&swap_lock);
	return type;
}

/* Pins the device against swapoff. The type, -ENODEV, -EBUSY (pinned already). */
int pin_hibernation_swap_type(unsigned int dev)
{
	struct swap_info_struct *si;
	int type;

	spin_lock(&swap_lock);
	type = __find_hibernation_swap_type(dev);
	if (type < 0) {
		PATH("pin_hibernation_swap_type: device is off");
		spin_unlock(&swap_lock);
		return type;
	}
	si = swap_type_to_info(type);
	if (WARN_NAMED(READ_ONCE(si->flags) & SWP_HIBERNATION, "swap device pinned twice")) {
		spin_unlock(&swap_lock);
		return -EBUSY;
	}
	if (!bug_seeded(BUG_HIB_NO_PIN))
		WRITE_ONCE(si->flags, si->flags | SWP_HIBERNATION);
	spin_unlock(&swap_lock);
	return type;
}

void unpin_hibernation_swap_type(int type)
{
	struct swap_info_struct *si;

	spin_lock(&swap_lock);
	si = swap_type_to_info(type);
	if (si)
		WRITE_ONCE(si->flags, si->flags & ~(unsigned long)SWP_HIBERNATION);
	spin_unlock(&swap_lock);
}

/* Block of a slot; 0: the device is off. */
u64 swapdev_block(int type, pgoff_t offset)
{
	struct swap_info_struct *si = swap_type_to_info(type);
	struct swap_extent *se;

	if (!si || !(READ_ONCE(si->flags) & SWP_WRITEOK))
		return 0;
	se = offset_to_swap_extent(si, offset);
	return se ? se->start_block + (offset - se->start_page) : 0;
}

/* Usable slots of the device, or those that are free. */
unsigned int count_swap_pages(int type, int free)
{
	struct swap_info_struct *si;
	unsigned int n = 0;

	spin_lock(&swap_lock);
	if (type >= 0 && (unsigned int)type < nr_swapfiles) {
		si = swap_info[type];
		spin_lock(&si->lock);
		if (READ_ONCE(si->flags) & SWP_WRITEOK) {
			n = si->pages;
			if (free)
				n -= (unsigned int)swap_usage_in_pages(si);
		}
		spin_unlock(&si->lock);
	}
	spin_unlock(&swap_lock);
	return n;
}

/* ---- extents (kernel/power/swap.c) -------------------------------------------------------- */

/* Remembers a slot. -EINVAL: it is there already; -ENOMEM. */
static int swsusp_extents_insert(unsigned long swap_offset)
{
	struct rb_node **new = &swsusp_extents.rb_node, *parent = NULL;
	struct swsusp_extent *ext;

	lockdep_assert_held(&system_transition_mutex);
	while (*new) {
		ext = rb_entry(*new, struct swsusp_extent, node);
		parent = *new;
		if (swap_offset < ext->start) {
			if (swap_offset == ext->start - 1) {
				ext->start--;
				return 0;
			}
			new = &(*new)->rb_left;
		} else if (swap_offset > ext->end) {
			if (swap_offset == ext->end + 1) {
				ext->end++;
				return 0;
			}
			new = &(*new)->rb_right;
		} else {
			PATH("swsusp_extents_insert: slot is known already");
			return -EINVAL;
		}
	}

	ext = kzalloc(sizeof(*ext), GFP_KERNEL);
	if (!ext)
		return -ENOMEM;
	ext->start = swap_offset;
	ext->end = swap_offset;
	rb_link_node(&ext->node, parent, new);
	rb_insert_color(&ext->node, &swsusp_extents);
	return 0;
}

u64 alloc_swapdev_block(int swap)
{
	unsigned long offset = swp_offset(swap_alloc_hibernation_slot(swap));

	/* Remembered, so that it can be freed after an error. */
	if (offset) {
		if (swsusp_extents_insert(offset)) {
			PATH("alloc_swapdev_block: extent not inserted, slot freed");
			swap_free_hibernation_slot(swp_entry((unsigned long)swap, offset));
		} else {
			return swapdev_block(swap, offset);
		}
	}
	return 0;
}

void free_all_swap_pages(int swap)
{
	struct swsusp_extent *ext;
	unsigned long offset, end;
	struct rb_node *node;

	lockdep_assert_held(&system_transition_mutex);
	while ((node = swsusp_extents.rb_node)) {
		ext = rb_entry(node, struct swsusp_extent, node);
		rb_erase(node, &swsusp_extents);

		end = ext->end;
		if (bug_seeded(BUG_HIB_EXTENT_OFF_BY_ONE))
			end--;
		for (offset = ext->start; offset <= end; offset++)
			swap_free_hibernation_slot(swp_entry((unsigned long)swap, offset));

		kfree(ext);
	}
}

bool swsusp_swap_in_use(void)
{
	return swsusp_extents.rb_node != NULL;
}

/* ---- uswsusp (kernel/power/user.c) ---------------------------------------------------------- */

unsigned int lock_system_sleep(void)
{
	mutex_lock(&system_transition_mutex);
	return 0;
}

void unlock_system_sleep(unsigned int flags)
{
	(void)flags;
	mutex_unlock(&system_transition_mutex);
}

static bool hibernate_acquire(void)
{
	return atomic_add_unless(&hibernate_atomic, -1, 0);
}

static void hibernate_release(void)
{
	atomic_inc(&hibernate_atomic);
}

int snapshot_open(unsigned int dev)
{
	unsigned int sleep_flags;
	int error = 0;

	sleep_flags = lock_system_sleep();
	if (!hibernate_acquire()) {
		PATH("snapshot_open: open already");
		error = -EBUSY;
		goto unlock;
	}
	/* Without a swap device it is open all the same: its ioctls give -ENODEV then. */
	snapshot_state.swap = pin_hibernation_swap_type(dev);
unlock:
	unlock_system_sleep(sleep_flags);
	return error;
}

/* -EINVAL where nobody has it open. */
int snapshot_release(void)
{
	unsigned int sleep_flags;
	int error = 0;

	sleep_flags = lock_system_sleep();
	if (atomic_read(&hibernate_atomic)) {
		error = -EINVAL;
		goto unlock;
	}
	free_all_swap_pages(snapshot_state.swap);
	unpin_hibernation_swap_type(snapshot_state.swap);
	snapshot_state.swap = -1;
	hibernate_release();
unlock:
	unlock_system_sleep(sleep_flags);
	return error;
}

/* SNAPSHOT_ALLOC_SWAP_PAGE: 0, -EBUSY, -ENODEV (not open), -ENOSPC. */
int snapshot_alloc_swap_page(u64 *block)
	__no_lock_analysis("taken by trylock")
{
	int error = 0;

	if (!mutex_trylock(&system_transition_mutex)) {
		PATH("snapshot_ioctl: transition mutex taken");
		return -EBUSY;
	}
	if (snapshot_state.swap < 0) {
		error = -ENODEV;
	} else {
		*block = alloc_swapdev_block(snapshot_state.swap);
		if (!*block)
			error = -ENOSPC;
	}
	mutex_unlock(&system_transition_mutex);
	return error;
}

/* SNAPSHOT_FREE_SWAP_PAGES: 0, -EBUSY, -ENODEV. */
int snapshot_free_swap_pages(void)
	__no_lock_analysis("taken by trylock")
{
	int error = 0;

	if (!mutex_trylock(&system_transition_mutex)) {
		PATH("snapshot_ioctl: transition mutex taken");
		return -EBUSY;
	}
	if (snapshot_state.swap < 0)
		error = -ENODEV;
	else
		free_all_swap_pages(snapshot_state.swap);
	mutex_unlock(&system_transition_mutex);
	return error;
}
