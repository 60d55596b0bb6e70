/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of core/swap: a machine without mm. "Pages" (struct tpage) stand
 * for PTEs: each has a lock of its own and is empty, maps a folio, or holds a swap
 * entry. The ops below do to them what faults, reclaim, fork, zap and swapoff do
 * to PTEs, by the same rules; contents never change once a page is filled, so
 * that a swap-in can check them. After each run the invariants of the swap core
 * are checked, all devices are swapped off, and nothing may be left.
 */
#ifndef CORE_SWAP_TEST_SWAP_TEST_H
#define CORE_SWAP_TEST_SWAP_TEST_H

#include <stdlib.h>

#include "core/base/test.h"
#include "core/engine/policy.h"
#include "core/page/page.h"
#include "core/swap/block_device.h"
#include "core/swap/swap.h"
#include "core/swap/swap_table.h"

/* Random schedules a racing test tries. */
#ifdef SWAPRACE_TSAN
#define TEST_SEEDS 200
#else
#define TEST_SEEDS 400
#endif
#define TPAGES 12
#define TTASKS_MAX 6

enum tstate { T_NONE, T_PRESENT, T_SWAPPED };
struct tpage {
	spinlock_t ptl;
	u32 state;
	struct folio *folio;
	swp_entry_t entry;
	u64 value;
};
static struct tpage tpages[TPAGES] __world = { { .state = 0 } };
WORLD_NAME(tpages);

/* ---- policy: a random walk, with failures of some kinds ---- */

struct test_walk {
	struct sched_policy policy;
	u64 rng;
	unsigned stay;       /* the running context goes on in stay of 8 cases */
	unsigned fail_alloc; /* one of so many fails; 0: none */
	unsigned fail_io;
	/* occurrence (1..) of a choice that fails for sure; 0: none */
	unsigned nth_alloc, nth_io, nth_alloc_len;
	unsigned seen_alloc, seen_io;
	/* one context at most stands still for a while: where it stood is random */
	bool pauses;
	unsigned pause_ctx, pause_from, pause_to;
};

static inline __no_sanitize_tsan u32 walk_random(struct test_walk *w, u32 n)
{
	w->rng = w->rng * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)((w->rng >> 33) % n);
}

static inline __no_sanitize_tsan void walk_start(struct sched_policy *p,
						 const struct engine_view *v, u64 seed)
{
	struct test_walk *w = container_of(p, struct test_walk, policy);

	w->rng = seed * 0x9e3779b97f4a7c15ull + 1;
	w->seen_alloc = w->seen_io = 0;
	walk_random(w, 2);
	w->pause_ctx = walk_random(w, v->ntasks);
	w->pause_from = walk_random(w, 600);
	w->pause_to = w->pauses ? w->pause_from + walk_random(w, 2000) : 0;
}

static inline __no_sanitize_tsan unsigned walk_next(struct sched_policy *p,
						    const struct engine_view *v)
{
	struct test_walk *w = container_of(p, struct test_walk, policy);
	ctx_mask m = v->runnable;
	u32 k;

	if (v->steps >= w->pause_from && v->steps < w->pause_to &&
	    (m & ~CTX_BIT(w->pause_ctx)))
		m &= ~CTX_BIT(w->pause_ctx);
	if (v->cur < ENGINE_CTX_MAX && (m & CTX_BIT(v->cur)) &&
	    v->pending[v->cur].kind != EV_YIELD && walk_random(w, 8) < w->stay)
		return v->cur;
	k = walk_random(w, ctx_count(m));
	while (k--)
		m &= m - 1;
	return ctx_first(m);
}

