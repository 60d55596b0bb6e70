/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world-ops table: all that programs and oracles may ask of a world. The
 * model is one implementation, the running kernel and a real kernel core are
 * others, so nothing here names an mm structure.
 *
 * An mm is a small number (1..WORLD_MM_MAX). An address is a page number in
 * 0..WORLD_PAGES-1: region r has the pages r*8..r*8+7 (one page table page,
 * one PTL). A page's contents are WORLD_WORDS 8-byte words.
 * A page filled with the byte WORLD_CHECKSUM_ZERO has KSM's checksum 0: some page has it in
 * reality, and who wants to can look for one.
 */
#ifndef CORE_BASE_WORLD_OPS_H
#define CORE_BASE_WORLD_OPS_H

#include "core/base/limits.h"
#include "core/base/types.h"

enum world_dev_flag {
	WORLD_DEV_PRESENT = 1,  /* the device exists */
	WORLD_DEV_ON = 2,       /* swapon before the tasks start */
	WORLD_DEV_SYNC = 4,     /* SWP_SYNCHRONOUS_IO, zram-like */
	WORLD_DEV_DISCARD = 8,  /* SWP_PAGE_DISCARD */
	WORLD_DEV_ROTATIONAL = 16, /* not SWP_SOLIDSTATE */
	WORLD_DEV_STABLE = 32,  /* SWP_STABLE_WRITES */
};

struct world_dev {
	u8 flags;  /* enum world_dev_flag */
	u8 slots;  /* usable slots + header, at most 64 */
	s8 prio;
	u8 bad[2]; /* bad slots, 0 = none */
};

/* The machine's shape: the "machine:" line of a program. */
struct world_config {
	u8 cpus;            /* 1..4 */
	u8 folios;          /* size of the folio pool, 8..128 */
	u8 cluster_slots;   /* 4 or 8 (or 16..64), a power of two */
	u8 count_bits;      /* width of a swap count before it overflows: 2..8 */
	u8 batch;           /* size of a per-CPU LRU batch: 1..15 */
	u8 readahead;       /* page_cluster: 0 (off) .. 3 */
	u8 swap_full;       /* vm_swap_full() when used*100 >= swap_full*total; 50 = kernel */
	u8 low_watermark;   /* free folios below which allocation wakes reclaim */
	u8 thp;             /* 1: transparent large folios, always */
	u8 mms;             /* bit i-1 set: mm i exists when the tasks start */
	u8 full_scale;      /* 1: reclaim and batches in the kernel's own numbers, see observe.h */
	struct world_dev dev[WORLD_DEVS_MAX];
};

/* What userfaultfd catches: accesses to missing pages, stores to protected ones. */
enum world_uffd_mode { WORLD_UFFD_MISSING = 1, WORLD_UFFD_WP = 2 };

enum world_vma_flag { WORLD_VMA_MERGEABLE = 1, WORLD_VMA_READONLY = 2 };

/* How a page is pinned: FOLL_WRITE, FOLL_LONGTERM; not by the fast path. */
enum world_pin_flag { WORLD_PIN_WRITE = 1, WORLD_PIN_LONGTERM = 2, WORLD_PIN_SLOW = 4 };

/* What /proc/PID/pagemap can say of a page. */
enum world_page_bit {
	WORLD_PAGE_MAPPED = 1,     /* a vma covers it */
	WORLD_PAGE_PRESENT = 2,
	WORLD_PAGE_SWAPPED = 4,
	WORLD_PAGE_EXCLUSIVE = 8,  /* present and mapped by this mm alone (pagemap bit 56) */
	WORLD_PAGE_ZERO = 16,      /* the shared zero page */
	WORLD_PAGE_POISON = 32,    /* a marker left by an I/O error */
	WORLD_PAGE_WRITABLE = 64,
	WORLD_PAGE_SWAPCACHE = 128, /* present, and its folio is in the swap cache */
	WORLD_PAGE_KSM = 256,       /* present, and its folio is KSM's */
};

