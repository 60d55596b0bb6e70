// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Agents from outside. A call hands a box over by a futex and waits for it to
 * come back; an agent that is gone, or a signal to us, ends the wait.
 * Locking: a box belongs to the one thread of ours that uses it; the table of
 * processes changes on one thread, except for fork and exit in concurrent
 * programs, which touch slots of their own under a lock.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "fuzz/kernel/process.h"

#include <assert.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/kernel/undo.h"

#define ANSWER_SECONDS 20
#define PAGEMAP_PRESENT (1ull << 63)
#define KPF_LOCKED (1ull << 0)
#define KPF_WRITEBACK (1ull << 8)
#define SETTLE_TRIES 1500
#define PAGEMAP_FRAME ((1ull << 55) - 1)

volatile bool process_stop;

static struct process processes[AGENT_SLOTS];
static struct agent_shared *shared;
static int kpageflags = -1;
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- one command ---- */

static bool is_gone(pid_t pid)
{
	siginfo_t info = { .si_pid = 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid;
}

/* 0; -EINVAL: the mm has exited meanwhile; -EIO. pid: who was asked. */
static int wait_answer(struct agent_box *box, const struct process *p, pid_t pid)
{
	const struct timespec slice = { .tv_nsec = 50000000 };

	for (int i = 0; i < ANSWER_SECONDS * 20; i++) {
		u32 turn = __atomic_load_n(&box->turn, __ATOMIC_ACQUIRE);

		if (__atomic_load_n(&p->pid, __ATOMIC_ACQUIRE) != pid)
			return -EINVAL;
		if (turn == BOX_DONE)
			return 0;
		if (syscall(SYS_futex, &box->turn, FUTEX_WAIT, turn, &slice, NULL, 0) == 0 ||
		    errno == EAGAIN)
			continue;
		if (errno == ETIMEDOUT && is_gone(pid))
			return __atomic_load_n(&p->exiting, __ATOMIC_ACQUIRE) ? -EINVAL : -EIO;
	}
	fprintf(stderr, "swaprace: process %d does not answer\n", pid);
	return -EIO;
}

long process_call(int slot, int thread, enum agent_command command, u64 a, u64 b, u64 c,
		  u64 words[WORLD_WORDS])
{
	struct process *p = process_get(slot);
	struct agent_box *box;
	pid_t pid;
	int err;

	assert(thread >= 0 && thread < AGENT_THREADS);
	if (!p)
		return -EINVAL;
	if (process_stop)
		return -EINTR;
	pid = __atomic_load_n(&p->pid, __ATOMIC_ACQUIRE);
	box = &shared->box[slot][thread];
	box->command = command;
	box->arg[0] = a;
	box->arg[1] = b;
	box->arg[2] = c;
	__atomic_store_n(&box->turn, BOX_REQUEST, __ATOMIC_RELEASE);
	syscall(SYS_futex, &box->turn, FUTEX_WAKE, 1, NULL, NULL, 0);
	if (command == AGENT_EXIT)
		return 0;
	err = wait_answer(box, p, pid);
	if (err)
		return err;
	__atomic_store_n(&box->turn, BOX_IDLE, __ATOMIC_RELAXED);
	if (words)
		memcpy(words, box->words, sizeof(box->words));
	return box->ret;
}

/* ---- ksmd's list ---- */

static bool ksm_left_over; /* an exited mm waits on it for the next pass */

/* A line of /proc/PID/ksm_stat: its value is not 0 and not "no". */
static bool ksm_stat(const struct process *p, const char *key, bool otherwise)
{
	char path[64], buf[512];
	const char *at;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/ksm_stat", p->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? read(fd, buf, sizeof(buf) - 1) : -1;
	if (fd >= 0)
		close(fd);
	buf[n > 0 ? n : 0] = 0;
	at = strstr(buf, key);
	if (!at)
		return otherwise;
	at += strlen(key);
	at += strspn(at, ": ");
	return *at != '0' && *at != 'n';
}

void process_ksm_enter(struct process *p)
{
	/* -ENOMEM: a part of the range was not mapped, or all of it. */
	p->on_ksm_list |= ksm_stat(p, "ksm_mergeable", true);
}

bool process_ksm_begin(void)
{
	bool any = ksm_left_over;

	for (int slot = 1; slot < AGENT_SLOTS; slot++)
		any |= process_get(slot) && processes[slot].on_ksm_list;
	return any;
}

void process_ksm_end(void)
{
	ksm_left_over = false;
	for (int slot = 1; slot < AGENT_SLOTS; slot++) {
		if (process_get(slot) && processes[slot].on_ksm_list)
			processes[slot].on_ksm_list = ksm_stat(&processes[slot], "ksm_mergeable",
							       true);
	}
}

/* ---- processes ---- */

struct process *process_get(int slot)
{
	if (slot < 0 || slot >= AGENT_SLOTS ||
	    !__atomic_load_n(&processes[slot].pid, __ATOMIC_ACQUIRE))
		return NULL;
	return &processes[slot];
}

static int open_of(pid_t pid, const char *what)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, what);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* pid has been made: its files, its empty state. */
static int process_begin(int slot, pid_t pid)
{
	struct process *p = &processes[slot];

	memset(p, 0, sizeof(*p));
	p->pagemap = open_of(pid, "pagemap");
	p->status = open_of(pid, "status");
	__atomic_store_n(&p->pid, pid, __ATOMIC_RELEASE);
	return p->pagemap < 0 || p->status < 0 ? -EIO : 0;
}

