// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swaprace matrix: how long each seeded bug takes to find, by policy and backend.
 * Each trial is a process of its own (native ends at its first report, and a
 * search must not depend on an earlier one) with a seed of its own.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/tools/matrix.h"

static const struct option_spec options[] = {
	{ "bugs", "A,B", "ids or K numbers (default: all)" },
	{ "policies", "A,B", "of"
#define POLICY_REPLAY(...)
#define POLICY(ID, name, ...) " " #name ","
#include "core/base/policy.def"
	  " portfolio, native (default: portfolio)" },
	{ "beside", "A,B", "these seeded bugs are on too, and known: their reports do not end a trial" },
	{ "titles", "N", "instead: the titles that each bug gives in N schedules, and shares" },
	{ "trials", "N", "seeds a cell, from 1 on (default 3)" },
	{ "time", "S", "seconds a trial at most (default 60)" },
	{ "profile", "P", "which programs: all (default), swap, swapoff, ksm, ..." },
	{ "jobs", "N", "trials at once (default 1: one core)" },
	{ "json", "OUT", "all trials as JSON" },
	{ NULL, NULL, NULL },
};

#define TRIALS_MAX 100

struct trial {
	u64 schedules;
	double seconds;
	bool found, right;
	char title[REPORT_TITLE_MAX];
};

static const struct { const char *name; int policy; enum engine_backend backend; } columns[] = {
	{ "portfolio", SEARCH_POLICY_PORTFOLIO, ENGINE_SIM },
#define POLICY_REPLAY(...)
#define POLICY(ID, name, ...) { #name, PROG_POLICY_##ID, ENGINE_SIM },
#include "core/base/policy.def"
	{ "native", SEARCH_POLICY_PORTFOLIO, ENGINE_NATIVE },
};

static struct search search;
static int result_pipe = -1;
static struct seeded_bug_set beside;
static enum seeded_bug trial_bug;

static void send_result(const char *title, bool found)
{
	struct trial t = { .schedules = search.schedules, .seconds = search.elapsed, .found = found };

	snprintf(t.title, sizeof(t.title), "%s", title);
	if (write(result_pipe, &t, sizeof(t)) != (ssize_t)sizeof(t))
		_exit(2);
}

static void native_found(const struct engine_report *r)
{
	send_result(r->title, true);
	_exit(0);
}

/* Is this the title that the bug must give? */
static bool right_title(enum seeded_bug bug, const char *title)
{
	const char *wanted = seeded_bug_info(bug)->title, *alternative = wanted;

	while (*alternative) {
		size_t len = strcspn(alternative, "|");

		if (strlen(title) == len && strncmp(title, alternative, len) == 0)
			return true;
		alternative += len + (alternative[len] == '|');
	}
	return false;
}

/* Is the report one of the bugs beside? Its title is theirs and not the trial's, or the
 * same run gives it with them alone. */
static bool is_of_beside(const struct search *s)
{
	struct run_options opt = run_defaults;
	struct run_result r = { 0 };
	bool same, own = right_title(trial_bug, s->result.title);

	for (int i = BUG_NONE + 1; i < SEEDED_BUG_COUNT && !own; i++)
		if (seeded_bugs_has(&beside, (enum seeded_bug)i) &&
		    right_title((enum seeded_bug)i, s->result.title))
			return true;
	opt.bugs = beside;
	opt.races_marked = s->races_marked;
	run_program(&s->prog, NULL, &opt, &r);
	same = r.status == RUN_REPORT && strcmp(r.title, s->result.title) == 0;
	run_result_clear(&r);
	return same;
}

static bool ends_trial(struct search *s, void *arg)
{
	(void)arg;
	return s->found && (seeded_bugs_none(&beside) || !is_of_beside(s));
}

static void child(pid_t parent, int fd, enum seeded_bug bug, unsigned column, u64 seed,
		  double seconds, const struct prog_profile *profile)
{
	double start = now_seconds();

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* no search goes on behind a matrix that was ended */
	if (getppid() != parent)
		_exit(EXIT_ENVIRONMENT);
	result_pipe = fd;
	trial_bug = bug;
	engine_native_report = native_found;
	search = (struct search){
		.profile = profile, .policy = columns[column].policy,
		.backend = columns[column].backend, .seed = seed, .seconds = seconds,
		.quiet = true, .bugs = beside, .program_done = ends_trial,
	};
	seeded_bugs_add(&search.bugs, bug);
	if (search_run(&search))
		_exit(EXIT_ENVIRONMENT);
	search.elapsed = now_seconds() - start;
	send_result(search.found ? search.result.title : "", search.found);
	_exit(0);
}

struct slot { pid_t pid; int fd; unsigned trial; };

