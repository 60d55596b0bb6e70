// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Page frames, in the place of the functions of mm/page_alloc.c with these names
 * (that object is weak at link). As in the model (core/page/page_alloc.c): free
 * order-0 pages are one last-in-first-out list, a larger order takes the first
 * aligned run of free pages; free pages are poisoned; whether an allocation fails
 * is a choice; below the watermark it reclaims.
 * Left out: buddies, per-CPU lists, migrate types, compaction, the OOM killer.
 * Locking: zone->lock with interrupts off.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sched/mm.h>
#include <linux/swap.h>
#include <linux/version.h>
#include <linux/vmstat.h>

#include "internal.h"

#include "core/tree/shim/page_state.h"
#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

#define RECLAIM_RETRIES 3  /* in a row without progress (kernel: 16) */
#define RECLAIM_ROUNDS 16  /* with progress that others took away */

unsigned long shim_pages;
static unsigned short *free_list; /* pfns; the last one is the next to go */
static unsigned char *is_free;
static unsigned long nr_free;

static struct zone *the_zone(void)
{
	return &NODE_DATA(0)->node_zones[ZONE_NORMAL];
}

SHIM_RAW bool shim_page_is_free(unsigned long pfn)
{
	return is_free[pfn];
}

unsigned long shim_nr_free(void)
{
	return __atomic_load_n(&nr_free, __ATOMIC_RELAXED);
}

bool shim_should_fail(gfp_t gfp, unsigned long ip)
{
	return !(gfp & __GFP_NOFAIL) && seam_live() && seam_choose(ip, "alloc", 2);
}

/* ---- the free list: zone->lock --------------------------------------------------- */

static void nr_free_add(long n)
{
	__atomic_store_n(&nr_free, nr_free + (unsigned long)n, __ATOMIC_RELAXED);
	mod_zone_page_state(the_zone(), NR_FREE_PAGES, n);
}

static void zone_add(unsigned long pfn)
{
	BUG_ON(is_free[pfn]);
	is_free[pfn] = 1;
	free_list[nr_free] = (unsigned short)pfn;
	nr_free_add(1);
}

/* First aligned run of free pages, or 0: never free. */
static unsigned long zone_find_run(unsigned int order)
{
	unsigned long nr = 1UL << order, pfn, i;

	for (pfn = 0; pfn + nr <= shim_pages; pfn += nr) {
		for (i = 0; i < nr && is_free[pfn + i]; i++)
			;
		if (i == nr)
			return pfn;
	}
	return 0;
}

static void zone_del_run(unsigned long pfn, unsigned long nr)
{
	unsigned long from, to = 0;

	for (from = 0; from < nr_free; from++)
		if (free_list[from] < pfn || free_list[from] >= pfn + nr)
			free_list[to++] = free_list[from];
	BUG_ON(to + nr != nr_free);
	memset(is_free + pfn, 0, nr);
	nr_free_add(-(long)nr);
}

