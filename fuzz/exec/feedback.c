// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a fuzzer shall keep inputs for, beyond code coverage: pairs (site that
 * wrote an object, site that touched it next in another context) and lock
 * dependencies. A feature is one byte, 0 or 1: counts and dense hashing make the
 * corpus explode. They are libFuzzer's extra counters, or a part of AFL's map
 * (fuzz/targets/afl.c); the fuzzer clears them itself. Folio and slot states show in
 * the pairs, because each change of state has a site of its own.
 */
#include <string.h>

#include "core/base/prng.h"
#include "core/engine/policy.h"
#include "fuzz/exec/observe.h"
#include "fuzz/exec/run.h"

#define DEPENDENCIES 1024        /* the last part of the array */
#define PAIRS (FEEDBACK_FEATURES - DEPENDENCIES)
#define ROLES 4096               /* as many as the engine gives */

/* Defined here whether or not libFuzzer is linked. */
__attribute__((section("__libfuzzer_extra_counters"), used))
static u8 extra_counters[FEEDBACK_FEATURES];
static u8 *features = extra_counters;

struct last_write { u32 run, site; u8 ctx; };
static struct last_write last[ROLES];
static u32 run;

void feedback_into(u8 *to)
{
	features = to ? to : extra_counters;
}

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
		features[prng_mix((u64)w->site << 32 | site->hash) % PAIRS] = 1;
	if (event_kind_writes((enum event_kind)kind))
		*w = (struct last_write){ .run = run, .site = site->hash, .ctx = (u8)ctx };
}

void feedback_dependency(u32 from_hash, u32 to_hash)
{
	features[PAIRS + prng_mix((u64)from_hash << 32 | to_hash) % DEPENDENCIES] = 1;
}
