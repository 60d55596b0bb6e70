// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: each checker fires on the state that it is for, with its title, and is
 * silent on a whole one.
 * Method: one small world, in which everything occurs; one corruption a test, by
 * hand, in raw memory. The twin of each test is the same world left alone.
 *
 *	mm1 r0: [0 present] [1 swapped, dev0] [2 cached and mapped] [3 KSM]
 *	mm2 r0: [0 present] .                 .                     [3 KSM]
 *	dev0: async; mm1 page 2 was written, is being read back: stays cached
 */
#include "core/check/check.h"
#include "core/check/look.h"
#include "core/mm/gup.h"
#include "core/mm/ksm.h"
#include "core/mm/ksm_node.h"
#include "core/mm/pin.h"
#include "core/mm/test/world_test.h"
#include "core/mm/vmscan.h"

#define SAME 0x5555555555555555ull

/* ---- the world -------------------- */

static void wait_io(void)
{
	for (unsigned long pfn = 1; pfn < folio_map_size; pfn++)
		folio_wait_writeback(pfn_folio(pfn));
}

/* Out of the swap cache, as reclaim would. */
static void evict(int mm, int page)
{
	struct folio *folio = swap_cache_get_folio(pte_to_swp_entry(test_pte(mm, page)));

	folio_lock(folio);
	if (!remove_mapping(folio))
		report("test: page was not evicted", "");
	folio_unlock(folio);
	folio_put(folio);
}

static void build(void)
{
	for (int mm = 1; mm <= 2; mm++) {
		model_mmap(mm, 0, 4, WORLD_VMA_MERGEABLE);
		model_write(mm, 0, (u64)mm);
		model_write(mm, 3, SAME);
	}
	model_ksm_scan(32);
	model_write(1, 1, 11);
	model_write(1, 2, 12);
	model_madv_pageout(1, 1, 2);
	test_read(1, 2); /* under writeback: the cache cannot be freed yet */
	wait_io();
	lru_add_drain_all();
	evict(1, 1);
}

static struct folio *cached(void)
{
	return test_folio(1, 2);
}

static struct swap_cluster_info *cluster_of(swp_entry_t entry)
{
	return &swap_info[swp_type(entry)]->cluster_info[swp_offset(entry) /
							 swap_shape.cluster_slots];
}

static long *word_of(swp_entry_t entry)
{
	return &cluster_of(entry)->table[swp_offset(entry) % swap_shape.cluster_slots].counter;
}

static swp_entry_t swapped_entry(void)
{
	return pte_to_swp_entry(test_pte(1, 1));
}

static pte_t *raw_pte(int mm, int page)
{
	return &test_mm(mm)->pt[page / WORLD_REGION_PAGES]->pte[page % WORLD_REGION_PAGES];
}

/* The folio of mm1's page 0, of its KSM page; one that nobody uses. */
static struct folio *plain(void) { return test_folio(1, 0); }
static struct folio *ksm(void) { return test_folio(1, 3); }
static struct folio *unused(void)
{
	for (unsigned long pfn = folio_map_size - 1; pfn; pfn--)
		if (folio_is_free(&folio_map[pfn]))
			return &folio_map[pfn];
	return NULL;
}

static void set_flag(struct folio *folio, enum pageflags bit, bool on)
{
	if (on)
		folio->flags.counter |= 1L << bit;
	else
		folio->flags.counter &= ~(1L << bit);
}

/* ---- corruptions: pages -------------------- */

