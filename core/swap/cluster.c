// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: mm/swapfile.c (move_cluster, free_cluster, relocate_cluster,
 * isolate_lock_cluster, swap_cluster_populate and the tables of clusters).
 * A cluster's flag says which list it is on. Flags change under ci->lock, links
 * under si->lock, which nests inside; isolation goes the other way round, by
 * trylock. A free cluster has no table; readers of words find it through RCU.
 * Left out: memcg tables; tables always have an RCU head of their own (the
 * kernel's page-sized ones use the page's).
 */
#include "core/swap/swap.h"
#include "core/swap/swap_table.h"

void swap_table_check_access(const struct swap_cluster_info *ci, const atomic_long_t *table,
			     unsigned int off, const char *func)
{
	if (unlikely(!table))
		report_bug("cluster has no swap table", func, "");
	if (unlikely(off >= SWAPFILE_CLUSTER))
		report_warnf("swap table offset out of range", func, "offset %u, %u slots\n", off,
			     SWAPFILE_CLUSTER);
	VM_WARN_ON(!ci);
}

bool cluster_table_is_alloced(struct swap_cluster_info *ci)
{
	return rcu_dereference_protected(ci->table, lockdep_is_held(&ci->lock)) != NULL;
}

static bool cluster_is_discard(const struct swap_cluster_info *ci)
{
	return ci->flags == CLUSTER_FLAG_DISCARD;
}

bool cluster_is_usable(struct swap_cluster_info *ci, unsigned int order)
{
	lockdep_assert_held(&ci->lock);
	if (unlikely(ci->flags > CLUSTER_FLAG_USABLE)) {
		PATH("cluster_is_usable: full or discarding");
		return false;
	}
	if (!cluster_table_is_alloced(ci)) {
		PATH("cluster_is_usable: free, no table");
		return false;
	}
	if (!order)
		return true;
	return cluster_is_empty(ci) || order == ci->order;
}

unsigned int cluster_index(struct swap_info_struct *si, struct swap_cluster_info *ci)
{
	return (unsigned int)(ci - data_race(si->cluster_info));
}

unsigned int cluster_offset(struct swap_info_struct *si, struct swap_cluster_info *ci)
{
	return cluster_index(si, ci) * SWAPFILE_CLUSTER;
}

/* ---- tables ----------------------------------------------------------------- */

static void swap_cluster_free_table_rcu_cb(struct rcu_head *head)
{
	kfree(container_of(head, struct swap_table, rcu_head));
}

void swap_cluster_free_table(struct swap_cluster_info *ci)
{
	atomic_long_t *words = rcu_access_pointer(ci->table);
	struct swap_table *table;

	if (!words)
		return;
	rcu_assign_pointer(ci->table, NULL);
	/* Readers that found it may still look at its words: all free or bad. */
	table = container_of(words, struct swap_table, entries[0]);
	call_rcu(&table->rcu_head, swap_cluster_free_table_rcu_cb);
}

static void swap_cluster_set_table(struct swap_info_struct *si, struct swap_cluster_info *ci,
				   struct swap_table *table)
{
	swap_role_slots(si, table->entries,
			(unsigned int)(ci - si->cluster_info) * SWAPFILE_CLUSTER);
	/* Zeroed memory: all slots are free. */
	BUILD_BUG_ON(SWP_TB_NULL != 0);
	rcu_assign_pointer(ci->table, &table->entries[0]);
}

int swap_cluster_alloc_table(struct swap_info_struct *si, struct swap_cluster_info *ci, gfp_t gfp,
			     struct swap_table **later)
{
	struct swap_table *table;

	/* The cluster must be empty and not on any list during allocation. */
	VM_WARN_ON(ci->flags || !cluster_is_empty(ci));
	if (rcu_access_pointer(ci->table))
		return 0;

	table = kzalloc(sizeof(*table) + SWAPFILE_CLUSTER * sizeof(table->entries[0]), gfp);
	if (!table)
		return -ENOMEM;
	if (later)
		*later = table;
	else
		swap_cluster_set_table(si, ci, table);
	return 0;
}

/*
 * Nothing leaked, the range is free. At swapoff bad slots may be left, and they
 * are all that ci->count counts; elsewhere bad slots are never freed.
 */