static inline __no_sanitize_tsan u32 walk_choose(struct sched_policy *p,
						 const struct engine_view *v,
						 const struct sched_choice *c)
{
	struct test_walk *w = container_of(p, struct test_walk, policy);

	(void)v;
	if (c->kind == CHOICE_ALLOC) {
		w->seen_alloc++;
		if (w->nth_alloc && w->seen_alloc >= w->nth_alloc &&
		    w->seen_alloc < w->nth_alloc + (w->nth_alloc_len ? w->nth_alloc_len : 1))
			return 1;
		return w->fail_alloc && walk_random(w, w->fail_alloc) == 0;
	}
	if (c->kind == CHOICE_IO) {
		w->seen_io++;
		return w->seen_io == w->nth_io ||
		       (w->fail_io && walk_random(w, w->fail_io) == 0);
	}
	return 0;
}

static struct test_walk test_walk __always_unused = {
	.policy = { .name = "walk", .start = walk_start, .next = walk_next,
		    .choose = walk_choose },
	.stay = 8,
};

/* ---- machines ---- */

static inline struct world_config test_config(u8 dev_flags, u8 slots)
{
	struct world_config c = {
		.cpus = 2, .folios = 32, .cluster_slots = 4, .count_bits = 2, .batch = 4,
		.readahead = 0, .swap_full = 50, .low_watermark = 2,
	};

	c.dev[0] = (struct world_dev){ .flags = WORLD_DEV_PRESENT | dev_flags, .slots = slots };
	return c;
}

static struct world_config test_cfg __always_unused;
static unsigned test_live_before __always_unused;

static inline void test_setup(void *arg)
{
	unsigned i;

	(void)arg;
	page_setup(&test_cfg);
	swap_world_setup(&test_cfg);
	for (i = 0; i < TPAGES; i++) {
		spin_lock_init(&tpages[i].ptl);
		role_set(&tpages[i], sizeof(tpages[i]), "tpage ", (int)i, -1);
	}
	test_live_before = slab_live_total();
	for (i = 0; i < WORLD_DEVS_MAX; i++) {
		if (test_cfg.dev[i].flags & WORLD_DEV_ON)
			BUG_ON(sys_swapon(i));
	}
}

/* ---- invariants of a quiet machine ---- */

static inline struct list_head *test_list_of(struct swap_info_struct *si,
					     const struct swap_cluster_info *ci)
{
	switch (ci->flags) {
	case CLUSTER_FLAG_FREE: return &si->free_clusters;
	case CLUSTER_FLAG_NONFULL: return &si->nonfull_clusters[ci->order];
	case CLUSTER_FLAG_FRAG: return &si->frag_clusters[ci->order];
	case CLUSTER_FLAG_FULL: return &si->full_clusters;
	case CLUSTER_FLAG_DISCARD: return &si->discard_clusters;
	default: return NULL;
	}
}

static inline void test_check_slot(struct swap_info_struct *si, struct swap_cluster_info *ci,
				   unsigned long offset, unsigned int extra)
{
	unsigned long word = swap_table_peek(ci, offset % SWAPFILE_CLUSTER);
	unsigned int owners = extra, count, i;
	swp_entry_t entry = swp_entry((unsigned long)si->type, offset);
	struct folio *folio;

	for (i = 0; i < TPAGES; i++)
		owners += tpages[i].state == T_SWAPPED && tpages[i].entry.val == entry.val;
	if (swp_tb_is_bad(word) || swp_tb_is_null(word)) {
		WARN_NAMED(owners, "owners of a bad or free slot");
		return;
	}
	count = __swp_tb_get_count(word);
	if (count == SWP_TB_COUNT_MAX)
		count = ci->extend_table ? ci->extend_table[offset % SWAPFILE_CLUSTER] : 0;
	WARN_NAMED(count != owners, "count does not match the owners");
	if (!swp_tb_is_folio(word)) {
		WARN_NAMED(!count, "slot in use without count and folio");
		return;
	}
	folio = swp_tb_to_folio(word);
	WARN_NAMED(!folio_flag_peek(folio, PG_swapcache), "cached folio has no flag");
	WARN_NAMED(folio->swap.val != round_down(entry.val, (unsigned long)folio_nr_pages(folio)),
		   "cached folio names another slot");
	WARN_NAMED(folio_flag_peek(folio, PG_writeback), "writeback on a quiet machine");
	WARN_NAMED(folio_flag_peek(folio, PG_locked), "locked folio on a quiet machine");
}

