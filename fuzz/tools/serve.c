// SPDX-License-Identifier: GPL-2.0-or-later
/* The child's side of a world in a process of its own: carries out what it is asked. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/tools/remote.h"

#define OBSERVE_STEPS_MAX 4000000

static struct remote_shared *shared;

/* ---- what the reads of a run gave ---- */

static int noted_read(int mm, int page, u64 words[WORLD_WORDS])
{
	int ret = world_linked->read(mm, page, words);
	struct remote_read *r = &shared->reads[shared->nreads];
	char label[16];
	u64 digest = 0;

	if (!engine_running() || shared->nreads == REMOTE_READS_MAX)
		return ret;
	for (int i = 0; i < WORLD_WORDS && !ret; i++)
		digest = digest * 0x100000001b3ull + words[i];
	engine_label(engine_current(), label, sizeof(label));
	*r = (struct remote_read){ .task = (u8)engine_current(), .op = (u8)atoi(label + 1),
				   .ret = ret, .words = digest };
	shared->nreads++;
	return ret;
}

static const struct world_ops *noting_world(void)
{
	static struct world_ops table;

	table = *world_linked;
	table.read = noted_read;
	return &table;
}

/* ---- the commands ---- */

static void answer_result(const struct run_result *r)
{
	shared->status = r->status;
	memcpy(shared->title, r->title, sizeof(shared->title));
	memcpy(shared->label, r->label, sizeof(shared->label));
	snprintf(shared->body, sizeof(shared->body), "%s", r->body ? r->body : "");
	shared->hash = r->hash;
	shared->steps = r->stats.steps;
	memcpy(shared->counters, r->counters, sizeof(shared->counters));
}

static struct run_options asked_options(void)
{
	struct run_options opt = run_defaults;

	opt.policy = shared->policy;
	opt.seed_set = shared->seed_set;
	opt.seed = shared->seed;
	opt.race_tries = shared->race_tries;
	opt.flush_shadow = true;
	return opt;
}

static void do_generate(void)
{
	const struct prog_profile *profile = prog_profile_find(shared->profile);
	struct prng rng;

	BUG_ON(!profile); /* the parent has found it */
	prng_seed(&rng, shared->seed);
	prog_generate(&shared->prog, &rng, profile);
}

static void do_fit(void)
{
	run_fit(&shared->prog, NULL);
	shared->ret = run_machine_check(&shared->prog, NULL, shared->why, sizeof(shared->why)) ?
		      0 : -EINVAL;
}

static void do_run(void)
{
	static struct run_result result;
	struct run_options opt = asked_options();

	shared->nreads = 0;
	opt.log = shared->count_events;
	run_program(&shared->prog, noting_world(), &opt, &result);
	if (shared->count_events && result.status != RUN_REPORT)
		event_counts_add(&shared->events);
	answer_result(&result);
}

static void do_reduce(void)
{
	static struct run_result result;
	static struct prog out;
	struct run_options opt = asked_options();

	shared->ret = run_reduce(&shared->prog, NULL, &opt, NULL, &out, &result, NULL, NULL);
	if (!shared->ret)
		prog_copy(&shared->prog, &out);
	answer_result(&result);
}

static void do_observe(void)
{
	static struct run_result result;
	static struct fixed_order order;
	struct run_options opt = run_defaults;

	if (shared->kept_in_order)
		order = shared->order;
	else
		order_make(&shared->prog, &order);
	opt.scheduler = order_policy(&order);
	opt.steps_max = OBSERVE_STEPS_MAX;
	if (world_linked->seeded_bugs)
		observe_kernel_rules(&opt.bugs);
	run_program(&shared->prog, observe_world(world_linked, &shared->seen), &opt, &result);
	answer_result(&result);
}

static void carry_out(void)
{
	switch (shared->command) {
	case REMOTE_GENERATE:
		do_generate();
		break;
	case REMOTE_FIT:
		do_fit();
		break;
	case REMOTE_RUN:
		do_run();
		break;
	case REMOTE_REDUCE:
		do_reduce();
		break;
	case REMOTE_OBSERVE:
		do_observe();
		break;
	}
}

int remote_serve(int argc, char **argv)
{
	int fd, memory;
	char byte = '!';

	if (argc != 2)
		return bad_usage("serve", "is started by other commands alone");
	fd = atoi(argv[0]);
	memory = atoi(argv[1]);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (shared == MAP_FAILED)
		return bad_usage("serve", "no memory to share: %s", strerror(errno));
	close(memory);
	signal(SIGINT, SIG_IGN); /* the parent decides */
	shared->layout = sizeof(*shared);
	snprintf(shared->name, sizeof(shared->name), "%s", world_linked->name);
	snprintf(shared->version, sizeof(shared->version), "%s",
		 world_linked->version ? world_linked->version : "");
	snprintf(shared->identity, sizeof(shared->identity), "%s",
		 world_linked->identity ? world_linked->identity : "");
	while (write(fd, &byte, 1) == 1 && read(fd, &byte, 1) == 1)
		carry_out();
	run_exit();
	return EXIT_CLEAN;
}
