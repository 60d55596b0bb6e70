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

#include "core/tree/shim/check.h"
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

struct mm_struct *check_mm(int mm)
{
	const struct mm_slot_of_op *slot;

	if (mm < 1 || mm > SEAM_MMS_MAX)
		return NULL;
	slot = &shim_mm_slots[mm];
	return slot->users && !(slot->users & MM_MAKING) ? slot->mm : NULL;
}

unsigned long check_pte(const struct mm_struct *mm, int page, bool *huge)
{
	unsigned long addr = user_addr(page), v;
	const unsigned long *table = (const unsigned long *)mm->pgd;

	*huge = false;
	if (!table)
		return 0;
	v = table[pgd_index(addr)];
	if (!(v & _PAGE_PRESENT))
		return 0;
	table = __va(v & _PAGE_PFN_MASK);
	v = table[pmd_index(addr)];
	*huge = v && (v & _PAGE_PSE || !(v & _PAGE_PRESENT));
	if (v & _PAGE_PSE)
		return v + ((unsigned long)(page % REGION_PAGES) << PAGE_SHIFT);
	if (!(v & _PAGE_PRESENT))
		return v; /* 0, or a migration entry of a huge page */
	table = __va(v & _PAGE_PFN_MASK);
	return table[pte_index(addr)];
}

/* The word of the lock is its first member, see lock_word.h. */
bool check_spin_held(const spinlock_t *lock)
{
	return *(const unsigned int *)&lock->rlock.raw_lock & LOCK_HELD;
}

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

const struct folio *check_folio(unsigned long pfn)
{
	const struct page *page = pfn_to_page(pfn);

	return page->compound_info & 1 ? (const struct folio *)(page->compound_info - 1) :
					 (const struct folio *)page;
}

int check_refs(const struct folio *folio)
{
	return folio->_refcount.counter;
}

static bool is_large(const struct folio *folio)
{
	return folio->flags.f & 1UL << PG_head;
}

bool check_frozen(const struct folio *folio)
{
	return is_large(folio) && !check_refs(folio);
}

const struct folio *check_next_folio(unsigned long *pfn)
{
	while (*pfn < shim_pages) {
		const struct page *page = pfn_to_page(*pfn);
		const struct folio *folio = (const struct folio *)page;

		if (shim_page_is_free(*pfn) || page->compound_info & 1 || check_frozen(folio) ||
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

int check_mapcount(const struct folio *folio)
{
	int count = folio->_mapcount.counter + 1;

	/* Without an order prep_compound_page() is just making it. */
	if (is_large(folio))
		return page_state_order(&folio->page) ? folio->_large_mapcount.counter + 1 : 0;
	return page_mapcount_is_type(count) ? 0 : count;
}

int check_page_mapcount(unsigned long pfn)
{
	const struct folio *folio = check_folio(pfn);

	if (!is_large(folio))
		return check_mapcount(folio);
	return pfn_to_page(pfn)->_mapcount.counter + 1 + folio->_entire_mapcount.counter + 1;
}

bool check_flag(const struct folio *folio, int flag)
{
	return folio->flags.f & 1UL << flag;
}

bool check_exclusive(unsigned long pfn)
{
	return pfn_to_page(pfn)->flags.f & 1UL << PG_anon_exclusive;
}

bool check_exclusive_of(unsigned long pfn)
{
	const struct folio *folio = check_folio(pfn);

	return check_exclusive(pfn) ||
	       (is_large(folio) && folio->_entire_mapcount.counter >= 0 &&
		check_exclusive(page_to_pfn(&folio->page)));
}

bool check_anon(unsigned long pfn)
{
	return (unsigned long)check_folio(pfn)->mapping & FOLIO_MAPPING_ANON;
}

unsigned char *check_scratch(void)
{
	static unsigned char scratch[CHECK_PAGES_MAX];

	BUG_ON(shim_pages > CHECK_PAGES_MAX);
	memset(scratch, 0, sizeof(scratch));
	return scratch;
}

bool check_ksm_folio(const struct folio *folio)
{
	return ((unsigned long)folio->mapping & FOLIO_MAPPING_FLAGS) == FOLIO_MAPPING_KSM;
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
		 shim_page_is_free(pfn) ? ", free" : "");
	return buf;
}

/* ---- swap ------------------------------------------------------------------------ */

struct swap_info_struct *check_device(int type)
{
	struct swap_info_struct *si = type >= 0 && type < MAX_SWAPFILES ? swap_info[type] : NULL;

	return si && si->flags & SWP_WRITEOK && si->cluster_info && si->max ? si : NULL;
}

unsigned long check_clusters(const struct swap_info_struct *si)
{
	return DIV_ROUND_UP(si->max, SWAPFILE_CLUSTER);
}

unsigned long check_word(const struct swap_info_struct *si, unsigned long offset)
{
	const struct swap_cluster_info *ci = &si->cluster_info[offset / SWAPFILE_CLUSTER];
	const atomic_long_t *table = (const atomic_long_t *)ci->table;

	return table ? (unsigned long)table[offset % SWAPFILE_CLUSTER].counter : 0;
}

unsigned long check_word_pfn(unsigned long word)
{
	return (word & ~SWP_TB_FLAGS_MASK) >> SWAP_CACHE_PFN_MARK_BITS;
}

unsigned check_count(const struct swap_info_struct *si, unsigned long offset)
{
	const struct swap_cluster_info *ci = &si->cluster_info[offset / SWAPFILE_CLUSTER];
	unsigned long word = check_word(si, offset);
	unsigned count = (unsigned)(word >> SWP_TB_COUNT_SHIFT);

	if (!word || word == SWP_TB_BAD)
		return 0;
	if (count == SWP_TB_COUNT_MAX && ci->extend_table)
		return ci->extend_table[offset % SWAPFILE_CLUSTER];
	return count;
}

/* Private to mm/swapfile.c: the device is off the list of those with free slots. */
#define USAGE_OFFLIST (1L << (BITS_PER_LONG - 2))

long check_inuse(const struct swap_info_struct *si)
{
	return si->inuse_pages.counter & ~USAGE_OFFLIST;
}
