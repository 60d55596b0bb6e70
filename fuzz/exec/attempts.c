// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attempts in processes of their own: see attempts.h. A child that could not be started,
 * or that did not come to an end of its own, has its attempt made again in this process:
 * whatever happened there happens here, where it is seen.
 */
#include "fuzz/exec/attempts.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/bug.h"

/* TSan's runtime does not survive a fork between runs: the child waits for ever. */
#ifdef SWAPRACE_TSAN
#define CAN_FORK false
#else
#define CAN_FORK true
#endif

struct attempt_out { bool done, success; _Alignas(max_align_t) char bytes[]; };

static size_t shared_size(const struct attempts *a)
{
	return sizeof(struct attempt_out) + a->out_size;
}

bool attempts_room(const struct attempts *a)
{
	BUG_ON(a->jobs < 1 || a->jobs > ATTEMPTS_JOBS_MAX);
	return a->nrunning < a->jobs;
}

static void child(const struct attempts *a, const struct attempt *at, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	at->out->success = a->attempt(at->which, at->out->bytes, a->arg);
	at->out->done = true;
	_exit(0);
}

void attempts_begin(struct attempts *a, u32 which)
{
	struct attempt *at = &a->running[a->nrunning++];
	pid_t parent = getpid();

	BUG_ON_CMP(a->nrunning, >, a->jobs);
	*at = (struct attempt){ .which = which, .pid = -1 };
	if (a->jobs == 1 || !CAN_FORK)
		return;
	at->out = mmap(NULL, shared_size(a), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at->out == MAP_FAILED) {
		at->out = NULL;
		return;
	}
	at->pid = fork();
	if (at->pid == 0)
		child(a, at, parent);
}

static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

bool attempts_end_oldest(struct attempts *a, u32 *which, void *out)
{
	struct attempt at = a->running[0];
	bool success, done = false;

	BUG_ON_CMP(a->nrunning, ==, 0);
	a->nrunning--;
	memmove(&a->running[0], &a->running[1], a->nrunning * sizeof(at));
	if (at.pid > 0)
		reap(at.pid);
	if (at.out) {
		done = at.out->done;
		success = at.out->success;
		if (done)
			memcpy(out, at.out->bytes, a->out_size);
		munmap(at.out, shared_size(a));
	}
	*which = at.which;
	return done ? success : a->attempt(at.which, out, a->arg);
}

void attempts_drop(struct attempts *a)
{
	for (unsigned i = 0; i < a->nrunning; i++) {
		struct attempt *at = &a->running[i];

		if (at->pid > 0) {
			kill(at->pid, SIGKILL);
			reap(at->pid);
		}
		if (at->out)
			munmap(at->out, shared_size(a));
	}
	a->nrunning = 0;
}
