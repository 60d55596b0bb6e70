// SPDX-License-Identifier: GPL-2.0-or-later
/* Which named paths were taken since the process started. */
#include <string.h>

#include "core/base/site.h"
#include "fuzz/tools/paths.h"

/* The records that PATH() leaves, in the order of the link. */
extern struct path *const __start_swaprace_paths[] __attribute__((weak));
extern struct path *const __stop_swaprace_paths[] __attribute__((weak));

u32 paths_count(void)
{
	return (u32)(__stop_swaprace_paths - __start_swaprace_paths);
}

void paths_save(u64 *taken)
{
	for (u32 i = 0; i < paths_count(); i++)
		taken[i] = __start_swaprace_paths[i]->taken;
}

void paths_add(const u64 *taken)
{
	for (u32 i = 0; i < paths_count(); i++)
		__start_swaprace_paths[i]->taken += taken[i];
}

static const struct { const char *name, *reason; } reasons[] = {
#define PATH_REASON(name, reason) { name, reason },
#include "fuzz/tools/paths.def"
#undef PATH_REASON
	{ NULL, NULL },
};

static const char *reason_of(const char *name)
{
	for (size_t i = 0; reasons[i].name; i++)
		if (strcmp(reasons[i].name, name) == 0)
			return reasons[i].reason;
	return NULL;
}

struct tally { FILE *out; unsigned all, taken; };

static void tally_path(const struct path *path, void *arg)
{
	struct tally *t = arg;

	t->all++;
	t->taken += path->taken > 0;
}

static void print_missing(const struct path *path, void *arg)
{
	const struct tally *t = arg;
	const char *reason = reason_of(path->name);

	if (!path->taken)
		fprintf(t->out, "  %s in %s: %s\n", path->name, path->func,
			reason ? reason : "no reason known");
}

static void print_rare(const struct path *path, void *arg)
{
	const struct tally *t = arg;

	if (path->taken && reason_of(path->name))
		fprintf(t->out, "  %10llu x %s\n", (unsigned long long)path->taken, path->name);
}

void paths_print(FILE *out)
{
	struct tally t = { .out = out };

	paths_for_each(tally_path, &t);
	fprintf(out, "\npaths of the specification: %u of %u taken%s\n", t.taken, t.all,
		t.taken < t.all ? "; never taken:" : "");
	paths_for_each(print_missing, &t);
	fprintf(out, "rare ones that were taken:\n");
	paths_for_each(print_rare, &t);
}
