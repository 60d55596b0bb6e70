// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folios: counts and flags that must hold whenever nobody is inside of a change, the
 * swap table's view of a cached folio (I2 from the folio's side), and on a quiet
 * machine the LRU (I9) and the owners of references (Q2). Titles are the model's
 * (core/check/check_page.c).
 * Never instrumented: it reads everything raw.
 */
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/swap.h>

#include "internal.h"
#include "swap.h"
#include "swap_table.h"

#include "core/tree/shim/check_raw.h"
#include "core/tree/shim/page_state.h"
#include "core/tree/shim/world.h"

__cold static void folio_fail(const char *title, const struct folio *folio)
{
	char line[256];

	check_fail(title, "%s\n", shim_page_line(&folio->page, line, sizeof(line)));
}

static long folio_pages(const struct folio *folio)
{
	return 1L << page_state_order(&folio->page);
}

/* The flag means other things for folios that swap has nothing to do with. */
static bool is_cached(const struct folio *folio)
{
	return check_flag(folio, PG_swapcache) && check_flag(folio, PG_swapbacked);
}

/* ---- whenever an op has ended ---------------------------------------------------- */

/* Does the word name the folio that this one has just migrated to? Its own flag goes a moment
 * after the word; both folios stay locked until then. A KSM folio has given its stable node
 * away by that time (folio_migrate_ksm()). */
static bool has_migrated(const struct folio *folio, unsigned long word)
{
	const struct folio *to;

	if (!check_flag(folio, PG_locked) || !swp_tb_is_folio(word) ||
	    check_word_pfn(word) < SEAM_PAGES_RESERVED || check_word_pfn(word) >= shim_pages)
		return false;
	to = check_folio(check_word_pfn(word));
	return check_flag(to, PG_locked) && check_flag(to, PG_swapcache) &&
	       to->swap.val == folio->swap.val &&
	       (to->mapping == folio->mapping || (check_ksm_folio(to) && check_ksm_folio(folio)));
}

/* Swap table words change under the cluster's lock, the folio's flag a moment later. */
static bool any_cluster_held(void)
{
	unsigned long i;
	int type;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		const struct swap_info_struct *si = swap_info[type];

		/* One that goes off counts as well. */
		for (i = 0; si && si->cluster_info && i < check_clusters(si); i++)
			if (check_spin_held(&si->cluster_info[i].lock))
				return true;
	}
	return false;
}

static void check_cached(const struct folio *folio)
{
	const struct swap_info_struct *si = check_device((int)swp_type(folio->swap));
	unsigned long offset = swp_offset(folio->swap), word, i;
	const struct swap_cluster_info *ci;

	if (any_cluster_held())
		return;
	if (!folio->swap.val) {
		folio_fail("invariant: cached folio without a swap entry", folio);
		return;
	}
	if (!si)
		return; /* swapoff is about to empty it */
	if (offset + (unsigned long)folio_pages(folio) > si->max) {
		folio_fail("invariant: cached folio of a device that is off", folio);
		return;
	}
	ci = &si->cluster_info[offset / SWAPFILE_CLUSTER];
	for (i = 0; ci->table && i < (unsigned long)folio_pages(folio); i++) {
		word = check_word(si, offset + i);
		if (swp_tb_is_folio(word) && check_word_pfn(word) == folio_pfn(folio))
			continue;
		if (!has_migrated(folio, word))
			folio_fail("invariant: cached folio is not in the swap table", folio);
		return;
	}
	if (check_refs(folio) < folio_pages(folio))
		folio_fail("invariant: fewer references than owners", folio);
}

/* Who prepares a large folio (prep_compound_page()) gives it its order before its mapcount, and
 * nobody maps it before it has a mapping. */
static bool has_mapcount(const struct folio *folio)
{
	return !check_flag(folio, PG_head) || folio->mapping;
}

void check_page_cheap(void)
{
	unsigned long pfn = SEAM_PAGES_RESERVED;
	const struct folio *folio;

	while ((folio = check_next_folio(&pfn))) {
		int refs = check_refs(folio);
		int mapped = has_mapcount(folio) ? check_mapcount(folio) : 0;

		if (unlikely(refs < 0))
			folio_fail("invariant: refcount below zero", folio);
		if (unlikely(mapped < 0))
			folio_fail("invariant: mapcount below zero", folio);
		/* A split of a huge mapping counts it twice for a moment. */
		if (unlikely(refs < mapped) &&
		    (!check_flag(folio, PG_head) || check_census_valid()))
			folio_fail("invariant: fewer references than owners", folio);
		if (check_flag(folio, PG_writeback) && unlikely(!refs))
			folio_fail("invariant: writeback of a free folio", folio);
		if (is_cached(folio))
			check_cached(folio);
		if (unlikely(check_ksm_folio(folio) && check_exclusive(folio_pfn(folio))))
			folio_fail("invariant: exclusive KSM page", folio);
	}
}

/* ---- a quiet machine ------------------------------------------------------------- */

