// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The glue's memory: slab, per-CPU areas, page pool. Each fault that they can tell
 * is planted and must be reported under its title; the same steps without it stay
 * silent. Addresses are the same in each run.
 */
#include <stdlib.h>

#include "core/tree/test/glue_test.h"

static struct seam_cache *cache, *typesafe;
static unsigned constructed;
static void *first_object;

/* What the caller of ip is called: no table of sites is linked. */
static const char *in_caller(const char *what, unsigned long ip)
{
	static char title[REPORT_TITLE_MAX];

	snprintf(title, sizeof(title), "%s in %s", what, seam_func(ip));
	return title;
}

static void count_ctor(void *object)
{
	constructed++;
	*(u32 *)object = 7;
}

static void caches_make(void)
{
	constructed = 0;
	cache = seam_cache_create("thing", 56, 0, 0, NULL);
	typesafe = seam_cache_create("rcu_thing", 64, 64, 1, count_ctor);
}

/* A stray write that ASan shall not see: what other builds must find. */
static void stray_write(void *p)
{
	raw_fill(p, 0x11, 1);
}

/* ---- slab ------------------------------------------------------------------------------ */

static void slab_use(void *arg)
{
	char *a = seam_cache_alloc(cache, 1, 0x1000), *b = seam_cache_alloc(cache, 0, 0x1000);
	const char *name;
	unsigned size, live;

	(void)arg;
	CHECK(a && b && a != b);
	CHECK(!((unsigned long)a % 16));
	CHECK_EQ(b - a, 64); /* lowest first */
	CHECK_EQ(a[0] + a[55], 0);
	CHECK_EQ(b[0], POISON_OBJECT);
	CHECK(seam_object_cache(a) == cache);
	CHECK_EQ(seam_ksize(a), 64);
	CHECK(seam_cache_census(0, &name, &size, &live));
	CHECK(!strcmp(name, "thing"));
	CHECK_EQ(live, 2);
	seam_free(a, 0x1000);
	CHECK(!seam_object_cache(a));
	CHECK(!seam_object_cache(&name));
	CHECK(seam_cache_alloc(cache, 0, 0x1000) == a); /* last in, first out */
	seam_free(a, 0x1000);
	seam_free(b, 0x1000);
	seam_free(NULL, 0x1000);
	CHECK(seam_cache_census(0, &name, &size, &live));
	CHECK_EQ(live, 0);
	CHECK(!seam_cache_census(2, &name, &size, &live));
	seam_cache_check();
	if (first_object)
		CHECK(first_object == a);
	first_object = a;
}

static void slab_kmalloc(void *arg)
{
	static const unsigned sizes[] = { 1, 16, 17, 100, 2048, 4096, 5000, 70000 };
	void *p[ARRAY_SIZE(sizes)];

	(void)arg;
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		p[i] = seam_kmalloc(sizes[i], 1, 0x1000);
		CHECK(seam_ksize(p[i]) >= sizes[i] && seam_ksize(p[i]) < 2 * sizes[i] + 16);
		CHECK_EQ((unsigned long)p[i] % min(seam_ksize(p[i]), PAGE_BYTES), 0);
		memset(p[i], 1, sizes[i]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
		seam_free(p[i], 0x1000);
	seam_cache_check();
}

static void slab_many(void *arg)
{
	void *p[200];

	(void)arg;
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = seam_cache_alloc(cache, 0, 0x1000);
		for (unsigned k = 0; k < i; k++)
			CHECK(p[k] != p[i]);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(p); i++)
		seam_free(p[i], 0x1000);
	seam_cache_check();
}

static void slab_typesafe(void *arg)
{
	u32 *p = seam_cache_alloc(typesafe, 0, 0x1000);
	unsigned n = constructed;

	(void)arg;
	CHECK_EQ(n, PAGE_BYTES / 64);
	CHECK_EQ(*p, 7);
	*p = 8;
	seam_free(p, 0x1000);
	CHECK_EQ(*p, 8); /* a reader may still look */
	*p = 9;
	CHECK(seam_cache_alloc(typesafe, 0, 0x1000) == p);
	CHECK_EQ(*p, 9);
	CHECK_EQ(constructed, n);
	seam_free(p, 0x1000);
	seam_cache_check();
}

