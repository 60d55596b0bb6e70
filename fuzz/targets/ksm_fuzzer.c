// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: KSM with swap. See target.h. */
#include "fuzz/targets/target.h"

const struct fuzz_target fuzz_targets[] = { { "ksm_fuzzer", &prog_profile_ksm, NULL }, { 0 } };