void swap_cluster_assert_empty(struct swap_cluster_info *ci, unsigned int ci_off, unsigned int nr,
			       bool swapoff)
{
	unsigned int ci_end = ci_off + nr;
	unsigned int bad_slots = 0;
	unsigned long swp_tb;

	do {
		swp_tb = __swap_table_get(ci, ci_off);
		if (swp_tb_is_bad(swp_tb))
			bad_slots++;
		else
			WARN_NAMED(!swp_tb_is_null(swp_tb), "swap slot leaked");
	} while (++ci_off < ci_end);

	WARN_NAMED(bad_slots != (swapoff ? ci->count : 0), "bad slots do not match the count");
	WARN_NAMED(nr == SWAPFILE_CLUSTER && ci->extend_table, "extension table leaked");
}

/* The locks between which isolate_lock_cluster() runs, inside of the device. */
static void swap_cluster_populate_unlock(struct swap_info_struct *si, struct swap_cluster_info *ci)
	__no_lock_analysis("the global lock is taken for rotational devices only")
{
	spin_unlock(&ci->lock);
	if (!(READ_ONCE(si->flags) & SWP_SOLIDSTATE))
		spin_unlock(&si->global_cluster_lock);
	local_unlock(&percpu_swap_cluster.lock);
}

static void swap_cluster_populate_lock(struct swap_info_struct *si, struct swap_cluster_info *ci)
	__no_lock_analysis("the global lock is taken for rotational devices only")
{
	local_lock(&percpu_swap_cluster.lock);
	if (!(READ_ONCE(si->flags) & SWP_SOLIDSTATE))
		spin_lock(&si->global_cluster_lock);
	spin_lock(&ci->lock);
}

/*
 * A table for an isolated, free cluster: an atomic attempt first, then one that
 * sleeps, with all locks dropped. The caller may be on another CPU afterwards,
 * which may have a usable cluster of its own; the isolated one is used anyway.
 */
static struct swap_cluster_info *swap_cluster_populate(struct swap_info_struct *si,
						       struct swap_cluster_info *ci)
	__no_lock_analysis("drops and retakes what its caller holds")
{
	struct swap_table *table = NULL;
	unsigned int foreign;
	int ret;

	/* Only the allocator's isolation gets here: with the local lock. */
	lockdep_assert_local_held(&percpu_swap_cluster.lock);
	if (!(READ_ONCE(si->flags) & SWP_SOLIDSTATE))
		lockdep_assert_held(&si->global_cluster_lock);
	lockdep_assert_held(&ci->lock);

	if (!swap_cluster_alloc_table(si, ci, __GFP_HIGH | __GFP_NOMEMALLOC | __GFP_NOWARN, NULL))
		return ci;

	/* There are few free clusters, so this recurses into reclaim a few times at most. */
	PATH("swap_cluster_populate: locks dropped to allocate a table");
	swap_cluster_populate_unlock(si, ci);
	ret = swap_cluster_alloc_table(si, ci, __GFP_HIGH | __GFP_NOMEMALLOC | GFP_KERNEL,
				       bug_seeded(BUG_POPULATE_UNLOCKED) ? NULL : &table);

	if (bug_seeded(BUG_TABLE_ALLOC_RELOCK_ORDER)) {
		spin_lock(&ci->lock);
		local_lock(&percpu_swap_cluster.lock);
		if (!(READ_ONCE(si->flags) & SWP_SOLIDSTATE))
			spin_lock(&si->global_cluster_lock);
	} else {
		swap_cluster_populate_lock(si, ci);
	}

	if (ret) {
		PATH("swap_cluster_populate: no memory, cluster back on the free list");
		if (!bug_seeded(BUG_TABLE_ALLOC_NO_RELIST))
			move_cluster(si, ci, &si->free_clusters, CLUSTER_FLAG_FREE);
		spin_unlock(&ci->lock);
		return NULL;
	}
	/* Not before the lock is held: with flags NONE and a table the cluster looks usable
	 * to swap_alloc_fast() on a CPU whose offset still names it. */
	if (table)
		swap_cluster_set_table(si, ci, table);
	if (bug_seeded(BUG_TABLE_ALLOC_FOREIGN_CLUSTER)) {
		/* "we may have moved to a CPU that has a cluster": of which device? */
		foreign = (unsigned int)this_cpu_read(percpu_swap_cluster.offset[0]);
		if (foreign && __swap_offset_to_cluster(si, foreign) != ci) {
			move_cluster(si, ci, &si->nonfull_clusters[0], CLUSTER_FLAG_NONFULL);
			spin_unlock(&ci->lock);
			ci = swap_cluster_lock(si, foreign);
		}
	}
	return ci;
}

/* ---- lists ---------------------------------------------------------------------- */

