/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of core/mm: a world set up through model_setup(), run by a
 * random walk, torn down and looked at for leaks. A test is a set-up function,
 * a task function for each task, and a check. Titles of reports come back.
 */
#ifndef CORE_MM_TEST_WORLD_TEST_H
#define CORE_MM_TEST_WORLD_TEST_H

#include "core/base/counters.h"
#include "core/base/prng.h"
#include "core/base/seeded_bug.h"
#include "core/base/test.h"
#include "core/engine/policy.h"
#include "core/mm/mm.h"
#include "core/mm/mm_slot.h"
#include "core/world/model_world.h"
#include "core/page/page.h"
#include "core/swap/swap.h"

#include <stdlib.h>

#define TEST_TASKS_MAX 4

struct world_test {
	const char *name;
	struct world_config config;
	void (*setup)(void);                  /* after model_setup(), no task runs */
	void (*task[TEST_TASKS_MAX])(void);   /* task i runs on CPU i % cpus */
	void (*check)(void);                  /* before tear-down, no task runs */
	void (*before)(void);                 /* before each run, outside of the world */
	unsigned fail_one_in;                 /* allocation failures; 0: none */
	unsigned io_fail_one_in;              /* I/O errors; 0: none */
	unsigned signal_one_in;               /* signals to the tasks; 0: none */
};

/* mms 1 and 2, one synchronous device, two CPUs. */
static inline struct world_config test_config(u8 dev_flags)
{
	struct world_config c = {
		.cpus = 2, .folios = 32, .cluster_slots = 4, .count_bits = 2, .batch = 4,
		.readahead = 0, .swap_full = 50, .low_watermark = 2, .mms = 3,
	};

	c.dev[0] = (struct world_dev){
		.flags = WORLD_DEV_PRESENT | WORLD_DEV_ON | dev_flags, .slots = 17 };
	return c;
}

/* ---- policy: a random walk that stays with a context for a while; how long on
 * average (1, 2, 4, .. 64 events) is drawn for each run ------------------------- */

struct walk {
	struct sched_policy policy;
	u64 state;
	unsigned switch_one_in;
	const struct world_test *test;
};

static inline __no_sanitize_tsan u64 walk_next(struct walk *w)
{
	w->state = w->state * 6364136223846793005ull + 1442695040888963407ull;
	return w->state >> 33;
}

static __no_sanitize_tsan void walk_start(struct sched_policy *p, const struct engine_view *v,
					  u64 seed)
{
	struct walk *w = container_of(p, struct walk, policy);

	(void)v;
	w->state = seed * 0x9e3779b97f4a7c15ull + 1;
	walk_next(w);
	w->switch_one_in = 1u << walk_next(w) % 7;
}

static __no_sanitize_tsan unsigned walk_choose_ctx(struct sched_policy *p,
						   const struct engine_view *v)
{
	struct walk *w = container_of(p, struct walk, policy);
	unsigned n = ctx_count(v->runnable);
	unsigned k = (unsigned)(walk_next(w) % n);
	ctx_mask mask = v->runnable;

	if (mask & 1u << v->cur && walk_next(w) % w->switch_one_in &&
	    v->pending[v->cur].kind != EV_YIELD)
		return v->cur;
	while (k--)
		mask &= mask - 1;
	return ctx_first(mask);
}

static __no_sanitize_tsan u32 walk_choose(struct sched_policy *p, const struct engine_view *v,
		       const struct sched_choice *c)
{
	struct walk *w = container_of(p, struct walk, policy);

	(void)v;
	unsigned one_in = 0;

	if (c->kind == CHOICE_ALLOC)
		one_in = w->test->fail_one_in;
	else if (c->kind == CHOICE_IO)
		one_in = w->test->io_fail_one_in;
	else if (c->kind == CHOICE_SIGNAL)
		one_in = w->test->signal_one_in;
	return one_in && c->n > 1 && walk_next(w) % one_in == 0 ? 1 : 0;
}

static inline struct walk walk_policy(const struct world_test *test)
{
	return (struct walk){ .policy = { .name = "test walk", .start = walk_start,
					  .next = walk_choose_ctx, .choose = walk_choose },
			      .test = test };
}

