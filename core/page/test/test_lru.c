/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: batches hold references, move folios when they are full or drained, skip
 * what was isolated; drains reach the CPUs they say; activation, deactivation,
 * lazyfree and rotation put a folio where the kernel does.
 * Method: pictures of the lists and the batch before and after each step. Batches
 * have four entries. Random schedules of adders, isolators, rotators and drains on
 * two CPUs, then an audit.
 */
#include "core/page/test/page_test.h"

/* The LRU as text, most recent first: "i:3 1 a:2" (pfns). */
static const char *lru_text(void)
{
	static const struct { enum lru_list lru; char name; } lists[] = {
		{ LRU_INACTIVE_ANON, 'i' }, { LRU_ACTIVE_ANON, 'a' }, { LRU_INACTIVE_FILE, 'f' },
		{ LRU_ACTIVE_FILE, 'F' },
	};
	static char buf[128];
	size_t n = 0;

	buf[0] = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++) {
		struct list_head *head = &node_lruvec()->lists[lists[i].lru];
		struct folio *folio;

		if (list_empty(head))
			continue;
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%s%c:", n ? " " : "",
				      lists[i].name);
		list_for_each_entry(folio, head, lru)
			n += (size_t)snprintf(buf + n, sizeof(buf) - n, "%u%s", folio->pfn,
					      list_is_last(&folio->lru, head) ? "" : ",");
	}
	return buf;
}

static struct folio *anon_folio(void)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, 0);

	BUG_ON(!folio);
	__folio_set_swapbacked(folio);
	folio->mapping = 0x1000 | FOLIO_MAPPING_ANON;
	return folio;
}

/* What core/mm does with its own lock and checks. */
static bool isolate(struct folio *folio)
	__no_lock_analysis("the lock of the result of folio_lruvec_lock_irq()")
{
	struct lruvec *lruvec;

	if (!folio_test_clear_lru(folio))
		return false;
	folio_get(folio);
	lruvec = folio_lruvec_lock_irq(folio);
	lruvec_del_folio(lruvec, folio);
	lruvec_unlock_irq(lruvec);
	return true;
}

/*
 *	batch of CPU 0      list          refs of folio 1
 *	[1 . . .]                         2  (owner, batch)
 *	[1 2 3 .]                         2
 *	[. . . .]           4 3 2 1       1  (full: all moved)
 */
static void add(void *arg)
{
	struct folio *f[5];

	(void)arg;
	for (int i = 0; i < 3; i++) {
		f[i] = anon_folio();
		folio_add_lru(f[i]);
		CHECK(!folio_test_lru(f[i]));
		CHECK_EQ(folio_ref_count(f[i]), 2);
		CHECK_EQ(lru_batch_count(0), i + 1);
		CHECK_STR(lru_text(), "");
	}
	f[3] = anon_folio();
	folio_add_lru(f[3]);
	CHECK_EQ(lru_batch_count(0), 0);
	CHECK_STR(lru_text(), "i:4,3,2,1");
	CHECK_EQ(lruvec_lru_size(node_lruvec(), LRU_INACTIVE_ANON), 4);
	for (int i = 0; i < 4; i++) {
		CHECK(folio_test_lru(f[i]));
		CHECK_EQ(folio_ref_count(f[i]), 1);
	}
	/* The last put takes it off the list: being there is no reference. */
	folio_put(f[1]);
	CHECK(folio_is_free(f[1]));
	CHECK_STR(lru_text(), "i:4,3,1");
	/* In a batch the owner's put is not the last: the drain frees it. */
	f[4] = anon_folio();
	folio_add_lru(f[4]);
	folio_put(f[4]);
	CHECK(!folio_is_free(f[4]));
	lru_add_drain();
	CHECK(folio_is_free(f[4]));
	CHECK_STR(lru_text(), "i:4,3,1");
	folio_put(f[0]);
	folio_put(f[2]);
	folio_put(f[3]);
	CHECK_STR(lru_text(), "");
}

/*
 *	batch of CPU 0      refs        after the drain
 *	[1 2 3 .]           1 2 1       list: 2; free: 1 and 3
 */
static void dead(void *arg)
{
	struct folio *a = anon_folio(), *b = anon_folio(), *c = anon_folio();

	(void)arg;
	folio_add_lru(a);
	folio_add_lru(b);
	folio_add_lru(c);
	folio_mark_accessed(c); /* twice: active once it is added */
	folio_mark_accessed(c);
	CHECK(folio_test_active(c));
	folio_put(a);
	folio_put(c);
	CHECK(!folio_is_free(a) && !folio_is_free(c));
	lru_add_drain();
	CHECK(folio_is_free(a) && folio_is_free(c));
	CHECK_EQ(lru_batch_count(0), 0);
	CHECK_STR(lru_text(), "i:2");
	CHECK_EQ(folio_ref_count(b), 1);
	folio_put(b);
	CHECK(folio_is_free(b));
}

