// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: mm/swap_state.c (the swap cache, swap-in, cluster readahead), 7.0.
 * The cache is the folio in the slot's word. Adding a folio there, under
 * ci->lock, is what synchronises swap-in: the loser uses the winner's folio.
 * A looked-up folio is unlocked and may be stale by the time it is locked.
 * Left out: VMA readahead, NUMA policies, memcg charges, large folio swap-in.
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
			 * The kernel does not look again. But the folio may have
			 * been freed and allocated before the reference: then it
			 * is somebody's fresh folio, and its lock is not ours to
			 * take. The page cache's lookups check that, too.
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

void __swap_cache_add_folio(struct swap_cluster_info *ci, struct folio *folio, swp_entry_t entry)
{
	unsigned int ci_off = swp_cluster_offset(entry), ci_end;
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
				 folio_to_swp_tb(folio, swp_tb_is_bad(old_tb) ? 0 :
						 __swp_tb_get_count(old_tb)));
	} while (++ci_off < ci_end);

	folio_ref_add(folio, (int)nr_pages);
	folio_set_swapcache(folio);
	folio->swap = entry;
}

/*
 * Adds folio to the cache of a swapped-out entry: 0, or -ENOENT: nothing is
 * swapped out there, -EEXIST: cached already. *shadow is what stood there.
 */
static int swap_cache_add_folio(struct folio *folio, swp_entry_t entry, void **shadowp)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	unsigned int ci_start, ci_off, ci_end;
	struct swap_cluster_info *ci;
	unsigned long old_tb;
	int err;

	ci = swap_cluster_lock(__swap_entry_to_info(entry), swp_offset(entry));
	ci_start = swp_cluster_offset(entry);
	ci_end = ci_start + (unsigned int)folio_nr_pages(folio);
	ci_off = ci_start;
	if (unlikely(!cluster_table_is_alloced(ci))) {
		PATH("swap_cache_add_folio: cluster free by now");
		err = -ENOENT;
		goto failed;
	}
	do {
		old_tb = __swap_table_get(ci, ci_off);
		if (unlikely(swp_tb_is_folio(old_tb))) {
			PATH("swap_cache_add_folio: cached by another");
			err = -EEXIST;
			goto failed;
		}
		if (unlikely(swp_tb_get_count(old_tb) <= 0)) {
			PATH("swap_cache_add_folio: no longer swapped out");
			err = -ENOENT;
			goto failed;
		}
		if (swp_tb_is_shadow(old_tb))
			*shadowp = swp_tb_to_shadow(old_tb);
	} while (++ci_off < ci_end);

	__swap_cache_add_folio(ci, folio, entry);
	swap_cluster_unlock(ci);
	return 0;
failed:
	swap_cluster_unlock(ci);
	return err;
}

