// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: mm/swap_state.c (the swap cache, swap-in, cluster readahead).
 * The cache is the folio in the slot's word. Adding a folio there, under
 * ci->lock, is what synchronises swap-in: the loser uses the winner's folio.
 * A looked-up folio is unlocked and may be stale by the time it is locked.
 * Left out: VMA readahead, NUMA policies, memcg charges. Nobody asks for a large folio.
 * Locking: words change under ci->lock, and are looked up under RCU; folio->swap
 * and PG_swapcache change under the folio lock and ci->lock.
 */
#include "core/page/lru.h"
#include "core/page/page_alloc.h"
#include "core/page/workingset.h"
#include "core/swap/swap.h"
#include "core/swap/swap_table.h"

int page_cluster __world = 0;
WORLD_NAME(page_cluster);
static atomic_t swapin_readahead_hits __world = ATOMIC_INIT(4);
WORLD_NAME(swapin_readahead_hits);
static unsigned long prev_offset __world = 0;
WORLD_NAME(prev_offset);
static atomic_t last_readahead_pages __world = ATOMIC_INIT(0);
WORLD_NAME(last_readahead_pages);

/* ---- looking up ------------------------------------------------------------- */

struct folio *swap_cache_get_folio(swp_entry_t entry)
{
	struct swap_cluster_info *ci = __swap_entry_to_cluster(entry);
	unsigned int ci_off = swp_cluster_offset(entry);
	unsigned long swp_tb;
	struct folio *folio;

	for (;;) {
		swp_tb = swap_table_get(ci, ci_off);
		if (!swp_tb_is_folio(swp_tb))
			return NULL;
		folio = swp_tb_to_folio(swp_tb);
		if (likely(folio_try_get(folio))) {
			/*
			 * Look again: the folio may have been freed and allocated
			 * before the reference. Then it is somebody's fresh folio,
			 * and its lock is not ours to take.
			 */
			swp_tb = swap_table_get(ci, ci_off);
			if (likely(swp_tb_is_folio(swp_tb) && swp_tb_to_folio(swp_tb) == folio) ||
			    bug_seeded(BUG_SWAP_CACHE_GET_NO_RECHECK))
				return folio;
			PATH("swap_cache_get_folio: another folio's reference, again");
			folio_put(folio);
			continue;
		}
		PATH("swap_cache_get_folio: folio frozen or freed, again");
		/* Whoever froze it must run before this can end. */
		cpu_relax();
	}
}

bool swap_cache_has_folio(swp_entry_t entry)
{
	struct swap_cluster_info *ci = __swap_entry_to_cluster(entry);

	return swp_tb_is_folio(swap_table_get(ci, swp_cluster_offset(entry)));
}

void *swap_cache_get_shadow(swp_entry_t entry)
{
	struct swap_cluster_info *ci = __swap_entry_to_cluster(entry);
	unsigned long swp_tb = swap_table_get(ci, swp_cluster_offset(entry));

	return swp_tb_is_shadow(swp_tb) ? swp_tb_to_shadow(swp_tb) : NULL;
}

bool folio_matches_swap_entry_at(const struct folio *folio, swp_entry_t entry, const char *func)
{
	unsigned long nr_pages = (unsigned long)folio_nr_pages(folio);

	if (unlikely(!folio_flag_peek(folio, PG_locked)))
		report_warn("folio not locked", func, "folio_matches_swap_entry");
	if (!folio_test_swapcache(folio))
		return false;
	VM_WARN_ON(folio->swap.val & (nr_pages - 1));
	return folio->swap.val == round_down(entry.val, nr_pages);
}

/* ---- adding, deleting, replacing --------------------------------------------------- */

/* Is the slot swapped out? A bad one is in use, but nobody's. Linux 7.3 takes its bits for a count. */
static bool slot_is_swapped(unsigned long swp_tb)
{
	if (swp_tb_is_bad(swp_tb))
		return bug_seeded(BUG_BAD_SLOT_SWAPPED);
	return __swp_tb_get_count(swp_tb) != 0;
}

