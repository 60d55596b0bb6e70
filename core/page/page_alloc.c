/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/page_alloc.c (get_page_from_freelist, __alloc_pages_slowpath,
 * __perform_reclaim, free_pages_prepare, free_unref_folios, prep_new_page).
 * Deviations: free order-0 structs are one last-in-first-out list, as the
 * kernel's per-CPU lists are; a larger order takes the first aligned run of free
 * structs. The contents of a free folio are poisoned (ASan sees a touch). Reclaim
 * without progress is retried MAX_RECLAIM_RETRIES times, then it is an OOM: NULL.
 * Locking: zone.lock with interrupts off. A struct on the free list has a refcount
 * of 0, so that no lookup gets it.
 */
#include "core/page/page_alloc.h"

#include "core/page/folio.h"
#include "core/page/lru.h"
#include "core/page/tlb.h"

#define MAX_RECLAIM_RETRIES 3  /* in a row without progress (kernel: 16) */
#define MAX_RECLAIM_ROUNDS 16  /* with progress that others took away */
#define RECLAIM_BATCH 4        /* folios a round of direct reclaim (SWAP_CLUSTER_MAX) */
#define PAGE_POISON 0xaa

enum zone_watermarks { WMARK_MIN, WMARK_LOW, WMARK_HIGH, NR_WMARK };

struct zone {
	spinlock_t lock;
	struct list_head free_list __guarded_by(&lock); /* of struct folio, by lru */
	unsigned long nr_free;       /* folios on it; lock, read racily */
	unsigned long watermark[NR_WMARK];
	const struct page_alloc_ops *ops;
};

static struct zone zone __world = { .nr_free = 0 };
WORLD_NAME(zone);

void page_alloc_set_ops(const struct page_alloc_ops *ops)
{
	BUG_ON(engine_running());
	zone.ops = ops;
}

unsigned long nr_free_pages(void)
{
	return engine_load_relaxed(&zone.nr_free);
}

unsigned long min_wmark_pages(void)
{
	return zone.watermark[WMARK_MIN];
}

unsigned long low_wmark_pages(void)
{
	return zone.watermark[WMARK_LOW];
}

unsigned long high_wmark_pages(void)
{
	return zone.watermark[WMARK_HIGH];
}

bool zone_watermark_ok(unsigned long mark)
{
	return nr_free_pages() > mark;
}

/* ---- the free list: zone.lock -------------------------------------------- */

static void zone_add(struct folio *folio)
	__must_hold(&zone.lock)
{
	BUG_ON(folio->buddy);
	folio->buddy = 1;
	list_add(&folio->lru, &zone.free_list);
	engine_store_relaxed(&zone.nr_free, zone.nr_free + 1);
}

static void zone_del(struct folio *folio)
	__must_hold(&zone.lock)
{
	BUG_ON(!folio->buddy);
	BUG_ON(zone.nr_free == 0);
	list_del(&folio->lru);
	folio->buddy = 0;
	engine_store_relaxed(&zone.nr_free, zone.nr_free - 1);
}

/* First aligned run of 2^order free structs, or NULL. */
static struct folio *zone_find_run(unsigned int order)
	__must_hold(&zone.lock)
{
	unsigned long nr = 1UL << order;

	for (unsigned long pfn = nr; pfn + nr <= folio_map_size; pfn += nr) {
		unsigned long i = 0;

		while (i < nr && folio_map[pfn + i].buddy)
			i++;
		if (i == nr)
			return &folio_map[pfn];
	}
	return NULL;
}

/* Takes a folio if more than mark stay free; NULL otherwise. */
static struct folio *rmqueue(unsigned int order, unsigned long mark)
{
	unsigned long flags, nr = 1UL << order;
	struct folio *folio = NULL;

	spin_lock_irqsave(&zone.lock, flags);
	if (zone.nr_free >= mark + nr) {
		if (order)
			folio = zone_find_run(order);
		else
			folio = list_first_entry(&zone.free_list, struct folio, lru);
		for (unsigned long i = 0; folio && i < nr; i++)
			zone_del(folio + i);
	}
	spin_unlock_irqrestore(&zone.lock, flags);
	return folio;
}

/* Users may have stored to the page until just now, and lose to the flush of their
 * TLBs, which orders nothing for TSan: contents are marked accesses always. */
