/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pins of pages (FOLL_PIN), for devices that read and write memory behind the page tables.
 * Models: include/linux/mm.h (pin_user_pages and its like), mm/internal.h
 * (gup_must_unshare).
 * A pin of a small folio is GUP_PIN_COUNTING_BIAS references. A page of anonymous memory
 * is pinned only while it is AnonExclusive, and stays so while it is pinned.
 */
#ifndef CORE_MM_GUP_H
#define CORE_MM_GUP_H

#include "core/mm/mm.h"

enum foll_flag {
	FOLL_WRITE = 1 << 0,       /* the PTE must be writable */
	FOLL_LONGTERM = 1 << 8,    /* sees what the mm stores later: no pin of the zero page */
	FOLL_TOUCH = 1 << 16,      /* mark the folio accessed, and dirty with FOLL_WRITE */
	FOLL_TRIED = 1 << 17,      /* the fault has dropped mmap_lock once */
	FOLL_UNLOCKABLE = 1 << 21, /* the fault may drop mmap_lock */
};

/* Pins the page of mm at the page aligned start; gup_flags: FOLL_WRITE, FOLL_LONGTERM. Takes
 * no lock if the PTE allows it, else mmap_lock for read. 1 and *pages, -EFAULT (no vma, not
 * writable, failed read), -ENOMEM, -EINTR or -EAGAIN (killed). */
long pin_user_pages_fast(struct mm_struct *mm, unsigned long start, unsigned int gup_flags,
			 struct page **pages);
/* The same by the page table lock alone; mmap_lock held for read, and not dropped. */
long pin_user_pages(struct mm_struct *mm, unsigned long start, unsigned int gup_flags,
		    struct page **pages);
/* Drops the pin; make_dirty: the device may have written, so reclaim must write the page
 * out. Sleeps for the folio lock then. */
void unpin_user_pages_dirty_lock(struct page *page, bool make_dirty);

#endif
