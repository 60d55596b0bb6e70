// SPDX-License-Identifier: GPL-2.0-or-later
/* Mutation and crossover of inputs as programs, by fuzz/prog: for libFuzzer and AFL++. */
#include "core/base/prng.h"
#include "fuzz/targets/target.h"

const struct fuzz_target *fuzz_target = fuzz_targets;

size_t target_mutate(u8 *data, size_t size, size_t max_size, unsigned int seed)
{
	static struct prog p;
	struct prng rng;

	prng_seed(&rng, prng_mix(seed));
	if (size == 0 || prng_chance(&rng, 1, 256))
		prog_generate(&p, &rng, fuzz_target->profile);
	else
		prog_decode(&p, data, size);
	prog_mutate(&p, &rng, fuzz_target->profile);
	return prog_encode(&p, data, max_size);
}

size_t target_crossover(const u8 *data1, size_t size1, const u8 *data2, size_t size2, u8 *out,
			size_t max_out_size, unsigned int seed)
{
	static struct prog a, b, child;
	struct prng rng;

	prng_seed(&rng, prng_mix(seed));
	prog_decode(&a, data1, size1);
	prog_decode(&b, data2, size2);
	prog_crossover(&child, &a, &b, &rng);
	return prog_encode(&child, out, max_out_size);
}
