/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The smallest world, for `swaprace bench`: three tasks that each lock, add,
 * unlock and add atomically, twenty times. */
#ifndef FUZZ_EXEC_BENCH_WORLD_H
#define FUZZ_EXEC_BENCH_WORLD_H

#include "core/base/types.h"

struct bench_points { u64 runs, points; };
/* runs schedules under a random walk from seed on; aborts on a lost update. */
struct bench_points bench_points_run(u64 runs, u64 seed);

#endif