static void page_poison(struct page *page)
{
#ifdef SWAPRACE_TSAN
	for (unsigned int i = 0; i < PAGE_WORDS; i++)
		page_store_word(page, i, PAGE_POISON * 0x0101010101010101ull);
#else
	engine_poison(page->words, PAGE_WORDS * sizeof(u64), PAGE_POISON);
#endif
}

static void page_unpoison(struct page *page)
{
	engine_unpoison(page->words, PAGE_WORDS * sizeof(u64));
}

/* ---- a folio's state at both ends of its life ---------------------------- */

/* Nobody else knows the folio, except lookups whose try_get fails: they may read
 * flags and mapping, hence marked stores. */
static void prep_new_folio(struct folio *folio, unsigned int order)
{
	VM_BUG_ON(engine_load_relaxed(&folio->_refcount.counter) != 0);
	engine_store_relaxed(&folio->flags.counter, order ? 1L << PG_head : 0L);
	engine_store_relaxed(&folio->mapping, 0UL);
	engine_store_relaxed(&folio->order, (u8)order);
	engine_store_relaxed(&folio->_large_mapcount.counter, -1);
	folio->index = 0;
	folio->swap.val = 0;
	folio->lock_handed_off = 0;
	INIT_LIST_HEAD(&folio->lru);
	for (unsigned long i = 0; i < 1UL << order; i++) {
		struct page *page = &folio[i].page[0];

		engine_store_relaxed(&page->head, (u32)folio->pfn);
		engine_store_relaxed(&page->_mapcount.counter, -1);
		engine_store_relaxed(&page->flags_page.counter, 0L);
		page_unpoison(page);
		engine_role_new(page->words, PAGE_WORDS * sizeof(u64), "page");
	}
	engine_role_new(folio, sizeof(*folio) << order, "folio");
}

/* What is wrong with a folio that is about to be free, or NULL. */
static const char *folio_bad_state(const struct folio *folio)
{
	if (folio->buddy)
		return "bad folio state: free";
	if (is_zero_folio(folio))
		return "bad folio state: zero page";
	if (engine_load_relaxed(&folio->_refcount.counter) != 0)
		return "bad folio state: referenced";
	for (long i = 0; i < folio_nr_pages(folio); i++)
		if (engine_load_relaxed(&folio[i].page[0]._mapcount.counter) != -1)
			return "bad folio state: mapped";
	if (folio_flag_peek(folio, PG_swapcache) || folio->swap.val)
		return "bad folio state: swapcache";
	if (folio_flag_peek(folio, PG_locked))
		return "bad folio state: locked";
	if (folio_flag_peek(folio, PG_writeback))
		return "bad folio state: writeback";
	if (folio_flag_peek(folio, PG_lru))
		return "bad folio state: lru";
	if (folio_flag_peek(folio, PG_active))
		return "bad folio state: active";
	if (folio_flag_peek(folio, PG_unevictable))
		return "bad folio state: unevictable";
	return NULL;
}

/* Checks and resets; after this nothing of the folio's life is left. */
static void free_pages_prepare(struct folio *folio)
{
	const char *bad = folio_bad_state(folio);
	long nr = folio_nr_pages(folio);

	if (unlikely(bad))
		folio_warn(folio, bad, "free_unref_folio");
	engine_store_relaxed(&folio->flags.counter, 0L);
	engine_store_relaxed(&folio->mapping, 0UL);
	engine_store_relaxed(&folio->order, (u8)0);
	for (long i = 0; i < nr; i++) {
		struct page *page = &folio[i].page[0];

		engine_store_relaxed(&page->head, page->pfn);
		engine_store_relaxed(&page->flags_page.counter, 0L);
		page_poison(page);
	}
}

static void free_one_folio(struct folio *folio, long nr)
	__must_hold(&zone.lock)
{
	/* Backwards, so that the first struct is the next to be taken. */
	while (nr-- > 0)
		zone_add(folio + nr);
}

void free_unref_folio(struct folio *folio)
{
	long nr = folio_nr_pages(folio);
	unsigned long flags;

	free_pages_prepare(folio);
	spin_lock_irqsave(&zone.lock, flags);
	free_one_folio(folio, nr);
	spin_unlock_irqrestore(&zone.lock, flags);
}