static void trial_start(struct slot *s, enum seeded_bug bug, unsigned column, unsigned trial,
			double seconds, const struct prog_profile *profile)
{
	pid_t parent = getpid();
	int fds[2];

	if (pipe(fds) != 0) {
		fprintf(stderr, "swaprace matrix: no pipe: %s\n", strerror(errno));
		exit(EXIT_ENVIRONMENT);
	}
	fflush(NULL);
	s->pid = fork();
	if (s->pid < 0) {
		fprintf(stderr, "swaprace matrix: no process: %s\n", strerror(errno));
		exit(EXIT_ENVIRONMENT);
	}
	if (s->pid == 0) {
		close(fds[0]);
		child(parent, fds[1], bug, column, trial + 1, seconds, profile);
	}
	close(fds[1]);
	s->fd = fds[0];
	s->trial = trial;
}

static void trial_end(struct slot *s, enum seeded_bug bug, struct trial *trials)
{
	struct trial *t = &trials[s->trial];

	if (read(s->fd, t, sizeof(*t)) != (ssize_t)sizeof(*t)) {
		memset(t, 0, sizeof(*t));
		snprintf(t->title, sizeof(t->title), "(the trial crashed)");
	}
	t->right = t->found && right_title(bug, t->title);
	close(s->fd);
	waitpid(s->pid, NULL, 0);
	s->pid = 0;
}

static void run_cell(struct trial *trials, enum seeded_bug bug, unsigned column, unsigned ntrials,
		     unsigned jobs, double seconds, const struct prog_profile *profile)
{
	struct slot slots[16] = { { 0, 0, 0 } };
	unsigned next = 0, running = 0;

	while (next < ntrials || running) {
		for (unsigned i = 0; i < jobs && next < ntrials; i++)
			if (!slots[i].pid) {
				trial_start(&slots[i], bug, column, next++, seconds, profile);
				running++;
			}
		/* in the order of their start: each trial has its own limit */
		for (unsigned i = 0, oldest = 16; i <= jobs; i++) {
			if (i == jobs) {
				if (oldest < 16) {
					trial_end(&slots[oldest], bug, trials);
					running--;
				}
				break;
			}
			if (slots[i].pid && (oldest == 16 || slots[i].trial < slots[oldest].trial))
				oldest = i;
		}
	}
}

static int trial_cmp(const void *a, const void *b)
{
	const struct trial *x = a, *y = b;

	if (x->right != y->right)
		return x->right ? -1 : 1;
	return x->schedules < y->schedules ? -1 : x->schedules > y->schedules;
}

static void print_cell(enum seeded_bug bug, unsigned column, struct trial *trials, unsigned n,
		       FILE *json)
{
	const struct seeded_bug_info *info = seeded_bug_info(bug);
	unsigned right = 0;

	for (unsigned i = 0; json && i < n; i++) {
		fprintf(json, "%s\n  {\"bug\": ", ftell(json) > 1 ? "," : "");
		print_json(json, info->name);
		fprintf(json, ", \"ref\": \"%s\", \"policy\": \"%s\", \"seed\": %u, \"found\": %s, "
			"\"right\": %s, \"schedules\": %llu, \"seconds\": %.3f, \"title\": ", info->ref,
			columns[column].name, i + 1, trials[i].found ? "true" : "false",
			trials[i].right ? "true" : "false", (unsigned long long)trials[i].schedules,
			trials[i].seconds);
		print_json(json, trials[i].title);
		fputc('}', json);
	}
	for (unsigned i = 0; i < n; i++)
		right += trials[i].right;
	qsort(trials, n, sizeof(*trials), trial_cmp);
	printf("%-28s %-5s %-9s %2u/%-3u", info->name, info->ref, columns[column].name, right, n);
	if (right)
		printf(" %10llu %10llu %9.2f %9.2f",
		       (unsigned long long)trials[(right - 1) / 2].schedules,
		       (unsigned long long)trials[right - 1].schedules,
		       trials[(right - 1) / 2].seconds, trials[right - 1].seconds);
	else
		printf(" %10s %10s %9s %9s", "-", "-", "-", "-");
	for (unsigned i = 0; i < n; i++)
		if (trials[i].found && !trials[i].right) {
			printf("  other: %s", trials[i].title);
			break;
		}
	putchar('\n');
	fflush(stdout);
}

static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == len && strncmp(p, name, len) == 0)
			return true;
	return false;
}

/* --beside=: 0 or EXIT_USAGE. */
static int configure_beside(const struct args *a, const char *policies)
{
	const char *names = args_get(a, "beside"), *wrong;
	char why[160];

	if (names && seeded_bugs_parse(&beside, names, &wrong)) {
		seeded_bugs_describe_wrong(wrong, why, sizeof(why));
		return bad_usage("matrix", "--beside=%s: %s", names, why);
	}
	if (names && policies && listed(policies, "native"))
		return bad_usage("matrix", "--beside=%s: native ends at its first report", names);
	return 0;
}

