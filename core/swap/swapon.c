// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: mm/swapfile.c (swapon, its clusters and extents; the steps of swapoff
 * that concern the device, called by core/mm/swapoff.c).
 * A device is set up while its users reference is dead, so nobody looks at it;
 * enable_swap_info() resurrects the reference and publishes it. Page 0, the bad
 * pages of the header and the tail of the last cluster become bad slots.
 * Left out: files of a filesystem, zswap, byte-swapped headers, discard-once.
 * Locking: swapon_mutex -> swap_lock -> si->lock.
 */
#include "core/swap/block_device.h"
#include "core/swap/swap_table.h"

/* ---- extents ------------------------------------------------------------------- */

struct swap_extent *first_se(struct swap_info_struct *si)
{
	return rb_entry_safe(rb_first(&si->swap_extent_root), struct swap_extent, rb_node);
}

struct swap_extent *next_se(struct swap_extent *se)
{
	return rb_entry_safe(rb_next(&se->rb_node), struct swap_extent, rb_node);
}

struct swap_extent *offset_to_swap_extent(struct swap_info_struct *si, pgoff_t offset)
{
	struct rb_node *rb = si->swap_extent_root.rb_node;
	struct swap_extent *se;

	while (rb) {
		se = rb_entry(rb, struct swap_extent, rb_node);
		if (offset < se->start_page)
			rb = rb->rb_left;
		else if (offset >= se->start_page + se->nr_pages)
			rb = rb->rb_right;
		else
			return se;
	}
	/* Past the end: swap_check_io() says so. */
	return NULL;
}

/* In ascending order of pages. 1: a new extent; 0: merged; -ENOMEM. */
static int add_swap_extent(struct swap_info_struct *si, unsigned long start_page,
			   unsigned long nr_pages, u64 start_block)
{
	struct rb_node **link = &si->swap_extent_root.rb_node, *parent = NULL;
	struct swap_extent *se;

	while (*link) {
		parent = *link;
		link = &parent->rb_right;
	}
	if (parent) {
		se = rb_entry(parent, struct swap_extent, rb_node);
		BUG_ON(se->start_page + se->nr_pages != start_page);
		if (se->start_block + se->nr_pages == start_block) {
			se->nr_pages += nr_pages;
			return 0;
		}
	}
	se = kmalloc(sizeof(*se), GFP_KERNEL);
	if (!se)
		return -ENOMEM;
	se->start_page = start_page;
	se->nr_pages = nr_pages;
	se->start_block = start_block;
	rb_link_node(&se->rb_node, parent, link);
	rb_insert_color(&se->rb_node, &si->swap_extent_root);
	return 1;
}

/* Number of extents, or -ENOMEM. A swap file may turn out to be shorter. */
static int setup_swap_extents(struct swap_info_struct *si)
{
	struct block_device *bdev = si->bdev;
	unsigned int half;
	int ret;

	if (bdev->activate_max && bdev->activate_max < si->max) {
		si->max = bdev->activate_max;
		si->pages = si->max - 1;
	}
	if (bdev->nr_extents < 2)
		return add_swap_extent(si, 0, si->max, 0);

	/* A file in two pieces that lie the other way round. */
	half = si->max / 2;
	ret = add_swap_extent(si, 0, half, si->max - half);
	if (ret < 0)
		return ret;
	ret = add_swap_extent(si, half, si->max - half, 0);
	return ret < 0 ? ret : 2;
}

void destroy_swap_extents(struct swap_info_struct *si)
{
	struct swap_extent *se;
	struct rb_node *rb;

	while ((rb = si->swap_extent_root.rb_node)) {
		se = rb_entry(rb, struct swap_extent, rb_node);
		rb_erase(rb, &si->swap_extent_root);
		kfree(se);
	}
	if (READ_ONCE(si->flags) & SWP_ACTIVATED)
		WRITE_ONCE(si->flags, si->flags & ~(unsigned long)SWP_ACTIVATED);
}

/* ---- clusters ---------------------------------------------------------------------- */

void swap_role_slots(struct swap_info_struct *si, atomic_long_t *words, unsigned int start)
{
	unsigned int i;

	for (i = 0; i < SWAPFILE_CLUSTER; i++)
		role_set(&words[i], sizeof(words[i]), "slot dev", si->bdev->id, (int)(start + i));
}

