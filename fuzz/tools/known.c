// SPDX-License-Identifier: GPL-2.0-or-later
/* known.txt: see known.h. Each entry is a paragraph of "field: value" lines. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz/exec/source_lines.h"
#include "fuzz/exec/title.h"
#include "fuzz/tools/known.h"

#define ENTRIES_MAX 256

struct known_entry {
	unsigned line;
	char *title;  /* '*' at its end: any rest */
	char *stack;  /* words that the stacks must have, or NULL */
	char *object; /* text that the report must have, or NULL */
	char *reason;
	char *until;  /* "2027-03-01", or NULL */
};

static struct known_entry entries[ENTRIES_MAX];
static unsigned nentries;

static bool is_date(const char *s)
{
	struct tm t = { 0 };
	const char *end = strlen(s) == 10 ? strptime(s, "%Y-%m-%d", &t) : NULL;

	return end && !*end;
}

static bool has_expired(const struct known_entry *e)
{
	char today[16];
	time_t now = time(NULL);
	struct tm t;

	if (!e->until || !localtime_r(&now, &t))
		return false;
	strftime(today, sizeof(today), "%Y-%m-%d", &t);
	return strcmp(today, e->until) > 0; /* such dates are in the order of their text */
}

/* The line's field in *e, NULL: none of that name. */
static char **field(struct known_entry *e, const char *name, size_t len)
{
	struct { const char *name; char **value; } fields[] = {
		{ "title", &e->title }, { "stack", &e->stack }, { "object", &e->object },
		{ "reason", &e->reason }, { "until", &e->until },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strlen(fields[i].name) == len && memcmp(fields[i].name, name, len) == 0)
			return fields[i].value;
	return NULL;
}

static char *trim(char *s)
{
	size_t len;

	s += strspn(s, " \t");
	for (len = strlen(s); len && strchr(" \t\r\n", s[len - 1]); len--)
		s[len - 1] = 0;
	return s;
}

/* The end of a paragraph: a whole entry, or none. False: a line on stderr was said. */
static bool end_entry(struct known_entry *e, const char *path)
{
	const char *absent = !e->title ? "title" : !e->reason ? "reason" : NULL;

	if (!e->line)
		return true;
	if (absent || nentries == ENTRIES_MAX) {
		if (absent)
			fprintf(stderr, "%s:%u: an entry without \"%s:\"\n", path, e->line, absent);
		else
			fprintf(stderr, "%s:%u: more than %d entries\n", path, e->line, ENTRIES_MAX);
		return false;
	}
	entries[nentries++] = *e;
	*e = (struct known_entry){ 0 };
	return true;
}

static bool add_line(struct known_entry *e, char *line, const char *path, unsigned number)
{
	char *colon = strchr(line, ':'), *value = colon ? trim(colon + 1) : NULL, **to = NULL;

	if (colon) {
		*colon = 0;
		to = field(e, line, strlen(trim(line)));
	}
	if (!to || !*value) {
		fprintf(stderr, "%s:%u: \"%.40s\": wanted one of title: stack: object: reason: until: "
			"and a value\n", path, number, line);
		return false;
	}
	if (to == &e->until && !is_date(value)) {
		fprintf(stderr, "%s:%u: \"%s\" is no date, wanted like 2027-03-01\n", path, number, value);
		return false;
	}
	if (!e->line)
		e->line = number;
	free(*to);
	*to = strdup(value);
	return *to != NULL;
}

int known_load(const char *path)
{
	FILE *in = fopen(path, "r");
	struct known_entry e = { 0 };
	char *line = NULL;
	size_t size = 0;
	unsigned number = 0;
	bool good = true;

	if (!in) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return EXIT_USAGE;
	}
	while (good && getline(&line, &size, in) >= 0) {
		char *text = trim(line);

		number++;
		if (*text && *text != '#')
			good = add_line(&e, text, path, number);
		else
			good = end_entry(&e, path);
	}
	if (good)
		good = end_entry(&e, path);
	free(line);
	fclose(in);
	return good ? 0 : EXIT_USAGE;
}

static bool fits_title(const struct known_entry *e, const char *title)
{
	size_t len = strlen(e->title);

	if (len && e->title[len - 1] == '*')
		return strncmp(title, e->title, len - 1) == 0;
	return title_is(title, e->title);
}

#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_."

/* Does the word stand in the stacks: in the indented lines behind "stack:"? */
static bool stacks_have(const char *report, const char *word, size_t len)
{
	bool in_stack = false;

	for (const char *line = report; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t line_len = strcspn(line, "\n");

		if (*line != ' ' && *line != '\t')
			in_stack = line_len == 6 && memcmp(line, "stack:", 6) == 0;
		for (size_t i = 0; in_stack && i < line_len;) {
			size_t n = strspn(line + i, WORD);

			if (n == len && memcmp(line + i, word, len) == 0)
				return true;
			i += n ? n : 1;
		}
	}
	return false;
}

static bool fits_stack(const struct known_entry *e, const char *report)
{
	for (const char *word = e->stack; word && *word;) {
		size_t len = strcspn(word, " \t");

		if (len && !stacks_have(report, word, len))
			return false;
		word += len + strspn(word + len, " \t");
	}
	return true;
}

bool known_has(const char *title, const char *body)
{
	char *report = NULL;
	bool known = false;

	for (unsigned i = 0; i < nentries && !known; i++) {
		const struct known_entry *e = &entries[i];

		if (!fits_title(e, title) || has_expired(e))
			continue;
		if (!report && (e->stack || e->object))
			report = source_lines(body ? body : "");
		known = (!e->stack || (report && fits_stack(e, report))) &&
			(!e->object || (report && strstr(report, e->object)));
	}
	free(report);
	return known;
}
