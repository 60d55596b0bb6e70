/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole-op order edges among threads of a concurrent program ("B1 after A2"):
 * who is held waits, but not for ever, because an edge may not be possible.
 */
#ifndef FUZZ_KERNEL_EDGES_H
#define FUZZ_KERNEL_EDGES_H

#include "fuzz/prog/prog.h"

/* p NULL: no edges. */
void edges_begin(const struct prog *p);
/* Before and after an op of this context, on its thread. */
void edges_wait(unsigned ctx);
void edges_done(unsigned ctx);

#endif
