/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: who gets the last folios, when reclaim runs and when it doesn't, that
 * failure is bounded and counted, that free contents are poisoned.
 * Method: a pool of 8 folios and a reclaim of the test's own that can be told how
 * much to free; failures through the policy's choice.
 */
#include "core/page/test/page_test.h"

/* ---- a reclaim that gives back what the test holds ----------------------- */

static struct {
	struct folio *held[16];
	unsigned nheld;
	unsigned calls, kswapd, depth, max_depth;
	bool frees, allocates, memalloc;
} r;

static unsigned long test_reclaim(unsigned int nr, gfp_t gfp)
{
	unsigned long freed = 0;

	CHECK(nr > 0);
	CHECK(gfp & __GFP_DIRECT_RECLAIM);
	r.calls++;
	r.max_depth = max(r.max_depth, ++r.depth);
	r.memalloc = current->flags & PF_MEMALLOC;
	if (r.allocates) {
		struct folio *folio = folio_alloc(GFP_KERNEL, 0);

		if (folio)
			r.held[r.nheld++] = folio;
	}
	for (; r.frees && r.nheld && freed < nr; freed++)
		folio_put(r.held[--r.nheld]);
	r.depth--;
	return freed;
}

static void test_wakeup(void)
{
	r.kswapd++;
}

static const struct page_alloc_ops test_ops = { test_reclaim, test_wakeup };

static struct folio *take(gfp_t gfp)
{
	struct folio *folio = folio_alloc(gfp, 0);

	if (folio)
		r.held[r.nheld++] = folio;
	return folio;
}

static void begin(bool frees)
{
	memset(&r, 0, sizeof(r));
	r.frees = frees;
	page_alloc_set_ops(&test_ops);
}

/*
 *	free:  8 7 6 5 4 | 3 | 2 | 1 | 0     low 4, min 2, high (atomic) 1
 *	       fast path   needs more than "low" after it
 */
static void watermarks(void *arg)
{
	(void)arg;
	begin(false);
	CHECK_EQ(low_wmark_pages(), 4);
	CHECK_EQ(min_wmark_pages(), 2);
	CHECK_EQ(high_wmark_pages(), 6);
	for (int i = 0; i < 4; i++)
		CHECK(take(GFP_KERNEL));
	CHECK_EQ(nr_free_pages(), 4);
	CHECK_EQ(r.kswapd, 0);
	CHECK(!zone_watermark_ok(low_wmark_pages()));
	/* Below low: kswapd is woken, the min watermark decides. */
	CHECK(take(GFP_KERNEL));
	CHECK_EQ(r.kswapd, 1);
	CHECK_EQ(r.calls, 0);
	CHECK(take(GFP_NOWAIT));
	CHECK_EQ(nr_free_pages(), 2);
	/* At min: those who cannot sleep fail, atomic ones dip. */
	CHECK(!take(GFP_NOWAIT));
	CHECK(!take(__GFP_NORETRY));
	CHECK(take(GFP_ATOMIC));
	CHECK(!take(GFP_ATOMIC));
	CHECK_EQ(r.calls, 0);
	CHECK_EQ(counters[COUNTER_oom], 0);
	/* Reclaim frees nothing: bounded, counted, NULL. */
	CHECK(!take(GFP_KERNEL));
	CHECK(r.calls >= 1 && r.calls <= 4);
	CHECK_EQ(counters[COUNTER_oom], 1);
	/* The reclaimer itself takes the last one and starts no reclaim. */
	r.calls = 0;
	current->flags |= PF_MEMALLOC;
	CHECK(!take(GFP_KERNEL | __GFP_NOMEMALLOC));
	CHECK(take(GFP_KERNEL));
	CHECK(!take(GFP_KERNEL));
	current->flags &= ~PF_MEMALLOC;
	CHECK_EQ(r.calls, 0);
	CHECK_EQ(nr_free_pages(), 0);
	while (r.nheld)
		folio_put(r.held[--r.nheld]);
	CHECK_EQ(nr_free_pages(), 8);
}

static void direct_reclaim(void *arg)
{
	(void)arg;
	begin(true);
	while (nr_free_pages() > 2)
		CHECK(take(GFP_KERNEL));
	CHECK_EQ(r.calls, 0);
	/* Reclaim allocates: it takes the reserve and doesn't recurse. */
	r.allocates = true;
	CHECK(take(GFP_KERNEL));
	CHECK_EQ(r.calls, 1);
	CHECK_EQ(r.max_depth, 1);
	CHECK(r.memalloc);
	CHECK(!(current->flags & PF_MEMALLOC));
	r.allocates = false;
	/* A reclaim that never helps others: ends, although it makes progress. */
	r.frees = false;
	while (nr_free_pages() > 2)
		CHECK(take(GFP_KERNEL));
	CHECK(!take(GFP_KERNEL | __GFP_NORETRY));
	CHECK_EQ(r.calls, 2);
	while (r.nheld)
		folio_put(r.held[--r.nheld]);
}

/* Always makes progress, and somebody else always takes what came free. */
static unsigned long thief_calls;
static unsigned long thief(unsigned int nr, gfp_t gfp)
{
	(void)nr;
	(void)gfp;
	thief_calls++;
	return 1;
}
static const struct page_alloc_ops thief_ops = { thief, NULL };

static void thieves(void *arg)
{
	(void)arg;
	begin(false);
	thief_calls = 0;
	while (nr_free_pages() > 2)
		take(GFP_KERNEL);
	page_alloc_set_ops(&thief_ops);
	CHECK(!take(GFP_KERNEL));
	CHECK(thief_calls >= 2 && thief_calls <= 32);
	while (r.nheld)
		folio_put(r.held[--r.nheld]);
}

