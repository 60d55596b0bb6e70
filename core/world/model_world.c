// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Programs' ops on the model: validates arguments, finds the mm, calls the
 * kernel's entry point. See model_world.h for how an op holds its mm.
 * Left out: what a system call does before and after (security, copying of
 * arguments, signals).
 */
#include "core/mm/model_world.h"

#include "core/mm/ksm.h"
#include "core/mm/mm.h"
#include "core/mm/swapoff.h"
#include "core/mm/vmscan.h"
#include "core/page/page.h"
#include "core/swap/swap.h"

/* ksmd goes on to the next pass when one is done, but not for ever. */
#define KSM_PASSES_MAX 4

struct model_mm_slot model_mm_slots[WORLD_MM_MAX + 1] __world = { { 0, NULL } };
WORLD_NAME(model_mm_slots);
struct world_config model_config __world = { 0 };
WORLD_NAME(model_config);

/* ---- mms -------------------------------------------------------------------------- */

/* The op is inside of the mm from here on; NULL: there is no such mm. */
static struct mm_struct *mm_enter(int mm)
{
	struct model_mm_slot *slot;
	u32 users;

	if (mm < 1 || mm > WORLD_MM_MAX)
		return NULL;
	slot = &model_mm_slots[mm];
	users = engine_load_relaxed(&slot->users);
	do {
		if (users == 0 || users & (MODEL_MM_EXITING | MODEL_MM_MAKING))
			return NULL;
	} while (!engine_cmpxchg(&slot->users, &users, users + 1, ENGINE_RELAXED, ENGINE_RELAXED));
	/* Acquires what made the mm, not what other ops did inside. */
	return engine_load_acquire(&slot->mm);
}

static void mm_leave(int mm)
{
	struct model_mm_slot *slot = &model_mm_slots[mm];
	u32 old = engine_fetch_add(&slot->users, -1u, ENGINE_RELEASE);
	struct mm_struct *dead;

	BUG_ON((old & 0xffff) == 0);
	if (old != (MODEL_MM_EXITING | 1))
		return;
	/* The last one out, after all others. */
	(void)engine_load_acquire(&slot->users);
	dead = engine_load_relaxed(&slot->mm);
	mmput(dead);
	engine_store_relaxed(&slot->mm, NULL);
	engine_store_release(&slot->users, 0);
}

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
	vmscan_setup();
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
		struct mm_struct *mm;

		if (!(config->mms & 1u << (i - 1)))
			continue;
		mm = mm_alloc((unsigned int)i);
		if (!mm)
			return -ENOMEM;
		model_mm_slots[i].mm = mm;
		model_mm_slots[i].users = 1;
	}
	return 0;
}

/* Slots that only the cache holds: nobody owed their folios a faster end. */
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

int model_madv_dontneed(int mm, int page, int pages)
{
	return model_madvise(mm, page, pages, MADV_DONTNEED);
}

int model_madv_pageout(int mm, int page, int pages)
{
	return model_madvise(mm, page, pages, MADV_PAGEOUT);
}

int model_madv_mergeable(int mm, int page, int pages, bool on)
{
	return model_madvise(mm, page, pages, on ? MADV_MERGEABLE : MADV_UNMERGEABLE);
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
	struct model_mm_slot *slot;
	struct mm_struct *m, *new;
	u32 none = 0;

	if (child < 1 || child > WORLD_MM_MAX)
		return -EINVAL;
	m = mm_enter(mm);
	if (!m)
		return -EINVAL;
	slot = &model_mm_slots[child];
	if (!engine_cmpxchg(&slot->users, &none, MODEL_MM_MAKING, ENGINE_ACQUIRE, ENGINE_RELAXED)) {
		mm_leave(mm);
		return -EEXIST;
	}
	new = dup_mm(m, (unsigned int)child);
	if (new) {
		engine_store_release(&slot->mm, new);
		engine_store_relaxed(&slot->users, 1);
	} else {
		engine_store_release(&slot->users, 0);
	}
	mm_leave(mm);
	return new ? 0 : -ENOMEM;
}

int model_exit(int mm)
{
	struct model_mm_slot *slot;
	u32 users;

	if (mm < 1 || mm > WORLD_MM_MAX)
		return -EINVAL;
	slot = &model_mm_slots[mm];
	users = engine_load_relaxed(&slot->users);
	do {
		if (users == 0 || users & (MODEL_MM_EXITING | MODEL_MM_MAKING))
			return -EINVAL;
	} while (!engine_cmpxchg(&slot->users, &users, users | MODEL_MM_EXITING, ENGINE_RELAXED,
				 ENGINE_RELAXED));
	(void)engine_load_acquire(&slot->mm);
	mm_leave(mm); /* the process's own */
	return 0;
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
	return dev_valid(dev) ? snapshot_open((unsigned int)dev) : -EINVAL;
}

int model_hib_close(void)
{
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
