// SPDX-License-Identifier: GPL-2.0-or-later
/* A world of one lock and two counters: what a scheduling point costs. */
#include <stdio.h>
#include <stdlib.h>

#include "core/kapi/kapi.h"
#include "core/world/bench_world.h"

#define TASKS 3
#define ROUNDS 20

struct bench_shared {
	spinlock_t lock;
	int added;
	atomic_t atomic;
};
static struct bench_shared *shared;

static void setup(void *arg)
{
	(void)arg;
	shared = engine_arena_alloc(sizeof(*shared));
	spin_lock_init(&shared->lock);
	engine_role_set(shared, sizeof(*shared), "shared", -1, -1);
}

static void task(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		spin_lock(&shared->lock);
		shared->added++;
		spin_unlock(&shared->lock);
		atomic_inc(&shared->atomic);
	}
}

struct bench_points bench_points_run(u64 runs, u64 seed, struct sched_policy *policy)
{
	struct engine_task tasks[TASKS];
	struct engine_stats stats;
	struct bench_points out = { .runs = runs };

	for (unsigned i = 0; i < TASKS; i++)
		tasks[i] = (struct engine_task){ .fn = task, .cpu = (u8)i };
	for (u64 i = 0; i < runs; i++) {
		struct engine_config config = {
			.backend = ENGINE_SIM, .cpus = TASKS, .ntasks = TASKS, .tasks = tasks,
			.policy = policy, .seed = seed + i,
		};

		engine_reset(&config);
		engine_quiet(setup, NULL);
		if (engine_run() != ENGINE_DONE || shared->added != TASKS * ROUNDS) {
			fprintf(stderr, "bench: %s\n", engine_report() ? engine_report()->title :
				"a lost update");
			abort();
		}
		engine_stats(&stats);
		out.points += stats.steps;
	}
	return out;
}
