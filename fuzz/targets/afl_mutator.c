// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AFL++'s custom mutator: a shared library for each target (AFL_CUSTOM_MUTATOR_LIBRARY),
 * with its profile. An input is made by one mutation, or by crossover with the other
 * input that afl-fuzz hands over. It is the same for the same inputs and the same seed
 * (afl-fuzz -s).
 */
#include <string.h>

#include "core/base/prng.h"
#include "core/base/world_ops.h"
#include "fuzz/targets/afl_mutator.h"
#include "fuzz/targets/target.h"

#define INPUT_MAX 4096 /* as libFuzzer's -max_len */
#define INPUTS_OF_ONE 8 /* in a row; many more and a new input waits for long */

static u8 made[INPUT_MAX];
static struct prng rng;

/* The generator looks which ops its world has, and calls none: these stand for the
 * model's (core/world), which is not linked here. */
#define HAS ((void *)made)
static const struct world_ops has_model_ops = {
	.name = "model",
#define OP_MADVISE_TREE(...)
#define OP_TREE(...)
#define OP_BY_HAND(...)
#define OP(name_, ...) .name_ = HAS,
#include "core/base/ops.def"
};

void *afl_custom_init(void *afl, unsigned int seed)
{
	(void)afl;
	prng_seed(&rng, prng_mix(seed));
	prog_generate_for(&has_model_ops);
	return &rng;
}

void afl_custom_deinit(void *state)
{
	(void)state;
}

unsigned afl_custom_fuzz_count(void *state, const u8 *data, size_t size)
{
	(void)state;
	(void)data;
	(void)size;
	return INPUTS_OF_ONE;
}

size_t afl_custom_fuzz(void *state, u8 *data, size_t size, u8 **out, u8 *other, size_t other_size,
		       size_t max_size)
{
	size_t max = max_size < INPUT_MAX ? max_size : INPUT_MAX;
	unsigned int seed = (unsigned int)prng_next(&rng);

	(void)state;
	*out = made;
	if (other && other_size && prng_chance(&rng, 1, 2))
		return target_crossover(data, size, other, other_size, made, max, seed);
	size = size < max ? size : max;
	memcpy(made, data, size);
	return target_mutate(made, size, max, seed); /* 0: it does not fit, and nothing is run */
}
