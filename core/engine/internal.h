/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine's own state, shared by its files and by nobody else. One global:
 * there is one world in a process. Nothing here lies in the arena, nothing here
 * is seen by ThreadSanitizer (the folder is built without it).
 */
#ifndef CORE_ENGINE_INTERNAL_H
#define CORE_ENGINE_INTERNAL_H

#include <setjmp.h>
#include <stdio.h>

#include "core/engine/context.h"
#include "core/engine/engine.h"
#include "core/engine/policy.h"
#include "core/engine/symbols.h"

#define CTX_MAIN ENGINE_CTX_MAIN
#define CTX_COUNT (ENGINE_CTX_MAX + 1)
#define STEPS_MAX_DEFAULT 8000u
/* A TSan run keeps both sides of a race for about 40,000 calls of a task: a task
 * with more points than this may have lost one, and the run is not called clean. */
#define TSAN_TASK_POINTS_MAX 6000u
#define SHADOW_FLUSH_RUNS 64
#define FIBER_GUARD (64u << 10) /* below a fiber's stack: larger than any frame */
#define ROLE_GRANULE 8 /* the words of a swap table have roles of their own */
#define ARENA_ALIGN 16
#define ROLES_MAX 16384
#define RING_SIZE 4096
#define LOG_MAX (1u << 17)
#define GP_MAX 512
#define ROLE_KINDS_MAX 48

enum ctx_state { CTX_UNUSED, CTX_READY, CTX_BLOCKED, CTX_PARKED, CTX_DONE };

struct role_kind { u32 kind_hash; u32 count; };

struct engine_ctx {
	/* fiber */
	void *sp;
	void *tsan_fiber;
	void *asan_fake;
	char *stack;
	size_t stack_size;
	jmp_buf entry; /* where kill mode jumps to */
	/* what it is */
	void (*fn)(void *arg);
	void *arg;
	u8 index, cpu, state;
	char letter;
	u16 op;               /* number of op, interrupt, callback */
	const struct site *op_site;
	/* CPU state; preempt_count lies in ld */
	u32 irqoff, bhoff;
	u32 atomic_nest;      /* of preempt, irq, bh: how many are off */
	u32 reader_nest;      /* of those and rcu_read_lock, handlers: reasons to be a reader */
	u32 points;
	/* sleeping */
	const volatile u32 *wait_word;
	const char *wait_what;
	const struct site *wait_site;
	u64 wait_seq;
	/* RCU */
	u32 gp_seen_started, gp_seen_ended;
	char token_read;              /* explicit sections that are over */
	u32 race_ignore;              /* engine_race_ignore_begin() */
	void *data;
	u32 nrole_kinds;
	struct lockdep_ctx ld;
	struct role_kind role_kinds[ROLE_KINDS_MAX];
};

struct engine_cpu_state {
	ctx_mask tasks;               /* mask of its task contexts */
	s32 holder;                   /* task that is not preemptible now, or -1 */
	bool irq_active, softirq_active;
	struct engine_irq_work *irq_head, **irq_tail;
	struct engine_rcu_head *cb_head, **cb_tail; /* grace period over */
	u16 irq_count, cb_count;
	char token_cpu, token_irq, token_bh;
};

/* A modelled grace period. */
struct engine_gp {
	ctx_mask waiting;             /* readers that were inside at its start */
	bool ended;
	u8 waiter;                    /* context in synchronize_rcu(), or CTX_COUNT */
	u32 done_word;                /* what the waiter sleeps on */
	struct engine_rcu_head *head; /* callback, NULL for synchronize_rcu */
	char token_start, token_end;
};

struct ring_entry {
	u32 step;
	u32 role;
	const struct site *site;
	u64 result;     /* as engine_result() had it; 0: also none */
	u16 op;
	u8 ctx;
	u8 kind;
};

