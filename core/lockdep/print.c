// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: kernel/locking/lockdep.c (print_lock, print_lock_name,
 * lockdep_print_held_locks). Texts in the kernel's shape, so that people and
 * parsers know them at once. "at: swap_entry_put+spin_lock" is the function
 * that took the lock and the primitive, where the kernel has an offset; what
 * follows the comma is the op that did it and the object's role. Nothing is an
 * address. One static buffer: the stacks of fibers are small.
 */
#include "core/lockdep/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char body[32768];

struct ld_text *ld_text_begin(void)
{
	static struct ld_text text;

	text = (struct ld_text){ .buf = body, .size = sizeof(body) };
	body[0] = 0;
	return &text;
}

void ld_print(struct ld_text *t, const char *fmt, ...)
{
	va_list args;
	int n;

	if (t->len + 1 >= t->size)
		return;
	va_start(args, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, args);
	va_end(args);
	if (n > 0)
		t->len = min(t->len + (size_t)n, t->size - 1);
}

void ld_print_banner(struct ld_text *t, const char *headline)
{
	char bar[80];
	int len = (int)min(strlen(headline), sizeof(bar));

	memset(bar, '=', sizeof(bar));
	ld_print(t, "\n%.*s\n%s\n", len, bar, headline);
	memset(bar, '-', sizeof(bar));
	ld_print(t, "%.*s\n", len, bar);
}

const char *ld_site_func(const struct site *site)
{
	return site ? site->func : "?";
}

static void print_site(struct ld_text *t, const struct site *site)
{
	if (site)
		ld_print(t, "%s+%s", site->func, site->op);
	else
		ld_print(t, "?");
}

const char *ld_usage_name(enum ld_usage bit)
{
	static const char *const names[LD_USAGE_COUNT] = {
		"IN-HARDIRQ-W", "IN-HARDIRQ-R", "HARDIRQ-ON-W", "HARDIRQ-ON-R",
		"IN-SOFTIRQ-W", "IN-SOFTIRQ-R", "SOFTIRQ-ON-W", "SOFTIRQ-ON-R",
		"INITIAL USE",
	};

	BUG_ON_CMP(bit, >=, LD_USAGE_COUNT);
	return names[bit];
}

/* '.' never in an interrupt nor with it on, '-' in it, '+' with it on, '?' both. */
static char usage_char(unsigned class_, enum ld_usage used_in)
{
	unsigned usage = ld.classes[class_].usage;
	bool in = usage & (1u << used_in), on = usage & (1u << (used_in | LD_DIR_BIT));

	return in ? (on ? '?' : '-') : (on ? '+' : '.');
}

/* How many classes of this name, but of other keys, there were before; the
 * kernel's "#2". */
static unsigned name_version(unsigned class_)
{
	const struct ld_class *c = &ld.classes[class_];
	unsigned version = 1;

	for (unsigned i = 0; i < class_; i++) {
		const struct ld_class *other = &ld.classes[i];

		if (other->key != c->key && other->subclass == 0 && !strcmp(other->name, c->name))
			version++;
	}
	return version;
}

void ld_print_class_name(struct ld_text *t, unsigned class_)
{
	unsigned version = name_version(class_);

	ld_print(t, "%s", ld.classes[class_].name);
	if (version > 1)
		ld_print(t, "#%u", version);
	if (ld.classes[class_].subclass)
		ld_print(t, "/%u", ld.classes[class_].subclass);
}

void ld_print_class(struct ld_text *t, unsigned class_)
{
	const struct ld_class *c = &ld.classes[class_];

	ld_print(t, "(");
	ld_print_class_name(t, class_);
	ld_print(t, "){%c%c%c%c}-{%u:%u}", usage_char(class_, LD_USED_IN_HARDIRQ),
		 usage_char(class_, LD_USED_IN_HARDIRQ_READ),
		 usage_char(class_, LD_USED_IN_SOFTIRQ),
		 usage_char(class_, LD_USED_IN_SOFTIRQ_READ), c->wait_outer, c->wait_inner);
}

