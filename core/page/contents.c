/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A page's contents: PAGE_WORDS words of 8 bytes.
 * Models: include/linux/highmem.h (copy_user_highpage, clear_highpage), mm/util.c
 * (memcmp_pages), mm/ksm.c (calc_checksum), mm/page_io.c (is_folio_zero_filled).
 * Left out: machine checks (only a folio marked hwpoison fails to copy).
 * Locking: none. Users write at the same time; every word is a marked access,
 * and a scheduling point stands before the first and the middle one, so that a
 * copy can be torn.
 */
#include "core/page/folio.h"

#define PAGE_HALF (PAGE_WORDS / 2)
_Static_assert(PAGE_WORDS % 2 == 0, "two halves");

/* The kernel's own accesses: ASan sees a touch of a free page. */
static inline u64 load_word(const struct page *page, unsigned int i)
{
	return engine_load_relaxed(&page->words[i]);
}

static inline void store_word(struct page *page, unsigned int i, u64 value)
{
	engine_store_relaxed(&page->words[i], value);
}

/* The event before word i of a loop over page. */
static inline void contents_point(const struct page *page, unsigned int i,
				  const struct site *site)
{
	if (i % PAGE_HALF == 0)
		engine_point(site, EV_COPY, &page->words[i], PAGE_HALF * sizeof(u64));
}

static void copy_words(struct page *to, const struct page *from, const struct site *site)
{
	VM_BUG_ON(to == from);
	for (unsigned int i = 0; i < PAGE_WORDS; i++) {
		contents_point(from, i, site);
		store_word(to, i, load_word(from, i));
	}
}

void copy_user_highpage_at(struct page *to, const struct page *from, const struct site *site)
{
	copy_words(to, from, site);
}

int copy_mc_user_highpage_at(struct page *to, const struct page *from, const struct site *site)
{
	if (folio_flag_test(page_folio(from), PG_hwpoison, site))
		return -EHWPOISON;
	copy_words(to, from, site);
	return 0;
}

void clear_highpage_at(struct page *page, const struct site *site)
{
	VM_BUG_ON(is_zero_pfn(page_to_pfn(page)));
	for (unsigned int i = 0; i < PAGE_WORDS; i++) {
		contents_point(page, i, site);
		store_word(page, i, 0);
	}
}

void folio_zero_user_at(struct folio *folio, const struct site *site)
{
	for (long i = 0; i < folio_nr_pages(folio); i++)
		clear_highpage_at(folio_page(folio, (unsigned long)i), site);
}

int memcmp_pages_at(const struct page *a, const struct page *b, const struct site *site)
{
	for (unsigned int i = 0; i < PAGE_WORDS; i++) {
		u64 x, y;

		contents_point(a, i, site);
		x = load_word(a, i);
		y = load_word(b, i);
		if (x != y) {
			engine_result(i + 1);
			return x < y ? -1 : 1;
		}
	}
	engine_result(0);
	return 0;
}

/* What the words of a page of WORLD_CHECKSUM_ZERO come to before this is taken away. */
#define CHECKSUM_OFFSET 0x0922d4bdu

u32 page_checksum_at(const struct page *page, const struct site *site)
{
	u64 h = 0x9e3779b97f4a7c15;

	for (unsigned int i = 0; i < PAGE_WORDS; i++) {
		contents_point(page, i, site);
		h = (h ^ load_word(page, i)) * 0xff51afd7ed558ccd;
		h ^= h >> 32;
	}
	engine_result((u32)h ^ CHECKSUM_OFFSET);
	return (u32)h ^ CHECKSUM_OFFSET;
}

bool is_folio_zero_filled_at(const struct folio *folio, const struct site *site)
{
	const struct page *page = &folio->page[0];

	VM_BUG_ON(folio_test_large(folio));
	for (unsigned int i = 0; i < PAGE_WORDS; i++) {
		contents_point(page, i, site);
		if (load_word(page, i) != 0)
			return false;
	}
	return true;
}