/* mask: past the end of the device, which si->pages does not count anyway. */
static int swap_cluster_setup_bad_slot(struct swap_info_struct *si,
				       struct swap_cluster_info *cluster_info,
				       unsigned int offset, bool mask)
	__no_lock_analysis("the lock is taken for the assertions, nobody else is here")
{
	unsigned int ci_off = offset % SWAPFILE_CLUSTER;
	struct swap_cluster_info *ci = cluster_info + offset / SWAPFILE_CLUSTER;
	int ret = 0;

	/* Activation may have made it shorter than the header says. */
	if (offset >= si->max && !mask) {
		PATH("swap_cluster_setup_bad_slot: past the end, ignored");
		return 0;
	}
	/* The header page isn't counted in si->pages either. */
	if (offset && (!mask || bug_seeded(BUG_SWAPON_TAIL_IN_PAGES)))
		si->pages -= 1;
	if (!si->pages) {
		PATH("swap_cluster_setup_bad_slot: empty device");
		return -EINVAL;
	}

	/* The first bad slot of a cluster brings its table. */
	if (!ci->count && swap_cluster_alloc_table(si, ci, GFP_KERNEL, NULL))
		return -ENOMEM;
	spin_lock(&ci->lock);
	if (__swap_table_xchg(ci, ci_off, SWP_TB_BAD) != SWP_TB_NULL &&
	    !bug_seeded(BUG_SWAPON_BADPAGE_TWICE)) {
		PATH("swap_cluster_setup_bad_slot: named twice");
		ret = -EINVAL;
	} else {
		ci->count++;
	}
	spin_unlock(&ci->lock);

	WARN_NAMED(ci->count > SWAPFILE_CLUSTER && !ret, "cluster count above its size");
	WARN_ON(ci->flags);
	return ret;
}

static int setup_bad_slots(struct swap_info_struct *si, struct swap_cluster_info *cluster_info)
{
	const struct swap_header *h = &si->bdev->header;
	unsigned long maxpages = si->max;
	unsigned long i;
	int err;

	err = swap_cluster_setup_bad_slot(si, cluster_info, 0, false);
	if (err)
		return err;
	for (i = 0; i < h->nr_badpages; i++) {
		if (!h->badpages[i] || h->badpages[i] > h->last_page) {
			PATH("setup_swap_clusters_info: bad page out of bounds");
			return -EINVAL;
		}
		err = swap_cluster_setup_bad_slot(si, cluster_info, h->badpages[i], false);
		if (err)
			return err;
	}
	if (bug_seeded(BUG_SWAPON_TAIL_NOT_MASKED))
		return 0;
	for (i = maxpages; i < round_up(maxpages, (unsigned long)SWAPFILE_CLUSTER); i++) {
		err = swap_cluster_setup_bad_slot(si, cluster_info, (unsigned int)i, true);
		if (err)
			return err;
	}
	return 0;
}

static void setup_cluster_lists(struct swap_info_struct *si,
				struct swap_cluster_info *cluster_info, unsigned long nr_clusters)
{
	unsigned long i;

	INIT_LIST_HEAD(&si->free_clusters);
	INIT_LIST_HEAD(&si->full_clusters);
	INIT_LIST_HEAD(&si->discard_clusters);
	for (i = 0; i < SWAP_NR_ORDERS; i++) {
		INIT_LIST_HEAD(&si->nonfull_clusters[i]);
		INIT_LIST_HEAD(&si->frag_clusters[i]);
	}
	for (i = 0; i < nr_clusters; i++) {
		struct swap_cluster_info *ci = &cluster_info[i];

		if (ci->count) {
			ci->flags = CLUSTER_FLAG_NONFULL;
			list_add_tail(&ci->list, &si->nonfull_clusters[0]);
		} else {
			ci->flags = CLUSTER_FLAG_FREE;
			list_add_tail(&ci->list, &si->free_clusters);
		}
	}
}

