// SPDX-License-Identifier: GPL-2.0-or-later
/* Reports counted by their titles: see titles.h. */
#include "fuzz/tools/titles.h"

#include <stdio.h>
#include <string.h>

bool titles_add(struct titles *t, const char *title, u64 at)
{
	struct title_count *seen;

	BUG_ON_CMP(t->count, >, TITLES_MAX);
	for (unsigned i = 0; i < t->count; i++) {
		if (strcmp(t->seen[i].title, title) == 0) {
			t->seen[i].count++;
			return false;
		}
	}
	if (t->count == TITLES_MAX) {
		t->others++;
		return false;
	}
	seen = &t->seen[t->count++];
	*seen = (struct title_count){ .count = 1, .first = at };
	snprintf(seen->title, sizeof(seen->title), "%s", title);
	return true;
}
