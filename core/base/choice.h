/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a choice of the schedule is about (engine_choose()). 0 is always the default:
 * nothing fails. A new kind is a row here; policies draw it as "one way among others"
 * until fuzz/sched/faults.c gives it odds of failing.
 */
#ifndef CORE_BASE_CHOICE_H
#define CORE_BASE_CHOICE_H

#include "core/base/types.h"

#define CHOICE_KINDS(CHOICE)                                                     \
	CHOICE(ALLOC, "alloc")   /* an allocation fails */                       \
	CHOICE(IO, "io")         /* a read or write of a device fails */         \
	CHOICE(SIGNAL, "signal") /* a signal is pending */                       \
	CHOICE(DMA, "dma")       /* no failure: a device copies at once */       \
	CHOICE(TIMER, "timer")   /* no failure: delayed work is due, or not yet */ \
	CHOICE(COMPRESS, "compress") /* no failure: a page does not compress */  \
	CHOICE(SOURCE, "source") /* no failure: what is copied is not in memory yet */

enum choice_kind {
#define CHOICE(ID, name) CHOICE_##ID,
	CHOICE_KINDS(CHOICE)
#undef CHOICE
	CHOICE_KIND_COUNT,
};

const char *choice_name(enum choice_kind kind);
/* The kind of this name, or -ENOENT. Not for use during a run. */
int choice_find(const char *name);

#endif