struct world_page_state {
	u32 bits;     /* enum world_page_bit */
	s32 dev;      /* of a swapped page, else -1 */
	s32 slot;     /* ditto; no part of any title */
	s32 frame;    /* of a present page that is not the zero page: its pfn, else -1 */
};

/*
 * Called by the world at the very instant at which a user's word is stored or
 * loaded (no scheduling point in between): the exact shadow of the contents
 * oracle hangs here. NULL: nobody listens.
 */
struct world_hooks {
	void (*store)(int mm, int page, int word, u64 value);
	void (*load)(int mm, int page, int word, u64 value);
	/* A page that was missing is mapped, with this word, by no user's store. */
	void (*fill)(int mm, int page, int word, u64 value);
};
extern struct world_hooks world_hooks;

struct world_mm_counters { long anon, swap; };
struct world_counters {
	long swap_total, swap_used; /* pages over all devices */
	long ksm_shared, ksm_sharing;
	long folios_free;
};

/* Edges of the world's code, as the compiler counts them. taken: one byte each, which
 * wraps; whoever reads them sets them to 0. pc: in the edge's target. */
struct world_edge { unsigned long pc, flags; };
struct world_edges {
	u8 *taken;
	const struct world_edge *at;
	u32 n;
};

/* How an op's row (ops.def) becomes its parameters, and the arguments of a call. */
#define ARG(kind, name, min, max, type, text) typedef type world_arg_##kind;
#include "core/base/ops.def"
#define WORLD_PARAMS_ANY_0(a, b, c) void
#define WORLD_PARAMS_ANY_1(a, b, c) world_arg_##a arg0
#define WORLD_PARAMS_ANY_2(a, b, c) world_arg_##a arg0, world_arg_##b arg1
#define WORLD_PARAMS_ANY_3(a, b, c) world_arg_##a arg0, world_arg_##b arg1, world_arg_##c arg2
#define WORLD_PARAMS_MM_0(a, b, c) int mm
#define WORLD_PARAMS_MM_1(a, b, c) int mm, world_arg_##a arg0
#define WORLD_PARAMS_MM_2(a, b, c) int mm, world_arg_##a arg0, world_arg_##b arg1
#define WORLD_PARAMS_MM_3(a, b, c) \
	int mm, world_arg_##a arg0, world_arg_##b arg1, world_arg_##c arg2
#define WORLD_PARAMS(on, nargs, a, b, c) WORLD_PARAMS_##on##_##nargs(a, b, c)
#define WORLD_ARGS_ANY_0(mm, arg0, arg1, arg2)
#define WORLD_ARGS_ANY_1(mm, arg0, arg1, arg2) arg0
#define WORLD_ARGS_ANY_2(mm, arg0, arg1, arg2) arg0, arg1
#define WORLD_ARGS_ANY_3(mm, arg0, arg1, arg2) arg0, arg1, arg2
#define WORLD_ARGS_MM_0(mm, arg0, arg1, arg2) mm
#define WORLD_ARGS_MM_1(mm, arg0, arg1, arg2) mm, arg0
#define WORLD_ARGS_MM_2(mm, arg0, arg1, arg2) mm, arg0, arg1
#define WORLD_ARGS_MM_3(mm, arg0, arg1, arg2) mm, arg0, arg1, arg2
#define WORLD_ARGS(on, nargs, mm, arg0, arg1, arg2) \
	WORLD_ARGS_##on##_##nargs(mm, arg0, arg1, arg2)

/* The tasks run at the same time, on CPU 0, 1, 0. title: a planted fault, which some
 * schedule must report; NULL: none may report. see: outcomes (bits) that must all come
 * in some schedule. tsan: the title is TSan's, other builds are silent. */
#define WORLD_SELFTEST_TASKS 3
struct world_selftest {
	const char *name, *title;
	void (*task[WORLD_SELFTEST_TASKS])(void);
	unsigned see, tsan;
};

/*
 * Ops return 0 or -errno; -ENOSYS: this world cannot do it, and so is NULL. None is
 * atomic. "-EINVAL: nothing to do" results (no such mm, no vma, device off) are not
 * failures: the op did nothing. mm ops run on the calling task.
 */
