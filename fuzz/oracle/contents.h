/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The contents oracle: what each word of each (mm, page) may hold now.
 *
 * world_hooks report each user store and load at its very instant (in native too,
 * where a lock makes access and hook one instant), so a word has one allowed value,
 * except while an op that changes many pages at no single instant is open on it
 * (mmap, munmap, MADV_DONTNEED, exit, fork): then it has a few, and the end of that
 * op, or the next load, settles it. After MADV_FREE a page may become zero at any
 * time, as a whole, until it is stored to.
 *
 * Titles, without numbers:
 *   contents: lost write           an older value, and the newest is gone
 *   contents: stale read           an older value once; a second read is right
 *   contents: torn page            some words of the newest write, others older
 *   contents: data after discard   a value from before munmap or MADV_DONTNEED,
 *                                  or of a page that MADV_FREE has been seen to drop
 *   contents: foreign data         a value that this page never had
 *   contents: access after unmap   a load or store where nothing is mapped
 *   contents: fill of a page that is not missing    userfaultfd put a page over data
 *   contents: store to a write-protected page       userfaultfd had protected it
 *   contents: fault on a mapped page        -EFAULT, or SIGBUS without a failed
 *   contents: poison without an I/O error   read, where the page must be there
 *   contents: access beyond the end of a file   where it must give SIGBUS
 *
 * A page of a shared file is judged by file and index: what one mm stores is what all
 * others load (contents_shm.c). A device that has a page pinned is judged as the mm is, as
 * long as nothing has unmapped or discarded the page since (contents_pin.c).
 */
#ifndef FUZZ_ORACLE_CONTENTS_H
#define FUZZ_ORACLE_CONTENTS_H

#include "core/base/types.h"
#include "core/base/world_ops.h"

/* What an op does to contents. */
enum contents_effect {
	CONTENTS_NONE,
	CONTENTS_READ,
	CONTENTS_WRITE,
	CONTENTS_MAP,      /* pages become zero, mapped */
	CONTENTS_UNMAP,
	CONTENTS_DISCARD,  /* pages become zero, stay mapped */
	CONTENTS_FREE,     /* until its next store each page may become zero, as a whole */
	CONTENTS_FORK,     /* child gets what mm has */
	CONTENTS_EXIT,
	CONTENTS_REMAP,    /* pages get what others have, which are unmapped */
	CONTENTS_REAP,     /* from its begin on nothing is known of the mm, until it exits */
	CONTENTS_SHM_MAP,      /* pages become those of a shared file */
	CONTENTS_SHM_PUNCH,    /* pages of a file become zero */
	CONTENTS_PIN,          /* of a page: pin, flags */
	CONTENTS_PIN_WRITE,    /* a device's access by a pin of the calling task */
	CONTENTS_PIN_READ,
	CONTENTS_SHM_TRUNCATE, /* a file gets another size; what lies behind becomes zero */
	/* userfaultfd's: contents_uffd.c */
	CONTENTS_MOVE,     /* pages go from one range to another, where they were missing */
	CONTENTS_TRAP,     /* from here on an access may end in SIGBUS */
	CONTENTS_UNTRAP,   /* not any more; and nothing is write-protected */
	CONTENTS_PROTECT,  /* value 1: stores fail; 0: not any more */
};

struct contents_op {
	enum contents_effect effect;
	u8 mm, child;      /* child: of a fork */
	/* SHM_PUNCH: of the file; SHM_TRUNCATE: those behind its size; UNTRAP without any: all */
	u8 page, pages;
	u8 shm;            /* the file of SHM_... */
	u8 from;           /* of a move: the first page of its source; of REMAP: of its target */
	u8 pin, flags;     /* of PIN...; enum world_pin_flag */
	u64 value;         /* of a write; of PROTECT 1 or 0 */
	char label[12];    /* "A3", for the report */
};

/* Forgets everything; mms: bit i-1 set when mm i exists; large_folios: the machine has
 * them. Installs the hooks. */
void contents_reset(u8 mms, bool native, bool large_folios);
/* Takes the hooks away. */
void contents_stop(void);
/* An injected read or write error: poisoned pages are allowed from now on. */
void contents_io_error(void);
/* An injected failure of an allocation. */
void contents_alloc_failure(void);

/* Around each op, on its context (engine_current()); ret: what the op returned. */
void contents_op_begin(const struct contents_op *op);
void contents_op_end(int ret);
/*
 * End of a read op instead of contents_op_end(): words as the op returned them.
 * reread reads the page once more (to tell a stale read from a lost write).
 */
void contents_read_end(int ret, const u64 words[WORLD_WORDS],
		       int (*reread)(int mm, int page, u64 words[WORLD_WORDS]));

/* When the machine is quiet: reads every page that may be mapped and compares. */
void contents_check_quiet(const struct world_ops *world);

/* May word hold value now? For tests. */
bool contents_allows(int mm, int page, int word, u64 value);

#endif