/* ---- looking at the world ------------------------------------------------------ */

static inline struct mm_struct *test_mm(int mm)
{
	return model_mm_slots[mm].mm;
}

/* The PTE of a page as it is; 0 where there is no page table. No event. */
static inline pte_t test_pte(int mm, int page)
{
	struct ptdesc *pt = test_mm(mm) ? test_mm(mm)->pt[page / WORLD_REGION_PAGES] : NULL;

	return pt ? pt->pte[page % WORLD_REGION_PAGES] : __pte(0);
}

static inline struct folio *test_folio(int mm, int page)
{
	return pte_present(test_pte(mm, page)) ? pfn_folio(pte_pfn(test_pte(mm, page))) : NULL;
}

static inline u64 test_read(int mm, int page)
{
	u64 words[WORLD_WORDS] = { 0 };
	int ret = model_read(mm, page, words);

	if (ret)
		return 0xbad0000u + (unsigned)-ret;
	for (int i = 1; i < WORLD_WORDS; i++)
		if (words[i] != words[0])
			return 0xbad70000u; /* torn */
	return words[0];
}

/* Until all writes have ended, as they would have long ago in an idle machine. */
static inline void test_wait_io(void)
{
	for (unsigned long pfn = 1; pfn < folio_map_size; pfn++)
		folio_wait_writeback(pfn_folio(pfn));
}

/* Swapped out, written, and dropped from memory as far as reclaim can. */
static inline int test_pageout(int mm, int page, int pages)
{
	int ret = model_madv_pageout(mm, page, pages);

	test_wait_io();
	return ret;
}

/* rss counters against the page tables. */
static inline void test_check_rss(void)
{
	for (int mm = 1; mm <= WORLD_MM_MAX; mm++) {
		long anon = 0, swap = 0;

		if (!test_mm(mm))
			continue;
		for (int page = 0; page < WORLD_PAGES; page++) {
			pte_t pte = test_pte(mm, page);

			if (pte_present(pte) && !is_zero_pfn(pte_pfn(pte)))
				anon++;
			else if (softleaf_is_swap(softleaf_from_pte(pte)))
				swap++;
		}
		CHECK_EQ(get_mm_counter(test_mm(mm), MM_ANONPAGES), anon);
		CHECK_EQ(get_mm_counter(test_mm(mm), MM_SWAPENTS), swap);
	}
}

/* Each folio's references: PTEs, swap cache; none else once batches are drained. */
static inline void test_check_refs(void)
{
	for (unsigned long pfn = 1; pfn < folio_map_size; pfn++) {
		struct folio *folio = pfn_folio(pfn);
		int maps = 0;

		for (int mm = 1; mm <= WORLD_MM_MAX; mm++)
			for (int page = 0; page < WORLD_PAGES; page++)
				maps += test_mm(mm) && test_folio(mm, page) == folio;
		CHECK_EQ(folio_mapcount(folio), maps);
		CHECK_EQ(folio_ref_count(folio), maps + folio_test_swapcache(folio));
	}
}

struct test_path { const char *name; u64 taken; };

static inline void test_add_path(const struct path *path, void *arg)
{
	struct test_path *p = arg;

	if (!strcmp(path->name, p->name))
		p->taken += path->taken;
}

/* How often a path was taken since the process started. */
static inline u64 test_path_taken(const char *name)
{
	struct test_path p = { .name = name };

	paths_for_each(test_add_path, &p);
	return p.taken;
}

/* ---- running ---------------------------------------------------------------------- */

static const struct world_test *test_now;
static struct task_struct *test_tasks;

static void test_do_setup(void *arg)
{
	const struct world_test *t = arg;

	test_tasks = engine_arena_alloc(TEST_TASKS_MAX * sizeof(*test_tasks));
	if (model_setup(&t->config))
		report("test: model_setup failed", "");
	if (t->setup)
		t->setup();
}