/* NULL: all. */
static bool is_wanted(const char *bugs, const struct seeded_bug_info *info)
{
	return !bugs || listed(bugs, info->name) || listed(bugs, info->ref);
}

/* Can this build see it? */
static bool is_visible(const struct seeded_bug_info *info)
{
#ifdef SWAPRACE_TSAN
	(void)info;
	return true;
#else
	return strcmp(info->class_, "TSAN") != 0;
#endif
}

bool matrix_has(const char *bugs, enum seeded_bug bug)
{
	const struct seeded_bug_info *info = seeded_bug_info(bug);

	return is_visible(info) && is_wanted(bugs, info);
}

static bool list_known(const char *list, bool bugs)
{
	char name[64];

	for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',') {
		bool known = false;

		snprintf(name, sizeof(name), "%.*s", (int)strcspn(p, ","), p);
		for (int i = BUG_NONE + 1; bugs && i < SEEDED_BUG_COUNT; i++)
			known |= strcmp(name, seeded_bug_info((enum seeded_bug)i)->name) == 0 ||
				 strcmp(name, seeded_bug_info((enum seeded_bug)i)->ref) == 0;
		for (size_t i = 0; !bugs && i < ARRAY_SIZE(columns); i++)
			known |= strcmp(name, columns[i].name) == 0;
		if (!known) {
			bad_usage("matrix", bugs ? "no seeded bug '%s' (swaprace bugs lists them)" :
				  "no policy '%s' (see swaprace matrix --help)", name);
			return false;
		}
	}
	return true;
}

static int matrix(int argc, char **argv)
{
	static struct args a;
	static struct trial trials[TRIALS_MAX];
	const char *bugs, *policies, *json_path;
	const struct prog_profile *profile;
	FILE *json = NULL;
	char *json_text;
	size_t json_size;
	bool bad = false;
	unsigned ntrials, jobs;
	double seconds;
	int status = args_parse(&a, &command_matrix, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	bugs = args_get(&a, "bugs");
	policies = args_get(&a, "policies");
	json_path = args_get(&a, "json");
	profile = args_profile(&a);
	ntrials = (unsigned)args_number(&a, "trials", 3, TRIALS_MAX, &bad);
	jobs = (unsigned)args_number(&a, "jobs", 1, 16, &bad);
	seconds = args_seconds(&a, "time", 60, &bad);
	if (configure_beside(&a, policies))
		return EXIT_USAGE;
	if (bad || !profile || !list_known(bugs, true) || !list_known(policies, false))
		return EXIT_USAGE;
	if (ntrials == 0 || jobs == 0)
		return bad_usage("matrix", "--trials and --jobs are 1 or more");
	if (args_get(&a, "titles")) {
		u64 schedules = args_number(&a, "titles", 0, UINT64_MAX, &bad);

		if (!bad && !schedules)
			return bad_usage("matrix", "--titles=0 runs nothing");
		return bad ? EXIT_USAGE : matrix_titles(bugs, schedules, profile, jobs);
	}
	if (json_path) {
		json = open_memstream(&json_text, &json_size);
		fputc('[', json);
	}
	printf("%-28s %-5s %-9s %-6s %10s %10s %9s %9s\n", "bug", "ref", "policy", "found",
	       "median", "worst", "median s", "worst s");
	for (int b = BUG_NONE + 1; b < SEEDED_BUG_COUNT; b++) {
		const struct seeded_bug_info *info = seeded_bug_info((enum seeded_bug)b);

		if (!is_wanted(bugs, info) || seeded_bugs_has(&beside, (enum seeded_bug)b))
			continue;
		if (!is_visible(info)) {
			printf("%-28s %-5s only the TSan build can see it\n", info->name, info->ref);
			continue;
		}
		for (unsigned c = 0; c < ARRAY_SIZE(columns); c++) {
			if (policies ? !listed(policies, columns[c].name) : c != 0)
				continue;
			run_cell(trials, (enum seeded_bug)b, c, ntrials, jobs, seconds, profile);
			print_cell((enum seeded_bug)b, c, trials, ntrials, json);
		}
	}
	printf("median and worst: schedules, then seconds, of the trials that found the right title "
	       "within %.0f s\n", seconds);
	if (json) {
		fprintf(json, "\n]\n");
		fclose(json);
		status = write_file(json_path, json_text, json_size);
		free(json_text);
	}
	return status;
}

const struct command command_matrix = {
	"matrix", "[options]", "how long each seeded bug takes to find, by policy", options, matrix,
};
