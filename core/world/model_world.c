// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs' ops on the model: validates arguments, finds the mm, calls the
 * kernel's entry point. See core/mm/mm_slot.h for how an op holds its mm.
 * Left out: what a system call does before and after (security, copying of
 * arguments, signals).
 */
#include "core/world/model_world.h"

#include "core/mm/ksm.h"
#include "core/mm/mm.h"
#include "core/mm/mm_slot.h"
#include "core/mm/pin.h"
#include "core/mm/swapoff.h"
#include "core/mm/vmscan.h"
#include "core/page/page.h"
#include "core/swap/swap.h"

/* ksmd goes on to the next pass when one is done, but not for ever. */
#define KSM_PASSES_MAX 4

struct world_config model_config __world = { 0 };
WORLD_NAME(model_config);

/* ---- mms -------------------------------------------------------------------------- */

/* As mm_enter(); NULL also where the pages are none of an address space's. */
static struct mm_struct *mm_enter_range(int mm, int page, int pages)
{
	if (page < 0 || pages < 1 || page >= WORLD_PAGES || pages > WORLD_PAGES - page)
		return NULL;
	return mm_enter(mm);
}

static unsigned long page_addr(int page)
{
	return (unsigned long)page << PAGE_SHIFT;
}

/* ---- set-up and tear-down ------------------------------------------------------------ */

int model_setup(const struct world_config *config)
{
	int i, err;

	model_config = *config;
	page_setup(config);
	swap_world_setup(config);
	vmscan_setup(config);
	for (i = 0; i < WORLD_DEVS_MAX; i++) {
		if (!(config->dev[i].flags & WORLD_DEV_PRESENT) ||
		    !(config->dev[i].flags & WORLD_DEV_ON))
			continue;
		err = sys_swapon((unsigned int)i);
		/* -EINVAL: a header that swapon refuses; the device stays off */
		if (err && err != -EINVAL)
			return err;
	}
	for (i = 1; i <= WORLD_MM_MAX; i++) {
		if (!(config->mms & 1u << (i - 1)))
			continue;
		err = mm_slot_make(i);
		if (err)
			return err;
	}
	return 0;
}

/* Frees slots that only the swap cache still holds. Nothing obliged the tasks to drop
 * these folios earlier, so this is not a leak. */
static void drop_idle_cache(void)
{
	unsigned int type, offset;

	for (type = 0; type < nr_swapfiles; type++) {
		struct swap_info_struct *si = swap_info[type];

		if (!si || !(si->flags & SWP_WRITEOK))
			continue;
		for (offset = 1; offset < si->max; offset++)
			__try_to_reclaim_swap(si, offset, TTRS_ANYWAY);
	}
}

void model_teardown(void)
{
	int i;

	snapshot_release(); /* -ENODEV where nobody has it open */
	for (i = 1; i <= WORLD_MM_MAX; i++)
		model_exit(i);
	/* ksmd frees what exiting mms have left to it. */
	for (i = 0; i <= WORLD_MM_MAX; i++)
		ksm_do_scan(1);
	run_pending_work();
	lru_add_drain_all();
	page_teardown();
	drop_idle_cache();
	page_teardown();
	ksm_prune_stale();
	run_pending_work();
	rcu_barrier();
}

/* ---- ops on an mm ---------------------------------------------------------------------- */

int model_mmap(int mm, int page, int pages, u32 vma_flags)
{
	unsigned long vm_flags = VM_READ;
	struct mm_struct *m = mm_enter_range(mm, page, pages);
	int ret;

	if (!m)
		return -EINVAL;
	if (!(vma_flags & WORLD_VMA_READONLY))
		vm_flags |= VM_WRITE;
	ret = vm_mmap(m, page_addr(page), page_addr(pages), vm_flags);
	if (!ret && vma_flags & WORLD_VMA_MERGEABLE)
		ret = do_madvise(m, page_addr(page), page_addr(pages), MADV_MERGEABLE);
	mm_leave(mm);
	return ret;
}

int model_munmap(int mm, int page, int pages)
{
	struct mm_struct *m = mm_enter_range(mm, page, pages);
	int ret;

	if (!m)
		return -EINVAL;
	ret = vm_munmap(m, page_addr(page), page_addr(pages));
	mm_leave(mm);
	return ret;
}

int model_write(int mm, int page, u64 value)
{
	struct mm_struct *m = mm_enter_range(mm, page, 1);
	unsigned int word;
	int ret = 0;

	if (!m)
		return -EINVAL;
	for (word = 0; word < WORLD_WORDS && !ret; word++)
		ret = user_write_word(m, page_addr(page), word, value);
	mm_leave(mm);
	return ret;
}

