/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does this kernel map the shared zero page where a process reads memory that
 * nobody has written? Linux does; a kernel that runs as a guest may be set up to
 * give each such page a frame of its own instead. Then page states and counters
 * differ from the model's for a reason that is not the code's, and nothing can be
 * compared.
 */
#ifndef FUZZ_KERNEL_ZERO_PAGE_H
#define FUZZ_KERNEL_ZERO_PAGE_H

#include "core/base/types.h"

/* 1: the page at this address of the calling process is the kernel's zero page;
 * 0: it is another one, or none; -errno: /proc does not say (it needs root). */
int zero_page_at(const volatile void *page);
/* Maps a page, reads it and asks zero_page_at(). */
int zero_page_probe(void);

#endif
