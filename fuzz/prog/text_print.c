// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A program as text. Canonical: print(parse(print(p))) is the same bytes; what
 * has its default is left out, except cpus. A site that this build does not
 * have is printed as its hash.
 */
#include "fuzz/prog/machine.h"
#include "fuzz/prog/prog.h"

#include "core/base/site.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PRINT_EVENT_MAX 256

struct print_out {
	char *buf;
	size_t size, at;
	bool overflow;
};

static __printf_like(2, 3) void put(struct print_out *o, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(o->buf + o->at, o->size - o->at, fmt, args);
	va_end(args);
	assert(n >= 0);
	if ((size_t)n >= o->size - o->at) {
		o->overflow = true;
		n = (int)(o->size - o->at) - 1;
	}
	o->at += (size_t)n;
}

static void put_dev(struct print_out *o, const struct world_dev *dev, unsigned i)
{
	put(o, " dev%u=%s,%u", i, dev->flags & WORLD_DEV_SYNC ? "sync" : "async", dev->slots);
	if (dev->prio)
		put(o, ",prio=%d", dev->prio);
	for (unsigned b = 0; b < MACHINE_BAD_MAX && dev->bad[b]; b++)
		put(o, ",bad=%u", dev->bad[b]);
	for (unsigned f = 0; f < MACHINE_DEV_FLAG_COUNT; f++) {
		if (dev->flags & machine_dev_flags[f].flag)
			put(o, ",%s", machine_dev_flags[f].name);
	}
	if (!(dev->flags & WORLD_DEV_ON))
		put(o, ",off");
}

static void put_machine(struct print_out *o, const struct prog *p)
{
	const struct world_config *m = &p->machine;

	put(o, "machine:");
	for (unsigned i = 0; i < MACHINE_FIELD_COUNT; i++) {
		u8 value = machine_get(m, i);

		if (i == MACHINE_CPUS || value != machine_fields[i].fallback)
			put(o, " %s=%u", machine_fields[i].name, value);
	}
	if (m->mms != prog_mms_default(p)) {
		const char *separator = " mms=";

		if (!m->mms)
			put(o, " mms=none");
		for (unsigned mm = 1; mm <= WORLD_MM_MAX; mm++) {
			if (!(m->mms & (1u << (mm - 1))))
				continue;
			put(o, "%s%u", separator, mm);
			separator = ",";
		}
	}
	for (unsigned i = 0; i < WORLD_DEVS_MAX; i++) {
		if (m->dev[i].flags & WORLD_DEV_PRESENT)
			put_dev(o, &m->dev[i], i);
	}
	put(o, "\n");
}

static void put_words(struct print_out *o, const char *const *word, u8 value)
{
	for (unsigned i = 0; word[i]; i++) {
		if (value & (1u << i))
			put(o, " %s", word[i]);
	}
}

static void put_arg(struct print_out *o, u8 kind, u8 value)
{
	switch (kind) {
	case PROG_ARG_PAGE:
		put(o, " r%u+%u", value / WORLD_REGION_PAGES, value % WORLD_REGION_PAGES);
		break;
	case PROG_ARG_VALUE:
		put(o, " 0x%02x", value);
		break;
	case PROG_ARG_DEV:
		put(o, " dev%u", value);
		break;
	case PROG_ARG_MM:
		put(o, " mm%u", value);
		break;
	case PROG_ARG_PIN:
		put(o, " pin%u", value);
		break;
	case PROG_ARG_SHM:
		put(o, " shm%u", value);
		break;
	case PROG_ARG_SWITCH:
		put(o, value ? " on" : " off");
		break;
	default:
		if (prog_arg_words[kind].what)
			put_words(o, prog_arg_words[kind].word, value);
		else
			put(o, " %u", value);
		break;
	}
}

static void put_task(struct print_out *o, const struct prog_task *task)
{
	put(o, "\ntask %c cpu=%u", task->label, task->cpu);
	if (task->mm)
		put(o, " mm=%u", task->mm);
	put(o, "\n");
	for (unsigned i = 0; i < task->nops; i++) {
		const struct prog_op_info *info = &prog_ops[task->op[i].kind];

		put(o, "  %u  %s", i + 1, info->name);
		for (unsigned a = 0; a < info->nargs; a++)
			put_arg(o, info->arg_kind[a], task->op[i].arg[a]);
		put(o, "\n");
	}
}

static void put_event(struct print_out *o, const struct prog *p, const struct event_key *e)
{
	char name[PRINT_EVENT_MAX];

	if (e->ctx >= PROG_CTX_SOFTIRQ(0))
		put(o, "rcu%u.%u", e->ctx - PROG_CTX_SOFTIRQ(0), e->op);
	else if (e->ctx >= PROG_CTX_IRQ(0))
		put(o, "irq%u.%u", e->ctx - PROG_CTX_IRQ(0), e->op);
	else
		put(o, "%c%u", p && e->ctx < p->ntasks ? p->task[e->ctx].label : 'A' + e->ctx,
		    e->op);
	if (!e->site)
		return;
	put(o, " %s", site_name(e->site, name, sizeof(name)));
	if (e->role[0])
		put(o, "(%s)", e->role);
	put(o, "#%u", e->nth);
}

static void put_schedule(struct print_out *o, const struct prog *p)
{
	if (!p->nedges && !p->nchoices)
		return;
	put(o, "\nschedule\n");
	for (unsigned i = 0; i < p->nedges; i++) {
		put(o, "  ");
		put_event(o, p, &p->edge[i].event);
		put(o, " after ");
		put_event(o, p, &p->edge[i].after);
		put(o, "\n");
	}
	for (unsigned i = 0; i < p->nchoices; i++) {
		put(o, "  ");
		put_event(o, p, &p->choice[i].event);
		put(o, " = %u\n", p->choice[i].value);
	}
}

size_t prog_print(const struct prog *p, const struct prog_text *text, char *out, size_t out_size)
{
	struct print_out o = { out, out_size, 0, false };

	assert(prog_valid(p, NULL));
	if (!out_size)
		return 0;
	if (text && text->comment[0])
		put(&o, "%s", text->comment);
	if (text && text->world[0])
		put(&o, "world:   %s\n", text->world);
	if (text && text->bugs[0])
		put(&o, "bug:     %s\n", text->bugs);
	for (unsigned i = 0; text && i < text->nexpects; i++)
		put(&o, "expect:  %s\n", text->expect[i]);
	put_machine(&o, p);
	if (p->policy != PROG_POLICY_REPLAY || p->seed)
		put(&o, "policy:  %s seed=%llu\n", prog_policy_names[p->policy],
		    (unsigned long long)p->seed);
	for (unsigned t = 0; t < p->ntasks; t++)
		put_task(&o, &p->task[t]);
	put_schedule(&o, p);
	return o.overflow ? 0 : o.at;
}

const char *prog_event_print(const struct prog *p, const struct event_key *e, char *buf,
			     size_t size)
{
	struct print_out o = { buf, size, 0, false };

	assert(size > 0);
	buf[0] = 0;
	put_event(&o, p, e);
	return buf;
}
