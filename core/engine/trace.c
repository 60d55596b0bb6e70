/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What happened: labels, ops, the trace ring (always on, for reports), the event
 * log (on demand, for schedules and traces) and stacks by frame pointers.
 */
#include <stdlib.h>
#include <string.h>

#include "core/base/counters.h"
#include "core/engine/internal.h"

static const char *const kind_names[EV_KIND_COUNT] = {
	"none", "op", "op-end", "lock", "trylock", "unlock", "load", "store", "rmw", "plain",
	"fence", "rcu", "pte", "tlb", "copy", "wait", "wake", "io", "irq", "preempt", "yield",
	"alloc", "free",
};

const char *event_kind_name(enum event_kind kind)
{
	return kind < EV_KIND_COUNT ? kind_names[kind] : "?";
}

bool event_kind_writes(enum event_kind kind)
{
	switch (kind) {
	case EV_LOAD:
	case EV_RCU:
	case EV_FENCE:
	case EV_NONE:
	case EV_PREEMPT:
	case EV_YIELD:
	case EV_OP:
	case EV_OP_END:
		return false;
	default:
		return true;
	}
}

static char *put_dec(char *p, const char *end, unsigned v)
{
	char d[12];
	int n = 0;

	do {
		d[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	while (n && p < end)
		*p++ = d[--n];
	return p;
}

void label_print(const struct engine_ctx *c, char *buf, size_t size)
{
	const char *word = c->index >= ENGINE_CTX_MAX ? "setup" :
			   c->index < ENGINE_CTX_SOFTIRQ(0) ? "irq" : "rcu";
	char *p = buf, *end = buf + size - 1;

	if (ctx_is_task(c->index)) {
		*p++ = c->letter;
		p = put_dec(p, end, c->op);
	} else {
		while (*word && p < end)
			*p++ = *word++;
		if (c->index < ENGINE_CTX_MAX) {
			p = put_dec(p, end, c->cpu);
			if (p < end)
				*p++ = '.';
			p = put_dec(p, end, c->op);
		}
	}
	*p = 0;
}

const char *engine_label(unsigned i, char *buf, size_t size)
{
	label_print(&eng.ctx[i < CTX_COUNT ? i : CTX_MAIN], buf, size);
	return buf;
}

void engine_op_begin(unsigned number, const struct site *site)
{
	struct engine_ctx *c = this_ctx();

	c->op = (u16)number;
	c->op_site = site;
	c->nrole_kinds = 0;
	engine_point(site, EV_OP, NULL, 0);
	label_print(c, c->ld.label, sizeof(c->ld.label));
	c->ld.op_rcu_nesting = c->ld.rcu_nesting;
}

void engine_op_end(const struct site *site)
{
	struct engine_ctx *c = this_ctx();

	if (engine_lockdep_begin()) {
		lockdep_check_op_end(&c->ld, c->op_site ? c->op_site->func : site->func);
		engine_lockdep_end();
	}
	engine_point(site, EV_OP_END, NULL, 0);
	eng.progress_step = eng.view.steps;
}

void trace_reset(void)
{
	eng.ring_at = 0;
	eng.nlog = 0;
	eng.log_full = false;
	eng.log_on = eng.config.log_events;
	if (eng.log_on && !eng.log) {
		eng.log = malloc(LOG_MAX * sizeof(*eng.log));
		if (!eng.log) {
			fprintf(stderr, "swaprace: no memory for the event log\n");
			exit(3);
		}
	}
}

static struct engine_logged *log_next(struct engine_ctx *c)
{
	struct engine_logged *l;

	if (eng.nlog == LOG_MAX) {
		eng.log_full = true;
		return NULL;
	}
	l = &eng.log[eng.nlog++];
	*l = (struct engine_logged){ .op = c->op, .ctx = c->index, .held = c->ld.depth };
	return l;
}

void trace_log_event(struct engine_ctx *c, const struct engine_event *ev)
{
	struct engine_logged *l = log_next(c);

	if (!l)
		return;
	l->site = ev->site->hash;
	l->role = ev->role;
	l->role_hash = engine_role_hash(ev->role);
	l->kind = ev->kind;
	l->op = ev->op;
}

void trace_choice(struct engine_ctx *c, const struct sched_choice *ch, u32 value)
{
	struct engine_logged *l;

	if (!eng.log_on)
		return;
	l = log_next(c);
	if (!l)
		return;
	l->site = ch->site->hash;
	l->kind = EV_NONE;
	l->choice = value + 1;
	l->choice_kind = ch->kind;
}

const struct engine_logged *engine_log(size_t *n)
{
	*n = eng.nlog;
	return eng.log;
}

/* Every line ends in '\n'; the newest event is the last line. */
size_t engine_ring_print(char *buf, size_t size, u32 role, unsigned lines)
{
	u32 have = eng.ring_at < RING_SIZE ? eng.ring_at : RING_SIZE, first = eng.ring_at, found = 0;
	size_t n = 0;

	if (size)
		buf[0] = 0;
	for (u32 i = 0; i < have && found < lines; i++) {
		const struct ring_entry *r = &eng.ring[(eng.ring_at - 1 - i) % RING_SIZE];

		if (role && r->role != role)
			continue;
		found++;
		first = eng.ring_at - 1 - i;
	}
	for (; first != eng.ring_at && n + 1 < size; first++) {
		const struct ring_entry *r = &eng.ring[first % RING_SIZE];
		u16 op = eng.ctx[r->ctx].op;
		char label[16], name[48];
		int w;

		if (role && r->role != role)
			continue;
		eng.ctx[r->ctx].op = r->op;
		engine_label(r->ctx, label, sizeof(label));
		eng.ctx[r->ctx].op = op;
		w = snprintf(buf + n, size - n, "  %5u %-7s %s@%s(%s)", r->step, label, r->site->op,
			     r->site->func, engine_role_name(r->role, name, sizeof(name)));
		n += (size_t)w;
		if (n < size && r->result)
			n += (size_t)snprintf(buf + n, size - n, " = %llu", (unsigned long long)r->result);
		if (n < size)
			n += (size_t)snprintf(buf + n, size - n, "\n");
	}
	return n < size ? n : size ? size - 1 : 0;
}

/* ---- stacks ---- */

static unsigned stack_walk(void **fp, const char *low, const char *high, void **out, unsigned max)
{
	unsigned n = 0;

	while (n < max && (char *)fp >= low && (char *)(fp + 2) <= high && fp[1]) {
		out[n++] = fp[1];
		if ((void **)fp[0] <= fp)
			break;
		fp = fp[0];
	}
	return n;
}

unsigned stack_from(void **fp, void **out, unsigned max)
{
	const struct engine_ctx *c = this_ctx();
	const char *here = (char *)fp, *high = here + (64u << 10);

	if (native_stack_end())
		high = native_stack_end();
	else if (c->stack && here >= c->stack && here < c->stack + c->stack_size)
		high = c->stack + c->stack_size;
	return stack_walk(fp, here, high, out, max);
}

static unsigned ctx_stack(unsigned i, void **out, unsigned max)
{
	struct engine_ctx *c = &eng.ctx[i];

	if (i == engine_current())
		return stack_from(__builtin_frame_address(0), out, max);
	if (eng.threaded)
		return 0; /* another thread, and it runs */
#if defined(__x86_64__)
	if (c->stack && c->state != CTX_UNUSED && c->state != CTX_DONE) {
		void **sp = c->sp; /* r15 r14 r13 r12 rbx rbp ret */

		return stack_walk(sp + 5, c->stack, c->stack + c->stack_size, out, max);
	}
#endif
	return 0;
}

/* The engine's own frames say nothing to a reader. */
static bool boring_frame(const char *name)
{
	static const char *const prefixes[] = {
		"engine_", "sim_", "fiber_", "report", "task_body", "lockdep_", "native_",
		"__interceptor", "___interceptor", "ctx_stack", "print_", "run_task", "__tsan",
		"__asan", "_ZN6__asan", "__ubsan", "__wrap___ubsan", "ubsan_report", "append", "sink",
		"oops_", "hang_report", "stack_from", "symbol_",
	};

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

size_t stack_print(char *buf, size_t size, void *const *pc, unsigned n)
{
	unsigned number = 0;
	size_t at = 0;

	if (size)
		buf[0] = 0;
	for (unsigned f = 0; f < n && at + 1 < size; f++) {
		const char *at_call = (const char *)pc[f] - 1;

		if ((!f || pc[f] != pc[f - 1]) && !boring_frame(symbol_name(at_call)))
			at += symbol_frame(buf + at, size - at, number++, at_call);
	}
	return at < size ? at : size ? size - 1 : 0;
}

size_t engine_stack_print(char *buf, size_t size, unsigned i)
{
	void *pc[STACK_MAX];

	return stack_print(buf, size, pc, ctx_stack(i, pc, STACK_MAX));
}
