/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the shim keeps in an mm: the number of its address space, see shim/tlb.c. */
#ifndef __ASM_MMU_H
#define __ASM_MMU_H

typedef struct {
	int id;
} mm_context_t;

#endif
