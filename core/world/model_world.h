/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model behind the world-ops table: each op is a kernel entry point on the
 * calling task. The table itself, model_world_ops, is put together in
 * core/check (check_world.c), which adds the checkers and what may be looked at
 * without locks.
 *
 * An op is inside of its mm from enter to leave; exit keeps new ops out, and
 * whoever leaves last drops the mm. Threads of a process do the same with
 * exit_mm(). To enter or leave orders nothing between tasks and is no event:
 * else it would hide races between one op and another.
 */
#ifndef CORE_MM_MODEL_WORLD_H
#define CORE_MM_MODEL_WORLD_H

#include "core/base/world_ops.h"
#include "core/page/mm_types.h"

extern const struct world_ops model_world_ops; /* core/check/check_world.c */

#define MODEL_MM_EXITING 0x10000u
#define MODEL_MM_MAKING 0x20000u

struct model_mm_slot {
	u32 users;             /* 1 for the process, 1 for each op inside; flags above */
	struct mm_struct *mm;  /* set before users, valid while users is not 0 */
};
/* Slot 1..WORLD_MM_MAX. */
extern struct model_mm_slot model_mm_slots[WORLD_MM_MAX + 1];
/* Configuration of the current world. */
extern struct world_config model_config;

int model_setup(const struct world_config *config);
void model_teardown(void);
int model_mmap(int mm, int page, int pages, u32 vma_flags);
int model_munmap(int mm, int page, int pages);
int model_write(int mm, int page, u64 value);
int model_read(int mm, int page, u64 words[WORLD_WORDS]);
int model_madv_dontneed(int mm, int page, int pages);
int model_madv_pageout(int mm, int page, int pages);
int model_madv_mergeable(int mm, int page, int pages, bool on);
int model_fork(int mm, int child);
int model_exit(int mm);
int model_reclaim(int pages);
int model_kswapd(void);
int model_lru_drain(void);
int model_lru_drain_all(void);
int model_ksm_scan(int pages);
int model_ksm_pass(void);
int model_ksm_unmerge(int mm, int page, int pages);
int model_swapon(int dev);
int model_swapoff(int dev);
int model_hib_open(int dev);
int model_hib_close(void);
int model_hib_alloc(int dev, int slots);
int model_hib_free(int dev);
int model_worker(void);

#endif