/*
 * May a folio of nr slots around targ_entry come into the cache? 0; -EEXIST: it is cached
 * already, -ENOENT: it is not swapped out, -EBUSY: one of its neighbours is. *shadowp,
 * if not NULL, is what stands in the slot of targ_entry.
 */
static int __swap_cache_add_check(struct swap_cluster_info *ci, swp_entry_t targ_entry,
				  unsigned long nr, void **shadowp)
	__must_hold(&ci->lock)
{
	unsigned int ci_off = swp_cluster_offset(targ_entry), ci_end;
	unsigned long old_tb;
	bool is_zero;

	lockdep_assert_held(&ci->lock);
	if (unlikely(!cluster_table_is_alloced(ci))) {
		PATH("__swap_cache_add_check: cluster free");
		return -ENOENT;
	}
	old_tb = __swap_table_get(ci, ci_off);
	if (swp_tb_is_folio(old_tb)) {
		PATH("__swap_cache_add_check: cached by another");
		return -EEXIST;
	}
	if (!slot_is_swapped(old_tb)) {
		PATH("__swap_cache_add_check: not swapped out");
		return -ENOENT;
	}
	if (shadowp && swp_tb_is_shadow(old_tb))
		*shadowp = swp_tb_to_shadow(old_tb);

	if (nr == 1)
		return 0;

	is_zero = __swap_table_test_zero(ci, ci_off);
	ci_off = round_down(ci_off, (unsigned int)nr);
	ci_end = ci_off + (unsigned int)nr;
	do {
		old_tb = __swap_table_get(ci, ci_off);
		if (unlikely(swp_tb_is_folio(old_tb) || !slot_is_swapped(old_tb) ||
			     is_zero != __swap_table_test_zero(ci, ci_off))) {
			PATH("__swap_cache_add_check: neighbours do not fit");
			return -EBUSY;
		}
	} while (++ci_off < ci_end);

	return 0;
}

static void __swap_cache_do_add_folio(struct swap_cluster_info *ci, struct folio *folio,
				      swp_entry_t entry)
{
	unsigned int ci_off = swp_cluster_offset(entry), ci_end;
	unsigned long pfn = folio_pfn(folio);
	long nr_pages = folio_nr_pages(folio);
	unsigned long old_tb;

	lockdep_assert_held(&ci->lock);
	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_locked), folio, "folio not locked");
	VM_WARN_FOLIO_NAMED(folio_flag_peek(folio, PG_swapcache), folio, "folio in swap cache already");
	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_swapbacked), folio, "folio not swapbacked");

	ci_end = ci_off + (unsigned int)nr_pages;
	do {
		old_tb = __swap_table_get(ci, ci_off);
		WARN_NAMED(swp_tb_is_folio(old_tb), "swap slot cached twice");
		__swap_table_set(ci, ci_off,
				 pfn_to_swp_tb(pfn, swp_tb_is_bad(old_tb) ? 0 :
					       __swp_tb_get_flags(old_tb)));
	} while (++ci_off < ci_end);

	folio_ref_add(folio, (int)nr_pages);
	folio_set_swapcache(folio);
	folio->swap = entry;
}

void __swap_cache_add_folio(struct swap_cluster_info *ci, struct folio *folio, swp_entry_t entry)
{
	/* Place of the statistics of pages in the cache. */
	__swap_cache_do_add_folio(ci, folio, entry);
}

