/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The model behind the world-ops table: each op is a kernel entry point on the
 * calling task. model_table.c makes the table, with the checkers and with what may
 * be looked at without locks.
 */
#ifndef CORE_WORLD_MODEL_WORLD_H
#define CORE_WORLD_MODEL_WORLD_H

#include "core/base/world_ops.h"

extern const struct world_ops model_world_ops; /* model_table.c */

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
