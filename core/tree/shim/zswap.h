/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zswap: what is static in the tree's mm/zswap.c. Included after the tree's headers. */
#ifndef CORE_TREE_SHIM_ZSWAP_H
#define CORE_TREE_SHIM_ZSWAP_H

#include <linux/swap.h>

struct xarray;

/* As a write of 1 or 0 to /sys/module/zswap/parameters/enabled. -ENODEV: the first one
 * found no memory. */
int shim_zswap_enable(bool on);
/* The shrinker's scan of nr entries. -EINVAL: zswap was never on. */
int shim_zswap_shrink(unsigned long nr);
/* Tear-down, after all devices are off. */
void shim_zswap_exit(void);

/* The tree's variables, for races.def. */
extern bool shim_zswap_enabled, shim_zswap_pool_reached_full;
extern u64 shim_zswap_pool_limit_hit, shim_zswap_written_back_pages,
	   shim_zswap_reject_reclaim_fail, shim_zswap_reject_compress_fail,
	   shim_zswap_reject_compress_poor, shim_zswap_decompress_fail,
	   shim_zswap_reject_alloc_fail, shim_zswap_reject_kmemcache_fail;

/* For checkers: no event, no lock. */
struct check_zswap_entry {
	swp_entry_t slot;
	unsigned int length;
	unsigned long object;
};
long check_zswap_stored(void);           /* pages that zswap says it holds */
long check_zswap_listed(void);           /* entries on its LRU list */
struct xarray *check_zswap_tree(int type); /* NULL: the device is off */
struct check_zswap_entry check_zswap_entry(const void *entry);

void check_zswap_cheap(void);
void check_zswap_quiet(void);

/* zsmalloc.c: is it an object in use? */
bool check_zsmalloc_live(unsigned long handle);

#endif