static void slab_double_free(void *arg)
{
	void *p = seam_cache_alloc(cache, 0, 0x1000);

	(void)arg;
	seam_free(p, 0x1000);
	seam_free(p, 0x2000);
}

static void slab_inside_free(void *arg)
{
	(void)arg;
	seam_free((char *)seam_cache_alloc(cache, 0, 0x1000) + 16, 0x2000);
}

static void slab_odd_free(void *arg)
{
	(void)arg;
	seam_free((char *)seam_cache_alloc(cache, 0, 0x1000) + 8, 0x2000);
}

static void slab_stranger_free(void *arg)
{
	(void)arg;
	seam_free(&cache, 0x2000);
}

static void slab_write_after_free(void *arg)
{
	char *p = seam_cache_alloc(cache, 0, 0x1000);

	(void)arg;
	seam_free(p, 0x1000);
	stray_write(p + 8);
	seam_cache_alloc(cache, 0, 0x1000);
}

static void slab_write_before_check(void *arg)
{
	char *p = seam_cache_alloc(cache, 0, 0x1000), *q = seam_cache_alloc(cache, 0, 0x1000);

	(void)arg;
	seam_free(p, 0x1000);
	seam_free(q, 0x1000); /* q is the next to go, p would stay unseen */
	stray_write(p + 8);
	seam_free(seam_cache_alloc(cache, 0, 0x1000), 0x1000);
	seam_cache_check();
}

static void slab_leak(void *arg)
{
	char text[256];
	const char *name;
	unsigned size, live;

	(void)arg;
	seam_cache_alloc(cache, 0, 0x1000);
	seam_cache_alloc(cache, 0, 0x1000);
	CHECK(seam_cache_census(0, &name, &size, &live));
	CHECK_EQ(live, 2);
	seam_cache_print(0, text, sizeof(text), 1);
	CHECK(strstr(text, "thing A0.0, allocated by "));
	CHECK(!strstr(text, "thing A0.1"));
}

static void slab_too_large(void *arg)
{
	(void)arg;
	seam_kmalloc(5u << 20, 0, 0x1000);
}

static void test_slab(void)
{
	char title[REPORT_TITLE_MAX];

	glue_setup_more = caches_make;
	SILENT(slab_use);
	SILENT(slab_use); /* the same address again */
	SILENT(slab_kmalloc);
	SILENT(slab_many);
	SILENT(slab_typesafe);
	SILENT(slab_leak);
	FIRES(slab_double_free, in_caller("slab: double free of thing", 0x2000));
	FIRES(slab_inside_free, in_caller("slab: bad free of thing", 0x2000));
	FIRES(slab_odd_free, in_caller("slab: bad free of thing", 0x2000));
	FIRES(slab_stranger_free, in_caller("slab: bad free of no cache", 0x2000));
	FIRES(slab_write_after_free, "poison: write after free of thing");
	FIRES(slab_write_before_check, "poison: write after free of thing");
	FIRES(slab_too_large, "tree: kmalloc() of too much");
	SILENT(slab_use); /* nothing is left of what went wrong */
	(void)title;
	glue_setup_more = NULL;
}

/* ---- per-CPU areas -------------------------------------------------------------------------- */

static char *copy_of(void *area, unsigned cpu)
{
	return (char *)area + seam_percpu_offset[cpu];
}

static void percpu_use(void *arg)
{
	void *a = seam_percpu_alloc(24, 8), *b = seam_percpu_alloc(64, 64);

	(void)arg;
	CHECK_EQ(seam_percpu_live(), 2);
	CHECK_EQ((unsigned long)copy_of(b, 1) % 64, 0);
	for (unsigned cpu = 0; cpu < SEAM_CPUS_MAX; cpu++) {
		CHECK_EQ(copy_of(a, cpu)[0] + copy_of(a, cpu)[23], 0);
		memset(copy_of(a, cpu), (int)cpu + 1, 24);
		memset(copy_of(b, cpu), 9, 64);
	}
	for (unsigned cpu = 0; cpu < SEAM_CPUS_MAX; cpu++)
		CHECK_EQ(copy_of(a, cpu)[23], cpu + 1);
	seam_percpu_free(a);
	CHECK(seam_percpu_alloc(64, 8) != a);
	CHECK(seam_percpu_alloc(24, 8) == a); /* its size again */
	CHECK_EQ(copy_of(a, 3)[0], 0);
	seam_percpu_free(a);
	seam_percpu_free(b);
	seam_percpu_free(NULL);
	CHECK_EQ(seam_percpu_live(), 1);
}

