// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading expect: lines. */
#include "fuzz/prog/expect.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "core/base/counters.h"

static const char *const builds[] = { "plain", "asan", "tsan" };

static bool is_build(const char *s, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(builds); i++) {
		if (strlen(builds[i]) == len && memcmp(builds[i], s, len) == 0)
			return true;
	}
	return false;
}

/* The next word of a condition, without blanks; false at its end. */
static bool next_word(const char **at, const char *end, const char **word, size_t *len)
{
	const char *comma;

	if (*at > end)
		return false;
	comma = memchr(*at, ',', (size_t)(end - *at));
	comma = comma ? comma : end;
	*word = *at;
	*at = comma + 1;
	while (*word < comma && **word == ' ')
		(*word)++;
	while (comma > *word && comma[-1] == ' ')
		comma--;
	*len = (size_t)(comma - *word);
	return true;
}

static bool condition_valid(const struct expect *e)
{
	const char *at = e->condition, *end = at + e->condition_len, *word;
	size_t len;

	while (next_word(&at, end, &word, &len)) {
		if (!is_build(word, len) && world_matches(NULL, word, len) < 0)
			return false;
	}
	return true;
}

static bool counter_parse(struct expect *e, const char **why)
{
	char name[64], rest;
	unsigned long long bound;

	if (sscanf(e->what, "counter %63s %2[><=] %llu %c", name, e->op, &bound, &rest) != 3 ||
	    (strcmp(e->op, ">") != 0 && strcmp(e->op, ">=") != 0 && strcmp(e->op, "==") != 0)) {
		*why = "counter NAME > N, >= N or == N is expected here";
		return false;
	}
	e->counter = counter_find(name);
	if (e->counter < 0) {
		*why = "there is no counter of this name (core/base/counters.def has them)";
		return false;
	}
	e->is_counter = true;
	e->bound = bound;
	return true;
}

bool expect_parse(const char *line, struct expect *e, const char **why)
{
	memset(e, 0, sizeof(*e));
	e->what = line;
	if (line[0] == '[') {
		const char *end = strchr(line, ']');

		if (!end) {
			*why = "the bracket is not closed";
			return false;
		}
		e->condition = line + 1;
		e->condition_len = (size_t)(end - line) - 1;
		if (!condition_valid(e)) {
			*why = "in brackets stand builds (plain, asan, tsan) and worlds (model, tree, "
				"tree:NAME, tree>=7.3)";
			return false;
		}
		e->what = end + 1 + strspn(end + 1, " ");
	}
	if (!*e->what) {
		*why = "what is expected is missing";
		return false;
	}
	e->is_clean = strcmp(e->what, "clean") == 0;
	return strncmp(e->what, "counter ", 8) != 0 || counter_parse(e, why);
}

bool expect_applies(const struct expect *e, const char *build, const struct world_ops *world)
{
	const char *at = e->condition, *end, *word;
	bool any_build = false, this_build = false;
	size_t len;

	assert(is_build(build, strlen(build)));
	if (!at)
		return true;
	end = at + e->condition_len;
	while (next_word(&at, end, &word, &len)) {
		if (is_build(word, len)) {
			any_build = true;
			this_build |= strlen(build) == len && memcmp(build, word, len) == 0;
		} else if (world_matches(world, word, len) <= 0) {
			return false;
		}
	}
	return this_build || !any_build;
}

bool expect_names_world(const struct expect *e)
{
	const char *at = e->condition, *end, *word;
	size_t len;

	if (!at)
		return false;
	end = at + e->condition_len;
	while (next_word(&at, end, &word, &len)) {
		if (!is_build(word, len))
			return true;
	}
	return false;
}
