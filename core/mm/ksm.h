/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/ksm.h and the interface of mm/ksm.c.
 * Left out: migration of KSM folios, the KSM zero page, chains of stable nodes,
 * NUMA, memory hot-remove, the advisor, smart scan.
 */
#ifndef CORE_MM_KSM_H
#define CORE_MM_KSM_H

#include "core/page/mm_types.h"

struct rmap_walk_control;
struct ksm_stable_node;

/* madvise(MADV_MERGEABLE / MADV_UNMERGEABLE): changes *vm_flags; mmap_lock for
 * write. 0 or -ENOMEM, -EINTR from the unmerge. Follows ksm_madvise(). */
int ksm_madvise(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool mergeable,
		unsigned long *vm_flags);

/* Puts an mm on ksmd's list. 0 or -ENOMEM. mmap_lock for write. __ksm_enter(). */
int __ksm_enter(struct mm_struct *mm);
/* The last user of mm is leaving, before its vmas go: takes it off ksmd's list,
 * or waits until ksmd has let go of it. No lock held. __ksm_exit(). */
void __ksm_exit(struct mm_struct *mm);

/* Child of a mergeable parent, all vmas copied: puts it on ksmd's list if there is
 * memory. mmap_lock for write. Follows ksm_fork(). */
static inline void ksm_fork(struct mm_struct *mm, struct mm_struct *oldmm)
{
	if (test_bit(MMF_VM_MERGEABLE, &oldmm->flags))
		(void)__ksm_enter(mm);
}

static inline void ksm_exit(struct mm_struct *mm)
{
	if (test_bit(MMF_VM_MERGEABLE, &mm->flags))
		__ksm_exit(mm);
}

/* The stable node of a KSM folio, NULL for others. Folio lock held. */
struct ksm_stable_node *folio_stable_node(const struct folio *folio);

/*
 * A folio that came from swap is about to be mapped at addr of vma. Returns it,
 * or, where it belongs to another anon_vma or index and cannot be reused, a new
 * locked, uptodate, dirty folio with a copy of its contents, that is not in the
 * swap cache; NULL: out of memory; ERR_PTR(-EHWPOISON) where the contents are
 * bad. Folio lock held. Follows ksm_might_need_to_copy().
 */
struct folio *ksm_might_need_to_copy(struct folio *folio, struct vm_area_struct *vma,
				     unsigned long addr);

/* Calls rwc->rmap_one for each place where a KSM folio may be mapped. Folio lock
 * held; takes anon_vma locks for read. Follows rmap_walk_ksm(). */
void rmap_walk_ksm(struct folio *folio, struct rmap_walk_control *rwc);

/* ksmd looks at up to so many pages, to the end of its pass at most. Takes
 * ksm_thread_mutex. Returns how many. Follows ksm_do_scan(). */
unsigned int ksm_do_scan(unsigned int scan_npages);

/* Breaks all KSM pages of [start, end): takes ksm_thread_mutex and mmap_lock for
 * read. 0 or -ENOMEM, -EINTR. Follows unmerge_and_remove_all_rmap_items(), for a
 * range, and leaves the items to ksmd. */
int ksm_unmerge_range(struct mm_struct *mm, unsigned long start, unsigned long end);

/* Teardown, no task running: prunes stable nodes whose folios are gone. */
void ksm_prune_stale(void);

/* For counters and checkers, without locks. */
unsigned long ksm_pages_shared_now(void);
unsigned long ksm_pages_sharing_now(void);

#endif