static void process_finish(int slot)
{
	struct process *p = &processes[slot];

	waitpid(p->pid, NULL, 0);
	if (p->pagemap >= 0)
		close(p->pagemap);
	if (p->status >= 0)
		close(p->status);
	for (int t = 0; t < AGENT_THREADS; t++)
		shared->box[slot][t].turn = BOX_IDLE;
	__atomic_store_n(&p->pid, 0, __ATOMIC_RELEASE);
}

static int fork_slot(int slot, int child, int thread)
{
	long pid = process_call(slot, thread, AGENT_FORK, (u64)child, 0, 0, NULL);

	return pid <= 0 ? (int)pid : process_begin(child, (pid_t)pid);
}

int process_new(int slot)
{
	long swap;
	int err = fork_slot(0, slot, 0);

	if (err)
		return err;
	process_counters(&processes[slot], &processes[slot].anon_base, &swap);
	return 0;
}

int process_fork(int slot, int child, int thread)
{
	int err;

	pthread_mutex_lock(&table_lock);
	if (!process_get(slot)) {
		err = -EINVAL;
	} else if (process_get(child)) {
		err = -EEXIST;
	} else {
		err = fork_slot(slot, child, thread);
		if (!err) {
			processes[child].anon_base = processes[slot].anon_base;
			processes[child].on_ksm_list = processes[slot].on_ksm_list;
			memcpy(processes[child].vma, processes[slot].vma,
			       sizeof(processes[child].vma));
			memcpy(processes[child].mergeable, processes[slot].mergeable,
			       sizeof(processes[child].mergeable));
		}
	}
	pthread_mutex_unlock(&table_lock);
	return err;
}

int process_exit(int slot, int thread)
{
	int err = -EINVAL;

	pthread_mutex_lock(&table_lock);
	if (process_get(slot)) {
		ksm_left_over |= processes[slot].on_ksm_list &&
				 ksm_stat(&processes[slot], "ksm_rmap_items", 0);
		__atomic_store_n(&processes[slot].exiting, true, __ATOMIC_RELEASE);
		if (process_call(slot, thread, AGENT_EXIT, 0, 0, 0, NULL) != 0)
			kill(processes[slot].pid, SIGKILL);
		process_finish(slot);
		err = 0;
	}
	pthread_mutex_unlock(&table_lock);
	return err;
}

int process_thread(int slot, int thread, int cpu)
{
	struct process *p;
	long ret = 0;

	pthread_mutex_lock(&table_lock);
	p = process_get(slot);
	if (p && !(p->threads & 1u << thread)) {
		ret = process_call(slot, 0, AGENT_THREAD, (u64)thread, (u64)cpu, 0, NULL);
		if (!ret)
			p->threads |= 1u << thread;
	}
	pthread_mutex_unlock(&table_lock);
	return (int)ret;
}