static void __swap_cache_do_del_folio(struct swap_cluster_info *ci, struct folio *folio,
				      swp_entry_t entry, void *shadow)
{
	unsigned int nr_pages = (unsigned int)folio_nr_pages(folio);
	unsigned int ci_start = swp_cluster_offset(entry), ci_off = ci_start;
	unsigned int ci_end = ci_start + nr_pages;
	bool folio_swapped = false, need_free = false;
	struct swap_info_struct *si = __swap_entry_to_info(entry);
	unsigned long old_tb;

	lockdep_assert_held(&ci->lock);
	VM_WARN_ON(__swap_entry_to_cluster(entry) != ci);
	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_locked), folio, "folio not locked");
	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_swapcache), folio, "folio not in swap cache");
	VM_WARN_FOLIO_NAMED(folio_flag_peek(folio, PG_writeback), folio, "folio under writeback");

	do {
		old_tb = __swap_table_get(ci, ci_off);
		WARN_NAMED(!swp_tb_is_folio(old_tb) || swp_tb_to_folio(old_tb) != folio,
			   "swap table does not name the folio");
		if (__swp_tb_get_count(old_tb))
			folio_swapped = true;
		else
			need_free = true;
		/* Without a shadow it is an empty one: NULL would be a free slot. */
		__swap_table_set(ci, ci_off,
				 shadow_to_swp_tb(shadow, __swp_tb_get_flags(old_tb)));
	} while (++ci_off < ci_end);

	folio->swap.val = 0;
	folio_clear_swapcache(folio);

	if (!folio_swapped) {
		__swap_cluster_free_entries(si, ci, ci_start, nr_pages);
	} else if (need_free) {
		ci_off = ci_start;
		do {
			if (!__swp_tb_get_count(__swap_table_get(ci, ci_off)))
				__swap_cluster_free_entries(si, ci, ci_off, 1);
		} while (++ci_off < ci_end);
	}
}

void __swap_cache_del_folio(struct swap_cluster_info *ci, struct folio *folio, swp_entry_t entry,
			    void *shadow, bool swapout)
{
	/* Place of the statistics; with swapout, of memcg's. */
	(void)swapout;
	__swap_cache_do_del_folio(ci, folio, entry, shadow);
}

void swap_cache_del_folio(struct folio *folio)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	swp_entry_t entry = folio->swap;
	struct swap_cluster_info *ci;

	ci = swap_cluster_lock(__swap_entry_to_info(entry), swp_offset(entry));
	__swap_cache_del_folio(ci, folio, entry, NULL, false);
	swap_cluster_unlock(ci);

	folio_ref_sub(folio, (int)folio_nr_pages(folio));
}

void __swap_cache_replace_folio(struct swap_cluster_info *ci, struct folio *old,
				struct folio *new)
{
	swp_entry_t entry = new->swap;
	unsigned int ci_off = swp_cluster_offset(entry);
	unsigned int ci_end = ci_off + (unsigned int)folio_nr_pages(new);
	unsigned long pfn = folio_pfn(new);
	unsigned long old_tb;

	lockdep_assert_held(&ci->lock);
	VM_WARN_ON(!folio_test_swapcache(old) || !folio_test_swapcache(new));
	VM_WARN_ON(!folio_test_locked(old) || !folio_test_locked(new));
	VM_WARN_ON(!entry.val);

	do {
		old_tb = __swap_table_get(ci, ci_off);
		WARN_NAMED(!swp_tb_is_folio(old_tb) || swp_tb_to_folio(old_tb) != old,
			   "swap table does not name the folio");
		__swap_table_set(ci, ci_off, pfn_to_swp_tb(pfn, __swp_tb_get_flags(old_tb)));
	} while (++ci_off < ci_end);

	/* In a split, old must be out of the range by now. */
	if (folio_order(old) != folio_order(new)) {
		ci_off = swp_cluster_offset(old->swap);
		ci_end = ci_off + (unsigned int)folio_nr_pages(old);
		do {
			old_tb = __swap_table_get(ci, ci_off);
			WARN_NAMED(!swp_tb_is_folio(old_tb) || swp_tb_to_folio(old_tb) != old,
				   "swap table does not name the folio");
		} while (++ci_off < ci_end);
	}
}

/* ---- swapping in ------------------------------------------------------------------------ */

