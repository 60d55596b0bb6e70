/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/vmscan.c (struct scan_control), include/linux/vmstat.h (struct reclaim_stat):
 * what the parts of reclaim tell each other. For core/mm/vmscan.c and shrink_folio.c alone.
 */
#ifndef CORE_MM_SCAN_CONTROL_H
#define CORE_MM_SCAN_CONTROL_H

#include "core/kapi/gfp.h"
#include "core/page/mm_types.h"

/* What a list holds: swapbacked folios, or such as can be dropped. The only ones of the
 * second kind are those that MADV_FREE has given up: there is no page cache. */
enum { WORKINGSET_ANON, WORKINGSET_FILE, ANON_AND_FILE };

struct scan_control {
	unsigned long nr_to_reclaim;
	gfp_t gfp_mask;
	int priority;
	bool may_unmap;
	bool may_writepage;
	bool may_deactivate[ANON_AND_FILE];
	bool force_deactivate;
	bool skipped_deactivate;
	bool memcg_full_walk;
	unsigned long nr_scanned;
	unsigned long nr_reclaimed;
	unsigned long nr_writeback; /* folios found under writeback in this pass */
};

struct reclaim_stat {
	unsigned int nr_activate;
	unsigned int nr_ref_keep;
	unsigned int nr_unmap_fail;
	unsigned int nr_writeback;
	unsigned int nr_pageout; /* writes begun; not the kernel's, for reclaim_throttle() */
};

/* Reclaims the isolated folios of folio_list; those that stay are left there.
 * Returns the number of folios freed. */
unsigned int shrink_folio_list(struct list_head *folio_list, struct scan_control *sc,
			       struct reclaim_stat *stat, bool ignore_references);

#endif
