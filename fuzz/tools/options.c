// SPDX-License-Identifier: GPL-2.0-or-later
/* Command lines: a table of options a command, errors in one line. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sched.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "fuzz/prog/text_scan.h"
#include "fuzz/tools/tool.h"

static void say(const char *command, const char *fmt, va_list ap)
{
	fprintf(stderr, "swaprace %s: ", command);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
}

int bad_usage(const char *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(command, fmt, ap);
	va_end(ap);
	return EXIT_USAGE;
}

int bad_environment(const char *command, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(command, fmt, ap);
	va_end(ap);
	return EXIT_ENVIRONMENT;
}

const char exit_status_text[] =
	"Exit status:\n"
	"  0   clean, done\n"
	"  1   findings: a report, a difference, an expectation that was not met\n"
	"  2   bad usage, or input that cannot be read\n"
	"  3   the environment: a build, the disk, memory, a process\n"
	"  77  skipped: there was nothing to run here\n";

bool command_has_policies(const struct command *c)
{
	for (const struct option_spec *o = c->options; o->name; o++)
		if (strcmp(o->name, "policy") == 0 || strcmp(o->name, "policies") == 0)
			return true;
	return false;
}

/* What each policy does, for the commands that take one. */
static void policy_usage(FILE *out, const struct command *c)
{
	if (!command_has_policies(c))
		return;
	fprintf(out, "Policies:\n");
#define POLICY(ID, name, turns, text) fprintf(out, "  %-22s %s\n", #name, text);
#include "core/base/policy.def"
}

void usage(FILE *out, const struct command *c)
{
	fprintf(out, "usage: swaprace %s %s\n%s\n", c->name, c->arguments, c->text);
	for (const struct option_spec *o = c->options; o->name; o++) {
		char left[40];

		if (o->value && o->value[0] == '[')
			snprintf(left, sizeof(left), "--%s[=%s", o->name, o->value + 1);
		else
			snprintf(left, sizeof(left), "--%s%s%s", o->name, o->value ? "=" : "",
				 o->value ? o->value : "");
		fprintf(out, "  %-22s %s\n", left, o->text);
	}
	policy_usage(out, c);
	fprintf(out, "%s", exit_status_text);
}

static int option_index(const struct command *c, const char *name, size_t len)
{
	for (int i = 0; c->options[i].name; i++)
		if (strlen(c->options[i].name) == len && memcmp(c->options[i].name, name, len) == 0)
			return i;
	return -1;
}

static int parse_option(struct args *a, const char *arg)
{
	const char *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) - 2 : strlen(arg) - 2;
	int i = option_index(a->command, arg + 2, len);
	const char *value;

	if (i < 0)
		return bad_usage(a->command->name, "unknown option '%s' (see swaprace %s --help)", arg,
				 a->command->name);
	value = a->command->options[i].value;
	if (value && value[0] != '[' && (!equals || !equals[1]))
		return bad_usage(a->command->name, "--%s wants a value: --%s=%s",
				 a->command->options[i].name, a->command->options[i].name, value);
	if (!value && equals)
		return bad_usage(a->command->name, "--%s takes no value", a->command->options[i].name);
	a->value[i] = equals ? equals + 1 : "";
	return 0;
}

/* Files that are written at the end of long work: better said now. */
static int check_outputs(const struct args *a)
{
	int status = 0;

	for (int i = 0; a->command->options[i].name; i++) {
		const char *kind = a->command->options[i].value;

		if (kind && strcmp(kind, "OUT") == 0 && a->value[i])
			status = output_check(a->value[i]);
		if (status)
			return status;
	}
	return 0;
}

int args_parse(struct args *a, const struct command *c, int argc, char **argv)
{
	bool only_files = false;

	memset(a, 0, sizeof(*a));
	a->command = c;
	for (int i = 0; i < argc; i++) {
		const char *arg = argv[i];
		int output = option_index(c, "o", 1);

		if (!only_files && (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)) {
			usage(stdout, c);
			return -1;
		}
		if (!only_files && strcmp(arg, "--") == 0) {
			only_files = true;
		} else if (!only_files && strcmp(arg, "-o") == 0 && output >= 0) {
			if (++i == argc)
				return bad_usage(c->name, "-o wants a file name");
			a->value[output] = argv[i];
		} else if (!only_files && strncmp(arg, "--", 2) == 0) {
			int status = parse_option(a, arg);

			if (status)
				return status;
		} else if (a->nfiles == ARGS_FILES_MAX) {
			return bad_usage(c->name, "more than %d files", ARGS_FILES_MAX);
		} else {
			a->file[a->nfiles++] = arg;
		}
	}
	if (a->nfiles && (!c->arguments[0] || strcmp(c->arguments, "[options]") == 0))
		return bad_usage(c->name, "'%s': no file is wanted", a->file[0]);
	return check_outputs(a);
}

const char *args_get(const struct args *a, const char *name)
{
	int i = option_index(a->command, name, strlen(name));

	return i < 0 ? NULL : a->value[i];
}

