// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent's side of a box. Threads are raw clones that share everything with
 * the first one, thread-local storage included, so that a forked child has no
 * state of a thread library to repair; nothing here may use errno or malloc.
 * A fault on an access is caught and becomes -EFAULT or -EHWPOISON.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <linux/futex.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fuzz/kernel/agent.h"

#ifndef PR_SET_THP_DISABLE
#define PR_SET_THP_DISABLE 41
#endif
#define STACK_BYTES (64u << 10)

/* A stack for each thread; one process's first thread may run on any of them. */
static char stacks[AGENT_THREADS + 1][STACK_BYTES] __attribute__((aligned(64)));
#define STACK_SPARE AGENT_THREADS
#define STACK_PROCESS (AGENT_THREADS + 1)

struct agent_thread {
	sigjmp_buf fault;
	volatile bool accessing;
};
static struct agent_thread threads[AGENT_THREADS + 2]; /* by stack */

static struct agent_shared *shared;
static int my_slot;

/* ---- system calls without errno ---- */

static long call6(long nr, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall" : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
#else
	long ret = syscall(nr, a, b, c, d, e, f);

	return ret == -1 ? -errno : ret;
#endif
}

static void futex_wait(u32 *word, u32 value)
{
	call6(SYS_futex, (long)word, FUTEX_WAIT, value, 0, 0, 0);
}

static void futex_wake(u32 *word)
{
	call6(SYS_futex, (long)word, FUTEX_WAKE, 1, 0, 0, 0);
}

/* ---- faults ---- */

/* Which stack this runs on: the thread's identity. */
static int stack_index(void)
{
	const char *here = __builtin_frame_address(0);

	if (here >= stacks[0] && here < stacks[AGENT_THREADS] + STACK_BYTES)
		return (int)((here - stacks[0]) / STACK_BYTES);
	return STACK_PROCESS;
}

static void fault_handler(int signo)
{
	struct agent_thread *t = &threads[stack_index()];

	if (!t->accessing)
		call6(SYS_exit_group, 3, 0, 0, 0, 0, 0);
	t->accessing = false;
	siglongjmp(t->fault, signo);
}

static long access_page(struct agent_box *box, bool write)
{
	struct agent_thread *t = &threads[stack_index()];
	volatile char *page = (volatile char *)agent_address((int)box->arg[0]);
	int signo = sigsetjmp(t->fault, 0);

	if (signo)
		return signo == SIGBUS ? -EHWPOISON : -EFAULT;
	t->accessing = true;
	for (unsigned i = 0; i < WORLD_WORDS; i++) {
		volatile u64 *word = (volatile u64 *)(page + i * AGENT_WORD_STRIDE);

		if (write)
			*word = box->arg[1];
		else
			box->words[i] = *word;
	}
	t->accessing = false;
	return 0;
}

/* ---- commands ---- */

static void die_with_controller(void)
{
	call6(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	if (call6(SYS_getppid, 0, 0, 0, 0, 0, 0) != shared->controller)
		call6(SYS_exit_group, 3, 0, 0, 0, 0, 0);
}

static void serve(int thread) __attribute__((noreturn));

static long command_fork(int slot)
{
	long pid = call6(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0, 0);

	if (pid != 0)
		return pid;
	my_slot = slot;
	die_with_controller();
	serve(0);
}

static int thread_main(void *arg)
{
	serve((int)(long)arg);
}

static long command_thread(int thread, int cpu)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM;
	int stack = thread == stack_index() ? STACK_SPARE : thread;
	int tid = clone(thread_main, stacks[stack] + STACK_BYTES, flags, (void *)(long)thread);
	cpu_set_t set;

	if (tid < 0)
		return -EAGAIN;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	call6(SYS_sched_setaffinity, tid, sizeof(set), (long)&set, 0, 0, 0);
	return 0;
}

static long obey(struct agent_box *box)
{
	long address = (long)agent_address((int)box->arg[0]);
	long length = (long)(box->arg[1] * AGENT_PAGE);

	switch ((enum agent_command)box->command) {
	case AGENT_READ:
		return access_page(box, false);
	case AGENT_WRITE:
		return access_page(box, true);
	case AGENT_MMAP:
		return call6(SYS_mmap, address, length, (long)box->arg[2],
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) < 0 ?
		       -EEXIST : 0;
	case AGENT_MUNMAP:
		return call6(SYS_munmap, address, length, 0, 0, 0, 0);
	case AGENT_MADVISE:
		return call6(SYS_madvise, address, length, (long)box->arg[2], 0, 0, 0);
	case AGENT_FORK:
		return command_fork((int)box->arg[0]);
	case AGENT_THREAD:
		return command_thread((int)box->arg[0], (int)box->arg[1]);
	case AGENT_EXIT:
		call6(SYS_exit_group, 0, 0, 0, 0, 0, 0);
	}
	return -EINVAL;
}

static void serve(int thread)
{
	for (;;) {
		struct agent_box *box = &shared->box[my_slot][thread];
		u32 turn = __atomic_load_n(&box->turn, __ATOMIC_ACQUIRE);

		if (turn != BOX_REQUEST) {
			futex_wait(&box->turn, turn);
			continue;
		}
		box->ret = obey(box);
		__atomic_store_n(&box->turn, BOX_DONE, __ATOMIC_RELEASE);
		futex_wake(&box->turn);
	}
}

void agent_main(struct agent_shared *boxes, int slot)
{
	struct sigaction action;
	long pages;

	shared = boxes;
	my_slot = slot;
	die_with_controller();
	signal(SIGINT, SIG_IGN); /* the controller ends us */
	signal(SIGTERM, SIG_IGN);
	memset(&action, 0, sizeof(action));
	action.sa_handler = fault_handler;
	action.sa_flags = SA_NODEFER;
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	/* Touches each page that serving writes, so that the number of anonymous
	 * pages stays what it is. */
	memset(threads, 0, sizeof(threads));
	pages = call6(SYS_mmap, (long)AGENT_BASE, AGENT_PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (pages != (long)AGENT_BASE)
		call6(SYS_exit_group, 3, 0, 0, 0, 0, 0);
	for (u32 command = AGENT_READ; command <= AGENT_MADVISE; command++) {
		static struct agent_box box;

		memset(&box, 0, sizeof(box));
		box.command = command;
		box.arg[0] = command == AGENT_READ ? WORLD_PAGES - 1 : 0; /* a fault as well */
		box.arg[1] = 1;
		box.arg[2] = command == AGENT_MADVISE ? MADV_DONTNEED : PROT_READ;
		obey(&box);
	}
	serve(0);
}
