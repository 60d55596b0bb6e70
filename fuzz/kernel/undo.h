/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the comparison changes on the machine, written down before it is changed,
 * so that it can be undone: at the end, by the parent when a worker dies, or by
 * the next run after a kill. One comparison at a time on a machine: a lock file.
 */
#ifndef FUZZ_KERNEL_UNDO_H
#define FUZZ_KERNEL_UNDO_H

#include "core/base/types.h"

#define UNDO_WHY_MAX 200
/* In the header of each swap area of ours: nothing else is ever swapped off. */
#define UNDO_LABEL "swaprace"
/* Size of our zram devices: one of another size is not taken away. */
#define UNDO_ZRAM_BYTES 262144

/* Takes the lock and undoes what a killed run has left. 0, or -errno and a line in
 * why. */
int undo_open(char why[UNDO_WHY_MAX]);
/* Undoes everything, the last first. 0, or -EBUSY where something stayed (it is
 * kept for the next try, and said on stderr). */
int undo_all(void);
/* Gives the lock back; undo_all() comes first. */
void undo_close(void);
/* In a child that shall not keep the lock when its parent is gone. */
void undo_forked(void);

/* Each writes its line to the state file before the change is made. */
void undo_note_zram(int id);
void undo_note_loop(int id);
/* A loop device that there was not: taken away again, if nobody has set it up. */
void undo_note_new_loop(int id);
void undo_note_file(const char *path);
void undo_note_swap(const char *path);
/* KSM merges pages, for us alone: taken apart again. */
void undo_note_ksm(void);
/* Changes a file of /proc or /sys, remembering the value that it had before the
 * first change. 0 or -errno. */
int undo_write(const char *path, const char *value);
/* The same without remembering. */
int sysfile_write(const char *path, const char *value);
/* First line of a small file without its newline; -errno. */
int sysfile_read(const char *path, char *buf, size_t size);
/* Its first number, or otherwise. */
long sysfile_number(const char *path, long otherwise);

/* For tests: another state file than /run/swaprace-kernel. NULL: the default. */
void undo_set_path(const char *path);

#endif