static void c_refs_negative(void) { unused()->_refcount.counter = -1; }
static void c_mapped_negative(void) { unused()->page[0]._mapcount.counter = -2; }
static void c_refs_few(void) { plain()->_refcount.counter = 0; }
static void c_refs_few_cached(void) { cached()->_refcount.counter = 1; }
static void c_writeback_uncached(void) { set_flag(plain(), PG_writeback, true); }
static void c_writeback_free(void)
{
	set_flag(unused(), PG_writeback, true);
	set_flag(unused(), PG_swapcache, true);
}
static void c_exclusive_ksm(void) { ksm()->page[0].flags_page.counter |= 1; }
static void c_cached_no_entry(void) { cached()->swap.val = 0; }
static void c_cached_off(void) { cached()->swap = swp_entry(2, 1); }
static void c_cached_not_there(void) { *word_of(cached()->swap) = SWP_TB_SHADOW_MARK; }
static void c_lru_twice(void)
{
	struct lruvec *lruvec = node_lruvec();

	/* The second folio of the list is linked back to the first. */
	for (int l = 0; l < NR_LRU_LISTS; l++)
		if (lruvec->lru_size[l] >= 2)
			lruvec->lists[l].next->next->next = lruvec->lists[l].next;
}
static void c_lru_no_flag(void) { set_flag(cached(), PG_lru, false); }
static void c_lru_wrong(void)
{
	struct folio *folio = lru_to_folio(&node_lruvec()->lists[LRU_INACTIVE_ANON]);

	set_flag(folio, PG_active, true);
}
static void c_lru_lazyfree(void) { set_flag(plain(), PG_swapbacked, false); }
static void c_lazyfree_cached(void) { set_flag(cached(), PG_swapbacked, false); }
static void c_lazyfree_entry(void)
{
	c_lru_lazyfree();
	plain()->swap = cached()->swap;
}
static void c_lru_size(void) { node_lruvec()->lru_size[LRU_INACTIVE_ANON]++; }
static void c_lru_off(void) { set_flag(unused(), PG_lru, true); }
static void c_ref_leak(void) { plain()->_refcount.counter += 20; }
static void c_ref_leak_one(void) { plain()->_refcount.counter++; }
static void c_pin_leak(void) { plain()->_refcount.counter += (int)GUP_PIN_COUNTING_BIAS; }
static void c_pin_refs(void)
{
	(void)!model_pin(1, 0, 0, WORLD_PIN_WRITE);
	plain()->_refcount.counter -= (int)GUP_PIN_COUNTING_BIAS;
}
static void c_pin_shared(void)
{
	(void)!model_pin(1, 0, 0, WORLD_PIN_WRITE);
	plain()->page[0].flags_page.counter &= ~1L;
}
static void c_lock_leak(void) { set_flag(plain(), PG_locked, true); }
static void c_writeback_leak(void) { set_flag(cached(), PG_writeback, true); }

/* ---- corruptions: swap -------------------- */

static void c_word_no_folio(void) { *word_of(swapped_entry()) = (long)(folio_map_size << 2 | 2); }
static void c_word_other_folio(void)
{
	*word_of(swapped_entry()) = (long)((unsigned long)plain()->pfn << 2 | 2);
}
static void c_slot_nobody(void) { *word_of(swapped_entry()) = SWP_TB_SHADOW_MARK; }
static void c_overflow(void) { *word_of(swapped_entry()) |= (long)SWP_TB_COUNT_MASK; }
static void c_cluster_count(void) { cluster_of(swapped_entry())->count++; }
static void c_cluster_free_used(void) { cluster_of(swapped_entry())->flags = CLUSTER_FLAG_FREE; }
static void c_pages(void) { swap_info[0]->pages--; }
static void c_inuse(void) { swap_info[0]->inuse_pages.counter++; }
static void c_totals(void) { nr_swap_pages.counter--; }
static void c_cluster_unlisted(void)
{
	list_del_init(&swap_info[0]->cluster_info[2].list);
	swap_info[0]->cluster_info[2].flags = CLUSTER_FLAG_NONE;
}
static void c_cluster_wrong_list(void)
{
	list_move(&swap_info[0]->cluster_info[2].list, &swap_info[0]->full_clusters);
}
static void c_cluster_full(void)
{
	struct swap_cluster_info *ci = cluster_of(swapped_entry());

	ci->flags = CLUSTER_FLAG_FULL;
	list_move(&ci->list, &swap_info[0]->full_clusters);
}
static void c_percpu_off(void)
{
	static struct swap_info_struct other;

	per_cpu_ptr(&percpu_swap_cluster, 0)->si[0] = &other;
}

/* ---- corruptions: page tables -------------------- */

