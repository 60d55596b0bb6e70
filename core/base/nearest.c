// SPDX-License-Identifier: GPL-2.0-or-later
/* "did you mean": the edit distance of two names. */
#include "core/base/nearest.h"

#include <limits.h>
#include <string.h>

unsigned nearest_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned row[NEAREST_NAME_MAX + 1];

	if (a_len > NEAREST_NAME_MAX || b_len > NEAREST_NAME_MAX)
		return UINT_MAX;
	for (unsigned j = 0; j <= b_len; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a_len; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned replace = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			row[j] = min(replace, min(row[j], row[j - 1]) + 1);
		}
	}
	return row[b_len];
}

void nearest_begin(struct nearest *n, const char *wanted, size_t len)
{
	n->wanted = wanted;
	n->len = len;
	n->distance = (unsigned)len / 3 + 2;
	n->best[0] = 0;
}

void nearest_offer(struct nearest *n, const char *name)
{
	size_t len = strlen(name);
	unsigned distance = nearest_distance(n->wanted, n->len, name, len);

	if (distance >= n->distance || distance >= n->len)
		return;
	n->distance = distance;
	memcpy(n->best, name, len + 1);
}
