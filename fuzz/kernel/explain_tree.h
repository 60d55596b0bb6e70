/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is what differs after an op of those in explained_tree.def? */
#ifndef FUZZ_KERNEL_EXPLAIN_TREE_H
#define FUZZ_KERNEL_EXPLAIN_TREE_H

#include "fuzz/kernel/explain.h"

/* The one reason for all pages that differ after the op of c; EXPLAINED_TREE_COUNT:
 * none differs, or not all of them for one reason. */
enum explained_tree explain_tree(const struct explain_case *c);

#endif
