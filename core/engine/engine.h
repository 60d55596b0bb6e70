/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The machine: tasks, events, choices, CPUs, interrupts, blocking, RCU grace
 * periods, the memory arena, sanitizer hooks. It takes opaque pointers and
 * names and knows no kernel type; kernel names live in core/kapi.
 *
 * Two backends, chosen at run time: sim (fibers on one OS thread, exact and
 * deterministic) and native (pthreads and liburcu). A scheduling point comes
 * *before* each visible event: engine_point() publishes the event, lets the
 * policy choose who runs, and returns when it is this context's turn.
 *
 * Contexts: program tasks (0..15, label 'A'..), then for each CPU an interrupt
 * context and a softirq context (RCU callbacks). To deliver an interrupt *is*
 * to schedule its context; it is runnable when it has work and its CPU allows.
 */
#ifndef CORE_ENGINE_ENGINE_H
#define CORE_ENGINE_ENGINE_H

#include "core/base/bug.h"
#include "core/base/choice.h"
#include "core/base/limits.h"
#include "core/base/site.h"
#include "core/base/types.h"

/* Where the arena lies: below 0x7fff8000, so that ASan's and TSan's shadows have it,
 * and the same in each build and run: world code may hash an address of its own. */
#define ENGINE_ARENA_BASE 0x60000000ul
#define ENGINE_ARENA_MAX (16ul << 20)

enum engine_backend { ENGINE_SIM, ENGINE_NATIVE };

enum event_kind {
	EV_NONE,
	EV_OP,        /* an op of the program begins (obj NULL, site "op@name") */
	EV_OP_END,
	EV_LOCK,      /* about to acquire; blocks while it is taken */
	EV_TRYLOCK,
	EV_UNLOCK,
	EV_LOAD,      /* marked load */
	EV_STORE,     /* marked store */
	EV_RMW,
	EV_PLAIN,     /* plain access, `fine` build only */
	EV_FENCE,
	EV_RCU,       /* read-side lock or unlock, call_rcu, synchronize_rcu */
	EV_PTE,       /* page table access */
	EV_TLB,       /* TLB fill or flush */
	EV_COPY,      /* a word of page contents */
	EV_WAIT,      /* goes to sleep on a condition */
	EV_WAKE,
	EV_IO,        /* submission or completion */
	EV_IRQ,       /* an interrupt or softirq context begins or ends */
	EV_PREEMPT,   /* cond_resched, preemption enabled again */
	EV_YIELD,     /* cpu_relax: fruitless without another task */
	EV_ALLOC,
	EV_FREE,
	EV_KIND_COUNT,
};
/* May two pending events of these kinds on one object race? */
bool event_kind_writes(enum event_kind kind);
const char *event_kind_name(enum event_kind kind);

/* ---- points, called on a context ------------------------------------- */

/* A scheduling point before an event on obj (NULL: none) of size bytes. */
void engine_point(const struct site *site, enum event_kind kind, const volatile void *obj,
		  unsigned size);
/* Mixes the event's result into the trace hash; integers only, no pointer. */
void engine_result(u64 value);
/* A point whose event makes no progress by itself (cpu_relax): policies demote. */
void engine_yield(const struct site *site);

/*
 * Sleeps while *word == value, like a futex; returns after a wake, possibly
 * spuriously. atomic: the waiter spins with its CPU (no other task of it runs).
 * what names the condition in a deadlock report. Returns in kill mode never.
 */
void engine_wait(const struct site *site, const volatile u32 *word, u32 value, bool atomic,
		 const char *what);
/* Wakes up to n contexts (oldest first) that sleep on word. */
void engine_wake(const volatile u32 *word, unsigned n);
/* A task that waits for work and may stay there when all else has ended:
 * a parked daemon is no deadlock. Same contract as engine_wait. */
void engine_park(const struct site *site, const volatile u32 *word, u32 value);

/* Counted by who stands in for hardware, or for an allocator: while not 0, what it does is
 * one instant, and a plain access of the `fine` build makes no event. */
extern unsigned engine_events_off;

