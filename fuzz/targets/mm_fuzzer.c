// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: everything. See target.h. */
#include "fuzz/targets/target.h"

const struct fuzz_target fuzz_targets[] = { { "mm_fuzzer", &prog_profile_all, NULL }, { 0 } };
