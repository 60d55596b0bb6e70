// SPDX-License-Identifier: GPL-2.0-or-later
/* Behaviour counters: the tables of counters.def and the values of this run. */
#include "core/base/counters.h"

#include <string.h>

u64 counters[COUNTER_COUNT];

const char *const counter_names[COUNTER_COUNT] = {
#define COUNTER(name, text) [COUNTER_##name] = #name,
#include "core/base/counters.def"
#undef COUNTER
};

const char *const counter_texts[COUNTER_COUNT] = {
#define COUNTER(name, text) [COUNTER_##name] = text,
#include "core/base/counters.def"
#undef COUNTER
};

void counters_reset(void)
{
	memset(counters, 0, sizeof(counters));
}

int counter_find(const char *name)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		if (!strcmp(counter_names[i], name))
			return i;
	}
	return -ENOENT;
}
