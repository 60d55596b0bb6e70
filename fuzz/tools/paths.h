/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The named paths of the specification: how often each was taken, and for those
 * never taken the reason that paths.def gives. */
#ifndef FUZZ_TOOLS_PATHS_H
#define FUZZ_TOOLS_PATHS_H

#include <stdio.h>

void paths_print(FILE *out);

#endif
