// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: the small things that all else stands on. Sites and paths are read back
 * from their sections; reports reach the sink with the right title; the tables
 * of bugs and counters agree with their .def files; the generator is the
 * published splitmix64.
 */
#include "core/base/bitmap.h"
#include "core/base/choice.h"
#include "core/base/counters.h"
#include "core/base/prng.h"
#include "core/base/seeded_bug.h"
#include "core/base/site.h"
#include "core/base/test.h"
#include "core/base/world_ops.h"

static const struct site *first_site(void) { return SITE("spin_lock"); }
static const struct site *second_site(void) { return SITE("spin_lock"); }
static const struct site *twin_site(bool other)
{
	return other ? SITE("mutex_lock") : SITE("mutex_lock");
}

struct walk { unsigned n; const struct site *last; bool sorted; };

static void walk_site(const struct site *site, void *arg)
{
	struct walk *w = arg;

	if (w->last && strcmp(w->last->op, site->op) > 0)
		w->sorted = false;
	w->last = site;
	w->n++;
}

/* Each kind has a name of its own, which finds it. */
static void test_choices(void)
{
	for (int i = 0; i < CHOICE_KIND_COUNT; i++)
		CHECK_EQ(choice_find(choice_name((enum choice_kind)i)), i);
	CHECK_STR(choice_name(CHOICE_ALLOC), "alloc");
	CHECK_STR(choice_name(CHOICE_DMA), "dma");
	CHECK_EQ(choice_find("none"), -ENOENT);
	CHECK_EQ(choice_find(""), -ENOENT);
}

static void test_sites(void)
{
	struct walk w = { .sorted = true };
	char name[64];

	CHECK(!site_find(site_hash("spin_lock@first_site", 20)));
	sites_init();
	sites_init();
	CHECK_EQ(site_hash("", 0), 2166136261u);
	CHECK_EQ(site_hash("a", 1), 0xe40c292cu);
	CHECK_EQ(first_site()->hash, site_hash("spin_lock@first_site", 20));
	CHECK(first_site()->hash != second_site()->hash);
	CHECK(twin_site(false) != twin_site(true));
	CHECK_EQ(twin_site(false)->hash, twin_site(true)->hash);
	CHECK(site_find(first_site()->hash) == first_site());
	CHECK(!site_find(1));
	sites_for_each(walk_site, &w);
	CHECK_EQ(w.n, 3);
	CHECK(w.sorted);
	CHECK_STR(site_name(twin_site(true)->hash, name, sizeof(name)), "mutex_lock@twin_site");
	CHECK_STR(site_name(0x12ab, name, sizeof(name)), "0x000012ab");
}

/* One that a run meets has its name, unless another has its hash: that one is kept. */
static void test_late_site(void)
{
	static struct site late = { .op = "plain", .func = "late_site" };
	static struct site twin = { .op = "plain", .func = "farwe8wu" }; /* hashes as below */
	u32 hash = site_hash("plain@late_site", 15);
	char name[64];

	CHECK(!site_find(hash));
	sites_add_later(&late);
	sites_add_later(&twin);
	CHECK_EQ(site_hash("plain@farwe8wu", 14), twin_site(true)->hash);
	CHECK(site_find(hash) == &late);
	CHECK_STR(site_name(hash, name, sizeof(name)), "plain@late_site");
	CHECK_STR(site_name(twin_site(true)->hash, name, sizeof(name)), "mutex_lock@twin_site");
}

static void take_path(bool take)
{
	if (take)
		PATH("taken");
	else
		PATH("not taken");
}

static void walk_path(const struct path *path, void *arg)
{
	unsigned *seen = arg;

	if (!strcmp(path->name, "taken") && path->taken == 3 && !strcmp(path->func, "take_path"))
		*seen |= 1;
	if (!strcmp(path->name, "not taken") && path->taken == 0)
		*seen |= 2;
}

static void test_paths(void)
{
	unsigned seen = 0;

	for (int i = 0; i < 3; i++)
		take_path(true);
	paths_for_each(walk_path, &seen);
	CHECK_EQ(seen, 3);
}

static void warn_if(bool bad) { WARN_ON(bad); }
static void warn_named(int v) { WARN_NAMED(v > 3, "too much"); }
static void bug_if(const void *p) { BUG_ON(!p); }
static void compare(int a, int b) { BUG_ON_CMP(a, <, b); }

static void test_reports(void)
{
	CHECK_REPORT("WARNING: bad in warn_if", warn_if(true));
	CHECK_SILENT(warn_if(false));
	CHECK_REPORT("WARNING: too much in warn_named", warn_named(4));
	CHECK_STR(test_report_body, "v > 3\n");
	CHECK_SILENT(warn_named(3));
	CHECK_REPORT("kernel BUG: !p in bug_if", bug_if(NULL));
	CHECK_SILENT(bug_if(""));
	CHECK_REPORT("kernel BUG: a < b in compare", compare(-1, 16));
	CHECK_HAS(test_report_body, "left 0xffffffffffffffff (-1), right 0x10 (16)");
	CHECK_SILENT(compare(2, 2));
	CHECK_REPORT("title", reportf("title", "%s %d\n", "body", 7));
	CHECK_STR(test_report_body, "body 7\n");
	CHECK_REPORT("WARNING: w in f", report_warnf("w", "f", "slot %d\n", 3));
}

