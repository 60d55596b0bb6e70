/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUs whose TLBs may still map pages that were unmapped: a bit each. */
#ifndef __ASM_TLBBATCH_H
#define __ASM_TLBBATCH_H

struct arch_tlbflush_unmap_batch {
	unsigned int cpus;
};

#endif