static void percpu_double_free(void *arg)
{
	void *a = seam_percpu_alloc(8, 8);

	(void)arg;
	seam_percpu_free(a);
	seam_percpu_free(a);
}

static void percpu_bad_free(void *arg)
{
	(void)arg;
	seam_percpu_free((char *)seam_percpu_alloc(32, 8) + 8);
}

static void percpu_write_after_free(void *arg)
{
	void *a = seam_percpu_alloc(8, 8);

	(void)arg;
	seam_percpu_free(a);
	stray_write(copy_of(a, 2));
	seam_percpu_alloc(8, 8);
}

static void percpu_exhaust(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < 100; i++)
		seam_percpu_alloc(1024, 8);
}

static void test_percpu(void)
{
	SILENT(percpu_use);
	SILENT(percpu_use);
	FIRES(percpu_double_free, "slab: double free of per-CPU memory");
	FIRES(percpu_bad_free, "slab: bad free of per-CPU memory");
	FIRES(percpu_write_after_free, "poison: write after free of per-CPU memory");
	FIRES(percpu_exhaust, "tree: per-CPU memory exhausted");
	SILENT(percpu_use);
}

/* ---- pages ------------------------------------------------------------------------------------ */

static char *page(unsigned pfn)
{
	return (char *)SEAM_ARENA_BASE + pfn * PAGE_BYTES;
}

static void pages_free_all(void)
{
	for (unsigned pfn = SEAM_PAGES_RESERVED; pfn < POOL; pfn++)
		seam_page_poison(pfn);
}

static char page_byte(unsigned pfn)
{
	return *(volatile char *)page(pfn);
}

static void pages_use(void *arg)
{
	(void)arg;
	CHECK_EQ(page_byte(0), 0);
	seam_page_unpoison(8);
	CHECK_EQ((u8)page_byte(8), POISON_PAGE);
	memset(page(8), 3, PAGE_LIVE_BYTES);
	memset(page(0), 4, PAGE_BYTES); /* a header */
	seam_role_new(page(8), PAGE_BYTES, "page");
	CHECK(engine_role_of(page(8) + 56) != 0);
	CHECK_EQ(engine_role_of(page(8) + 64), 0);
	CHECK_EQ(engine_role_of(page(9)), 0);
	seam_page_poison(8);
	seam_page_unpoison(8);
	seam_page_check();
}

static void pages_write_after_free(void *arg)
{
	(void)arg;
	stray_write(page(9) + 63);
	seam_page_unpoison(9);
}

static void pages_write_behind(void *arg)
{
	(void)arg;
	seam_page_unpoison(9);
	page(9)[PAGE_LIVE_BYTES] = 1;
	seam_page_check();
	page(9)[PAGE_LIVE_BYTES] = 0;
}

static void pages_nothing(void *arg)
{
	(void)arg;
}

/* What set-up finds: zero again, but for the poison of those that nobody took. */
static void pages_look(void)
{
	for (unsigned pfn = 0; pfn < POOL; pfn++)
		CHECK(page_byte(pfn) == 0 || (u8)page_byte(pfn) == POISON_PAGE);
	CHECK_EQ(page_byte(8), 0);
	CHECK_EQ(engine_role_of(page(8)), 0);
	pages_free_all();
}

static void test_pages(void)
{
	glue_setup_more = pages_free_all;
	SILENT(pages_use);
	glue_setup_more = pages_look;
	SILENT(pages_nothing);
	glue_setup_more = pages_free_all;
	SILENT(pages_use);
	FIRES(pages_write_after_free, "poison: write after free of a page");
	SILENT(pages_use);
	FIRES(pages_write_behind, "tree: a page was written to behind its first words");
	raw_fill(page(9), 0, PAGE_BYTES);
	SILENT(pages_use);
	glue_setup_more = NULL;
}

int main(void)
{
	test_slab();
	test_percpu();
	test_pages();
	engine_exit();
	return TEST_END();
}
