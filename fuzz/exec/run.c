// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One run of a program: engine_reset, set-up, tasks, checks when quiet, read-back
 * of all contents, tear-down, audit. A report in any of them ends it; then the
 * world is as it is and is not torn down, the next reset takes it away. All state
 * of a run lies here and in the engine: one run at a time.
 */
#include "fuzz/exec/run.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/world_ops.h"
#include "core/lockdep/lockdep.h"
#include "fuzz/exec/exec.h"
#include "fuzz/exec/observe.h"

struct running_task {
	const struct prog_task *task;
	unsigned index;
};

struct running {
	const struct prog *prog;
	const struct world_ops *world;
	const struct run_options *opt;
	struct run_result *result;
	/* Of edges and choices, alone or over a policy; NULL: none. */
	const struct sched_schedule *schedule;
	struct running_task task[PROG_TASKS_MAX];
	struct engine_task tasks[PROG_TASKS_MAX];
};
static struct running running;

const struct run_options run_defaults = {
	.backend = ENGINE_SIM,
	.policy = RUN_POLICY_OF_PROGRAM,
	/* In the fine build another task may stand between two plain accesses, in
	 * the middle of a list operation: checks without its lock say nothing. */
#ifdef SWAPRACE_FINE
	.check_ops = false,
#else
	.check_ops = true,
#endif
};

/* ---- on a task ---- */

static void count_op(int ret)
{
	__atomic_fetch_add(&running.result->ops, 1, __ATOMIC_RELAXED);
	if (ret)
		__atomic_fetch_add(&running.result->ops_failed, 1, __ATOMIC_RELAXED);
}

static void task_run(void *arg)
{
	const struct running_task *t = arg;
	const struct prog_task *task = t->task;
	struct exec_call call = { .world = running.world, .mm = task->mm };

	if (running.world->task_begin)
		running.world->task_begin(t->index);
	for (unsigned i = 0; i < task->nops; i++) {
		u8 kind = task->op[i].kind;
		int ret;

		call.arg = task->op[i].arg;
		engine_op_begin(i + 1, exec_site(kind));
		engine_label(t->index, call.label, sizeof(call.label));
		coverage_op_begin(t->index, kind);
		ret = exec_op(kind, &call);
		if (running.world->op_end)
			running.world->op_end(t->index, i + 1 == task->nops);
		engine_result((u64)(s64)ret);
		if (running.opt->check_ops && running.world->check_cheap && engine_is_sim())
			running.world->check_cheap();
		engine_op_end(exec_site(kind));
		coverage_op_end(t->index, kind, ret != 0);
		count_op(ret);
	}
}

/* ---- what is observed ---- */

static void event_hook(unsigned ctx, const struct site *site, u32 role, u32 kind)
{
	if (running.opt->coverage)
		coverage_event(ctx);
	if (running.opt->feedback)
		feedback_event(ctx, site, role, kind);
}

static void delivery_hook(unsigned victim_kind, bool hardirq)
{
	coverage_delivery(victim_kind, hardirq);
}

static void choice_observed(const struct sched_choice *c, u32 value)
{
	if (!value)
		return;
	if (c->kind == CHOICE_IO) {
		running.result->io_errors++;
		contents_io_error();
	} else if (c->kind == CHOICE_ALLOC) {
		running.result->alloc_failures++;
		contents_alloc_failure();
	}
}

static struct sched_observer observer = { .choice = choice_observed };

static void hooks_install(void)
{
	const struct run_options *opt = running.opt;

	engine_feedback = opt->coverage || opt->feedback ? event_hook : NULL;
	engine_irq_delivered = opt->coverage ? delivery_hook : NULL;
	lockdep_new_dependency = opt->feedback ? feedback_dependency : NULL;
	coverage_begin(opt->coverage);
	if (opt->feedback)
		feedback_begin();
}

static void hooks_remove(void)
{
	engine_feedback = NULL;
	engine_irq_delivered = NULL;
	lockdep_new_dependency = NULL;
	contents_stop();
}

