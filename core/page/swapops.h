/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/swapops.h, include/linux/leafops.h (softleaf_*): what a PTE
 * that is neither none nor present says: a swap entry, or one of the special types
 * above MAX_SWAPFILES (migration, hwpoison, marker).
 * An entry is type << SWP_TYPE_SHIFT | offset; val 0 is "no entry".
 * Left out: device-private types, PFN entries with young and dirty bits.
 */
#ifndef CORE_PAGE_SWAPOPS_H
#define CORE_PAGE_SWAPOPS_H

#include "core/page/mm_types.h"

#ifndef SWP_TYPE_SHIFT
#define SWP_TYPE_SHIFT 58
#define SWP_OFFSET_MASK ((1UL << SWP_TYPE_SHIFT) - 1)

static inline swp_entry_t swp_entry(unsigned long type, pgoff_t offset)
{
	return (swp_entry_t){ (type << SWP_TYPE_SHIFT) | (offset & SWP_OFFSET_MASK) };
}

static inline unsigned int swp_type(swp_entry_t entry)
{
	return (unsigned int)(entry.val >> SWP_TYPE_SHIFT);
}

static inline pgoff_t swp_offset(swp_entry_t entry)
{
	return entry.val & SWP_OFFSET_MASK;
}
#endif

#define SWP_MIGRATION_READ MAX_SWAPFILES
#define SWP_MIGRATION_READ_EXCLUSIVE (MAX_SWAPFILES + 1)
#define SWP_MIGRATION_WRITE (MAX_SWAPFILES + 2)
#define SWP_HWPOISON (MAX_SWAPFILES + 3)
#define SWP_PTE_MARKER (MAX_SWAPFILES + 4)
#define SWP_TYPES (MAX_SWAPFILES + 5)

typedef swp_entry_t softleaf_t;

/* Not an entry of a swap device. */
static inline bool non_swap_entry(swp_entry_t entry)
{
	return swp_type(entry) >= MAX_SWAPFILES;
}

static inline bool softleaf_is_none(softleaf_t entry)
{
	return entry.val == 0;
}

static inline bool softleaf_is_swap(softleaf_t entry)
{
	return entry.val != 0 && !non_swap_entry(entry);
}

/* ---- migration ----------------------------------------------------------- */

static inline swp_entry_t make_readable_migration_entry(pgoff_t pfn)
{
	return swp_entry(SWP_MIGRATION_READ, pfn);
}

static inline swp_entry_t make_readable_exclusive_migration_entry(pgoff_t pfn)
{
	return swp_entry(SWP_MIGRATION_READ_EXCLUSIVE, pfn);
}

static inline swp_entry_t make_writable_migration_entry(pgoff_t pfn)
{
	return swp_entry(SWP_MIGRATION_WRITE, pfn);
}

static inline bool softleaf_is_migration(softleaf_t entry)
{
	return swp_type(entry) >= SWP_MIGRATION_READ && swp_type(entry) <= SWP_MIGRATION_WRITE;
}
#define is_migration_entry(entry) softleaf_is_migration(entry)

static inline bool softleaf_is_migration_write(softleaf_t entry)
{
	return swp_type(entry) == SWP_MIGRATION_WRITE;
}

static inline bool softleaf_is_hwpoison(softleaf_t entry)
{
	return swp_type(entry) == SWP_HWPOISON;
}
#define is_hwpoison_entry(entry) softleaf_is_hwpoison(entry)

/* ---- markers ------------------------------------------------------------- */

typedef unsigned long pte_marker;
#define PTE_MARKER_UFFD_WP 0x1UL
#define PTE_MARKER_POISONED 0x2UL
#define PTE_MARKER_GUARD 0x4UL
#define PTE_MARKER_MASK 0x7UL

static inline swp_entry_t make_pte_marker_entry(pte_marker marker)
{
	return swp_entry(SWP_PTE_MARKER, marker);
}

static inline bool softleaf_is_marker(softleaf_t entry)
{
	return swp_type(entry) == SWP_PTE_MARKER;
}
#define is_pte_marker_entry(entry) softleaf_is_marker(entry)

static inline pte_marker softleaf_to_marker(softleaf_t entry)
{
	VM_BUG_ON(!softleaf_is_marker(entry));
	return swp_offset(entry) & PTE_MARKER_MASK;
}
#define pte_marker_get(entry) softleaf_to_marker(entry)

static inline bool softleaf_is_poison_marker(softleaf_t entry)
{
	return softleaf_is_marker(entry) && (softleaf_to_marker(entry) & PTE_MARKER_POISONED);
}
#define is_poisoned_swp_entry(entry) softleaf_is_poison_marker(entry)

static inline bool softleaf_has_pfn(softleaf_t entry)
{
	return softleaf_is_migration(entry) || softleaf_is_hwpoison(entry);
}

static inline unsigned long softleaf_to_pfn(softleaf_t entry)
{
	VM_BUG_ON(!softleaf_has_pfn(entry));
	return swp_offset(entry);
}

#endif