/* ---- reuse, orders, poison ----------------------------------------------- */

static void reuse(void *arg)
{
	struct folio *a = folio_alloc(GFP_KERNEL, 0), *b = folio_alloc(GFP_KERNEL, 0);

	(void)arg;
	CHECK_EQ(a->pfn, 1);
	CHECK_EQ(b->pfn, 2);
	folio_put(a);
	folio_put(b);
	CHECK(folio_alloc(GFP_KERNEL, 0) == b); /* last in, first out */
	CHECK(folio_alloc(GFP_KERNEL, 0) == a);
	CHECK_EQ(folio_ref_count(a), 1);
	folio_put(a);
	folio_put(b);
}

static void orders(void *arg)
{
	struct folio *small = folio_alloc(GFP_KERNEL, 0), *large[2];
	struct page_audit audit;

	(void)arg;
	/*
	 * pfn 0 is the zero page, 1 is taken:
	 *	[z][s][2 3][4 5 6 7][8]
	 */
	large[0] = folio_alloc(GFP_KERNEL, 1);
	large[1] = folio_alloc(GFP_KERNEL, 2);
	CHECK_EQ(large[0]->pfn, 2);
	CHECK_EQ(large[1]->pfn, 4);
	CHECK_EQ(folio_nr_pages(large[1]), 4);
	CHECK(folio_test_large(large[1]) && !folio_test_large(small));
	for (unsigned long i = 0; i < 4; i++) {
		struct page *page = folio_page(large[1], i);

		CHECK_EQ(page_to_pfn(page), 4 + i);
		CHECK(page_folio(page) == large[1]);
		CHECK_EQ(folio_page_idx(large[1], page), i);
	}
	CHECK_EQ(nr_free_pages(), 1);
	CHECK(!folio_alloc(GFP_NOWAIT, 1));
	page_audit(&audit);
	CHECK_EQ(audit.used, 7);
	CHECK(audit.leaked == small);
	CHECK(!audit.broken);
	folio_put(large[1]);
	folio_put(large[0]);
	folio_put(small);
	CHECK(page_folio(pfn_to_page(5)) == pfn_folio(5)); /* its own head again */
	CHECK_EQ(pfn_folio(5)->pfn, 5);
	CHECK_EQ(nr_free_pages(), 8);
}

static void poison(void *arg)
{
	struct folio *folio = folio_alloc(GFP_KERNEL | __GFP_ZERO, 0);

	(void)arg;
	for (unsigned i = 0; i < PAGE_WORDS; i++)
		CHECK_EQ(page_load_word(&folio->page[0], i), 0);
	folio_put(folio);
	for (unsigned i = 0; i < PAGE_WORDS; i++)
		CHECK_EQ(page_load_word(&folio->page[0], i), 0xaaaaaaaaaaaaaaaaull);
}

static void audit_fires(void *arg)
{
	struct page_audit audit;

	page_audit(&audit);
	CHECK(!audit.broken && !audit.leaked);
	CHECK_EQ(audit.free_listed, 8);
	switch ((uintptr_t)arg) {
	case 0:
		pfn_folio(3)->_refcount.counter = 1;
		break;
	case 1:
		folio_set_dirty(pfn_folio(3));
		break;
	case 2:
		pfn_folio(3)->buddy = 0;
		break;
	case 3:
		page_store_word(&zero_folio()->page[0], 3, 1);
		break;
	}
	page_audit(&audit);
	CHECK(audit.broken);
}

/* ---- injected failure ---------------------------------------------------- */

static u32 choose_fail(struct sched_policy *p, const struct engine_view *v,
		       const struct sched_choice *c)
{
	(void)p;
	(void)v;
	return c->kind == CHOICE_ALLOC;
}

static struct sched_policy failing = {
	.name = "failing", .start = test_start, .next = test_next_lowest, .choose = choose_fail,
};

static void fail_task(void *arg)
{
	(void)arg;
	CHECK(!folio_alloc(GFP_KERNEL, 0));
	r.held[0] = folio_alloc(GFP_KERNEL | __GFP_NOFAIL, 0);
	CHECK(r.held[0]);
	folio_put(r.held[0]);
}

static void alloc_in_atomic(void *arg)
{
	(void)arg;
	preempt_disable();
	folio_put(folio_alloc(GFP_KERNEL, 0));
	preempt_enable();
}

static void atomic_in_atomic(void *arg)
{
	(void)arg;
	preempt_disable();
	folio_put(folio_alloc(GFP_ATOMIC, 0));
	preempt_enable();
}

int main(void)
{
	sites_init();
	test_config.low_watermark = 4;
	CHECK_STR(test_quiet(watermarks, NULL), "");
	CHECK_STR(test_quiet(direct_reclaim, NULL), "");
	CHECK_STR(test_quiet(thieves, NULL), "");
	test_config.low_watermark = 0;
	CHECK_STR(test_quiet(reuse, NULL), "");
	CHECK_STR(test_quiet(orders, NULL), "");
	CHECK_STR(test_quiet(poison, NULL), "");
	for (uintptr_t i = 0; i < 4; i++)
		CHECK_STR(test_quiet(audit_fires, (void *)i), "");
	CHECK_STR(test_tasks(&(struct test_run){ .fn = { fail_task }, .policy = &failing,
						 .finish = test_all_free }), "");
	CHECK_HAS(test_task(alloc_in_atomic), "sleeping function called from invalid context");
	CHECK_STR(test_task(atomic_in_atomic), "");
	engine_exit();
	return TEST_END();
}
