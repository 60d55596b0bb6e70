/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A world with planted faults, for tests of what runs programs: the model, but
 * "worker" stores to a word that is shared without any lock, and "lru_drain"
 * waits for something that never comes.
 */
#ifndef FUZZ_TEST_PLANTED_H
#define FUZZ_TEST_PLANTED_H

#include "core/base/world_ops.h"

const struct world_ops *planted_world(void);

#endif
