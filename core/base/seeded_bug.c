// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Seeded bugs: the table of seeded_bug.def, which are on, and which
 * conditions were evaluated in this run (with the trace hash at that moment).
 * Locking: selected while nothing runs; the masks are set with atomics.
 */
#include "core/base/seeded_bug.h"

#include <stdio.h>
#include <string.h>

#include "core/base/bug.h"
#include "core/base/nearest.h"

struct seeded_bug_set seeded_bugs_on, seeded_bugs_seen;
u64 (*seeded_bug_trace_hash)(void);

/* Of those in seeded_bugs_seen: the hash, and how many conditions came before. */
static struct { u64 hash; u32 nth; } first[SEEDED_BUG_COUNT];
static u32 nseen;

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
	if (__atomic_fetch_or(&seeded_bugs_seen.mask[bug / 32], bit, __ATOMIC_RELAXED) & bit)
		return;
	first[bug].hash = seeded_bug_trace_hash ? seeded_bug_trace_hash() : 0;
	first[bug].nth = __atomic_fetch_add(&nseen, 1, __ATOMIC_RELAXED);
}

bool seeded_bugs_none(const struct seeded_bug_set *set)
{
	u32 any = 0;

	for (size_t i = 0; i < ARRAY_SIZE(set->mask); i++)
		any |= set->mask[i];
	BUG_ON(seeded_bugs_has(set, BUG_NONE));
	return !any;
}

void seeded_bugs_add(struct seeded_bug_set *set, enum seeded_bug bug)
{
	BUG_ON_CMP(bug, >=, SEEDED_BUG_COUNT);
	if (bug != BUG_NONE)
		set->mask[bug / 32] |= 1u << (bug % 32);
}

/* By name; the name ends at len. */
static int find(const char *name, size_t len)
{
	for (int i = 0; i < SEEDED_BUG_COUNT; i++) {
		if (strlen(bugs[i].name) == len && !memcmp(bugs[i].name, name, len))
			return i;
	}
	return -ENOENT;
}

int seeded_bugs_parse(struct seeded_bug_set *set, const char *names, const char **wrong)
{
	const char *name = names;

	*set = (struct seeded_bug_set){ { 0 } };
	for (;;) {
		size_t len = strcspn(name, ",");
		int bug = find(name, len);
		bool alone = name == names && !name[len];

		if (bug < 0 || (bug == BUG_NONE && !alone)) {
			*set = (struct seeded_bug_set){ { 0 } };
			*wrong = name;
			return -ENOENT;
		}
		seeded_bugs_add(set, (enum seeded_bug)bug);
		if (!name[len])
			return 0;
		name += len + 1;
	}
}

void seeded_bugs_describe_wrong(const char *wrong, char *buf, size_t size)
{
	int len = (int)strcspn(wrong, ",");
	struct nearest nearest;

	nearest_begin(&nearest, wrong, (size_t)len);
	for (int i = BUG_NONE + 1; i < SEEDED_BUG_COUNT; i++)
		nearest_offer(&nearest, bugs[i].name);
	if (len == 4 && !memcmp(wrong, "none", 4))
		snprintf(buf, size, "'none' stands alone, not in a list of seeded bugs");
	else if (len == 0)
		snprintf(buf, size, "the name of a seeded bug is missing (swaprace bugs lists them)");
	else
		snprintf(buf, size, "no seeded bug '%.*s'%s%s%s (swaprace bugs lists them)", len, wrong,
			 nearest.best[0] ? "; did you mean '" : "", nearest.best,
			 nearest.best[0] ? "'?" : "");
}

const char *seeded_bugs_names(const struct seeded_bug_set *set, char buf[SEEDED_BUG_NAMES_MAX])
{
	size_t n = 0;

	if (seeded_bugs_none(set))
		return bugs[BUG_NONE].name;
	for (int i = BUG_NONE + 1; i < SEEDED_BUG_COUNT; i++) {
		size_t len = strlen(bugs[i].name);

		if (!seeded_bugs_has(set, (enum seeded_bug)i))
			continue;
		BUG_ON_CMP(n + len + 2, >, SEEDED_BUG_NAMES_MAX);
		if (n)
			buf[n++] = ',';
		memcpy(buf + n, bugs[i].name, len + 1);
		n += len;
	}
	return buf;
}

void seeded_bugs_select(const struct seeded_bug_set *set)
{
	BUG_ON(seeded_bugs_has(set, BUG_NONE));
	seeded_bugs_on = *set;
}

void seeded_bug_select(enum seeded_bug bug)
{
	BUG_ON_CMP(bug, >=, SEEDED_BUG_COUNT);
	seeded_bugs_on = (struct seeded_bug_set){ { 0 } };
	seeded_bugs_add(&seeded_bugs_on, bug);
}

void seeded_bug_reset(void)
{
	seeded_bugs_seen = (struct seeded_bug_set){ { 0 } };
	nseen = 0;
}

u64 seeded_bug_hash_at_first(enum seeded_bug bug)
{
	BUG_ON_CMP(bug, >=, SEEDED_BUG_COUNT);
	return seeded_bugs_has(&seeded_bugs_seen, bug) ? first[bug].hash : 0;
}

u64 seeded_bugs_hash_at_first(const struct seeded_bug_set *set)
{
	int earliest = BUG_NONE;

	BUG_ON(seeded_bugs_has(set, BUG_NONE));
	for (int i = BUG_NONE + 1; i < SEEDED_BUG_COUNT; i++) {
		if (seeded_bugs_has(set, (enum seeded_bug)i) &&
		    seeded_bugs_has(&seeded_bugs_seen, (enum seeded_bug)i) &&
		    (earliest == BUG_NONE || first[i].nth < first[earliest].nth))
			earliest = i;
	}
	return seeded_bug_hash_at_first((enum seeded_bug)earliest);
}

const struct seeded_bug_info *seeded_bug_info(enum seeded_bug bug)
{
	BUG_ON_CMP(bug, >=, SEEDED_BUG_COUNT);
	return &bugs[bug];
}

int seeded_bug_find(const char *name)
{
	return find(name, strlen(name));
}
