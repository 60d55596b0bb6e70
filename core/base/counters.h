/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Behaviour counters: things that are no errors but cost something. Per run. */
#ifndef CORE_BASE_COUNTERS_H
#define CORE_BASE_COUNTERS_H

#include "core/base/types.h"

enum counter {
#define COUNTER(name, text) COUNTER_##name,
#include "core/base/counters.def"
#undef COUNTER
	COUNTER_COUNT,
};

extern u64 counters[COUNTER_COUNT];
extern const char *const counter_names[COUNTER_COUNT];
extern const char *const counter_texts[COUNTER_COUNT];

static inline __no_sanitize_tsan void count_event(enum counter c)
{
	__atomic_fetch_add(&counters[c], 1, __ATOMIC_RELAXED);
}
#define COUNT(name) count_event(COUNTER_##name)
void counters_reset(void);
/* -ENOENT where there is no counter of that name. */
int counter_find(const char *name);

#endif