struct engine {
	/* hot: a scheduling point touches these */
	bool live;                    /* sim, tasks run, nothing is ending */
	bool threaded;                /* native run under way: contexts are OS threads */
	bool quiet;                   /* inside engine_quiet() */
	u32 quiet_points;             /* of this engine_quiet(): bounded */
	bool killing;                 /* every resumed fiber jumps to its entry */
	bool ending;                  /* first report made, or run over */
	bool log_on;
	bool fair;                    /* the built-in fair schedule has taken over */
	const struct backend *backend; /* where sim is not live */
	u32 cur;
	ctx_mask ready;               /* contexts that are not blocked */
	ctx_mask masked;              /* contexts that their CPU keeps off */
	ctx_mask sleeping;            /* contexts in engine_wait() or engine_park() */
	u32 steps_max;
	u64 hash;
	ctx_mask readers;             /* contexts inside an RCU reader */
	u32 ring_at;
	struct sched_policy *policy, *picker; /* who chooses; who of them is asked for next() */
	struct engine_view view;
	struct engine_ctx ctx[CTX_COUNT];
	struct engine_cpu_state cpu[ENGINE_CPUS_MAX];
	u32 ncpus, ntasks;
	u64 wait_seq;
	u64 runs;
	u32 tsan_points_max;
	u32 races_marked;
	u32 fair_left;
	u32 fair_step, progress_step; /* fair schedule since; last end of an op */
	bool truncated;
	bool in_run;                  /* engine_run() is on the C stack */
	struct engine_config config;
	struct engine_stats stats;
	/* RCU */
	struct engine_gp gp[GP_MAX];
	u32 ngps, gps_ended;
	/* reports */
	bool reported;
	struct engine_report report;
	jmp_buf quiet_jmp;
	/* trace */
	struct ring_entry ring[RING_SIZE];
	struct engine_logged *log;
	size_t nlog;
	bool log_full;
	char token_start, token_end;  /* run start and end */
};

/*
 * What happens where sim does not run: quiet is set-up and tear-down, on the caller's stack,
 * nothing is scheduled; native is a native run. While eng.live nobody asks, but for reports:
 * what sim does stands in the functions themselves, because a scheduling point may cost no
 * call through a pointer. engine.h says what each function means.
 */
struct backend {
	/* events and choices */
	void (*point)(const struct site *site, enum event_kind kind, const volatile void *obj,
		      unsigned size);
	void (*yield)(const struct site *site);
	u32 (*choose)(const struct site *site, enum choice_kind kind, u32 n);
	/* sleeping */
	void (*wait)(const struct site *site, const volatile u32 *word, u32 value, const char *what);
	void (*park)(const struct site *site, const volatile u32 *word, u32 value);
	void (*wake)(const volatile u32 *word, unsigned n);
	/* interrupts and RCU */
	void (*irq_queue)(unsigned cpu, struct engine_irq_work *work);
	void (*call_rcu)(const struct site *site, struct engine_rcu_head *head);
	void (*synchronize_rcu)(const struct site *site);
	void (*rcu_barrier)(void);
	/* NULL in quiet, for they belong to runs: a task has its CPU for itself, and not any
	 * more; a reader begins and ends */
	void (*cpu_take)(u32 cpu);
	void (*cpu_give)(u32 cpu);
	void (*reader_enter)(struct engine_ctx *c);
	void (*reader_leave)(struct engine_ctx *c);
	/* Around the making of a report. begin: false inside of another one. */
	bool (*report_begin)(void);
	void (*report_end)(void); /* of native: ends the process */
};
extern const struct backend backend_quiet, backend_native;

extern struct engine eng;
extern struct engine_ctx *ctx_now; /* &eng.ctx[eng.cur] */

static inline struct engine_ctx *cur_ctx(void)
{
	return ctx_now;
}

/* Every change of eng.cur goes through here. */
static inline void set_cur(u32 i)
{
	eng.cur = i;
	ctx_now = &eng.ctx[i];
	if (engine_lockdep_now)
		engine_lockdep_now = &ctx_now->ld;
}

static inline bool is_running(void)
{
	return likely(eng.live) || eng.threaded;
}

/* The calling context in either backend. */
struct engine_ctx *native_ctx(void);
static inline struct engine_ctx *this_ctx(void)
{
	return unlikely(eng.threaded) ? native_ctx() : cur_ctx();
}

static inline bool ctx_is_task(u32 i)
{
	return i < ENGINE_TASKS_MAX;
}

static inline u64 hash_mix(u64 h, u64 v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ull;
	return h ^ (h >> 29);
}

/* fiber.c: the switch and the sanitizers' view of it */
void fiber_create(struct engine_ctx *c);
void fiber_first(void); /* first thing on a new fiber */
void fibers_destroy(void);
/* Saves the callee-saved registers and the stack pointer, loads the other's. */
void fiber_swap_stacks(void **from, void *to);
/* Before the switch and after it, on a new fiber first of all: for the sanitizers. */
#if defined(SWAPRACE_ASAN) || defined(SWAPRACE_TSAN)
void fiber_leave(struct engine_ctx *from, struct engine_ctx *to);
#else
static inline void fiber_leave(struct engine_ctx *from, struct engine_ctx *to)
{
	(void)from;
	(void)to;
}
#endif
#ifdef SWAPRACE_ASAN
void fiber_arrived(void);
void fiber_arrived_first(void);
#else
static inline void fiber_arrived(void) {}
static inline void fiber_arrived_first(void) {}
#endif

