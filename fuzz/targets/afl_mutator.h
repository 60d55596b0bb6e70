/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What afl-fuzz calls of a custom mutator: see afl_mutator.c and AFL++'s documentation. */
#ifndef FUZZ_TARGETS_AFL_MUTATOR_H
#define FUZZ_TARGETS_AFL_MUTATOR_H

#include <stddef.h>

#include "core/base/types.h"

/* afl: afl-fuzz's own state, which is not looked at. Returns what the others get as state. */
void *afl_custom_init(void *afl, unsigned int seed);
void afl_custom_deinit(void *state);
/* How many inputs are made of data in a row. */
unsigned afl_custom_fuzz_count(void *state, const u8 *data, size_t size);
/* A new input made of data, and possibly of other (another one of the queue); *out stays
 * valid until the next call. Returns its size, at most max_size; 0: none. */
size_t afl_custom_fuzz(void *state, u8 *data, size_t size, u8 **out, u8 *other, size_t other_size,
		       size_t max_size);

#endif
