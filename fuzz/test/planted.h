/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world with planted faults, for tests of what runs programs: the model, but
 * "worker" stores to a word that is shared without any lock, and "lru_drain"
 * waits for something that never comes. "kswapd" does what planted_fault says.
 */
#ifndef FUZZ_TEST_PLANTED_H
#define FUZZ_TEST_PLANTED_H

#include "core/base/world_ops.h"

enum planted_fault {
	PLANTED_NOTHING, PLANTED_POISON, PLANTED_MISALIGNED, PLANTED_SHIFT, PLANTED_INDEX,
	PLANTED_OVERFLOW, PLANTED_DIVISION,
};
extern enum planted_fault planted_fault;

const struct world_ops *planted_world(void);

#endif
