/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The process that is an mm. It obeys commands from a box in shared memory, one
 * at a time for each of its threads, and does nothing else: no allocation, no
 * stdio, raw system calls only, so that its anonymous memory is the program's
 * and a constant. All agents are children of the controller (CLONE_PARENT) and
 * die with it.
 */
#ifndef FUZZ_KERNEL_AGENT_H
#define FUZZ_KERNEL_AGENT_H

#include "core/base/world_ops.h"

/* Slot 0 is the one that never has pages: new mms are forked off it. */
#define AGENT_SLOTS (WORLD_MM_MAX + 1)
/* Thread 0 is the process's first; 1 + context for concurrent programs. */
#define AGENT_THREADS (PROG_TASKS_MAX + 2)

/* Where a region lies: one page table page each, as in the model. */
#define AGENT_BASE 0x200000000ul
#define AGENT_REGION_STRIDE 0x200000ul
#define AGENT_PAGE 4096ul
#define AGENT_WORD_STRIDE 512ul

static inline unsigned long agent_address(int page)
{
	return AGENT_BASE + (unsigned long)(page / WORLD_REGION_PAGES) * AGENT_REGION_STRIDE +
	       (unsigned long)(page % WORLD_REGION_PAGES) * AGENT_PAGE;
}

enum agent_command {
	AGENT_READ,     /* arg0: page; words out */
	AGENT_WRITE,    /* arg0: page, arg1: value */
	AGENT_MMAP,     /* arg0: page, arg1: pages, arg2: PROT_... */
	AGENT_MUNMAP,   /* arg0: page, arg1: pages */
	AGENT_MADVISE,  /* arg0: page, arg1: pages, arg2: MADV_... */
	AGENT_FORK,     /* arg0: slot of the child; gives its pid */
	AGENT_THREAD,   /* arg0: number of the thread, arg1: CPU it is pinned to */
	AGENT_EXIT,
};

enum { BOX_IDLE, BOX_REQUEST, BOX_DONE };

struct agent_box {
	u32 turn;       /* BOX_...: a futex */
	u32 command;
	s64 ret;        /* of the system call, or -errno */
	u64 arg[3];
	u64 words[WORLD_WORDS];
} __attribute__((aligned(128)));

struct agent_shared {
	s32 controller;
	struct agent_box box[AGENT_SLOTS][AGENT_THREADS];
};

/* The life of an agent: serves box[slot][0] until told to exit. */
void agent_main(struct agent_shared *shared, int slot) __attribute__((noreturn));

#endif
