// SPDX-License-Identifier: GPL-2.0-or-later
/* Titles under their old names. scripts/service/titles.py does the same. */
#include "fuzz/exec/title.h"

#include <stdio.h>
#include <string.h>

#include "core/base/bug.h"

static const struct { const char *old, *now; } aliases[] = {
#define TITLE_ALIAS(old, now) { old, now },
#include "core/base/title_alias.def"
#undef TITLE_ALIAS
};

/* Is text one of the pattern? *rest, *len: what '*' stands for; NULL without one. */
static bool matches(const char *pattern, const char *text, const char **rest, size_t *len)
{
	*rest = NULL;
	*len = 0;
	for (; *pattern; pattern++) {
		if (*pattern == '*') {
			size_t end = strlen(pattern + 1), left = strlen(text);

			if (left < end || strcmp(text + left - end, pattern + 1) != 0)
				return false;
			*rest = text;
			*len = left - end;
			return true;
		}
		if (*pattern == '#') {
			size_t digits = strspn(text, "0123456789");

			if (!digits)
				return false;
			text += digits;
		} else if (*pattern != *text++) {
			return false;
		}
	}
	return !*text;
}

bool title_is(const char *title, const char *wanted)
{
	const char *was, *is;
	size_t was_len, is_len;

	BUG_ON(!title || !wanted);
	if (strcmp(title, wanted) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(aliases); i++) {
		if (!matches(aliases[i].old, wanted, &was, &was_len) ||
		    !matches(aliases[i].now, title, &is, &is_len))
			continue;
		if (!was || (was_len == is_len && memcmp(was, is, was_len) == 0))
			return true;
	}
	return false;
}

/* "heap-use-after-free in f": a sanitizer's kind is one word of parts, and a function follows. */
static bool has_kind_of_sanitizer(const char *title)
{
	size_t n = strspn(title, "abcdefghijklmnopqrstuvwxyz-");

	return memchr(title, '-', n) && strncmp(title + n, " in ", 4) == 0;
}

void title_expectation(const char *title, char *out, size_t size)
{
	const char *builds = "";

	if (strncmp(title, "data-race in ", strlen("data-race in ")) == 0)
		builds = "[tsan] ";
	else if (has_kind_of_sanitizer(title) || strncmp(title, "UBSAN: ", strlen("UBSAN: ")) == 0)
		builds = "[asan] ";
	snprintf(out, size, "%s%s", builds, title);
}
