/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seeded bugs: historical kernel bugs as switches, chosen at run time, any number at
 * once, all off by default. bug_seeded(BUG_X) stands as the last term of one condition.
 * No oracle, assertion, title, weight or generator may look at it.
 */
#ifndef CORE_BASE_SEEDED_BUG_H
#define CORE_BASE_SEEDED_BUG_H

#include "core/base/types.h"

enum seeded_bug {
	BUG_NONE,
#define SEEDED_BUG(id, name, ref, class_, commit, title, text) BUG_##id,
#include "core/base/seeded_bug.def"
#undef SEEDED_BUG
	SEEDED_BUG_COUNT,
};

struct seeded_bug_info {
	const char *name;   /* "ksm-copy-swap-count": what --bug= takes */
	const char *ref;    /* "K02" */
	const char *class_; /* "PD0": see the catalogue */
	const char *commit; /* kernel commit, CVE, or "derived" */
	const char *title;  /* the report it must give, or "counter NAME > N" */
	const char *text;   /* one line */
};

/* Bit n: bug n is a member. All zero: none, BUG_NONE is never a member. */
struct seeded_bug_set { u32 mask[(SEEDED_BUG_COUNT + 31) / 32]; };

extern struct seeded_bug_set seeded_bugs_on, seeded_bugs_seen;

/* First evaluation of a bug's condition in a run: the engine notes the trace
 * hash then, because before it the bug must not have changed anything. */
void seeded_bug_first_evaluation(enum seeded_bug bug);

static inline __no_sanitize_tsan bool bug_seeded(enum seeded_bug bug)
{
	if (unlikely(!(seeded_bugs_seen.mask[bug / 32] & (1u << (bug % 32)))))
		seeded_bug_first_evaluation(bug);
	return seeded_bugs_on.mask[bug / 32] & (1u << (bug % 32));
}

static inline bool seeded_bugs_has(const struct seeded_bug_set *set, enum seeded_bug bug)
{
	return set->mask[bug / 32] & (1u << (bug % 32));
}

bool seeded_bugs_none(const struct seeded_bug_set *set);
/* bug BUG_NONE adds nothing. */
void seeded_bugs_add(struct seeded_bug_set *set, enum seeded_bug bug);

/* The longest list of names, with its commas and the zero byte. */
enum {
	SEEDED_BUG_NAMES_MAX = 1
#define SEEDED_BUG(id, name, ref, class_, commit, title, text) + sizeof(name)
#include "core/base/seeded_bug.def"
#undef SEEDED_BUG
};
/* names: "a,b", or "none" alone. 0; -ENOENT: *wrong is the first word that is no bug's
 * name (its end is the next comma or the end), and the set is empty. */
int seeded_bugs_parse(struct seeded_bug_set *set, const char *names, const char **wrong);
/* "no seeded bug 'x'; did you mean 'y'? (swaprace bugs lists them)", of such a word. */
void seeded_bugs_describe_wrong(const char *wrong, char *buf, size_t size);
/* The same list, in the order of the table; "none" for the empty set. Returns buf. */
const char *seeded_bugs_names(const struct seeded_bug_set *set, char buf[SEEDED_BUG_NAMES_MAX]);

/* Selects bugs for the runs that follow: these; one (BUG_NONE for none). */
void seeded_bugs_select(const struct seeded_bug_set *set);
void seeded_bug_select(enum seeded_bug bug);
/* Forgets which conditions were evaluated; called at the start of a run. */
void seeded_bug_reset(void);
/* The hash that trace_hash_now() gave at the first evaluation of bug in this
 * run, 0 where it was not evaluated. */
u64 seeded_bug_hash_at_first(enum seeded_bug bug);
/* ... of that bug of the set whose condition came first: behind it all may differ. */
u64 seeded_bugs_hash_at_first(const struct seeded_bug_set *set);
extern u64 (*seeded_bug_trace_hash)(void);

const struct seeded_bug_info *seeded_bug_info(enum seeded_bug bug);
/* By name ("none" gives BUG_NONE); -ENOENT where there is none. */
int seeded_bug_find(const char *name);

#endif