/* A choice among n alternatives (0 = the default). */
u32 engine_choose(const struct site *site, enum choice_kind kind, u32 n);

/* ---- who am I --------------------------------------------------------- */

unsigned engine_current(void);      /* context index, ENGINE_CTX_MAIN outside */
unsigned engine_cpu(void);          /* CPU of this context; 0 on main */
unsigned engine_cpus(void);
bool engine_is_sim(void);
bool engine_running(void);          /* tasks run: points are live */
bool engine_killing(void);
/* "A3", "irq0.1", "rcu.1", "setup": label of this context's current op. */
const char *engine_label(unsigned ctx, char *buf, size_t size);
/* A word of the context that belongs to the upper layers (kapi's `current`). */
void *engine_ctx_data(void);
void engine_set_ctx_data(void *data);

/* ---- CPU state --------------------------------------------------------- */

/* Counted. While off, no other task of this CPU runs; an RCU reader as well.
 * The outermost pair carries the CPU's happens-before token. */
void engine_preempt_disable(void);
void engine_preempt_enable(const struct site *site);
unsigned engine_preempt_count(void);
/* Counted. While off, no interrupt or softirq is delivered on this CPU. */
void engine_irq_disable(void);
void engine_irq_enable(const struct site *site);
bool engine_irqs_off(void);
/* Moves the calling task to another CPU: how a task stands in for that CPU's own
 * worker. Preemption, interrupts and softirqs are on. A point follows the move. */
void engine_migrate(unsigned cpu, const struct site *site);
/* Counted: softirq (RCU callbacks) alone. */
void engine_bh_disable(void);
void engine_bh_enable(const struct site *site);
unsigned engine_bh_count(void);
bool engine_in_hardirq(void);
bool engine_in_softirq(void);
/* Number of interrupts/callbacks delivered while the given event kinds were
 * pending on the victim: for the printed histogram. */

/*
 * Queues fn(arg) to run in interrupt context on cpu. The schedule decides when.
 * work lies in the arena and is free again when fn has returned.
 */
struct engine_irq_work {
	void (*fn)(void *arg);
	void *arg;
	struct engine_irq_work *next;
	const char *name;
};
void engine_irq_queue(unsigned cpu, struct engine_irq_work *work);

/* ---- RCU ----------------------------------------------------------------- */

struct engine_rcu_head {
	struct engine_rcu_head *next;
	void (*fn)(struct engine_rcu_head *head);
	u32 gp;
	u32 cpu;
};
void engine_rcu_read_lock(const struct site *site);
void engine_rcu_read_unlock(const struct site *site);
bool engine_rcu_read_held(void); /* explicit sections only */
bool engine_rcu_watching(void);  /* explicit, or preemption or interrupts off */
void engine_call_rcu(const struct site *site, struct engine_rcu_head *head,
		     void (*fn)(struct engine_rcu_head *head));
void engine_synchronize_rcu(const struct site *site);
void engine_rcu_barrier(const struct site *site);

/* ---- memory ---------------------------------------------------------------- */

/*
 * The arena: all memory of the world. Bump allocation during set-up and by the
 * page and slab allocators; it never returns memory to itself, kapi's slab
 * keeps the free lists. Zeroed and its shadow cleared by engine_reset().
 * Returns 16-byte aligned zeroed memory; reports "arena exhausted" when full.
 */
void *engine_arena_alloc(size_t size);
size_t engine_arena_used(void);
/* For arena_kept: zeroes [p, p+size) of the arena, clears TSan's shadow of it and
 * forgets its roles. p and size: multiples of 8. */
void engine_arena_clear(void *p, size_t size);
/*
 * A snapshot of the world, made between set-up and tasks while nothing is queued: begin,
 * add parts, end (false: this build has none). World globals are part of it by themselves;
 * of the arena and of the world's own bookkeeping what the world adds. A part of the arena
 * has its roles with it, and is a multiple of 8. A later run with config.snapshot and the
 * same arena goes back to it in its set-up, instead of making the world again. The next
 * reset without config.snapshot forgets it.
 */
