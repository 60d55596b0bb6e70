/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of a line with their columns, and errors that point at them. A '#' at
 * the start of a line or after a blank starts a comment; in "folio_lock@f#2" it
 * does not.
 */
#ifndef FUZZ_PROG_TEXT_SCAN_H
#define FUZZ_PROG_TEXT_SCAN_H

#include "fuzz/prog/prog.h"

struct scan {
	const char *src, *end;   /* the whole text */
	const char *line;        /* start of the line */
	const char *line_end;    /* behind its last character that counts */
	const char *next;        /* start of the line that follows */
	const char *at;          /* where the next word is looked for */
	u32 number;              /* of the line, 1-based */
	bool comment;            /* the line holds nothing but a comment */
	bool failed;
	struct prog_error *err;  /* may be NULL */
};

/* A part of a line. */
struct span { const char *s; size_t len; };

void scan_init(struct scan *sc, const char *src, size_t len, struct prog_error *err);
/* The next line; false at the end of the text. Sets comment; strips one. */
bool scan_line(struct scan *sc);
/* The next word (up to a blank); an empty span at the end of the line. */
struct span scan_word(struct scan *sc);
/* The rest of the line without blanks around it. */
struct span scan_rest(struct scan *sc);
bool scan_ended(struct scan *sc);
bool span_is(struct span s, const char *text);
/* Does the span start with this? Then it is cut off. */
bool span_skip(struct span *s, const char *prefix);
/* Splits off what comes before the separator (all where there is none). */
struct span span_split(struct span *s, char separator);
/* Decimal, or hexadecimal with 0x. false where it is none or above max. */
bool span_number(struct span s, u64 max, u64 *out);

/* Notes the first error, at this place of the current line. Returns false. */
__cold __printf_like(3, 4) bool scan_fail(struct scan *sc, const char *at, const char *fmt, ...);
/* "unknown <what> 'frok' (did you mean 'fork'?)"; name(i) until NULL. */
__cold bool scan_fail_unknown(struct scan *sc, struct span word, const char *what,
			      const char *(*name)(unsigned i));
__cold bool scan_fail_unknown_of(struct scan *sc, struct span word, const char *what,
				 const char *const *names);
/* The span for a message: at most 40 characters, printable. */
const char *span_show(struct span s, char buf[48]);

#endif