static void activation(void *arg)
{
	struct folio *a = anon_folio(), *b = anon_folio();

	(void)arg;
	folio_add_lru(a);
	folio_add_lru(b);
	/* In the lru_add batch of this CPU: first mark sets referenced, the second
	 * activates, which shows when it is added. */
	folio_mark_accessed(a);
	CHECK(folio_test_referenced(a) && !folio_test_active(a));
	folio_mark_accessed(a);
	CHECK(!folio_test_referenced(a) && folio_test_active(a));
	lru_add_drain();
	CHECK_STR(lru_text(), "i:2 a:1");

	/* On the list: through the activate batch. PG_lru stays set meanwhile. */
	folio_mark_accessed(b);
	folio_mark_accessed(b);
	CHECK(folio_test_lru(b) && !folio_test_active(b));
	CHECK_EQ(folio_ref_count(b), 2);
	CHECK_STR(lru_text(), "i:2 a:1");
	lru_add_drain();
	CHECK_STR(lru_text(), "a:2,1");
	CHECK_EQ(folio_ref_count(b), 1);

	folio_deactivate(a);
	folio_deactivate(a); /* twice in the batch: the second has nothing to do */
	lru_add_drain();
	CHECK_STR(lru_text(), "i:1 a:2");
	folio_deactivate(a);
	CHECK_EQ(lru_batch_count(0), 0); /* inactive already */
	folio_activate(a);
	lru_add_drain();
	CHECK_STR(lru_text(), "a:1,2");
	folio_put(a);
	folio_put(b);
}

/* Isolated between batch and drain:
 *
 *	activate batch [1]    PG_lru clear    ->    entry skipped, reference dropped
 */
static void isolated(void *arg)
{
	struct folio *a = anon_folio(), *b = anon_folio();

	(void)arg;
	folio_add_lru(a);
	folio_add_lru(b);
	CHECK(!isolate(a)); /* not on the LRU yet */
	lru_add_drain();
	folio_activate(a);
	folio_activate(b);
	CHECK(isolate(a));
	CHECK(!isolate(a));
	CHECK_EQ(folio_ref_count(a), 3);
	lru_add_drain();
	CHECK(!folio_test_active(a) && !folio_test_lru(a));
	CHECK_EQ(folio_ref_count(a), 2);
	CHECK_STR(lru_text(), "a:2");
	folio_add_lru(a); /* putback */
	folio_put(a);
	lru_add_drain();
	CHECK_STR(lru_text(), "i:1 a:2");
	folio_put(a);
	folio_put(b);
}

static void lazyfree(void *arg)
{
	struct folio *a = anon_folio(), *b = anon_folio(), *c = anon_folio();

	(void)arg;
	folio_add_lru(a);
	folio_add_lru(b);
	folio_add_lru(c);
	lru_add_drain();
	folio_mark_lazyfree(a);
	folio_mark_lazyfree(b);
	folio_set_swapcache(c);
	folio_mark_lazyfree(c); /* cached: refused */
	CHECK_EQ(lru_batch_count(0), 2);
	CHECK(folio_test_swapbacked(a)); /* not before the drain */
	folio_set_swapcache(b); /* became cached meanwhile: skipped by the drain */
	lru_add_drain();
	CHECK(!folio_test_swapbacked(a) && folio_test_swapbacked(b));
	CHECK_STR(lru_text(), "i:3,2 f:1");
	folio_clear_swapcache(b);
	folio_clear_swapcache(c);
	folio_put(a);
	folio_put(b);
	folio_put(c);
}

static void rotate(void *arg)
{
	struct folio *f[3];

	(void)arg;
	for (int i = 0; i < 3; i++) {
		f[i] = anon_folio();
		folio_add_lru(f[i]);
	}
	lru_add_drain();
	CHECK_STR(lru_text(), "i:3,2,1");
	folio_rotate_reclaimable(f[2]);
	CHECK_EQ(lru_batch_count(0), 1);
	lru_add_drain();
	CHECK_STR(lru_text(), "i:2,1,3");
	/* Not: locked, dirty, off the LRU. */
	CHECK(folio_trylock(f[1]));
	folio_rotate_reclaimable(f[1]);
	folio_unlock(f[1]);
	folio_set_dirty(f[1]);
	folio_rotate_reclaimable(f[1]);
	folio_clear_dirty(f[1]);
	CHECK_EQ(lru_batch_count(0), 0);
	/* End of writeback rotates what reclaim marked. */
	CHECK(folio_trylock(f[1]));
	folio_set_reclaim(f[1]);
	folio_start_writeback(f[1]);
	folio_unlock(f[1]);
	folio_end_writeback(f[1]);
	CHECK(!folio_test_reclaim(f[1]) && !folio_test_writeback(f[1]));
	lru_add_drain();
	CHECK_STR(lru_text(), "i:1,3,2");
	for (int i = 0; i < 3; i++)
		folio_put(f[i]);
}

