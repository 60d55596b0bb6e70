/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The controller's side of the agents: processes made, told, looked at through
 * /proc, and waited for. Slot 0 is the empty one that new mms are forked off.
 */
#ifndef FUZZ_KERNEL_PROCESS_H
#define FUZZ_KERNEL_PROCESS_H

#include <sys/types.h>

#include "fuzz/kernel/agent.h"

struct process_page { u64 pagemap, flags; }; /* flags: /proc/kpageflags, 0: not present */

struct process {
	pid_t pid;            /* 0: there is none */
	bool exiting;         /* an op exit is under way */
	int pagemap, status;  /* fds */
	bool on_ksm_list;     /* ksmd will come by: see process_ksm_begin() */
	u32 threads;          /* mask of threads that run */
	long anon_base;       /* anonymous pages that are not the program's */
	u8 vma[WORLD_PAGES];  /* WORLD_PAGE_MAPPED, _WRITABLE, by the ops so far */
	bool mergeable[WORLD_PAGES];
};

/* Set by a signal: commands give -EINTR from then on. */
extern volatile bool process_stop;

/* Starts the agent of slot 0; all on this CPU. 0 or -errno. */
int process_open(int cpu);
void process_close(void);
/* Ends all mms but slot 0. */
void process_end_all(void);
/* NULL: no such mm. */
struct process *process_get(int slot);
/* A new mm, empty: forked off slot 0. 0 or -errno. */
int process_new(int slot);
/* fork of an op: 0, -EINVAL no such mm, -EEXIST. thread: who does it. */
int process_fork(int slot, int child, int thread);
int process_exit(int slot, int thread);
/* One command; -EINVAL where there is no such mm, -EIO where the agent died. */
long process_call(int slot, int thread, enum agent_command command, u64 a, u64 b, u64 c,
		  u64 words[WORLD_WORDS]);
/* Starts the thread of a context in this mm, if it isn't there, on a CPU. */
int process_thread(int slot, int thread, int cpu);

/*
 * Who is on ksmd's list: an mm from its first MADV_MERGEABLE on, until a pass finds
 * no mergeable vma in it; one that has exited until the next pass, if ksmd had
 * looked at its pages. begin: is there anybody, so that a pass will be made?
 */
void process_ksm_enter(struct process *p);
bool process_ksm_begin(void);
void process_ksm_end(void);

/* A region's pages as pagemap and kpageflags have them. */
void process_pages(const struct process *p, int region,
		   struct process_page out[WORLD_REGION_PAGES]);
/* Pages out so many mapped pages of its memory, from outside. How many it did. */
int process_pageout(int slot, int pages);
/* Waits until these frames are neither locked nor under writeback; a tenth of a
 * second at most, for a frame may be somebody else's by now. */
void process_settle_frames(const s32 *frame, unsigned n);
/* RssAnon less what is not the program's, and VmSwap, in pages. */
void process_counters(const struct process *p, long *anon, long *swap);

#endif
