/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs: reset, set-up and tear-down on the caller's stack, tasks on the chosen
 * backend, statistics; and lockdep's view of contexts.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/counters.h"
#include "core/base/seeded_bug.h"
#include "core/engine/internal.h"

struct engine eng = { .backend = &backend_quiet };
const bool *const engine_points_live = &eng.live;
unsigned engine_events_off;
struct engine_ctx *ctx_now = eng.ctx;

static u64 hash_now(void)
{
	return eng.hash;
}

static unsigned capture_stack(void **stack, unsigned max)
{
	return stack_from(__builtin_frame_address(0), stack, max);
}

static void print_symbol(void *pc, char *buf, size_t size)
{
	snprintf(buf, size, "%s", symbol_name((char *)pc - 1));
}

/* For lockdep's reports: the role of what a lock lies in. */
static void print_object(const void *map, char *buf, size_t size)
{
	u32 role = engine_role_of(map);

	if (role)
		engine_role_name(role, buf, size);
}

/* "task A", "irq 0", "softirq 1", "set-up": without libc, this runs at every reset. */
static void context_name(const struct engine_ctx *c, char *name)
{
	const char *kind = ctx_is_task(c->index) ? "task " : c->index < ENGINE_CTX_SOFTIRQ(0) ?
			   "irq " : c->index < ENGINE_CTX_MAX ? "softirq " : "set-up";

	while (*kind)
		*name++ = *kind++;
	if (c->index < ENGINE_CTX_MAX)
		*name++ = ctx_is_task(c->index) ? c->letter : (char)('0' + c->cpu);
	*name = 0;
}

static void lockdep_contexts_reset(void)
{
	for (u32 i = 0; i < CTX_COUNT; i++) {
		struct engine_ctx *c = &eng.ctx[i];
		char name[16];

		if (i < eng.ntasks && eng.config.tasks[i].label)
			c->letter = eng.config.tasks[i].label;
		if ((ctx_is_task(i) ? i >= eng.ntasks : c->cpu >= eng.ncpus) && !c->ld.depth)
			continue; /* unused in this run and in the last one */
		context_name(c, name);
		lockdep_ctx_reset(&c->ld, name, ctx_is_task(i) || i == CTX_MAIN ? 0 :
				  i < ENGINE_CTX_SOFTIRQ(0) ? 2 : 1);
	}
}

void engine_reset(const struct engine_config *config)
{
	static bool initialised;

	if (!initialised) {
		initialised = true;
		sites_init();
		report_install();
		oops_install();
		asan_install();
		seeded_bug_trace_hash = hash_now;
		lockdep_print_symbol = print_symbol;
		lockdep_print_object = print_object;
	}
	eng.config = *config;
	eng.ntasks = config->ntasks < ENGINE_TASKS_MAX ? config->ntasks : ENGINE_TASKS_MAX;
	eng.ncpus = config->cpus >= 1 && config->cpus <= ENGINE_CPUS_MAX ? config->cpus : 1;
	eng.policy = config->policy;
	eng.picker = config->picker ? config->picker : config->policy;
	eng.steps_max = config->steps_max ? config->steps_max : STEPS_MAX_DEFAULT;
	eng.tsan_points_max = config->tsan_points_max ? config->tsan_points_max : TSAN_TASK_POINTS_MAX;
	eng.races_marked = 0;
	eng.threaded = eng.live = eng.quiet = eng.in_run = false;
	eng.backend = &backend_quiet;
	engine_lockdep_now = NULL;
	set_cur(CTX_MAIN);
	memset(&eng.stats, 0, sizeof(eng.stats));
	eng.view.steps = 0;
	report_reset();
	sim_reset();
	rcu_reset();
	trace_reset();
	lockdep_capture_stack = config->capture_stacks ? capture_stack : NULL;
	lockdep_reset();
	lockdep_contexts_reset();
	counters_reset();
	seeded_bug_reset();
	if (config->snapshot) {
		BUG_ON(!engine_has_snapshot());
	} else {
		snapshot_drop();
		arena_reset();
	}
	if (config->backend == ENGINE_NATIVE)
		native_reset();
	else
		hang_watch();
	if (config->flush_shadow || ++eng.runs % SHADOW_FLUSH_RUNS == 0)
		tsan_flush();
}

void engine_flush_shadow(void)
{
	tsan_flush();
}

struct engine_ctx *task_prepare(u32 i)
{
	struct engine_ctx *c = &eng.ctx[i];
	const struct engine_task *t = &eng.config.tasks[i];

	c->fn = t->fn;
	c->arg = t->arg;
	c->cpu = t->cpu < eng.ncpus ? t->cpu : 0;
	c->letter = t->label ? t->label : (char)('A' + i);
	c->state = CTX_READY;
	return c;
}

enum engine_status engine_run(void)
{
	enum engine_status status;

	eng.in_run = true;
	if (eng.config.backend == ENGINE_NATIVE) {
		status = native_run();
	} else {
		sim_run();
		status = eng.reported ? ENGINE_REPORTED :
			 eng.truncated ? ENGINE_TRUNCATED : ENGINE_DONE;
	}
	eng.in_run = false;
	set_cur(CTX_MAIN);
	engine_lockdep_now = &cur_ctx()->ld;
	return status;
}

void engine_exit(void)
{
	report_reset();
	native_exit();
	fibers_destroy();
	arena_exit();
	snapshot_exit();
	free(eng.log);
	eng.log = NULL;
}

void engine_stats(struct engine_stats *out)
{
	*out = eng.stats;
}

u32 engine_races_marked(void)
{
	return eng.races_marked;
}

bool engine_is_sim(void)
{
	return eng.config.backend == ENGINE_SIM;
}

bool engine_running(void)
{
	return is_running();
}

bool engine_killing(void)
{
	return eng.killing;
}

static u32 lockdep_word; /* hidden lock: native's threads take turns in lockdep */
struct lockdep_ctx *engine_lockdep_now;

struct lockdep_ctx *engine_lockdep_begin_slow(void)
{
	if (!eng.threaded)
		return NULL;
	engine_hidden_lock(&lockdep_word);
	return &native_ctx()->ld;
}

void engine_lockdep_end_slow(void)
{
	engine_hidden_unlock(&lockdep_word);
}

struct lockdep_ctx *engine_lockdep_ctx(void)
{
	if (likely(engine_lockdep_now))
		return engine_lockdep_now;
	return eng.threaded ? &native_ctx()->ld : NULL;
}

void engine_lockdep_free_memory(const void *start, size_t len, const char *func)
{
	struct lockdep_ctx *ctxs[CTX_COUNT];
	unsigned n = 0;

	if (!engine_lockdep_begin())
		return;
	for (u32 i = 0; i < CTX_COUNT; i++)
		if (eng.ctx[i].ld.depth)
			ctxs[n++] = &eng.ctx[i].ld;
	if (n)
		lockdep_free_memory(ctxs, n, start, len, func);
	engine_lockdep_end();
}
