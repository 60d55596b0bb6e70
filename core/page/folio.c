/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * References, the folio lock, writeback.
 * Models: include/linux/page_ref.h, include/linux/mm.h (folio_get, folio_put),
 * mm/filemap.c (folio_lock, folio_unlock, folio_end_writeback, folio_wait_bit),
 * mm/page-writeback.c (__folio_start_writeback), mm/folio.c (__folio_put, folios_put).
 * Left out: dropbehind, private_2, hugetlb, zone-device folios, memcg.
 * Locking: a count of 0 gives the struct to whoever made it 0.
 */
#include "core/page/folio.h"

#include "core/page/lru.h"
#include "core/page/page_alloc.h"

struct folio *folio_map __world = NULL;
WORLD_NAME(folio_map);
unsigned long folio_map_size __world = 0;
WORLD_NAME(folio_map_size);
unsigned int folio_batch_size __world = FOLIO_BATCH_MAX;
WORLD_NAME(folio_batch_size);

void folio_warn(const struct folio *folio, const char *what, const char *func)
{
	char role[32];

	report_warnf(what, func,
		     "%s: pfn %u order %u flags %#lx refcount %d mapcount %d mapping tag %lu swap %#lx\n",
		     engine_role_name(engine_role_of(folio), role, sizeof(role)), folio->pfn,
		     folio_order(folio), (unsigned long)engine_load_relaxed(&folio->flags.counter),
		     engine_load_relaxed(&folio->_refcount.counter),
		     engine_load_relaxed(&folio->page[0]._mapcount.counter) + 1,
		     engine_load_relaxed(&folio->mapping) & FOLIO_MAPPING_FLAGS,
		     engine_load_relaxed(&folio->swap.val));
}

/* ---- references ---------------------------------------------------------- */

int folio_ref_count_at(const struct folio *folio, const struct site *site)
{
	return atomic_read_at(&folio->_refcount, site);
}

void folio_ref_add_at(struct folio *folio, int nr, const char *func, const struct site *site)
{
	int old;

	VM_BUG_ON(nr <= 0);
	old = atomic_fetch_add_at(nr, &folio->_refcount, ENGINE_RELAXED, site);
	if (unlikely(old <= 0))
		folio_warn(folio, "refcount zero", func);
}

void folio_ref_sub_at(struct folio *folio, int nr, const char *func, const struct site *site)
{
	int old;

	VM_BUG_ON(nr <= 0);
	old = atomic_fetch_add_at(-nr, &folio->_refcount, ENGINE_RELAXED, site);
	if (unlikely(old <= nr))
		folio_warn(folio, "refcount zero", func);
}

bool folio_try_get_at(struct folio *folio, const struct site *site)
{
	return atomic_add_unless_at(&folio->_refcount, 1, 0, HB_FULL, site);
}

bool folio_ref_freeze_at(struct folio *folio, int count, const struct site *site)
{
	int old = count;

	VM_BUG_ON(count <= 0);
	return atomic_try_cmpxchg_at(&folio->_refcount, &old, 0, HB_FULL, site);
}

void folio_ref_unfreeze_at(struct folio *folio, int count, const struct site *site)
{
	VM_BUG_ON(count <= 0);
	if (unlikely(engine_load_relaxed(&folio->_refcount.counter) != 0))
		folio_warn(folio, "refcount not frozen", "folio_ref_unfreeze");
	atomic_set_at(&folio->_refcount, count, ATOMIC_REL, site);
}

bool folio_put_testzero_at(struct folio *folio, int refs, const char *func,
			   const struct site *site)
{
	int now;

	VM_BUG_ON(refs <= 0);
	now = atomic_fetch_add_at(-refs, &folio->_refcount, HB_FULL, site) - refs;
	if (unlikely(now < 0))
		folio_warn(folio, "refcount below zero", func);
	return now == 0;
}

void folio_put_refs_at(struct folio *folio, int refs, const char *func, const struct site *site)
{
	if (folio_put_testzero_at(folio, refs, func, site))
		__folio_put(folio);
}

int folio_mapcount_at(const struct folio *folio, const struct site *site)
{
	if (likely(!folio_test_large(folio)))
		return atomic_read_at(&folio->page[0]._mapcount, site) + 1;
	return atomic_read_at(&folio->_large_mapcount, site) + 1;
}

