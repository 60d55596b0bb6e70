// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page allocator's two ends. Whoever asks for pages comes through the functions here,
 * which make the failure of an allocation a choice of the schedule; then they call the
 * tree's own function of that name (buddy.c). Its arch_alloc_page() and arch_free_page()
 * are here too: a free page is poisoned and known as free, whether it lies with the
 * buddies, on a per-CPU list or in compaction's hands.
 * Left out: the OOM killer: an allocation that reclaim cannot serve fails; the text that
 * tells of a failure.
 * Locking: none.
 */
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/oom.h>
#include <linux/swap.h>
#include <linux/version.h>
#include <linux/vmstat.h>

#include "internal.h"

#include "core/tree/shim/page_state.h"
#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

unsigned long shim_pages;
unsigned char *shim_free_map;
static unsigned long nr_free;

SHIM_RAW bool shim_page_is_free(unsigned long pfn)
{
	return shim_free_map[pfn];
}

unsigned long shim_nr_free(void)
{
	return __atomic_load_n(&nr_free, __ATOMIC_RELAXED);
}

bool shim_should_fail(gfp_t gfp, unsigned long ip)
{
	return !(gfp & __GFP_NOFAIL) && seam_live() && seam_choose(ip, "alloc", 2);
}

/* ---- what an architecture may do with a page at both ends of its life -------------- */

static SHIM_RAW void nr_free_add(long n)
{
	__atomic_store_n(&nr_free, nr_free + (unsigned long)n, __ATOMIC_RELAXED);
}

SHIM_RAW void shim_page_set_free(unsigned long pfn)
{
	BUG_ON(shim_free_map[pfn]);
	seam_page_poison(pfn);
	shim_free_map[pfn] = 1;
	nr_free_add(1);
}

void shim_free_page(struct page *page, int order)
{
	unsigned long i, pfn = page_to_pfn(page);

	for (i = 0; i < 1UL << order; i++)
		shim_page_set_free(pfn + i);
}

SHIM_RAW static void page_set_used(unsigned long pfn)
{
	BUG_ON(!shim_free_map[pfn]);
	shim_free_map[pfn] = 0;
	nr_free_add(-1);
	seam_page_unpoison(pfn);
	seam_role_new(pfn_to_virt(pfn), PAGE_SIZE, "page");
}

void shim_alloc_page(struct page *page, int order)
{
	unsigned long i, pfn = page_to_pfn(page);

	for (i = 0; i < 1UL << order; i++)
		page_set_used(pfn + i);
	seam_role_new(page, sizeof(*page) << order, "folio");
}

/* ---- allocation -------------------------------------------------------------------- */

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
#define FLAGS_PARAM , unsigned int alloc_flags
#define FLAGS_ARG , alloc_flags
#else
#define FLAGS_PARAM
#define FLAGS_ARG
#endif
#define OWN(name) __asm__("own." #name)

struct page *own_alloc_frozen_pages(gfp_t gfp, unsigned int order, int nid,
				    nodemask_t *nodemask FLAGS_PARAM)
	OWN(__alloc_frozen_pages_noprof);
struct page *own_alloc_pages(gfp_t gfp, unsigned int order, int nid,
			     nodemask_t *nodemask FLAGS_PARAM) OWN(__alloc_pages_noprof);
struct folio *own_folio_alloc(gfp_t gfp, unsigned int order, int nid, nodemask_t *nodemask)
	OWN(__folio_alloc_noprof);
unsigned long own_get_free_pages(gfp_t gfp, unsigned int order) OWN(get_free_pages_noprof);
unsigned long own_get_zeroed_page(gfp_t gfp) OWN(get_zeroed_page_noprof);

struct page *__alloc_frozen_pages_noprof(gfp_t gfp, unsigned int order, int nid,
					 nodemask_t *nodemask FLAGS_PARAM)
{
	if (shim_should_fail(gfp, _RET_IP_))
		return NULL;
	return own_alloc_frozen_pages(gfp, order, nid, nodemask FLAGS_ARG);
}

struct page *__alloc_pages_noprof(gfp_t gfp, unsigned int order, int nid,
				  nodemask_t *nodemask FLAGS_PARAM)
{
	if (shim_should_fail(gfp, _RET_IP_))
		return NULL;
	return own_alloc_pages(gfp, order, nid, nodemask FLAGS_ARG);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
struct page *own_alloc_pages_node(int nid, gfp_t gfp, unsigned int order)
	OWN(alloc_pages_node_noprof);

struct page *alloc_pages_node_noprof(int nid, gfp_t gfp, unsigned int order)
{
	if (shim_should_fail(gfp, _RET_IP_))
		return NULL;
	return own_alloc_pages_node(nid, gfp, order);
}
#endif

struct folio *__folio_alloc_noprof(gfp_t gfp, unsigned int order, int nid, nodemask_t *nodemask)
{
	if (shim_should_fail(gfp, _RET_IP_))
		return NULL;
	return own_folio_alloc(gfp, order, nid, nodemask);
}

/* The kernel's own memory (a batch of mmu_gather): all of it is used, not the first words
 * alone. Only its name says so to the glue; less than a page, as "page" names those. */
unsigned long get_free_pages_noprof(gfp_t gfp, unsigned int order)
{
	unsigned long addr;

	if (shim_should_fail(gfp, _RET_IP_))
		return 0;
	addr = own_get_free_pages(gfp, order);
	if (addr)
		seam_role_new((void *)addr, (PAGE_SIZE << order) - sizeof(long), "kernel page");
	return addr;
}

unsigned long get_zeroed_page_noprof(gfp_t gfp)
{
	return shim_should_fail(gfp, _RET_IP_) ? 0 : own_get_zeroed_page(gfp);
}

/* ---- what the slow path asks for ---------------------------------------------------- */

/* One that may not fail gets at the reserves. */
bool out_of_memory(struct oom_control *oc)
{
	return oc->gfp_mask & __GFP_NOFAIL;
}

/* Under its symbol alone: releases differ in what they pass. */
void shim_show_mem(void) __asm__("__show_mem");
void shim_show_mem(void)
{
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
	watermarks_setup(zone);
	node->node_zonelists[0]._zonerefs[0].zone = zone;
	node->node_zonelists[0]._zonerefs[0].zone_idx = ZONE_NORMAL;
	shim_zone_setup(zone);
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
	init_waitqueue_head(&node->kcompactd_wait);
	for (i = 0; i < NR_VMSCAN_THROTTLE; i++)
		init_waitqueue_head(&node->reclaim_wait[i]);
	lruvec_init(&node->__lruvec);
	node->per_cpu_nodestats = alloc_percpu(struct per_cpu_nodestat);
	seam_role_set(node, sizeof(*node), "node", -1, -1);
}

void shim_page_alloc_setup(void)
{
	shim_pages = shim_machine.pages;
	nr_free = 0;
	shim_free_map = seam_arena_alloc(shim_pages);
	page_state_setup(shim_pages);
	node_setup(NODE_DATA(0));
	zone_setup(NODE_DATA(0));
	atomic_long_set(&_totalram_pages, (long)(shim_pages - SEAM_PAGES_RESERVED));
}