void free_unref_folios(struct folio_batch *fbatch)
{
	long nr[FOLIO_BATCH_MAX];
	unsigned long flags;

	if (!folio_batch_count(fbatch))
		return;
	for (unsigned int i = 0; i < folio_batch_count(fbatch); i++) {
		nr[i] = folio_nr_pages(fbatch->folios[i]);
		free_pages_prepare(fbatch->folios[i]);
	}
	spin_lock_irqsave(&zone.lock, flags);
	for (unsigned int i = 0; i < folio_batch_count(fbatch); i++)
		free_one_folio(fbatch->folios[i], nr[i]);
	spin_unlock_irqrestore(&zone.lock, flags);
	folio_batch_reinit(fbatch);
}

/* ---- allocation ---------------------------------------------------------- */

/* How many folios must stay free for this caller without the fast path. */
static unsigned long alloc_mark_slowpath(gfp_t gfp)
{
	if (!(gfp & __GFP_NOMEMALLOC) &&
	    ((gfp & __GFP_MEMALLOC) || (current->flags & PF_MEMALLOC)))
		return 0; /* reclaim itself: frees more than it takes */
	if (gfp & __GFP_HIGH)
		return zone.watermark[WMARK_MIN] / 2;
	return zone.watermark[WMARK_MIN];
}

static void wake_kswapd(gfp_t gfp)
{
	if ((gfp & __GFP_KSWAPD_RECLAIM) && zone.ops && zone.ops->wakeup_kswapd)
		zone.ops->wakeup_kswapd();
}

/* One round of direct reclaim on behalf of the caller; folios freed. */
static unsigned long __perform_reclaim(gfp_t gfp, unsigned int order)
{
	unsigned int noreclaim_flag;
	unsigned long progress;

	cond_resched();
	noreclaim_flag = memalloc_noreclaim_save();
	progress = zone.ops->direct_reclaim(max((unsigned int)RECLAIM_BATCH, 1U << order), gfp);
	memalloc_noreclaim_restore(noreclaim_flag);
	cond_resched();
	return progress;
}

static struct folio *__alloc_pages_slowpath(gfp_t gfp, unsigned int order)
{
	unsigned int no_progress = 0;
	struct folio *folio;

	for (unsigned int round = 0; round < MAX_RECLAIM_ROUNDS; round++) {
		wake_kswapd(gfp);
		folio = rmqueue(order, alloc_mark_slowpath(gfp));
		if (folio)
			return folio;
		if (!(gfp & __GFP_DIRECT_RECLAIM) || (current->flags & PF_MEMALLOC) || !zone.ops)
			break;
		PATH("alloc_direct_reclaim");
		if (__perform_reclaim(gfp, order)) {
			no_progress = 0;
			continue;
		}
		/* What has just become free may sit in a batch (drain_all_pages). */
		if ((gfp & __GFP_NORETRY) || ++no_progress >= MAX_RECLAIM_RETRIES)
			break;
		PATH("alloc_reclaim_retry");
		lru_add_drain();
	}
	folio = rmqueue(order, alloc_mark_slowpath(gfp));
	if (!folio && (gfp & __GFP_DIRECT_RECLAIM)) {
		PATH("alloc_oom");
		COUNT(oom);
	}
	return folio;
}

struct folio *folio_alloc_frozen_at(gfp_t gfp, unsigned int order, const struct site *site)
{
	struct folio *folio;

	BUG_ON(order > FOLIO_ORDER_MAX);
	might_sleep_if(gfpflags_allow_blocking(gfp));
	if (!(gfp & __GFP_NOFAIL) && should_fail(site))
		return NULL;
	folio = rmqueue(order, zone.watermark[WMARK_LOW]);
	if (!folio)
		folio = __alloc_pages_slowpath(gfp, order);
	if (folio)
		prep_new_folio(folio, order);
	return folio;
}

struct folio *folio_alloc_at(gfp_t gfp, unsigned int order, const struct site *site)
{
	struct folio *folio = folio_alloc_frozen_at(gfp, order, site);

	if (!folio)
		return NULL;
	/* Release: whose try_get succeeds sees the struct as prepared. No event:
	 * until now the count was 0 and nobody could tell. */
	engine_store_release(&folio->_refcount.counter, 1);
	if (gfp & __GFP_ZERO)
		folio_zero_user(folio);
	return folio;
}

/* ---- set-up, tear-down, audit -------------------------------------------- */

