// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: each fault, fork, zap and swap path does what it should when nothing
 * races: contents, counters, references, PTE bits, and nothing is left over.
 * Method: single-threaded worlds; after each, rss counters are compared with the
 * page tables, references with PTEs and swap cache, and the world is torn down.
 */
#include "core/mm/test/world_test.h"

#define V1 0x1111111111111111ull
#define V2 0x2222222222222222ull

static void check_zero_page(void)
{
	CHECK_EQ(model_mmap(1, 0, 8, 0), 0);
	CHECK_EQ(test_read(1, 3), 0);
	CHECK(is_zero_pfn(pte_pfn(test_pte(1, 3))));
	CHECK(!pte_write(test_pte(1, 3)));
	CHECK_EQ(get_mm_counter(test_mm(1), MM_ANONPAGES), 0);
	/* A write leaves the zero page by copy, which isn't needless. */
	CHECK_EQ(model_write(1, 3, V1), 0);
	CHECK_EQ(test_read(1, 3), V1);
	CHECK_EQ(get_mm_counter(test_mm(1), MM_ANONPAGES), 1);
	CHECK_EQ(counters[COUNTER_wp_copy], 1);
	CHECK_EQ(counters[COUNTER_needless_copy], 0);
	/* No vma, no access. */
	CHECK_EQ(model_write(1, 8, V1), -EFAULT);
	CHECK_EQ(test_read(1, 20), 0xbad0000u + EFAULT);
	/* Read-only. */
	CHECK_EQ(model_mmap(1, 16, 1, WORLD_VMA_READONLY), 0);
	CHECK_EQ(test_read(1, 16), 0);
	CHECK_EQ(model_write(1, 16, V1), -EFAULT);
	CHECK_EQ(model_mmap(1, 2, 2, 0), -EEXIST);
}

static void check_anon_write(void)
{
	struct folio *folio;

	CHECK_EQ(model_mmap(1, 0, 2, 0), 0);
	CHECK_EQ(model_write(1, 0, V1), 0);
	folio = test_folio(1, 0);
	CHECK(folio != NULL);
	CHECK(pte_write(test_pte(1, 0)) && pte_dirty(test_pte(1, 0)) && pte_young(test_pte(1, 0)));
	CHECK(PageAnonExclusive(&folio->page[0]));
	CHECK(folio_test_anon(folio) && folio_test_swapbacked(folio));
	CHECK(folio_test_uptodate(folio) && !folio_test_lru(folio));
	CHECK_EQ(folio_ref_count(folio), 2); /* PTE and batch */
	CHECK_EQ(folio_mapcount(folio), 1);
	CHECK_EQ(folio->index, 0);
	CHECK_EQ(model_write(1, 1, V2), 0);
	CHECK_EQ(test_read(1, 0), V1);
	CHECK_EQ(test_read(1, 1), V2);
	CHECK_EQ(counters[COUNTER_wp_copy], 0);
}

/*   region 0: [0 1 2 3 4 5 6 7]   munmap 2..4 leaves two vmas, then 0..1 and
 *             [0 1] . . . [5 6 7]  5..7 leave none and no page table. */
static void check_munmap_split(void)
{
	struct vm_area_struct *vma;
	int n = 0;

	CHECK_EQ(model_mmap(1, 0, 10, 0), 0);
	for (int i = 0; i < 10; i++)
		CHECK_EQ(model_write(1, i, 0x100u + (unsigned)i), 0);
	CHECK_EQ(model_munmap(1, 2, 3), 0);
	for_each_vma(test_mm(1), vma)
		n++;
	CHECK_EQ(n, 3); /* two in region 0, one in region 1 */
	CHECK_EQ(get_mm_counter(test_mm(1), MM_ANONPAGES), 7);
	CHECK_EQ(test_read(1, 1), 0x101);
	CHECK_EQ(test_read(1, 5), 0x105);
	CHECK_EQ(test_read(1, 2), 0xbad0000u + EFAULT);
	/* The upper half shares the anon_vma of the lower one. */
	vma = list_first_entry(&test_mm(1)->vmas, struct vm_area_struct, vm_link);
	CHECK(vma->anon_vma == list_next_entry(vma, vm_link)->anon_vma);
	CHECK_EQ(vma->anon_vma->num_active_vmas, 2);
	CHECK(test_mm(1)->pt[0] != NULL);
	CHECK_EQ(model_munmap(1, 0, 8), 0);
	CHECK(test_mm(1)->pt[0] == NULL);
	CHECK(test_mm(1)->pt[1] != NULL);
	CHECK_EQ(get_mm_counter(test_mm(1), MM_ANONPAGES), 2);
	CHECK_EQ(model_munmap(1, 0, 8), 0); /* nothing there */
	CHECK_EQ(model_mmap(1, 0, 8, 0), 0);
	CHECK_EQ(test_read(1, 1), 0);
}