static void unevictable(void *arg)
{
	struct folio *a = anon_folio();

	(void)arg;
	folio_set_mlocked(a);
	CHECK(!folio_evictable(a));
	folio_add_lru(a);
	lru_add_drain();
	CHECK(folio_test_unevictable(a) && folio_test_lru(a));
	CHECK_STR(lru_text(), ""); /* counted, on no list */
	CHECK_EQ(lruvec_lru_size(node_lruvec(), LRU_UNEVICTABLE), 1);
	folio_put(a);
	CHECK_EQ(lruvec_lru_size(node_lruvec(), LRU_UNEVICTABLE), 0);
}

static void large(void *arg)
{
	struct folio *a = folio_alloc(GFP_KERNEL, 1);

	(void)arg;
	__folio_set_swapbacked(a);
	folio_add_lru(a); /* never stays in a batch */
	CHECK(folio_test_lru(a));
	CHECK_EQ(lru_batch_count(0), 0);
	CHECK_EQ(lruvec_lru_size(node_lruvec(), LRU_INACTIVE_ANON), 2);
	folio_put(a);
}

/*
 *	CPU 0 [1 .]   CPU 1 [2 .]   drain on 0: only 1;   drain_all: both
 */
static void drains(void *arg)
{
	struct folio *a = anon_folio(), *b = anon_folio(), *c = anon_folio();

	(void)arg;
	folio_add_lru(a);
	engine_migrate(1, SITE("test"));
	folio_add_lru(b);
	folio_mark_accessed(a); /* another CPU's batch: activation finds nothing */
	folio_mark_accessed(a);
	CHECK(!folio_test_active(a));
	engine_migrate(0, SITE("test"));
	CHECK_EQ(lru_batch_count(0), 1);
	CHECK_EQ(lru_batch_count(1), 1);
	lru_add_drain();
	CHECK_STR(lru_text(), "i:1");
	CHECK_EQ(lru_batch_count(1), 1);
	folio_add_lru(c);
	lru_add_drain_all();
	CHECK_EQ(engine_cpu(), 0);
	CHECK_EQ(lru_batch_count(0) + lru_batch_count(1), 0);
	CHECK(folio_test_lru(a) && folio_test_lru(b) && folio_test_lru(c));
	folio_put(a);
	folio_put(b);
	folio_put(c);
}

static void batch_put(void *arg)
{
	struct folio_batch batch;
	struct folio *a = anon_folio(), *b = anon_folio();

	(void)arg;
	folio_add_lru(a);
	lru_add_drain();
	folio_get(b);
	folio_batch_init(&batch);
	CHECK_EQ(folio_batch_add(&batch, a), 3);
	CHECK_EQ(folio_batch_add(&batch, b), 2);
	folios_put(&batch);
	CHECK_EQ(folio_batch_count(&batch), 0);
	CHECK(folio_is_free(a) && !folio_is_free(b));
	CHECK_EQ(folio_ref_count(b), 1);
	folio_put(b);
	CHECK_STR(lru_text(), "");
}

/* ---- checks fire --------------------------------------------------------- */

static void add_twice(void *arg)
{
	struct folio *a = anon_folio();

	(void)arg;
	folio_add_lru(a);
	lru_add_drain();
	folio_add_lru(a);
}

static void batched_twice(void *arg)
{
	struct folio *a = anon_folio();

	(void)arg;
	folio_add_lru(a);
	folio_add_lru(a);
	lru_add_drain();
}

static void other_list(void *arg)
{
	struct folio *a = anon_folio();

	(void)arg;
	folio_add_lru(a);
	lru_add_drain();
	folio_set_active(a); /* without lru_lock and moving it */
	folio_put(a);
}

static void drain_all_in_atomic(void *arg)
{
	(void)arg;
	preempt_disable();
	lru_add_drain_all();
	preempt_enable();
}

/* ---- workingset ---------------------------------------------------------- */