int model_read(int mm, int page, u64 words[WORLD_WORDS])
{
	struct mm_struct *m = mm_enter_range(mm, page, 1);
	unsigned int word;
	int ret = 0;

	if (!m)
		return -EINVAL;
	for (word = 0; word < WORLD_WORDS && !ret; word++)
		ret = user_read_word(m, page_addr(page), word, &words[word]);
	mm_leave(mm);
	return ret;
}

static int model_madvise(int mm, int page, int pages, int behavior)
{
	struct mm_struct *m = mm_enter_range(mm, page, pages);
	int ret;

	if (!m)
		return -EINVAL;
	ret = do_madvise(m, page_addr(page), page_addr(pages), behavior);
	mm_leave(mm);
	return ret;
}

/* The ops whose row is madvise(). */
#define OP_MADVISE_TREE(...)
#define OP_MADVISE(name, advice, ...)                                 \
	int model_##name(int mm, int page, int pages)                 \
	{                                                             \
		return model_madvise(mm, page, pages, MADV_##advice); \
	}
#include "core/base/ops.def"

int model_madv_mergeable(int mm, int page, int pages)
{
	return model_madvise(mm, page, pages, MADV_MERGEABLE);
}

int model_madv_unmergeable(int mm, int page, int pages)
{
	return model_madvise(mm, page, pages, MADV_UNMERGEABLE);
}

int model_ksm_unmerge(int mm, int page, int pages)
{
	struct mm_struct *m = mm_enter_range(mm, page, pages);
	int ret;

	if (!m)
		return -EINVAL;
	ret = ksm_unmerge_range(m, page_addr(page), page_addr(page + pages));
	mm_leave(mm);
	return ret;
}

int model_fork(int mm, int child)
{
	return mm_slot_fork(mm, child);
}

int model_exit(int mm)
{
	return mm_slot_exit(mm);
}

/* ---- pins ------------------------------------------------------------------------------ */

int model_pin(int mm, int page, int pin, u32 flags)
{
	struct mm_struct *m = mm_enter_range(mm, page, 1);
	int ret;

	if (!m)
		return -EINVAL;
	ret = pin_take(m, mm, page, pin, flags);
	mm_leave(mm);
	return ret;
}

int model_pin_write(int pin, u64 value)
{
	return pin_device_write(pin, value);
}

int model_pin_read(int pin)
{
	return pin_device_read(pin);
}

int model_unpin(int pin)
{
	return pin_put(pin);
}

/* ---- ops on the machine -------------------------------------------------------------------- */

int model_reclaim(int pages)
{
	if (pages < 1)
		return -EINVAL;
	try_to_free_pages((unsigned int)pages, GFP_KERNEL);
	return 0;
}

int model_kswapd(void)
{
	balance_pgdat();
	return 0;
}

int model_lru_drain(void)
{
	lru_add_drain();
	return 0;
}

int model_lru_drain_all(void)
{
	lru_add_drain_all();
	return 0;
}

int model_ksm_scan(int pages)
{
	unsigned int left, passes, scanned;

	if (pages < 1)
		return -EINVAL;
	left = (unsigned int)pages;
	for (passes = 0; left && passes < KSM_PASSES_MAX; passes++) {
		scanned = ksm_do_scan(left);
		if (!scanned)
			break;
		left -= scanned;
	}
	return 0;
}

/* A scan ends with its pass, however many pages it may look at. */
int model_ksm_pass(void)
{
	ksm_do_scan(~0U);
	return 0;
}

static bool dev_valid(int dev)
{
	return dev >= 0 && dev < WORLD_DEVS_MAX &&
	       model_config.dev[dev].flags & WORLD_DEV_PRESENT;
}

int model_swapon(int dev)
{
	return dev_valid(dev) ? sys_swapon((unsigned int)dev) : -EINVAL;
}

int model_swapoff(int dev)
{
	return dev_valid(dev) ? sys_swapoff((unsigned int)dev) : -EINVAL;
}

int model_hib_open(int dev)
{
	int ret = dev_valid(dev) ? snapshot_open((unsigned int)dev) : -EINVAL;

	if (!ret)
		model_snapshot_note(true);
	return ret;
}

int model_hib_close(void)
{
	model_snapshot_note(false);
	return snapshot_release();
}

/* The device is the one that was opened; an op for another has nothing to do. */
int model_hib_alloc(int dev, int slots)
{
	u64 block;
	int ret = 0;

	if (!dev_valid(dev) || slots < 1)
		return -EINVAL;
	while (slots-- > 0 && !ret)
		ret = snapshot_alloc_swap_page(&block);
	return ret;
}

int model_hib_free(int dev)
{
	return dev_valid(dev) ? snapshot_free_swap_pages() : -EINVAL;
}

int model_worker(void)
{
	run_pending_work();
	return 0;
}