u64 args_number(const struct args *a, const char *name, u64 otherwise, u64 max_value, bool *bad)
{
	const char *s = args_get(a, name);
	u64 v;

	if (!s)
		return otherwise;
	if (!span_number((struct span){ s, strlen(s) }, max_value, &v)) {
		bad_usage(a->command->name, "--%s=%s: a number up to %llu is wanted", name, s,
			  (unsigned long long)max_value);
		*bad = true;
		return otherwise;
	}
	return v;
}

u64 args_seed(const struct args *a, bool *fresh, bool *bad)
{
	u32 seed = 0;

	*fresh = args_get(a, "seed") == NULL;
	if (!*fresh)
		return args_number(a, "seed", 1, UINT64_MAX, bad);
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (u32)(now_seconds() * 1e6);
	return seed;
}

u64 args_jobs(const struct args *a, u64 most, u64 max_value, bool *bad)
{
	cpu_set_t cpus;
	u64 cores = 1, jobs;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) > 0)
		cores = (u64)CPU_COUNT(&cpus);
	jobs = args_number(a, "jobs", min(cores, most), max_value, bad);
	if (jobs == 0) {
		bad_usage(a->command->name, "--jobs=0: 1 or more is wanted");
		*bad = true;
	}
	return jobs;
}

double args_seconds(const struct args *a, const char *name, double otherwise, bool *bad)
{
	const char *s = args_get(a, name), *point;
	double v;

	if (!s)
		return otherwise;
	v = strtod(s, NULL);
	point = strchr(s, '.');
	if (strspn(s, "0123456789.") != strlen(s) || (point && strchr(point + 1, '.')) || !(v > 0) ||
	    v > 1e9) {
		bad_usage(a->command->name, "--%s=%s: seconds are wanted", name, s);
		*bad = true;
		return otherwise;
	}
	return v;
}

const char option_policy_text[] = "instead of the program's:"
#define POLICY(ID, name, ...) " " #name
#include "core/base/policy.def"
	;
const char option_search_policy_text[] = "default: several in turn; or one of"
#define POLICY_REPLAY(...)
#define POLICY(ID, name, ...) " " #name
#include "core/base/policy.def"
	;

int args_policy(const struct args *a)
{
	const char *s = args_get(a, "policy");

	if (!s)
		return RUN_POLICY_OF_PROGRAM;
	for (int i = 0; i < PROG_POLICY_COUNT; i++)
		if (strcmp(s, prog_policy_names[i]) == 0)
			return i;
	bad_usage(a->command->name, "no policy '%s'; there are"
#define POLICY(ID, name, ...) " " #name
#include "core/base/policy.def"
		  , s);
	return -2;
}

const char option_bug_text[] = "seeded bugs instead of the file's; none: without";
const char option_bug_search_text[] = "with these seeded bugs on";

int args_bugs(const struct args *a, const char *text, struct seeded_bug_set *bugs)
{
	const char *names = args_get(a, "bug") ? args_get(a, "bug") : text, *wrong;
	char why[160];

	if (!names || !*names) {
		*bugs = (struct seeded_bug_set){ { 0 } };
		return 0;
	}
	if (seeded_bugs_parse(bugs, names, &wrong)) {
		seeded_bugs_describe_wrong(wrong, why, sizeof(why));
		return bad_usage(a->command->name, "--bug=%s: %s", names, why);
	}
	if (!seeded_bugs_none(bugs) && !world_linked->seeded_bugs)
		return bad_usage(a->command->name, "--bug=%s: %s has no seeded bugs; those are the model's",
				 names, world_linked->name);
	return 0;
}

int args_choice(const struct args *a, const char *name, const char *first, const char *second,
		bool *is_second)
{
	const char *s = args_get(a, name);

	*is_second = s && strcmp(s, second) == 0;
	if (!s || *is_second || strcmp(s, first) == 0)
		return 0;
	return bad_usage(a->command->name, "--%s=%s: %s or %s", name, s, first, second);
}

int args_races(const struct args *a, bool *marked)
{
	return args_choice(a, "races", "plain", "marked", marked);
}

int args_backend(const struct args *a)
{
	const char *s = args_get(a, "backend");

	if (!s || strcmp(s, "sim") == 0)
		return ENGINE_SIM;
	if (strcmp(s, "native") == 0 && !world_linked->native) {
		bad_usage(a->command->name, "--backend=native: %s runs on sim alone", world_linked->name);
		return -2;
	}
	if (strcmp(s, "native") == 0)
		return ENGINE_NATIVE;
	bad_usage(a->command->name, "no backend '%s'; there are sim and native", s);
	return -2;
}

const struct prog_profile *args_profile(const struct args *a)
{
	const struct prog_profile *profile;
	const char *s = args_get(a, "profile");

	if (!s)
		return &prog_profile_all;
	profile = prog_profile_find(s);
	if (!profile)
		bad_usage(a->command->name, "no profile '%s'; there are all, swap, swapoff, ksm, "
			  "hibernate, reclaim and kernel", s);
	return profile;
}