static void check_fork_isolation(void)
{
	struct folio *folio;

	CHECK_EQ(model_mmap(1, 0, 3, 0), 0);
	CHECK_EQ(model_write(1, 0, V1), 0);
	CHECK_EQ(test_read(1, 1), 0); /* zero page is shared as well */
	CHECK_EQ(model_fork(1, 3), 0);
	folio = test_folio(1, 0);
	CHECK(folio == test_folio(3, 0));
	CHECK_EQ(folio_mapcount(folio), 2);
	CHECK(!PageAnonExclusive(&folio->page[0]));
	CHECK(!pte_write(test_pte(1, 0)) && !pte_write(test_pte(3, 0)));
	CHECK_EQ(get_mm_counter(test_mm(3), MM_ANONPAGES), 1);
	CHECK_EQ(test_read(3, 0), V1);
	/* The child's write copies, the parent keeps the old page... */
	CHECK_EQ(model_write(3, 0, V2), 0);
	CHECK_EQ(test_read(1, 0), V1);
	CHECK_EQ(test_read(3, 0), V2);
	CHECK_EQ(counters[COUNTER_wp_copy], 1);
	CHECK_EQ(counters[COUNTER_needless_copy], 0);
	CHECK(test_folio(1, 0) == folio && test_folio(3, 0) != folio);
	/* ... and reuses it. */
	CHECK_EQ(model_write(1, 0, V1 + 1), 0);
	CHECK(test_folio(1, 0) == folio);
	CHECK(PageAnonExclusive(&folio->page[0]));
	CHECK_EQ(counters[COUNTER_wp_reuse], 1);
	CHECK_EQ(counters[COUNTER_wp_copy], 1);
	CHECK_EQ(model_write(3, 1, V2), 0);
	CHECK_EQ(test_read(1, 1), 0);
	CHECK_EQ(model_exit(3), 0);
	CHECK_EQ(test_read(1, 0), V1 + 1);
}

/* A chain of forks whose middle exits: rmap still finds the shared page. */
static void check_fork_chain(void)
{
	struct folio *folio;

	CHECK_EQ(model_mmap(1, 0, 1, 0), 0);
	CHECK_EQ(model_write(1, 0, V1), 0);
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK_EQ(model_fork(3, 4), 0);
	CHECK_EQ(model_exit(3), 0);
	CHECK_EQ(model_fork(4, 5), 0);
	folio = test_folio(5, 0);
	CHECK_EQ(folio_mapcount(folio), 3);
	CHECK_EQ(model_exit(1), 0);
	CHECK_EQ(model_exit(4), 0);
	CHECK_EQ(folio_mapcount(folio), 1);
	lru_add_drain_all();
	CHECK_EQ(test_pageout(5, 0, 1), 0);
	CHECK(!pte_present(test_pte(5, 0)) && !pte_none(test_pte(5, 0)));
	CHECK_EQ(test_read(5, 0), V1);
	CHECK_EQ(model_write(5, 0, V2), 0);
}