static inline long test_check_cluster(struct swap_info_struct *si, struct swap_cluster_info *ci,
				      unsigned int hib_slots)
{
	unsigned long i, start = cluster_offset(si, ci);
	struct list_head *head = test_list_of(si, ci), *p;
	unsigned int used = 0, bad = 0, found = 0, extended = 0;

	WARN_NAMED(!head, "cluster on no list");
	list_for_each(p, head)
		found += p == &ci->list;
	WARN_NAMED(found != 1, "cluster not on the list that its flag says");
	for (i = 0; i < SWAPFILE_CLUSTER; i++) {
		unsigned long word = swap_table_peek(ci, i);

		used += !swp_tb_is_null(word);
		bad += swp_tb_is_bad(word);
		if (!hib_slots)
			test_check_slot(si, ci, start + i, 0);
		/* At the limit less one the next duplication wants the table. */
		extended += (ci->extend_table && ci->extend_table[i]) ||
			    swp_tb_get_count(word) == (int)SWP_TB_COUNT_MAX - 1;
	}
	WARN_NAMED(used != ci->count, "cluster count does not match its table");
	WARN_NAMED(ci->flags == CLUSTER_FLAG_FREE && (ci->table || ci->count),
		   "free cluster is not empty");
	WARN_NAMED(ci->flags != CLUSTER_FLAG_FREE && !ci->table, "cluster without a table");
	WARN_NAMED(ci->flags == CLUSTER_FLAG_FULL && used != SWAPFILE_CLUSTER, "full cluster is not");
	WARN_NAMED(ci->extend_table && !extended, "extension table that nobody needs");
	return (long)(used - bad);
}

/* Clusters, counts, totals. hib_slots: of hibernation, then owners aren't counted. */
static inline void test_invariants(unsigned int hib_slots)
{
	unsigned int type;
	unsigned long c;
	long used_all = 0, total = 0;

	for (type = 0; type < nr_swapfiles; type++) {
		struct swap_info_struct *si = swap_info[type];
		unsigned long nr = DIV_ROUND_UP(si->max, SWAPFILE_CLUSTER);
		long used = 0, bad_usable = 0;

		if (!(si->flags & SWP_WRITEOK))
			continue;
		for (c = 0; c < nr; c++) {
			used += test_check_cluster(si, &si->cluster_info[c], hib_slots);
			for (unsigned long i = 0; i < SWAPFILE_CLUSTER; i++)
				bad_usable += c * SWAPFILE_CLUSTER + i < si->max &&
					swp_tb_is_bad(swap_table_peek(&si->cluster_info[c], i));
		}
		WARN_NAMED((long)si->pages != (long)si->max - bad_usable, "si->pages is wrong");
		WARN_NAMED(swap_usage_in_pages(si) != used, "inuse_pages does not match the slots");
		used_all += used;
		total += si->pages;
	}
	WARN_NAMED(total != total_swap_pages, "total_swap_pages is wrong");
	WARN_NAMED(get_nr_swap_pages() != total - used_all, "nr_swap_pages is wrong");
}

/* ---- ops on tpages ---- */

static inline void t_write(struct folio *folio, u64 value)
{
	for (unsigned w = 0; w < PAGE_WORDS; w++)
		page_store_word(&folio->page[0], w, value ? value + w : 0);
}

static inline bool t_content_is(struct folio *folio, u64 value)
{
	for (unsigned w = 0; w < PAGE_WORDS; w++) {
		if (page_load_word(&folio->page[0], w) != (value ? value + w : 0))
			return false;
	}
	return true;
}

