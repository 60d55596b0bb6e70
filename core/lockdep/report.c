// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Models: kernel/locking/lockdep.c (print_deadlock_bug, print_circular_bug,
 * print_usage_bug, print_irq_inversion_bug, print_bad_irq_dependency, ...).
 * The reports of the lock graph: the kernel's headline, who wants what, what is
 * held, the chain that closes, a scenario on two CPUs. A title is the headline
 * and the function in which it came out.
 */
#include "core/lockdep/state.h"

#include <stdio.h>
#include <string.h>

#define PATH_MAX_EDGES LOCKDEP_CLASSES_MAX

static void print_more_info(struct ld_text *t)
{
	ld_print(t, "\nother info that might help us debug this:\n");
}

static void print_scenario_head(struct ld_text *t, const char *what, unsigned cpus)
{
	ld_print(t, " Possible %s locking scenario:\n\n", what);
	ld_print(t, cpus > 1 ? "       CPU0                    CPU1\n"
			       "       ----                    ----\n"
			     : "       CPU0\n       ----\n");
}

static void print_end(struct ld_text *t, struct lockdep_ctx *ctx, const struct site *site)
{
	ld_print_held(t, ctx);
	ld_print_backtrace(t, ctx, site);
}

void ld_report_recursion(struct lockdep_ctx *ctx, const struct held_lock *next,
			 const struct held_lock *prev)
{
	struct ld_text *t = ld_text_begin();

	ld_print_banner(t, "WARNING: possible recursive locking detected");
	ld_print_who(t, ctx);
	ld_print(t, " is trying to acquire lock:\n");
	ld_print_lock(t, next);
	ld_print(t, "\nbut task is already holding lock:\n");
	ld_print_lock(t, prev);
	print_more_info(t);
	print_scenario_head(t, "unsafe", 1);
	ld_print_scenario_line(t, 0, prev->read ? "rlock" : "lock", prev->class_);
	ld_print_scenario_line(t, 0, next->read ? "rlock" : "lock", next->class_);
	ld_print(t, "\n *** DEADLOCK ***\n\n");
	ld_print(t, " May be due to missing lock nesting notation\n\n");
	print_end(t, ctx, next->site);
	ld_report(t, "WARNING: possible recursive locking detected", ld_site_func(next->site));
}

/* One link of a chain: the class that was taken, and where. */
static void print_link(struct ld_text *t, unsigned n, const struct ld_edge *edge)
{
	ld_print(t, "\n-> #%u ", n);
	ld_print_class(t, edge->to);
	ld_print(t, ":\n");
	ld_print_trace(t, &edge->taken);
	ld_print(t, "       while holding ");
	ld_print_class_name(t, edge->from);
	ld_print(t, ", at: %s\n", ld_site_func(edge->held_site));
}

static void print_circular_scenario(struct ld_text *t, const struct held_lock *next,
				    const struct held_lock *prev, unsigned middle)
{
	if (middle != next->class_) {
		ld_print(t, "Chain exists of:\n  ");
		ld_print_class_name(t, next->class_);
		ld_print(t, " --> ");
		ld_print_class_name(t, middle);
		ld_print(t, " --> ");
		ld_print_class_name(t, prev->class_);
		ld_print(t, "\n\n");
	}
	print_scenario_head(t, "unsafe", 2);
	ld_print_scenario_line(t, 0, prev->read ? "rlock" : "lock", prev->class_);
	ld_print_scenario_line(t, 1, "lock", middle);
	ld_print_scenario_line(t, 1, "lock", prev->class_);
	ld_print_scenario_line(t, 0, next->read ? "rlock" : "lock", next->class_);
	ld_print(t, "\n *** DEADLOCK ***\n\n");
}

void ld_report_circular(struct lockdep_ctx *ctx, const struct held_lock *next,
			const struct held_lock *prev, const struct ld_search *s, int state)
{
	struct ld_text *t = ld_text_begin();
	u16 path[PATH_MAX_EDGES];
	unsigned n = ld_search_path(s, state, path, PATH_MAX_EDGES);

	BUG_ON_CMP(n, ==, 0);
	ld_print_banner(t, "WARNING: possible circular locking dependency detected");
	ld_print_who(t, ctx);
	ld_print(t, " is trying to acquire lock:\n");
	ld_print_lock(t, next);
	ld_print(t, "\nbut task is already holding lock:\n");
	ld_print_lock(t, prev);
	ld_print(t, "\nwhich lock already depends on the new lock.\n\n");
	ld_print(t, "\nthe existing dependency chain (in reverse order) is:\n");
	for (unsigned i = 0; i < n; i++)
		print_link(t, n - i, &ld.edges[path[i]]);
	ld_print(t, "\n-> #0 ");
	ld_print_class(t, next->class_);
	ld_print(t, ":\n       [%.12s]\n       %s+%s\n", ctx->label, ld_site_func(next->site),
		 next->site ? next->site->op : "?");
	print_more_info(t);
	ld_print(t, "\n");
	print_circular_scenario(t, next, prev, ld.edges[path[0]].from);
	print_end(t, ctx, next->site);
	ld_report(t, "WARNING: possible circular locking dependency detected",
		  ld_site_func(next->site));
}