struct world_ops {
	/* ---- what it is; NULL, false and 0: nothing special ---- */
	const char *name;    /* "model", "tree:NAME", ...: what --world= takes */
	const char *version; /* of the kernel whose code it is: "7.3.4"; NULL: none */
	const char *identity; /* what reports say of it beside the name, or NULL */
	/* Before all runs: switches one of its edits by rule on, which becomes part of the
	 * name ("tree:NAME+EDIT"); false: it has none of that name. NULL: it has none. */
	bool (*edit_select)(const char *edit);
	bool native;         /* real threads can run its ops */
	bool seeded_bugs;    /* core/base/seeded_bug.def and counters.def are its own */
	/* Which machines it can be. check: true, or false and a line in why; fit makes
	 * the nearest one of any that is valid. NULL: every valid one. */
	bool (*machine_check)(const struct world_config *config, char *why, size_t size);
	void (*machine_fit)(struct world_config *config);
	bool large_folios;   /* a machine of it can have thp=1 */
	bool plain_races;    /* a data race counts only if both sides are plain accesses */
	u32 steps_max;       /* points until the fair schedule takes over */
	u32 fair_points;     /* of it, in which some op must end: else a livelock. 0: 300,000 */
	u32 op_points;       /* points of an op, about: the k of PCT. 0: 160 */
	size_t (*arena_size)(const struct world_config *config);
	/* So many bytes at the arena's base are cleared by the world itself. */
	size_t (*arena_kept)(const struct world_config *config);

	void (*edges)(struct world_edges *out); /* NULL: its code has named paths (PATH()) */

	/* ---- tasks: made in set-up, after setup(); the others run on the task ---- */
	int (*task_make)(unsigned index, char label);
	void (*task_begin)(unsigned index);
	/* At the end of each op, inside of it; last: the task ends with it. */
	void (*op_end)(unsigned index, bool last);

	/* ---- life cycle ---- */
	/* set-up and tear-down; single-threaded, no task runs */
	int (*setup)(const struct world_config *config);
	/* After setup() and task_make(), with nothing queued: keeps what they have made (false:
	 * not in this build). restore() is there instead of both, in later runs with the same
	 * machine and tasks, as long as kept() says so. NULL: a set-up of this world is short. */
	bool (*keep)(void);
	bool (*kept)(void);
	void (*restore)(void);
	/* exits every mm, drains batches, swapoffs nothing; then audit() */
	void (*teardown)(void);
	void (*check_cheap)(void);  /* invariants that hold at the end of any op */
	void (*check_quiet)(void);  /* all invariants; no op is running */
	void (*audit)(void);        /* after teardown: nothing leaked */

	/* ---- ops: one member for each row of ops.def ---- */
#define OP_BY_HAND(...)
#define OP(name, on, nargs, a, b, c, ...) int (*name)(WORLD_PARAMS(on, nargs, a, b, c));
#include "core/base/ops.def"
	int (*read)(int mm, int page, u64 words[WORLD_WORDS]);
	int (*ksm_pass)(void); /* no op: ksmd's next whole pass over all mergeable memory */

	/* The i-th test of what the world stands on (swaprace selftest); NULL: no more. */
	const struct world_selftest *(*selftest)(unsigned i);
	unsigned (*selftest_saw)(void); /* outcomes since the last call */

	void (*page_state)(int mm, int page, struct world_page_state *out);
	void (*mm_counters)(int mm, struct world_mm_counters *out);
	void (*counters)(struct world_counters *out);
};

/* The world that this executable is linked with. */
extern const struct world_ops *const world_linked;

/*
 * Is w the world that these len characters speak of? "model", "tree" (any kernel
 * tree), "tree:NAME", "tree>=7.3" (also > <= < =; by w's version, as far as the text
 * gives numbers). 1 or 0; -EINVAL: they speak of no world. w NULL: 0 or -EINVAL.
 */
int world_matches(const struct world_ops *w, const char *spec, size_t len);

#endif