/* A new folio with contents, one reference, on no list. NULL: no memory. */
static inline struct folio *t_folio(u64 value)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, 0);

	if (!folio)
		return NULL;
	t_write(folio, value);
	__folio_mark_uptodate(folio);
	__folio_set_swapbacked(folio);
	return folio;
}

/* A slot for a folio, as reclaim takes it. 0 or -ENOMEM. */
static inline int t_get_slot(struct folio *folio)
{
	int ret;

	folio_lock(folio);
	ret = folio_alloc_swap(folio);
	folio_unlock(folio);
	return ret;
}

static inline void t_map(struct tpage *p, struct folio *folio)
{
	atomic_inc(&folio->page[0]._mapcount);
	p->folio = folio;
	p->state = T_PRESENT;
}

/* A write fault on an empty page; value 0: zero-filled. */
static inline int t_fill(struct tpage *p, u64 value)
{
	struct folio *folio = t_folio(value);

	if (!folio)
		return -ENOMEM;
	spin_lock(&p->ptl);
	if (p->state != T_NONE) {
		spin_unlock(&p->ptl);
		folio_put(folio);
		return -EEXIST;
	}
	p->value = value;
	t_map(p, folio);
	spin_unlock(&p->ptl);
	return 0;
}

/* Drops the swap cache of a folio nobody maps any more, then a reference. */
static inline void t_put_folio(struct folio *folio)
{
	if (folio_test_swapcache(folio) && !folio_mapped(folio) && folio_trylock(folio)) {
		folio_free_swap(folio);
		folio_unlock(folio);
	}
	folio_put(folio);
}

/*
 * The entry is put with no lock held, as truncation of shmem does: a held PTL is
 * an RCU reader, which keeps the device as well as a reference does.
 */
static inline void t_zap(struct tpage *p)
{
	swp_entry_t entry = { 0 };
	struct folio *folio = NULL;

	spin_lock(&p->ptl);
	if (p->state == T_PRESENT) {
		folio = p->folio;
		p->state = T_NONE;
		atomic_dec(&folio->page[0]._mapcount);
	} else if (p->state == T_SWAPPED) {
		entry = p->entry;
		p->state = T_NONE;
	}
	spin_unlock(&p->ptl);
	if (entry.val)
		swap_put_entries_direct(entry, 1);
	if (folio)
		t_put_folio(folio);
}

/* Drops a clean, unmapped, cached folio as __remove_mapping() does. */
static inline bool t_remove_mapping(struct folio *folio)
	__no_lock_analysis("locks by returning functions")
{
	struct swap_cluster_info *ci = swap_cluster_get_and_lock_irq(folio);

	if (!folio_ref_freeze(folio, 2)) {
		swap_cluster_unlock_irq(ci);
		return false;
	}
	if (folio_test_dirty(folio)) {
		folio_ref_unfreeze(folio, 2);
		swap_cluster_unlock_irq(ci);
		return false;
	}
	/* Reclaim has isolated the folio; here it may still be on the LRU. */
	__swap_cache_del_folio(ci, folio, folio->swap,
			       folio_test_lru(folio) ? NULL : workingset_eviction(folio), true);
	swap_cluster_unlock_irq(ci);
	folio_unlock(folio);
	__folio_put(folio);
	return true;
}

static inline void t_unmap_all(struct folio *folio)
{
	for (unsigned i = 0; i < TPAGES; i++) {
		struct tpage *p = &tpages[i];

		spin_lock(&p->ptl);
		if (p->state == T_PRESENT && p->folio == folio &&
		    !folio_dup_swap(folio, &folio->page[0])) {
			p->entry = folio->swap;
			p->state = T_SWAPPED;
			atomic_dec(&folio->page[0]._mapcount);
			folio_put(folio);
		}
		spin_unlock(&p->ptl);
	}
}

