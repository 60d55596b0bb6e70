// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: a run that ends with tasks which can't go on leaves nothing behind.
 * Method: a thousand runs in which two tasks wait for what never comes, each
 * reported as a deadlock with one trace hash, then ordinary programs, which are
 * clean and give the hashes that they gave before.
 */
#include "core/base/test.h"
#include "fuzz/exec/run.h"
#include "fuzz/test/planted.h"

#define DEADLOCKS 1000
#define CLEAN 8

static struct prog stuck, clean[CLEAN];
static struct run_result result;

static void make_stuck(void)
{
	static const u8 kinds[] = { OP_mmap, OP_write, OP_lru_drain };

	prog_init(&stuck);
	stuck.machine.cpus = 2;
	stuck.machine.mms = 3;
	stuck.ntasks = 2;
	for (u8 t = 0; t < 2; t++) {
		struct prog_task *task = &stuck.task[t];

		*task = (struct prog_task){ .label = (char)('A' + t), .cpu = t,
					    .mm = (u8)(t + 1), .nops = 3 };
		for (unsigned i = 0; i < 3; i++) {
			task->op[i].kind = kinds[i];
			for (unsigned a = 0; a < prog_ops[kinds[i]].nargs; a++)
				task->op[i].arg[a] = prog_ops[kinds[i]].arg_min[a];
		}
	}
	prog_repair(&stuck);
}

int main(void)
{
	u64 hash[CLEAN], stuck_hash = 0;
	unsigned deadlocks = 0, same = 0;
	struct prng rng;

	sites_init();
	make_stuck();
	prng_seed(&rng, prng_mix(11));
	for (unsigned i = 0; i < CLEAN; i++) {
		prog_generate(&clean[i], &rng, &prog_profile_all);
		clean[i].policy = PROG_POLICY_RANDOM;
		CHECK_EQ(run_program(&clean[i], NULL, &run_defaults, &result), RUN_CLEAN);
		hash[i] = result.hash;
	}
	for (unsigned i = 0; i < DEADLOCKS; i++) {
		run_program(&stuck, planted_world(), &run_defaults, &result);
		deadlocks += !strncmp(result.title, "deadlock", 8);
		if (i == 0) {
			CHECK_HAS(result.title, "deadlock");
			stuck_hash = result.hash;
		}
		same += result.hash == stuck_hash;
	}
	CHECK_EQ(deadlocks, DEADLOCKS);
	CHECK_EQ(same, DEADLOCKS);
	for (unsigned i = 0; i < CLEAN; i++) {
		run_program(&clean[i], NULL, &run_defaults, &result);
		CHECK_STR(result.title, "");
		CHECK_EQ(result.hash, hash[i]);
	}
	run_result_clear(&result);
	run_exit();
	return TEST_END();
}
