/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which name was meant: the one that takes the fewest changes. */
#ifndef CORE_BASE_NEAREST_H
#define CORE_BASE_NEAREST_H

#include "core/base/types.h"

#define NEAREST_NAME_MAX 120 /* longer names are never near to anything */

/* Insertions, deletions and replacements that make b of a; UINT_MAX where one of
 * the two is longer than NEAREST_NAME_MAX. */
unsigned nearest_distance(const char *a, size_t a_len, const char *b, size_t b_len);

/* The search for the nearest of many names: offer each of them, look at best. */
struct nearest {
	const char *wanted;
	size_t len;
	unsigned distance; /* of best; at first the distance from which on nothing is meant */
	char best[NEAREST_NAME_MAX + 1]; /* "": no name was near */
};
void nearest_begin(struct nearest *n, const char *wanted, size_t len);
void nearest_offer(struct nearest *n, const char *name);

#endif