/* The I/O of one folio, submitted. */
static inline int t_writeout(struct folio *folio)
{
	struct swap_io_ctx ctx = { 0 };
	int ret = swap_writeout(&ctx, folio);

	swap_write_submit(&ctx);
	return ret;
}

static inline void t_readin(struct folio *folio)
{
	struct swap_io_ctx ctx = { 0 };

	swap_read_folio(&ctx, folio);
	swap_read_submit(&ctx);
}

static inline struct folio *t_read_async(swp_entry_t entry)
{
	struct swap_io_ctx ctx = { 0 };
	struct folio *folio = read_swap_cache_async(&ctx, entry, GFP_KERNEL, NULL, 0);

	swap_read_submit(&ctx);
	return folio;
}

/* Reclaim of the folio that p maps. 0: its slot is written and the folio gone. */
static inline int t_swapout(struct tpage *p)
	__no_lock_analysis("trylock")
{
	struct folio *folio = NULL;
	int ret = -EAGAIN;

	spin_lock(&p->ptl);
	if (p->state == T_PRESENT) {
		folio = p->folio;
		folio_get(folio);
	}
	spin_unlock(&p->ptl);
	if (!folio)
		return -ENOENT;
	if (!folio_trylock(folio))
		goto put;
	if (folio_test_writeback(folio) || !folio_mapped(folio))
		goto unlock;
	if (!folio_test_swapcache(folio)) {
		ret = folio_alloc_swap(folio);
		if (ret)
			goto unlock;
		ret = -EAGAIN;
		folio_mark_dirty(folio);
	}
	t_unmap_all(folio);
	if (folio_mapped(folio))
		goto unlock;
	if (folio_test_dirty(folio)) {
		folio_clear_dirty(folio);
		t_writeout(folio);
		folio_wait_writeback(folio);
		folio_lock(folio);
	}
	if (folio_test_swapcache(folio) && !folio_test_writeback(folio) &&
	    !folio_mapped(folio) && t_remove_mapping(folio))
		return 0;
unlock:
	folio_unlock(folio);
put:
	folio_put(folio);
	return ret;
}

static inline struct folio *t_swapin_folio(struct swap_info_struct *si, swp_entry_t entry)
{
	struct folio *folio;

	folio = swap_cache_get_folio(entry);
	if (folio)
		return folio;
	if (!(READ_ONCE(si->flags) & SWP_SYNCHRONOUS_IO))
		return swapin_readahead(entry, GFP_HIGHUSER_MOVABLE, NULL);
	folio = swapin_sync(entry, GFP_HIGHUSER_MOVABLE, BIT(0), NULL);
	return IS_ERR(folio) ? NULL : folio;
}

/* A fault: 0, or -ENOENT (nothing swapped), -EAGAIN (raced), -EIO, -ENOMEM. */
static inline int t_swapin(struct tpage *p)
	__no_lock_analysis("folio lock")
{
	struct swap_info_struct *si;
	struct folio *folio;
	swp_entry_t entry = { 0 };
	int ret = -EAGAIN;

	spin_lock(&p->ptl);
	if (p->state == T_SWAPPED)
		entry = p->entry;
	spin_unlock(&p->ptl);
	if (!entry.val)
		return -ENOENT;
	si = get_swap_device(entry);
	if (!si)
		return -EAGAIN;
	folio = t_swapin_folio(si, entry);
	if (!folio) {
		put_swap_device(si);
		return -ENOMEM;
	}
	folio_lock(folio);
	if (!folio_matches_swap_entry(folio, entry))
		goto unlock;
	folio_wait_writeback(folio);
	spin_lock(&p->ptl);
	if (p->state != T_SWAPPED || p->entry.val != entry.val)
		goto unlock_ptl;
	if (!folio_test_uptodate(folio)) {
		ret = -EIO;
		goto unlock_ptl;
	}
	WARN_NAMED(!t_content_is(folio, p->value), "contents changed on swap");
	folio_get(folio);
	t_map(p, folio);
	folio_put_swap(folio, &folio->page[0]);
	ret = 0;
unlock_ptl:
	spin_unlock(&p->ptl);
	folio_free_swap(folio);
unlock:
	folio_unlock(folio);
	folio_put(folio);
	put_swap_device(si);
	return ret;
}

