/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Seeded bugs: historical kernel bugs as switches, chosen at run time, all off
 * by default. bug_seeded(BUG_X) stands as the last term of one condition. No
 * oracle, assertion, title, weight or generator may look at it.
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

extern enum seeded_bug seeded_bug_on;
extern u32 seeded_bug_seen_mask[(SEEDED_BUG_COUNT + 31) / 32];

/* First evaluation of a bug's condition in a run: the engine notes the trace
 * hash then, because before it the bug must not have changed anything. */
void seeded_bug_first_evaluation(enum seeded_bug bug);

static inline __no_sanitize_tsan bool bug_seeded(enum seeded_bug bug)
{
	if (unlikely(!(seeded_bug_seen_mask[bug / 32] & (1u << (bug % 32)))))
		seeded_bug_first_evaluation(bug);
	return seeded_bug_on == bug;
}

/* Selects one bug (BUG_NONE for none) for the runs that follow. */
void seeded_bug_select(enum seeded_bug bug);
/* Forgets which conditions were evaluated; called at the start of a run. */
void seeded_bug_reset(void);
/* The hash that trace_hash_now() gave at the first evaluation of bug in this
 * run, 0 where it was not evaluated. */
u64 seeded_bug_hash_at_first(enum seeded_bug bug);
extern u64 (*seeded_bug_trace_hash)(void);

const struct seeded_bug_info *seeded_bug_info(enum seeded_bug bug);
/* By name ("none" gives BUG_NONE); -ENOENT where there is none. */
int seeded_bug_find(const char *name);

#endif