/* As in 7.3 every device gets one: swapon finds out later what turns (SWP_SOLIDSTATE). */
static int setup_global_cluster(struct swap_info_struct *si)
{
	unsigned int i;

	if (READ_ONCE(si->flags) & SWP_SOLIDSTATE)
		return 0;
	si->global_cluster = kmalloc(sizeof(*si->global_cluster), GFP_KERNEL);
	if (!si->global_cluster)
		return -ENOMEM;
	for (i = 0; i < SWAP_NR_ORDERS; i++)
		si->global_cluster->next[i] = SWAP_ENTRY_INVALID;
	spin_lock_init(&si->global_cluster_lock);
	return 0;
}

/* All clusters of the device, its lists; 0, -EINVAL, -ENOMEM. */
static int setup_swap_clusters_info(struct swap_info_struct *si)
{
	unsigned long nr_clusters = DIV_ROUND_UP(si->max, SWAPFILE_CLUSTER);
	struct swap_cluster_info *cluster_info;
	unsigned long i;
	int err;

	cluster_info = kvcalloc(nr_clusters, sizeof(*cluster_info), GFP_KERNEL);
	if (!cluster_info)
		return -ENOMEM;
	/* Reachable for the tables' roles; nobody else looks while users are dead. */
	si->cluster_info = cluster_info;
	for (i = 0; i < nr_clusters; i++) {
		spin_lock_init(&cluster_info[i].lock);
		INIT_LIST_HEAD(&cluster_info[i].list);
		role_set(&cluster_info[i], sizeof(cluster_info[i]), "cluster dev", si->bdev->id,
			 (int)i);
	}
	err = setup_global_cluster(si);
	if (!err)
		err = setup_bad_slots(si, cluster_info);
	if (err) {
		free_swap_cluster_info(cluster_info, si->max);
		si->cluster_info = NULL;
		return err;
	}
	setup_cluster_lists(si, cluster_info, nr_clusters);
	return 0;
}

/* Clusters of a device whose setup failed have bad slots and nothing else. */
void free_swap_cluster_info(struct swap_cluster_info *cluster_info, unsigned long maxpages)
	__no_lock_analysis("the lock is taken for the assertions, nobody else is here")
{
	unsigned long i, nr_clusters = DIV_ROUND_UP(maxpages, SWAPFILE_CLUSTER);
	struct swap_cluster_info *ci;

	if (!cluster_info)
		return;
	for (i = 0; i < nr_clusters; i++) {
		ci = cluster_info + i;
		/* A cluster with bad slots keeps its table until here. */
		spin_lock(&ci->lock);
		if (cluster_table_is_alloced(ci)) {
			swap_cluster_assert_empty(ci, 0, SWAPFILE_CLUSTER, true);
			swap_cluster_free_table(ci);
		}
		spin_unlock(&ci->lock);
	}
	kvfree(cluster_info);
}

/* ---- the device appears and goes ------------------------------------------------------- */

void _enable_swap_info(struct swap_info_struct *si)
{
	lockdep_assert_held(&swap_lock);
	lockdep_assert_held(&si->lock);
	atomic_long_add((long)si->pages, &nr_swap_pages);
	total_swap_pages += (long)si->pages; /* racy in vm_swap_full() */
	plist_add(&si->list, &swap_active_head);
	add_to_avail_list(si, true);
}

static void enable_swap_info(struct swap_info_struct *si)
{
	/*
	 * All of si is set up before somebody can have a reference: resurrecting
	 * it is what the smp_rmb() of get_swap_device_info() pairs with.
	 */
	engine_hb_release(&si->users);
	percpu_ref_resurrect(&si->users);
	spin_lock(&swap_lock);
	spin_lock(&si->lock);
	_enable_swap_info(si);
	spin_unlock(&si->lock);
	spin_unlock(&swap_lock);
}

void reinsert_swap_info(struct swap_info_struct *si)
{
	PATH("reinsert_swap_info: swapoff failed");
	spin_lock(&swap_lock);
	spin_lock(&si->lock);
	_enable_swap_info(si);
	spin_unlock(&si->lock);
	spin_unlock(&swap_lock);
}

