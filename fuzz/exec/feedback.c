// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What libFuzzer shall keep inputs for, beyond code coverage: pairs (site that
 * wrote an object, site that touched it next in another context) and lock
 * dependencies. A feature is one byte of libFuzzer's extra counters, 0 or 1:
 * counts and dense hashing make the corpus explode. libFuzzer clears the array
 * itself. Folio and slot states show in the pairs, because each change of state
 * has a site of its own.
 */
#include <string.h>

#include "core/base/prng.h"
#include "core/engine/policy.h"
#include "fuzz/exec/observe.h"

#define COUNTERS 8192
#define DEPENDENCIES 1024        /* the last part of the array */
#define PAIRS (COUNTERS - DEPENDENCIES)
#define ROLES 4096               /* as many as the engine gives */

/* Defined here whether or not libFuzzer is linked. */
__attribute__((section("__libfuzzer_extra_counters"), used))
static u8 extra_counters[COUNTERS];

struct last_write { u32 run, site; u8 ctx; };
static struct last_write last[ROLES];
static u32 run;

void feedback_begin(void)
{
	run++;
}

void feedback_event(unsigned ctx, const struct site *site, u32 role, u32 kind)
{
	struct last_write *w = &last[role % ROLES];

	if (!role)
		return;
	if (w->run == run && w->ctx != ctx)
		extra_counters[prng_mix((u64)w->site << 32 | site->hash) % PAIRS] = 1;
	if (event_kind_writes((enum event_kind)kind))
		*w = (struct last_write){ .run = run, .site = site->hash, .ctx = (u8)ctx };
}

void feedback_dependency(u32 from_hash, u32 to_hash)
{
	extra_counters[PAIRS + prng_mix((u64)from_hash << 32 | to_hash) % DEPENDENCIES] = 1;
}
