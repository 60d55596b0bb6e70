// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * struct page at both ends of its life: mem_map, what an allocation hands out, and
 * the checks of a free ("Bad page state"), the kernel's own by name and order.
 * Left out: hardware poison, page owner, memcg, page_pool.
 * Locking: the page is nobody else's; lookups that are about to fail may read it,
 * hence marked stores.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-flags.h>

#include "internal.h"

#include "core/tree/shim/page_state.h"
#include "core/tree/shim/world.h"

struct page *mem_map;
unsigned long max_mapnr;
struct pglist_data contig_page_data;
atomic_long_t _totalram_pages;
unsigned long totalreserve_pages;
unsigned long zero_page_pfn;
/* 7.3 has it for ZERO_PAGE(), 7.2's overlay uses the same name. */
struct page *__zero_page;

#define LOAD(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define STORE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

/* For checkers too. */
SHIM_RAW unsigned int page_state_order(const struct page *page)
{
	return page->flags.f & 1UL << PG_head ? (unsigned int)(page[1].flags.f & 0xff) : 0;
}

void page_state_clear(struct page *page)
{
	STORE(page->flags.f, LOAD(page->flags.f) & ~PAGE_FLAGS_CHECK_AT_PREP);
	STORE(page->mapping, NULL);
	STORE(page->_mapcount.counter, -1);
	page->private = 0;
	page->__folio_index = 0;
}

/* ---- free ------------------------------------------------------------------------ */

static __cold void bad_page(const struct page *page, const char *reason)
{
	char title[96], line[256];

	snprintf(title, sizeof(title), "BUG: Bad page state: %s", reason);
	shim_warnf(title, "%s\n", shim_page_line(page, line, sizeof(line)));
}

static const char *page_bad_reason(const struct page *page)
{
	if (LOAD(page->flags.f) & PAGE_FLAGS_CHECK_AT_FREE)
		return "PAGE_FLAGS_CHECK_AT_FREE flag(s) set";
	if (LOAD(page->_refcount.counter))
		return "nonzero _refcount";
	if (LOAD(page->mapping))
		return "non-NULL mapping";
	if (LOAD(page->_mapcount.counter) != -1)
		return "nonzero mapcount";
	return NULL;
}

/* What the first tail pages keep of a large folio. */
static const char *folio_bad_reason(const struct folio *folio, unsigned int order)
{
	if (LOAD(folio->_large_mapcount.counter) != -1)
		return "nonzero large_mapcount";
#ifdef CONFIG_PAGE_MAPCOUNT
	if (LOAD(folio->_nr_pages_mapped.counter))
		return "nonzero nr_pages_mapped";
#endif
	if (order > 1 && LOAD(folio->_entire_mapcount.counter) != -1)
		return "nonzero entire_mapcount";
	if (order > 1 && LOAD(folio->_pincount.counter))
		return "nonzero pincount";
	if (order > 1 && LOAD(folio->_deferred_list.next) != &folio->_deferred_list)
		return "on deferred list";
	return NULL;
}

/* An event: lookups look at a tail's head until now. */
static noinline void free_tail_page_prepare(struct page *page)
{
	STORE(page->mapping, NULL);
	clear_compound_head(page);
}

static void free_compound_prepare(struct page *page, unsigned int order)
{
	const char *reason = folio_bad_reason((struct folio *)page, order);
	unsigned long i;

	if (unlikely(reason))
		bad_page(page, reason);
	STORE(page[1].flags.f, LOAD(page[1].flags.f) & ~PAGE_FLAGS_SECOND);
	for (i = 1; i < 1UL << order; i++)
		free_tail_page_prepare(page + i);
}

void page_state_free_prepare(struct page *page, unsigned int order)
{
	const char *reason;
	unsigned long i;

	if (LOAD(page->flags.f) & 1UL << PG_head)
		free_compound_prepare(page, order);
	if ((unsigned long)LOAD(page->mapping) & FOLIO_MAPPING_ANON)
		STORE(page->mapping, NULL);
	if (page_type_has_type(LOAD(page->page_type)))
		STORE(page->page_type, UINT_MAX);
	for (i = 0; i < 1UL << order; i++) {
		reason = page_bad_reason(page + i);
		if (unlikely(reason))
			bad_page(page + i, reason);
		page_state_clear(page + i);
	}
}

/* ---- set-up ---------------------------------------------------------------------- */

static void reserved_page_setup(unsigned long pfn)
{
	struct page *page = pfn_to_page(pfn);

	page->_refcount.counter = 1;
	page->flags.f |= 1UL << PG_reserved;
	seam_page_touch(pfn);
	seam_role_set(page, sizeof(*page), pfn ? "header folio dev" : "zero folio",
		      pfn ? (int)pfn - 1 : -1, -1);
	seam_role_set(page_address(page), PAGE_SIZE, pfn ? "header page dev" : "zero page",
		      pfn ? (int)pfn - 1 : -1, -1);
}

void page_state_setup(unsigned long n)
{
	unsigned long pfn;

	mem_map = seam_arena_alloc(n * sizeof(*mem_map));
	max_mapnr = n;
	highest_memmap_pfn = n - 1;
	seam_role_set(mem_map, n * sizeof(*mem_map), "free folio", -1, -1);
	for (pfn = 0; pfn < n; pfn++) {
		struct page *page = pfn_to_page(pfn);

		page->_mapcount.counter = -1;
		INIT_LIST_HEAD(&page->lru);
		set_page_links(page, ZONE_NORMAL, 0, pfn);
		seam_role_set(page_address(page), PAGE_SIZE, "free page", -1, -1);
		if (pfn < SEAM_PAGES_RESERVED)
			reserved_page_setup(pfn);
	}
	zero_page_pfn = 0;
	__zero_page = mem_map;
}
