// SPDX-License-Identifier: GPL-2.0-or-later
/* swaprace minimize: the smallest program and schedule that keep the title. */
#include <stdio.h>
#include <string.h>

#include "fuzz/exec/attempts.h"
#include "fuzz/exec/title.h"
#include "fuzz/prog/expect.h"
#include "fuzz/tools/tool.h"

static const struct option_spec options[] = {
	{ "o", "OUT", "where the program goes, as text (also: -o OUT)" },
	{ "time", "S", "seconds at most (default 60)" },
	{ "jobs", "N", "processes (default: a core each); the result is the same" },
	{ "bug", "A,B", option_bug_text },
	{ "title", "TITLE", "keep this title instead of the one that FILE gives" },
	{ NULL, NULL, NULL },
};

static struct prog prog;
static struct prog_text text;

struct limit { double start, end; u64 calls; };

static bool tick(void *arg)
{
	struct limit *l = arg;
	double now = now_seconds();

	l->calls++;
	progress("%llu runs, %.0f s left, %u tasks, %u edges", (unsigned long long)l->calls,
		 l->end - now, prog.ntasks, prog.nedges);
	return now < l->end;
}

static unsigned count_ops(const struct prog *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->ntasks; i++)
		n += p->task[i].nops;
	return n;
}

/* Is it a behaviour that FILE expects of this build and world? Then it is the title. */
static bool counter_expected(const char *line, char *title, size_t size)
{
	struct expect e;
	const char *why;

	if (!expect_parse(line, &e, &why) || !e.is_counter ||
	    !expect_applies(&e, run_build_name(), world_linked))
		return false;
	snprintf(title, size, "%s", e.what);
	return true;
}

static int save(const char *path, const struct run_minimize *m)
{
	char names[SEEDED_BUG_NAMES_MAX];

	if (!seeded_bugs_none(&m->options.bugs))
		snprintf(text.bugs, sizeof(text.bugs), "%s", seeded_bugs_names(&m->options.bugs, names));
	if (text.nexpects == 0) {
		title_expectation(m->title, text.expect[0], sizeof(text.expect[0]));
		text.nexpects = 1;
	}
	return write_program(path, &prog, &text);
}

static int run_minimize_command(int argc, char **argv)
{
	static struct args a;
	struct run_minimize m = { .options = run_defaults, .tick = tick };
	struct limit limit;
	unsigned tasks, ops;
	const char *out, *title, *why = NULL;
	struct expect e;
	bool bad = false;
	int err, status = args_parse(&a, &command_minimize, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	out = args_get(&a, "o");
	if (a.nfiles != 1 || !out)
		return bad_usage("minimize", "one file and -o OUT are wanted");
	status = load_runnable(a.file[0], &prog, &text);
	if (status)
		return status;
	bad |= args_bugs(&a, world_linked->seeded_bugs ? text.bugs : NULL, &m.options.bugs) != 0;
	limit.start = now_seconds();
	limit.end = limit.start + args_seconds(&a, "time", 60, &bad);
	limit.calls = 0;
	m.jobs = (unsigned)args_jobs(&a, ATTEMPTS_JOBS_MAX, ATTEMPTS_JOBS_MAX, &bad);
	if (bad)
		return EXIT_USAGE;
	m.options.flush_shadow = true;
	m.options.report_known = text.nexpects > 0 || args_get(&a, "title");
	m.options.race_tries = 4;
	m.arg = &limit;
	title = args_get(&a, "title");
	if (title && (!expect_parse(title, &e, &why) || strlen(title) >= sizeof(m.title)))
		return bad_usage("minimize", "--title=%s: %s", title, why ? why : "too long");
	if (title)
		snprintf(m.title, sizeof(m.title), "%s", title);
	tasks = prog.ntasks;
	ops = count_ops(&prog);
	err = run_minimize(&prog, &m);
	for (int i = 0; err == -ENOENT && !title && i < text.nexpects; i++)
		if (counter_expected(text.expect[i], m.title, sizeof(m.title)))
			err = run_minimize(&prog, &m);
	progress_end();
	if (err == -ENOENT) {
		fprintf(stderr, "swaprace minimize: %s gives no report%s%s\n", a.file[0],
			title ? " with title " : "", title ? title : "");
		return EXIT_USAGE;
	}
	if (err == -E2BIG) {
		fprintf(stderr, "swaprace minimize: %s: no schedule of at most %u order edges, which a "
			"program holds, was found that gives the title; --time=S gives it more time\n",
			a.file[0], PROG_EDGES_MAX);
		return EXIT_USAGE;
	}
	if (err) {
		fprintf(stderr, "swaprace minimize: %s cannot be recorded (%s)\n", a.file[0],
			strerror(-err));
		return EXIT_USAGE;
	}
	status = save(out, &m);
	if (status)
		return status;
	printf("report: %s\n%u tasks, %u ops -> %u tasks, %u ops, %u order edges, %u choices%s\n"
	       "%llu runs in %.1f s\nreplay: swaprace run %s", m.title, tasks, ops, prog.ntasks,
	       count_ops(&prog), prog.nedges, prog.nchoices,
	       !m.met ? " (time was up: not all of them are met)" :
	       m.minimal ? " (a checked local minimum)" : " (time was up: may get smaller)",
	       (unsigned long long)m.runs, now_seconds() - limit.start, out);
	print_world_option(stdout);
	printf("\n");
	run_exit();
	return EXIT_CLEAN;
}

const struct command command_minimize = {
	"minimize", "FILE -o OUT [options]",
	"removes all that the report does not need: tasks, ops, order edges, choices",
	options, run_minimize_command,
};