static u64 hash_now;
static u64 give_hash(void) { return hash_now; }

static struct seeded_bug_set set_of(enum seeded_bug a, enum seeded_bug b)
{
	struct seeded_bug_set set = { { 0 } };

	seeded_bugs_add(&set, a);
	seeded_bugs_add(&set, b);
	return set;
}

/* Each pair of bugs, also across the words of the mask: both are on, no other one is. */
static void test_seeded_bug_pairs(void)
{
	for (int a = BUG_NONE + 1; a < SEEDED_BUG_COUNT; a++) {
		for (int b = a + 1; b < SEEDED_BUG_COUNT; b++) {
			struct seeded_bug_set set = set_of((enum seeded_bug)a, (enum seeded_bug)b), again;
			char names[SEEDED_BUG_NAMES_MAX];
			const char *wrong;

			seeded_bugs_select(&set);
			for (int i = BUG_NONE; i < SEEDED_BUG_COUNT; i++)
				CHECK_EQ(bug_seeded((enum seeded_bug)i), i == a || i == b);
			CHECK(!seeded_bugs_none(&set));
			CHECK_EQ(seeded_bugs_parse(&again, seeded_bugs_names(&set, names), &wrong), 0);
			CHECK(memcmp(&again, &set, sizeof(set)) == 0);
		}
	}
	seeded_bug_select(BUG_NONE);
	CHECK(seeded_bugs_none(&seeded_bugs_on));
}

static void test_seeded_bug_lists(void)
{
	static const struct { const char *names, *wrong, *why; } bad[] = {
		{ "", "", "the name of a seeded bug is missing (swaprace bugs lists them)" },
		{ "wp-no-recheck,", "", "the name of a seeded bug is missing (swaprace bugs lists them)" },
		{ "wp-no-recheck,none", "none", "'none' stands alone, not in a list of seeded bugs" },
		{ "none,wp-no-recheck", "none,wp-no-recheck",
		  "'none' stands alone, not in a list of seeded bugs" },
		{ "ksm-stale-head,wp-no-rechek,x", "wp-no-rechek,x", "no seeded bug 'wp-no-rechek'; "
		  "did you mean 'wp-no-recheck'? (swaprace bugs lists them)" },
		{ "unlike any of them", "unlike any of them",
		  "no seeded bug 'unlike any of them' (swaprace bugs lists them)" },
	};
	struct seeded_bug_set set, all = { { 0 } };
	char names[SEEDED_BUG_NAMES_MAX], why[160];
	const char *wrong;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(seeded_bugs_parse(&set, bad[i].names, &wrong), -ENOENT);
		CHECK_STR(wrong, bad[i].wrong);
		CHECK(seeded_bugs_none(&set));
		seeded_bugs_describe_wrong(wrong, why, sizeof(why));
		CHECK_STR(why, bad[i].why);
	}
	CHECK_EQ(seeded_bugs_parse(&set, "none", &wrong), 0);
	CHECK(seeded_bugs_none(&set));
	CHECK_STR(seeded_bugs_names(&set, names), "none");
	CHECK_EQ(seeded_bugs_parse(&set, "wp-no-recheck,ksm-stale-head,wp-no-recheck", &wrong), 0);
	CHECK_STR(seeded_bugs_names(&set, names), "wp-no-recheck,ksm-stale-head");
	for (int i = BUG_NONE; i < SEEDED_BUG_COUNT; i++)
		seeded_bugs_add(&all, (enum seeded_bug)i);
	CHECK_EQ(seeded_bugs_parse(&set, seeded_bugs_names(&all, names), &wrong), 0);
	CHECK(memcmp(&set, &all, sizeof(set)) == 0);
	CHECK_EQ(strlen(names), SEEDED_BUG_NAMES_MAX - 2);
}