/* In the header because of its cost: each call and return around it is one more
 * that the processor predicts wrongly. */
static inline void fiber_switch(struct engine_ctx *from, struct engine_ctx *to)
{
	set_cur(to->index);
	eng.stats.switches++;
	fiber_leave(from, to);
	fiber_swap_stacks(&from->sp, to->sp);
	fiber_arrived();
}

/* engine.c: a task's context as the run's configuration says, ready */
struct engine_ctx *task_prepare(u32 i);

/* sim.c */
void sim_reset(void);
void sim_run(void);
void sim_execute(struct engine_ctx *c); /* its pending event happens now */
void sim_abort(void) __attribute__((noreturn)); /* ends the run from a fiber */
void sim_cpu_update(u32 cpu);         /* recomputes what the CPU masks */
void sim_pend_begin(struct engine_ctx *c, u16 op, const struct site *site, u8 kind);

/* interrupt.c */
void interrupt_body(struct engine_ctx *c);
void softirq_body(struct engine_ctx *c);
void interrupt_kick(u32 cpu, bool hard); /* makes it runnable if it has work */
/* Into a CPU's queue, at its end, and out of it. Of native's callers each has the queue's lock. */
void interrupt_put(u32 cpu, struct engine_irq_work *work);
struct engine_irq_work *interrupt_take(u32 cpu);
struct engine_rcu_head *softirq_take(u32 cpu);
void sim_softirq_queue(u32 cpu, struct engine_rcu_head *head); /* grace period over */

/* rcu.c */
void rcu_reset(void);
void rcu_reader_enter(struct engine_ctx *c);
void rcu_reader_leave(struct engine_ctx *c);
void rcu_run_callback(struct engine_ctx *c, struct engine_rcu_head *head);

/* quiet.c */
bool quiet_run_due(void);             /* runs an interrupt or callback; false: none is due */

/* arena.c: what a scheduling point needs of it, for inlining */
struct role_map {
	char *base;                   /* the arena */
	size_t size;
	char *world;                  /* the section of world globals */
	size_t world_size;
	u16 *map;                     /* granule of the arena -> role */
	u16 *world_map;
	u32 hash[ROLES_MAX];          /* of the role's name */
};
extern struct role_map role_map;

static inline u32 arena_role_of(const volatile void *p)
{
	size_t off = (size_t)((const volatile char *)p - role_map.base);

	if (likely(off < role_map.size))
		return role_map.map[off / ROLE_GRANULE];
	off = (size_t)((const volatile char *)p - role_map.world);
	return off < role_map.world_size ? role_map.world_map[off / ROLE_GRANULE] : 0;
}

void arena_reset(void);
void arena_exit(void);
/* How far the arena and the roles are used, and the roles behind what the world clears by
 * itself. Rewinding, in a run of the same configuration, clears what was handed out since
 * and takes the roles back; what lies before is the caller's. */
struct arena_mark {
	size_t size, used, kept;
	u32 nroles;
	u16 *map, *world_map; /* of granules from kept to used, and of the globals */
};
void arena_mark(struct arena_mark *mark); /* zeroes at first, or an earlier mark */
void arena_rewind(const struct arena_mark *mark);
void arena_unmark(struct arena_mark *mark);

/* snapshot.c */
void snapshot_drop(void);
void snapshot_exit(void);

/* trace.c: without libc, which TSan would see on the fiber */
void label_print(const struct engine_ctx *c, char *buf, size_t size);
void trace_reset(void);
/* Return addresses of the running context, from frame fp outwards; their number. */
unsigned stack_from(void **fp, void **out, unsigned max);
#define STACK_MAX 48 /* frames that a report shows */
/* Prints n of them as frames, but the engine's own; bytes without the NUL. The same address again is
 * left out: that is a function that was inlined there, which the symbolizer names. */
