/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sim backend: all contexts are fibers on one OS thread and the policy says
 * at each point who runs. A blocked context is not runnable; when nothing is,
 * that is a deadlock. A run that exceeds its steps is continued under a fair
 * schedule; when no op ends under that for long, it is a livelock.
 * To end a run early every fiber is resumed in kill mode and longjmps to its
 * entry: no model code runs then, and no fiber is ever abandoned.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/counters.h"
#include "core/base/seeded_bug.h"
#include "core/engine/internal.h"

#define FAIR_QUANTUM 64
/* Points of a fair schedule in which some op must end. A pass of reclaim over a
 * full pool that frees nothing takes some ten thousands, of each of eight tasks. */
#define FAIR_POINTS_DEFAULT 300000u
/* A run under the fair schedule is ended after so many times that. */
#define FAIR_OPS_MAX 3u

static u32 fair_points(void)
{
	return eng.config.fair_points ? eng.config.fair_points : FAIR_POINTS_DEFAULT;
}

void (*engine_feedback)(unsigned ctx, const struct site *site, u32 role, u32 kind);

/* ---- which contexts their CPU keeps off ---- */

void sim_cpu_update(u32 cpu)
{
	struct engine_cpu_state *s = &eng.cpu[cpu];
	ctx_mask irq = CTX_BIT(ENGINE_CTX_IRQ(cpu)), soft = CTX_BIT(ENGINE_CTX_SOFTIRQ(cpu));
	ctx_mask all = s->tasks | irq | soft, off = 0;

	if (s->irq_active) {
		off = all & ~irq;
	} else {
		if (s->softirq_active) {
			off = s->tasks;
			if (eng.ctx[ENGINE_CTX_SOFTIRQ(cpu)].irqoff)
				off |= irq;
		} else if (s->holder >= 0) {
			struct engine_ctx *h = &eng.ctx[s->holder];

			off = s->tasks & ~CTX_BIT(s->holder);
			if (h->irqoff)
				off |= irq | soft;
			if (h->bhoff)
				off |= soft;
		}
	}
	eng.masked = (eng.masked & ~all) | off;
}

/* ---- choosing and switching ---- */

static u32 fair_next(ctx_mask runnable)
{
	u32 cur = eng.cur;

	if (cur < ENGINE_CTX_MAX && (runnable & CTX_BIT(cur)) && eng.fair_left > 0 &&
	    eng.view.pending[cur].kind != EV_YIELD) {
		eng.fair_left--;
		return cur;
	}
	eng.fair_left = FAIR_QUANTUM;
	for (u32 i = 1; i <= ENGINE_CTX_MAX; i++) {
		u32 n = (cur + i) % ENGINE_CTX_MAX;

		if (runnable & CTX_BIT(n))
			return n;
	}
	return cur;
}

static u32 sim_next(ctx_mask runnable)
{
	eng.view.runnable = runnable;
	eng.view.cur = eng.cur;
	if (unlikely(eng.fair))
		return fair_next(runnable);
	return eng.picker->next(eng.picker, &eng.view);
}

static inline void sim_switch(u32 n)
{
	fiber_switch(cur_ctx(), &eng.ctx[n]);
	if (unlikely(eng.killing) && eng.cur != CTX_MAIN)
		longjmp(cur_ctx()->entry, 1);
}

/* The current context cannot go on: somebody else, or the end of the run. */
static inline void sim_schedule(void)
{
	ctx_mask runnable = eng.ready & ~eng.masked;

	if (likely(runnable != 0)) {
		u32 n = sim_next(runnable);

		if (n != eng.cur)
			sim_switch(n);
		return;
	}
	sim_switch(CTX_MAIN);
}

