// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace trace: the interleaving, an event a line: who, what, on what, with
 * how many locks; a blank line where the context changes. */
#include <string.h>

#include "fuzz/exec/source_lines.h"
#include "fuzz/tools/tool.h"

static const struct option_spec options[] = {
	{ "bug", "A,B", option_bug_text },
	{ "policy", "P", option_policy_text },
	{ "seed", "N", "seed of the policy instead of the program's" },
	{ "ops", NULL, "ops, interrupts, locks and waits alone" },
	{ NULL, NULL, NULL },
};

static struct prog prog;
static struct prog_text text;

static void print_label(const struct engine_logged *e)
{
	char label[16];

	if (e->ctx < PROG_TASKS_MAX)
		snprintf(label, sizeof(label), "%c%u", prog.task[e->ctx].label, e->op);
	else
		snprintf(label, sizeof(label), "%s%u.%u", e->ctx < PROG_CTX_SOFTIRQ(0) ? "irq" : "rcu",
			 (e->ctx - PROG_CTX_IRQ(0)) % (PROG_CTX_SOFTIRQ(0) - PROG_CTX_IRQ(0)), e->op);
	printf("%-8s", label);
}

static bool coarse(const struct engine_logged *e)
{
	return e->kind == EV_OP || e->kind == EV_OP_END || e->kind == EV_LOCK ||
	       e->kind == EV_UNLOCK || e->kind == EV_WAIT || e->kind == EV_IRQ ||
	       e->kind == EV_IO || e->choice;
}

static void print_log(bool ops_only)
{
	size_t n;
	const struct engine_logged *log = engine_log(&n);
	int last = -1;

	printf("%6s  %-8s %-5s %s\n", "point", "op", "locks", "event");
	for (size_t i = 0; i < n; i++) {
		const struct engine_logged *e = &log[i];
		char site[96], role[48];

		if (ops_only && !coarse(e))
			continue;
		if (last >= 0 && last != e->ctx)
			putchar('\n');
		last = e->ctx;
		printf("%6zu  ", i + 1);
		print_label(e);
		printf(" %*s%-*u ", (int)min(e->held, 4u), "", 5 - (int)min(e->held, 4u), e->held);
		site_name(e->site, site, sizeof(site));
		if (e->choice) {
			printf("choice %s: %s = %u\n", choice_name(e->choice_kind), site, e->choice - 1);
			continue;
		}
		printf("%s", site);
		if (e->role)
			printf("(%s)", engine_role_name(e->role, role, sizeof(role)));
		if (e->result)
			printf(" = %llu", (unsigned long long)e->result);
		putchar('\n');
	}
}

static int trace(int argc, char **argv)
{
	static struct args a;
	struct run_options opt = run_defaults;
	struct run_result r = { 0 };
	bool bad = false;
	int status = args_parse(&a, &command_trace, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	if (a.nfiles != 1)
		return bad_usage("trace", "one file is wanted");
	status = load_runnable(a.file[0], &prog, &text);
	if (status)
		return status;
	bad |= args_bugs(&a, world_linked->seeded_bugs ? text.bugs : NULL, &opt.bugs) != 0;
	opt.policy = args_policy(&a);
	opt.seed_set = args_get(&a, "seed") != NULL;
	opt.seed = args_number(&a, "seed", 0, UINT64_MAX, &bad);
	if (bad || opt.policy == -2)
		return EXIT_USAGE;
	opt.log = opt.capture = opt.flush_shadow = true;
	run_program(&prog, NULL, &opt, &r);
	print_log(args_get(&a, "ops") != NULL);
	printf("\n%llu points, %llu switches, %llu interrupts, %llu callbacks, hash %016llx\n",
	       (unsigned long long)r.stats.steps, (unsigned long long)r.stats.switches,
	       (unsigned long long)r.stats.irqs, (unsigned long long)r.stats.softirqs,
	       (unsigned long long)r.hash);
	if (r.status == RUN_REPORT) {
		printf("report: %s (at %s)\n", r.title, r.label);
		source_lines_print(stdout, r.body);
	}
	status = r.status == RUN_REPORT ? EXIT_REPORT : EXIT_CLEAN;
	run_result_clear(&r);
	run_exit();
	return status;
}

const struct command command_trace = {
	"trace", "FILE [options]", "prints the interleaving of one run", options, trace,
};
