/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: kernel/locking/lockdep_internals.h. What the files of this folder
 * share: classes, the dependency graph, searches, texts. All of it is of one
 * run; classes are numbered in the order of their first use, which is the
 * run's own, so an index may be printed or compared, an address never.
 * Locking: the engine lets one thread in at a time.
 */
#ifndef CORE_LOCKDEP_STATE_H
#define CORE_LOCKDEP_STATE_H

#include "core/lockdep/lockdep.h"

#define LD_EDGES_MAX 2048
#define LD_SET_WORDS (LOCKDEP_CLASSES_MAX / 64)
#define LD_NONE 0xffff

/* Usage bits: state * 4 + direction * 2 + read. Irq-safe: used in an interrupt;
 * irq-unsafe: taken with interrupts on. */
enum ld_usage {
	LD_USED_IN_HARDIRQ, LD_USED_IN_HARDIRQ_READ, LD_ENABLED_HARDIRQ, LD_ENABLED_HARDIRQ_READ,
	LD_USED_IN_SOFTIRQ, LD_USED_IN_SOFTIRQ_READ, LD_ENABLED_SOFTIRQ, LD_ENABLED_SOFTIRQ_READ,
	LD_USED, LD_USAGE_COUNT,
};
#define LD_READ_BIT 1u
#define LD_DIR_BIT 2u
#define LD_USED_IN_ALL 0x33u
#define LD_ENABLED_ALL 0xccu
#define LD_WRITE_ALL 0x55u /* those without the read bit */

/*
 * Kinds of a dependency prev -> next, one bit each; see "strong path" in
 * graph.c. S/E: prev is held shared or exclusively; R/N: next is taken as a
 * recursive reader or not. The upper four bits say the same of the walk back:
 * S/E of next, R/N of prev.
 */
#define LD_DEP_SHARED 0x5u
#define LD_DEP_NONREC 0xcu

struct ld_set { u64 w[LD_SET_WORDS]; };

struct ld_trace {
	const struct site *site;
	char label[12];
	u16 depth;
	void *stack[LOCKDEP_STACK_MAX];
};

struct ld_class {
	const void *key;
	const char *name;
	u32 name_hash;                       /* 0: not computed yet */
	u16 usage;                           /* bits of enum ld_usage */
	u8 subclass;
	u8 wait_inner, wait_outer;
	u16 sub[LOCKDEP_SUBCLASSES_MAX];     /* base class only; LD_NONE: not used yet */
	u16 first_out, first_in;             /* its edges; LD_NONE: none */
	struct ld_set reaches, reached_by;   /* over edges of any kind: a superset */
};

struct ld_edge {
	u16 from, to;
	u16 next_out, next_in;
	u8 types;
	const struct site *held_site;        /* where from was taken */
	struct ld_trace taken;               /* where to was taken */
};

struct ld_state {
	u32 epoch;
	u16 nclasses, nedges;
	u64 chain_seed;
	struct ld_set usage_set[LD_USAGE_COUNT];
	struct ld_class classes[LOCKDEP_CLASSES_MAX];
	u8 types[LOCKDEP_CLASSES_MAX][LOCKDEP_CLASSES_MAX];
	struct ld_edge edges[LD_EDGES_MAX];
	struct ld_trace usage_trace[LOCKDEP_CLASSES_MAX][LD_USAGE_COUNT];
};
extern struct ld_state ld;

static inline bool ld_set_has(const struct ld_set *s, unsigned i)
{
	return s->w[i / 64] >> (i % 64) & 1;
}

static inline void ld_set_add(struct ld_set *s, unsigned i)
{
	s->w[i / 64] |= 1ull << (i % 64);
}

static inline void ld_set_join(struct ld_set *s, const struct ld_set *other)
{
	for (unsigned i = 0; i < LD_SET_WORDS; i++)
		s->w[i] |= other->w[i];
}

static inline bool ld_set_meets(const struct ld_set *s, const struct ld_set *other)
{
	u64 both = 0;

	for (unsigned i = 0; i < LD_SET_WORDS; i++)
		both |= s->w[i] & other->w[i];
	return both != 0;
}

/* ---- class.c ---- */
/* The class of a map and subclass; registers it at its first use. */
unsigned ld_class_register(struct lockdep_map *map, unsigned subclass);
/* The class, or LD_NONE where it was never used in this run. */
unsigned ld_class_lookup(const struct lockdep_map *map, unsigned subclass);
u32 ld_class_hash(unsigned class_);
void ld_trace_take(struct ld_trace *trace, const struct lockdep_ctx *ctx, const struct site *site);

static inline unsigned ld_class_of(struct lockdep_map *map, unsigned subclass)
{
	if (likely(map->cached_epoch == ld.epoch && subclass < LOCKDEP_SUBCLASSES_MAX)) {
		unsigned class_ = ld.classes[map->cached_class].sub[subclass];

		if (likely(class_ != LD_NONE))
			return class_;
	}
	return ld_class_register(map, subclass);
}

