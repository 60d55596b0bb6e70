/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Swap devices of our own on the running kernel: zram devices (synchronous) or
 * loop devices over a file in memory (asynchronous), one for each of a program's
 * dev0..dev2, with the program's slots, bad slots and priority in their headers.
 * A device that the next program wants unchanged stays on: swapoff waits for RCU.
 */
#ifndef FUZZ_KERNEL_DEVICE_H
#define FUZZ_KERNEL_DEVICE_H

#include "core/base/world_ops.h"
#include "fuzz/kernel/undo.h"

enum device_kind { DEVICE_ZRAM, DEVICE_FILE };

/* Makes WORLD_DEVS_MAX devices, all off. 0, or -errno and a line in why. */
int device_open(enum device_kind kind, char why[UNDO_WHY_MAX]);
/* Forgets them; undo_all() takes them away. */
void device_close(void);
/* What a device of this kind is to the model: WORLD_DEV_SYNC, _STABLE, ... */
u8 device_flags(enum device_kind kind);
/* As the machine's line says: those that are ON are on afterwards, empty, and
 * the others off. 0 or -errno. */
int device_setup(const struct world_dev dev[WORLD_DEVS_MAX]);
/* The ops: 0 or -errno as the system call gives it. */
int device_on(int dev);
int device_off(int dev);
/* The device of a swap type as pagemap names it, or -1. */
int device_of_type(unsigned type);
/* Pages over all devices that are on. */
void device_counters(long *total, long *used);
/* Waits until no read or write of any device is under way. */
void device_settle(void);
/* Name for messages: "/dev/zram3". */
const char *device_path(int dev);
/* The first swap device that is on and not ours, "" where there is none. */
void device_foreign(char *buf, size_t size);

#endif