/* q becomes what p is; the pages in order of their index, as PTLs by address. */
static inline int t_fork(struct tpage *p, struct tpage *q)
	__no_lock_analysis("two locks of one class")
{
	struct tpage *a = p < q ? p : q, *b = p < q ? q : p;
	swp_entry_t entry = { 0 };
	int ret = 0;

	if (p == q)
		return -EINVAL;
again:
	spin_lock(&a->ptl);
	spin_lock_nested(&b->ptl, 1);
	if (q->state == T_NONE && p->state == T_PRESENT) {
		folio_get(p->folio);
		q->value = p->value;
		t_map(q, p->folio);
	} else if (q->state == T_NONE && p->state == T_SWAPPED) {
		ret = swap_dup_entry_direct(p->entry);
		if (!ret) {
			q->value = p->value;
			q->entry = p->entry;
			q->state = T_SWAPPED;
		}
		entry = p->entry;
	}
	spin_unlock(&b->ptl);
	spin_unlock(&a->ptl);
	if (ret == -ENOMEM) {
		ret = swap_retry_table_alloc(entry, GFP_KERNEL);
		if (!ret)
			goto again;
	}
	return ret;
}

/* ---- swapoff, without mms ---- */

static inline void t_unuse(struct swap_info_struct *si)
{
	unsigned int i, offset;
	struct folio *folio;

	for (i = 0; i < TPAGES; i++) {
		spin_lock(&tpages[i].ptl);
		bool ours = tpages[i].state == T_SWAPPED &&
			    (int)swp_type(tpages[i].entry) == si->type;
		spin_unlock(&tpages[i].ptl);
		/* A slot that cannot be read is given up. */
		if (ours && t_swapin(&tpages[i]) == -EIO)
			t_zap(&tpages[i]);
	}
	for (offset = 0; (offset = find_next_to_unuse(si, offset)); ) {
		folio = swap_cache_get_folio(swp_entry((unsigned long)si->type, offset));
		if (!folio)
			continue;
		folio_lock(folio);
		folio_wait_writeback(folio);
		folio_free_swap(folio);
		folio_unlock(folio);
		folio_put(folio);
	}
}

/* 0, -EINVAL (off), -EBUSY (pinned), -EAGAIN: gave up and is on again. */
static inline int t_swapoff(unsigned int dev, unsigned int rounds)
{
	struct swap_cluster_info *cluster_info;
	struct swap_info_struct *si = NULL, *p;
	unsigned int maxpages;

	spin_lock(&swap_lock);
	plist_for_each_entry(p, &swap_active_head, list) {
		if ((READ_ONCE(p->flags) & SWP_WRITEOK) && p->bdev->id == dev)
			si = p;
	}
	if (!si || (READ_ONCE(si->flags) & SWP_HIBERNATION)) {
		spin_unlock(&swap_lock);
		return si ? -EBUSY : -EINVAL;
	}
	spin_lock(&si->lock);
	del_from_avail_list(si, true);
	plist_del(&si->list, &swap_active_head);
	atomic_long_sub((long)si->pages, &nr_swap_pages);
	total_swap_pages -= si->pages;
	spin_unlock(&si->lock);
	spin_unlock(&swap_lock);
	wait_for_allocation(si);
	while (swap_usage_in_pages(si) && rounds--)
		t_unuse(si);
	if (swap_usage_in_pages(si)) {
		reinsert_swap_info(si);
		return -EAGAIN;
	}
	smp_mb(&si->inuse_pages);
	percpu_ref_kill(&si->users);
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
	maxpages = si->max;
	cluster_info = si->cluster_info;
	si->swap_file = NULL;
	si->max = 0;
	si->cluster_info = NULL;
	spin_unlock(&si->lock);
	spin_unlock(&swap_lock);
	mutex_unlock(&swapon_mutex);
	kfree(si->global_cluster);
	si->global_cluster = NULL;
	free_swap_cluster_info(cluster_info, maxpages);
	swap_release_bdev(si->bdev);
	spin_lock(&swap_lock);
	WRITE_ONCE(si->flags, 0);
	spin_unlock(&swap_lock);
	return 0;
}

