// SPDX-License-Identifier: GPL-2.0-or-later
/* What libFuzzer calls of a target that runs programs. */
#include "core/base/prng.h"
#include "fuzz/targets/target.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	return target_run(data, size);
}

size_t LLVMFuzzerCustomMutator(u8 *data, size_t size, size_t max_size, unsigned int seed)
{
	struct prng rng;
	size_t n;

	/* Bytes as bytes, now and then: for the decoder. */
	prng_seed(&rng, prng_mix(~seed));
	if (prng_chance(&rng, 1, 64))
		return LLVMFuzzerMutate(data, size, max_size);
	n = target_mutate(data, size, max_size, seed);
	return n ? n : LLVMFuzzerMutate(data, size, max_size);
}

size_t LLVMFuzzerCustomCrossOver(const u8 *data1, size_t size1, const u8 *data2, size_t size2,
				 u8 *out, size_t max_out_size, unsigned int seed)
{
	return target_crossover(data1, size1, data2, size2, out, max_out_size, seed);
}
