// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Raw looks at the tree's structures for the checkers: no event, no lock, no
 * accessor of the tree (those make events). See check.h.
 * Never instrumented.
 */
#include <linux/mm.h>
#include <linux/xarray.h>
#include <linux/page-flags.h>
#include <linux/percpu_counter.h>
#include <linux/swap.h>

#include "internal.h"
#include "swap.h"
#include "swap_table.h"

#include "core/tree/shim/check_raw.h"
#include "core/tree/shim/lock_word.h"
#include "core/tree/shim/page_state.h"
#include "core/tree/shim/world.h"

void check_fail(const char *title, const char *fmt, ...)
{
	char body[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(body, sizeof(body), fmt, args);
	va_end(args);
	seam_report(title, body);
}

/* ---- mms and page tables --------------------------------------------------------- */

long check_rss(const struct mm_struct *mm, int member)
{
	const struct percpu_counter *counter = &mm->rss_stat[member];
	s64 sum = counter->count;
	unsigned cpu;

	for (cpu = 0; counter->counters && cpu < shim_machine.cpus; cpu++)
		sum += *(const s32 *)((unsigned long)counter->counters + seam_percpu_offset[cpu]);
	return (long)sum;
}

/* ---- folios ---------------------------------------------------------------------- */

const struct folio *check_next_folio(unsigned long *pfn)
{
	while (*pfn < shim_pages) {
		const struct page *page = pfn_to_page(*pfn);
		const struct folio *folio = (const struct folio *)page;

		if (check_page_is_free(*pfn) || page->compound_info & 1 || check_frozen(folio) ||
		    (is_large(folio) ? !page_state_order(page)
				     : page_type_has_type(page->page_type))) {
			(*pfn)++;
			continue;
		}
		*pfn += 1UL << page_state_order(page);
		return folio;
	}
	return NULL;
}

const void *check_xarray_entry(const struct xarray *xa, unsigned long index, unsigned long *base)
{
	const void *entry = (const void *)xa->xa_head;

	*base = index;
	if (!xa_is_node(entry))
		return index ? NULL : entry;
	while (xa_is_node(entry)) {
		const struct xa_node *node = xa_to_node(entry);
		unsigned long slot = index >> node->shift & XA_CHUNK_MASK;

		if (index >> node->shift > XA_CHUNK_MASK && entry == (const void *)xa->xa_head)
			return NULL;
		entry = (const void *)node->slots[slot];
		if (xa_is_sibling(entry)) {
			slot = xa_to_sibling(entry);
			*base = (index & ~((XA_CHUNK_SIZE << node->shift) - 1)) | slot << node->shift;
			entry = (const void *)node->slots[slot];
		}
	}
	return entry;
}

unsigned char *check_scratch(void)
{
	static unsigned char scratch[CHECK_PAGES_MAX];

	BUG_ON(shim_pages > CHECK_PAGES_MAX);
	memset(scratch, 0, sizeof(scratch));
	return scratch;
}

const char *shim_page_line(const struct page *page, char *buf, unsigned long size)
{
	unsigned long pfn = page_to_pfn(page);
	const struct folio *folio = check_folio(pfn);

	snprintf(buf, size,
		 "pfn %lu: refs %d, mapcount %d, flags %#lx, mapping %s, order %u, swap %#lx%s",
		 pfn, check_refs(folio), check_mapcount(folio),
		 folio->flags.f & PAGEFLAGS_MASK,
		 !folio->mapping ? "none" : check_ksm_folio(folio) ? "ksm" :
		 (unsigned long)folio->mapping & FOLIO_MAPPING_ANON ? "anon" : "file",
		 page_state_order(&folio->page), folio->swap.val,
		 check_page_is_free(pfn) ? ", free" : "");
	return buf;
}

/* ---- swap ------------------------------------------------------------------------ */

/* Private to mm/swapfile.c: the device is off the list of those with free slots. */
#define USAGE_OFFLIST (1L << (BITS_PER_LONG - 2))

long check_inuse(const struct swap_info_struct *si)
{
	return si->inuse_pages.counter & ~USAGE_OFFLIST;
}
