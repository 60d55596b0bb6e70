/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cache of the glue's slab (slab.c). All of it is of one run. */
#ifndef CORE_TREE_GLUE_SLAB_H
#define CORE_TREE_GLUE_SLAB_H

#include "core/base/types.h"

#define SLAB_UNIT 16u /* objects are multiples of it */
/* A unit's state: 0: no object begins there; the next free object's unit (never 0:
 * the pool lies there); or one of these. */
#define SLAB_NONE 0xfffffffeu /* free, the last of its list */
#define SLAB_LIVE 0xffffffffu

struct seam_cache {
	const char *name;
	u32 used_size;  /* what the kernel asked for */
	u32 size;       /* rounded up to its alignment */
	u32 free;       /* unit of the first free object, or SLAB_NONE */
	u32 live;
	bool typesafe;
	void (*ctor)(void *object);
};

#endif