/* Takes pages if more than mark stay free; NULL otherwise. */
static noinline struct page *rmqueue(unsigned int order, unsigned long mark)
{
	unsigned long nr = 1UL << order, pfn = 0, flags;
	struct zone *zone = the_zone();

	spin_lock_irqsave(&zone->lock, flags);
	if (nr_free >= mark + nr) {
		pfn = order ? zone_find_run(order) : free_list[nr_free - 1];
		if (pfn && order) {
			zone_del_run(pfn, nr);
		} else if (pfn) {
			is_free[pfn] = 0;
			nr_free_add(-1);
		}
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	return pfn ? pfn_to_page(pfn) : NULL;
}

/* ---- allocation ------------------------------------------------------------------ */

/* Pages that must stay free for this caller without the fast path. */
static unsigned long gfp_to_alloc_mark(gfp_t gfp)
{
	unsigned long min = shim_machine.low_watermark / 2;

	if (!(gfp & __GFP_NOMEMALLOC) && (gfp & __GFP_MEMALLOC || current->flags & PF_MEMALLOC))
		return 0; /* reclaim itself: it frees more than it takes */
	return gfp & __GFP_HIGH ? min / 2 : min;
}

static noinline unsigned long __perform_reclaim(gfp_t gfp, unsigned int order)
{
	unsigned int noreclaim;
	unsigned long progress;

	cond_resched();
	fs_reclaim_acquire(gfp);
	noreclaim = memalloc_noreclaim_save();
	progress = try_to_free_pages(node_zonelist(0, gfp), (int)order, gfp, NULL);
	memalloc_noreclaim_restore(noreclaim);
	fs_reclaim_release(gfp);
	cond_resched();
	return progress;
}

static noinline struct page *__alloc_pages_slowpath(gfp_t gfp, unsigned int order)
{
	unsigned int round, no_progress = 0;
	struct page *page;

	for (round = 0; round < RECLAIM_ROUNDS; round++) {
		page = rmqueue(order, gfp_to_alloc_mark(gfp));
		if (page)
			return page;
		if (!(gfp & __GFP_DIRECT_RECLAIM) || current->flags & PF_MEMALLOC || !seam_live())
			break;
		if (__perform_reclaim(gfp, order)) {
			no_progress = 0;
			continue;
		}
		/* What has just become free may sit in a batch. */
		if (gfp & __GFP_NORETRY || ++no_progress >= RECLAIM_RETRIES)
			break;
		lru_add_drain();
	}
	page = rmqueue(order, gfp & __GFP_NOFAIL ? 0 : gfp_to_alloc_mark(gfp));
	if (!page && gfp & __GFP_NOFAIL)
		seam_report("shim: no memory for an allocation that may not fail", "");
	return page;
}

/* Nobody else knows the pages, except lookups whose try_get fails: they may read
 * flags and mapping, hence marked stores. */
static void prep_new_page(struct page *page, unsigned int order, gfp_t gfp, unsigned long ip)
{
	unsigned long i, pfn = page_to_pfn(page);

	for (i = 0; i < 1UL << order; i++) {
		struct page *p = page + i;

		seam_page_unpoison(pfn + i);
		seam_page_touch(pfn + i);
		page_state_clear(p);
		seam_role_new(page_address(p), PAGE_SIZE, "page");
		if (gfp & __GFP_ZERO)
			shim_clear_page_at(page_address(p), ip);
	}
	seam_role_new(page, sizeof(*page) << order, "folio");
	if (order && gfp & __GFP_COMP)
		prep_compound_page(page, order);
}

static struct page *alloc_frozen(gfp_t gfp, unsigned int order, unsigned long ip)
{
	struct page *page;

	BUG_ON(order > MAX_PAGE_ORDER);
	gfp = current_gfp_context(gfp);
	if (gfp & __GFP_DIRECT_RECLAIM)
		seam_might_sleep(ip);
	if (shim_should_fail(gfp, ip))
		return NULL;
	page = rmqueue(order, low_wmark_pages(the_zone()));
	if (!page)
		page = __alloc_pages_slowpath(gfp, order);
	if (page)
		prep_new_page(page, order, gfp, ip);
	return page;
}

/* Whose try_get succeeds sees the page as prepared. No event: the count was 0 until
 * now and nobody could tell. */
static struct page *alloc_counted(gfp_t gfp, unsigned int order, unsigned long ip)
{
	struct page *page = alloc_frozen(gfp, order, ip);

	if (page)
		__atomic_store_n(&page->_refcount.counter, 1, __ATOMIC_RELEASE);
	return page;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define ALLOC_FLAGS_PARAM , unsigned int alloc_flags
#else
#define ALLOC_FLAGS_PARAM
#endif

struct page *__alloc_frozen_pages_noprof(gfp_t gfp, unsigned int order, int nid,
					 nodemask_t *nodemask ALLOC_FLAGS_PARAM)
{
	return alloc_frozen(gfp, order, _RET_IP_);
}

struct page *__alloc_pages_noprof(gfp_t gfp, unsigned int order, int nid,
				  nodemask_t *nodemask ALLOC_FLAGS_PARAM)
{
	return alloc_counted(gfp, order, _RET_IP_);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
struct page *alloc_pages_node_noprof(int nid, gfp_t gfp, unsigned int order)
{
	return alloc_counted(gfp, order, _RET_IP_);
}
#endif

struct folio *__folio_alloc_noprof(gfp_t gfp, unsigned int order, int nid, nodemask_t *nodemask)
{
	struct page *page = alloc_counted(gfp | __GFP_COMP, order, _RET_IP_);

	return page ? page_rmappable_folio(page) : NULL;
}

/* The kernel's own memory (a batch of mmu_gather): all of it is used, not the first words
 * alone. Only its name says so to the glue; less than a page, as "page" names those. */
unsigned long get_free_pages_noprof(gfp_t gfp, unsigned int order)
{
	struct page *page = alloc_counted(gfp, order, _RET_IP_);

	if (!page)
		return 0;
	seam_role_new(page_address(page), (PAGE_SIZE << order) - sizeof(long), "kernel page");
	return (unsigned long)page_address(page);
}

unsigned long get_zeroed_page_noprof(gfp_t gfp)
{
	struct page *page = alloc_counted(gfp | __GFP_ZERO, 0, _RET_IP_);

	return page ? (unsigned long)page_address(page) : 0;
}

/* ---- freeing --------------------------------------------------------------------- */

static void poison_pages(struct page *page, unsigned int order)
{
	unsigned long i, pfn = page_to_pfn(page);

	for (i = 0; i < 1UL << order; i++)
		seam_page_poison(pfn + i);
}

static noinline void free_one_page(struct page *page, unsigned int order)
{
	unsigned long nr = 1UL << order, pfn = page_to_pfn(page), flags;
	struct zone *zone = the_zone();

	spin_lock_irqsave(&zone->lock, flags);
	/* Backwards: the first page is the next to be taken. */
	while (nr-- > 0)
		zone_add(pfn + nr);
	spin_unlock_irqrestore(&zone->lock, flags);
}

void free_frozen_pages(struct page *page, unsigned int order)
{
	page_state_free_prepare(page, order);
	poison_pages(page, order);
	free_one_page(page, order);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
void free_frozen_pages_nolock(struct page *page, unsigned int order)
{
	free_frozen_pages(page, order);
}
#endif

void free_unref_folios(struct folio_batch *folios)
{
	unsigned int order[FOLIO_BATCH_SIZE], i;
	struct zone *zone = the_zone();
	unsigned long flags;

	if (!folios->nr)
		return;
	for (i = 0; i < folios->nr; i++) {
		struct page *page = &folios->folios[i]->page;

		order[i] = page_state_order(page);
		page_state_free_prepare(page, order[i]);
		poison_pages(page, order[i]);
	}
	spin_lock_irqsave(&zone->lock, flags);
	for (i = 0; i < folios->nr; i++) {
		unsigned long nr = 1UL << order[i];

		while (nr-- > 0)
			zone_add(page_to_pfn(&folios->folios[i]->page) + nr);
	}
	spin_unlock_irqrestore(&zone->lock, flags);
	folio_batch_reinit(folios);
}

void __free_pages(struct page *page, unsigned int order)
{
	if (put_page_testzero(page))
		free_frozen_pages(page, order);
}

void free_pages(unsigned long addr, unsigned int order)
{
	if (addr)
		__free_pages(virt_to_page((void *)addr), order);
}

/* ---- watermarks: of a zone whose free pages are all alike ------------------------ */

bool __zone_watermark_ok(struct zone *z, unsigned int order, unsigned long mark,
			 int highest_zoneidx, unsigned int alloc_flags, long free_pages)
{
	return free_pages >= (long)(mark + (1UL << order));
}

bool zone_watermark_ok(struct zone *z, unsigned int order, unsigned long mark,
		       int highest_zoneidx, unsigned int alloc_flags)
{
	return shim_nr_free() >= mark + (1UL << order);
}

/* ---- set-up ---------------------------------------------------------------------- */

static void watermarks_setup(struct zone *zone)
{
	unsigned long low = shim_machine.low_watermark;

	BUG_ON(low >= shim_pages);
	/* gfp_to_alloc_mark() has the real one. With 0 there is no reserve for whose end
	 * throttle_direct_reclaim() would wait: kswapd is an op, and may never come. */
	zone->_watermark[WMARK_MIN] = 0;
	zone->_watermark[WMARK_LOW] = low;
	zone->_watermark[WMARK_HIGH] = low + DIV_ROUND_UP(low, 2);
	zone->_watermark[WMARK_PROMO] = zone->_watermark[WMARK_HIGH];
}

static void zone_setup(struct pglist_data *node)
{
	struct zone *zone = &node->node_zones[ZONE_NORMAL];

	zone->zone_pgdat = node;
	zone->name = "Normal";
	zone->spanned_pages = zone->present_pages = shim_pages;
	atomic_long_set(&zone->managed_pages, (long)(shim_pages - SEAM_PAGES_RESERVED));
	spin_lock_init(&zone->lock);
	zone->per_cpu_zonestats = alloc_percpu(struct per_cpu_zonestat);
	watermarks_setup(zone);
	node->node_zonelists[0]._zonerefs[0].zone = zone;
	node->node_zonelists[0]._zonerefs[0].zone_idx = ZONE_NORMAL;
	seam_role_set(zone, sizeof(*zone), "zone", -1, -1);
}

static void node_setup(struct pglist_data *node)
{
	int i;

	node->nr_zones = 1;
	node->node_present_pages = node->node_spanned_pages = shim_pages;
	node->node_id = 0;
	init_waitqueue_head(&node->kswapd_wait);
	init_waitqueue_head(&node->pfmemalloc_wait);
	for (i = 0; i < NR_VMSCAN_THROTTLE; i++)
		init_waitqueue_head(&node->reclaim_wait[i]);
	lruvec_init(&node->__lruvec);
	node->per_cpu_nodestats = alloc_percpu(struct per_cpu_nodestat);
	seam_role_set(node, sizeof(*node), "node", -1, -1);
}

void shim_page_alloc_setup(void)
{
	unsigned long pfn;

	shim_pages = shim_machine.pages;
	nr_free = 0;
	free_list = seam_arena_alloc(shim_pages * sizeof(*free_list));
	is_free = seam_arena_alloc(shim_pages);
	page_state_setup(shim_pages);
	node_setup(NODE_DATA(0));
	zone_setup(NODE_DATA(0));
	atomic_long_set(&_totalram_pages, (long)(shim_pages - SEAM_PAGES_RESERVED));
	/* Backwards: the lowest is taken first. */
	for (pfn = shim_pages; pfn-- > SEAM_PAGES_RESERVED;) {
		seam_page_poison(pfn);
		zone_add(pfn);
	}
}