/* Of a folio on some list. False: it was there before, and the list may have no end. */
static bool check_listed(const struct folio *folio, unsigned char *seen)
{
	if (folio_pfn(folio) >= shim_pages || seen[folio_pfn(folio)]++) {
		folio_fail("invariant: folio is on an LRU list twice", folio);
		return false;
	}
	if (!check_flag(folio, PG_lru))
		folio_fail("invariant: folio on an LRU list without PG_lru", folio);
	return true;
}

#ifdef CONFIG_LRU_GEN
static int folio_gen(const struct folio *folio)
{
	return (int)((folio->flags.f & LRU_GEN_MASK) >> LRU_GEN_PGOFF) - 1;
}

/* Pages by generation, type and zone, as lrugen->nr_pages has them. */
#define GENERATION_LISTS (MAX_NR_GENS * ANON_AND_FILE * MAX_NR_ZONES)
typedef long generation_sizes[GENERATION_LISTS];

/* False: a report. A folio's own number may be of a younger generation than its list: an
 * aging leaves sorting to the eviction. Sizes go by the folio's number. */
static bool check_generation(const struct lru_gen_folio *lrugen, const struct list_head *head,
			     unsigned list, unsigned char *seen, long *size)
{
	const struct folio *folio;
	const struct list_head *p;

	for (p = head->next; p != head; p = p->next) {
		folio = list_entry(p, struct folio, lru);
		if (!check_listed(folio, seen))
			return false;
		if (!lrugen->enabled || folio_gen(folio) < 0 || check_flag(folio, PG_active)) {
			folio_fail("invariant: folio is on the wrong LRU list", folio);
			return false;
		}
		size[(unsigned)folio_gen(folio) * ANON_AND_FILE * MAX_NR_ZONES +
		     list % (ANON_AND_FILE * MAX_NR_ZONES)] += folio_pages(folio);
	}
	return true;
}

static void check_generations(const struct lruvec *lruvec, unsigned char *seen)
{
	const struct lru_gen_folio *lrugen = &lruvec->lrugen;
	const struct list_head *heads = &lrugen->folios[0][0][0];
	const long *counted = &lrugen->nr_pages[0][0][0];
	generation_sizes size = { 0 };
	unsigned i;

	for (i = 0; i < GENERATION_LISTS; i++)
		if (!check_generation(lrugen, &heads[i], i, seen, size))
			return;
	for (i = 0; i < GENERATION_LISTS; i++)
		if (size[i] != counted[i])
			check_fail("invariant: generation's size does not match its folios",
				   "generation %u: %ld pages, %ld counted\n",
				   i / (unsigned)(ANON_AND_FILE * MAX_NR_ZONES), size[i], counted[i]);
}

static bool in_generations(const struct lruvec *lruvec, const struct folio *folio)
{
	return lruvec->lrugen.enabled || folio_gen(folio) >= 0;
}
#else
static void check_generations(const struct lruvec *lruvec, unsigned char *seen)
{
}

static bool in_generations(const struct lruvec *lruvec, const struct folio *folio)
{
	return false;
}
#endif

/* I9: a folio that says it is on the LRU is on exactly one list, the right one. */
static void check_lru(void)
{
	const struct lruvec *lruvec = &NODE_DATA(0)->__lruvec;
	unsigned char *seen = check_scratch();
	unsigned long pfn = SEAM_PAGES_RESERVED;
	const struct folio *folio;
	const struct list_head *p;
	int lru;

	for_each_lru(lru) {
		if (lru == LRU_UNEVICTABLE)
			continue; /* no list: folios are only counted */
		for (p = lruvec->lists[lru].next; p != &lruvec->lists[lru]; p = p->next) {
			folio = list_entry(p, struct folio, lru);
			if (!check_listed(folio, seen))
				return;
			if (check_flag(folio, PG_active) != is_active_lru(lru) ||
			    in_generations(lruvec, folio))
				folio_fail("invariant: folio is on the wrong LRU list", folio);
		}
	}
	check_generations(lruvec, seen);
	while ((folio = check_next_folio(&pfn)))
		if (check_flag(folio, PG_lru) && !check_flag(folio, PG_unevictable) &&
		    !seen[folio_pfn(folio)])
			folio_fail("invariant: folio with PG_lru on no list", folio);
}

/* Q2, as far as per-CPU batches allow: who holds more than them is not told. */
static void check_references(void)
{
	unsigned long pfn = SEAM_PAGES_RESERVED;
	const struct folio *folio;

	while ((folio = check_next_folio(&pfn))) {
		long owners = check_mapcount(folio);

		if (is_cached(folio) || check_file_folio(folio))
			owners += folio_pages(folio);
		if (check_refs(folio) < owners)
			folio_fail("invariant: fewer references than owners", folio);
		if (check_flag(folio, PG_locked))
			folio_fail("leak: folio lock", folio);
		if (check_flag(folio, PG_writeback))
			folio_fail("leak: writeback never ended", folio);
	}
}

void check_page_quiet(void)
{
	check_page_cheap();
	check_lru();
	check_references();
}