static void test_seeded_bugs(void)
{
	struct seeded_bug_set both = set_of(BUG_KSM_COPY_SWAP_COUNT, BUG_HIB_RECURSIVE_LOCK), other;

	CHECK_EQ(seeded_bug_find("none"), BUG_NONE);
	CHECK_EQ(seeded_bug_find("no such bug"), -ENOENT);
	for (int i = 0; i < SEEDED_BUG_COUNT; i++) {
		CHECK_EQ(seeded_bug_find(seeded_bug_info(i)->name), i);
		CHECK(strlen(seeded_bug_info(i)->name) < 40);
		CHECK(i == BUG_NONE || seeded_bug_info(i)->title[0]);
		for (const char *s = seeded_bug_info(i)->title; *s; s += strspn(s, "|")) {
			CHECK(strcspn(s, "|") < REPORT_TITLE_MAX);
			s += strcspn(s, "|");
		}
	}
	seeded_bug_trace_hash = give_hash;
	seeded_bug_reset();
	seeded_bug_select(BUG_KSM_COPY_SWAP_COUNT);
	CHECK_EQ(seeded_bug_hash_at_first(BUG_KSM_COPY_SWAP_COUNT), 0);
	hash_now = 5;
	CHECK(bug_seeded(BUG_KSM_COPY_SWAP_COUNT));
	hash_now = 6;
	CHECK(bug_seeded(BUG_KSM_COPY_SWAP_COUNT));
	CHECK(!bug_seeded(BUG_HIB_RECURSIVE_LOCK));
	CHECK_EQ(seeded_bug_hash_at_first(BUG_KSM_COPY_SWAP_COUNT), 5);
	CHECK_EQ(seeded_bug_hash_at_first(BUG_HIB_RECURSIVE_LOCK), 6);
	CHECK_EQ(seeded_bugs_hash_at_first(&both), 5); /* the first of the two */
	other = set_of(BUG_HIB_RECURSIVE_LOCK, BUG_WP_NO_RECHECK);
	CHECK_EQ(seeded_bugs_hash_at_first(&other), 6); /* the other one never came */
	other = set_of(BUG_NONE, BUG_WP_NO_RECHECK);
	CHECK_EQ(seeded_bugs_hash_at_first(&other), 0);
	seeded_bug_reset();
	CHECK_EQ(seeded_bugs_hash_at_first(&both), 0);
	CHECK_EQ(seeded_bug_hash_at_first(BUG_KSM_COPY_SWAP_COUNT), 0);
	seeded_bug_select(BUG_NONE);
	CHECK(!bug_seeded(BUG_KSM_COPY_SWAP_COUNT));
	seeded_bug_trace_hash = NULL;
	CHECK_REPORT("kernel BUG: bug >= SEEDED_BUG_COUNT in seeded_bug_select",
		     seeded_bug_select(SEEDED_BUG_COUNT));
}

static void test_counters(void)
{
	counters_reset();
	COUNT(swapout);
	COUNT(swapout);
	CHECK_EQ(counters[COUNTER_swapout], 2);
	CHECK_EQ(counter_find("swapout"), COUNTER_swapout);
	CHECK_EQ(counter_find("no such"), -ENOENT);
	for (int i = 0; i < COUNTER_COUNT; i++)
		CHECK(counter_names[i] && counter_texts[i]);
	counters_reset();
	CHECK_EQ(counters[COUNTER_swapout], 0);
}

static void test_prng(void)
{
	struct prng p;
	unsigned hits[5] = { 0 };

	prng_seed(&p, 1234567);
	CHECK_EQ(prng_next(&p), 6457827717110365317ull);
	CHECK_EQ(prng_next(&p), 3203168211198807973ull);
	for (int i = 0; i < 5000; i++)
		hits[prng_below(&p, 5)]++;
	for (int i = 0; i < 5; i++)
		CHECK(hits[i] > 850 && hits[i] < 1150);
	CHECK_EQ(prng_below(&p, 0), 0);
	CHECK(prng_chance(&p, 1, 1) && !prng_chance(&p, 0, 1));
}

static void test_bitmap(void)
{
	DECLARE_BITMAP(map, 130);
	unsigned long bit, n = 0;

	bitmap_zero(map, 130);
	CHECK(bitmap_empty(map, 130));
	CHECK_EQ(find_first_bit(map, 130), 130);
	bitmap_set(map, 62, 4);
	bitmap_set(map, 129, 1);
	CHECK_EQ(bitmap_weight(map, 130), 5);
	CHECK_EQ(find_first_bit(map, 130), 62);
	CHECK_EQ(find_next_bit(map, 130, 66), 129);
	CHECK_EQ(find_next_bit(map, 129, 66), 129);
	CHECK_EQ(find_next_zero_bit(map, 130, 62), 66);
	for_each_set_bit(bit, map, 130)
		n += bit;
	CHECK_EQ(n, 62 + 63 + 64 + 65 + 129);
	bitmap_clear(map, 63, 2);
	CHECK(bitmap_test(map, 62) && !bitmap_test(map, 63) && bitmap_test(map, 65));
	bitmap_fill(map, 130);
	CHECK(bitmap_full(map, 130));
	CHECK_EQ(find_first_zero_bit(map, 130), 130);
}

static void on_store(int mm, int page, int word, u64 value)
{
	(void)mm, (void)page, (void)word, (void)value;
}

int main(void)
{
	test_choices();
	test_sites();
	test_late_site();
	test_paths();
	test_reports();
	test_seeded_bugs();
	test_seeded_bug_pairs();
	test_seeded_bug_lists();
	test_counters();
	test_prng();
	test_bitmap();
	CHECK(!world_hooks.store && !world_hooks.load);
	world_hooks.store = on_store;
	return TEST_END();
}
