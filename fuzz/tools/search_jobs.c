// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A search in several processes, for the engine is one for each process. They share a
 * ring of slots. A process draws the number of the next program, waits until the results
 * of the program SEARCH_DELAY before it are there, adds all up to it to its own pool (so
 * all have the same pool for the same program), makes the program, runs it, and leaves
 * the results in the slot. The parent takes the results in the order of the programs, so
 * that what it prints and where it ends is what one process would do.
 * Locking: a slot is written by the process that has drawn its number, then by nobody
 * until the parent and all processes have read it; ready, read and taken say so.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/base/bug.h"
#include "fuzz/tools/paths.h"
#include "fuzz/tools/rare.h"
#include "fuzz/tools/search.h"
#include "fuzz/tools/tool.h"

#define RING (2 * SEARCH_DELAY)
#define WAIT_WORKER_NS (100 * 1000)
#define WAIT_PARENT_NS (1000 * 1000)
#define END_SECONDS 20 /* a run ends by itself, at the latest by the watchdog of hang.c */

struct shared {
	u64 next;    /* the number that is drawn next */
	u64 taken;   /* by the parent: all below it */
	bool stop;
	u64 read[SEARCH_JOBS_MAX]; /* by each process, into its pool: all below it */
};

static struct shared *shared;
static char *slots;
static size_t slot_size;
/* For each process: what it has covered, how often it took each path. Written at its end. */
static struct run_coverage *coverages;
static u64 *paths;

static struct search_slot *slot_of(u64 n)
{
	return (struct search_slot *)(slots + n % RING * slot_size);
}

#define LOAD(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define STORE(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)

static void wait_a_bit(long ns)
{
	struct timespec t = { .tv_nsec = ns };

	nanosleep(&t, NULL);
}

/* May program n be written to its slot: have all read what lies there? */
static bool slot_is_free(u64 n, unsigned jobs)
{
	bool is_free = n < RING || LOAD(&shared->taken) > n - RING;

	for (unsigned i = 0; is_free && n >= RING && i < jobs; i++)
		is_free = LOAD(&shared->read[i]) > n - RING;
	return is_free;
}

/* Brings the pool to what it must be for program n. False: the search ends. */
static bool pool_for(u64 n, unsigned self)
{
	u64 i = shared->read[self];

	for (; i + SEARCH_DELAY <= n; i++) {
		struct search_slot *slot = slot_of(i);

		while (LOAD(&slot->ready) != i + 1) {
			if (LOAD(&shared->stop))
				return false;
			wait_a_bit(WAIT_WORKER_NS);
		}
		rare_add(search_parent(slot), slot->points, slot->taken);
		STORE(&shared->read[self], i + 1);
	}
	return true;
}

static void work(struct search *s, unsigned self)
{
	/* A program that the budget ends in gets more runs here than search_take() takes. */
	u32 limit = UINT32_MAX;

	for (;;) {
		u64 n = __atomic_fetch_add(&shared->next, 1, __ATOMIC_RELAXED);

		if (!pool_for(n, self))
			return;
		while (!slot_is_free(n, s->jobs)) {
			if (LOAD(&shared->stop))
				return;
			wait_a_bit(WAIT_WORKER_NS);
		}
		if (LOAD(&shared->stop))
			return;
		search_program(s, n, limit, slot_of(n));
		STORE(&slot_of(n)->ready, n + 1);
	}
}

static void child(struct search *s, pid_t parent, unsigned self)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* no search goes on behind one that was ended */
	if (getppid() != parent)
		_exit(EXIT_ENVIRONMENT);
	signal(SIGINT, SIG_IGN); /* both are the parent's, which ends all */
	signal(SIGTERM, SIG_IGN);
	if (s->coverage)
		s->coverage = &coverages[self];
	work(s, self);
	paths_save(&paths[self * paths_count()]);
	_exit(0);
}

static void *map(size_t size)
{
	void *p = mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* 0, or a status after a line on stderr. */
static int start(struct search *s, pid_t *pids)
{
	pid_t parent = getpid();

	slot_size = search_slot_size();
	shared = map(sizeof(*shared));
	slots = map(RING * slot_size);
	coverages = map(s->jobs * sizeof(*coverages));
	paths = map(s->jobs * paths_count() * sizeof(*paths));
	if (!shared || !slots || !coverages || !paths)
		return bad_environment("search", "no memory: %s", strerror(errno));
	fflush(NULL);
	for (unsigned i = 0; i < s->jobs; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			return bad_environment("search", "no process: %s", strerror(errno));
		if (pids[i] == 0)
			child(s, parent, i);
	}
	return 0;
}

/* Has a process ended that should not have? A status after a line on stderr. */
static int look_for_the_dead(pid_t *pids, unsigned jobs, u64 seed)
{
	int status;

	for (unsigned i = 0; i < jobs; i++) {
		if (pids[i] <= 0 || waitpid(pids[i], &status, WNOHANG) != pids[i])
			continue;
		pids[i] = 0;
		if (WIFSIGNALED(status))
			return bad_environment("search", "a process was ended by signal %d (%s); --jobs=1 "
					       "--seed=%llu searches in one process", WTERMSIG(status),
					       strsignal(WTERMSIG(status)), (unsigned long long)seed);
		return bad_environment("search", "a process ended with status %d; --jobs=1 --seed=%llu "
				       "searches in one process", WEXITSTATUS(status),
				       (unsigned long long)seed);
	}
	return 0;
}

/* Takes results until the search is over; a status. */
static int take(struct search *s, pid_t *pids, double start)
{
	for (u64 n = 0; !search_is_over(s, start); n++) {
		struct search_slot *slot = slot_of(n);

		while (LOAD(&slot->ready) != n + 1) {
			int status = look_for_the_dead(pids, s->jobs, s->seed);

			if (status || search_is_over(s, start))
				return status;
			wait_a_bit(WAIT_PARENT_NS);
		}
		rare_add(search_parent(slot), slot->points, slot->taken);
		if (search_take(s, slot))
			return 0;
		STORE(&shared->taken, n + 1);
		search_print_progress(s);
	}
	return 0;
}

/* Ends all processes and adds up what they have covered. */
static void end(struct search *s, pid_t *pids)
{
	double until = now_seconds() + END_SECONDS;

	STORE(&shared->stop, true);
	for (unsigned i = 0; i < s->jobs; i++) {
		pid_t ended = 0;

		while (pids[i] > 0 && !ended && now_seconds() < until) {
			ended = waitpid(pids[i], NULL, WNOHANG);
			if (!ended)
				wait_a_bit(WAIT_PARENT_NS);
		}
		if (pids[i] > 0 && !ended) {
			kill(pids[i], SIGKILL);
			waitpid(pids[i], NULL, 0);
		}
		paths_add(&paths[i * paths_count()]);
		if (s->coverage)
			run_coverage_add(s->coverage, &coverages[i]);
	}
}

int search_in_processes(struct search *s, double start_time)
{
	pid_t pids[SEARCH_JOBS_MAX] = { 0 };
	int status;

	BUG_ON_CMP(s->jobs, >, SEARCH_JOBS_MAX);
	status = start(s, pids);
	if (!status)
		status = take(s, pids, start_time);
	if (shared)
		end(s, pids);
	munmap(shared, sizeof(*shared));
	munmap(slots, RING * slot_size);
	munmap(coverages, s->jobs * sizeof(*coverages));
	munmap(paths, s->jobs * paths_count() * sizeof(*paths));
	return status;
}
