/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often each kind of event happened, by its site ("local_lock@lru_add_drain"): what a
 * patch makes a kernel do more or less often. Plain data: a child counts, its parent prints.
 */
#ifndef FUZZ_TOOLS_EVENT_COUNTS_H
#define FUZZ_TOOLS_EVENT_COUNTS_H

#include <stdio.h>

#include "core/base/types.h"

#define EVENT_SITES_MAX 6144

struct event_count { u32 site; char name[68]; u64 n; };
struct event_counts {
	u64 runs;      /* that were added */
	u64 lost;      /* events of sites that found no room */
	u32 nsites;
	struct event_count count[EVENT_SITES_MAX];
};

/* Adds the events of the last run, which was logged (run_options.log). One counts at a time
 * in a process. */
void event_counts_add(struct event_counts *c);
/*
 * Prints the sites whose rate per run differs most, most first, at most lines of them; a
 * difference counts when it is more than six times what chance gives. Returns how many
 * were printed.
 */
unsigned event_counts_print(const struct event_counts *base, const struct event_counts *with,
			    unsigned lines, FILE *out);

#endif