static void test_do_task(void *arg)
{
	void (*fn)(void) = test_now->task[(uintptr_t)arg];

	engine_set_ctx_data(&test_tasks[(uintptr_t)arg]);
	if (test_now->signal_one_in)
		current->flags |= PF_MAY_SIGNAL;
	engine_op_begin(1, SITE("op"));
	fn();
	engine_op_end(SITE("op"));
}

static void test_do_check(void *arg)
{
	const struct world_test *t = arg;

	if (t->check)
		t->check();
	test_check_rss();
	lru_add_drain_all();
	page_teardown();
	test_check_refs();
}

static void test_do_teardown(void *arg)
{
	struct page_audit audit;

	(void)arg;
	model_teardown();
	page_audit(&audit);
	CHECK_EQ(audit.used, 0);
	CHECK_EQ(audit.free_count, audit.total);
	CHECK_STR(audit.broken ? audit.broken : "", "");
	CHECK_EQ(get_nr_swap_pages(), total_swap_pages);
}

static u64 test_last_value;

static void test_do_last_read(void *arg)
{
	(void)arg;
	test_last_value = test_read(1, 0);
}

/* What ends a run; a test may have its own. */
static void (*test_teardown)(void *arg) = test_do_teardown;

/* One run. Returns the title of its report, "" for none. *last, if not NULL:
 * what mm 1 has at page 0 before tear-down. */
static inline const char *test_run_last(const struct world_test *t, u64 seed, u64 *last)
{
	static char title[REPORT_TITLE_MAX];
	struct engine_task tasks[TEST_TASKS_MAX];
	struct walk walk = walk_policy(t);
	struct engine_config config = {
		.backend = ENGINE_SIM, .cpus = t->config.cpus, .tasks = tasks,
		.policy = &walk.policy, .seed = seed, .arena_size = 256 * 1024,
		.capture_stacks = false,
	};
	enum engine_status status;

	test_now = t;
	if (t->before)
		t->before();
	while (config.ntasks < TEST_TASKS_MAX && t->task[config.ntasks]) {
		unsigned i = config.ntasks++;

		tasks[i] = (struct engine_task){ .fn = test_do_task, .arg = (void *)(uintptr_t)i,
						 .cpu = (u8)(i % t->config.cpus) };
	}
	engine_reset(&config);
	status = engine_quiet(test_do_setup, (void *)(uintptr_t)t);
	if (status == ENGINE_DONE && config.ntasks)
		status = engine_run();
	if (status == ENGINE_DONE)
		status = engine_quiet(test_do_check, (void *)(uintptr_t)t);
	if (status == ENGINE_DONE && last) {
		status = engine_quiet(test_do_last_read, NULL);
		*last = test_last_value;
	}
	if (status == ENGINE_DONE)
		status = engine_quiet(test_teardown, NULL);
	title[0] = 0;
	if (status == ENGINE_REPORTED)
		snprintf(title, sizeof(title), "%s", engine_report()->title);
	return title;
}

static inline const char *test_run(const struct world_test *t, u64 seed)
{
	return test_run_last(t, seed, NULL);
}

/* n schedules, none of which may report. */
static inline void test_clean(const struct world_test *t, unsigned n)
{
	for (u64 seed = 1; seed <= n; seed++) {
		unsigned long before = test_failures;
		const char *title = test_run(t, seed);

		CHECK_STR(title, "");
		if (title[0])
			printf("%s, seed %llu:\n%s\n", t->name, (unsigned long long)seed,
			       engine_report()->body);
		if (test_failures != before) {
			printf("%s: failed with seed %llu\n", t->name, (unsigned long long)seed);
			return;
		}
	}
}

/* Up to n schedules with a seeded bug on: one must give a title that starts so. */
static inline void test_finds(const struct world_test *t, enum seeded_bug bug, const char *title,
			      unsigned n)
{
	const char *got = "";
	u64 seed;

	seeded_bug_select(bug);
	for (seed = 1; seed <= n; seed++) {
		got = test_run(t, seed);
		if (got[0])
			break;
	}
	seeded_bug_select(BUG_NONE);
	CHECK_HAS(got, title);
	printf("%s: %s by seed %llu: %s\n", t->name, seeded_bug_info(bug)->name,
	       (unsigned long long)seed, got);
}

#endif