void engine_snapshot_begin(void);
void engine_snapshot_add(void *p, size_t size);
bool engine_snapshot_end(void);
bool engine_has_snapshot(void);
void engine_snapshot_restore(void);
/* Arena or world globals: what roles, races and events are about. */
bool engine_is_world(const volatile void *p);
/* Freed or not yet allocated memory: a touch is an ASan report; the bytes are
 * filled with the poison so that other builds see it as well. */
void engine_poison(void *p, size_t size, u8 byte);
void engine_unpoison(void *p, size_t size);

/*
 * World globals: kernel-like file-scope variables. They live in one linker
 * section that engine_reset() restores from its pristine image.
 *	static unsigned int nr_swapfiles __world = 0;
 *	WORLD_NAME(nr_swapfiles);
 */
struct engine_world_name { const void *addr; size_t size; const char *name; };
#define __world __attribute__((section("swaprace_world"), used, aligned(16)))
#define WORLD_NAME(var_)                                                         \
	static const struct engine_world_name world_name_##var_ = { &(var_), sizeof(var_), #var_ }; \
	static const struct engine_world_name *const world_name_p_##var_        \
		__attribute__((section("swaprace_world_names"), used)) = &world_name_##var_
/*
 * Per-CPU variables: a template section; every CPU has a copy in the arena.
 * engine_percpu(&var, cpu) gives the address of that CPU's copy.
 */
#define __world_percpu __attribute__((section("swaprace_percpu"), used, aligned(16)))
void *engine_percpu(const volatile void *template_addr, unsigned cpu);

/*
 * Roles: the stable names of objects. engine_role_new() names [p, p+size) after
 * its kind, the op that runs now and a number ("folio A2.0"); _set() gives a
 * fixed name: ("cluster dev", 0, 1) reads "cluster dev0.1", b < 0 leaves ".b"
 * out, a < 0 leaves both out. The innermost range that was named last wins.
 * kind must be a string literal.
 */
void engine_role_new(const volatile void *p, size_t size, const char *kind);
void engine_role_set(const volatile void *p, size_t size, const char *kind, int a, int b);
/* Role index of a pointer (0: none), stable within a run. */
u32 engine_role_of(const volatile void *p);
/* Hash of the role's name: what trace hashes and order edges use. 0 for none. */
u32 engine_role_hash(u32 role);
const char *engine_role_name(u32 role, char *buf, size_t size);

/* ---- happens-before for what TSan cannot see -------------------------------- */

/* No-ops unless built with TSan. token: any arena or world address. */
void engine_hb_release(const volatile void *token);
void engine_hb_acquire(const volatile void *token);
/* In between TSan does not look at this context's accesses. Nests; a run that ends
 * in between ends it. */
void engine_race_ignore_begin(void);
void engine_race_ignore_end(void);

/* Tests only: number of one of the engine's annotations to leave out, -1 none. */
extern int engine_hb_disabled;
unsigned engine_hb_count(void);

/* Feedback: called after each event, if set (native: by one thread at a time). Must
 * be fast. */
extern void (*engine_feedback)(unsigned ctx, const struct site *site, u32 role, u32 kind);
/* Called when a handler starts on a victim's CPU: kind is the event that was
 * pending there (EV_NONE: idle CPU); hardirq or softirq. For the histogram. */
extern void (*engine_irq_delivered)(unsigned victim_kind, bool hardirq);

/* ---- runs, called from outside ------------------------------------------------ */

struct engine_task {
	void (*fn)(void *arg);
	void *arg;
	u8 cpu;
	char label; /* 'A'.. ; 0: by index */
};

struct sched_policy; /* core/engine/policy.h */

/* TSan: which data races are reports. A marked race has an atomic access on one
 * side; PLAIN only counts it, see engine_races_marked(). */
enum engine_races { ENGINE_RACES_ALL, ENGINE_RACES_PLAIN };

/* Two accesses of one place, as TSan has them; func: as titles name it. */
struct engine_race {
	struct engine_race_side {
		const volatile void *addr;
		unsigned size;
		bool write, marked;
		char func[64];
	} side[2];
};
/* Is this race one that the world knows and can live with? NULL: there is none. TSan's
 * locks are held: it must neither allocate memory nor make a point. */
