// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: swapon and swapoff against everything else. See target.h. */
#include "fuzz/targets/target.h"

const struct fuzz_target fuzz_targets[] = { { "swapoff_fuzzer", &prog_profile_swapoff, NULL }, { 0 } };