/* One order of swap_cache_alloc_folio(). -EBUSY or -ENOMEM: a smaller one may do. */
static struct folio *__swap_cache_alloc(struct swap_cluster_info *ci, swp_entry_t targ_entry,
					gfp_t gfp, unsigned int order)
	__no_lock_analysis("returns a locked folio")
{
	unsigned long nr_pages = 1UL << order;
	struct folio *folio;
	void *shadow = NULL;
	swp_entry_t entry;
	int err;

	VM_WARN_ON(nr_pages > SWAPFILE_CLUSTER);
	entry.val = round_down(targ_entry.val, nr_pages);

	/* Nothing is allocated for a slot that is free or cached: readahead comes by. */
	spin_lock(&ci->lock);
	err = __swap_cache_add_check(ci, targ_entry, nr_pages, NULL);
	spin_unlock(&ci->lock);
	if (unlikely(err))
		return ERR_PTR(err);

	folio = folio_alloc(gfp, order);
	if (unlikely(!folio))
		return ERR_PTR(-ENOMEM);

	/* No lock was held: the entry may have gone, or be cached by now. */
	spin_lock(&ci->lock);
	err = __swap_cache_add_check(ci, targ_entry, nr_pages, &shadow);
	if (unlikely(err)) {
		PATH("__swap_cache_alloc: another was faster");
		spin_unlock(&ci->lock);
		folio_put(folio);
		return ERR_PTR(err);
	}

	__folio_set_locked(folio);
	__folio_set_swapbacked(folio);
	__swap_cache_do_add_folio(ci, folio, entry);
	spin_unlock(&ci->lock);

	/* Place of the memcg charge, which may fail, and of the statistics. */
	if (shadow)
		workingset_refault(folio, shadow);
	folio_add_lru(folio);
	return folio;
}

struct folio *swap_cache_alloc_folio(swp_entry_t targ_entry, gfp_t gfp, unsigned long orders,
				     struct vm_fault *vmf)
{
	struct swap_cluster_info *ci = __swap_entry_to_cluster(targ_entry);
	struct folio *ret;
	unsigned int order;
	long err;

	(void)vmf; /* where a NUMA policy would choose */
	if (WARN_NAMED(!orders || 1UL << (63 - __builtin_clzl(orders)) > SWAPFILE_CLUSTER,
		       "no order, or one larger than a cluster"))
		return ERR_PTR(-EINVAL);

	do {
		order = (unsigned int)(63 - __builtin_clzl(orders));
		ret = __swap_cache_alloc(ci, targ_entry, gfp, order);
		if (!IS_ERR(ret))
			break;
		err = PTR_ERR(ret);
		if (!order || (err != -EBUSY && err != -ENOMEM))
			break;
		PATH("swap_cache_alloc_folio: smaller order");
		orders &= ~(1UL << order);
	} while (orders);

	return ret;
}

/* The cached folio of entry, or a new one whose read is in ctx; NULL as readahead has it. */
static struct folio *swap_cache_read_folio(struct swap_io_ctx *ctx, swp_entry_t entry, gfp_t gfp,
					   bool readahead)
{
	struct folio *folio;

	do {
		folio = swap_cache_get_folio(entry);
		if (folio)
			return folio;
		folio = swap_cache_alloc_folio(entry, gfp, BIT(0), NULL);
	} while (PTR_ERR(folio) == -EEXIST);

	if (IS_ERR_OR_NULL(folio))
		return NULL;

	swap_read_folio(ctx, folio);
	if (readahead) {
		folio_set_readahead(folio);
		COUNT(readahead);
	}
	return folio;
}

struct folio *swapin_sync(swp_entry_t entry, gfp_t gfp, unsigned long orders,
			  struct vm_fault *vmf)
{
	struct swap_io_ctx ctx = { 0 };
	struct folio *folio;

	do {
		folio = swap_cache_get_folio(entry);
		if (folio) {
			PATH("swapin_lost");
			return folio;
		}
		folio = swap_cache_alloc_folio(entry, gfp, orders, vmf);
	} while (PTR_ERR(folio) == -EEXIST);

	if (IS_ERR(folio))
		return folio;

