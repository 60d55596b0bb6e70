/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: kernel/locking/lockdep.c, include/linux/lockdep.h: the idea rebuilt.
 * Passive: it is given a context (what this task or interrupt holds) with each
 * call and includes base only. The engine serialises the calls in native. The
 * graph is reset at each run: no title may depend on an earlier run.
 */
#ifndef CORE_LOCKDEP_LOCKDEP_H
#define CORE_LOCKDEP_LOCKDEP_H

#include "core/base/bug.h"
#include "core/base/site.h"
#include "core/base/types.h"

#define LOCKDEP_HELD_MAX 24
#define LOCKDEP_CLASSES_MAX 128
#define LOCKDEP_SUBCLASSES_MAX 4
#define LOCKDEP_STACK_MAX 16

/* What a lock may be taken inside of; follows enum lockdep_wait_type. */
enum lockdep_wait { LD_WAIT_INV, LD_WAIT_FREE, LD_WAIT_SPIN, LD_WAIT_CONFIG, LD_WAIT_SLEEP };

/* One a call site of an init function or a static definition. */
struct lock_class_key { u8 unused; };

struct lockdep_map {
	const struct lock_class_key *key;
	const char *name;   /* "&ci->lock", "swap_lock" */
	u8 wait_inner;      /* enum lockdep_wait: what it allows inside */
	u8 wait_outer;      /* what it must be allowed by; 0: as wait_inner */
	u16 cached_class;   /* lockdep's own: class of subclass 0 in this run */
	u32 cached_epoch;   /* the run of which cached_class speaks; 0: none */
};
_Static_assert(sizeof(struct lockdep_map) == 24, "a map is three words");

struct held_lock {
	struct lockdep_map *map;
	const struct site *site;
	u64 prev_chain;
	u16 class_;      /* class + subclass index */
	u8 read;         /* 0 write, 1 read, 2 recursive read */
	u8 trylock;
	u8 hardirqs_off;
	u8 irq_context;  /* 0 task, 1 softirq, 2 hardirq */
	u8 references;
	char label[12];  /* op that took it */
	u16 stack_depth;
	void *stack[LOCKDEP_STACK_MAX];
};

/* One for each context (task, interrupt, softirq) of the engine. */
struct lockdep_ctx {
	u32 depth;
	u32 preempt_count; /* kept by the engine: explicit disables, not the interrupt's own */
	u32 rcu_nesting;   /* explicit read-side sections; kept by lockdep */
	u8 hardirqs_off;   /* 0 or 1: lockdep_hardirqs_off() and _on() set it */
	u8 softirqs_off;   /* 0 or 1, ditto */
	u8 irq_context;    /* 0 task, 1 softirq, 2 hardirq */
	u8 recursion;      /* inside lockdep: ignore */
	u64 chain;
	u32 op_rcu_nesting; /* sections that were open when the op began */
	char label[12];    /* "A3": for texts; set by the engine at each op */
	char name[16];     /* "task A" */
	const struct site *rcu_site; /* of the outermost rcu_read_lock() */
	struct held_lock held[LOCKDEP_HELD_MAX];
};

/* Fills stack[] of the calling context; installed by the engine, may be NULL
 * (then reports say where by site alone). Returns the depth. */
extern unsigned (*lockdep_capture_stack)(void **stack, unsigned max);
/* Prints one captured address as "func"; installed by the engine, may be NULL. */
extern void (*lockdep_print_symbol)(void *pc, char *buf, size_t size);
/* Prints the stable name of the object that a map lies in ("cluster dev0.1") or
 * nothing; installed by the engine, may be NULL. */
extern void (*lockdep_print_object)(const void *map, char *buf, size_t size);
/* Called for each dependency that is new in this run (feedback); the hashes are
 * those of the two class names. */
extern void (*lockdep_new_dependency)(u32 from_hash, u32 to_hash);

/* Forgets all classes, dependencies and usage: the start of a run. */
void lockdep_reset(void);
/* Nothing held. irq_context 2 begins with interrupts off, 1 with softirqs off. */
void lockdep_ctx_reset(struct lockdep_ctx *ctx, const char *name, unsigned irq_context);

/* key NULL: the map is a class by itself (a static lock). */
void lockdep_init_map(struct lockdep_map *map, const char *name, const struct lock_class_key *key,
		      enum lockdep_wait inner, enum lockdep_wait outer);

/* Before a lock is waited for. subclass < LOCKDEP_SUBCLASSES_MAX; nest_lock: a
 * held lock that serialises all of this class, or NULL. */
void lock_acquire(struct lockdep_ctx *ctx, struct lockdep_map *map, unsigned subclass,
		  bool trylock, unsigned read, struct lockdep_map *nest_lock,
		  const struct site *site);
void lock_release(struct lockdep_ctx *ctx, struct lockdep_map *map, const struct site *site);
/* A writer becomes a reader (downgrade_write). */
void lock_downgrade(struct lockdep_ctx *ctx, struct lockdep_map *map, const struct site *site);
/* 1 held, 0 not. read: -1 any, 0 write, 1 read. */
int lock_is_held_type(const struct lockdep_ctx *ctx, const struct lockdep_map *map, int read);
void lockdep_assert_held_at(struct lockdep_ctx *ctx, const struct lockdep_map *map, int read,
			    const char *func);
void lockdep_assert_not_held_at(struct lockdep_ctx *ctx, const struct lockdep_map *map,
				const char *func);

/* "BUG: sleeping function called from invalid context in <func>" */
void lockdep_might_sleep(struct lockdep_ctx *ctx, const struct site *site);
/* rcu_dereference() outside of a section: "WARNING: suspicious RCU usage in <func>".
 * condition: the caller's own proof (lock held), true silences it. */
void lockdep_rcu_dereference(struct lockdep_ctx *ctx, bool condition, const struct site *site);
void lockdep_rcu_read_lock(struct lockdep_ctx *ctx, const struct site *site);
void lockdep_rcu_read_unlock(struct lockdep_ctx *ctx, const struct site *site);
/* synchronize_rcu() or a grace-period wait inside of a reader. */
void lockdep_rcu_sync(struct lockdep_ctx *ctx, const struct site *site);

/* Usage for interrupt safety: called when interrupts go off and on. */
void lockdep_hardirqs_on(struct lockdep_ctx *ctx, const struct site *site);
void lockdep_hardirqs_off(struct lockdep_ctx *ctx, const struct site *site);
void lockdep_softirqs_on(struct lockdep_ctx *ctx, const struct site *site);
void lockdep_softirqs_off(struct lockdep_ctx *ctx, const struct site *site);

/* At the end of an op, an interrupt, a callback: locks still held, sections
 * still open, preemption or interrupts still off. func names it in the title. */
void lockdep_check_op_end(struct lockdep_ctx *ctx, const char *func);
/* Memory [start, start+len) is freed: "WARNING: held lock freed in <func>". */
void lockdep_free_memory(struct lockdep_ctx *ctxs[], unsigned n, const void *start, size_t len,
			 const char *func);

/* "N locks held by task A at A3:" and the list, in the kernel's shape. */
size_t lockdep_print_held(const struct lockdep_ctx *ctx, char *buf, size_t size);

#endif