void wait_for_allocation(struct swap_info_struct *si)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	unsigned long offset, end = round_up((unsigned long)si->max, SWAPFILE_CLUSTER);
	struct swap_cluster_info *ci;

	BUG_ON(READ_ONCE(si->flags) & SWP_WRITEOK);
	if (bug_seeded(BUG_SWAPOFF_NO_WAIT_FOR_ALLOCATION))
		return;
	for (offset = 0; offset < end; offset += SWAPFILE_CLUSTER) {
		ci = swap_cluster_lock(si, offset);
		swap_cluster_unlock(ci);
	}
}

void flush_percpu_swap_cluster(struct swap_info_struct *si)
{
	struct percpu_swap_cluster *pcp;
	int cpu, i;

	for_each_possible_cpu(cpu) {
		pcp = per_cpu_ptr(&percpu_swap_cluster, (unsigned int)cpu);
		/* users is dead: nobody will store si there again. */
		for (i = 0; i < SWAP_NR_ORDERS; i++)
			cmpxchg(&pcp->si[i], si, NULL);
	}
}

unsigned int find_next_to_unuse(struct swap_info_struct *si, unsigned int prev)
{
	unsigned long swp_tb;
	unsigned int i;

	/* No lock: allocations have ended, and a false hit does no harm. */
	for (i = prev + 1; i < si->max; i++) {
		swp_tb = swap_table_get(__swap_offset_to_cluster(si, i), i % SWAPFILE_CLUSTER);
		if (!swp_tb_is_null(swp_tb) && !swp_tb_is_bad(swp_tb))
			break;
		if (i % 16 == 0)
			cond_resched();
	}
	return i >= si->max ? 0 : i;
}

int swap_type_of_dev(unsigned int dev)
{
	struct swap_info_struct *si;
	int type = -ENODEV;

	spin_lock(&swap_lock);
	plist_for_each_entry(si, &swap_active_head, list) {
		if ((READ_ONCE(si->flags) & SWP_WRITEOK) && si->bdev->id == dev) {
			type = si->type;
			break;
		}
	}
	spin_unlock(&swap_lock);
	return type;
}

/* ---- swapon(2) ---------------------------------------------------------------------------- */

static void swap_users_ref_free(struct percpu_ref *ref)
{
	struct swap_info_struct *si = container_of(ref, struct swap_info_struct, users);

	complete(&si->comp);
}

/* A struct that is not in use, or a new one; its users reference is dead. */
static struct swap_info_struct *alloc_swap_info(void)
{
	struct swap_info_struct *p, *defer = NULL;
	unsigned int type;

	p = kvzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return ERR_PTR(-ENOMEM);
	if (percpu_ref_init(&p->users, swap_users_ref_free, PERCPU_REF_INIT_DEAD, GFP_KERNEL)) {
		kvfree(p);
		return ERR_PTR(-ENOMEM);
	}

	spin_lock(&swap_lock);
	for (type = 0; type < nr_swapfiles; type++) {
		if (!(READ_ONCE(swap_info[type]->flags) & SWP_USED))
			break;
	}
	if (type >= MAX_SWAPFILES) {
		PATH("alloc_swap_info: all types taken");
		spin_unlock(&swap_lock);
		percpu_ref_exit(&p->users);
		kvfree(p);
		return ERR_PTR(-EPERM);
	}
	if (type >= nr_swapfiles) {
		p->type = (signed char)type;
		/* Published with all its fields; see swap_type_to_info(). */
		smp_store_release(&swap_info[type], p);
		nr_swapfiles++;
	} else {
		PATH("alloc_swap_info: type used again");
		defer = p;
		p = swap_info[type];
	}
	p->swap_extent_root = RB_ROOT;
	plist_node_init(&p->list, 0);
	plist_node_init(&p->avail_list, 0);
	WRITE_ONCE(p->flags, SWP_USED);
	spin_unlock(&swap_lock);
	if (defer) {
		percpu_ref_exit(&defer->users);
		kvfree(defer);
	}
	spin_lock_init(&p->lock);
	atomic_long_set(&p->inuse_pages, (long)SWAP_USAGE_OFFLIST_BIT);
	init_completion(&p->comp);
	return p;
}

