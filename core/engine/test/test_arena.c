// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The arena: its address, what a reset clears and what it keeps, limits that are
 * reports. Each run writes to what it allocates, the next one looks at it.
 */
#include "core/base/test.h"
#include "core/engine/engine.h"
#include "core/engine/test/policies.h"

#define KEPT 4096u

static const char *run(size_t kept, size_t size, void (*setup)(void *arg))
{
	struct engine_config config = { .cpus = 1, .policy = &test_policy_random,
					.arena_kept = kept, .arena_size = size };

	engine_reset(&config);
	engine_quiet(setup, NULL);
	return engine_report() ? engine_report()->title : "";
}

static void fill(void *arg)
{
	char *p = engine_arena_alloc(KEPT), *q = engine_arena_alloc(64);

	(void)arg;
	CHECK(p == (char *)ENGINE_ARENA_BASE);
	CHECK(q >= p + KEPT);
	CHECK(engine_is_world(p) && engine_is_world(q + 63) && !engine_is_world(&q));
	memset(p, 1, KEPT);
	memset(q, 2, 64);
	engine_role_set(p, 64, "kept", -1, -1);
	engine_role_set(q, 64, "not kept", -1, -1);
}

static int wanted_first, wanted_role; /* at the base */

static void look(void *arg)
{
	char *p = engine_arena_alloc(KEPT), *q = engine_arena_alloc(64);

	(void)arg;
	CHECK_EQ(p[0], wanted_first);
	CHECK_EQ(engine_role_of(p) != 0, wanted_role);
	CHECK_EQ(q[0] + q[63], 0);
	CHECK_EQ(engine_role_of(q), 0);
}

static void look_and_clear(void *arg)
{
	char *p = (char *)ENGINE_ARENA_BASE;

	look(arg);
	engine_arena_clear(p, 64);
	CHECK_EQ(p[0] + p[63], 0);
	CHECK_EQ(p[64], 1);
	CHECK_EQ(engine_role_of(p), 0);
}

static void test_kept(void)
{
	CHECK(!run(0, 0, fill)[0]);
	wanted_first = 0; /* nobody asked to keep it */
	wanted_role = 0;
	CHECK(!run(0, 0, look)[0]);
	CHECK(!run(KEPT, 0, fill)[0]);
	wanted_first = 1;
	wanted_role = 1;
	CHECK(!run(KEPT, 0, look_and_clear)[0]);
	CHECK(!run(KEPT, 0, fill)[0]);
	wanted_first = 0; /* this run does not want it */
	wanted_role = 0;
	CHECK(!run(0, 0, look)[0]);
	CHECK(!run(KEPT, 0, look)[0]); /* the last one cleared it */
}

static void too_much(void *arg)
{
	(void)arg;
	engine_arena_alloc(1u << 20);
}

static void too_many_roles(void *arg)
{
	char *p = engine_arena_alloc(64);

	(void)arg;
	for (unsigned i = 0; i < 1u << 16; i++)
		engine_role_set(p, 8, "again", (int)i, -1);
}

static void too_many_kinds(void *arg)
{
	static char kind[200][8];
	char *p = engine_arena_alloc(64);

	(void)arg;
	for (unsigned i = 0; i < ARRAY_SIZE(kind); i++) {
		snprintf(kind[i], sizeof(kind[i]), "k%u", i);
		engine_role_new(p, 8, kind[i]);
	}
}

static void test_limits(void)
{
	CHECK(!strcmp(run(0, 512u << 10, too_much), "engine: arena exhausted"));
	CHECK(!run(0, 2u << 20, too_much)[0]);
	CHECK(!run(0, ENGINE_ARENA_MAX, too_much)[0]);
	CHECK(!strcmp(run(0, 0, too_many_roles), "engine: too many roles"));
	CHECK(!strcmp(run(0, 0, too_many_kinds), "engine: too many kinds of roles"));
	CHECK(!run(0, 0, fill)[0]);
}

/* ---- sites made at run time -------------------------------------------------------------------- */

static void count_site(const struct site *site, void *arg)
{
	if (!strcmp(site->func, "late_function"))
		++*(unsigned *)arg;
}

static void test_sites(void)
{
	static struct site late[] = { { .op = "load", .func = "late_function" },
				      { .op = "store", .func = "late_function" },
				      { .op = "lock", .func = "later_function" } };
	struct site *first[] = { &late[0], &late[1] }, *second[] = { &late[2] };
	u32 before = site_hash("load@late_function", 18);
	unsigned n = 0;
	char name[64];

	sites_init();
	CHECK(!site_find(before));
	sites_add(first, ARRAY_SIZE(first));
	sites_add(second, ARRAY_SIZE(second));
	CHECK_EQ(late[0].hash, before);
	CHECK(site_find(before) == &late[0]);
	CHECK(!strcmp(site_name(late[2].hash, name, sizeof(name)), "lock@later_function"));
	sites_for_each(count_site, &n);
	CHECK_EQ(n, 2);
}

int main(void)
{
	test_kept();
	test_limits();
	test_sites();
	engine_exit();
	CHECK(!run(0, 0, fill)[0]); /* mapped again */
	engine_exit();
	return TEST_END();
}
