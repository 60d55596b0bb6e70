/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: each accessor changes its own bit and no other, and says what was there.
 * Method: every flag, from an empty and from a full word, by every accessor.
 */
#include "core/page/test/page_test.h"

static struct folio *f;

#define ALL_BITS ((1L << (PG_head + 1)) - 1)

#define FLAG_TEST(name, bit)                                                      \
	do {                                                                      \
		for (int full = 0; full < 2; full++) {                            \
			long rest = (full ? ALL_BITS : 0) & ~(1L << (bit));       \
                                                                                  \
			f->flags.counter = rest;                                  \
			CHECK(!folio_test_##name(f));                             \
			folio_set_##name(f);                                      \
			CHECK(folio_test_##name(f));                              \
			CHECK_EQ(f->flags.counter, rest | 1L << (bit));           \
			folio_clear_##name(f);                                    \
			CHECK_EQ(f->flags.counter, rest);                         \
			CHECK(!folio_test_set_##name(f));                         \
			CHECK(folio_test_set_##name(f));                          \
			CHECK(folio_test_clear_##name(f));                        \
			CHECK(!folio_test_clear_##name(f));                       \
			__folio_set_##name(f);                                    \
			CHECK_EQ(f->flags.counter, rest | 1L << (bit));           \
			__folio_clear_##name(f);                                  \
			CHECK_EQ(f->flags.counter, rest);                         \
		}                                                                 \
	} while (0)

static void all_flags(void *arg)
{
	(void)arg;
	f = pfn_folio(1);
	FLAG_TEST(uptodate, PG_uptodate);
	FLAG_TEST(dirty, PG_dirty);
	FLAG_TEST(writeback, PG_writeback);
	FLAG_TEST(referenced, PG_referenced);
	FLAG_TEST(active, PG_active);
	FLAG_TEST(lru, PG_lru);
	FLAG_TEST(unevictable, PG_unevictable);
	FLAG_TEST(mlocked, PG_mlocked);
	FLAG_TEST(swapbacked, PG_swapbacked);
	FLAG_TEST(reclaim, PG_reclaim);
	FLAG_TEST(readahead, PG_readahead);
	FLAG_TEST(workingset, PG_workingset);
	FLAG_TEST(hwpoison, PG_hwpoison);
}

static void special_flags(void *arg)
{
	(void)arg;
	f = pfn_folio(1);
	/* PG_swapcache counts only on a swapbacked folio. */
	folio_set_swapcache(f);
	CHECK(!folio_test_swapcache(f));
	folio_set_swapbacked(f);
	CHECK(folio_test_swapcache(f));
	folio_clear_swapcache(f);
	CHECK(!folio_test_swapcache(f));

	folio_mark_uptodate(f);
	CHECK(folio_test_uptodate(f));
	folio_clear_uptodate(f);
	__folio_mark_uptodate(f);
	CHECK(folio_test_uptodate(f));

	CHECK(folio_mark_dirty(f));
	CHECK(!folio_mark_dirty(f));
	/* In the swap cache, dirty or not: not to be rotated when its write ends. */
	folio_set_reclaim(f);
	CHECK(!folio_mark_dirty(f));
	CHECK(folio_test_reclaim(f));
	folio_set_swapcache(f);
	CHECK(!folio_mark_dirty(f));
	CHECK(!folio_test_reclaim(f));
	folio_clear_swapcache(f);
	CHECK(folio_clear_dirty_for_io(f));
	CHECK(!folio_clear_dirty_for_io(f));
	CHECK(!folio_test_dirty(f));

	CHECK(!PageAnonExclusive(&f->page[0]));
	SetPageAnonExclusive(&f->page[0]);
	CHECK(PageAnonExclusive(&f->page[0]));
	ClearPageAnonExclusive(&f->page[0]);
	CHECK(!PageAnonExclusive(&f->page[0]));
}

/*
 *	mapping:  0      anon_vma|1   node|3    (bit 1 alone: neither)
 *	anon      no     yes          yes       no
 *	ksm       no     no           yes       no
 */
static void mapping_tags(void *arg)
{
	static const struct { unsigned long tag; bool anon, ksm; } t[] = {
		{ 0, false, false }, { 1, true, false }, { 3, true, true }, { 2, false, false },
	};

	(void)arg;
	f = pfn_folio(1);
	for (unsigned i = 0; i < ARRAY_SIZE(t); i++) {
		f->mapping = 0x1000 | t[i].tag;
		CHECK_EQ(folio_test_anon(f), t[i].anon);
		CHECK_EQ(folio_test_ksm(f), t[i].ksm);
	}
	f->mapping = 0;
	CHECK(!folio_test_anon(f));
}

int main(void)
{
	sites_init();
	CHECK_STR(test_quiet(all_flags, NULL), "");
	CHECK_STR(test_task(all_flags), "");
	CHECK_STR(test_quiet(special_flags, NULL), "");
	CHECK_STR(test_task(special_flags), "");
	CHECK_STR(test_quiet(mapping_tags, NULL), "");
	engine_exit();
	return TEST_END();
}
