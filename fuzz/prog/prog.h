/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program: the machine's shape, tasks with their ops, a schedule. What the
 * decoder makes of any byte string, what the text form says, what is mutated,
 * minimised, executed.
 * core/base/ops.def is the one place to add an op.
 */
#ifndef FUZZ_PROG_PROG_H
#define FUZZ_PROG_PROG_H

#include "core/base/event_key.h"
#include "core/base/limits.h"
#include "core/base/prng.h"
#include "core/base/seeded_bug.h"
#include "core/base/types.h"
#include "core/base/world_ops.h"

/* What prog_encode() and prog_print() can need at most. */
#define PROG_BYTES_MAX (640 * 1024)
#define PROG_TEXT_MAX (2 * 1024 * 1024)
#define PROG_UNKNOWN_MAX 16

enum prog_op_kind {
#define OP(name, ...) OP_##name,
#include "core/base/ops.def"
	PROG_OP_COUNT,
};

enum prog_arg_kind {
#define ARG(kind, ...) PROG_ARG_##kind,
#include "core/base/ops.def"
	PROG_ARG_KIND_COUNT,
};

struct prog_op {
	u8 kind;                 /* enum prog_op_kind */
	u8 arg[PROG_ARGS_MAX];   /* meaning and bounds: ops.def */
};

struct prog_task {
	char label;              /* 'A'..'Z', distinct: the letter of its ops in text */
	u8 cpu;
	u8 mm;                   /* 1..WORLD_MM_MAX, 0: none (kswapd, ksmd, ...) */
	u8 nops;
	struct prog_op op[PROG_OPS_MAX];
};

enum prog_policy {
#define POLICY(ID, ...) PROG_POLICY_##ID,
#include "core/base/policy.def"
	PROG_POLICY_COUNT
};
extern const char *const prog_policy_names[PROG_POLICY_COUNT + 1]; /* ends with NULL */
extern const u8 prog_policy_turns[PROG_POLICY_COUNT]; /* of search's; 0: none */
/* The policy of search's nth turn, counted round. */
u8 prog_policy_turn(unsigned n);
/* The nth of the policies that have turns, counted round. */
u8 prog_policy_with_turns(unsigned n);

/*
 * Plain data, so that it can lie in memory that processes share. The tables at its end
 * are much larger than what is used of them: prog_copy() copies that, an assignment
 * all. What lies behind the used part is not looked at.
 */
struct prog {
	struct world_config machine;
	u8 ntasks;
	u8 policy;               /* enum prog_policy: where the schedule is silent */
	u16 nedges;
	u16 nchoices;
	u64 seed;
	struct prog_task task[PROG_TASKS_MAX];
	struct event_choice choice[PROG_CHOICES_MAX];
	struct order_edge edge[PROG_EDGES_MAX];
};

/* What the text form has beyond the bytes. */
struct prog_text {
	char world[40];                          /* which worlds it is for; "": any */
	char bugs[SEEDED_BUG_NAMES_MAX];         /* "a,b"; "" where there is none */
	char expect[PROG_EXPECTS_MAX][176];      /* without the "expect: " */
	u8 nexpects;
	char comment[2048];                      /* opening comment lines */
	/* Sites of the schedule that this build does not have, by the names in the text;
	 * what does not fit here is known by its hash alone. */
	struct prog_unknown_site { u32 hash; char name[100]; } unknown[PROG_UNKNOWN_MAX];
	u8 nunknown;
};

struct prog_op_info {
	const char *name;
	u8 nargs;
	const char *arg_name[PROG_ARGS_MAX];
	u8 arg_kind[PROG_ARGS_MAX]; /* enum prog_arg_kind */
	u8 arg_min[PROG_ARGS_MAX];  /* smallest and */
	u8 arg_max[PROG_ARGS_MAX];  /* largest value */
	u16 weight;                 /* of the generator */
	bool needs_mm;
	const char *models;         /* "mm/memory.c (do_swap_page)", one line */
};
extern const struct prog_op_info prog_ops[PROG_OP_COUNT];
/* An argument that is a set of words: bit i is the i-th. what: to call one in an error;
 * NULL: the kind is none of these. */
