/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports counted by their titles, in the order in which these came; reports with a title
 * beyond the last that fits are one sum. */
#ifndef FUZZ_TOOLS_TITLES_H
#define FUZZ_TOOLS_TITLES_H

#include "core/base/bug.h"
#include "core/base/types.h"

#define TITLES_MAX 200

struct titles {
	struct title_count { char title[REPORT_TITLE_MAX]; u64 count, first; } seen[TITLES_MAX];
	unsigned count;
	u64 others;
};

/* at: when it came, kept as the title's first. True: it is a new one. */
bool titles_add(struct titles *t, const char *title, u64 at);

#endif
