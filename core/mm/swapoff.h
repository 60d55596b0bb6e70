/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: the upper half of mm/swapfile.c: swapoff(2) and try_to_unuse().
 */
#ifndef CORE_MM_SWAPOFF_H
#define CORE_MM_SWAPOFF_H

#include "core/page/mm_types.h"

/* Swaps everything of device dev of the machine line back in and takes it away.
 * May sleep; takes folio locks, mmap_locks, page table locks. 0; -EINVAL: not on;
 * -EBUSY: pinned by hibernation; -EINTR, -ENOMEM: gave up, the device is on
 * again. Follows the swapoff syscall. */
int sys_swapoff(unsigned int dev);

/* Brings in all that is swapped out to this type; SWP_WRITEOK is clear. 0, -EINTR, -ENOMEM.
 * Follows try_to_unuse(). */
int try_to_unuse(unsigned int type);

#endif