void ld_print_lock(struct ld_text *t, const struct held_lock *lock)
{
	char object[64] = "";

	if (lockdep_print_object)
		lockdep_print_object(lock->map, object, sizeof(object));
	ld_print_class(t, lock->class_);
	ld_print(t, ", at: ");
	print_site(t, lock->site);
	if (lock->label[0])
		ld_print(t, ", by %.12s", lock->label);
	if (object[0])
		ld_print(t, ", %s", object);
	ld_print(t, "\n");
}

void ld_print_who(struct ld_text *t, const struct lockdep_ctx *ctx)
{
	ld_print(t, "%.16s/%.12s", ctx->name, ctx->label[0] ? ctx->label : "-");
}

void ld_print_held(struct ld_text *t, const struct lockdep_ctx *ctx)
{
	unsigned n = ctx->depth + (ctx->rcu_nesting != 0), i;

	if (!n) {
		ld_print(t, "no locks held by ");
		ld_print_who(t, ctx);
		ld_print(t, ".\n");
		return;
	}
	ld_print(t, "%u lock%s held by ", n, n == 1 ? "" : "s");
	ld_print_who(t, ctx);
	ld_print(t, ":\n");
	for (i = 0; i < ctx->depth; i++) {
		ld_print(t, " #%u: ", i);
		ld_print_lock(t, &ctx->held[i]);
	}
	if (ctx->rcu_nesting) {
		ld_print(t, " #%u: (rcu_read_lock){....}-{1:3}, at: ", i);
		print_site(t, ctx->rcu_site);
		ld_print(t, "\n");
	}
}

static void print_stack(struct ld_text *t, void *const *stack, unsigned depth,
			const struct site *site, const char *indent)
{
	char name[96];

	if (!lockdep_print_symbol || !depth) {
		ld_print(t, "%s", indent);
		print_site(t, site);
		ld_print(t, "\n");
		return;
	}
	for (unsigned i = 0; i < depth; i++) {
		name[0] = 0;
		lockdep_print_symbol(stack[i], name, sizeof(name));
		ld_print(t, "%s%s\n", indent, name);
	}
}

void ld_print_trace(struct ld_text *t, const struct ld_trace *trace)
{
	if (trace->label[0])
		ld_print(t, "       [%.12s]\n", trace->label);
	print_stack(t, trace->stack, trace->depth, trace->site, "       ");
}

void ld_print_irq_state(struct ld_text *t, const struct lockdep_ctx *ctx)
{
	unsigned hard = ctx->irq_context == 2, soft = ctx->irq_context == 1;

	ld_print(t, "[HC%u[%u]:SC%u[%u]:HE%u:SE%u]", hard, hard, soft, soft,
		 !ctx->hardirqs_off, !ctx->softirqs_off);
}

void ld_print_backtrace(struct ld_text *t, const struct lockdep_ctx *ctx, const struct site *site)
{
	void *stack[LOCKDEP_STACK_MAX];
	unsigned depth = 0;

	if (lockdep_capture_stack)
		depth = lockdep_capture_stack(stack, LOCKDEP_STACK_MAX);
	ld_print(t, "\nstack backtrace:\nComm: ");
	ld_print_who(t, ctx);
	ld_print(t, "\nCall Trace:\n <TASK>\n");
	print_stack(t, stack, depth, site, " ");
	ld_print(t, " </TASK>\n");
}

void ld_print_scenario_line(struct ld_text *t, unsigned cpu, const char *what, unsigned class_)
{
	ld_print(t, "%s%s(", cpu ? "                               " : "  ", what);
	ld_print_class_name(t, class_);
	ld_print(t, ");\n");
}

void ld_report(struct ld_text *t, const char *headline, const char *func)
{
	char title[REPORT_TITLE_MAX];

	snprintf(title, sizeof(title), "%s in %s", headline, func);
	report(title, t->buf);
}

size_t lockdep_print_held(const struct lockdep_ctx *ctx, char *buf, size_t size)
{
	struct ld_text text = { .buf = buf, .size = size };

	if (!size)
		return 0;
	buf[0] = 0;
	ld_print_held(&text, ctx);
	return text.len;
}