static void check_zap(void)
{
	unsigned long free = nr_free_pages();

	CHECK_EQ(model_mmap(1, 0, 8, 0), 0);
	for (int i = 0; i < 8; i++)
		CHECK_EQ(model_write(1, i, V1), 0);
	lru_add_drain_all();
	CHECK_EQ(nr_free_pages(), free - 8);
	CHECK_EQ(model_madv_dontneed(1, 1, 6), 0); /* fills the gather */
	CHECK_EQ(nr_free_pages(), free - 2);
	CHECK_EQ(get_mm_counter(test_mm(1), MM_ANONPAGES), 2);
	CHECK_EQ(atomic_read(&test_mm(1)->tlb_flush_pending), 0);
	CHECK_EQ(test_read(1, 0), V1);
	CHECK_EQ(test_read(1, 3), 0);
	CHECK_EQ(test_read(1, 7), V1);
	CHECK_EQ(model_madv_dontneed(1, 4, 12), -ENOMEM); /* a hole at the end */
	CHECK_EQ(test_read(1, 7), 0);
}

/* Out and in, on each kind of device; a read keeps the copy, a write drops it. */
static void check_swap(void)
{
	struct folio *folio;
	swp_entry_t entry;

	CHECK_EQ(model_mmap(1, 0, 2, 0), 0);
	CHECK_EQ(model_write(1, 0, V1), 0);
	CHECK_EQ(model_write(1, 1, V2), 0);
	CHECK_EQ(test_pageout(1, 0, 2), 0);
	CHECK(pte_swp_exclusive(test_pte(1, 0)));
	CHECK_EQ(get_mm_counter(test_mm(1), MM_SWAPENTS), 2);
	CHECK_EQ(get_mm_counter(test_mm(1), MM_ANONPAGES), 0);
	CHECK(!list_empty(&test_mm(1)->mmlist));
	entry = softleaf_from_pte(test_pte(1, 0));
	CHECK(softleaf_is_swap(entry));
	CHECK_EQ(swp_swapcount(entry), 1);

	CHECK_EQ(test_read(1, 0), V1);
	folio = test_folio(1, 0);
	CHECK(PageAnonExclusive(&folio->page[0]));
	CHECK_EQ(swp_swapcount(entry), 0);
	CHECK_EQ(model_write(1, 0, V1 + 1), 0);
	CHECK_EQ(model_write(1, 1, V2 + 1), 0); /* swapped in by the write */
	CHECK(!folio_test_swapcache(test_folio(1, 1)));
	CHECK(pte_write(test_pte(1, 1)) && pte_dirty(test_pte(1, 1)));
	CHECK_EQ(counters[COUNTER_wp_copy], 0);
	CHECK_EQ(counters[COUNTER_swap_cache_kept], 0);
	CHECK_EQ(test_pageout(1, 0, 2), 0);
	CHECK_EQ(test_read(1, 0), V1 + 1);
	CHECK_EQ(test_read(1, 1), V2 + 1);
	CHECK_EQ(test_pageout(1, 0, 2), 0);
	CHECK_EQ(model_madv_dontneed(1, 0, 2), 0);
	CHECK_EQ(get_mm_counter(test_mm(1), MM_SWAPENTS), 0);
	CHECK_EQ(test_read(1, 0), 0);
}

/* Fork while swapped out: both own the slot; whoever writes first copies. */
static void check_swap_fork(void)
{
	swp_entry_t entry;

	CHECK_EQ(model_mmap(1, 0, 1, 0), 0);
	CHECK_EQ(model_write(1, 0, V1), 0);
	CHECK_EQ(test_pageout(1, 0, 1), 0);
	entry = softleaf_from_pte(test_pte(1, 0));
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK(!pte_swp_exclusive(test_pte(1, 0)) && !pte_swp_exclusive(test_pte(3, 0)));
	CHECK_EQ(swp_swapcount(entry), 2);
	/* At the front, wherever the parent is: swapoff's walk is past it, and comes back. */
	CHECK(init_mm.mmlist.next == &test_mm(3)->mmlist);
	CHECK_EQ(model_write(1, 0, V2), 0);
	CHECK_EQ(test_read(3, 0), V1);
	CHECK_EQ(test_read(1, 0), V2);
	CHECK_EQ(model_write(3, 0, V1 + 3), 0);
	CHECK_EQ(test_read(1, 0), V2);
	CHECK_EQ(swp_swapcount(entry), 0);
}

