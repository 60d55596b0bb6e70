// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A snapshot of the glue's world: a run that goes back to one finds memory, names and
 * the glue's own state as a run does that was set up. Set-up takes some of everything,
 * a task changes all of it, and the next run looks. The build with ASan has none.
 */
#include "core/tree/test/glue_test.h"

#define SIZE 48u

static struct seam_cache *cache, *typesafe;
static char *object, *percpu_area, *raw;
static u32 object_role;

static void ctor(void *p)
{
	raw_fill(p, 7, SIZE);
}

static char *page(unsigned long pfn)
{
	return (char *)ENGINE_ARENA_BASE + pfn * PAGE_BYTES;
}

static char *percpu_copy(const char *area, unsigned cpu)
{
	return (char *)(uintptr_t)area + seam_percpu_offset[cpu];
}

static void set_up(void)
{
	for (unsigned long pfn = SEAM_PAGES_RESERVED; pfn < POOL; pfn++)
		seam_page_poison(pfn);
	cache = seam_cache_create("thing", SIZE, 0, 0, NULL);
	typesafe = seam_cache_create("rcu_thing", SIZE, 0, 1, ctor);
	object = seam_cache_alloc(cache, 1, HERE);
	object_role = engine_role_of(object);
	raw_fill(object, 0x21, SIZE);
	seam_free(seam_cache_alloc(typesafe, 0, HERE), HERE);
	percpu_area = seam_percpu_alloc(16, 16);
	raw_fill(percpu_copy(percpu_area, 1), 0x22, 16);
	raw = seam_arena_alloc(64);
	raw_fill(raw, 0x23, 64);
	seam_page_unpoison(9);
	seam_role_set(page(9), PAGE_BYTES, "first page", -1, -1);
}

static void keep(void *arg)
{
	*(bool *)arg = glue_keep();
}

static void restore(void *arg)
{
	(void)arg;
	glue_restore();
}

/* As set-up left it; what is allocated next is what a fresh run would get. */
static void look(void)
{
	char *next = seam_cache_alloc(cache, 0, HERE), role[64];
	char *safe = seam_cache_alloc(typesafe, 0, HERE), *behind = seam_arena_alloc(64);

	CHECK(raw_filled_with(object, 0x21, SIZE));
	CHECK_EQ(engine_role_of(object), object_role);
	CHECK(!strcmp(engine_role_name(object_role, role, sizeof(role)), "thing setup.0"));
	CHECK(raw_filled_with(percpu_copy(percpu_area, 1), 0x22, 16));
	CHECK(raw_filled_with(percpu_copy(percpu_area, 0), 0, 16));
	CHECK_EQ(seam_percpu_live(), 1);
	CHECK(raw_filled_with(raw, 0x23, 64));
	CHECK(raw_filled_with(behind, 0, 64));
	CHECK_EQ(engine_role_of(behind), 0);
	CHECK_EQ(engine_role_of(raw), 0);
	CHECK(!strcmp(engine_role_name(engine_role_of(page(9)), role, sizeof(role)), "first page"));
	CHECK_EQ(engine_role_of(page(10)), 0);
	seam_page_unpoison(10); /* reports if there is no poison */
	CHECK_EQ(next - object, SIZE);
	CHECK(raw_filled_with(safe, 7, SIZE));
	CHECK(!strcmp(engine_role_name(engine_role_of(next), role, sizeof(role)), "thing A0.0"));
	seam_free(next, HERE);
	seam_free(safe, HERE);
}

static void change_all(void *arg)
{
	static char *more[200];

	(void)arg;
	look();
	for (unsigned i = 0; i < ARRAY_SIZE(more); i++)
		more[i] = seam_cache_alloc(cache, 1, HERE);
	for (unsigned i = 0; i < ARRAY_SIZE(more); i++)
		raw_fill(more[i], 0x31, SIZE);
	seam_free(object, HERE);
	seam_kmalloc(100, 1, HERE);
	seam_percpu_free(percpu_area);
	raw_fill(percpu_copy(seam_percpu_alloc(64, 16), 1), 0x32, 64);
	raw_fill(raw, 0x33, 64);
	seam_role_set(raw, 64, "changed", -1, -1);
	seam_role_set(object, SIZE, "changed", -1, -1);
	raw_fill(seam_arena_alloc(3 * PAGE_BYTES), 0x34, 3 * PAGE_BYTES);
	raw_fill(page(9), 0x35, PAGE_LIVE_BYTES);
	raw_fill(page(10), 0x36, PAGE_LIVE_BYTES);
	seam_role_set(page(9), PAGE_BYTES, "other page", -1, -1);
	seam_role_set(page(10), PAGE_BYTES, "page", -1, -1);
	raw_fill(seam_cache_alloc(typesafe, 0, HERE), 0x37, SIZE);
	seam_cache_create("later", 64, 0, 0, NULL);
}

/* More per-CPU memory than a snapshot has room for. */
static void use_percpu(void *arg)
{
	(void)arg;
	look();
	seam_percpu_alloc(2048, 16);
}

static void run_kept(void (*fn)(void *arg))
{
	struct engine_config config = glue_config();
	struct engine_task task = { .fn = fn };

	config.ntasks = 1;
	config.tasks = &task;
	config.snapshot = true;
	engine_reset(&config);
	if (engine_quiet(restore, NULL) == ENGINE_DONE)
		engine_run();
	CHECK(!engine_report());
	if (engine_report())
		printf("%s\n", engine_report()->title);
}

static void test_runs(void)
{
	run_kept(change_all);
	run_kept(change_all);
	CHECK(glue_kept());
	run_kept(use_percpu);
	CHECK(!glue_kept()); /* the next run sets up */
	SILENT(change_all);
	CHECK(!engine_has_snapshot());
}

int main(void)
{
	struct engine_config config = glue_config();
#ifdef SWAPRACE_ASAN
	bool kept = true, wanted = false;
#else
	bool kept = false, wanted = true;
#endif

	glue_setup_more = set_up;
	engine_reset(&config);
	CHECK_EQ(engine_quiet(glue_setup, NULL), ENGINE_DONE);
	CHECK_EQ(engine_quiet(keep, &kept), ENGINE_DONE);
	CHECK_EQ(kept, wanted);
	CHECK_EQ(glue_kept(), wanted);
	if (kept)
		test_runs();
	else
		SILENT(change_all);
	engine_exit();
	return TEST_END();
}
