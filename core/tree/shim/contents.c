// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A page's contents: its first SEAM_PAGE_WORDS words; the rest stays zero. Copies,
 * clears and compares go word by word, each a marked access, with a
 * point before the first and the middle one: a copy can be torn, as in the model
 * (core/page/contents.c). What the tree does by plain loops (is_folio_zero_filled())
 * has no points.
 * Left out: machine checks. User memory of system calls: uaccess.c.
 * Locking: none.
 */
#include <linux/mm.h>
#include <linux/string.h>

#include "core/tree/shim/page_state.h"
#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

#define HALF (SEAM_PAGE_WORDS / 2)

static __always_inline unsigned long load_word(const unsigned long *words, int i)
{
	return __atomic_load_n(&words[i], __ATOMIC_RELAXED);
}

static __always_inline void store_word(unsigned long *words, int i, unsigned long value)
{
	__atomic_store_n(&words[i], value, __ATOMIC_RELAXED);
}

/* The event before word i of a loop over a page. */
static __always_inline void contents_point(const unsigned long *words, int i, unsigned long ip)
{
	if (i % HALF == 0)
		seam_point(ip, SEAM_COPY, &words[i], HALF * sizeof(*words));
}

void shim_fill_page_at(void *page, unsigned long value, unsigned long ip)
{
	unsigned long *words = page;
	int i;

	for (i = 0; i < SEAM_PAGE_WORDS; i++) {
		contents_point(words, i, ip);
		store_word(words, i, value);
	}
}

noinline void shim_clear_page(void *page)
{
	shim_fill_page_at(page, 0, _RET_IP_);
}

void shim_copy_page_at(void *to, const void *from, unsigned long ip)
{
	const unsigned long *source = from;
	unsigned long *words = to;
	int i;

	VM_BUG_ON(to == from);
	for (i = 0; i < SEAM_PAGE_WORDS; i++) {
		contents_point(source, i, ip);
		store_word(words, i, load_word(source, i));
	}
}

noinline void shim_copy_page(void *to, const void *from)
{
	shim_copy_page_at(to, from, _RET_IP_);
}

static bool is_page(const void *p, size_t n)
{
	unsigned long addr = (unsigned long)p;

	return n == PAGE_SIZE && addr - SEAM_ARENA_BASE < shim_pages << PAGE_SHIFT;
}

static int compare_pages(const unsigned long *a, const unsigned long *b, unsigned long ip)
{
	int i;

	for (i = 0; i < SEAM_PAGE_WORDS; i++) {
		unsigned long x, y;

		contents_point(a, i, ip);
		x = load_word(a, i);
		y = load_word(b, i);
		/* Little endian: the first byte that differs decides. */
		if (x != y)
			return __builtin_bswap64(x) < __builtin_bswap64(y) ? -1 : 1;
	}
	return 0;
}

static int compare_bytes(const unsigned char *a, const unsigned char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b)
			return *a - *b;
	return 0;
}

noinline int memcmp(const void *a, const void *b, size_t n)
{
	if (is_page(a, n) && is_page(b, n))
		return compare_pages(a, b, _RET_IP_);
	return compare_bytes(a, b, n);
}

/* What a compiler makes of memcmp() == 0. */
int bcmp(const void *a, const void *b, size_t n);
noinline int bcmp(const void *a, const void *b, size_t n)
{
	if (is_page(a, n) && is_page(b, n))
		return compare_pages(a, b, _RET_IP_);
	return compare_bytes(a, b, n);
}