static void *evict(struct folio *folio)
{
	void *shadow;

	CHECK(folio_trylock(folio));
	CHECK(folio_ref_freeze(folio, 1));
	shadow = workingset_eviction(folio);
	folio_ref_unfreeze(folio, 1);
	folio_unlock(folio);
	return shadow;
}

static void workingset(void *arg)
{
	struct folio *a = anon_folio(), *b = anon_folio();
	void *shadow;
	bool was;

	(void)arg;
	folio_set_workingset(a);
	shadow = evict(a);
	CHECK((uintptr_t)shadow & 1);
	CHECK_EQ((u64)(uintptr_t)shadow >> WORKINGSET_SHADOW_BITS, 0);
	/* Distance 1, no active page: too long ago. */
	CHECK(!workingset_test_recent(shadow, &was));
	CHECK(was);
	folio_add_lru(b);
	folio_set_active(b);
	lru_add_drain();
	CHECK(workingset_test_recent(shadow, &was));
	folio_clear_workingset(a);
	CHECK(folio_trylock(a));
	workingset_refault(a, shadow);
	CHECK(folio_test_active(a) && folio_test_workingset(a));
	folio_clear_active(a);
	/* Two more evictions: not recent any more. */
	workingset_age_nonresident(node_lruvec(), 2);
	workingset_refault(a, shadow);
	CHECK(!folio_test_active(a));
	CHECK_EQ(atomic_long_read(&node_lruvec()->refaults), 2);
	folio_unlock(a);
	folio_put(a);
	folio_put(b);
}

/* ---- random schedules ---------------------------------------------------- */

static struct folio *shared[3];
static struct engine_irq_work *irq_work;
static unsigned isolations;

static void race_setup(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++) {
		shared[i] = anon_folio();
		folio_add_lru(shared[i]);
	}
	irq_work = engine_arena_alloc(sizeof(*irq_work));
}

static void race_written(void *arg)
{
	(void)arg;
	folio_end_writeback(shared[2]);
}

static void race_adder(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++) {
		struct folio *folio = anon_folio();

		folio_add_lru(folio);
		folio_mark_accessed(shared[0]);
		folio_put(folio);
	}
	lru_add_drain();
}

static void race_isolator(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++) {
		struct folio *folio = shared[i];

		if (!isolate(folio)) {
			lru_add_drain_all();
			continue;
		}
		isolations++;
		folio_clear_active(folio);
		folio_add_lru(folio);
		folio_put(folio);
	}
}

static void race_writer(void *arg)
{
	(void)arg;
	folio_lock(shared[2]);
	folio_set_reclaim(shared[2]);
	folio_start_writeback(shared[2]);
	folio_unlock(shared[2]);
	irq_work->fn = race_written;
	irq_work->name = "write";
	engine_irq_queue(1, irq_work);
	folio_activate(shared[0]);
	folio_deactivate(shared[1]);
	folio_mark_lazyfree(shared[1]);
	lru_add_drain_all();
	folio_wait_writeback(shared[2]);
}

static void race_finish(void *arg)
{
	for (int i = 0; i < 3; i++)
		folio_put(shared[i]);
	test_all_free(arg);
}

int main(void)
{
	static void (*const steps[])(void *) = { add, dead, activation, isolated, lazyfree, rotate,
						 unevictable, large, drains, batch_put, workingset };

	sites_init();
	for (unsigned i = 0; i < ARRAY_SIZE(steps); i++) {
		CHECK_STR(test_quiet(steps[i], NULL), "");
		CHECK_STR(test_tasks(&(struct test_run){ .fn = { steps[i] },
							 .finish = test_all_free }), "");
	}
	CHECK_STR(test_quiet(add_twice, NULL), "WARNING: folio on the LRU already in folio_add_lru");
	CHECK_STR(test_quiet(batched_twice, NULL), "WARNING: folio on the LRU already in lru_add");
	CHECK_STR(test_quiet(other_list, NULL),
		  "WARNING: folio on another LRU list in lruvec_del_folio");
	CHECK_HAS(test_task(drain_all_in_atomic), "sleeping function called from invalid context");
	test_config.batch = 2;
	test_config.folios = 16;
	for (u64 seed = 1; seed <= 1000; seed++)
		CHECK_STR(test_tasks(&(struct test_run){
			.setup = race_setup, .finish = race_finish,
			.fn = { race_adder, race_isolator, race_writer, race_adder },
			.cpu = { 0, 1, 0, 1 }, .policy = &test_policy_random, .seed = seed }), "");
	CHECK(isolations > 100);
	engine_exit();
	return TEST_END();
}