int folio_precise_page_mapcount_at(const struct page *page, const struct site *site)
{
	return atomic_read_at(&page->_mapcount, site) + 1;
}

/* ---- the folio lock ------------------------------------------------------ */

void folio_lock_at(struct folio *folio, unsigned int subclass, const struct site *site)
{
	VM_BUG_ON(is_zero_folio(folio));
	bit_lock_at(&folio->flags, PG_locked, &folio->lock_map, subclass, site);
}

int folio_lock_killable_at(struct folio *folio, const struct site *site)
{
	int ret = bit_lock_killable_at(&folio->flags, PG_locked, &folio->lock_map, site);

	if (ret)
		PATH("folio_lock_killed");
	return ret;
}

bool folio_trylock_at(struct folio *folio, const struct site *site)
{
	return bit_trylock_at(&folio->flags, PG_locked, &folio->lock_map, site);
}

void folio_unlock_at(struct folio *folio, const struct site *site)
{
	struct lockdep_map *map = &folio->lock_map;

	if (unlikely(!folio_flag_peek(folio, PG_locked)))
		folio_warn(folio, "folio not locked", site->op);
	if (engine_load_relaxed(&folio->lock_handed_off)) {
		engine_store_relaxed(&folio->lock_handed_off, 0);
		map = NULL;
	}
	bit_unlock_at(&folio->flags, PG_locked, map, site);
}

/*
 * The kernel sets the bit without looking, because nobody else can have it. A
 * lookup that took a reference on the struct after it was freed and allocated
 * again could, and would lose its exclusion: that is reported.
 */
void __folio_set_locked_at(struct folio *folio, unsigned int subclass, const struct site *site)
{
	engine_point(site, EV_TRYLOCK, &folio->flags, sizeof(folio->flags));
	if (unlikely(folio_flag_peek(folio, PG_locked)))
		folio_warn(folio, "fresh folio is locked already", "__folio_set_locked");
	engine_fetch_or(&folio->flags.counter, 1L << PG_locked, HB_FULL);
	map_acquire(&folio->lock_map, subclass, true, 0, site);
}

void folio_lock_handoff_at(struct folio *folio, const struct site *site)
{
	VM_BUG_ON(!folio_flag_peek(folio, PG_locked));
	VM_BUG_ON(folio->lock_handed_off);
	bit_lock_handoff_at(&folio->lock_map, site);
	engine_store_relaxed(&folio->lock_handed_off, 1);
}

void folio_wait_locked_at(struct folio *folio, const struct site *site)
{
	bit_wait_at(&folio->flags, PG_locked, site);
}

void folio_end_read(struct folio *folio, bool success)
{
	VM_BUG_ON(!folio_flag_peek(folio, PG_locked));
	VM_WARN_FOLIO_NAMED(success && folio_flag_peek(folio, PG_uptodate), folio,
			    "read of an uptodate folio");
	if (likely(success))
		folio_mark_uptodate(folio);
	folio_unlock_at(folio, SITE("folio_unlock"));
}

/* ---- writeback ----------------------------------------------------------- */

void folio_start_writeback(struct folio *folio)
{
	VM_BUG_ON(!folio_flag_peek(folio, PG_locked));
	VM_WARN_FOLIO_NAMED(folio_test_set_writeback(folio), folio, "folio under writeback");
}

void folio_end_writeback(struct folio *folio)
{
	VM_WARN_FOLIO_NAMED(!folio_flag_peek(folio, PG_writeback), folio,
			    "folio not under writeback");
	/* Once the bit is clear, the folio may be freed by its other owners. */
	folio_get(folio);
	if (folio_test_reclaim(folio)) {
		folio_clear_reclaim(folio);
		folio_rotate_reclaimable(folio);
	}
	/* Release: who sees the bit clear sees what was done before. */
	bit_clear_and_wake_at(&folio->flags, PG_writeback, SITE("folio_end_writeback"));
	folio_put(folio);
}

void folio_wait_writeback_at(struct folio *folio, const struct site *site)
{
	while (folio_flag_test(folio, PG_writeback, site))
		bit_wait_at(&folio->flags, PG_writeback, site);
}