static void c_pte_no_folio(void) { raw_pte(1, 0)->pte |= 0xffful << PTE_PFN_SHIFT; }
static void c_pte_writable(void) { plain()->page[0].flags_page.counter = 0; }
static void c_pte_device_off(void) { raw_pte(1, 1)->pte |= 2ul << PTE_SWP_TYPE_SHIFT; }
static void c_pte_free_slot(void) { *raw_pte(1, 1) = swp_entry_to_pte(swp_entry(0, 9)); }
static void c_pte_exclusive_cached(void)
{
	raw_pte(1, 2)->pte = swp_entry_to_pte(cached()->swap).pte;
}
static void c_mmlist(void) { list_del_init(&test_mm(1)->mmlist); }
static void c_mapcount(void) { plain()->page[0]._mapcount.counter--; }
static void c_pte_gone(void) { raw_pte(1, 0)->pte = 0; }
static void c_exclusive_shared(void)
{
	struct folio *folio = plain();

	*raw_pte(2, 0) = *raw_pte(1, 0);
	folio->page[0]._mapcount.counter++;
	folio->_refcount.counter += 2;
}
static void c_count_low(void)
{
	raw_pte(1, 1)->pte &= ~_PAGE_SWP_EXCLUSIVE;
	*raw_pte(2, 1) = *raw_pte(1, 1);
	list_add_tail(&test_mm(2)->mmlist, &init_mm.mmlist);
}
static void c_count_high(void)
{
	*word_of(swapped_entry()) = (long)((unsigned long)*word_of(swapped_entry()) +
					   (1UL << (64 - swap_shape.count_bits)));
}
static void c_swp_exclusive_shared(void)
{
	c_count_low();
	raw_pte(2, 1)->pte |= _PAGE_SWP_EXCLUSIVE;
	raw_pte(1, 1)->pte |= _PAGE_SWP_EXCLUSIVE;
}
static void c_rss(void) { test_mm(2)->rss_stat[MM_ANONPAGES].counter++; }
static void c_rss_swap(void) { test_mm(1)->rss_stat[MM_SWAPENTS].counter--; }
static struct vm_area_struct *vma_of(int mm)
{
	return list_entry(test_mm(mm)->vmas.next, struct vm_area_struct, vm_link);
}
static void c_vma_order(void) { vma_of(1)->vm_end = vma_of(1)->vm_start; }
static void c_pte_outside(void) { vma_of(1)->vm_end = PAGE_SIZE; }
static void c_rmap_index(void) { plain()->index++; }
static void c_rmap_anon_vma(void) { plain()->mapping = test_folio(2, 0)->mapping; }
static void c_tlb(void)
{
	/* The write left an entry in this CPU's TLB; the PTE changes, nobody flushes. */
	raw_pte(2, 0)->pte &= ~_PAGE_RW;
}

/* ---- corruptions: KSM -------------------- */

static struct ksm_stable_node *node(void)
{
	return rb_entry(rb_first(&root_stable_tree), struct ksm_stable_node, node);
}
static struct ksm_rmap_item *item(void)
{
	return container_of(node()->hlist.first, struct ksm_rmap_item, hlist);
}
static void c_ksm_item(void) { item()->address &= ~STABLE_FLAG; }
static void c_ksm_length(void) { node()->rmap_hlist_len++; }
static void c_ksm_chain(void) { node()->in_tree = false; }
static void c_ksm_counters(void) { ksm_pages_sharing++; }

/* ---- corruptions: after tear-down -------------------- */

static void a_slot(void) { swap_alloc_hibernation_slot(0); }
static void a_device(void) { swap_info[0]->inuse_pages.counter++; }
static void a_totals(void) { nr_swap_pages.counter++; }
static void a_folio(void) { (void)!folio_alloc(GFP_KERNEL, 0); }
static void a_pin(void) { model_pins_held = 1; }
static void a_mm(void) { model_mm_slots[3].users = 1; }
static void a_mmlist(void) { list_add(&mm_alloc(3)->mmlist, &init_mm.mmlist); }
static void a_ksm_slot(void)
{
	struct mm_struct *mm = mm_alloc(3);

	(void)!__ksm_enter(mm);
}
static void a_ksm_node(void) { ksm_pages_shared = 1; }
static void a_object(void) { (void)!kmalloc(24, GFP_KERNEL); }
static void a_poison(void)
{
	u64 *p = kmalloc(64, GFP_KERNEL);

	kfree(p);
	engine_unpoison(p, 64);
	p[3] = 1;
}
static void a_lock(void) { mmlist_lock.word = 1; }

/* ---- the table -------------------- */

enum when { CHEAP, QUIET, AUDIT };

