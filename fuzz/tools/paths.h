/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The named paths of the specification: how often each was taken, and for those
 * never taken the reason that paths.def gives. */
#ifndef FUZZ_TOOLS_PATHS_H
#define FUZZ_TOOLS_PATHS_H

#include <stdio.h>

#include "core/base/types.h"

void paths_print(FILE *out);
/* How often each was taken, as numbers: of another process, added to this one's. */
u32 paths_count(void);
void paths_save(u64 *taken);
void paths_add(const u64 *taken);

#endif
