// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a word of the swap table is exactly one of NULL, PFN, shadow, BAD, gives
 * back what was put in, and setters refuse what isn't allowed. Method: all count
 * widths, all counts, all folios; each assertion fires once and stays silent in
 * a twin.
 */
#include "core/swap/test/swap_test.h"

static unsigned kinds(unsigned long word)
{
	return (unsigned)swp_tb_is_null(word) + swp_tb_is_folio(word) + swp_tb_is_shadow(word) +
	       swp_tb_is_bad(word);
}

static unsigned int flags_of(unsigned int count, unsigned int zero)
{
	return count << 1 | zero;
}

static void words(void *arg)
{
	unsigned int bits, count, zero = 0;
	unsigned long pfn, word;
	void *shadow = (void *)0xabcd1UL;

	(void)arg;
	CHECK_EQ(kinds(SWP_TB_NULL), 1);
	CHECK_EQ(kinds(SWP_TB_BAD), 1);
	CHECK_EQ(swp_tb_get_count(SWP_TB_BAD), -EINVAL);
	CHECK_EQ(swp_tb_get_count(SWP_TB_NULL), 0);
	for (bits = 2; bits <= 8; bits++) {
		swap_shape.count_bits = bits;
		CHECK_EQ(SWP_TB_COUNT_MAX, (1u << bits) - 1);
		for (count = 0; count <= SWP_TB_COUNT_MAX; count++) {
			for (pfn = 1; pfn < folio_map_size; pfn++) {
				word = folio_to_swp_tb(pfn_folio(pfn), flags_of(count, zero));
				CHECK(swp_tb_is_folio(word));
				CHECK_EQ(kinds(word), 1);
				CHECK_EQ(swp_tb_get_count(word), count);
				CHECK(swp_tb_to_folio(word) == pfn_folio(pfn));
				CHECK_EQ(__swp_tb_get_flags(word), flags_of(count, zero));
				CHECK_EQ((word & SWP_TB_ZERO_FLAG) != 0, zero);
			}
			word = shadow_to_swp_tb(NULL, flags_of(count, zero));
			CHECK(swp_tb_is_shadow(word) && !swp_tb_is_null(word));
			CHECK_EQ(kinds(word), 1);
			CHECK_EQ(swp_tb_get_count(word), count);
			word = shadow_to_swp_tb(shadow, flags_of(count, zero));
			CHECK(swp_tb_to_shadow(word) == shadow);
			CHECK_EQ(swp_tb_get_count(word), count);
			CHECK_EQ(swp_tb_get_count(__swp_tb_mk_count(word, 1)), 1);
			CHECK(swp_tb_to_shadow(__swp_tb_mk_count(word, 1)) == shadow);
			CHECK_EQ(__swp_tb_get_flags(__swp_tb_mk_count(word, 1)), flags_of(1, zero));
			zero = !zero;
		}
	}
	swap_shape.count_bits = test_cfg.count_bits;
}

static void count_too_large(void *arg)
{
	(void)arg;
	__swp_tb_mk_count(shadow_to_swp_tb(NULL, 0), SWP_TB_COUNT_MAX + 1);
}

static void count_of_bad(void *arg)
{
	(void)arg;
	__swp_tb_get_count(SWP_TB_BAD);
}

static void folio_of_shadow(void *arg)
{
	(void)arg;
	swp_tb_to_folio(SWP_TB_SHADOW_MARK);
}

static void set_unlocked(void *arg)
{
	(void)arg;
	__swap_table_set(&swap_info[0]->cluster_info[0], 1, SWP_TB_NULL);
}

static void set_locked(void *arg)
{
	struct swap_cluster_info *ci = &swap_info[0]->cluster_info[0];

	(void)arg;
	spin_lock(&ci->lock);
	__swap_table_set(ci, 1, SWP_TB_NULL);
	spin_unlock(&ci->lock);
}

static void set_out_of_range(void *arg)
{
	struct swap_cluster_info *ci = &swap_info[0]->cluster_info[0];

	(void)arg;
	spin_lock(&ci->lock);
	__swap_table_set(ci, SWAPFILE_CLUSTER, SWP_TB_NULL);
	spin_unlock(&ci->lock);
}

static void get_without_table(void *arg)
{
	struct swap_cluster_info *ci = &swap_info[0]->cluster_info[1];

	(void)arg;
	CHECK_EQ(swap_table_get(ci, 0), SWP_TB_NULL);
	spin_lock(&ci->lock);
	CHECK(__swap_table_get(ci, 0));
	spin_unlock(&ci->lock);
}

int main(void)
{
	test_cfg = test_config(WORLD_DEV_ON | WORLD_DEV_SYNC, 9);
	TEST_CASE(test_cfg, words);
	TEST_CASE(test_cfg, set_locked);
	test_end_state.keep = true;
	CHECK_HAS(test_run_one(count_too_large), "__count_to_swp_tb");
	CHECK_HAS(test_run_one(count_of_bad), "__swp_tb_get_count");
	CHECK_HAS(test_run_one(folio_of_shadow), "swp_tb_to_folio");
	CHECK_HAS(test_run_one(set_unlocked), "set_unlocked");
	CHECK_STR(test_run_one(set_out_of_range),
		  "WARNING: swap table offset out of range in set_out_of_range");
	CHECK_STR(test_run_one(get_without_table),
		  "kernel BUG: cluster has no swap table in get_without_table");
	engine_exit();
	return TEST_END();
}
