// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines, words, numbers and error messages of the text form.
 */
#include "fuzz/prog/text_scan.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/nearest.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

void scan_init(struct scan *sc, const char *src, size_t len, struct prog_error *err)
{
	*sc = (struct scan){ .src = src, .end = src + len, .next = src, .line = src,
			     .line_end = src, .at = src, .err = err };
	if (err)
		memset(err, 0, sizeof(*err));
}

bool scan_line(struct scan *sc)
{
	const char *newline;

	if (sc->failed || sc->next == sc->end)
		return false;
	sc->number++;
	sc->line = sc->at = sc->next;
	newline = memchr(sc->line, '\n', (size_t)(sc->end - sc->line));
	if (!newline) {
		sc->line_end = sc->next = sc->end;
		return scan_fail(sc, sc->end, "the last line does not end: is the text cut off?");
	}
	sc->next = newline + 1;
	sc->line_end = newline;
	sc->comment = false;
	for (const char *c = sc->line; c < newline; c++) {
		if (*c == '#' && (c == sc->line || is_blank(c[-1]))) {
			sc->line_end = c;
			sc->comment = true;
			break;
		}
	}
	while (sc->line_end > sc->line && is_blank(sc->line_end[-1]))
		sc->line_end--;
	sc->comment &= sc->line_end == sc->line;
	return true;
}

static void skip_blanks(struct scan *sc)
{
	while (sc->at < sc->line_end && is_blank(*sc->at))
		sc->at++;
}

struct span scan_word(struct scan *sc)
{
	struct span word;

	skip_blanks(sc);
	word.s = sc->at;
	while (sc->at < sc->line_end && !is_blank(*sc->at))
		sc->at++;
	word.len = (size_t)(sc->at - word.s);
	return word;
}

struct span scan_rest(struct scan *sc)
{
	struct span rest;

	skip_blanks(sc);
	rest = (struct span){ sc->at, (size_t)(sc->line_end - sc->at) };
	sc->at = sc->line_end;
	return rest;
}

bool scan_ended(struct scan *sc)
{
	skip_blanks(sc);
	return sc->at == sc->line_end;
}

bool span_is(struct span s, const char *text)
{
	return strlen(text) == s.len && !memcmp(s.s, text, s.len);
}

bool span_skip(struct span *s, const char *prefix)
{
	size_t len = strlen(prefix);

	if (s->len < len || memcmp(s->s, prefix, len))
		return false;
	s->s += len;
	s->len -= len;
	return true;
}

struct span span_split(struct span *s, char separator)
{
	const char *found = s->len ? memchr(s->s, separator, s->len) : NULL;
	struct span first = *s;

	if (found) {
		first.len = (size_t)(found - s->s);
		s->s = found + 1;
		s->len -= first.len + 1;
	} else {
		s->s += s->len;
		s->len = 0;
	}
	return first;
}

bool span_number(struct span s, u64 max, u64 *out)
{
	unsigned base = span_skip(&s, "0x") ? 16 : 10;
	u64 value = 0;

	if (!s.len)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.s[i];
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
			       : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
			       : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;

		if (digit >= base || digit > max || value > (max - digit) / base)
			return false;
		value = value * base + digit;
	}
	*out = value;
	return true;
}

bool scan_fail(struct scan *sc, const char *at, const char *fmt, ...)
{
	va_list args;

	assert(at >= sc->line && at <= sc->end);
	if (sc->failed)
		return false;
	sc->failed = true;
	if (!sc->err)
		return false;
	sc->err->line = sc->number ? sc->number : 1;
	sc->err->column = (u32)(at - sc->line) + 1;
	va_start(args, fmt);
	vsnprintf(sc->err->what, sizeof(sc->err->what), fmt, args);
	va_end(args);
	return false;
}

const char *span_show(struct span s, char buf[48])
{
	size_t n = min(s.len, (size_t)40);

	for (size_t i = 0; i < n; i++)
		buf[i] = s.s[i] >= 0x20 && s.s[i] < 0x7f ? s.s[i] : '?';
	strcpy(buf + n, s.len > n ? "..." : "");
	return buf;
}

static bool fail_unknown(struct scan *sc, struct span word, const char *what, const char *meant)
{
	char show[48];

	if (*meant)
		return scan_fail(sc, word.s, "unknown %s '%s' (did you mean '%s'?)", what,
				 span_show(word, show), meant);
	return scan_fail(sc, word.s, "unknown %s '%s'", what, span_show(word, show));
}

bool scan_fail_unknown(struct scan *sc, struct span word, const char *what,
		       const char *(*name)(unsigned i))
{
	struct nearest nearest;

	nearest_begin(&nearest, word.s, word.len);
	for (unsigned i = 0; name(i); i++)
		nearest_offer(&nearest, name(i));
	return fail_unknown(sc, word, what, nearest.best);
}

bool scan_fail_unknown_of(struct scan *sc, struct span word, const char *what,
			  const char *const *names)
{
	struct nearest nearest;

	nearest_begin(&nearest, word.s, word.len);
	for (; *names; names++)
		nearest_offer(&nearest, *names);
	return fail_unknown(sc, word, what, nearest.best);
}