/* The count is two bits wide: the fourth owner needs an extension table. */
static void check_swap_count_overflow(void)
{
	swp_entry_t entry;

	CHECK_EQ(model_mmap(1, 0, 1, 0), 0);
	CHECK_EQ(model_write(1, 0, V1), 0);
	CHECK_EQ(test_pageout(1, 0, 1), 0);
	entry = softleaf_from_pte(test_pte(1, 0));
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK_EQ(model_fork(1, 4), 0);
	CHECK_EQ(model_fork(1, 5), 0);
	CHECK_EQ(model_fork(1, 6), 0);
	CHECK_EQ(swp_swapcount(entry), 5);
	for (int mm = 3; mm <= 6; mm++) {
		CHECK_EQ(model_write(mm, 0, V2 + (unsigned)mm), 0);
		CHECK_EQ(test_read(mm, 0), V2 + (unsigned)mm);
	}
	CHECK_EQ(test_read(1, 0), V1);
	CHECK_EQ(swp_swapcount(entry), 0);
}

static void check_poison(void)
{
	pte_t *pte;
	spinlock_t *ptl;

	CHECK_EQ(model_mmap(1, 0, 2, 0), 0);
	CHECK_EQ(model_write(1, 1, V1), 0);
	pte = pte_offset_map_lock(test_mm(1), 0, &ptl);
	set_pte_at(test_mm(1), 0, pte, make_poisoned_pte());
	pte_unmap_unlock(pte, ptl);
	CHECK_EQ(test_read(1, 0), 0xbad0000u + EHWPOISON);
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK_EQ(model_write(3, 0, V1), -EHWPOISON);
	CHECK_EQ(model_madv_dontneed(1, 0, 1), 0);
	CHECK_EQ(test_read(1, 0), 0);
}

/* No allocation at all: faults fail cleanly. */
static void check_oom(void)
{
	struct folio *folio[64];
	int n = 0;

	CHECK_EQ(model_mmap(1, 0, 2, 0), 0);
	CHECK_EQ(test_read(1, 0), 0);
	while (n < 64 && (folio[n] = folio_alloc(GFP_ATOMIC, 0)) != NULL)
		n++;
	CHECK_EQ(model_write(1, 0, V1), -ENOMEM);
	CHECK_EQ(model_write(1, 1, V1), -ENOMEM);
	while (n)
		folio_put(folio[--n]);
	CHECK_EQ(model_write(1, 0, V1), 0);
	CHECK_EQ(test_read(1, 0), V1);
}

/* A page just written is in this CPU's batch. After the other owner has gone, a
 * write drains the batch and reuses the page (seeds: D. Hildenbrand). */
static void check_reuse_drains(void)
{
	CHECK_EQ(model_mmap(1, 0, 1, 0), 0);
	CHECK_EQ(model_write(1, 0, V1), 0);
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK_EQ(model_exit(3), 0);
	CHECK_EQ(model_write(1, 0, V2), 0);
}

/* Shared and in a batch: three references, no hope, so no drain (B. Song). */
static void check_no_hopeless_drain(void)
{
	CHECK_EQ(model_mmap(1, 0, 1, 0), 0);
	CHECK_EQ(model_write(1, 0, V1), 0);
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK_EQ(model_write(1, 0, V2), 0);
	CHECK_EQ(test_read(3, 0), V1);
}

static void check_write_swapin(void)
{
	CHECK_EQ(model_mmap(1, 0, 1, 0), 0);
	CHECK_EQ(model_write(1, 0, V1), 0);
	CHECK_EQ(test_pageout(1, 0, 1), 0);
	CHECK_EQ(model_write(1, 0, V2), 0);
	CHECK_EQ(test_read(1, 0), V2);
}

/* The parent's page is in the swap cache, the child's PTE still names the slot. */
static void check_cached_but_shared(void)
{
	CHECK_EQ(model_mmap(1, 0, 1, 0), 0);
	CHECK_EQ(model_write(1, 0, V1), 0);
	CHECK_EQ(test_pageout(1, 0, 1), 0);
	CHECK_EQ(model_fork(1, 3), 0);
	CHECK_EQ(test_read(1, 0), V1);
	lru_add_drain_all();
	CHECK_EQ(model_write(1, 0, V2), 0);
	CHECK_EQ(test_read(3, 0), V1);
}