/* ---- the parts of a run ---- */

/* What a set-up depends on. */
struct set_up {
	const struct world_ops *world;
	struct world_config machine;
	unsigned ntasks;
	char label[PROG_TASKS_MAX];
	bool report_known;
};
static struct set_up kept_set_up; /* that the world keeps, if it does */

static void set_up_of(struct set_up *s, const struct running *r)
{
	memset(s, 0, sizeof(*s));
	s->world = r->world;
	s->machine = r->prog->machine;
	s->ntasks = r->prog->ntasks;
	for (unsigned i = 0; i < s->ntasks; i++)
		s->label[i] = r->prog->task[i].label;
	s->report_known = r->opt->report_known;
}

static bool may_keep(const struct running *r)
{
	return r->world->keep && r->opt->backend == ENGINE_SIM && !r->opt->feedback;
}

/* Can this run begin where an equal set-up has ended? */
static bool is_kept(const struct running *r)
{
	struct set_up s;

	if (!may_keep(r) || r->opt->fresh || !r->world->kept())
		return false;
	set_up_of(&s, r);
	return memcmp(&s, &kept_set_up, sizeof(s)) == 0;
}

static void world_keep(void *arg)
{
	struct running *r = arg;

	if (r->world->keep())
		set_up_of(&kept_set_up, r);
}

static void world_restore(void *arg)
{
	struct running *r = arg;

	for (unsigned i = 0; i < r->prog->ntasks; i++)
		r->task[i] = (struct running_task){ .task = &r->prog->task[i], .index = i };
	r->world->restore();
}

static void world_set_up(void *arg)
{
	struct running *r = arg;
	int ret = r->world->setup(&r->prog->machine);

	if (ret)
		reportf("set-up failed", "the world's set-up returned %d\n", ret);
	for (unsigned i = 0; i < r->prog->ntasks; i++) {
		struct running_task *t = &r->task[i];

		t->task = &r->prog->task[i];
		t->index = i;
		ret = r->world->task_make ? r->world->task_make(i, t->task->label) : 0;
		if (ret)
			reportf("set-up failed", "no task %c: %d\n", t->task->label, ret);
	}
}

static void world_check(void *arg)
{
	struct running *r = arg;

	if (r->world->check_quiet)
		r->world->check_quiet();
}

/* Reads every page back; what that starts (readahead, write-back) ends with it. */
static void world_read_back(void *arg)
{
	struct running *r = arg;

	contents_check_quiet(r->world);
}

static void world_tear_down(void *arg)
{
	struct running *r = arg;

	contents_stop();
	r->world->teardown();
	if (r->world->audit)
		r->world->audit();
}

#define OP_POINTS 160

/* The k of PCT: about the number of events of such a program, by its ops alone. */
static u32 steps_expected(const struct prog *p)
{
	u32 op_points = running.world->op_points ? running.world->op_points : OP_POINTS;
	u32 most = running.world->steps_max ? running.world->steps_max : 8000;
	u32 ops = 0, steps;

	for (unsigned i = 0; i < p->ntasks; i++)
		ops += p->task[i].nops;
	steps = ops * op_points;
	return steps < 64 ? 64 : steps > most ? most : steps;
}

static struct sched_policy *policy_of(const struct prog *p, const struct run_options *opt)
{
	static struct sched_schedule schedule;
	int policy = opt->policy == RUN_POLICY_OF_PROGRAM ? p->policy : opt->policy;
	struct sched_policy *silent = NULL; /* where the program's schedule says nothing */

	running.schedule = NULL;
	if (opt->scheduler)
		return opt->scheduler;
	running.schedule = opt->schedule;
	if (opt->schedule)
		return sched_replay(opt->schedule);
	switch (policy) {
#define POLICY_REPLAY(...)
#define POLICY(ID, name, ...)                              \
	case PROG_POLICY_##ID:                             \
		silent = sched_##name(steps_expected(p));  \
		break;
#include "core/base/policy.def"
	}
	if (silent && !p->nedges && !p->nchoices)
		return silent;
	run_schedule_of(p, &schedule);
	running.schedule = &schedule;
	return sched_replay_over(&schedule, silent);
}