void move_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci,
		  struct list_head *list, enum swap_cluster_flags new_flags)
{
	VM_WARN_ON(ci->flags == new_flags);
	VM_WARN_ON(new_flags == CLUSTER_FLAG_NONE || new_flags >= CLUSTER_FLAG_MAX);
	lockdep_assert_held(&ci->lock);

	spin_lock(&si->lock);
	if (ci->flags == CLUSTER_FLAG_NONE)
		list_add_tail(&ci->list, list);
	else
		list_move_tail(&ci->list, list);
	spin_unlock(&si->lock);
	ci->flags = (u8)new_flags;
}

void __free_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci)
{
	swap_cluster_assert_empty(ci, 0, SWAPFILE_CLUSTER, false);
	swap_cluster_free_table(ci);
	move_cluster(si, ci, &si->free_clusters, CLUSTER_FLAG_FREE);
	ci->order = 0;
}

/* After the last slot was freed: to the free list, or to be discarded first. */
void free_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci)
{
	VM_BUG_ON(ci->count != 0);
	VM_BUG_ON(ci->flags == CLUSTER_FLAG_FREE);
	lockdep_assert_held(&ci->lock);

	if ((READ_ONCE(si->flags) & (SWP_WRITEOK | SWP_PAGE_DISCARD)) ==
	    (SWP_WRITEOK | SWP_PAGE_DISCARD)) {
		swap_cluster_schedule_discard(si, ci);
		return;
	}
	__free_cluster(si, ci);
}

/* After a slot was freed, and others are left. */
void partial_free_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci)
{
	VM_BUG_ON(!ci->count || ci->count == SWAPFILE_CLUSTER);
	lockdep_assert_held(&ci->lock);

	if (ci->flags != CLUSTER_FLAG_NONFULL)
		move_cluster(si, ci, &si->nonfull_clusters[ci->order], CLUSTER_FLAG_NONFULL);
}

/*
 * After allocation. The allocator doesn't hold si->lock, and may have dropped
 * ci->lock to reclaim: so the cluster may be anywhere by now.
 */
void relocate_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci)
{
	lockdep_assert_held(&ci->lock);
	VM_BUG_ON(ci->count > SWAPFILE_CLUSTER);

	/* Stays off-list or on the discard list. */
	if (cluster_is_discard(ci)) {
		PATH("relocate_cluster: being discarded");
		return;
	}
	if (!ci->count) {
		PATH("relocate_cluster: empty");
		/*
		 * On no list and without a table it is swap_cluster_populate()'s,
		 * which has dropped the lock to allocate one. Linux 7.3 doesn't
		 * look, and puts it on a list under its user.
		 */
		if (ci->flags != CLUSTER_FLAG_FREE &&
		    (cluster_table_is_alloced(ci) || bug_seeded(BUG_RELOCATE_POPULATING)))
			free_cluster(si, ci);
	} else if (ci->count != SWAPFILE_CLUSTER) {
		if (ci->flags != CLUSTER_FLAG_FRAG)
			move_cluster(si, ci, &si->frag_clusters[ci->order], CLUSTER_FLAG_FRAG);
	} else {
		if (ci->flags != CLUSTER_FLAG_FULL)
			move_cluster(si, ci, &si->full_clusters, CLUSTER_FLAG_FULL);
	}
}

struct swap_cluster_info *isolate_lock_cluster(struct swap_info_struct *si, struct list_head *list)
	__no_lock_analysis("returns a cluster that it locked by trylock")
{
	struct swap_cluster_info *ci, *found = NULL;
	u8 flags = CLUSTER_FLAG_NONE;

	spin_lock(&si->lock);
	list_for_each_entry(ci, list, list) {
		if (!spin_trylock(&ci->lock)) {
			PATH("isolate_lock_cluster: cluster locked by another");
			continue;
		}
		VM_BUG_ON(!ci->flags);
		VM_BUG_ON(ci->flags > CLUSTER_FLAG_USABLE && ci->flags != CLUSTER_FLAG_FULL);

		list_del(&ci->list);
		flags = ci->flags;
		ci->flags = CLUSTER_FLAG_NONE;
		found = ci;
		break;
	}
	spin_unlock(&si->lock);

	/* A cluster's table is gone when, and only when, it is on the free list. */
	if (found && flags == CLUSTER_FLAG_FREE) {
		VM_WARN_ON(list != &si->free_clusters);
		VM_WARN_ON(cluster_table_is_alloced(found));
		return swap_cluster_populate(si, found);
	}
	return found;
}
