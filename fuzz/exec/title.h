/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Titles under their old names: core/base/title_alias.def. */
#ifndef FUZZ_EXEC_TITLE_H
#define FUZZ_EXEC_TITLE_H

#include "core/base/types.h"

/* Is a report's title the wanted one, or does wanted name it as it was called before? */
bool title_is(const char *title, const char *wanted);
/*
 * An "expect:" of the title: "[tsan] " stands before what TSan alone reports, and "[asan] "
 * before what AddressSanitizer or UBSan alone do. Another title is for all builds.
 */
void title_expectation(const char *title, char *out, size_t size);

#endif
