// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of the kinds of choices. */
#include "core/base/choice.h"

#include <string.h>

#include "core/base/bug.h"

static const char *const names[CHOICE_KIND_COUNT] = {
#define CHOICE(ID, name) [CHOICE_##ID] = name,
	CHOICE_KINDS(CHOICE)
#undef CHOICE
};

const char *choice_name(enum choice_kind kind)
{
	BUG_ON_CMP(kind, >=, CHOICE_KIND_COUNT);
	return names[kind];
}

int choice_find(const char *name)
{
	for (int i = 0; i < CHOICE_KIND_COUNT; i++) {
		if (!strcmp(name, names[i]))
			return i;
	}
	return -ENOENT;
}