/* ---- running ---- */

static struct {
	unsigned int hib_slots; /* still allocated at the end of the run, on purpose */
	bool keep;              /* the caller tears down by himself */
} test_end_state __always_unused;

static inline void test_teardown(void *arg)
{
	struct page_audit audit;
	unsigned int i;

	(void)arg;
	test_invariants(test_end_state.hib_slots);
	if (test_end_state.keep)
		return;
	snapshot_release();
	for (i = 0; i < TPAGES; i++)
		t_zap(&tpages[i]);
	lru_add_drain_all();
	run_pending_work();
	test_invariants(0);
	for (i = 0; i < WORLD_DEVS_MAX; i++)
		WARN_NAMED(t_swapoff(i, 3) == -EAGAIN, "swapoff at teardown failed");
	page_teardown();
	page_audit(&audit);
	WARN_NAMED(audit.leaked || audit.broken, "folio leaked");
}

/* After the RCU callbacks of the teardown have run. */
static inline void test_audit(void *arg)
{
	(void)arg;
	WARN_NAMED(!test_end_state.keep && slab_live_total() != test_live_before + nr_swapfiles,
		   "memory leaked");
	WARN_NAMED(!test_end_state.keep && get_nr_swap_pages(), "nr_swap_pages is not 0");
}

/* Sets up a world of test_cfg, runs the tasks by test_walk, checks and tears down.
 * Returns the title of the report, "" for none. */
static inline const char *test_run(void (*const *fns)(void *), unsigned n, u64 seed)
{
	static struct engine_task tasks[TTASKS_MAX];
	struct engine_config config = {
		.backend = getenv("SWAP_TEST_NATIVE") ? ENGINE_NATIVE : ENGINE_SIM,
		.cpus = test_cfg.cpus, .ntasks = n, .tasks = tasks,
		.policy = &test_walk.policy, .seed = seed,
	};
	const struct engine_report *r;

	for (unsigned i = 0; i < n; i++)
		tasks[i] = (struct engine_task){ .fn = fns[i], .arg = (void *)(uintptr_t)i,
						 .cpu = (u8)(i % test_cfg.cpus) };
	engine_reset(&config);
	if (engine_quiet(test_setup, NULL) == ENGINE_DONE &&
	    engine_run() != ENGINE_REPORTED &&
	    engine_quiet(test_teardown, NULL) == ENGINE_DONE)
		engine_quiet(test_audit, NULL);
	r = engine_report();
	if (r && getenv("SWAP_TEST_VERBOSE"))
		printf("seed %llu: %s\n%s", (unsigned long long)seed, r->title, r->body);
	return r ? r->title : "";
}

static inline const char *test_run_one(void (*fn)(void *))
{
	return test_run(&fn, 1, 1);
}

/* One task, no failures, no report. */
static inline void test_print_path(const struct path *path, void *arg)
{
	(void)arg;
	printf("%10llu  %s\n", (unsigned long long)path->taken, path->name);
}

/* With SWAP_TEST_PATHS set: how often each path was taken. */
static inline void test_print_paths(void)
{
	if (getenv("SWAP_TEST_PATHS"))
		paths_for_each(test_print_path, NULL);
}

#define TEST_CASE(cfg, fn)                                                        \
	do {                                                                      \
		test_cfg = (cfg);                                                 \
		CHECK_STR(test_run_one(fn), "");                                  \
	} while (0)

#endif
