// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a cluster whose table is being allocated belongs to the allocator that
 * isolated it, although its lock is dropped: nobody else may put it on a list.
 * Method: one schedule, step by step.
 *
 *	A  scans cluster 1, whose one slot only the cache holds; reclaims it,
 *	   with the lock dropped: the cluster is free now, its table gone
 *	B  isolates cluster 1 from the free list; no memory at first, so drops the
 *	   lock to allocate the table            flags NONE, no table, count 0
 *	A  takes the lock again: "not usable", relocates the cluster
 *	B  takes the lock again and allocates from it
 *
 * Linux 7.0's relocate_cluster() takes the cluster for one that became empty, and
 * lists it (on a device that discards: for discard) while B uses it.
 */
#include "core/swap/test/swap_test.h"

static struct folio *idle __world = NULL;
WORLD_NAME(idle);
static int stage;

/* Is the context about to do op in func? */
static __no_sanitize_tsan bool about_to(const struct engine_view *v, unsigned ctx, const char *op,
					const char *func)
{
	const struct site *site = v->pending[ctx].site;

	return site && !strcmp(site->op, op) && !strcmp(site->func, func);
}

static __no_sanitize_tsan void script_start(struct sched_policy *p, const struct engine_view *v,
					    u64 seed)
{
	(void)p;
	(void)v;
	(void)seed;
	stage = 0;
}

static __no_sanitize_tsan unsigned script_next(struct sched_policy *p, const struct engine_view *v)
{
	ctx_mask others = v->runnable & ~(ctx_mask)3;
	unsigned who;

	(void)p;
	if (stage == 0 && about_to(v, 0, "spin_lock", "cluster_reclaim_range"))
		stage = 1;
	if (stage == 1 && about_to(v, 1, "local_lock", "swap_cluster_populate_lock"))
		stage = 2;
	who = stage == 1 ? 1 : 0;
	/* Interrupts and callbacks at once; B again when A has ended. */
	if (others)
		return ctx_first(others);
	if (v->runnable & CTX_BIT(who))
		return who;
	return ctx_first(v->runnable);
}

/* B's first attempt at a table, the atomic one, fails. */
static __no_sanitize_tsan u32 script_choose(struct sched_policy *p, const struct engine_view *v,
					    const struct sched_choice *c)
{
	(void)p;
	(void)v;
	return c->ctx == 1 && stage == 1 && !strcmp(c->site->func, "swap_cluster_alloc_table") &&
	       !about_to(v, 1, "local_lock", "swap_cluster_populate_lock") && stage++ == 1;
}

static struct sched_policy script = { .name = "script", .start = script_start,
				      .next = script_next, .choose = script_choose };

/* Clusters 0 and 2 full of counted slots, cluster 1 with one cached, idle slot. */
static void prepare(void *arg)
{
	unsigned i;

	test_setup(arg);
	for (i = 0; i < 4; i++) {
		BUG_ON(t_fill(&tpages[i], i + 1));
		BUG_ON(t_swapout(&tpages[i]));
	}
	idle = t_folio(9);
	BUG_ON(t_get_slot(idle));
	BUG_ON(swp_offset(idle->swap) / SWAPFILE_CLUSTER != 1);
	this_cpu_write(percpu_swap_cluster.offset[0], 0);
}

static void task_a(void *arg)
{
	struct folio *folio = t_folio(20);

	(void)arg;
	t_get_slot(folio);
	t_put_folio(folio);
}

static void task_b(void *arg)
{
	(void)arg;
	t_fill(&tpages[5], 30);
	t_swapout(&tpages[5]);
}

static void finish(void *arg)
{
	t_put_folio(idle);
	test_teardown(arg);
}

static const char *run_script(void)
{
	static const struct engine_task tasks[] = {
		{ .fn = task_a, .cpu = 0 }, { .fn = task_b, .cpu = 1 },
	};
	struct engine_config config = { .backend = ENGINE_SIM, .cpus = 2, .ntasks = 2,
					.tasks = tasks, .policy = &script, .seed = 1 };

	engine_reset(&config);
	if (engine_quiet(prepare, NULL) == ENGINE_DONE && engine_run() != ENGINE_REPORTED &&
	    engine_quiet(finish, NULL) == ENGINE_DONE)
		engine_quiet(test_audit, NULL);
	if (engine_report() && getenv("SWAP_TEST_VERBOSE"))
		printf("%s\n%s", engine_report()->title, engine_report()->body);
	return engine_report() ? engine_report()->title : "";
}

int main(void)
{
	/* 8 usable slots; "full" as soon as one is used, so that scans reclaim. */
	test_cfg = test_config(WORLD_DEV_ON | WORLD_DEV_SYNC, 9);
	test_cfg.swap_full = 0;
	CHECK_STR(run_script(), "");
	CHECK_EQ(stage, 2);
	seeded_bug_select(BUG_RELOCATE_POPULATING);
	CHECK_STR(run_script(), "kernel BUG: cluster has no swap table in swap_cluster_assert_empty");
	seeded_bug_select(BUG_NONE);
	engine_exit();
	return TEST_END();
}