/* ---- graph.c ---- */
struct ld_search {
	/* a state is class * 2 + only_xr */
	u16 via[LOCKDEP_CLASSES_MAX * 2];    /* edge by which the walk came; LD_NONE: the root */
	u16 from[LOCKDEP_CLASSES_MAX * 2];   /* state that it came from */
	u8 seen[LOCKDEP_CLASSES_MAX * 2];
	u16 queue[LOCKDEP_CLASSES_MAX * 2];
	bool backward;
};
typedef bool (*ld_match_fn)(unsigned class_, bool only_xr, void *arg);

u8 ld_dep_types(unsigned prev_read, unsigned next_read);
/* Breadth first from root; the state that matches, or -1. */
int ld_search(struct ld_search *s, unsigned root, bool only_xr, bool backward,
	      ld_match_fn match, void *arg);
/* Edges of the way from the root to state, nearest to state first. */
unsigned ld_search_path(const struct ld_search *s, int state, u16 *edges, unsigned max);
/* Adds kinds to the edge prev -> next, makes it if need be. */
void ld_edge_add(struct lockdep_ctx *ctx, const struct held_lock *prev,
		 const struct held_lock *next, u8 types);

/* ---- acquire.c ---- */
struct held_lock *ld_find_held(const struct lockdep_ctx *ctx, const struct lockdep_map *map);

/* ---- usage.c ---- */
void ld_mark_usage(struct lockdep_ctx *ctx, const struct held_lock *lock, unsigned bits);
/* Would prev -> next connect an irq-safe with an irq-unsafe lock? */
void ld_check_irq_dependency(struct lockdep_ctx *ctx, const struct held_lock *prev,
			     const struct held_lock *next);

/* ---- print.c ---- */
struct ld_text {
	char *buf;
	size_t size, len;
};
/* The one buffer for bodies, emptied. */
struct ld_text *ld_text_begin(void);
__printf_like(2, 3) void ld_print(struct ld_text *t, const char *fmt, ...);
/* The separator lines with the headline between. */
void ld_print_banner(struct ld_text *t, const char *headline);
void ld_print_class_name(struct ld_text *t, unsigned class_);  /* "&ci->lock/1" */
void ld_print_class(struct ld_text *t, unsigned class_);       /* "(&ci->lock){+.+.}-{3:3}" */
void ld_print_lock(struct ld_text *t, const struct held_lock *lock);
void ld_print_held(struct ld_text *t, const struct lockdep_ctx *ctx);
void ld_print_trace(struct ld_text *t, const struct ld_trace *trace);
/* "task A/A3" */
void ld_print_who(struct ld_text *t, const struct lockdep_ctx *ctx);
/* "[HC0[0]:SC0[0]:HE1:SE1]" */
void ld_print_irq_state(struct ld_text *t, const struct lockdep_ctx *ctx);
/* Where the caller is: what stands last in each report. */
void ld_print_backtrace(struct ld_text *t, const struct lockdep_ctx *ctx,
			const struct site *site);
/* One line "  lock(name);" of a scenario, on the given CPU's side. */
void ld_print_scenario_line(struct ld_text *t, unsigned cpu, const char *what, unsigned class_);
/* Hands "<headline> in <func>" and the text to report(). */
void ld_report(struct ld_text *t, const char *headline, const char *func);
const char *ld_usage_name(enum ld_usage bit);
/* The name of a site's function; sites may be NULL. */
const char *ld_site_func(const struct site *site);

/* ---- report.c ---- */
void ld_report_recursion(struct lockdep_ctx *ctx, const struct held_lock *next,
			 const struct held_lock *prev);
void ld_report_circular(struct lockdep_ctx *ctx, const struct held_lock *next,
			const struct held_lock *prev, const struct ld_search *s, int state);
void ld_report_wait(struct lockdep_ctx *ctx, const struct held_lock *next, unsigned allowed);
void ld_report_nest(struct lockdep_ctx *ctx, const struct held_lock *next,
		    const struct lockdep_map *nest);
void ld_report_unlock(struct lockdep_ctx *ctx, const char *lock_name, const struct site *site);
void ld_report_usage(struct lockdep_ctx *ctx, const struct held_lock *lock,
		     enum ld_usage old_bit, enum ld_usage new_bit);
/* forwards: lock leads to other over the path; else other leads to lock. */
void ld_report_inversion(struct lockdep_ctx *ctx, const struct held_lock *lock, enum ld_usage bit,
			 const struct ld_search *s, int state);
void ld_report_irq_order(struct lockdep_ctx *ctx, const struct held_lock *prev,
			 const struct held_lock *next, const struct ld_search *back,
			 int back_state, const struct ld_search *forth, int forth_state,
			 enum ld_usage safe_bit, enum ld_usage unsafe_bit);

#endif
