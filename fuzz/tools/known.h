/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings that somebody knows about, for `swaprace search`: the entries of a file like
 * repro/known.txt, which says what can stand in it. scripts/service/known.py reads the same. */
#ifndef FUZZ_TOOLS_KNOWN_H
#define FUZZ_TOOLS_KNOWN_H

#include "fuzz/tools/tool.h"

/* 0, EXIT_USAGE after a line on stderr. */
int known_load(const char *path);
/* Does an entry that has not expired know this report? body: its text, may be NULL. */
bool known_has(const char *title, const char *body);

#endif
