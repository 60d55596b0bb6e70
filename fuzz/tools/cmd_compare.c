// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swaprace compare: the same programs on two worlds, each in a process of its own.
 * Where one of them is the model, op by op in a fixed order; else under the same
 * schedules.
 */
#include "fuzz/prog/profile.h"
#include "fuzz/tools/compare.h"

#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
	{ "base", "WORLD", "what is compared with: model or tree:NAME" },
	{ "with", "WORLD", "what is compared: tree:NAME" },
	{ "schedules", "N", "of each program, by schedules (default 100)" },
	{ "programs", "N", "generated programs, where no file is named (default 100)" },
	{ "time", "S", "generated programs for so long instead" },
	{ "profile", "P", "of generated programs: all (default), swap, swapoff, ksm, ..." },
	{ "seed", "N", "of the first generated program (default 1)" },
	{ "ops", NULL, "op by op in a fixed order, also where neither is the model" },
	{ "events", NULL, "which events became more or fewer, by schedules" },
	{ "out", "DIR", "programs that differ go there, as text" },
	{ NULL, NULL, NULL },
};

/* ---- programs ---- */

/* 0: both can be this machine; else a line is printed. */
static int fit_both(struct comparison *c, struct prog *p, const char *name)
{
	int status;

	if (c->ops)
		order_adapt(p, DEVICE_ZRAM);
	for (int i = 0; i < SIDES; i++) {
		struct remote *r = &c->side[i];

		prog_copy(&r->shared->prog, p);
		r->shared->command = REMOTE_FIT;
		status = remote_call(r);
		if (status)
			return status;
		if (r->shared->ret) {
			printf("%s: skipped: %s cannot be this machine: %s\n", name, r->world,
			       r->shared->why);
			c->refused++;
			return EXIT_SKIPPED;
		}
		*p = r->shared->prog;
	}
	return 0;
}

static bool next_file(struct comparison *c, struct prog *p, char name[256], int *status)
{
	static struct prog_text text;

	while (c->compared + c->refused < (u64)c->nfiles) {
		const char *path = c->file[c->compared + c->refused];

		*status = load_program(path, p, &text);
		if (*status)
			return false;
		snprintf(name, 256, "%s", path);
		*status = fit_both(c, p, name);
		if (*status == 0)
			c->compared++;
		if (*status != EXIT_SKIPPED)
			return *status == 0;
		*status = 0;
	}
	return false;
}

/* A program of what both worlds can do: where the model is one of them, of its ops;
 * else a tree makes it, which knows more. */
static int generate(struct comparison *c, struct prog *p, u64 seed)
{
	struct remote *r = &c->side[1];
	struct prng rng;
	int status;

	if (c->ops) {
		prng_seed(&rng, seed);
		prog_generate(p, &rng, c->profile);
		return 0;
	}
	r->shared->seed = seed;
	snprintf(r->shared->profile, sizeof(r->shared->profile), "%s", c->profile->name);
	r->shared->command = REMOTE_GENERATE;
	status = remote_call(r);
	if (!status)
		*p = r->shared->prog;
	return status;
}

bool comparison_next(struct comparison *c, struct prog *p, char name[256], int *status)
{
	static double start;

	*status = 0;
	if (c->nfiles)
		return next_file(c, p, name, status);
	if (!c->compared)
		start = now_seconds();
	do {
		u64 seed = c->seed + c->compared + c->refused;

		if (c->seconds > 0 ? now_seconds() - start >= c->seconds : c->compared >= c->programs)
			return false;
		snprintf(name, 256, "seed %llu", (unsigned long long)seed);
		*status = generate(c, p, seed);
		if (!*status)
			*status = fit_both(c, p, name);
	} while (*status == EXIT_SKIPPED);
	c->compared += *status == 0;
	return *status == 0;
}

void comparison_keep(const struct comparison *c, const struct prog *p, const char *name,
		     const char *tag, const char *expect)
{
	static struct prog_text text;
	char path[4096], plain[256];
	size_t n = 0;

	if (!c->out)
		return;
	for (const char *s = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	     *s && n + 1 < sizeof(plain) && strcmp(s, ".prog") != 0; s++)
		plain[n++] = *s == ' ' ? '-' : *s;
	plain[n] = 0;
	memset(&text, 0, sizeof(text));
	if (!c->ops)
		snprintf(text.world, sizeof(text.world), "tree");
	if (expect) {
		snprintf(text.expect[0], sizeof(text.expect[0]), "%s", expect);
		text.nexpects = 1;
	}
	snprintf(path, sizeof(path), "%s/%s-%s.prog", c->out, plain, tag);
	if (write_program(path, p, &text) == 0)
		printf("kept: %s\n", path);
}

/* ---- the command ---- */

static int open_sides(struct comparison *c, const char *const world[SIDES])
{
	for (int i = 0; i < SIDES; i++) {
		int status = remote_open(&c->side[i], world[i]);

		if (status)
			return status;
	}
	for (int i = 0; i < SIDES; i++) {
		const struct remote_shared *s = c->side[i].shared;

		printf("%s %s%s%s%s%s\n", i ? "with:" : "base:", s->name, *s->version ? ", Linux " : "",
		       s->version, *s->identity ? ", " : "", s->identity);
	}
	return 0;
}

static int configure(struct comparison *c, const struct args *a)
{
	bool bad = false;

	c->schedules = args_number(a, "schedules", 100, 1000000, &bad);
	c->programs = args_number(a, "programs", 100, 1000000000, &bad);
	c->seed = args_number(a, "seed", 1, UINT64_MAX, &bad);
	c->seconds = args_seconds(a, "time", 0, &bad);
	c->profile = prog_profile_find(args_get(a, "profile") ? args_get(a, "profile") : "all");
	c->events = args_get(a, "events") != NULL;
	c->out = args_get(a, "out");
	c->file = a->file;
	c->nfiles = a->nfiles;
	if (bad)
		return EXIT_USAGE;
	if (!c->profile)
		return bad_usage("compare", "no profile '%s'", args_get(a, "profile"));
	if (!c->schedules)
		return bad_usage("compare", "--schedules=0 compares nothing");
	return c->out ? make_folder("compare", c->out) : 0;
}

static int run(int argc, char **argv)
{
	static struct comparison c;
	static struct args a;
	const char *world[SIDES];
	int status = args_parse(&a, &command_compare, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	world[0] = args_get(&a, "base");
	world[1] = args_get(&a, "with");
	if (!world[0] || !world[1])
		return bad_usage("compare", "--base=WORLD and --with=WORLD are wanted");
	status = configure(&c, &a);
	if (status)
		return status;
	c.ops = args_get(&a, "ops") || strcmp(world[0], "model") == 0 || strcmp(world[1], "model") == 0;
	status = open_sides(&c, world);
	if (!status)
		status = c.ops ? compare_ops(&c) : compare_schedules(&c);
	for (int i = 0; i < SIDES; i++)
		remote_close(&c.side[i]);
	return status;
}

const struct command command_compare = {
	"compare", "--base=WORLD --with=WORLD [FILE...] [options]",
	"the same programs on two worlds: before and after a patch, or model and tree\n"
	"Two trees run under the same schedules: titles that are new or gone, with rates, reads\n"
	"that may give something else, counters. The model and a tree run op by op.",
	options, run,
};