static void result_fill(struct run_result *res, const struct run_options *opt)
{
	const struct engine_report *report = engine_report();

	engine_stats(&res->stats);
	res->hash = res->stats.trace_hash;
	memcpy(res->counters, counters, sizeof(res->counters));
	res->races_marked = engine_races_marked();
	if (!seeded_bugs_none(&opt->bugs))
		res->hash_at_bug = seeded_bugs_hash_at_first(&opt->bugs);
	if (report) {
		res->status = RUN_REPORT;
		memcpy(res->title, report->title, sizeof(res->title));
		memcpy(res->label, report->label, sizeof(report->label));
		res->body = report->body ? strdup(report->body) : NULL;
		res->hash = report->trace_hash;
		res->step = report->step;
	}
}

static void result_log(struct run_result *res)
{
	size_t n;
	const struct engine_logged *log = engine_log(&n);

	for (size_t i = 0; i < n; i++)
		res->contexts |= CTX_BIT(log[i].ctx);
}

static void result_edge(struct run_result *res, bool is_choice, u32 index,
			enum sched_edge_end why)
{
	bool first = res->unmet == 0 && (res->open == 0 || why != SCHED_EDGE_OPEN);

	if (why == SCHED_EDGE_MET)
		return;
	if (first)
		res->first_unmet = (struct run_unmet){
			.is_choice = is_choice, .index = index, .why = why,
			.came = is_choice ? sched_replay_choice_came(index) :
					    sched_replay_edge_came(index, why) };
	if (why == SCHED_EDGE_OPEN)
		res->open++;
	else
		res->unmet++;
}

/* What became of the schedule, in a run that was begun. */
static void result_replay(struct run_result *res)
{
	const struct sched_schedule *s = running.schedule;
	struct engine_stats stats;
	u32 n;

	if (!s || running.opt->backend == ENGINE_NATIVE)
		return;
	res->dropped = sched_replay_dropped();
	for (n = 0; res->dropped && !sched_replay_edge_dropped(n); n++)
		;
	res->first_dropped = n;
	engine_stats(&stats);
	for (u32 i = 0; i < s->nedges; i++)
		result_edge(res, false, i, sched_replay_edge_end(i, stats.complete, stats.fair));
	for (u32 i = 0; i < s->nchoices; i++)
		result_edge(res, true, i, sched_replay_choice_end(i, stats.complete));
}