void __swap_cache_del_folio(struct swap_cluster_info *ci, struct folio *folio, swp_entry_t entry,
			    void *shadow)
{
	unsigned int nr_pages = (unsigned int)folio_nr_pages(folio);
	unsigned int ci_start = swp_cluster_offset(entry), ci_off = ci_start;
	unsigned int ci_end = ci_start + nr_pages;
	bool folio_swapped = false, need_free = false;
	struct swap_info_struct *si = __swap_entry_to_info(entry);
	unsigned long old_tb;
	unsigned int count;

	lockdep_assert_held(&ci->lock);
	VM_WARN_ON(__swap_entry_to_cluster(entry) != ci);
	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_locked), folio, "folio not locked");
	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_swapcache), folio, "folio not in swap cache");
	VM_WARN_FOLIO_NAMED(folio_flag_peek(folio, PG_writeback), folio, "folio under writeback");

	do {
		old_tb = __swap_table_get(ci, ci_off);
		WARN_NAMED(!swp_tb_is_folio(old_tb) || swp_tb_to_folio(old_tb) != folio,
			   "swap table does not name the folio");
		count = __swp_tb_get_count(old_tb);
		if (count)
			folio_swapped = true;
		else
			need_free = true;
		/* Without a shadow it is an empty one: NULL would be a free slot. */
		__swap_table_set(ci, ci_off, shadow_to_swp_tb(shadow, count));
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

void swap_cache_del_folio(struct folio *folio)
	__no_lock_analysis("unlocks what a returning lock function took")
{
	swp_entry_t entry = folio->swap;
	struct swap_cluster_info *ci;

	ci = swap_cluster_lock(__swap_entry_to_info(entry), swp_offset(entry));
	__swap_cache_del_folio(ci, folio, entry, NULL);
	swap_cluster_unlock(ci);

	folio_ref_sub(folio, (int)folio_nr_pages(folio));
}

void __swap_cache_replace_folio(struct swap_cluster_info *ci, struct folio *old,
				struct folio *new)
{
	swp_entry_t entry = new->swap;
	unsigned int ci_off = swp_cluster_offset(entry);
	unsigned int ci_end = ci_off + (unsigned int)folio_nr_pages(new);
	unsigned long old_tb;

	lockdep_assert_held(&ci->lock);
	VM_WARN_ON(!folio_test_swapcache(old) || !folio_test_swapcache(new));
	VM_WARN_ON(!folio_test_locked(old) || !folio_test_locked(new));
	VM_WARN_ON(!entry.val);

	do {
		old_tb = __swap_table_get(ci, ci_off);
		WARN_NAMED(!swp_tb_is_folio(old_tb) || swp_tb_to_folio(old_tb) != old,
			   "swap table does not name the folio");
		__swap_table_set(ci, ci_off, folio_to_swp_tb(new, __swp_tb_get_count(old_tb)));
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

/*
 * Makes the new folio the cached one of entry, locked, on the LRU, for the caller
 * to read into. If somebody else was faster: his, with a reference. NULL: the
 * entry isn't swapped out (any more). Follows __swap_cache_prepare_and_add().
 */
static struct folio *__swap_cache_prepare_and_add(swp_entry_t entry, struct folio *folio)
	__no_lock_analysis("returns a locked folio or unlocks it")
{
	struct folio *swapcache = NULL;
	void *shadow = NULL;
	int ret;

	__folio_set_locked(folio);
	__folio_set_swapbacked(folio);

	for (;;) {
		ret = swap_cache_add_folio(folio, entry, &shadow);
		if (!ret)
			break;
		/*
		 * A large folio raced with a smaller one: the folio that is cached
		 * at the aligned entry may have nothing to do with this fault.
		 */
		if (ret != -EEXIST || folio_test_large(folio))
			goto failed;

		swapcache = swap_cache_get_folio(entry);
		if (swapcache)
			goto failed;
		PATH("__swap_cache_prepare_and_add: cached folio gone again, retry");
	}

	if (shadow)
		workingset_refault(folio, shadow);
	folio_add_lru(folio);
	return folio;

failed:
	folio_unlock(folio);
	return swapcache;
}

struct folio *swap_cache_alloc_folio(swp_entry_t entry, gfp_t gfp, bool *alloced)
{
	struct swap_info_struct *si = __swap_entry_to_info(entry);
	struct folio *folio, *result;

	*alloced = false;

	/* Readahead may find it here. */
	folio = swap_cache_get_folio(entry);
	if (folio)
		return folio;

	/* Free and bad slots: readahead comes by. */
	if (!swap_entry_swapped(si, entry))
		return NULL;

	folio = folio_alloc(gfp, 0);
	if (!folio)
		return NULL;

	/* No lock is held here: the entry may have gone, or be cached by now. */
	result = __swap_cache_prepare_and_add(entry, folio);
	if (result == folio)
		*alloced = true;
	else
		folio_put(folio);
	return result;
}

struct folio *swapin_folio(swp_entry_t entry, struct folio *folio)
{
	unsigned long nr_pages = (unsigned long)folio_nr_pages(folio);
	struct folio *swapcache;

	entry = swp_entry(swp_type(entry), round_down(swp_offset(entry), nr_pages));
	swapcache = __swap_cache_prepare_and_add(entry, folio);
	if (swapcache == folio)
		swap_read_folio(folio, NULL);
	return swapcache;
}

struct folio *read_swap_cache_async(swp_entry_t entry, gfp_t gfp, struct vm_area_struct *vma,
				    unsigned long addr, struct swap_iocb **plug)
{
	struct swap_info_struct *si;
	struct folio *folio;
	bool page_allocated;

	(void)vma;
	(void)addr;
	si = get_swap_device(entry);
	if (!si)
		return NULL;
	folio = swap_cache_alloc_folio(entry, gfp, &page_allocated);
	if (page_allocated)
		swap_read_folio(folio, plug);
	put_swap_device(si);
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
	bool page_allocated;
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
		folio = swap_cache_alloc_folio(ra_entry, gfp, &page_allocated);
		if (!folio)
			continue;
		if (page_allocated) {
			swap_read_folio(folio, NULL);
			if (offset != entry_offset) {
				folio_set_readahead(folio);
				COUNT(readahead);
			}
		}
		folio_put(folio);
	}
skip:
	/* Read above, as a rule. */
	folio = swap_cache_alloc_folio(entry, gfp, &page_allocated);
	if (unlikely(page_allocated))
		swap_read_folio(folio, NULL);
	return folio;
}

struct folio *swapin_readahead(swp_entry_t entry, gfp_t gfp, struct vm_fault *vmf)
{
	(void)vmf; /* where VMA readahead would choose */
	return swap_cluster_readahead(entry, gfp);
}
