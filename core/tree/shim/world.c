// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Life of a world on a kernel tree: set-up, ops on the machine, tear-down.
 * Threads of the kernel (kswapd, ksmd, workers) are ops that call the thread's own
 * pass.
 * Locking: set-up and tear-down run while no task does.
 */
#include <linux/ksm.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/rcupdate.h>
#include <linux/swap.h>
#include <linux/syscalls.h>
#include <linux/version.h>

#include "internal.h"
#include "swap.h"

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"
#include "core/tree/shim/zswap.h"

const unsigned tree_version_code = LINUX_VERSION_CODE;
struct tree_machine shim_machine;

extern int page_cluster; /* static in 7.3: see globalize.list */
/* Static: see globalize.list. */
extern struct shrinker *deferred_split_shrinker;
unsigned long deferred_split_scan(struct shrinker *shrink, struct shrink_control *sc);

#define SHRINK_BATCH 128

static int swapon_all(void)
{
	int i, err;

	for (i = 0; i < SEAM_DEVS_MAX; i++) {
		if (!shim_machine.device[i].present || !shim_machine.device[i].on)
			continue;
		err = tree_swapon(i);
		/* -EINVAL: a header that swapon refuses; the device stays off. */
		if (err && err != -EINVAL)
			return err;
	}
	return 0;
}

int tree_setup(const struct tree_machine *machine)
{
	int err;

	BUILD_BUG_ON(USER_BASE % PGDIR_SIZE);
	BUILD_BUG_ON(REGION_PAGES != PTRS_PER_PTE);
	BUILD_BUG_ON(USER_END > TASK_SIZE);
	BUG_ON(machine->pages <= SEAM_PAGES_RESERVED);
	shim_machine = *machine;
	shim_sched_init();
	shim_slab_setup();
	shim_tasks_setup();
	shim_page_alloc_setup();
	shim_smp_setup();
	shim_tlb_setup();
	shim_devices_setup();
	shim_initcalls(machine->thp);
	page_cluster = (int)machine->readahead;
	vm_swappiness = MAX_SWAPPINESS; /* there is no page cache that could go first */
	err = sio_pool_init(); /* swapon's, and never freed */
	if (err)
		return err;
	shim_slab_baseline();
	err = swapon_all();
	if (err)
		return err;
	mm_slots_setup(machine->mms);
	return 0;
}

/* lru_add_drain_all() wants other CPUs' workers, and nobody runs now. */
static void drain_all_cpus(void)
{
	unsigned cpu;

	for (cpu = 0; cpu < shim_machine.cpus; cpu++)
		lru_add_drain_cpu((int)cpu);
	/* A CPU's batch of pages to mlock is its own while it is online. */
	for (cpu = 0; cpu < shim_machine.cpus; cpu++) {
		cpumask_clear_cpu(cpu, &__cpu_online_mask);
		mlock_drain_remote((int)cpu);
		cpumask_set_cpu(cpu, &__cpu_online_mask);
	}
}

/* Folios that only the swap cache holds: nobody owed them a faster end. */
static void drop_idle_cache(void)
{
	unsigned long pfn;

	for (pfn = SEAM_PAGES_RESERVED; pfn < shim_pages; pfn++) {
		struct page *page = pfn_to_page(pfn);
		struct folio *folio = (struct folio *)page;

		if (PageTail(page) || !folio_test_swapcache(folio) || !folio_try_get(folio))
			continue;
		if (folio_trylock(folio)) {
			folio_free_swap(folio);
			folio_unlock(folio);
		}
		folio_put(folio);
	}
}

/* The audit compares the slab with what was there before swapon. A device with slots
 * in use stays on: swapoff would wait for them for ever, and the audit reports them. */
static void swapoff_all(void)
{
	int i;

	if (total_swap_pages != atomic_long_read(&nr_swap_pages))
		return;
	for (i = 0; i < SEAM_DEVS_MAX; i++)
		if (shim_device_is_on(i))
			tree_swapoff(i);
}

