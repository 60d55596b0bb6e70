/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/page-flags.h: the accessors of folio->flags and of the
 * per-page AnonExclusive bit. Each is a macro, so that its site names the
 * caller ("folio_test_dirty@shrink_folio_list").
 * The __folio_ forms are for folios that nobody else changes. The kernel's are
 * plain read-modify-writes; here they are marked and have no scheduling point
 * inside (a stale lookup may test or lock a fresh folio's struct at any time).
 */
#ifndef CORE_PAGE_PAGE_FLAGS_H
#define CORE_PAGE_PAGE_FLAGS_H

#include "core/page/mm_types.h"

/* One visible event each, on folio->flags. set and clear order nothing; the
 * test_set and test_clear forms are full barriers, as in the kernel. */
static inline bool folio_flag_test(const struct folio *folio, enum pageflags bit,
				   const struct site *site)
{
	bool ret;

	engine_point(site, EV_LOAD, &folio->flags, sizeof(folio->flags));
	ret = (engine_load_relaxed(&folio->flags.counter) >> bit) & 1;
	engine_result(ret);
	return ret;
}

/* The same without an event: assertions, checkers, reports. */
static inline bool folio_flag_peek(const struct folio *folio, enum pageflags bit)
{
	return (engine_load_relaxed(&folio->flags.counter) >> bit) & 1;
}

static inline void folio_flag_set(struct folio *folio, enum pageflags bit, const struct site *site)
{
	engine_point(site, EV_RMW, &folio->flags, sizeof(folio->flags));
	engine_fetch_or(&folio->flags.counter, 1L << bit, ENGINE_RELAXED);
}

static inline void folio_flag_clear(struct folio *folio, enum pageflags bit,
				    const struct site *site)
{
	engine_point(site, EV_RMW, &folio->flags, sizeof(folio->flags));
	engine_fetch_and(&folio->flags.counter, ~(1L << bit), ENGINE_RELAXED);
}

static inline void folio_flag_set_nonatomic(struct folio *folio, enum pageflags bit,
					    const struct site *site)
{
	engine_point(site, EV_STORE, &folio->flags, sizeof(folio->flags));
	engine_store_relaxed(&folio->flags.counter,
			     engine_load_relaxed(&folio->flags.counter) | 1L << bit);
}

static inline void folio_flag_clear_nonatomic(struct folio *folio, enum pageflags bit,
					      const struct site *site)
{
	engine_point(site, EV_STORE, &folio->flags, sizeof(folio->flags));
	engine_store_relaxed(&folio->flags.counter,
			     engine_load_relaxed(&folio->flags.counter) & ~(1L << bit));
}

static inline bool folio_flag_test_set(struct folio *folio, enum pageflags bit,
				       const struct site *site)
{
	bool old;

	engine_point(site, EV_RMW, &folio->flags, sizeof(folio->flags));
	old = (engine_fetch_or(&folio->flags.counter, 1L << bit, HB_FULL) >> bit) & 1;
	engine_result(old);
	return old;
}

static inline bool folio_flag_test_clear(struct folio *folio, enum pageflags bit,
					 const struct site *site)
{
	bool old;

	engine_point(site, EV_RMW, &folio->flags, sizeof(folio->flags));
	old = (engine_fetch_and(&folio->flags.counter, ~(1L << bit), HB_FULL) >> bit) & 1;
	engine_result(old);
	return old;
}

#define folio_set_uptodate(f) \
	folio_flag_set((f), PG_uptodate, SITE("folio_set_uptodate"))
#define folio_clear_uptodate(f) \
	folio_flag_clear((f), PG_uptodate, SITE("folio_clear_uptodate"))
#define __folio_set_uptodate(f) \
	folio_flag_set_nonatomic((f), PG_uptodate, SITE("__folio_set_uptodate"))
#define __folio_clear_uptodate(f) \
	folio_flag_clear_nonatomic((f), PG_uptodate, SITE("__folio_clear_uptodate"))
#define folio_test_set_uptodate(f) \
	folio_flag_test_set((f), PG_uptodate, SITE("folio_test_set_uptodate"))
#define folio_test_clear_uptodate(f) \
	folio_flag_test_clear((f), PG_uptodate, SITE("folio_test_clear_uptodate"))

#define folio_test_dirty(f) \
	folio_flag_test((f), PG_dirty, SITE("folio_test_dirty"))
#define folio_set_dirty(f) \
	folio_flag_set((f), PG_dirty, SITE("folio_set_dirty"))
#define folio_clear_dirty(f) \
	folio_flag_clear((f), PG_dirty, SITE("folio_clear_dirty"))
#define __folio_set_dirty(f) \
	folio_flag_set_nonatomic((f), PG_dirty, SITE("__folio_set_dirty"))
#define __folio_clear_dirty(f) \
	folio_flag_clear_nonatomic((f), PG_dirty, SITE("__folio_clear_dirty"))
#define folio_test_set_dirty(f) \
	folio_flag_test_set((f), PG_dirty, SITE("folio_test_set_dirty"))
#define folio_test_clear_dirty(f) \
	folio_flag_test_clear((f), PG_dirty, SITE("folio_test_clear_dirty"))

#define folio_test_writeback(f) \
	folio_flag_test((f), PG_writeback, SITE("folio_test_writeback"))
#define folio_set_writeback(f) \
	folio_flag_set((f), PG_writeback, SITE("folio_set_writeback"))
#define folio_clear_writeback(f) \
	folio_flag_clear((f), PG_writeback, SITE("folio_clear_writeback"))
#define __folio_set_writeback(f) \
	folio_flag_set_nonatomic((f), PG_writeback, SITE("__folio_set_writeback"))
#define __folio_clear_writeback(f) \
	folio_flag_clear_nonatomic((f), PG_writeback, SITE("__folio_clear_writeback"))
#define folio_test_set_writeback(f) \
	folio_flag_test_set((f), PG_writeback, SITE("folio_test_set_writeback"))
#define folio_test_clear_writeback(f) \
	folio_flag_test_clear((f), PG_writeback, SITE("folio_test_clear_writeback"))

#define folio_test_referenced(f) \
	folio_flag_test((f), PG_referenced, SITE("folio_test_referenced"))
#define folio_set_referenced(f) \
	folio_flag_set((f), PG_referenced, SITE("folio_set_referenced"))
#define folio_clear_referenced(f) \
	folio_flag_clear((f), PG_referenced, SITE("folio_clear_referenced"))
#define __folio_set_referenced(f) \
	folio_flag_set_nonatomic((f), PG_referenced, SITE("__folio_set_referenced"))
#define __folio_clear_referenced(f) \
	folio_flag_clear_nonatomic((f), PG_referenced, SITE("__folio_clear_referenced"))
#define folio_test_set_referenced(f) \
	folio_flag_test_set((f), PG_referenced, SITE("folio_test_set_referenced"))
#define folio_test_clear_referenced(f) \
	folio_flag_test_clear((f), PG_referenced, SITE("folio_test_clear_referenced"))

#define folio_test_active(f) \
	folio_flag_test((f), PG_active, SITE("folio_test_active"))
#define folio_set_active(f) \
	folio_flag_set((f), PG_active, SITE("folio_set_active"))
#define folio_clear_active(f) \
	folio_flag_clear((f), PG_active, SITE("folio_clear_active"))
#define __folio_set_active(f) \
	folio_flag_set_nonatomic((f), PG_active, SITE("__folio_set_active"))
#define __folio_clear_active(f) \
	folio_flag_clear_nonatomic((f), PG_active, SITE("__folio_clear_active"))
#define folio_test_set_active(f) \
	folio_flag_test_set((f), PG_active, SITE("folio_test_set_active"))
#define folio_test_clear_active(f) \
	folio_flag_test_clear((f), PG_active, SITE("folio_test_clear_active"))

#define folio_test_lru(f) \
	folio_flag_test((f), PG_lru, SITE("folio_test_lru"))
#define folio_set_lru(f) \
	folio_flag_set((f), PG_lru, SITE("folio_set_lru"))
#define folio_clear_lru(f) \
	folio_flag_clear((f), PG_lru, SITE("folio_clear_lru"))
#define __folio_set_lru(f) \
	folio_flag_set_nonatomic((f), PG_lru, SITE("__folio_set_lru"))
#define __folio_clear_lru(f) \
	folio_flag_clear_nonatomic((f), PG_lru, SITE("__folio_clear_lru"))
#define folio_test_set_lru(f) \
	folio_flag_test_set((f), PG_lru, SITE("folio_test_set_lru"))
#define folio_test_clear_lru(f) \
	folio_flag_test_clear((f), PG_lru, SITE("folio_test_clear_lru"))

#define folio_test_unevictable(f) \
	folio_flag_test((f), PG_unevictable, SITE("folio_test_unevictable"))
#define folio_set_unevictable(f) \
	folio_flag_set((f), PG_unevictable, SITE("folio_set_unevictable"))
#define folio_clear_unevictable(f) \
	folio_flag_clear((f), PG_unevictable, SITE("folio_clear_unevictable"))
#define __folio_set_unevictable(f) \
	folio_flag_set_nonatomic((f), PG_unevictable, SITE("__folio_set_unevictable"))
#define __folio_clear_unevictable(f) \
	folio_flag_clear_nonatomic((f), PG_unevictable, SITE("__folio_clear_unevictable"))
#define folio_test_set_unevictable(f) \
	folio_flag_test_set((f), PG_unevictable, SITE("folio_test_set_unevictable"))
#define folio_test_clear_unevictable(f) \
	folio_flag_test_clear((f), PG_unevictable, SITE("folio_test_clear_unevictable"))

#define folio_test_mlocked(f) \
	folio_flag_test((f), PG_mlocked, SITE("folio_test_mlocked"))
#define folio_set_mlocked(f) \
	folio_flag_set((f), PG_mlocked, SITE("folio_set_mlocked"))
#define folio_clear_mlocked(f) \
	folio_flag_clear((f), PG_mlocked, SITE("folio_clear_mlocked"))
#define __folio_set_mlocked(f) \
	folio_flag_set_nonatomic((f), PG_mlocked, SITE("__folio_set_mlocked"))
#define __folio_clear_mlocked(f) \
	folio_flag_clear_nonatomic((f), PG_mlocked, SITE("__folio_clear_mlocked"))
#define folio_test_set_mlocked(f) \
	folio_flag_test_set((f), PG_mlocked, SITE("folio_test_set_mlocked"))
#define folio_test_clear_mlocked(f) \
	folio_flag_test_clear((f), PG_mlocked, SITE("folio_test_clear_mlocked"))

#define folio_test_swapbacked(f) \
	folio_flag_test((f), PG_swapbacked, SITE("folio_test_swapbacked"))
#define folio_set_swapbacked(f) \
	folio_flag_set((f), PG_swapbacked, SITE("folio_set_swapbacked"))
#define folio_clear_swapbacked(f) \
	folio_flag_clear((f), PG_swapbacked, SITE("folio_clear_swapbacked"))
#define __folio_set_swapbacked(f) \
	folio_flag_set_nonatomic((f), PG_swapbacked, SITE("__folio_set_swapbacked"))
#define __folio_clear_swapbacked(f) \
	folio_flag_clear_nonatomic((f), PG_swapbacked, SITE("__folio_clear_swapbacked"))
#define folio_test_set_swapbacked(f) \
	folio_flag_test_set((f), PG_swapbacked, SITE("folio_test_set_swapbacked"))
#define folio_test_clear_swapbacked(f) \
	folio_flag_test_clear((f), PG_swapbacked, SITE("folio_test_clear_swapbacked"))

#define folio_test_reclaim(f) \
	folio_flag_test((f), PG_reclaim, SITE("folio_test_reclaim"))
#define folio_set_reclaim(f) \
	folio_flag_set((f), PG_reclaim, SITE("folio_set_reclaim"))
#define folio_clear_reclaim(f) \
	folio_flag_clear((f), PG_reclaim, SITE("folio_clear_reclaim"))
#define __folio_set_reclaim(f) \
	folio_flag_set_nonatomic((f), PG_reclaim, SITE("__folio_set_reclaim"))
#define __folio_clear_reclaim(f) \
	folio_flag_clear_nonatomic((f), PG_reclaim, SITE("__folio_clear_reclaim"))
#define folio_test_set_reclaim(f) \
	folio_flag_test_set((f), PG_reclaim, SITE("folio_test_set_reclaim"))
#define folio_test_clear_reclaim(f) \
	folio_flag_test_clear((f), PG_reclaim, SITE("folio_test_clear_reclaim"))

#define folio_test_readahead(f) \
	folio_flag_test((f), PG_readahead, SITE("folio_test_readahead"))
#define folio_set_readahead(f) \
	folio_flag_set((f), PG_readahead, SITE("folio_set_readahead"))
#define folio_clear_readahead(f) \
	folio_flag_clear((f), PG_readahead, SITE("folio_clear_readahead"))
#define __folio_set_readahead(f) \
	folio_flag_set_nonatomic((f), PG_readahead, SITE("__folio_set_readahead"))
#define __folio_clear_readahead(f) \
	folio_flag_clear_nonatomic((f), PG_readahead, SITE("__folio_clear_readahead"))
#define folio_test_set_readahead(f) \
	folio_flag_test_set((f), PG_readahead, SITE("folio_test_set_readahead"))
#define folio_test_clear_readahead(f) \
	folio_flag_test_clear((f), PG_readahead, SITE("folio_test_clear_readahead"))

#define folio_test_workingset(f) \
	folio_flag_test((f), PG_workingset, SITE("folio_test_workingset"))
#define folio_set_workingset(f) \
	folio_flag_set((f), PG_workingset, SITE("folio_set_workingset"))
#define folio_clear_workingset(f) \
	folio_flag_clear((f), PG_workingset, SITE("folio_clear_workingset"))
#define __folio_set_workingset(f) \
	folio_flag_set_nonatomic((f), PG_workingset, SITE("__folio_set_workingset"))
#define __folio_clear_workingset(f) \
	folio_flag_clear_nonatomic((f), PG_workingset, SITE("__folio_clear_workingset"))
#define folio_test_set_workingset(f) \
	folio_flag_test_set((f), PG_workingset, SITE("folio_test_set_workingset"))
#define folio_test_clear_workingset(f) \
	folio_flag_test_clear((f), PG_workingset, SITE("folio_test_clear_workingset"))

#define folio_test_hwpoison(f) \
	folio_flag_test((f), PG_hwpoison, SITE("folio_test_hwpoison"))
#define folio_set_hwpoison(f) \
	folio_flag_set((f), PG_hwpoison, SITE("folio_set_hwpoison"))
#define folio_clear_hwpoison(f) \
	folio_flag_clear((f), PG_hwpoison, SITE("folio_clear_hwpoison"))
#define __folio_set_hwpoison(f) \
	folio_flag_set_nonatomic((f), PG_hwpoison, SITE("__folio_set_hwpoison"))
#define __folio_clear_hwpoison(f) \
	folio_flag_clear_nonatomic((f), PG_hwpoison, SITE("__folio_clear_hwpoison"))
#define folio_test_set_hwpoison(f) \
	folio_flag_test_set((f), PG_hwpoison, SITE("folio_test_set_hwpoison"))
#define folio_test_clear_hwpoison(f) \
	folio_flag_test_clear((f), PG_hwpoison, SITE("folio_test_clear_hwpoison"))

/* PG_locked: see folio_lock() in core/page/folio.h. The __ forms are for a folio
 * that nobody else can lock; lockdep takes the caller for the holder. */
#define folio_test_locked(f) folio_flag_test((f), PG_locked, SITE("folio_test_locked"))

/* A folio is in the swap cache only if it is swapbacked as well: two loads. */
static inline bool folio_test_swapcache_at(const struct folio *folio, const struct site *site)
{
	return folio_flag_test(folio, PG_swapbacked, site) &&
	       folio_flag_test(folio, PG_swapcache, site);
}
#define folio_test_swapcache(f) folio_test_swapcache_at((f), SITE("folio_test_swapcache"))
#define folio_set_swapcache(f) folio_flag_set((f), PG_swapcache, SITE("folio_set_swapcache"))
#define folio_clear_swapcache(f) \
	folio_flag_clear((f), PG_swapcache, SITE("folio_clear_swapcache"))

/* Uptodate publishes the contents: pairs folio_mark_uptodate() with a test. */
static inline bool folio_test_uptodate_at(const struct folio *folio, const struct site *site)
{
	bool ret = folio_flag_test(folio, PG_uptodate, site);

	if (ret)
		smp_rmb(&folio->page[0].words); /* pairs with folio_mark_uptodate_at() */
	return ret;
}
#define folio_test_uptodate(f) folio_test_uptodate_at((f), SITE("folio_test_uptodate"))

static inline void folio_mark_uptodate_at(struct folio *folio, bool atomic,
					  const struct site *site)
{
	smp_wmb(&folio->page[0].words); /* pairs with folio_test_uptodate_at() */
	if (atomic)
		folio_flag_set(folio, PG_uptodate, site);
	else
		folio_flag_set_nonatomic(folio, PG_uptodate, site);
}
#define folio_mark_uptodate(f) \
	folio_mark_uptodate_at((f), true, SITE("folio_mark_uptodate"))
#define __folio_mark_uptodate(f) \
	folio_mark_uptodate_at((f), false, SITE("__folio_mark_uptodate"))

/* True if the folio was clean. Follows folio_mark_dirty() for anonymous folios:
 * those in the swap cache have a mapping, and are no longer to be rotated when
 * their write ends; then noop_dirty_folio(). */
static inline bool folio_mark_dirty_at(struct folio *folio, const struct site *site)
{
	if (folio_test_swapcache_at(folio, site) && folio_flag_test(folio, PG_reclaim, site))
		folio_flag_clear(folio, PG_reclaim, site);
	if (folio_flag_test(folio, PG_dirty, site))
		return false;
	return !folio_flag_test_set(folio, PG_dirty, site);
}
#define folio_mark_dirty(f) folio_mark_dirty_at((f), SITE("folio_mark_dirty"))

/* ---- PG_anon_exclusive: of a page; PTL, or locked and unmapped ----------- */

static inline bool page_anon_exclusive_test(const struct page *page, const struct site *site)
{
	bool ret;

	engine_point(site, EV_LOAD, &page->flags_page, sizeof(page->flags_page));
	ret = (engine_load_relaxed(&page->flags_page.counter) >> PGP_anon_exclusive) & 1;
	engine_result(ret);
	return ret;
}

static inline void page_anon_exclusive_set(struct page *page, const struct site *site)
{
	engine_point(site, EV_RMW, &page->flags_page, sizeof(page->flags_page));
	engine_fetch_or(&page->flags_page.counter, 1L << PGP_anon_exclusive, ENGINE_RELAXED);
}

static inline void page_anon_exclusive_clear(struct page *page, const struct site *site)
{
	engine_point(site, EV_RMW, &page->flags_page, sizeof(page->flags_page));
	engine_fetch_and(&page->flags_page.counter, ~(1L << PGP_anon_exclusive), ENGINE_RELAXED);
}

#define PageAnonExclusive(p) page_anon_exclusive_test((p), SITE("PageAnonExclusive"))
#define SetPageAnonExclusive(p) page_anon_exclusive_set((p), SITE("SetPageAnonExclusive"))
#define ClearPageAnonExclusive(p) \
	page_anon_exclusive_clear((p), SITE("ClearPageAnonExclusive"))

/* ---- folio->mapping: tags. One marked load each (a racy read is legal) --- */

static inline unsigned long folio_mapping_tags(const struct folio *folio, const struct site *site)
{
	unsigned long tags;

	engine_point(site, EV_LOAD, &folio->mapping, sizeof(folio->mapping));
	tags = engine_load_relaxed(&folio->mapping) & FOLIO_MAPPING_FLAGS;
	engine_result(tags);
	return tags;
}
#define folio_test_anon(f) \
	((folio_mapping_tags((f), SITE("folio_test_anon")) & FOLIO_MAPPING_ANON) != 0)
#define folio_test_ksm(f) \
	(folio_mapping_tags((f), SITE("folio_test_ksm")) == FOLIO_MAPPING_KSM)

#endif
