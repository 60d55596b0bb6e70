/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/page_ref.h, include/linux/mm.h, include/linux/pagemap.h,
 * mm/filemap.c, mm/util.c: references, the folio lock, writeback, mapcounts,
 * contents. Structs are type-stable: index = pfn, pfn 0 is the zero page.
 * Left out: GUP pins (folio_maybe_dma_pinned() is core/mm's), page cache.
 * Locking: the folio lock is a sleeping lock on PG_locked, class "folio_lock".
 */
#ifndef CORE_PAGE_FOLIO_H
#define CORE_PAGE_FOLIO_H

#include "core/page/mm_types.h"
#include "core/page/page_flags.h"

/* ---- structs, pfns ------------------------------------------------------- */

/* All folio structs, [0, folio_map_size); set up once, before the tasks start. */
extern struct folio *folio_map;
extern unsigned long folio_map_size;

static inline bool pfn_valid(unsigned long pfn)
{
	return pfn < folio_map_size;
}

static inline struct page *pfn_to_page(unsigned long pfn)
{
	VM_BUG_ON(!pfn_valid(pfn));
	return &folio_map[pfn].page[0];
}

static inline unsigned long page_to_pfn(const struct page *page)
{
	return page->pfn;
}

/* The head's struct, for each page of a folio. No scheduling point. */
static inline struct folio *page_folio(const struct page *page)
{
	return &folio_map[engine_load_relaxed(&page->head)];
}

static inline struct folio *pfn_folio(unsigned long pfn)
{
	return page_folio(pfn_to_page(pfn));
}

static inline unsigned long folio_pfn(const struct folio *folio)
{
	return folio->pfn;
}

static inline unsigned int folio_order(const struct folio *folio)
{
	return engine_load_relaxed(&folio->order);
}

static inline long folio_nr_pages(const struct folio *folio)
{
	return 1L << folio_order(folio);
}

static inline size_t folio_size(const struct folio *folio)
{
	return PAGE_SIZE << folio_order(folio);
}

static inline bool folio_test_large(const struct folio *folio)
{
	return folio_order(folio) > 0;
}

/* Page n of the folio. */
static inline struct page *folio_page(struct folio *folio, unsigned long n)
{
	VM_BUG_ON((long)n >= folio_nr_pages(folio));
	return pfn_to_page(folio->pfn + n);
}

/* Index of page in folio. */
static inline unsigned long folio_page_idx(const struct folio *folio, const struct page *page)
{
	return page->pfn - folio->pfn;
}

/* The shared zero page: pfn 0, never freed, never counted. */
static inline struct folio *zero_folio(void)
{
	return &folio_map[0];
}

static inline bool is_zero_pfn(unsigned long pfn)
{
	return pfn == 0;
}
#define zero_pfn(addr) ((void)(addr), 0UL)

static inline bool is_zero_folio(const struct folio *folio)
{
	return is_zero_pfn(folio->pfn);
}

/* Makes a report about a folio: "WARNING: <what> in <func>". */
__cold void folio_warn(const struct folio *folio, const char *what, const char *func);
#define VM_WARN_ON_FOLIO(cond, folio) \
	({ bool w_ = !!(cond); if (unlikely(w_)) folio_warn((folio), #cond, __func__); w_; })
#define VM_WARN_ON_ONCE_FOLIO(cond, folio) VM_WARN_ON_FOLIO(cond, folio)
#define VM_WARN_FOLIO_NAMED(cond, folio, what) \
	({ bool w_ = !!(cond); if (unlikely(w_)) folio_warn((folio), (what), __func__); w_; })
#define VM_BUG_ON_FOLIO(cond, folio) \
	do { (void)(folio); VM_BUG_ON(cond); } while (0)

/* ---- references ---------------------------------------------------------- */

/* One event on folio->_refcount each; all but read, add and sub are full barriers. */
int folio_ref_count_at(const struct folio *folio, const struct site *site);
void folio_ref_add_at(struct folio *folio, int nr, const char *func, const struct site *site);
void folio_ref_sub_at(struct folio *folio, int nr, const char *func, const struct site *site);
/* False where the count was 0: the struct belongs to nobody. */
bool __must_check folio_try_get_at(struct folio *folio, const struct site *site);
/* True: the count was exactly `count` and is 0 now; nobody else has a reference. */
bool __must_check folio_ref_freeze_at(struct folio *folio, int count, const struct site *site);
void folio_ref_unfreeze_at(struct folio *folio, int count, const struct site *site);
/* Drops refs; true where those were the last: the caller frees. */
bool __must_check folio_put_testzero_at(struct folio *folio, int refs, const char *func,
					const struct site *site);
/* The last reference is gone: takes the folio off its LRU list (lru_lock), checks
 * its state, frees it. Any context, interrupts included. Follows mm/folio.c. */
void __folio_put(struct folio *folio);
void folio_put_refs_at(struct folio *folio, int refs, const char *func, const struct site *site);

#define folio_ref_count(f) folio_ref_count_at((f), SITE("folio_ref_count"))
#define page_count(p) folio_ref_count_at(page_folio(p), SITE("page_count"))
/* get on a count of 0: "WARNING: refcount zero in folio_get". */
#define folio_get(f) folio_ref_add_at((f), 1, "folio_get", SITE("folio_get"))
#define folio_ref_inc(f) folio_ref_add_at((f), 1, "folio_ref_inc", SITE("folio_ref_inc"))
#define folio_ref_add(f, nr) folio_ref_add_at((f), (nr), "folio_ref_add", SITE("folio_ref_add"))
/* sub never frees; to 0 or below: "WARNING: refcount zero in folio_ref_sub". */
#define folio_ref_sub(f, nr) folio_ref_sub_at((f), (nr), "folio_ref_sub", SITE("folio_ref_sub"))
#define folio_ref_dec(f) folio_ref_sub_at((f), 1, "folio_ref_dec", SITE("folio_ref_dec"))
#define folio_try_get(f) folio_try_get_at((f), SITE("folio_try_get"))
#define folio_ref_freeze(f, count) folio_ref_freeze_at((f), (count), SITE("folio_ref_freeze"))
#define folio_ref_unfreeze(f, count) folio_ref_unfreeze_at((f), (count), SITE("folio_ref_unfreeze"))
#define folio_put_testzero(f) \
	folio_put_testzero_at((f), 1, "folio_put", SITE("folio_put_testzero"))
/* put below 0: "WARNING: refcount below zero in folio_put". */
#define folio_put(f) folio_put_refs_at((f), 1, "folio_put", SITE("folio_put"))
#define folio_put_refs(f, refs) \
	folio_put_refs_at((f), (refs), "folio_put_refs", SITE("folio_put_refs"))
#define get_page(p) folio_get(page_folio(p))
#define put_page(p) folio_put(page_folio(p))

/* ---- batches of folios (include/linux/pagevec.h) ------------------------- */

/* Folios in a batch before it is full: 1..FOLIO_BATCH_MAX, the machine's `batch`. */
extern unsigned int folio_batch_size;

static inline void folio_batch_init(struct folio_batch *fbatch)
{
	fbatch->nr = 0;
}
#define folio_batch_reinit(fbatch) folio_batch_init(fbatch)

static inline unsigned int folio_batch_count(const struct folio_batch *fbatch)
{
	return fbatch->nr;
}

/* Adds and returns how many more fit: 0, the batch is full and must be emptied. */
static inline unsigned int folio_batch_add(struct folio_batch *fbatch, struct folio *folio)
{
	VM_BUG_ON(fbatch->nr >= folio_batch_size);
	fbatch->folios[fbatch->nr++] = folio;
	return folio_batch_size - fbatch->nr;
}

/* Puts a reference of each and frees those that had no other; empties the batch. */
void folios_put(struct folio_batch *fbatch);

/* ---- mapcount: -1 based in the struct, 0 based here ---------------------- */

/* All of folio's mappings (small: page[0]; large: _large_mapcount). */
int folio_mapcount_at(const struct folio *folio, const struct site *site);
int folio_precise_page_mapcount_at(const struct page *page, const struct site *site);
#define folio_mapcount(f) folio_mapcount_at((f), SITE("folio_mapcount"))
#define folio_mapped(f) (folio_mapcount_at((f), SITE("folio_mapped")) >= 1)
#define folio_precise_page_mapcount(f, p) \
	((void)(f), folio_precise_page_mapcount_at((p), SITE("folio_precise_page_mapcount")))
/* ---- the folio lock ------------------------------------------------------ */

void folio_lock_at(struct folio *folio, unsigned int subclass, const struct site *site);
int __must_check folio_lock_killable_at(struct folio *folio, const struct site *site);
bool __must_check folio_trylock_at(struct folio *folio, const struct site *site);
void folio_unlock_at(struct folio *folio, const struct site *site);

/* Sleeps. A second folio is taken by the nested form (SINGLE_DEPTH_NESTING). */
#define folio_lock(f) folio_lock_at((f), 0, SITE("folio_lock"))
#define folio_lock_nested(f, subclass) folio_lock_at((f), (subclass), SITE("folio_lock"))
/* 0, or -EINTR where the task has a fatal signal (a choice) while it waits. */
#define folio_lock_killable(f) folio_lock_killable_at((f), SITE("folio_lock_killable"))
#define folio_trylock(f) folio_trylock_at((f), SITE("folio_trylock"))
#define folio_unlock(f) folio_unlock_at((f), SITE("folio_unlock"))
/* For a folio that nobody else has seen. */
void __folio_set_locked_at(struct folio *folio, unsigned int subclass, const struct site *site);
#define __folio_set_locked(f) __folio_set_locked_at((f), 0, SITE("__folio_set_locked"))
#define __folio_set_locked_nested(f, subclass) \
	__folio_set_locked_at((f), (subclass), SITE("__folio_set_locked"))
#define __folio_clear_locked(f) folio_unlock_at((f), SITE("__folio_clear_locked"))
/* The holder is about to submit a read whose completion will unlock: lockdep does
 * not count the lock as the caller's any more. Before the submission. */
void folio_lock_handoff_at(struct folio *folio, const struct site *site);
#define folio_lock_handoff(f) folio_lock_handoff_at((f), SITE("folio_lock_handoff"))
/* Sleeps until the bit is clear; the lock is not taken and may be taken again. */
void folio_wait_locked_at(struct folio *folio, const struct site *site);
#define folio_wait_locked(f) folio_wait_locked_at((f), SITE("folio_wait_locked"))
/* End of a read: uptodate on success, then unlock. Any context. */
void folio_end_read(struct folio *folio, bool success);

/* Clears PG_dirty before I/O; true where it was set. FL held. */
#define folio_clear_dirty_for_io(f) \
	folio_flag_test_clear((f), PG_dirty, SITE("folio_clear_dirty_for_io"))

/* ---- writeback ----------------------------------------------------------- */

/* The folio is locked; sets PG_writeback. */
void folio_start_writeback(struct folio *folio);
/* Interrupt context as a rule. Rotates a PG_reclaim folio, clears PG_writeback,
 * wakes the waiters. */
void folio_end_writeback(struct folio *folio);
void folio_wait_writeback_at(struct folio *folio, const struct site *site);
#define folio_wait_writeback(f) folio_wait_writeback_at((f), SITE("folio_wait_writeback"))

/* ---- contents: PAGE_WORDS words a page, always marked; the oracle judges them --- */

/*
 * One word, for user and DMA accesses; no scheduling point: the caller has one.
 * ASan doesn't look, because a stale TLB entry leads to free memory in hardware
 * as well: the poison in it is the oracle's to find, under one title everywhere.
 */
#define __no_sanitize_asan __attribute__((no_sanitize("address")))
static inline __no_sanitize_asan u64 page_load_word(const struct page *page, unsigned int word)
{
	return engine_load_relaxed(&page->words[word]);
}

static inline __no_sanitize_asan void page_store_word(struct page *page, unsigned int word,
						      u64 value)
{
	engine_store_relaxed(&page->words[word], value);
}

/* Copies a page, word by word. mc: 0, or -EHWPOISON where the source is poisoned. */
void copy_user_highpage_at(struct page *to, const struct page *from, const struct site *site);
int __must_check copy_mc_user_highpage_at(struct page *to, const struct page *from,
					  const struct site *site);
#define copy_user_highpage(to, from) \
	copy_user_highpage_at((to), (from), SITE("copy_user_highpage"))
#define copy_mc_user_highpage(to, from) \
	copy_mc_user_highpage_at((to), (from), SITE("copy_mc_user_highpage"))
/* Small folios. */
#define folio_copy_words(dst, src) \
	copy_user_highpage_at(&(dst)->page[0], &(src)->page[0], SITE("folio_copy_words"))
/* Zeroes a page; all pages of a folio. */
void clear_highpage_at(struct page *page, const struct site *site);
void folio_zero_user_at(struct folio *folio, const struct site *site);
#define clear_highpage(page) clear_highpage_at((page), SITE("clear_highpage"))
#define folio_zero_user(folio) folio_zero_user_at((folio), SITE("folio_zero_user"))
/* Sign of the first difference; the pages may change meanwhile. */
int memcmp_pages_at(const struct page *a, const struct page *b, const struct site *site);
#define memcmp_pages(a, b) memcmp_pages_at((a), (b), SITE("memcmp_pages"))
#define pages_identical(a, b) (memcmp_pages_at((a), (b), SITE("pages_identical")) == 0)
/* KSM's checksum (mm/ksm.c, calc_checksum): a hash of the words, racy by design. */
u32 page_checksum_at(const struct page *page, const struct site *site);
#define page_checksum(page) page_checksum_at((page), SITE("page_checksum"))
/* Are all words zero? Small folios. */
bool is_folio_zero_filled_at(const struct folio *folio, const struct site *site);
#define is_folio_zero_filled(f) is_folio_zero_filled_at((f), SITE("is_folio_zero_filled"))

#endif
