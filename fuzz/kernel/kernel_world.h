/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running kernel as a world: each op is the system call that it models, each
 * mm a process. What programs and oracles ask of it goes through the same table
 * as what they ask of the model.
 */
#ifndef FUZZ_KERNEL_KERNEL_WORLD_H
#define FUZZ_KERNEL_KERNEL_WORLD_H

#include "core/base/world_ops.h"
#include "fuzz/kernel/device.h"
#include "fuzz/prog/prog.h"

extern const struct world_ops kernel_world_ops;

/* Takes the lock, undoes what a killed run left, makes devices and the first
 * process. 0, or -errno and a line in why (no rights, no zram, swap is on, ...). */
int kernel_world_open(enum device_kind kind, char why[UNDO_WHY_MAX]);
/* Ends all processes and undoes every change. 0 or -EBUSY. */
int kernel_world_close(void);

/* Something outside of the program disturbed it (ksmd ran on by itself, a signal,
 * a process that died): what was seen says nothing. Cleared by setup(). */
bool kernel_world_disturbed(void);
/* By what, in a few words; "": by nothing. */
const char *kernel_world_disturbed_by(void);
/* A signal asks for the end: ops do nothing from then on. */
bool kernel_world_stopped(void);
void kernel_world_stop(void);

/* Concurrent programs: ops run on a thread for each context; whole-op edges of p
 * are kept by waiting, each for a tenth of a second at most. NULL: one thread. */
void kernel_world_concurrent(const struct prog *p);

#endif
