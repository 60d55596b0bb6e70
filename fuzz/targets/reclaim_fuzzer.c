// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: reclaim under memory pressure. See target.h. */
#include "fuzz/targets/target.h"

const struct fuzz_target fuzz_targets[] = { { "reclaim_fuzzer", &prog_profile_reclaim, NULL }, { 0 } };
