// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: with no bug seeded no checker says anything, whatever runs beside what.
 * Method: random programs of 3 tasks x 6 ops on random machines under random
 * walks of several paces, with failures of allocations and I/O; all checkers, an
 * exact shadow of the contents, tear-down and audit. SEEDS=n and FIRST=n in the
 * environment change how many, BUG=name seeds a bug (then the titles are printed),
 * PATHS=1 lists the named paths that were never taken.
 */
#include "core/base/prng.h"
#include "core/base/seeded_bug.h"
#include "core/base/test.h"
#include "core/check/check.h"
#include "core/engine/policy.h"
#include "core/kapi/kapi.h"
#include "core/world/model_world.h"

#include <stdlib.h>

#define TASKS 3
#define OPS 6

enum op_kind { R_MMAP, R_MUNMAP, R_WRITE, R_READ, R_DONTNEED, R_PAGEOUT, R_MERGEABLE, R_UNMERGE,
	       R_FORK, R_EXIT, R_RECLAIM, R_KSWAPD, R_DRAIN, R_DRAIN_ALL, R_KSM, R_SWAPON,
	       R_SWAPOFF, R_HIB_OPEN, R_HIB_CLOSE, R_HIB_ALLOC, R_HIB_FREE, R_WORKER, R_OPS };
static const char *const op_names[R_OPS] = {
	"mmap", "munmap", "write", "read", "dontneed", "pageout", "mergeable", "unmerge", "fork",
	"exit", "reclaim", "kswapd", "drain", "drain_all", "ksm_scan", "swapon", "swapoff",
	"hib_open", "hib_close", "hib_alloc", "hib_free", "worker" };
static const u8 op_weights[R_OPS] = { 4, 3, 24, 12, 4, 12, 2, 2, 4, 1, 10, 4, 3, 1, 8, 3, 5,
				      2, 1, 2, 1, 3 };

struct rop { u8 kind, page, pages, arg; };
static struct rop prog[TASKS][OPS];
static u8 task_mm[TASKS];
static struct world_config config;
static struct task_struct task_structs[TASKS];
static const struct world_ops *const w = &model_world_ops;

/* ---- the shadow: the test's own, not for ThreadSanitizer (volatile: no memset) ------ */

static volatile u64 shadow[WORLD_MM_MAX + 1][WORLD_PAGES][WORLD_WORDS];
static volatile bool valid[WORLD_MM_MAX + 1][WORLD_PAGES][WORLD_WORDS];
static volatile u8 destroying[WORLD_MM_MAX + 1][WORLD_PAGES];

static __no_sanitize_tsan void forget(int mm, int page)
{
	for (int i = 0; i < WORLD_WORDS; i++)
		valid[mm][page][i] = false;
}

static __no_sanitize_tsan void forget_all(void)
{
	for (int mm = 0; mm <= WORLD_MM_MAX; mm++)
		for (int page = 0; page < WORLD_PAGES; page++) {
			forget(mm, page);
			destroying[mm][page] = 0;
		}
}

static __no_sanitize_tsan void on_store(int mm, int page, int word, u64 value)
{
	shadow[mm][page][word] = value;
	valid[mm][page][word] = true;
}

static __no_sanitize_tsan void on_load(int mm, int page, int word, u64 value)
{
	if (valid[mm][page][word] && !destroying[mm][page] && shadow[mm][page][word] != value)
		reportf("contents: wrong value", "mm%d page %d word %d: %#llx, wanted %#llx\n", mm,
			page, word, (unsigned long long)value,
			(unsigned long long)shadow[mm][page][word]);
}

static __no_sanitize_tsan void destroy(int mm, int page, int pages, int sign)
{
	for (int p = page; p < page + pages && p < WORLD_PAGES; p++) {
		destroying[mm][p] = (u8)(destroying[mm][p] + sign);
		forget(mm, p);
	}
}

/* ---- ops ------------------------------------------------------------------------------ */

