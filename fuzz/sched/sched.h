/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduling policies over core/engine/policy.h, one a file, and the recorder
 * that turns a finished run into order edges. Each constructor gives the one static
 * instance of its policy, ready for the next run; nothing in a run allocates.
 */
#ifndef FUZZ_SCHED_SCHED_H
#define FUZZ_SCHED_SCHED_H

#include "core/base/event_key.h"
#include "core/base/limits.h"
#include "core/base/prng.h"
#include "core/engine/policy.h"

struct sched_schedule {
	struct order_edge *edge;
	struct event_choice *choice;
	u32 nedges, nchoices;
	u32 edges_max, choices_max; /* allocated */
};
/* Appends, growing the arrays; clear keeps the memory, free gives it back. */
void sched_add_edge(struct sched_schedule *s, const struct order_edge *edge);
void sched_add_choice(struct sched_schedule *s, const struct event_choice *choice);
void sched_schedule_clear(struct sched_schedule *s);
void sched_schedule_free(struct sched_schedule *s);

/*
 * <name>.c: the policies of policy.def. steps: about the number of events of the program
 * (the k of PCT), a property of the program so that a replay does not depend on
 * earlier runs; 0: not known.
 */
#define POLICY_REPLAY(...)
#define POLICY(ID, name, ...) struct sched_policy *sched_##name(u32 steps);
#include "core/base/policy.def"

/*
 * replay.c: holds what the schedule holds; where it is silent: callbacks at the
 * earliest moment, then the current context until it blocks or ends, then the
 * lowest task, interrupts when no task can run. Choices are 0 unless decided.
 * s must stay valid until the run is over.
 */
struct sched_policy *sched_replay(const struct sched_schedule *s);
/* The same, but inner decides where the schedule is silent. */
struct sched_policy *sched_replay_over(const struct sched_schedule *s,
				       struct sched_policy *inner);
/* Of the last run under sched_replay(): edges that could not be met ... */
u32 sched_replay_dropped(void);
bool sched_replay_edge_dropped(u32 index);
/* ... and edges whose later event did not come up at all. */
bool sched_replay_edge_used(u32 index);

/* What became of an edge, or of a choice (MET, NO_LATER or OPEN). */
enum sched_edge_end {
	SCHED_EDGE_MET,        /* the earlier side came, then the later one came, or was about to */
	SCHED_EDGE_OPEN,       /* a report ended the run before both had come */
	SCHED_EDGE_NO_EARLIER, /* the op of the earlier side ended without it, or never began */
	SCHED_EDGE_NO_LATER,   /* ... of the later side */
	SCHED_EDGE_DEADLOCK,   /* all that could run was held: the edges contradict each other */
	SCHED_EDGE_FAIR,       /* the run was so long that a fair schedule, without edges, ended it */
};
/* Of the last run under sched_replay(). complete: all its tasks have ended; fair: the
 * engine's own schedule ended it. */
enum sched_edge_end sched_replay_edge_end(u32 index, bool complete, bool fair);
enum sched_edge_end sched_replay_choice_end(u32 index, bool complete);
/* How often the event of the side that was missing came, and that of a choice. */
u32 sched_replay_edge_came(u32 index, enum sched_edge_end missing);
u32 sched_replay_choice_came(u32 index);

/*
 * record.c: the last run's event log as the edges and choices that make
 * sched_replay() take it again: one edge a context switch, and one for each
 * event that was still pending at the end (else the default could run it too
 * early). v: the view after the run (sched_view()), NULL: without the latter.
 */
void sched_record(struct sched_schedule *out, const struct engine_view *v);

/*
 * observe.c: a policy around another one. It sees what the inner one was shown
 * and what it picked: for coverage, feedback and the recorder.
 */
struct sched_observer {
	/* ctx's pending event is about to happen; may be NULL */
	void (*event)(const struct engine_view *v, unsigned ctx);
	void (*choice)(const struct sched_choice *c, u32 value);
};
struct sched_policy *sched_observe(struct sched_policy *inner, struct sched_observer *o);
/* The view of the last run under sched_observe(); NULL before the first. */
const struct engine_view *sched_view(void);

/*
 * One step's default of sched_replay() among allowed (a subset of runnable, not
 * empty); last_task: the task that ran last, ENGINE_CTX_MAX for none.
 */
unsigned sched_default_next(const struct engine_view *v, ctx_mask allowed, unsigned last_task);
/* mask without those that only spin, 7 times in 8 while others of it can run. */
static inline ctx_mask sched_not_spinning(struct prng *rng, const struct engine_view *v,
					  ctx_mask mask)
{
	ctx_mask spinning = v->spinning & mask;

	if (unlikely(spinning) && spinning != mask && !prng_chance(rng, 1, 8))
		mask &= ~spinning;
	return mask;
}

/* pick.c: a context of mask (not empty), each with the same chance. */
unsigned sched_pick(struct prng *rng, ctx_mask mask);
/* Contexts of mask whose pending event races with that of t: on the same object, and
 * one of the two writes. */
ctx_mask sched_racing(const struct engine_view *v, unsigned t, ctx_mask mask);

/* faults.c: which choices fail in a run, drawn at its start. */
struct sched_faults { u32 salt; u8 mode; };
void sched_faults_start(struct sched_faults *f, struct prng *rng);
u32 sched_faults_choose(const struct sched_faults *f, struct prng *rng,
			const struct sched_choice *c);

#endif
