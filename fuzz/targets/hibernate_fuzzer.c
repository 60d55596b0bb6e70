// SPDX-License-Identifier: GPL-2.0-or-later
/* libFuzzer target: hibernation slots. See target.h. */
#include "fuzz/targets/target.h"

const struct fuzz_target fuzz_targets[] = { { "hibernate_fuzzer", &prog_profile_hibernate, NULL }, { 0 } };
