/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A report's text with file and line in its stacks. Never during a run. */
#ifndef FUZZ_EXEC_SOURCE_LINES_H
#define FUZZ_EXEC_SOURCE_LINES_H

#include <stdio.h>

#include "core/base/types.h"

/* malloc'ed; the text as it is where no symbolizer can be started; NULL for NULL. */
char *source_lines(const char *body);
void source_lines_print(FILE *out, const char *body);

#endif
