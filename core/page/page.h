/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All of core/page, in the order of its layers. */
#ifndef CORE_PAGE_PAGE_H
#define CORE_PAGE_PAGE_H

#include "core/page/mm_types.h"
#include "core/page/page_flags.h"
#include "core/page/folio.h"
#include "core/page/page_alloc.h"
#include "core/page/swapops.h"
#include "core/page/pgtable.h"
#include "core/page/tlb.h"
#include "core/page/lru.h"
#include "core/page/workingset.h"

#endif