void tree_teardown(void)
{
	int i;

	for (i = 1; i <= SEAM_MMS_MAX; i++)
		tree_exit(i);
	shim_shm_teardown();
	shim_khugepaged_stop();
	/* ksmd frees what exiting mms have left to it. */
	for (i = 0; i <= SEAM_MMS_MAX; i++)
		shim_ksm_scan(1);
	shim_work_expire();
	shim_run_work();
	drain_all_cpus();
	drop_idle_cache();
	drain_all_cpus();
	shim_ksm_prune();
	shim_run_work();
	drain_all_cpus();
	swapoff_all();
	shim_zswap_exit();
	shim_lru_gen_exit();
	rcu_barrier();
}

/* ---- ops on the machine ---------------------------------------------------------- */

int tree_reclaim(int pages)
{
	unsigned int noreclaim;

	if (pages < 1)
		return -EINVAL;
	noreclaim = memalloc_noreclaim_save();
	shim_reclaim((unsigned long)pages);
	memalloc_noreclaim_restore(noreclaim);
	return 0;
}

int tree_kswapd(void)
{
	unsigned int noreclaim = memalloc_noreclaim_save();

	current->flags |= PF_KSWAPD;
	shim_balance_pgdat();
	current->flags &= ~PF_KSWAPD;
	memalloc_noreclaim_restore(noreclaim);
	return 0;
}

int tree_lru_drain(void)
{
	lru_add_drain();
	return 0;
}

int tree_lru_drain_all(void)
{
	lru_add_drain_all();
	return 0;
}

int tree_ksm_scan(int pages)
{
	if (pages < 1)
		return -EINVAL;
	shim_ksm_scan((unsigned)pages);
	return 0;
}

int tree_ksm_pass(void)
{
	shim_ksm_pass();
	return 0;
}

int tree_khugepaged(void)
{
	shim_khugepaged();
	return 0;
}

/* As do_shrink_slab() calls it. */
int tree_deferred_split(void)
{
	struct shrink_control sc = {
		.gfp_mask = GFP_KERNEL, .nr_to_scan = SHRINK_BATCH, .nr_scanned = SHRINK_BATCH,
	};
	unsigned int noreclaim;

	if (!shim_machine.thp)
		return -EINVAL;
	noreclaim = memalloc_noreclaim_save();
	deferred_split_scan(deferred_split_shrinker, &sc);
	memalloc_noreclaim_restore(noreclaim);
	return 0;
}

/* What sysinfo() and /proc/meminfo ask of the devices. */
int tree_sysinfo(void)
{
	struct sysinfo info = {};

	si_swapinfo(&info);
	return 0;
}

int tree_worker(void)
{
	shim_run_work();
	return 0;
}

int tree_mglru(int on)
{
	shim_lru_gen_enable(on);
	return 0;
}

int tree_zswap(int on)
{
	return shim_zswap_enable(on);
}

/* As reclaim calls it. */
int tree_zswap_shrink(int entries)
{
	unsigned int noreclaim;
	int ret;

	if (entries < 1)
		return -EINVAL;
	noreclaim = memalloc_noreclaim_save();
	ret = shim_zswap_shrink((unsigned long)entries);
	memalloc_noreclaim_restore(noreclaim);
	return ret;
}

/* ---- swapon and swapoff ---------------------------------------------------------- */

static bool dev_valid(int dev)
{
	return dev >= 0 && dev < SEAM_DEVS_MAX && shim_machine.device[dev].present;
}

/* The name that a user would pass: getname() turns it into the device again. */
static const char __user *dev_path(int dev)
{
	return (const char __user *)(unsigned long)(dev + 1);
}

int tree_swapon(int dev)
{
	const struct tree_device *d;
	int flags = 0, err;

	if (!dev_valid(dev))
		return -EINVAL;
	d = &shim_machine.device[dev];
	if (d->priority >= 0)
		flags |= SWAP_FLAG_PREFER | (d->priority & SWAP_FLAG_PRIO_MASK);
	if (d->discard)
		flags |= SWAP_FLAG_DISCARD;
	err = (int)sys_swapon(dev_path(dev), flags);
	if (!err)
		shim_name_device(dev);
	return err;
}

/* swapoff() wants to know of an mm, but only checks that there is one. */
int tree_swapoff(int dev)
{
	static struct mm_struct no_mm;
	int err;

	if (!dev_valid(dev))
		return -EINVAL;
	current->mm = &no_mm;
	err = (int)sys_swapoff(dev_path(dev));
	current->mm = NULL;
	return err;
}