static const struct corruption {
	void (*corrupt)(void);
	enum when when; /* the first checker that must see it */
	const char *title;
} corruptions[] = {
	{ c_refs_negative, CHEAP, "invariant: refcount below zero" },
	{ c_mapped_negative, CHEAP, "invariant: mapcount below zero" },
	{ c_refs_few, CHEAP, "invariant: fewer references than owners" },
	{ c_refs_few_cached, CHEAP, "invariant: fewer references than owners" },
	{ c_writeback_uncached, CHEAP, "invariant: writeback outside of the swap cache" },
	{ c_writeback_free, CHEAP, "invariant: writeback of a free folio" },
	{ c_exclusive_ksm, CHEAP, "invariant: exclusive KSM page" },
	{ c_cached_no_entry, CHEAP, "invariant: cached folio without a swap entry" },
	{ c_cached_off, CHEAP, "invariant: cached folio of a device that is off" },
	{ c_cached_not_there, CHEAP, "invariant: cached folio is not in the swap table" },
	{ c_lru_twice, QUIET, "invariant: folio is on an LRU list twice" },
	{ c_lru_no_flag, QUIET, "invariant: folio on an LRU list without PG_lru" },
	{ c_lru_wrong, QUIET, "invariant: folio is on the wrong LRU list" },
	{ c_lru_lazyfree, QUIET, "invariant: folio is on the wrong LRU list" },
	{ c_lazyfree_cached, CHEAP, "invariant: lazyfree folio in the swap cache" },
	{ c_lazyfree_entry, CHEAP, "invariant: lazyfree folio with a swap entry" },
	{ c_lru_size, QUIET, "invariant: LRU size does not match its list" },
	{ c_lru_off, QUIET, "invariant: folio with PG_lru on no list" },
	{ c_pin_leak, QUIET, "leak: pin of a page" },
	{ c_pin_refs, CHEAP, "invariant: pinned page without its references" },
	{ c_pin_shared, CHEAP, "invariant: pinned page is not exclusive" },
	{ c_ref_leak, QUIET, "leak: folio reference" },
	{ c_ref_leak_one, QUIET, "leak: folio reference" },
	{ c_lock_leak, QUIET, "leak: folio lock" },
	{ c_writeback_leak, QUIET, "leak: writeback never ended" },
	{ c_word_no_folio, CHEAP, "invariant: swap table names no folio" },
	{ c_word_other_folio, CHEAP,
	  "invariant: swap table names a folio that is not cached there" },
	{ c_slot_nobody, CHEAP, "invariant: swap slot in use by nobody" },
	{ c_overflow, CHEAP, "invariant: overflowed swap count without its extension" },
	{ c_cluster_count, CHEAP, "invariant: cluster count does not match its table" },
	{ c_cluster_free_used, CHEAP, "invariant: free cluster has slots in use" },
	{ c_pages, CHEAP, "invariant: si->pages does not match the swap table" },
	{ c_inuse, CHEAP, "invariant: inuse_pages does not match the swap table" },
	{ c_totals, CHEAP, "invariant: nr_swap_pages does not match the devices" },
	{ c_cluster_unlisted, QUIET, "invariant: cluster is on no list" },
	{ c_cluster_wrong_list, QUIET, "invariant: cluster is on the wrong list" },
	{ c_cluster_full, QUIET, "invariant: full cluster has free slots" },
	{ c_percpu_off, QUIET, "invariant: per-CPU cluster of a device that is off" },
	{ c_pte_no_folio, CHEAP, "invariant: page table names no folio" },
	{ c_pte_writable, CHEAP, "invariant: writable page is not exclusive" },
	{ c_pte_device_off, CHEAP, "invariant: page table names a device that is off" },
	{ c_pte_free_slot, CHEAP, "invariant: page table names a free swap slot" },
	{ c_pte_exclusive_cached, CHEAP, "invariant: exclusive page behind a swap entry" },
	{ c_mmlist, CHEAP, "invariant: mm with swap entries is not on mmlist" },
	{ c_mapcount, CHEAP, "invariant: mapcount does not match the page tables" },
	{ c_pte_gone, CHEAP, "invariant: mapcount does not match the page tables" },
	{ c_exclusive_shared, CHEAP, "invariant: exclusive page with several mappings" },
	{ c_count_low, CHEAP, "invariant: swap count below its page table entries" },
	{ c_count_high, CHEAP, "invariant: swap count above its page table entries" },
	{ c_swp_exclusive_shared, CHEAP, "invariant: exclusive swap entry with several users" },
	{ c_rss, QUIET, "invariant: rss does not match the page tables" },
	{ c_rss_swap, QUIET, "invariant: rss does not match the page tables" },
	{ c_vma_order, QUIET, "invariant: vmas out of order" },
	{ c_pte_outside, QUIET, "invariant: page table entry outside of all vmas" },
	{ c_rmap_index, QUIET, "invariant: page that rmap does not find" },
	{ c_rmap_anon_vma, QUIET, "invariant: page that rmap does not find" },
	{ c_tlb, QUIET, "invariant: stale TLB entry" },
	{ c_ksm_item, QUIET, "invariant: KSM item is not stable" },
	{ c_ksm_length, QUIET, "invariant: KSM node does not match its list" },
	{ c_ksm_chain, QUIET, "invariant: KSM chain does not have one node in the tree" },
	{ c_ksm_counters, QUIET, "invariant: KSM counters do not match the stable tree" },
	{ a_slot, AUDIT, "leak: swap slot in use at teardown" },
	{ a_device, AUDIT, "leak: swap device in use at teardown" },
	{ a_totals, AUDIT, "invariant: nr_swap_pages does not match the devices" },
	{ a_folio, AUDIT, "leak: folio at teardown" },
	{ a_pin, AUDIT, "leak: pin at teardown" },
	{ a_mm, AUDIT, "leak: mm at teardown" },
	{ a_mmlist, AUDIT, "leak: mm on mmlist at teardown" },
	{ a_ksm_slot, AUDIT, "leak: KSM slot at teardown" },
	{ a_ksm_node, AUDIT, "leak: KSM stable node at teardown" },
	{ a_object, AUDIT, "leak: kmalloc of a_object at teardown" },
	{ a_poison, AUDIT, "poison: write after free of kmalloc-64" },
	{ a_lock, AUDIT, "leak: lock held at teardown" },
};

