// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What AFL++'s driver (libAFLDriver.a: main(), persistent mode, test cases by shared
 * memory) calls of a target that runs programs, and how the features that libFuzzer has
 * as extra counters get into AFL's map: they ask for places there as an edge of the
 * code does, and a run writes them there itself. So AFL++ clears them, keeps inputs for
 * them, and counts them in its "map density" like edges.
 */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/exec/run.h"
#include "fuzz/targets/target.h"

/* mutate.c, which has it elsewhere, is in the library that AFL++ loads. */
const struct fuzz_target *fuzz_target = fuzz_targets;

/* AFL's runtime (afl-compiler-rt.o); the second is LLVM's interface for edges. */
extern u8 *__afl_area_ptr;
void __sanitizer_cov_trace_pc_guard_init(u32 *start, u32 *stop);

/* The places of the features in AFL's map, one after the other. */
static u32 places[FEEDBACK_FEATURES];

/* Before main(), where the runtime learns how long the map is. */
__attribute__((constructor)) static void ask_for_places(void)
{
	__sanitizer_cov_trace_pc_guard_init(places, places + FEEDBACK_FEATURES);
	if (places[FEEDBACK_FEATURES - 1] != places[0] + FEEDBACK_FEATURES - 1) {
		fprintf(stderr, "%s: AFL_INST_RATIO must be 100: features need their places\n",
			fuzz_target->name);
		exit(2);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	/* The map moves when the runtime attaches to afl-fuzz. */
	feedback_into(__afl_area_ptr + places[0]);
	return target_run(data, size);
}