size_t stack_print(char *buf, size_t size, void *const *pc, unsigned n);
void trace_log_event(struct engine_ctx *c, const struct engine_event *ev);
static inline void trace_event(struct engine_ctx *c, const struct engine_event *ev)
{
	struct ring_entry *r = &eng.ring[eng.ring_at++ % RING_SIZE];

	*r = (struct ring_entry){ .step = eng.view.steps, .role = ev->role, .site = ev->site,
				  .op = ev->op, .ctx = c->index, .kind = ev->kind };
	if (unlikely(eng.log_on))
		trace_log_event(c, ev);
}
void trace_choice(struct engine_ctx *c, const struct sched_choice *ch, u32 value);

/* report.c */
void report_reset(void);
void report_install(void);
/* From its hook; the body has the stacks. */
void report_from_sanitizer(const char *title, const char *body);
void report_deadlock(void);
/* No op ends any more, for so many points now: where everybody is. Does not return. */
void report_livelock(const char *title, u32 points);

/*
 * The engine's happens-before annotations, each with a number so that a test can
 * leave one out and must then see its twin fail (engine_hb_disabled).
 */
enum engine_hb {
	HB_RUN_START_RELEASE, HB_RUN_START_ACQUIRE, HB_RUN_END_RELEASE, HB_RUN_END_ACQUIRE,
	HB_CPU_RELEASE, HB_CPU_ACQUIRE,
	HB_IRQ_RELEASE_ENABLE, HB_IRQ_ACQUIRE_DISABLE, HB_IRQ_RELEASE_EXIT, HB_IRQ_ACQUIRE_ENTRY,
	HB_IRQ_QUEUE_RELEASE, HB_IRQ_QUEUE_ACQUIRE,
	HB_BH_RELEASE_ENABLE, HB_BH_ACQUIRE_DISABLE, HB_BH_RELEASE_EXIT, HB_BH_ACQUIRE_ENTRY,
	HB_GP_START_RELEASE, HB_GP_START_ACQUIRE, HB_GP_READER_RELEASE, HB_GP_READER_ACQUIRE,
	HB_GP_CALLBACK_ACQUIRE, HB_GP_WAITER_ACQUIRE, HB_GP_PAST_READERS,
	ENGINE_HB_COUNT,
};
#ifdef SWAPRACE_TSAN
#define HB(id, what, token)                                            \
	do {                                                           \
		if (likely(engine_hb_disabled != (int)(id)))           \
			engine_hb_##what(token);                       \
	} while (0)
#else
#define HB(id, what, token) ((void)0)
#endif

/* oops.c: faults of the model's code become reports */
void oops_install(void);
/* Does the CPU fault on this address for sure: near NULL, or not canonical? */
bool oops_would(uintptr_t addr);
/* In a signal handler, with its ucontext: the interrupted code "calls" fn, which never
 * returns, when the handler has; on another stack where its own is used up. */
void oops_redirect(void *context, void (*fn)(void), char *stack_top);
/* Where a signal's context was interrupted. */
uintptr_t oops_pc(const void *context);

/* hang.c: at the start of each run of sim; cheap when the watchdog is there */
void hang_watch(void);

/* asan.c */
#ifdef SWAPRACE_ASAN
void asan_install(void);
#else
static inline void asan_install(void) {}
#endif

/* tsan.c: empty inline stand-ins without TSan */
#ifdef SWAPRACE_TSAN
void tsan_clear_shadow(void *p, size_t size);
void tsan_flush(void);
/*
 * Set-up and tear-down run alone: all that they do is ordered before the start of
 * the tasks or after their end, so TSan has nothing to say and need not look. It
 * does where a test leaves an annotation out: those two may be what it left out.
 */
bool tsan_quiet_begin(void);
void tsan_quiet_end(bool begun);
/* Runs fn on a fiber of its own, whose knowledge is what it acquires there. */
void tsan_on_courier(void (*fn)(void *arg), void *arg);
void tsan_race_ignore_drop(struct engine_ctx *c); /* on its own fiber */
#else
static inline void tsan_clear_shadow(void *p, size_t size) { (void)p; (void)size; }
static inline void tsan_flush(void) {}
static inline bool tsan_quiet_begin(void) { return false; }
static inline void tsan_quiet_end(bool begun) { (void)begun; }
static inline void tsan_race_ignore_drop(struct engine_ctx *c) { (void)c; }
#endif

/* native.c, native_wait.c, native_rcu.c */
void native_reset(void);
enum engine_status native_run(void);
void native_exit(void);
const char *native_stack_end(void); /* of the calling thread; NULL: not one of ours */

#endif