struct prog_arg_words {
	const char *what;
	const char *const *word; /* ends with NULL */
};
extern const struct prog_arg_words prog_arg_words[PROG_ARG_KIND_COUNT];
/* The kind of this name, or -ENOENT. */
int prog_op_find(const char *name, size_t len);

/* ---- machine.c ---- */
/* What the text form leaves out: 2 CPUs, 32 folios, no device, ... */
extern const struct world_config prog_machine_default;
/* The mms that a machine line without "mms=" has at the start: those that some
 * task runs in and no task forks. */
u8 prog_mms_default(const struct prog *p);
/* The default machine and one task "A" without ops: the smallest valid program. */
void prog_init(struct prog *p);

/* ---- encode.c: bytes ---- */
/* Total: every byte string is a program that prog_valid() accepts, whatever version
 * its first byte says. */
void prog_decode(struct prog *p, const u8 *data, size_t size);
/* The canonical bytes; returns their number, 0 where out is too small.
 * decode(encode(p)) == p for each valid p. */
size_t prog_encode(const struct prog *p, u8 *out, size_t out_size);

/* ---- text.c, text_parse.c, text_print.c ---- */
struct prog_error { u32 line, column; char what[160]; };
/* 0, or -EINVAL with *err filled (1-based line and column). text may be NULL. */
int prog_parse(struct prog *p, struct prog_text *text, const char *src, size_t len,
	       struct prog_error *err);
/* Number of bytes written without the 0, or 0 where out is too small. */
size_t prog_print(const struct prog *p, const struct prog_text *text, char *out, size_t out_size);
/* One event "A3 folio_lock@do_swap_page(folio A2.0)#1" into buf; returns buf.
 * p names the tasks; NULL: by index. */
const char *prog_event_print(const struct prog *p, const struct event_key *e, char *buf,
			     size_t size);
/* Is this the text form (by content: its first byte is printable)? */
bool prog_is_text(const void *data, size_t size);
/* A file, text or bytes: as prog_parse(), and -EINVAL for what is neither (empty, too
 * long) and for bytes of another version. text is cleared for bytes. */
int prog_load(struct prog *p, struct prog_text *text, const void *data, size_t size,
	      struct prog_error *err);

/* ---- validate.c ---- */
/* All bounds and references hold; *why gets a static text where they don't. */
bool prog_valid(const struct prog *p, const char **why);
/* Makes any struct valid by the smallest change; used by decode and mutate. */
void prog_repair(struct prog *p);
bool prog_equal(const struct prog *a, const struct prog *b);

/* What is used of from becomes what is used of to; they may be the same. */
void prog_copy(struct prog *to, const struct prog *from);

/* ---- generate.c, profile.c, mutate.c, crossover.c ---- */
struct prog_profile; /* which ops, which machines: one for each fuzz target */
extern const struct prog_profile prog_profile_all, prog_profile_swap, prog_profile_swapoff,
	prog_profile_ksm, prog_profile_hibernate, prog_profile_reclaim, prog_profile_kernel;
/* By name ("all", "swap", ...), NULL where there is none. */
const struct prog_profile *prog_profile_find(const char *name);
/* The name of the ith; NULL behind the last. */
const char *prog_profile_name(unsigned i);
/* The world that programs are made for: ops and fields of the machine that it lacks are
 * never drawn. NULL, and until the first call: all ops, and the model's fields. */
void prog_generate_for(const struct world_ops *world);
void prog_generate(struct prog *p, struct prng *rng, const struct prog_profile *profile);
void prog_mutate(struct prog *p, struct prng *rng, const struct prog_profile *profile);
void prog_crossover(struct prog *out, const struct prog *a, const struct prog *b,
		    struct prng *rng);

/* ---- minimize.c ---- */
/* Removes as much as leaves holds(p, arg) true, to a checked local minimum: no
 * single removal that it knows of keeps it. holds must be deterministic.
 * tick(arg) returns false when time is up. Returns the number of calls. */
struct prog_minimize {
	bool (*holds)(const struct prog *p, void *arg);
	bool (*tick)(void *arg);
	void *arg;
	bool minimal; /* out: the local minimum was checked to its end */
};
u64 prog_minimize(struct prog *p, struct prog_minimize *m);

#endif
