// SPDX-License-Identifier: GPL-2.0-or-later
/* Which named paths were taken since the process started. */
#include <string.h>

#include "core/base/site.h"
#include "fuzz/tools/paths.h"

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
	return "no reason known";
}

struct tally { FILE *out; unsigned all, taken; bool missing; };

static void tally_path(const struct path *path, void *arg)
{
	struct tally *t = arg;

	t->all += !t->missing;
	t->taken += !t->missing && path->taken;
	if (t->missing && !path->taken)
		fprintf(t->out, "  %s in %s: %s\n", path->name, path->func, reason_of(path->name));
}

void paths_print(FILE *out)
{
	struct tally t = { .out = out };

	paths_for_each(tally_path, &t);
	fprintf(out, "\npaths of the specification: %u of %u taken%s\n", t.taken, t.all,
		t.taken < t.all ? "; never taken:" : "");
	t.missing = true;
	paths_for_each(tally_path, &t);
}