static void world_begin(void *arg)
{
	const struct world_config *config = arg;

	if (model_setup(config))
		report("test: setup failed", "");
	build();
}

/* arg: the corruption, NULL for none. */
static void world_check(void *arg)
{
	const struct corruption *c = arg;

	if (c && c->when != AUDIT)
		c->corrupt();
	if (!c || c->when == CHEAP)
		check_all_cheap();
	if (!c || c->when <= QUIET)
		check_all_quiet();
	model_teardown();
	if (c && c->when == AUDIT)
		c->corrupt();
	check_all_audit();
}

static const char *run(const struct world_config *config, const struct corruption *c)
{
	static char title[REPORT_TITLE_MAX];
	enum engine_status status;

	engine_reset(&(struct engine_config){ .cpus = config->cpus, .arena_size = 128 * 1024 });
	status = engine_quiet(world_begin, (void *)(uintptr_t)config);
	if (status == ENGINE_DONE)
		status = engine_quiet(world_check, (void *)(uintptr_t)c);
	snprintf(title, sizeof(title), "%s",
		 status == ENGINE_REPORTED ? engine_report()->title : "");
	return title;
}

/* A KSM page must be in the world, a swapped one, a cached one: else the tests
 * above would test nothing. */
static void check_world(void *arg)
{
	(void)arg;
	CHECK(plain() && page_peek_exclusive(folio_page(plain(), 0)));
	CHECK(pte_is_swap(test_pte(1, 1)));
	CHECK(cached() && look_flag(cached(), PG_swapcache) && look_flag(cached(), PG_lru));
	CHECK(ksm() && look_ksm(ksm()) && ksm() == test_folio(2, 3));
	CHECK(unused() != NULL);
	CHECK(tlb_peek(0, test_mm(2), 0).write);
}

int main(void)
{
	struct world_config config = test_config(WORLD_DEV_SYNC);

	config.dev[0].flags &= (u8)~WORLD_DEV_SYNC;
	config.folios = 16;
	sites_init();
	CHECK_STR(run(&config, NULL), "");
	engine_reset(&(struct engine_config){ .cpus = config.cpus, .arena_size = 128 * 1024 });
	engine_quiet(world_begin, &config);
	engine_quiet(check_world, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(corruptions); i++) {
		const char *title = run(&config, &corruptions[i]);

		CHECK_STR(title, corruptions[i].title);
		if (strcmp(title, corruptions[i].title) && title[0])
			printf("%s", engine_report()->body);
		/* The twin, after it: nothing of the corruption is left. */
		CHECK_STR(run(&config, NULL), "");
	}
	engine_exit();
	return TEST_END();
}
