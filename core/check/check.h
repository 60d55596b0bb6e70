/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Invariant checkers, one a subsystem, over the model's raw memory: no lock, no
 * scheduling point, nothing that ThreadSanitizer sees.
 *
 *	cheap  at the end of any op: what holds between any two events of the
 *	       other tasks. A check whose locks are held by somebody is skipped.
 *	quiet  no op is running and no I/O is under way
 *	audit  after tear-down: nothing is left
 *
 * A title names the invariant in words and is the same whatever the objects are;
 * the body has the objects. The first finding ends the run.
 */
#ifndef CORE_CHECK_CHECK_H
#define CORE_CHECK_CHECK_H

#include "core/base/world_ops.h"

/* All checkers in turn; what model_world_ops calls. */
void check_all_cheap(void);
void check_all_quiet(void);
void check_all_audit(void);

/* check_page.c: references, mapcounts, flags, the LRU. */
void check_page_cheap(void);
void check_page_quiet(void);
/* check_swap.c: swap table, clusters, devices, totals. */
void check_swap_cheap(void);
void check_swap_quiet(void);
/* check_mm.c: page tables against mapcounts, swap counts, rss, rmap, TLBs. */
void check_mm_cheap(void);
void check_mm_quiet(void);
/* check_ksm.c: stable tree and its counters. */
void check_ksm_quiet(void);

#endif