extern bool (*engine_race_known)(const struct engine_race *race);

struct engine_config {
	enum engine_backend backend;
	unsigned cpus;
	unsigned ntasks;
	const struct engine_task *tasks;
	struct sched_policy *policy; /* sim */
	/* Its next() is called instead of policy's, which stands around it and has nothing to
	 * say about who is next; NULL: policy's. */
	struct sched_policy *picker;
	u64 seed;
	u32 steps_max;      /* 0: the default; then a fair schedule takes over */
	u32 fair_points;    /* of it, in which some op must end; 0: the default */
	size_t arena_size;  /* 0: 64 KiB; at most ENGINE_ARENA_MAX */
	/* Bytes at the arena's base that a reset leaves alone: the world clears what it
	 * touched there, by engine_arena_clear(). A multiple of 8. A world that asks for
	 * that has equal addresses in all builds: there are no gaps for ASan. */
	size_t arena_kept;
	bool snapshot;      /* the world's memory waits for engine_snapshot_restore() */
	u8 races;           /* enum engine_races */
	u32 tsan_points_max; /* a task's points before TSan may forget; 0: the default */
	bool log_events;    /* keep all events for schedules and traces */
	bool capture_stacks; /* lockdep and RCU keep stacks: slow, for reports */
	bool flush_shadow;  /* TSan: flush before this run, not every 64 runs */
};

enum engine_status {
	ENGINE_DONE,     /* all tasks ended */
	ENGINE_REPORTED, /* engine_report() says what */
	/* TSan's history bound was reached, or (not complete) the fair schedule's: said, never
	 * called clean. */
	ENGINE_TRUNCATED
};

/* TSan: lets go of its shadow now, as a run with flush_shadow does before it begins; what is
 * in use after it is no longer a matter of how many runs ago the last flush was. */
void engine_flush_shadow(void);
/* Prepares a world: zeroes the arena, restores globals and per-CPU data, clears
 * the shadow, resets lockdep, counters, roles, trace. Then set-up code may run
 * through engine_quiet(), then engine_run(), then engine_quiet() for tear-down. */
void engine_reset(const struct engine_config *config);
/* Runs fn on the caller's stack; a report ends it early. Points are no-ops. */
enum engine_status engine_quiet(void (*fn)(void *arg), void *arg);
enum engine_status engine_run(void);
void engine_exit(void); /* joins native threads, frees all */

struct engine_report {
	char title[REPORT_TITLE_MAX];
	char *body;          /* valid until the next reset */
	char label[16];      /* op during which it was made */
	u64 trace_hash;      /* of all events before it */
	u32 step;
};
const struct engine_report *engine_report(void); /* NULL: none */
/* Native ends the process at its first report; this prints it (NULL: to stderr). */
extern void (*engine_native_report)(const struct engine_report *report);
/* Sim: without an event for so much CPU time, the run ends with the report
 * "hang: no event in <op>". */
extern unsigned engine_hang_ms;
/* Native: without an event for so long is a deadlock (its report says who waits). */
extern unsigned engine_native_hang_ms;

struct engine_stats {
	u64 steps, switches, irqs, softirqs, choices;
	u64 trace_hash;
	bool complete; /* all tasks ended */
	bool fair;     /* the built-in fair schedule took over from the policy */
};
void engine_stats(struct engine_stats *out);
/* Marked races of this run that ENGINE_RACES_PLAIN did not report. */
u32 engine_races_marked(void);

/* Ops: called by the executor on a task, around each op. name: static string. */
void engine_op_begin(unsigned number, const struct site *site);
void engine_op_end(const struct site *site);

/* Lines of the trace ring about a role (0: all), newest last, into body text. */
size_t engine_ring_print(char *buf, size_t size, u32 role, unsigned lines);
/* This context's stack, a function a line. */
size_t engine_stack_print(char *buf, size_t size, unsigned ctx);

#endif
