/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a difference one of explained.def? What may be looked at: both observations
 * up to this op, and the pages as they are compared.
 */
#ifndef FUZZ_KERNEL_EXPLAIN_H
#define FUZZ_KERNEL_EXPLAIN_H

#include "fuzz/kernel/compare.h"

#define PAGES_ALL (WORLD_MM_MAX * WORLD_PAGES)

/* A page as it is compared: numbers made comparable. */
struct page_view { u32 bits; s16 frame, slot; s8 dev; bool moved; };
struct snapshot_view { struct page_view page[PAGES_ALL]; };

struct explain_case {
	const struct observation *model, *kernel;
	const struct snapshot_view *m, *k; /* after this op */
	enum device_kind device;
	unsigned op;      /* index */
	const struct snapshot_view *m_before, *k_before;
	u8 before[PAGES_ALL]; /* how the page was explained after the op before */
};

/* Index of the explanation; EXPLAINED_COUNT: none. page: 0..PAGES_ALL-1. */
enum explained explain_page(const struct explain_case *c, int page);
/* mm 0-based, -1: of the machine. */
enum explained explain_counter(const struct explain_case *c, int mm, const char *counter,
			       long model, long kernel);

#endif
