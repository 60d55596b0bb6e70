/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Models: include/linux/fault-inject.h: whether an allocation fails is a choice
 * of the schedule; by default none does. */
#ifndef CORE_KAPI_FAULT_INJECT_H
#define CORE_KAPI_FAULT_INJECT_H

#include "core/engine/engine.h"

static inline bool should_fail(const struct site *site)
{
	return engine_choose(site, CHOICE_ALLOC, 2) != 0;
}

#endif