static __cold void sim_too_long(void)
{
	u32 since = eng.fair ? max(eng.progress_step, eng.fair_step) : eng.view.steps;

	if (!eng.fair) {
		eng.fair = true;
		eng.fair_left = FAIR_QUANTUM;
		eng.fair_step = eng.view.steps;
	}
	/* Its ops do end, but each is so long that nobody wants to wait for the last one. */
	if (eng.view.steps - eng.fair_step >= FAIR_OPS_MAX * fair_points()) {
		eng.truncated = eng.ending = true;
		return;
	}
	if (eng.view.steps - since < fair_points()) {
		eng.steps_max = since + fair_points();
		return;
	}
	/* First those that can run: who sleeps may only wait for one of them. */
	for (u32 k = 0; k < 2 * eng.ntasks; k++) {
		struct engine_ctx *c = &eng.ctx[k % eng.ntasks];
		char title[REPORT_TITLE_MAX];
		const char *op;

		if (c->state != (k < eng.ntasks ? CTX_READY : CTX_BLOCKED))
			continue;
		op = c->op_site ? c->op_site->func : "task";
		snprintf(title, sizeof(title), "livelock in %s", op);
		report_livelock(title, eng.view.steps - since);
	}
	reportf("livelock in interrupts", "no end after %u points\n", eng.view.steps);
}

/* The event happens now: it is this context's turn. */
static inline __attribute__((always_inline)) void execute(struct engine_ctx *c)
{
	struct engine_event *ev = &eng.view.pending[c->index];

	eng.view.steps++;
	c->points++;
#ifdef SWAPRACE_TSAN
	if (c->points > eng.tsan_points_max)
		eng.truncated = true;
#endif
	eng.hash = hash_mix(eng.hash, (u64)ev->site->hash << 32 | role_map.hash[ev->role]);
	eng.hash ^= (u64)c->index << 8 | ev->kind;
	trace_event(c, ev);
	if (engine_feedback)
		engine_feedback(c->index, ev->site, ev->role, ev->kind);
	if (unlikely(eng.view.steps >= eng.steps_max))
		sim_too_long();
}

void sim_execute(struct engine_ctx *c)
{
	execute(c);
}

void engine_point(const struct site *site, enum event_kind kind, const volatile void *obj,
		  unsigned size)
{
	struct engine_ctx *c;
	ctx_mask runnable;
	u32 n;

	if (unlikely(!eng.live)) {
		eng.backend->point(site, kind, obj, size);
		return;
	}
	if (unlikely(eng.ending))
		sim_abort();
	c = cur_ctx();
	__builtin_prefetch(site); /* execute() hashes its name, after the policy's choice */
	eng.view.pending[c->index] = (struct engine_event){
		.site = site, .obj = obj, .role = arena_role_of(obj), .kind = (u8)kind,
		.size = (u8)size, .op = c->op,
	};
	runnable = eng.ready & ~eng.masked;
	n = sim_next(runnable);
	if (n != c->index)
		sim_switch(n);
	execute(c);
}

void engine_yield(const struct site *site)
{
	ctx_mask bit = CTX_BIT(eng.cur);

	if (!eng.live) {
		eng.backend->yield(site);
		return;
	}
	eng.view.spinning |= bit;
	engine_point(site, EV_YIELD, NULL, 0);
	eng.view.spinning &= ~bit;
}

void engine_result(u64 value)
{
	if (eng.live) {
		eng.hash = hash_mix(eng.hash, value);
		eng.ring[(eng.ring_at - 1) % RING_SIZE].result = value;
		if (unlikely(eng.log_on) && eng.nlog)
			eng.log[eng.nlog - 1].result = value;
	}
}

u32 engine_choose(const struct site *site, enum choice_kind kind, u32 n)
{
	struct sched_choice ch = { .site = site, .kind = kind, .ctx = eng.cur, .n = n };
	u32 v;

	if (!eng.live)
		return eng.backend->choose(site, kind, n);
	if (unlikely(eng.ending))
		sim_abort();
	v = eng.policy->choose(eng.policy, &eng.view, &ch);
	if (v >= n)
		v = 0;
	eng.stats.choices++;
	eng.hash = hash_mix(eng.hash, (u64)site->hash << 8 | v);
	trace_choice(cur_ctx(), &ch, v);
	return v;
}

/* ---- sleeping ---- */

static void sim_sleep(const struct site *site, const volatile u32 *word, u32 value,
		      const char *what, u8 state)
{
	struct engine_ctx *c = cur_ctx();

	if (unlikely(eng.ending))
		sim_abort();
	if (engine_load_relaxed(word) != value)
		return;
	c->state = state;
	c->wait_word = word;
	c->wait_what = what;
	c->wait_site = site;
	c->wait_seq = ++eng.wait_seq;
	eng.ready &= ~CTX_BIT(c->index);
	eng.sleeping |= CTX_BIT(c->index);
	eng.view.pending[c->index] = (struct engine_event){
		.site = site, .obj = word, .role = arena_role_of(word), .kind = EV_WAIT,
		.size = 4, .op = c->op,
	};
	sim_schedule();
	execute(c);
}