/* Set-up is ordered before all tasks: TSan need not see it. */
static __no_sanitize_tsan void folio_struct_init(struct folio *folio, unsigned long pfn,
						 u64 *words)
	__no_lock_analysis("set-up, no task runs")
{
	folio->pfn = (u16)pfn;
	folio->page[0].pfn = folio->page[0].head = (u32)pfn;
	folio->page[0].words = words;
	folio->page[0]._mapcount.counter = -1;
	folio->_large_mapcount.counter = -1;
	bit_lock_init(&folio->lock_map, "folio_lock");
	if (pfn == 0) {
		/* The zero page: uptodate, all zero, held for ever. */
		folio->_refcount.counter = 1;
		folio->flags.counter = 1L << PG_uptodate;
		INIT_LIST_HEAD(&folio->lru);
		return;
	}
#ifdef SWAPRACE_TSAN
	for (unsigned int i = 0; i < PAGE_WORDS; i++)
		((volatile u64 *)words)[i] = PAGE_POISON * 0x0101010101010101ull;
#else
	engine_poison(words, PAGE_WORDS * sizeof(u64), PAGE_POISON);
#endif
	folio->buddy = 1;
	list_add(&folio->lru, &zone.free_list);
}

void page_setup(const struct world_config *config)
	__no_lock_analysis("set-up, no task runs")
{
	unsigned long n = config->folios + 1UL;
	u64 *words;

	BUG_ON(config->folios == 0 || config->low_watermark >= config->folios);
	BUG_ON(engine_running());
	folio_map_size = n;
	folio_map = engine_arena_alloc(n * sizeof(struct folio));
	words = engine_arena_alloc(n * PAGE_WORDS * sizeof(u64));
	spin_lock_init(&zone.lock);
	INIT_LIST_HEAD(&zone.free_list);
	zone.watermark[WMARK_LOW] = config->low_watermark;
	zone.watermark[WMARK_MIN] = config->low_watermark / 2;
	zone.watermark[WMARK_HIGH] = config->low_watermark + DIV_ROUND_UP(config->low_watermark, 2);
	engine_role_set(&zone, sizeof(zone), "zone", -1, -1);

	/* Backwards: the lowest is taken first. */
	for (unsigned long pfn = n; pfn-- > 0;)
		folio_struct_init(&folio_map[pfn], pfn, words + pfn * PAGE_WORDS);
	zone.nr_free = n - 1;
	engine_role_set(folio_map, n * sizeof(struct folio), "free folio", -1, -1);
	engine_role_set(zero_folio(), sizeof(struct folio), "zero folio", -1, -1);
	engine_role_set(words, n * PAGE_WORDS * sizeof(u64), "free page", -1, -1);
	engine_role_set(words, PAGE_WORDS * sizeof(u64), "zero page", -1, -1);

	lru_setup(config);
	tlb_setup();
}

void page_teardown(void)
{
	BUG_ON(engine_running());
	for (unsigned int cpu = 0; cpu < engine_cpus(); cpu++)
		lru_add_drain_cpu((int)cpu);
}

bool folio_is_free(const struct folio *folio)
{
	return folio->buddy;
}

static const char *audit_free_folio(const struct folio *folio)
{
	if (engine_load_relaxed(&folio->_refcount.counter) != 0)
		return "free folio has references";
	if (engine_load_relaxed(&folio->flags.counter) != 0)
		return "free folio has flags";
	if (engine_load_relaxed(&folio->page[0]._mapcount.counter) != -1)
		return "free folio is mapped";
	return NULL;
}

void page_audit(struct page_audit *out)
	__no_lock_analysis("a quiet machine")
{
	const struct folio *folio;
	unsigned long bound = folio_map_size;

	*out = (struct page_audit){ .total = folio_map_size - 1, .free_count = nr_free_pages() };
	list_for_each_entry(folio, &zone.free_list, lru) {
		out->free_listed++;
		if (!folio->buddy || bound-- == 0) {
			out->broken = "free list is corrupt";
			break;
		}
	}
	for (unsigned long pfn = 1; pfn < folio_map_size; pfn++) {
		folio = &folio_map[pfn];
		if (folio->buddy) {
			if (!out->broken)
				out->broken = audit_free_folio(folio);
			continue;
		}
		out->used++;
		if (!out->leaked)
			out->leaked = folio;
	}
	lru_audit(out);
	if (!out->broken && out->free_listed != out->free_count)
		out->broken = "free count differs from the free list";
	if (!out->broken && out->free_listed + out->used != out->total)
		out->broken = "free and used folios are not all";
	for (unsigned int i = 0; !out->broken && i < PAGE_WORDS; i++)
		if (page_load_word(&zero_folio()->page[0], i) != 0)
			out->broken = "zero page is not zero";
}
