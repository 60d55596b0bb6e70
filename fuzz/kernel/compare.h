/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model against kernel: one program on both, in the same fixed order, compared
 * after every op: what it returned and read, the state of every page, counters.
 * Frames and slots are compared by who shares them and whether they changed, for
 * their numbers mean nothing.
 */
#ifndef FUZZ_KERNEL_COMPARE_H
#define FUZZ_KERNEL_COMPARE_H

#include <stdio.h>

#include "core/base/seeded_bug.h"
#include "fuzz/kernel/fixed_order.h"
#include "fuzz/kernel/observe.h"

enum compare_kind {
	COMPARE_CONTENTS, /* words of a read, and those read back at the end */
	COMPARE_RESULT,   /* what an op returned */
	COMPARE_PAGE,     /* one page that is mapped in either */
	COMPARE_COUNTER,  /* RssAnon, VmSwap of an mm; swap size and use; KSM's */
	COMPARE_KINDS,
};

/* Differences that are known, each with its reason: explained.def. */
enum explained {
#define EXPLAINED(name, kind, text) EXPLAINED_##name,
#include "fuzz/kernel/explained.def"
	EXPLAINED_COUNT,
};
extern const char *const explained_text[EXPLAINED_COUNT];

/* The same for a kernel tree: explained_tree.def. */
enum explained_tree {
#define EXPLAINED_TREE(name, text) EXPLAINED_TREE_##name,
#include "fuzz/kernel/explained_tree.def"
	EXPLAINED_TREE_COUNT,
};
extern const char *const explained_tree_text[EXPLAINED_TREE_COUNT];

struct compare_total {
	u64 programs, ops;
	u64 differing; /* programs with an unexplained difference, each time ... */
	u64 unsteady;  /* ... or the first time only */
	u64 compared[COMPARE_KINDS], equal[COMPARE_KINDS];
	u64 explained[EXPLAINED_COUNT]; /* of those not equal */
	u64 stopped[EXPLAINED_TREE_COUNT]; /* programs whose states were compared up to there */
};

/* The first difference that nothing explains. */
struct difference {
	bool found;
	enum compare_kind kind;
	unsigned op;         /* index in the observations; n: at the end */
	int mm, page;        /* page: -1 for a counter */
	char what[80];
};

const char *compare_kind_name(enum compare_kind kind);

/* Of whom explained.def and explained_tree.def speak; COMPARE_STRICTLY: nothing is
 * explained. The running kernel by default. */
enum compare_with { COMPARE_KERNEL, COMPARE_TREE, COMPARE_STRICTLY };
extern enum compare_with compare_with;
/* Compares and adds to sum. order names the ops. */
void compare_observations(const struct observation *model, const struct observation *kernel,
			  enum device_kind device, struct compare_total *sum,
			  struct difference *first);
/* The op and both states side by side. */
void compare_print(FILE *out, const struct prog *p, const struct fixed_order *order,
		   const struct observation *model, const struct observation *kernel,
		   const struct difference *d);

enum compare_status {
	COMPARE_EQUAL,      /* up to what is explained */
	COMPARE_DIFFERS,
	COMPARE_UNSTEADY,   /* differed, and agreed when it was run again */
	COMPARE_REPORT,     /* the model itself made a report */
	COMPARE_DISTURBED,  /* three times in a row: something else interferes */
	COMPARE_TOO_LARGE,  /* more pages than the model has folios */
	COMPARE_STOPPED,    /* a signal */
};
/* Seeded bugs of the model's runs: they show that the comparison can fail. */
extern struct seeded_bug_set compare_bugs;
/* What the model does with p in its fixed order. False: it makes a report. */
bool compare_model(const struct prog *p, enum device_kind kind, struct fixed_order *order,
		   struct observation *seen);
/* p as it was loaded. Prints to out (NULL: nothing) what differs. Adds its first run
 * to sum; a program that differs is run again. */
enum compare_status compare_program(const struct prog *p, enum device_kind kind,
				    struct compare_total *sum, FILE *out);

#endif
