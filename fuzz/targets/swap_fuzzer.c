// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: faults, reclaim and the swap allocator. See target.h. */
#include "fuzz/targets/target.h"

const struct fuzz_target fuzz_targets[] = { { "swap_fuzzer", &prog_profile_swap, NULL }, { 0 } };
