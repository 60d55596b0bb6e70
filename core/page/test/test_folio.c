/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: references, the folio lock, writeback and contents keep their contracts,
 * and each misuse is reported by name.
 * Method: exhaustive sequences of reference operations against a counter; each
 * check fires once and stays silent in a twin; two tasks and an interrupt for what
 * sleeps, under all orders that 200 random seeds give.
 */
#include "core/page/test/page_test.h"

static struct folio *f;

/* ---- references ---------------------------------------------------------- */

/*
 * A folio is freed only by its last owner.
 *
 *	owners:   pte  cache  gup      Try all 3! release orders; only the
 *	          [x]   [x]   [x]      last may free the folio.
 */
static void release_orders(void *arg)
{
	static const u8 order[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					{ 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	(void)arg;
	for (int p = 0; p < 6; p++) {
		f = folio_alloc(GFP_KERNEL, 0);
		folio_get(f);            /* cache */
		CHECK(folio_try_get(f)); /* gup */
		for (int i = 0; i < 3; i++) {
			CHECK_EQ(folio_ref_count(f), 3 - i);
			CHECK(!folio_is_free(f));
			if (order[p][i] == 1)
				folio_put_refs(f, 1);
			else
				folio_put(f);
		}
		CHECK(folio_is_free(f));
		CHECK(!folio_try_get(f));
	}
}

enum ref_op { GET, PUT, TRY_GET, FREEZE1, FREEZE2, UNFREEZE, ADD2, SUB1, PUT2, REF_OPS };

/* The title that op must give on a folio with count references, "" for none; and
 * what it leaves. -1: the folio is freed. */
static const char *ref_model(enum ref_op op, int *count, bool *ret)
{
	int c = *count;

	*ret = true;
	switch (op) {
	case GET:
		*count = c + 1;
		return c == 0 ? "WARNING: refcount zero in folio_get" : "";
	case ADD2:
		*count = c + 2;
		return c == 0 ? "WARNING: refcount zero in folio_ref_add" : "";
	case PUT:
		*count = c == 1 ? -1 : c - 1;
		return c == 0 ? "WARNING: refcount below zero in folio_put" : "";
	case PUT2:
		*count = c == 2 ? -1 : c - 2;
		return c < 2 ? "WARNING: refcount below zero in folio_put_refs" : "";
	case SUB1:
		*count = c - 1;
		return c <= 1 ? "WARNING: refcount zero in folio_ref_sub" : "";
	case TRY_GET:
		*ret = c != 0;
		*count = c ? c + 1 : 0;
		return "";
	case FREEZE1:
	case FREEZE2:
		*ret = c == (op == FREEZE1 ? 1 : 2);
		*count = *ret ? 0 : c;
		return "";
	case UNFREEZE:
		*count = 2;
		return c != 0 ? "WARNING: refcount not frozen in folio_ref_unfreeze" : "";
	default:
		return "";
	}
}

static bool ref_apply(enum ref_op op)
{
	switch (op) {
	case GET: folio_get(f); return true;
	case ADD2: folio_ref_add(f, 2); return true;
	case PUT: folio_put(f); return true;
	case PUT2: folio_put_refs(f, 2); return true;
	case SUB1: folio_ref_sub(f, 1); return true;
	case TRY_GET: return folio_try_get(f);
	case FREEZE1: return folio_ref_freeze(f, 1);
	case FREEZE2: return folio_ref_freeze(f, 2);
	case UNFREEZE: folio_ref_unfreeze(f, 2); return true;
	default: return false;
	}
}

#define SEQ_LEN 4
struct ref_sequence { enum ref_op op[SEQ_LEN]; };

static void ref_sequence_run(void *arg)
{
	const struct ref_sequence *s = arg;
	int count = 1;

	f = folio_alloc(GFP_KERNEL, 0);
	for (int i = 0; i < SEQ_LEN && count >= 0; i++) {
		bool want, got;

		/* count is ahead of the operation: it may not return. */
		ref_model(s->op[i], &count, &want);
		got = ref_apply(s->op[i]);
		CHECK_EQ(got, want);
		if (count < 0)
			CHECK(folio_is_free(f));
		else
			CHECK_EQ(folio_ref_count(f), count);
	}
}

static const char *ref_sequence_title(const struct ref_sequence *s)
{
	int count = 1;

	for (int i = 0; i < SEQ_LEN && count >= 0; i++) {
		bool ret;
		const char *title = ref_model(s->op[i], &count, &ret);

		if (*title)
			return title;
	}
	return "";
}

static void ref_sequences(void)
{
	unsigned total = 1;

	for (int i = 0; i < SEQ_LEN; i++)
		total *= REF_OPS;
	for (unsigned n = 0; n < total; n++) {
		struct ref_sequence s;
		unsigned v = n;

		for (int i = 0; i < SEQ_LEN; i++, v /= REF_OPS)
			s.op[i] = (enum ref_op)(v % REF_OPS);
		CHECK_STR(test_quiet(ref_sequence_run, &s), ref_sequence_title(&s));
	}
}

/* ---- state at free ------------------------------------------------------- */

static void free_bad(void *arg)
{
	f = folio_alloc(GFP_KERNEL, 0);
	switch ((uintptr_t)arg) {
	case 0: atomic_set(&f->page[0]._mapcount, 0); break;
	case 1: folio_set_swapbacked(f); folio_set_swapcache(f); break;
	case 2: CHECK(folio_trylock(f)); break;
	case 3: folio_set_writeback(f); break;
	case 4: folio_set_active(f); break;
	case 5: folio_set_unevictable(f); break;
	case 6: f->swap.val = 5; break;
	case 7: /* what a folio may leave behind */
		folio_set_dirty(f);
		folio_mark_uptodate(f);
		folio_set_swapbacked(f);
		folio_set_referenced(f);
		folio_set_mlocked(f);
		SetPageAnonExclusive(&f->page[0]);
		f->mapping = 0x1000 | FOLIO_MAPPING_ANON;
		break;
	}
	folio_put(f);
	CHECK(folio_is_free(f));
	CHECK_EQ(f->flags.counter, 0);
	CHECK_EQ(f->mapping, 0);
}

static void free_twice(void *arg)
{
	(void)arg;
	f = folio_alloc(GFP_KERNEL, 0);
	folio_put(f);
	free_unref_folio(f);
}

static void bad_states(void)
{
	static const char *const what[] = { "mapped", "swapcache", "locked", "writeback", "active",
					    "unevictable", "swapcache" };
	char title[REPORT_TITLE_MAX];

	for (uintptr_t i = 0; i < ARRAY_SIZE(what); i++) {
		snprintf(title, sizeof(title), "WARNING: bad folio state: %s in free_unref_folio",
			 what[i]);
		CHECK_STR(test_quiet(free_bad, (void *)i), title);
	}
	CHECK_STR(test_quiet(free_bad, (void *)7), "");
	CHECK_STR(test_quiet(free_twice, NULL),
		  "WARNING: bad folio state: free in free_unref_folio");
}

/* ---- the lock ------------------------------------------------------------ */

static struct { int in, max_in, turns; u64 seen; bool done; } s;

static void lock_setup(void *arg)
{
	(void)arg;
	memset(&s, 0, sizeof(s));
	f = folio_alloc(GFP_KERNEL, 0);
}

static void lock_task(void *arg)
{
	for (int i = 0; i < 3; i++) {
		if ((uintptr_t)arg == 2 && !folio_trylock(f))
			continue;
		if ((uintptr_t)arg != 2)
			folio_lock(f);
		s.in++;
		s.max_in = max(s.max_in, s.in);
		(void)folio_test_dirty(f); /* a point inside */
		s.turns++;
		s.in--;
		folio_unlock(f);
	}
}

static void lock_nested_task(void *arg)
{
	struct folio *second = pfn_folio(f->pfn + 1);

	(void)arg;
	folio_lock(f);
	folio_lock_nested(second, SINGLE_DEPTH_NESTING);
	folio_unlock(second);
	folio_unlock(f);
}

static void lock_twice_task(void *arg)
{
	(void)arg;
	folio_lock(f);
	folio_lock(pfn_folio(f->pfn + 1));
	folio_unlock(pfn_folio(f->pfn + 1));
	folio_unlock(f);
}

static void lock_in_atomic(void *arg)
{
	(void)arg;
	preempt_disable();
	folio_lock(f);
	folio_unlock(f);
	preempt_enable();
}

static void unlock_unlocked(void *arg)
{
	(void)arg;
	folio_unlock(f);
}

static void set_locked(void *arg)
{
	(void)arg;
	__folio_set_locked(f);
	CHECK(!folio_trylock(f));
	folio_unlock(f);
	CHECK(folio_trylock(f));
	folio_unlock(f);
}

static void set_locked_twice(void *arg)
{
	(void)arg;
	CHECK(folio_trylock(f));
	__folio_set_locked(f);
}

static void locks(void)
{
	for (u64 seed = 1; seed <= 200; seed++) {
		CHECK_STR(test_tasks(&(struct test_run){
			.setup = lock_setup, .fn = { lock_task, lock_task, lock_task },
			.cpu = { 0, 1, 0 }, .policy = &test_policy_random, .seed = seed }), "");
		CHECK_EQ(s.max_in, 1);
		CHECK(s.turns >= 6);
	}
	CHECK_STR(test_tasks(&(struct test_run){ .setup = lock_setup, .fn = { lock_nested_task } }),
		  "");
	CHECK_HAS(test_tasks(&(struct test_run){ .setup = lock_setup, .fn = { lock_twice_task } }),
		  "possible recursive locking");
	CHECK_HAS(test_tasks(&(struct test_run){ .setup = lock_setup, .fn = { lock_in_atomic } }),
		  "sleeping function called from invalid context");
	CHECK_STR(test_tasks(&(struct test_run){ .setup = lock_setup, .fn = { unlock_unlocked } }),
		  "WARNING: folio not locked in folio_unlock");
	CHECK_STR(test_tasks(&(struct test_run){ .setup = lock_setup, .fn = { set_locked } }), "");
	CHECK_STR(test_tasks(&(struct test_run){ .setup = lock_setup, .fn = { set_locked_twice } }),
		  "WARNING: fresh folio is locked already in __folio_set_locked");
}

/* ---- I/O: the lock and writeback end in an interrupt --------------------- */

static struct engine_irq_work *irq_work;

static void read_done(void *arg)
{
	(void)arg;
	page_store_word(&f->page[0], 0, 77);
	folio_end_read(f, true);
}

static void reader(void *arg)
{
	(void)arg;
	folio_lock(f);
	folio_lock_handoff(f);
	irq_work->fn = read_done;
	irq_work->name = "read";
	engine_irq_queue(1, irq_work);
}

static void read_waiter(void *arg)
{
	(void)arg;
	folio_lock(f);
	if (folio_test_uptodate(f))
		s.seen = page_load_word(&f->page[0], 0);
	else
		s.done = true; /* came first */
	folio_unlock(f);
	folio_wait_locked(f);
}

static void write_done(void *arg)
{
	(void)arg;
	folio_end_writeback(f);
}

static void writer(void *arg)
{
	(void)arg;
	folio_lock(f);
	folio_start_writeback(f);
	folio_unlock(f);
	irq_work->fn = write_done;
	irq_work->name = "write";
	engine_irq_queue(0, irq_work);
	folio_wait_writeback(f);
	CHECK(!folio_flag_peek(f, PG_writeback));
	s.turns++;
}

static void io_setup(void *arg)
{
	lock_setup(arg);
	irq_work = engine_arena_alloc(sizeof(*irq_work));
}

static void io(void)
{
	bool before = false, after = false;

	for (u64 seed = 1; seed <= 200; seed++) {
		CHECK_STR(test_tasks(&(struct test_run){
			.setup = io_setup, .fn = { reader, read_waiter }, .cpu = { 0, 1 },
			.policy = &test_policy_random, .seed = seed }), "");
		CHECK(s.done || s.seen == 77);
		CHECK(!folio_flag_peek(f, PG_locked));
		before |= s.done;
		after |= s.seen == 77;
		CHECK_STR(test_tasks(&(struct test_run){
			.setup = io_setup, .fn = { writer, read_waiter }, .cpu = { 0, 1 },
			.policy = &test_policy_random, .seed = seed }), "");
		CHECK_EQ(s.turns, 1);
	}
	CHECK(before && after); /* both orders happened */
}

/* ---- contents ------------------------------------------------------------ */

static void contents(void *arg)
{
	struct folio *g = folio_alloc(GFP_KERNEL | __GFP_ZERO, 0);

	(void)arg;
	f = folio_alloc(GFP_KERNEL, 0);
	CHECK(is_folio_zero_filled(g));
	CHECK(pages_identical(&g->page[0], &zero_folio()->page[0]));
	for (unsigned i = 0; i < PAGE_WORDS; i++)
		page_store_word(&f->page[0], i, i + 100);
	CHECK(!is_folio_zero_filled(f));
	CHECK(memcmp_pages(&f->page[0], &g->page[0]) > 0);
	CHECK(memcmp_pages(&g->page[0], &f->page[0]) < 0);
	CHECK(page_checksum(&f->page[0]) != page_checksum(&g->page[0]));
	copy_user_highpage(&g->page[0], &f->page[0]);
	CHECK(pages_identical(&f->page[0], &g->page[0]));
	CHECK_EQ(page_checksum(&f->page[0]), page_checksum(&g->page[0]));
	for (unsigned i = 0; i < PAGE_WORDS; i++)
		page_store_word(&f->page[0], i, WORLD_CHECKSUM_ZERO * 0x0101010101010101ull);
	CHECK_EQ(page_checksum(&f->page[0]), 0);
	CHECK(page_checksum(&zero_folio()->page[0]) != 0);
	folio_set_hwpoison(f);
	CHECK_EQ(copy_mc_user_highpage(&g->page[0], &f->page[0]), -EHWPOISON);
	folio_clear_hwpoison(f);
	CHECK_EQ(copy_mc_user_highpage(&g->page[0], &f->page[0]), 0);
	folio_zero_user(g);
	CHECK(is_folio_zero_filled(g));
	folio_put(f);
	folio_put(g);
}

/*
 * A copy beside a writer that stores 1 into each word at one instant: the copy is
 * empty, whole, or torn at its own point in the middle.
 *
 *	0 0 0 0 0 0 0 0     1 1 1 1 1 1 1 1     0 0 0 0 1 1 1 1
 */
static struct folio *copy;

static void tear_setup(void *arg)
{
	(void)arg;
	f = folio_alloc(GFP_KERNEL | __GFP_ZERO, 0);
	copy = folio_alloc(GFP_KERNEL | __GFP_ZERO, 0);
}

static void tear_copy(void *arg)
{
	(void)arg;
	folio_copy_words(copy, f);
}

static void tear_write(void *arg)
{
	(void)arg;
	engine_point(SITE("user_store"), EV_COPY, f->page[0].words, PAGE_SIZE);
	for (unsigned i = 0; i < PAGE_WORDS; i++)
		page_store_word(&f->page[0], i, 1);
}

static void tearing(void)
{
	unsigned whole = 0, empty = 0, torn = 0;

	for (u64 seed = 1; seed <= 100; seed++) {
		u64 sum = 0;

		CHECK_STR(test_tasks(&(struct test_run){
			.setup = tear_setup, .fn = { tear_copy, tear_write }, .cpu = { 0, 1 },
			.policy = &test_policy_random, .seed = seed }), "");
		for (unsigned i = 0; i < PAGE_WORDS; i++)
			sum += page_load_word(&copy->page[0], i);
		whole += sum == PAGE_WORDS;
		empty += sum == 0;
		torn += sum == PAGE_WORDS / 2 && page_load_word(&copy->page[0], 0) == 0;
	}
	CHECK(empty && whole && torn);
	CHECK_EQ(whole + empty + torn, 100);
}

int main(void)
{
	sites_init();
	CHECK_STR(test_quiet(release_orders, NULL), "");
	CHECK_STR(test_task(release_orders), "");
	ref_sequences();
	bad_states();
	locks();
	io();
	CHECK_STR(test_quiet(contents, NULL), "");
	CHECK_STR(test_task(contents), "");
	tearing();
	engine_exit();
	return TEST_END();
}