	swap_read_folio(&ctx, folio);
	swap_read_submit(&ctx);
	return folio;
}

struct folio *read_swap_cache_async(struct swap_io_ctx *ctx, swp_entry_t entry, gfp_t gfp,
				    struct vm_area_struct *vma, unsigned long addr)
{
	struct swap_info_struct *si;
	struct folio *folio;

	(void)vma;
	(void)addr;
	si = get_swap_device(entry);
	if (!si)
		return NULL;
	folio = swap_cache_read_folio(ctx, entry, gfp, false);
	put_swap_device(si);
	return folio;
}

static struct folio *swap_cache_read_folio_sync(swp_entry_t entry, gfp_t gfp)
{
	struct swap_io_ctx ctx = { 0 };
	struct folio *folio;

	folio = swap_cache_read_folio(&ctx, entry, gfp, false);
	swap_read_submit(&ctx);
	return folio;
}

/* ---- readahead ---------------------------------------------------------------------------- */

void swap_update_readahead(struct folio *folio, struct vm_area_struct *vma, unsigned long addr)
{
	(void)vma;
	(void)addr;
	COUNT(swap_cache_hit);
	if (unlikely(folio_test_large(folio)))
		return;
	if (folio_test_clear_readahead(folio))
		atomic_inc(&swapin_readahead_hits);
}

static unsigned int __swapin_nr_pages(unsigned long previous, unsigned long offset,
				      unsigned int hits, unsigned int max_pages,
				      unsigned int prev_win)
{
	unsigned int pages = hits + 2;

	if (pages == 2) {
		/* No hits: look for a sequential neighbour, so as not to stay here. */
		if (offset != previous + 1 && offset != previous - 1)
			pages = 1;
	} else {
		unsigned int roundup = 4;

		while (roundup < pages)
			roundup <<= 1;
		pages = roundup;
	}
	if (pages > max_pages)
		pages = max_pages;
	/* The window shrinks slowly. */
	if (pages < prev_win / 2)
		pages = prev_win / 2;
	return pages;
}

static unsigned int swapin_nr_pages(unsigned long offset)
{
	unsigned int hits, pages, max_pages = 1U << READ_ONCE(page_cluster);

	if (max_pages <= 1)
		return 1;

	hits = (unsigned int)atomic_xchg(&swapin_readahead_hits, 0);
	pages = __swapin_nr_pages(READ_ONCE(prev_offset), offset, hits, max_pages,
				  (unsigned int)atomic_read(&last_readahead_pages));
	if (!hits)
		WRITE_ONCE(prev_offset, offset);
	atomic_set(&last_readahead_pages, (int)pages);
	return pages;
}

struct folio *swap_cluster_readahead(swp_entry_t entry, gfp_t gfp)
{
	unsigned long entry_offset = swp_offset(entry), offset = entry_offset;
	struct swap_info_struct *si = __swap_entry_to_info(entry);
	unsigned long start_offset, end_offset, mask;
	struct swap_io_ctx ctx = { 0 };
	struct folio *folio;
	swp_entry_t ra_entry;

	mask = swapin_nr_pages(offset) - 1;
	if (!mask)
		goto skip;

	start_offset = offset & ~mask;
	end_offset = offset | mask;
	if (!start_offset) /* The header. */
		start_offset++;
	if (end_offset >= si->max)
		end_offset = si->max - 1;

	for (offset = start_offset; offset <= end_offset; offset++) {
		ra_entry = swp_entry(swp_type(entry), offset);
		folio = swap_cache_read_folio(&ctx, ra_entry, gfp, offset != entry_offset);
		if (!folio)
			continue;
		folio_put(folio);
	}
	swap_read_submit(&ctx);
skip:
	/* Read above, as a rule. */
	return swap_cache_read_folio_sync(entry, gfp);
}

struct folio *swapin_readahead(swp_entry_t entry, gfp_t gfp, struct vm_fault *vmf)
{
	(void)vmf; /* where VMA readahead would choose */
	return swap_cluster_readahead(entry, gfp);
}
