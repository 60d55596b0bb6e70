/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running kernel's ksmd, driven pass by pass through its sysfs: its sleep is
 * made long, and each change of sleep_millisecs wakes it for one more pass.
 */
#ifndef FUZZ_KERNEL_KSMD_H
#define FUZZ_KERNEL_KSMD_H

#include "fuzz/kernel/undo.h"

/* 0, or -errno and a line in why: no KSM, or somebody else uses it. */
int ksmd_open(char why[UNDO_WHY_MAX]);
/* One whole pass; an mm must be on ksmd's list, or it makes none. -EAGAIN: it made
 * more than one, -ETIMEDOUT: none. */
int ksmd_pass(void);
/* Takes everything apart that was merged, and empties its trees. */
int ksmd_forget(void);
void ksmd_counters(long *shared, long *sharing);

#endif