static const struct { const char *name; void (*fn)(void); } quiet_tests[] = {
	{ "zero page", check_zero_page },
	{ "anon write", check_anon_write },
	{ "munmap split", check_munmap_split },
	{ "fork isolation", check_fork_isolation },
	{ "fork chain", check_fork_chain },
	{ "zap", check_zap },
	{ "swap", check_swap },
	{ "swap fork", check_swap_fork },
	{ "swap count overflow", check_swap_count_overflow },
	{ "poison", check_poison },
	{ "out of memory", check_oom },
	{ "reuse drains", check_reuse_drains },
	{ "no hopeless drain", check_no_hopeless_drain },
	{ "write swapin", check_write_swapin },
	{ "cached but shared", check_cached_but_shared },
};

static const char *run_quiet(const char *name, void (*fn)(void), u8 dev_flags,
			     enum seeded_bug bug)
{
	struct world_test t = { .name = name, .config = test_config(dev_flags), .check = fn };
	const char *title;

	if (!(dev_flags & WORLD_DEV_SYNC))
		t.config.swap_full = 100;
	seeded_bug_select(bug);
	title = test_run(&t, 1);
	seeded_bug_select(BUG_NONE);
	return title;
}

/* The bug shows in a counter, which stays at 0 without it. */
static void check_counter(void (*fn)(void), u8 dev_flags, enum seeded_bug bug, enum counter c)
{
	CHECK_STR(run_quiet("counter", fn, dev_flags, BUG_NONE), "");
	CHECK_EQ(counters[c], 0);
	CHECK_STR(run_quiet("counter", fn, dev_flags, bug), "");
	CHECK(counters[c] > 0);
	if (!counters[c])
		printf("%s: counter %s stayed 0\n", seeded_bug_info(bug)->name, counter_names[c]);
}

int main(void)
{
	sites_init();
	for (size_t i = 0; i < ARRAY_SIZE(quiet_tests); i++) {
		for (int async = 0; async < 2; async++) {
			unsigned long before = test_failures;
			const char *title = run_quiet(quiet_tests[i].name, quiet_tests[i].fn,
						      async ? 0 : WORLD_DEV_SYNC, BUG_NONE);

			CHECK_STR(title, "");
			if (title[0])
				printf("%s", engine_report()->body);
			if (before != test_failures)
				printf("^ in \"%s\", %s device\n", quiet_tests[i].name,
				       async ? "asynchronous" : "synchronous");
		}
	}
	/* The old rules cost what the new ones save. */
	check_counter(check_no_hopeless_drain, WORLD_DEV_SYNC, BUG_WP_DRAIN_REFS_ABOVE_3,
		      COUNTER_needless_drain);
	check_counter(check_no_hopeless_drain, WORLD_DEV_SYNC, BUG_WP_LRU_AFTER_DRAIN,
		      COUNTER_needless_drain);
	check_counter(check_write_swapin, WORLD_DEV_SYNC, BUG_SWAPIN_DRAIN_ALWAYS,
		      COUNTER_needless_drain);
	check_counter(check_reuse_drains, WORLD_DEV_SYNC, BUG_WP_NO_DRAIN, COUNTER_needless_copy);
	check_counter(check_write_swapin, 0, BUG_SWAPIN_WRITE_FLAG_CLEARED,
		      COUNTER_swap_cache_kept);
	CHECK_STR(run_quiet("unsafe reuse", check_cached_but_shared, 0, BUG_WP_NO_RECHECK),
		  "kernel BUG: swap PTE of an exclusive page in do_swap_page");
	CHECK_STR(run_quiet("shared exclusive", check_cached_but_shared, 0,
			    BUG_FORK_KEEPS_SWP_EXCLUSIVE),
		  "WARNING: exclusive swap entry is shared in check_swap_exclusive");
	engine_exit();
	return TEST_END();
}
