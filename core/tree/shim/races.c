// SPDX-License-Identifier: GPL-2.0-or-later
/* The rows of races.def with the tree's own layouts, as data that the glue reads. */
#include <linux/maple_tree.h>
#include <linux/mm_types.h>
#include <linux/mmzone.h>
#include <linux/rmap.h>
#include <linux/shmem_fs.h>
#include <linux/stddef.h>
#include <linux/swap.h>
#include <linux/xarray.h>

#include "core/tree/seam.h"
#include "core/tree/shim/zswap.h"

#define RACE_READ 0
#define RACE_WRITE 1

/* The reason is for people. */
static const struct tree_known_race known[] = {
#define RACE_FIELD(w, o, access, k, type, field, why)					\
	{ .writer = w, .other = o, .other_writes = RACE_##access, .kind = k,		\
	  .offset = offsetof(type, field), .size = sizeof_field(type, field) },
#define RACE_STATIC(w, o, access, variable, why)					\
	{ .writer = w, .other = o, .other_writes = RACE_##access,			\
	  .address = (unsigned long)&variable, .size = sizeof(variable) },
#define RACE_PAGE(w, o, access, field, why)						\
	{ .writer = w, .other = o, .other_writes = RACE_##access,			\
	  .address = (unsigned long)&mem_map, .stride = sizeof(struct page),		\
	  .count = &max_mapnr,								\
	  .offset = offsetof(struct page, field), .size = sizeof_field(struct page, field) },
#define PAGESET contig_page_data.node_zones[0].per_cpu_pageset
#define RACE_PERCPU(w, o, access, pointer, field, why)					\
	{ .writer = w, .other = o, .other_writes = RACE_##access, .percpu = true,	\
	  .address = (unsigned long)&pointer, .offset = offsetof(typeof(*pointer), field),	\
	  .size = sizeof_field(typeof(*pointer), field) },
#include "core/tree/shim/races.def"
};

const struct tree_known_race *tree_known_race(unsigned i)
{
	return i < ARRAY_SIZE(known) ? &known[i] : NULL;
}
