/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/workingset.c: shadows (when was it evicted?) and refaults.
 * A shadow is an odd word: (eviction age << 2 | workingset) << 1 | 1, at most
 * WORKINGSET_SHADOW_BITS wide, so that a swap table word can carry it.
 * Left out: memcg and node ids, bucketing, shadow-node reclaim.
 */
#ifndef CORE_PAGE_WORKINGSET_H
#define CORE_PAGE_WORKINGSET_H

#include "core/page/mm_types.h"

#define WORKINGSET_SHADOW_BITS 32

/* A folio leaves the cache: its shadow. Lock of the cache held (cluster lock). */
void *workingset_eviction(struct folio *folio);
/* A folio came back: marks it active and workingset where it left too early. FL held. */
void workingset_refault(struct folio *folio, void *shadow);
/* Was the eviction recent enough? *workingset: it was active when evicted. */
bool workingset_test_recent(void *shadow, bool *workingset);
void workingset_activation(struct folio *folio);
void workingset_age_nonresident(struct lruvec *lruvec, unsigned long nr_pages);

#endif
