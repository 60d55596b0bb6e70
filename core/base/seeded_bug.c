// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Seeded bugs: the table of seeded_bug.def, which one is on, and which
 * conditions were evaluated in this run (with the trace hash at that moment).
 * Locking: selected while nothing runs; the masks are set with atomics.
 */
#include "core/base/seeded_bug.h"

#include "core/base/bug.h"

#include <string.h>

enum seeded_bug seeded_bug_on = BUG_NONE;
u32 seeded_bug_seen_mask[(SEEDED_BUG_COUNT + 31) / 32];
u64 (*seeded_bug_trace_hash)(void);

static u64 hash_at_first[SEEDED_BUG_COUNT];

static const struct seeded_bug_info bugs[SEEDED_BUG_COUNT] = {
	[BUG_NONE] = { .name = "none", .ref = "", .class_ = "", .commit = "", .title = "",
		       .text = "no seeded bug" },
#define SEEDED_BUG(id_, name_, ref_, cls_, commit_, title_, text_)                \
	[BUG_##id_] = { .name = name_, .ref = ref_, .class_ = cls_,               \
			.commit = commit_, .title = title_, .text = text_ },
#include "core/base/seeded_bug.def"
#undef SEEDED_BUG
};

void seeded_bug_first_evaluation(enum seeded_bug bug)
{
	u32 bit = 1u << (bug % 32);

	BUG_ON_CMP(bug, >=, SEEDED_BUG_COUNT);
	if (__atomic_fetch_or(&seeded_bug_seen_mask[bug / 32], bit, __ATOMIC_RELAXED) & bit)
		return;
	hash_at_first[bug] = seeded_bug_trace_hash ? seeded_bug_trace_hash() : 0;
}

void seeded_bug_select(enum seeded_bug bug)
{
	BUG_ON_CMP(bug, >=, SEEDED_BUG_COUNT);
	seeded_bug_on = bug;
}

void seeded_bug_reset(void)
{
	memset(seeded_bug_seen_mask, 0, sizeof(seeded_bug_seen_mask));
}

u64 seeded_bug_hash_at_first(enum seeded_bug bug)
{
	BUG_ON_CMP(bug, >=, SEEDED_BUG_COUNT);
	if (!(seeded_bug_seen_mask[bug / 32] & (1u << (bug % 32))))
		return 0;
	return hash_at_first[bug];
}

const struct seeded_bug_info *seeded_bug_info(enum seeded_bug bug)
{
	BUG_ON_CMP(bug, >=, SEEDED_BUG_COUNT);
	return &bugs[bug];
}

int seeded_bug_find(const char *name)
{
	for (int i = 0; i < SEEDED_BUG_COUNT; i++) {
		if (!strcmp(bugs[i].name, name))
			return i;
	}
	return -ENOENT;
}