static void run_op(int mm, const struct rop *op)
{
	u64 words[WORLD_WORDS];

	switch ((enum op_kind)op->kind) {
	case R_MMAP: w->mmap(mm, op->page, op->pages, op->arg & 3); break;
	case R_MUNMAP:
		destroy(mm, op->page, op->pages, 1);
		w->munmap(mm, op->page, op->pages);
		destroy(mm, op->page, op->pages, -1);
		break;
	case R_WRITE: w->write(mm, op->page, op->arg % 4 * 0x0101010101010101ull); break;
	case R_READ: w->read(mm, op->page, words); break;
	case R_DONTNEED:
		destroy(mm, op->page, op->pages, 1);
		w->madv_dontneed(mm, op->page, op->pages);
		destroy(mm, op->page, op->pages, -1);
		break;
	case R_PAGEOUT: w->madv_pageout(mm, op->page, op->pages); break;
	case R_MERGEABLE:
		(op->arg & 1 ? w->madv_mergeable : w->madv_unmergeable)(mm, op->page, op->pages);
		break;
	case R_UNMERGE: w->ksm_unmerge(mm, op->page, op->pages); break;
	case R_FORK: {
		int child = 1 + op->arg % WORLD_MM_MAX;

		if (!w->fork(mm, child))
			for (int p = 0; p < WORLD_PAGES; p++)
				forget(child, p);
		break;
	}
	case R_EXIT: w->exit(mm); break;
	case R_RECLAIM: w->reclaim(1 + op->arg % 8); break;
	case R_KSWAPD: w->kswapd(); break;
	case R_DRAIN: w->lru_drain(); break;
	case R_DRAIN_ALL: w->lru_drain_all(); break;
	case R_KSM: w->ksm_scan(1 + op->arg % 16); break;
	case R_SWAPON: w->swapon(op->arg % 2); break;
	case R_SWAPOFF: w->swapoff(op->arg % 2); break;
	case R_HIB_OPEN: w->hib_open(op->arg % 2); break;
	case R_HIB_CLOSE: w->hib_close(); break;
	case R_HIB_ALLOC: w->hib_alloc(op->arg % 2, 1 + op->arg % 4); break;
	case R_HIB_FREE: w->hib_free(op->arg % 2); break;
	case R_WORKER: w->worker(); break;
	case R_OPS: break;
	}
}

static void task_fn(void *arg)
{
	unsigned t = (unsigned)(uintptr_t)arg;

	engine_set_ctx_data(&task_structs[t]);
	for (unsigned i = 0; i < OPS; i++) {
		engine_op_begin(i + 1, SITE("op"));
		run_op(task_mm[t], &prog[t][i]);
		engine_op_end(SITE("op"));
		clear_signal(&task_structs[t]);
		w->check_cheap();
	}
}

/* ---- random programs --------------------------------------------------------------------- */

static void make_world(struct prng *rng)
{
	static const u8 kinds[] = { WORLD_DEV_SYNC, 0, WORLD_DEV_SYNC | WORLD_DEV_DISCARD,
				    WORLD_DEV_ROTATIONAL, WORLD_DEV_STABLE };

	config = (struct world_config){
		.cpus = (u8)(1 + prng_below(rng, 2)), .folios = (u8)(8 + prng_below(rng, 24)),
		.cluster_slots = prng_below(rng, 2) ? 4 : 8,
		.count_bits = (u8)(2 + prng_below(rng, 2)), .batch = (u8)(1 + prng_below(rng, 4)),
		.readahead = (u8)prng_below(rng, 3), .swap_full = 50, .low_watermark = 2,
		.mms = 3,
	};
	for (int d = 0; d < 2; d++) {
		u8 on = d == 0 || prng_below(rng, 2) ? WORLD_DEV_ON : 0;

		config.dev[d] = (struct world_dev){
			.flags = WORLD_DEV_PRESENT | on | kinds[prng_below(rng, ARRAY_SIZE(kinds))],
			.slots = (u8)(6 + prng_below(rng, 20)), .prio = (s8)prng_below(rng, 2),
			.bad = { prng_below(rng, 4) ? 0 : 3, 0 },
		};
	}
}

static void make_prog(struct prng *rng)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < R_OPS; i++)
		sum += op_weights[i];
	for (unsigned t = 0; t < TASKS; t++) {
		task_mm[t] = (u8)(1 + prng_below(rng, 2));
		task_structs[t] = (struct task_struct){
			.comm = "task", .flags = prng_below(rng, 4) ? 0 : PF_MAY_SIGNAL };
		for (unsigned i = 0; i < OPS; i++) {
			unsigned k = 0, r = prng_below(rng, sum);

			while (r >= op_weights[k])
				r -= op_weights[k++];
			prog[t][i] = (struct rop){ (u8)k, (u8)prng_below(rng, 6),
						   (u8)(1 + prng_below(rng, 4)),
						   (u8)prng_below(rng, 64) };
		}
	}
}

/* ---- policy --------------------------------------------------------------------------------- */

static struct prng walk;
static u32 pace, fail_one_in, io_one_in;

static void walk_start(struct sched_policy *p, const struct engine_view *v, u64 seed)
{
	(void)p;
	(void)v;
	prng_seed(&walk, seed);
	pace = 1 + prng_below(&walk, 30);
	fail_one_in = prng_below(&walk, 2) ? 0 : 20;
	io_one_in = prng_below(&walk, 4) ? 0 : 8;
}

