// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Folios: who owns references (I1), what flags go together (I6, I10), the swap
 * cache seen from the folio (I2), the LRU (I9).
 * Left out: large folios, mlock.
 */
#include "core/check/check.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/check/look.h"
#include "core/mm/gup.h"
#include "core/mm/pin.h"

/* ---- printing --------------------------------------------------------------------- */

static char fail_body[4096];

void check_fail(const char *title, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(fail_body, sizeof(fail_body), fmt, args);
	va_end(args);
	report(title, fail_body);
}

const char *look_role(const volatile void *p, char *buf, size_t size)
{
	u32 role = p ? engine_role_of(p) : 0;

	if (!role)
		snprintf(buf, size, "%s", p ? "?" : "none");
	else
		engine_role_name(role, buf, size);
	return buf;
}

const char *look_folio_line(const struct folio *folio, char *buf, size_t size)
{
	static const char *const names[] = {
		"locked", "uptodate", "dirty", "writeback", "referenced", "active", "lru",
		"unevictable", "mlocked", "swapbacked", "swapcache", "reclaim", "readahead",
		"workingset", "hwpoison", "waiters", "head",
	};
	char role[64];
	size_t n;
	unsigned int i;

	n = (size_t)snprintf(buf, size, "%s (pfn %u): refs %d, mapped %d, swap %u:%lu%s%s, flags",
			     look_role(folio, role, sizeof(role)), folio->pfn, look_refs(folio),
			     look_mapcount(folio), swp_type(folio->swap), swp_offset(folio->swap),
			     look_exclusive(folio) ? ", exclusive" : "",
			     look_ksm(folio) ? ", ksm" : folio->mapping ? ", anon" : "");
	for (i = 0; i < ARRAY_SIZE(names) && n < size; i++)
		if (look_flag(folio, i))
			n += (size_t)snprintf(buf + n, size - n, " %s", names[i]);
	return buf;
}

__cold static void folio_fail(const char *title, const struct folio *folio)
{
	char line[400];

	check_fail(title, "%s\n", look_folio_line(folio, line, sizeof(line)));
}

/* ---- pins ---------------------------------------------------------------------------- */

/* Pins that tasks hold of page. */
static int look_pins(const struct page *page)
{
	int ctx, pin, n = 0;

	if (likely(!model_pins_held))
		return 0;
	for (ctx = 0; ctx <= ENGINE_CTX_MAX; ctx++)
		for (pin = 0; pin < WORLD_PINS_MAX; pin++)
			n += model_pins[ctx][pin].page == page;
	return n;
}

/* A device has the page: it belongs to one mm, and to nobody else. */
static void check_pins(void)
{
	int ctx, pin;

	for (ctx = 0; ctx <= ENGINE_CTX_MAX; ctx++) {
		for (pin = 0; pin < WORLD_PINS_MAX; pin++) {
			const struct page *page = model_pins[ctx][pin].page;
			const struct folio *folio = page ? &folio_map[page->pfn] : NULL;

			if (!folio || folio->pfn == 0)
				continue;
			if (look_refs(folio) < look_mapcount(folio) +
					       look_pins(page) * (int)GUP_PIN_COUNTING_BIAS)
				folio_fail("invariant: pinned page without its references", folio);
			if (!look_exclusive(folio))
				folio_fail("invariant: pinned page is not exclusive", folio);
		}
	}
}

/* ---- one folio, at any time --------------------------------------------------------- */

/* Is some cluster lock held? Then a folio may be half in or out of the cache. */
static bool any_cluster_held(void)
{
	unsigned int type, i;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		struct swap_info_struct *si = look_device(type);

		for (i = 0; si && i < look_clusters(si); i++)
			if (look_spin_held(&si->cluster_info[i].lock))
				return true;
	}
	return false;
}

/* A folio that says it is cached. */
static void check_cached(const struct folio *folio)
{
	unsigned int type = swp_type(folio->swap);
	unsigned long offset = swp_offset(folio->swap), word;
	struct swap_info_struct *si;
	struct swap_cluster_info *ci;

	if (!folio->swap.val) {
		if (!any_cluster_held())
			folio_fail("invariant: cached folio without a swap entry", folio);
		return;
	}
	si = look_device(type);
	if (!si || offset >= round_up(si->max, swap_shape.cluster_slots)) {
		folio_fail("invariant: cached folio of a device that is off", folio);
		return;
	}
	ci = &si->cluster_info[offset / swap_shape.cluster_slots];
	if (look_spin_held(&ci->lock))
		return;
	word = look_word(ci, offset % swap_shape.cluster_slots);
	if (!swp_tb_is_folio(word) || look_word_pfn(word) != folio->pfn)
		folio_fail("invariant: cached folio is not in the swap table", folio);
	if (look_refs(folio) < look_mapcount(folio) + 1)
		folio_fail("invariant: fewer references than owners", folio);
}