/* Number of pages, header included; 0: the header is no good. */
static unsigned long read_swap_header(const struct block_device *bdev)
{
	const struct swap_header *h = &bdev->header;
	unsigned long maxpages;

	if (h->version != 1) {
		PATH("read_swap_header: version");
		return 0;
	}
	if (!h->last_page) {
		PATH("read_swap_header: empty");
		return 0;
	}
	maxpages = h->last_page + 1UL;
	if (maxpages > bdev->nr_blocks) {
		PATH("read_swap_header: device shorter than its header says");
		return 0;
	}
	if (h->nr_badpages > MAX_SWAP_BADPAGES) {
		PATH("read_swap_header: too many bad pages");
		return 0;
	}
	return maxpages;
}

static unsigned long swap_flags_of(const struct block_device *bdev)
{
	unsigned long flags = 0;

	if (bdev->flags & WORLD_DEV_STABLE)
		flags |= SWP_STABLE_WRITES;
	if (bdev->flags & WORLD_DEV_SYNC)
		flags |= SWP_SYNCHRONOUS_IO;
	if (!(bdev->flags & WORLD_DEV_ROTATIONAL))
		flags |= SWP_SOLIDSTATE;
	return flags;
}

/* All that swapon builds before the device can be used. 0, -EINVAL, -ENOMEM. */
static int swapon_setup(struct swap_info_struct *si, struct block_device *bdev)
{
	unsigned long maxpages = read_swap_header(bdev);
	int err;

	if (!maxpages)
		return -EINVAL;
	si->max = (unsigned int)maxpages;
	si->pages = (unsigned int)maxpages - 1;
	WRITE_ONCE(si->flags, si->flags | SWP_BLKDEV);
	err = setup_swap_extents(si);
	if (err < 0)
		return err;
	if (si->pages != si->max - 1)
		return -EINVAL;

	err = setup_swap_clusters_info(si);
	if (err)
		return err;
	WRITE_ONCE(si->flags, si->flags | swap_flags_of(bdev));
	if (bdev->flags & WORLD_DEV_ROTATIONAL)
		atomic_inc(&nr_rotate_swap);
	if (bdev->flags & WORLD_DEV_DISCARD) {
		WRITE_ONCE(si->flags, si->flags | SWP_DISCARDABLE | SWP_AREA_DISCARD |
			   SWP_PAGE_DISCARD);
		discard_swap(si);
	}
	return 0;
}

static void swapon_undo(struct swap_info_struct *si)
{
	PATH("swapon: undone");
	kfree(si->global_cluster);
	si->global_cluster = NULL;
	destroy_swap_extents(si);
	free_swap_cluster_info(si->cluster_info, si->max);
	si->cluster_info = NULL;
	si->max = 0;
	/* All is freed: alloc_swap_info() may use it again. */
	spin_lock(&swap_lock);
	WRITE_ONCE(si->flags, 0);
	spin_unlock(&swap_lock);
}

int sys_swapon(unsigned int dev)
{
	struct block_device *bdev = swap_bdev(dev);
	struct swap_info_struct *si;
	int error;

	if (!bdev)
		return -EINVAL;
	might_sleep();

	/* Stays dying until enable_swap_info(): nobody looks inside. */
	si = alloc_swap_info();
	if (IS_ERR(si))
		return (int)PTR_ERR(si);
	INIT_WORK(&si->discard_work, swap_discard_work);
	INIT_WORK(&si->reclaim_work, swap_reclaim_work);
	si->bdev = bdev;
	role_set(si, sizeof(*si), "swap_info dev", (int)dev, -1);

	mutex_lock(&bdev->inode_lock);
	if (bdev->is_swapfile) {
		PATH("swapon: in use already");
		error = -EBUSY;
		goto bad_swap;
	}
	error = swapon_setup(si, bdev);
	if (error)
		goto bad_swap;
	bdev->is_swapfile = true;

	mutex_lock(&swapon_mutex);
	si->prio = (signed short)bdev->prio;
	/* plists go up, swap priorities down. */
	si->list.prio = -si->prio;
	si->avail_list.prio = -si->prio;
	si->swap_file = bdev;
	enable_swap_info(si);
	mutex_unlock(&swapon_mutex);
	mutex_unlock(&bdev->inode_lock);
	return 0;

bad_swap:
	swapon_undo(si);
	mutex_unlock(&bdev->inode_lock);
	return error;
}
