/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmu_gather is the tree's own. */
#ifndef __ASM_TLB_H
#define __ASM_TLB_H

#include <asm/tlbflush.h>
#include <asm-generic/tlb.h>

#endif