/* A folio without PG_swapbacked: MADV_FREE has given it up. What can be dropped has no swap. */
static void check_lazyfree(const struct folio *folio)
{
	if (look_flag(folio, PG_swapcache))
		folio_fail("invariant: lazyfree folio in the swap cache", folio);
	else if (folio->swap.val)
		folio_fail("invariant: lazyfree folio with a swap entry", folio);
}

void check_page_cheap(void)
{
	unsigned long pfn;

	for (pfn = 1; pfn < folio_map_size; pfn++) {
		const struct folio *folio = &folio_map[pfn];
		long flags = folio->flags.counter;
		int refs = look_refs(folio), mapped = look_mapcount(folio);

		if (unlikely(refs < 0))
			folio_fail("invariant: refcount below zero", folio);
		if (unlikely(mapped < 0))
			folio_fail("invariant: mapcount below zero", folio);
		if (unlikely(refs < mapped))
			folio_fail("invariant: fewer references than owners", folio);
		if (flags & 1L << PG_writeback) {
			if (unlikely(!(flags & 1L << PG_swapcache)))
				folio_fail("invariant: writeback outside of the swap cache", folio);
			if (unlikely(!refs))
				folio_fail("invariant: writeback of a free folio", folio);
		}
		if (unlikely(!(flags & 1L << PG_swapbacked)) && refs)
			check_lazyfree(folio);
		if (flags & 1L << PG_swapcache)
			check_cached(folio);
		if (unlikely(look_exclusive(folio) && look_ksm(folio)))
			folio_fail("invariant: exclusive KSM page", folio);
	}
	if (unlikely(model_pins_held))
		check_pins();
}

/* ---- a quiet machine -------------------------------------------------------------------- */

/* I9: a folio that says it is on the LRU is on exactly one list, and the sizes
 * are right. */
static void check_lru(void)
{
	struct lruvec *lruvec = node_lruvec();
	u8 seen[LOOK_FOLIOS_MAX] = { 0 };
	unsigned long pfn;
	int i;

	for (i = 0; i < NR_LRU_LISTS; i++) {
		unsigned long n = 0;
		struct list_head *p;

		for (p = lruvec->lists[i].next; p != &lruvec->lists[i]; p = p->next) {
			const struct folio *folio = list_entry(p, struct folio, lru);

			if (folio->pfn >= folio_map_size || seen[folio->pfn]++) {
				folio_fail("invariant: folio is on an LRU list twice", folio);
				return;
			}
			n++;
			if (!look_flag(folio, PG_lru))
				folio_fail("invariant: folio on an LRU list without PG_lru", folio);
			if (look_flag(folio, PG_active) !=
			    (i == LRU_ACTIVE_ANON || i == LRU_ACTIVE_FILE) ||
			    look_flag(folio, PG_swapbacked) != (i < LRU_INACTIVE_FILE))
				folio_fail("invariant: folio is on the wrong LRU list", folio);
		}
		if (n != lruvec->lru_size[i])
			check_fail("invariant: LRU size does not match its list",
				   "list %d: %lu folios, size %lu\n", i, n, lruvec->lru_size[i]);
	}
	for (pfn = 1; pfn < folio_map_size; pfn++)
		if (look_flag(&folio_map[pfn], PG_lru) && !seen[pfn])
			folio_fail("invariant: folio with PG_lru on no list", &folio_map[pfn]);
}

/* Q2: every reference has an owner: mappings, the cache, pins, per-CPU batches. */
static void check_references(void)
{
	unsigned long excess = 0, batched = 0, pfn;
	unsigned int cpu;

	for (cpu = 0; cpu < engine_cpus(); cpu++)
		batched += lru_batch_count((int)cpu);
	for (pfn = 1; pfn < folio_map_size; pfn++) {
		const struct folio *folio = &folio_map[pfn];
		int owners = look_mapcount(folio) + look_flag(folio, PG_swapcache);

		owners += look_pins(folio->page) * (int)GUP_PIN_COUNTING_BIAS;
		if (look_refs(folio) < owners)
			folio_fail("invariant: fewer references than owners", folio);
		if (look_refs(folio) - owners >= (int)GUP_PIN_COUNTING_BIAS)
			folio_fail("leak: pin of a page", folio);
		excess += (unsigned long)(look_refs(folio) - owners);
		if (look_refs(folio) > owners + (int)batched)
			folio_fail("leak: folio reference", folio);
		if (look_flag(folio, PG_locked))
			folio_fail("leak: folio lock", folio);
		if (look_flag(folio, PG_writeback))
			folio_fail("leak: writeback never ended", folio);
	}
	if (excess != batched)
		check_fail("leak: folio reference",
			   "%lu references without an owner, %lu folios in batches\n", excess,
			   batched);
}

void check_page_quiet(void)
{
	check_page_cheap();
	check_lru();
	check_references();
}
