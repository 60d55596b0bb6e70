/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Raw looks at the model for the checkers: a load of memory and no more. None of
 * the model's own accessors may stand here: they are events, they may assert,
 * and they ask for seeded bugs.
 */
#ifndef CORE_CHECK_LOOK_H
#define CORE_CHECK_LOOK_H

#include "core/mm/mm.h"
#include "core/mm/mm_slot.h"
#include "core/page/page.h"
#include "core/swap/swap.h"
#include "core/swap/swap_table.h"

#define LOOK_SLOTS_MAX 64 /* a device: see struct world_dev */
#define LOOK_FOLIOS_MAX 160

static inline bool look_flag(const struct folio *folio, enum pageflags bit)
{
	return (folio->flags.counter >> bit) & 1;
}

static inline int look_refs(const struct folio *folio)
{
	return folio->_refcount.counter;
}

static inline int look_mapcount(const struct folio *folio)
{
	return folio->page[0]._mapcount.counter + 1;
}

static inline bool look_exclusive(const struct folio *folio)
{
	return (folio->page[0].flags_page.counter >> PGP_anon_exclusive) & 1;
}

static inline bool look_ksm(const struct folio *folio)
{
	return (folio->mapping & FOLIO_MAPPING_FLAGS) == FOLIO_MAPPING_KSM;
}

static inline bool look_spin_held(const spinlock_t *lock)
{
	return lock->word != 0;
}

/* ---- swap ---------------------------------------------------------------------- */

static inline unsigned int look_clusters(const struct swap_info_struct *si)
{
	return DIV_ROUND_UP(si->max, swap_shape.cluster_slots);
}

/* The device of a type if it is on, or on its way off: not while swapon builds it. */
static inline struct swap_info_struct *look_device(unsigned int type)
{
	struct swap_info_struct *si = type < MAX_SWAPFILES ? swap_info[type] : NULL;

	return si && si->swap_file && si->cluster_info && si->max ? si : NULL;
}

static inline unsigned long look_word(const struct swap_cluster_info *ci, unsigned int off)
{
	return ci->table ? (unsigned long)ci->table[off].counter : SWP_TB_NULL;
}

static inline unsigned int look_word_count(unsigned long word)
{
	return (unsigned int)(word >> (64 - swap_shape.count_bits));
}

static inline unsigned long look_word_pfn(unsigned long word)
{
	return (word & ~(~0UL << (64 - swap_shape.count_bits - 1))) >> SWP_TB_PFN_MARK_BITS;
}

/* The swap count of a slot, extension included. */
static inline unsigned int look_count(const struct swap_cluster_info *ci, unsigned int off)
{
	unsigned long word = look_word(ci, off);
	unsigned int count;

	if (swp_tb_is_null(word) || swp_tb_is_bad(word))
		return 0;
	count = look_word_count(word);
	if (count == (1U << swap_shape.count_bits) - 1 && ci->extend_table)
		return ci->extend_table[off];
	return count;
}

static inline long look_inuse(const struct swap_info_struct *si)
{
	return si->inuse_pages.counter & (long)~(1UL << 62);
}

/* ---- page tables ------------------------------------------------------------------ */

static inline struct mm_struct *look_mm(int slot)
{
	return model_mm_slots[slot].users ? model_mm_slots[slot].mm : NULL;
}

/* ---- reports ------------------------------------------------------------------------ */

/* One finding: title, and lines about the objects. */
__cold __printf_like(2, 3) void check_fail(const char *title, const char *fmt, ...);
/* "folio A2.0 (pfn 5): refs 2, mapped 1, flags ..."; buf is returned. */
const char *look_folio_line(const struct folio *folio, char *buf, size_t size);
const char *look_role(const volatile void *p, char *buf, size_t size);

#endif
