// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for init/main.c: the initialisation functions of the tree's files at hand,
 * in the order in which the kernel calls them. Static ones are made global by the
 * build (globalize.list); one that a tree lacks is weak here.
 * Left out: whatever starts a kernel thread, sysctl, sysfs, debugfs. zswap.c sets itself
 * up when it is switched on.
 * Locking: set-up runs alone.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/maple_tree.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/radix-tree.h>
#include <linux/rmap.h>
#include <linux/shmem_fs.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/userfaultfd.h"
#include "core/tree/shim/world.h"

void wait_bit_init(void) __weak;
void ptlock_cache_init(void) __weak;
void maple_tree_init(void);
void radix_tree_init(void);
void anon_vma_init(void);
void mm_cache_init(void);
void vma_state_init(void);
void mmap_init(void);
void pagecache_init(void);
int swap_init(void) __weak;
int swapfile_init(void);
int thp_shrinker_init(void) __weak;
extern int shmem_huge __weak;                      /* static: see globalize.list */
extern unsigned long huge_shmem_orders_always __weak;

/* Of the early ones: start_kernel(), mm_core_init(), proc_caches_init(). */
static void init_early(void)
{
	if (wait_bit_init)
		wait_bit_init();
	if (ptlock_cache_init)
		ptlock_cache_init();
	radix_tree_init();
	maple_tree_init();
	anon_vma_init();
	mm_cache_init();
	vma_state_init();
	mmap_init();
	pagecache_init();
}

static void init_must(int err, const char *title)
{
	if (err)
		seam_report(title, "");
}

/* shmem_enabled=always, and the order that anonymous memory has as well. */
static void init_shmem(bool thp)
{
	if (thp && &shmem_huge)
		shmem_huge = 1;
	shmem_init();
	if (thp && &huge_shmem_orders_always)
		huge_shmem_orders_always = BIT(2);
}

static void init_thp(bool on)
{
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	init_must(shim_khugepaged_init(), "BUG: khugepaged_init() failed");
	transparent_hugepage_flags = 0;
	if (!on)
		return;
	if (thp_shrinker_init)
		init_must(thp_shrinker_init(), "BUG: thp_shrinker_init() failed");
	transparent_hugepage_flags = 1UL << TRANSPARENT_HUGEPAGE_FLAG;
	huge_anon_orders_inherit = BIT(PMD_ORDER);
	huge_anon_orders_always = BIT(2);
#endif
}

void shim_initcalls(bool thp)
{
	init_early();
	init_shmem(thp);
	/* subsys_initcall() */
	if (swap_init)
		init_must(swap_init(), "BUG: swap_init() failed");
	init_must(swapfile_init(), "BUG: swapfile_init() failed");
	init_thp(thp);
	init_must(shim_ksm_init(), "BUG: ksm_init() failed");
	init_must(shim_uffd_setup(), "BUG: userfaultfd_init() failed");
}