static unsigned walk_next(struct sched_policy *p, const struct engine_view *v)
{
	ctx_mask m = v->runnable;
	u32 k;

	(void)p;
	if (v->cur < ENGINE_CTX_MAX && m & 1u << v->cur && v->pending[v->cur].kind != EV_YIELD &&
	    prng_below(&walk, pace))
		return v->cur;
	for (k = prng_below(&walk, ctx_count(m)); k; k--)
		m &= m - 1;
	return ctx_first(m);
}

static u32 walk_choose(struct sched_policy *p, const struct engine_view *v,
		       const struct sched_choice *c)
{
	(void)p;
	(void)v;
	if (c->kind == CHOICE_ALLOC)
		return fail_one_in && !prng_below(&walk, fail_one_in);
	if (c->kind == CHOICE_IO)
		return io_one_in && !prng_below(&walk, io_one_in);
	return prng_below(&walk, 8) ? 0 : prng_below(&walk, c->n);
}

static struct sched_policy policy = { "test walk", walk_start, walk_next, walk_choose };

/* ---- runs -------------------------------------------------------------- */

static void do_setup(void *arg)
{
	(void)arg;
	if (w->setup(&config))
		report("test: setup failed", "");
	for (int mm = 1; mm <= 2; mm++)
		if (w->mmap(mm, 0, 6, WORLD_VMA_MERGEABLE))
			report("test: mmap failed", "");
}

static void do_end(void *arg)
{
	(void)arg;
	w->check_quiet();
	w->teardown();
	w->audit();
}

static void print_run(u64 seed, const struct engine_report *r)
{
	printf("seed %llu: %s (%s)\n%s", (unsigned long long)seed, r->title, r->label, r->body);
	printf("machine: cpus=%u folios=%u cluster=%u count_bits=%u batch=%u ra=%u\n", config.cpus,
	       config.folios, config.cluster_slots, config.count_bits, config.batch,
	       config.readahead);
	for (int d = 0; d < 2; d++)
		printf("  dev%d flags %u slots %u bad %u\n", d, config.dev[d].flags,
		       config.dev[d].slots, config.dev[d].bad[0]);
	for (unsigned t = 0; t < TASKS; t++) {
		printf("  %c mm%u:", 'A' + (int)t, task_mm[t]);
		for (unsigned i = 0; i < OPS; i++)
			printf(" %s(%u,%u,%u)", op_names[prog[t][i].kind], prog[t][i].page,
			       prog[t][i].pages, prog[t][i].arg);
		printf("\n");
	}
}

static bool run_seed(u64 seed, u64 *steps)
{
	struct engine_task tasks[TASKS];
	enum engine_status status;
	struct engine_stats stats;
	struct prng rng;

	prng_seed(&rng, seed);
	make_world(&rng);
	make_prog(&rng);
	forget_all();
	for (unsigned t = 0; t < TASKS; t++)
		tasks[t] = (struct engine_task){ .fn = task_fn, .arg = (void *)(uintptr_t)t,
						 .cpu = (u8)(t % config.cpus) };
	engine_reset(&(struct engine_config){ .backend = ENGINE_SIM, .cpus = config.cpus,
					      .ntasks = TASKS, .tasks = tasks, .policy = &policy,
					      .seed = seed, .arena_size = 128 * 1024,
					      .flush_shadow = getenv("FIRST") != NULL,
					      .capture_stacks = getenv("FIRST") != NULL });
	status = engine_quiet(do_setup, NULL);
	if (status == ENGINE_DONE)
		status = engine_run();
	if (status == ENGINE_DONE)
		status = engine_quiet(do_end, NULL);
	engine_stats(&stats);
	*steps += stats.steps;
	if (status != ENGINE_REPORTED)
		return true;
	print_run(seed, engine_report());
	return false;
}

static void print_untaken(const struct path *path, void *arg)
{
	(void)arg;
	if (!path->taken)
		printf("never taken: %s in %s\n", path->name, path->func);
}

static u64 env_number(const char *name, u64 otherwise)
{
	const char *s = getenv(name);

	return s ? strtoull(s, NULL, 0) : otherwise;
}

int main(void)
{
	u64 n = env_number("SEEDS", 3000), first = env_number("FIRST", 1), steps = 0, failed = 0;
	const char *bug = getenv("BUG");

	if (bug && seeded_bug_find(bug) > 0)
		seeded_bug_select((enum seeded_bug)seeded_bug_find(bug));
	world_hooks = (struct world_hooks){ .store = on_store, .load = on_load };
	sites_init();
	for (u64 seed = first; seed < first + n; seed++) {
		bool ok = run_seed(seed, &steps);

		CHECK(ok || bug);
		failed += !ok;
		if (failed >= env_number("STOP", 5))
			break;
	}
	if (getenv("PATHS"))
		paths_for_each(print_untaken, NULL);
	printf("%llu runs, %llu points\n", (unsigned long long)n, (unsigned long long)steps);
	engine_exit();
	return TEST_END();
}