void ld_report_wait(struct lockdep_ctx *ctx, const struct held_lock *next, unsigned allowed)
{
	struct ld_text *t = ld_text_begin();

	ld_print_banner(t, "[ BUG: Invalid wait context ]");
	ld_print_who(t, ctx);
	ld_print(t, " is trying to lock:\n");
	ld_print_lock(t, next);
	print_more_info(t);
	ld_print(t, "context-{%u:%u}\n",
		 ctx->irq_context ? LD_WAIT_CONFIG : LD_WAIT_SLEEP, allowed);
	print_end(t, ctx, next->site);
	ld_report(t, "BUG: Invalid wait context", ld_site_func(next->site));
}

void ld_report_nest(struct lockdep_ctx *ctx, const struct held_lock *next,
		    const struct lockdep_map *nest)
{
	struct ld_text *t = ld_text_begin();

	ld_print_banner(t, "WARNING: Nested lock was not taken");
	ld_print_who(t, ctx);
	ld_print(t, " is trying to lock:\n");
	ld_print_lock(t, next);
	ld_print(t, "\nbut this task is not holding:\n%s\n", nest->name);
	print_more_info(t);
	print_end(t, ctx, next->site);
	ld_report(t, "WARNING: Nested lock was not taken", ld_site_func(next->site));
}

void ld_report_unlock(struct lockdep_ctx *ctx, const char *lock_name, const struct site *site)
{
	struct ld_text *t = ld_text_begin();

	ld_print_banner(t, "WARNING: bad unlock balance detected!");
	ld_print_who(t, ctx);
	ld_print(t, " is trying to release lock (%s) at:\n%s+%s\n", lock_name, ld_site_func(site),
		 site ? site->op : "?");
	ld_print(t, ctx->depth ? "but it does not hold this lock!\n"
			       : "but there are no more locks to release!\n");
	print_more_info(t);
	print_end(t, ctx, site);
	ld_report(t, "WARNING: bad unlock balance detected", ld_site_func(site));
}

void ld_report_usage(struct lockdep_ctx *ctx, const struct held_lock *lock,
		     enum ld_usage old_bit, enum ld_usage new_bit)
{
	struct ld_text *t = ld_text_begin();

	ld_print_banner(t, "WARNING: inconsistent lock state");
	ld_print(t, "inconsistent {%s} -> {%s} usage.\n", ld_usage_name(old_bit),
		 ld_usage_name(new_bit));
	ld_print_who(t, ctx);
	ld_print(t, " ");
	ld_print_irq_state(t, ctx);
	ld_print(t, " takes:\n");
	ld_print_lock(t, lock);
	ld_print(t, "{%s} state was registered at:\n", ld_usage_name(old_bit));
	ld_print_trace(t, &ld.usage_trace[lock->class_][old_bit]);
	print_more_info(t);
	print_scenario_head(t, "unsafe", 1);
	ld_print_scenario_line(t, 0, "lock", lock->class_);
	ld_print(t, "  <Interrupt>\n  ");
	ld_print_scenario_line(t, 0, "lock", lock->class_);
	ld_print(t, "\n *** DEADLOCK ***\n\n");
	print_end(t, ctx, lock->site);
	ld_report(t, "WARNING: inconsistent lock state", ld_site_func(lock->site));
}

static const char *irq_name(enum ld_usage bit)
{
	return bit < LD_USED_IN_SOFTIRQ ? "HARDIRQ" : "SOFTIRQ";
}

static const char *read_name(enum ld_usage bit)
{
	return bit & LD_READ_BIT ? "-READ" : "";
}

/* unsafe is held with interrupts on; safe, under which middle may be waited for,
 * is wanted by the interrupt. */
static void print_irq_scenario(struct ld_text *t, unsigned safe, unsigned middle, unsigned unsafe)
{
	if (middle != safe) {
		ld_print(t, "Chain exists of:\n  ");
		ld_print_class_name(t, safe);
		ld_print(t, " --> ");
		ld_print_class_name(t, middle);
		ld_print(t, " --> ");
		ld_print_class_name(t, unsafe);
		ld_print(t, "\n\n");
	}
	print_scenario_head(t, "interrupt unsafe", 2);
	ld_print_scenario_line(t, 0, "lock", unsafe);
	ld_print(t, "                               local_irq_disable();\n");
	ld_print_scenario_line(t, 1, "lock", safe);
	ld_print_scenario_line(t, 1, "lock", middle == safe ? unsafe : middle);
	ld_print(t, "  <Interrupt>\n  ");
	ld_print_scenario_line(t, 0, "lock", safe);
	ld_print(t, "\n *** DEADLOCK ***\n\n");
}

