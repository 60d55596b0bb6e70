// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page pool at the arena's base. The engine's reset leaves it alone; here the
 * pages that were touched are cleared, of which only the first words can differ
 * from zero. A free page holds poison in them and is hidden from ASan.
 * The reserved pages hold headers of devices: they are cleared as a whole.
 * Also what of the arena and of its names the kernel's side asks for directly.
 */
#include <stdio.h>
#include <string.h>

#include "core/tree/glue/glue.h"

BUILD_BUG_ON(SEAM_ARENA_BASE != ENGINE_ARENA_BASE || SEAM_CPUS_MAX != ENGINE_CPUS_MAX);

enum page_flag { PAGE_TOUCHED = 1, PAGE_POISONED = 2, PAGE_NAMED_WHOLE = 4 };

static u8 page_flags[ARENA_PAGES];
static u32 touched[ARENA_PAGES];
static u32 ntouched;
static u32 npages;

static char *page_address(u32 pfn)
{
	return (char *)ENGINE_ARENA_BASE + ((unsigned long)pfn << SEAM_PAGE_SHIFT);
}

static bool page_is_whole(u32 pfn)
{
	return pfn < SEAM_PAGES_RESERVED || page_flags[pfn] & PAGE_NAMED_WHOLE;
}

static size_t page_used_bytes(u32 pfn)
{
	return page_is_whole(pfn) ? PAGE_BYTES : PAGE_LIVE_BYTES;
}

void pages_rewind(void)
{
	for (u32 i = 0; i < ntouched; i++)
		engine_arena_clear(page_address(touched[i]), page_used_bytes(touched[i]));
	ntouched = 0;
}

void pages_reset(unsigned pages)
{
	char *pool;

	BUG_ON(pages <= SEAM_PAGES_RESERVED || pages > ARENA_PAGES / 2);
	BUG_ON(engine_arena_used() != 0);
	pages_rewind();
	raw_fill(page_flags, 0, npages);
	npages = pages;
	pool = engine_arena_alloc(pages * PAGE_BYTES);
	BUG_ON(pool != page_address(0));
	for (u32 pfn = 0; pfn < SEAM_PAGES_RESERVED; pfn++)
		seam_page_touch(pfn);
}

u32 pages_keep(void)
{
	engine_snapshot_add(page_flags, npages);
	engine_snapshot_add(touched, ntouched * sizeof(*touched));
	engine_snapshot_add(&ntouched, sizeof(ntouched));
	for (u32 pfn = 0; pfn < npages; pfn++)
		engine_snapshot_add(page_address(pfn), page_used_bytes(pfn));
	return npages;
}

void seam_page_touch(unsigned long pfn)
{
	BUG_ON(pfn >= npages);
	if (page_flags[pfn] & PAGE_TOUCHED)
		return;
	page_flags[pfn] |= PAGE_TOUCHED;
	touched[ntouched++] = (u32)pfn;
}

/* The pages that set-up poisons and nobody takes stay as they are for the next run. */
void seam_page_poison(unsigned long pfn)
{
	BUG_ON(pfn >= npages || pfn < SEAM_PAGES_RESERVED);
	raw_fill(page_address((u32)pfn), POISON_PAGE, PAGE_LIVE_BYTES);
	if (page_flags[pfn] & PAGE_NAMED_WHOLE) /* the next owner's rest is zero, as any page's */
		raw_fill(page_address((u32)pfn) + PAGE_LIVE_BYTES, 0, PAGE_BYTES - PAGE_LIVE_BYTES);
	page_flags[pfn] |= PAGE_POISONED;
	asan_hide(page_address((u32)pfn), PAGE_BYTES);
}

void seam_page_unpoison(unsigned long pfn)
{
	char *page = page_address((u32)pfn);

	BUG_ON(pfn >= npages);
	if (!(page_flags[pfn] & PAGE_POISONED))
		return;
	page_flags[pfn] &= (u8)~PAGE_POISONED;
	asan_show(page, PAGE_BYTES);
	seam_page_touch(pfn);
	if (unlikely(!raw_filled_with(page, POISON_PAGE, PAGE_LIVE_BYTES)))
		reportf("poison: write after free of a page", "page %lu\n", pfn);
}

void seam_page_check(void)
{
	for (u32 i = 0; i < ntouched; i++) {
		u32 pfn = touched[i];

		/* Reserved ones, and the kernel's own memory while it is in use. */
		if (page_is_whole(pfn) && !(page_flags[pfn] & PAGE_POISONED))
			continue;
		if (!raw_filled_with(page_address(pfn) + PAGE_LIVE_BYTES, 0,
				     PAGE_BYTES - PAGE_LIVE_BYTES))
			reportf("tree: a page was written to behind its first words", "page %u\n", pfn);
	}
}

/* ---- the arena and its names ------------------------------------------------------------- */

void *seam_arena_alloc(unsigned long size)
{
	return engine_arena_alloc(size);
}

/* Of one page of the pool only the first words are ever named by an event. */
static unsigned long role_size(const void *p, unsigned long size)
{
	unsigned long offset = (unsigned long)p - ENGINE_ARENA_BASE;

	if (offset >= npages * PAGE_BYTES)
		return size;
	if (size == PAGE_BYTES && offset % PAGE_BYTES == 0)
		return PAGE_LIVE_BYTES;
	if (offset % PAGE_BYTES + size > PAGE_LIVE_BYTES)
		for (unsigned long pfn = offset / PAGE_BYTES;
		     pfn < npages && pfn * PAGE_BYTES < offset + size; pfn++) {
			seam_page_touch(pfn);
			page_flags[pfn] |= PAGE_NAMED_WHOLE;
		}
	return size;
}

void seam_role_new(const void *p, unsigned long size, const char *kind)
{
	engine_role_new(p, role_size(p, size), kind);
}

void seam_role_set(const void *p, unsigned long size, const char *kind, int a, int b)
{
	engine_role_set(p, role_size(p, size), kind, a, b);
}