void engine_wait(const struct site *site, const volatile u32 *word, u32 value, bool atomic,
		 const char *what)
{
	(void)atomic; /* the waiter has preemption off: its CPU is masked already */
	if (eng.live)
		sim_sleep(site, word, value, what, CTX_BLOCKED);
	else
		eng.backend->wait(site, word, value, what);
}

void engine_park(const struct site *site, const volatile u32 *word, u32 value)
{
	if (eng.live)
		sim_sleep(site, word, value, "work", CTX_PARKED);
	else
		eng.backend->park(site, word, value);
}

void engine_wake(const volatile u32 *word, unsigned n)
{
	if (!eng.live) {
		eng.backend->wake(word, n);
		return;
	}
	for (ctx_mask left = eng.sleeping; left && n > 0; n--) {
		struct engine_ctx *oldest = NULL;

		for (ctx_mask m = left; m; m &= m - 1) {
			struct engine_ctx *c = &eng.ctx[ctx_first(m)];

			if (c->wait_word != word)
				left &= ~CTX_BIT(c->index);
			else if (!oldest || c->wait_seq < oldest->wait_seq)
				oldest = c;
		}
		if (!oldest)
			return;
		left &= ~CTX_BIT(oldest->index);
		eng.sleeping &= ~CTX_BIT(oldest->index);
		oldest->state = CTX_READY;
		oldest->wait_word = NULL;
		eng.ready |= CTX_BIT(oldest->index);
	}
}

/* ---- what a fiber does ---- */

static void task_body(struct engine_ctx *c)
{
	HB(HB_RUN_START_ACQUIRE, acquire, &eng.token_start);
	c->fn(c->arg);
	HB(HB_RUN_END_RELEASE, release, &eng.token_end);
}

/* What the context will do next is to begin: visible to policies. */
void sim_pend_begin(struct engine_ctx *c, u16 op, const struct site *site, u8 kind)
{
	eng.view.pending[c->index] = (struct engine_event){ .site = site, .kind = kind, .op = op };
}

void fiber_first(void)
{
	struct engine_ctx *c = cur_ctx();

	fiber_arrived_first();
	for (;;) {
		bool hard = c->index >= ENGINE_CTX_IRQ(0) && c->index < ENGINE_CTX_SOFTIRQ(0);

		if (setjmp(c->entry) == 0) {
			if (eng.killing)
				goto ended;
			if (ctx_is_task(c->index))
				task_body(c);
			else if (hard)
				interrupt_body(c);
			else
				softirq_body(c);
		}
ended:
		c = cur_ctx();
		tsan_race_ignore_drop(c);
		c->state = CTX_DONE;
		eng.progress_step = eng.view.steps;
		eng.ready &= ~CTX_BIT(c->index);
		if (eng.killing || eng.ending) {
			fiber_switch(c, &eng.ctx[CTX_MAIN]);
			continue;
		}
		if (!ctx_is_task(c->index)) {
			interrupt_kick(c->cpu, hard);
			if (eng.ready & ~eng.masked & CTX_BIT(c->index)) {
				u32 n = sim_next(eng.ready & ~eng.masked);

				if (n != c->index)
					fiber_switch(c, &eng.ctx[n]);
				continue;
			}
		}
		/* not sim_switch(): kill mode must come back to this loop */
		{
			ctx_mask runnable = eng.ready & ~eng.masked;
			u32 n = runnable ? sim_next(runnable) : CTX_MAIN;

			fiber_switch(c, &eng.ctx[n]);
		}
	}
}

void sim_abort(void)
{
	longjmp(cur_ctx()->entry, 1);
}

/* ---- runs ---- */