/* Up to the tasks: ENGINE_REPORTED if the set-up ended in a report. */
static enum engine_status run_begin(const struct prog *p, const struct world_ops *world,
				    const struct run_options *opt, struct run_result *result)
{
	struct engine_task *tasks = running.tasks;
	struct engine_config config = { .tasks = tasks };
	struct sched_policy *policy;
	enum engine_status status;

	BUG_ON(!*(const volatile char *)&exec_sanitizer_options_linked);
	BUG_ON_CMP(p->ntasks, >, PROG_TASKS_MAX);
	run_result_clear(result);
	running.prog = p;
	running.world = world ? world : world_linked;
	BUG_ON(opt->backend == ENGINE_NATIVE && !running.world->native);
	BUG_ON(!seeded_bugs_none(&opt->bugs) && !running.world->seeded_bugs);
	running.opt = opt;
	running.result = result;
	policy = policy_of(p, opt);
	for (unsigned i = 0; i < p->ntasks; i++)
		tasks[i] = (struct engine_task){ .fn = task_run, .arg = &running.task[i],
						 .cpu = p->task[i].cpu,
						 .label = p->task[i].label };
	config.backend = opt->backend;
	config.cpus = p->machine.cpus;
	config.ntasks = p->ntasks;
	config.policy = sched_observe(policy, &observer);
	config.picker = observer.event ? NULL : policy;
	config.seed = opt->seed_set ? opt->seed : p->seed;
	config.fair_points = running.world->fair_points;
	config.steps_max = opt->steps_max ? opt->steps_max : running.world->steps_max;
	if (running.world->arena_kept)
		config.arena_kept = running.world->arena_kept(&p->machine);
	if (running.world->arena_size)
		config.arena_size = running.world->arena_size(&p->machine);
	if (running.world->plain_races && !opt->races_marked)
		config.races = ENGINE_RACES_PLAIN;
	config.log_events = opt->log;
	config.capture_stacks = opt->capture;
	config.flush_shadow = opt->flush_shadow;
	config.snapshot = is_kept(&running);

	seeded_bugs_select(&opt->bugs);
	report_known = opt->report_known;
	engine_reset(&config);
	hooks_install();
	contents_reset(p->machine.mms, opt->backend == ENGINE_NATIVE, p->machine.thp);
	if (config.snapshot)
		return engine_quiet(world_restore, &running);
	status = engine_quiet(world_set_up, &running);
	if (status == ENGINE_DONE && may_keep(&running))
		status = engine_quiet(world_keep, &running);
	return status;
}

static enum run_status run_once(const struct prog *p, const struct world_ops *world,
				const struct run_options *opt, struct run_result *result)
{
	enum engine_status status = run_begin(p, world, opt, result);
	struct engine_stats stats = { .complete = true };

	if (status == ENGINE_DONE) {
		status = engine_run();
		result_replay(result);
		engine_stats(&stats);
	}
	result->status = status == ENGINE_TRUNCATED ? RUN_TRUNCATED : RUN_CLEAN;
	if (!stats.complete) /* its tasks are somewhere inside of their ops */
		status = ENGINE_REPORTED;
	if (status != ENGINE_REPORTED)
		status = engine_quiet(world_check, &running);
	if (status != ENGINE_REPORTED)
		status = engine_quiet(world_read_back, &running);
	if (status != ENGINE_REPORTED)
		status = engine_quiet(world_check, &running);
	if (status != ENGINE_REPORTED)
		engine_quiet(world_tear_down, &running);
	hooks_remove();
	result_fill(result, opt);
	if (opt->log)
		result_log(result);
	if (opt->coverage)
		coverage_end(&result->stats, result->status == RUN_REPORT);
	return result->status;
}

enum run_status run_set_up_only(const struct prog *p, const struct world_ops *world,
				const struct run_options *opt, struct run_result *result)
{
	enum engine_status status = run_begin(p, world, opt ? opt : &run_defaults, result);

	hooks_remove();
	result_fill(result, running.opt);
	BUG_ON((status == ENGINE_REPORTED) != (result->status == RUN_REPORT));
	return result->status;
}

enum run_status run_program(const struct prog *p, const struct world_ops *world,
			    const struct run_options *opt, struct run_result *result)
{
	enum run_status status;

	opt = opt ? opt : &run_defaults;
	status = run_once(p, world, opt, result);
#ifdef SWAPRACE_TSAN
	for (unsigned i = 1; i < opt->race_tries && status != RUN_REPORT; i++) {
		struct run_options again = *opt;

		again.flush_shadow = false;
		status = run_once(p, world, &again, result);
	}
#endif
	return status;
}

void run_result_clear(struct run_result *result)
{
	free(result->body);
	memset(result, 0, sizeof(*result));
}

void run_fit(struct prog *p, const struct world_ops *world)
{
	world = world ? world : world_linked;
	if (world->machine_fit)
		world->machine_fit(&p->machine);
}

bool run_machine_check(const struct prog *p, const struct world_ops *world, char *why, size_t size)
{
	world = world ? world : world_linked;
	return !world->machine_check || world->machine_check(&p->machine, why, size);
}

void run_exit(void)
{
	engine_exit();
}