/* The edges of a walk, each as "A -> B" with the place; in the order of locking. */
static void print_path(struct ld_text *t, const struct ld_search *s, int state)
{
	u16 path[PATH_MAX_EDGES];
	unsigned n = ld_search_path(s, state, path, PATH_MAX_EDGES);

	if (!n) {
		ld_print(t, "-> ");
		ld_print_class(t, (unsigned)state / 2);
		ld_print(t, "\n");
		return;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct ld_edge *edge = &ld.edges[path[s->backward ? i : n - 1 - i]];

		ld_print(t, "-> ");
		ld_print_class(t, edge->from);
		ld_print(t, " -> ");
		ld_print_class(t, edge->to);
		ld_print(t, " at:\n");
		ld_print_trace(t, &edge->taken);
	}
}

void ld_report_inversion(struct lockdep_ctx *ctx, const struct held_lock *lock, enum ld_usage bit,
			 const struct ld_search *s, int state)
{
	struct ld_text *t = ld_text_begin();
	unsigned other = (unsigned)state / 2, safe, unsafe, middle = lock->class_;
	u16 path[PATH_MAX_EDGES];
	unsigned n = ld_search_path(s, state, path, PATH_MAX_EDGES);

	if (!(ld.classes[other].usage & (1u << bit)))
		bit = (enum ld_usage)(bit | LD_READ_BIT);
	safe = s->backward ? other : lock->class_;
	unsafe = s->backward ? lock->class_ : other;
	middle = safe;
	if (n > 1)
		middle = s->backward ? ld.edges[path[0]].to : ld.edges[path[0]].from;
	ld_print_banner(t, "WARNING: possible irq lock inversion dependency detected");
	ld_print_who(t, ctx);
	ld_print(t, " just changed the state of lock:\n");
	ld_print_lock(t, lock);
	ld_print(t, "but this lock %s another, %s%s-%ssafe lock in the past:\n ",
		 s->backward ? "was taken by" : "took", irq_name(bit), read_name(bit),
		 s->backward ? "" : "un");
	ld_print_class(t, other);
	ld_print(t, "\n\nand interrupts could create inverse lock ordering between them.\n\n");
	print_more_info(t);
	print_irq_scenario(t, safe, middle, unsafe);
	ld_print_held(t, ctx);
	ld_print(t, "\nthe shortest dependencies between 2nd lock and 1st lock:\n");
	print_path(t, s, state);
	ld_print(t, "{%s} state was registered at:\n", ld_usage_name(bit));
	ld_print_trace(t, &ld.usage_trace[other][bit]);
	ld_print_backtrace(t, ctx, lock->site);
	ld_report(t, "WARNING: possible irq lock inversion dependency detected",
		  ld_site_func(lock->site));
}

static void print_became(struct ld_text *t, const char *lead, unsigned class_,
			 enum ld_usage bit, const char *safety)
{
	ld_print(t, "\n%s a %s%s-irq-%s lock:\n ", lead, irq_name(bit), read_name(bit), safety);
	ld_print_class(t, class_);
	ld_print(t, "\n\n... which became %s%s-irq-%s at:\n", irq_name(bit), read_name(bit),
		 safety);
	ld_print_trace(t, &ld.usage_trace[class_][bit]);
}

void ld_report_irq_order(struct lockdep_ctx *ctx, const struct held_lock *prev,
			 const struct held_lock *next, const struct ld_search *back,
			 int back_state, const struct ld_search *forth, int forth_state,
			 enum ld_usage safe_bit, enum ld_usage unsafe_bit)
{
	struct ld_text *t = ld_text_begin();
	unsigned safe = (unsigned)back_state / 2, unsafe = (unsigned)forth_state / 2;
	char headline[80];

	snprintf(headline, sizeof(headline),
		 "WARNING: %s%s-safe -> %s%s-unsafe lock order detected", irq_name(safe_bit),
		 read_name(safe_bit), irq_name(unsafe_bit), read_name(unsafe_bit));
	ld_print_banner(t, headline);
	ld_print_who(t, ctx);
	ld_print(t, " ");
	ld_print_irq_state(t, ctx);
	ld_print(t, " is trying to acquire:\n");
	ld_print_lock(t, next);
	ld_print(t, "\nand this task is already holding:\n");
	ld_print_lock(t, prev);
	ld_print(t, "which would create a new lock dependency:\n ");
	ld_print_class(t, prev->class_);
	ld_print(t, " -> ");
	ld_print_class(t, next->class_);
	ld_print(t, "\n");
	print_became(t, "but this new dependency connects", safe, safe_bit, "safe");
	print_became(t, "to", unsafe, unsafe_bit, "unsafe");
	print_more_info(t);
	print_irq_scenario(t, safe, safe != prev->class_ ? prev->class_ : unsafe != next->class_ ?
			   next->class_ : safe, unsafe);
	ld_print_held(t, ctx);
	ld_print(t, "\nthe dependencies between %s-irq-safe lock and the holding lock:\n",
		 irq_name(safe_bit));
	print_path(t, back, back_state);
	ld_print(t, "\nthe dependencies between the lock to be acquired and %s-irq-unsafe lock:\n",
		 irq_name(unsafe_bit));
	print_path(t, forth, forth_state);
	ld_print_backtrace(t, ctx, next->site);
	ld_report(t, headline, ld_site_func(next->site));
}