void process_end_all(void)
{
	ksm_left_over = false;
	for (int slot = 1; slot < AGENT_SLOTS; slot++) {
		if (process_get(slot))
			kill(processes[slot].pid, SIGKILL);
	}
	for (int slot = 1; slot < AGENT_SLOTS; slot++) {
		if (process_get(slot))
			process_finish(slot);
	}
}

static u64 pagemap_of(const struct process *p, int page)
{
	u64 raw = 0;

	return pread(p->pagemap, &raw, sizeof(raw),
		     (off_t)(agent_address(page) / AGENT_PAGE * sizeof(raw))) > 0 ? raw : 0;
}

int process_pageout(int slot, int pages)
{
	const struct process *p = process_get(slot);
	int fd = p ? (int)syscall(SYS_pidfd_open, p->pid, 0) : -1, done = 0;

	for (int i = 0; fd >= 0 && i < WORLD_PAGES && done < pages; i++) {
		struct iovec page = { (void *)agent_address(i), AGENT_PAGE };
		u64 before = pagemap_of(p, i);

		if (before & PAGEMAP_PRESENT &&
		    syscall(SYS_process_madvise, fd, &page, 1, MADV_PAGEOUT, 0) > 0)
			done += !(pagemap_of(p, i) & PAGEMAP_PRESENT);
	}
	if (fd >= 0)
		close(fd);
	return done;
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set); /* without it: slower, less exact */
}

int process_open(int cpu)
{
	pid_t pid;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED)
		return -ENOMEM;
	mlock(shared, sizeof(*shared));
	kpageflags = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	if (kpageflags < 0)
		return -errno;
	shared->controller = getpid();
	pin(cpu);
	fflush(NULL);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		undo_forked();
		agent_main(shared, 0);
	}
	return process_begin(0, pid);
}

void process_close(void)
{
	process_end_all();
	if (process_get(0)) {
		kill(processes[0].pid, SIGKILL);
		process_finish(0);
	}
	if (kpageflags >= 0)
		close(kpageflags);
	kpageflags = -1;
	if (shared)
		munmap(shared, sizeof(*shared));
	shared = NULL;
}

/* ---- looking ---- */

void process_pages(const struct process *p, int region,
		   struct process_page out[WORLD_REGION_PAGES])
{
	u64 raw[WORLD_REGION_PAGES] = { 0 };
	off_t at = (off_t)(agent_address(region * WORLD_REGION_PAGES) / AGENT_PAGE * sizeof(u64));

	if (pread(p->pagemap, raw, sizeof(raw), at) != sizeof(raw))
		memset(raw, 0, sizeof(raw));
	for (int i = 0; i < WORLD_REGION_PAGES; i++) {
		out[i] = (struct process_page){ .pagemap = raw[i] };
		if (raw[i] & PAGEMAP_PRESENT)
			(void)!pread(kpageflags, &out[i].flags, sizeof(u64),
				     (off_t)((raw[i] & PAGEMAP_FRAME) * sizeof(u64)));
	}
}

void process_settle_frames(const s32 *frame, unsigned n)
{
	int tries = SETTLE_TRIES;

	for (unsigned i = 0; i < n; i++) {
		u64 flags = 0;

		while (tries-- > 0 &&
		       pread(kpageflags, &flags, sizeof(flags), (off_t)frame[i] * 8) == 8 &&
		       flags & (KPF_LOCKED | KPF_WRITEBACK))
			nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
	}
}

static long status_pages(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtol(at + strlen(key), NULL, 10) / 4 : 0;
}

void process_counters(const struct process *p, long *anon, long *swap)
{
	char buf[4096];
	ssize_t n = pread(p->status, buf, sizeof(buf) - 1, 0);

	buf[n > 0 ? n : 0] = 0;
	*anon = status_pages(buf, "RssAnon:") - p->anon_base;
	*swap = status_pages(buf, "VmSwap:");
}