void sim_reset(void)
{
	eng.view.spinning = 0;
	/* the recorder also looks at contexts that this run does not have */
	memset(eng.view.pending, 0, sizeof(eng.view.pending));
	eng.ready = eng.masked = eng.sleeping = eng.readers = 0;
	eng.hash = 0x243f6a8885a308d3ull;
	eng.fair = eng.truncated = eng.ending = false;
	eng.progress_step = eng.fair_step = 0;
	eng.wait_seq = 0;
	for (u32 i = 0; i < CTX_COUNT; i++) {
		struct engine_ctx *c = &eng.ctx[i];

		c->index = (u8)i;
		c->state = CTX_UNUSED;
		c->op = 0;
		c->op_site = NULL;
		c->points = c->irqoff = c->bhoff = c->atomic_nest = c->reader_nest = 0;
		c->wait_word = NULL;
		c->nrole_kinds = 0;
		c->gp_seen_started = c->gp_seen_ended = 0;
		c->data = NULL;
		c->letter = ctx_is_task(i) ? (char)('A' + i) : '?';
		c->cpu = 0;
	}
	for (u32 i = 0; i < ENGINE_CPUS_MAX; i++) {
		struct engine_cpu_state *s = &eng.cpu[i];

		s->tasks = 0;
		s->holder = -1;
		s->irq_active = s->softirq_active = false;
		s->irq_head = NULL;
		s->irq_tail = &s->irq_head;
		s->cb_head = NULL;
		s->cb_tail = &s->cb_head;
		s->irq_count = s->cb_count = 0;
		eng.ctx[ENGINE_CTX_IRQ(i)].cpu = (u8)i;
		eng.ctx[ENGINE_CTX_SOFTIRQ(i)].cpu = (u8)i;
	}
}

static void ctx_prepare(u32 i)
{
	struct engine_ctx *c = &eng.ctx[i];

	fiber_create(c);
	eng.view.cpu_of[i] = c->cpu;
}

/* Every unfinished fiber comes back to its entry. */
static void sim_kill_all(void)
{
	eng.killing = true;
	for (u32 i = 0; i < ENGINE_CTX_MAX; i++) {
		struct engine_ctx *c = &eng.ctx[i];

		if (c->state == CTX_UNUSED || c->state == CTX_DONE)
			continue;
		fiber_switch(&eng.ctx[CTX_MAIN], c);
	}
	eng.killing = false;
}

void sim_run(void)
{
	bool is_cut;

	for (u32 i = 0; i < eng.ntasks; i++) {
		struct engine_ctx *c = task_prepare(i);

		eng.cpu[c->cpu].tasks |= CTX_BIT(i);
		eng.ready |= CTX_BIT(i);
		ctx_prepare(i);
		sim_pend_begin(c, 1, SITE("task_begin"), EV_OP);
	}
	for (u32 cpu = 0; cpu < eng.ncpus; cpu++) {
		ctx_prepare(ENGINE_CTX_IRQ(cpu));
		ctx_prepare(ENGINE_CTX_SOFTIRQ(cpu));
	}
	eng.view.steps = 0;
	eng.view.ntasks = eng.ntasks;
	eng.view.cpus = eng.ncpus;
	eng.view.cur = ENGINE_CTX_MAX;
	eng.policy->start(eng.policy, &eng.view, eng.config.seed);
	HB(HB_RUN_START_RELEASE, release, &eng.token_start);
	eng.live = true;
	engine_lockdep_now = &cur_ctx()->ld;
	for (u32 cpu = 0; cpu < eng.ncpus; cpu++) {
		interrupt_kick(cpu, true);
		interrupt_kick(cpu, false);
	}
	if (eng.ntasks)
		fiber_switch(&eng.ctx[CTX_MAIN], &eng.ctx[sim_next(eng.ready & ~eng.masked)]);
	/* Back on main: nothing runnable, or a report was made. */
	eng.live = false;
	is_cut = eng.ending && !eng.reported;
	if (!eng.ending) {
		for (u32 i = 0; i < ENGINE_CTX_MAX; i++)
			if (eng.ctx[i].state == CTX_BLOCKED || eng.ctx[i].state == CTX_READY) {
				report_deadlock();
				break;
			}
	}
	eng.ending = true;
	sim_kill_all();
	eng.ending = false;
	HB(HB_RUN_END_ACQUIRE, acquire, &eng.token_end);
	eng.stats.steps = eng.view.steps;
	eng.stats.fair = eng.fair;
	eng.stats.complete = !eng.reported && !is_cut;
	eng.stats.trace_hash = eng.reported ? eng.report.trace_hash : eng.hash;
}
