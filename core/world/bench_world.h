/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest world, for `swaprace bench`: three tasks that each lock, add,
 * unlock and add atomically, twenty times. */
#ifndef CORE_WORLD_BENCH_WORLD_H
#define CORE_WORLD_BENCH_WORLD_H

#include "core/base/types.h"
#include "core/engine/policy.h"

struct bench_points { u64 runs, points; };
/* runs schedules of the policy, from seed on; aborts on a lost update. */
struct bench_points bench_points_run(u64 runs, u64 seed, struct sched_policy *policy);

#endif
