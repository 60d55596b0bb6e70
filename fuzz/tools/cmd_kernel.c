// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * swaprace kernel: programs on the running Linux kernel, compared with the model.
 * A worker process does the work; its parent waits and undoes what the worker has
 * changed on the machine, however that ends. A worker whose parent is killed
 * ends and undoes by itself; if both are, the next run does.
 */
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/seeded_bug.h"
#include "fuzz/kernel/compare.h"
#include "fuzz/kernel/kernel_world.h"
#include "fuzz/kernel/zero_page.h"
#include "fuzz/tools/tool.h"

#define EXIT_SIGNALLED 128
#define STOP_SECONDS 5

static const struct option_spec options[] = {
	{ "device", "zram|file", "what is swapped to: zram (default), a loop device over a file" },
	{ "random", NULL, "generated programs instead of files" },
	{ "seed", "N", "of the first generated program (default 1)" },
	{ "programs", "N", "generated programs (default 100)" },
	{ "profile", "P", "of generated programs: kernel (default), swap, swapoff, ksm, all, ..." },
	{ "bug", "A,B", "seeded bugs in the model: the comparison should find them" },
	{ "out", "DIR", "generated programs that differ go there, as text" },
	{ "runs", "N", "as real threads and processes, each program so often, against the oracle" },
	{ "quiet", NULL, "differences are counted, not shown" },
	{ "journal", "FILE", "what became of each program, a line when it begins and one when it has "
	  "ended" },
	{ "undo", NULL, "only undoes what a killed run has left" },
	{ "vm", "[KERNEL]", "in a virtual machine: on a kernel of swaprace vm (default: Debian's newest, "
	  "fetched where it is not there)" },
	{ "resume", NULL, "with --vm and --random: goes on where such a run was ended" },
	{ "accel", "kvm|tcg", "with --vm: KVM, or emulated (default: what works here)" },
	{ NULL, NULL, NULL },
};

struct kernel_job {
	struct args args;
	enum device_kind device;
	bool random, quiet;
	u64 seed, programs, runs;
	const char *out;
	FILE *journal; /* NULL: none */
	const struct prog_profile *profile;
	struct compare_total sum;
	u64 status[COMPARE_STOPPED + 1];
	char disturbed_by[80]; /* the last one that was */
	u64 ops[PROG_OP_COUNT]; /* of generated programs, by kind */
	u64 concurrent, concurrent_disturbed, concurrent_ops;
};
static struct kernel_job job;
static struct prog prog;
static struct prog_text text;

static void on_signal(int signo)
{
	(void)signo;
	kernel_world_stop();
}

static void catch_signals(void (*handler)(int))
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

/* ---- what is printed ---- */

static void print_share(const char *name, u64 equal, u64 compared)
{
	printf("  %-12s %10llu of %10llu agree  %7.3f %%\n", name, (unsigned long long)equal,
	       (unsigned long long)compared,
	       compared ? 100.0 * (double)equal / (double)compared : 100.0);
}

static void print_explained(const struct compare_total *sum)
{
	for (int i = 0; i < EXPLAINED_COUNT; i++) {
		if (sum->explained[i])
			printf("  explained: %llu x %s\n", (unsigned long long)sum->explained[i],
			       explained_text[i]);
	}
}

/* What the generated programs consist of. */
static void print_ops(const struct kernel_job *j)
{
	printf("  ops:");
	for (int i = 0; i < PROG_OP_COUNT; i++) {
		if (j->ops[i])
			printf(" %s %llu", prog_ops[i].name, (unsigned long long)j->ops[i]);
	}
	printf("\n");
}

static void print_sum(const struct kernel_job *j, double seconds)
{
	printf("kernel: %llu programs, %llu ops on %s in %.1f s: %.0f programs/s\n",
	       (unsigned long long)j->sum.programs, (unsigned long long)j->sum.ops,
	       j->device == DEVICE_ZRAM ? "zram" : "a loop file", seconds,
	       (double)j->sum.programs / seconds);
	if (!j->sum.programs)
		printf("  nothing was compared\n");
	for (int k = 0; k < COMPARE_KINDS && j->sum.programs; k++)
		print_share(compare_kind_name((enum compare_kind)k), j->sum.equal[k],
			    j->sum.compared[k]);
	print_ops(j);
	print_explained(&j->sum);
	printf("  %llu programs differ in a way that is not explained\n",
	       (unsigned long long)j->sum.differing);
	if (j->sum.unsteady)
		printf("  %llu programs differed once and agreed when run again (timing of writes, or "
		       "another process's page on the device)\n",
		       (unsigned long long)j->sum.unsteady);
	if (j->status[COMPARE_DISTURBED])
		printf("  %llu programs were disturbed from outside and not compared (the last one: "
		       "%s)\n", (unsigned long long)j->status[COMPARE_DISTURBED], j->disturbed_by);
	if (j->status[COMPARE_TOO_LARGE])
		printf("  %llu programs map more pages than the model has folios\n",
		       (unsigned long long)j->status[COMPARE_TOO_LARGE]);
}

/* ---- in the worker ---- */

static int status_exit(enum compare_status status)
{
	switch (status) {
	case COMPARE_EQUAL:
	case COMPARE_UNSTEADY:
		return EXIT_CLEAN;
	case COMPARE_DIFFERS:
	case COMPARE_REPORT:
		return EXIT_REPORT;
	case COMPARE_DISTURBED:
	case COMPARE_TOO_LARGE:
		return EXIT_USAGE;
	case COMPARE_STOPPED:
		break;
	}
	return EXIT_SIGNALLED + SIGINT;
}

/* A word for the journal, words for people. */
static const struct { const char *word, *text; } statuses[] = {
	[COMPARE_EQUAL] = { "agrees", "agrees" },
	[COMPARE_DIFFERS] = { "DIFFERS", "DIFFERS" },
	[COMPARE_UNSTEADY] = { "unsteady", "agrees, but differed once" },
	[COMPARE_REPORT] = { "report", "the model makes a report" },
	[COMPARE_DISTURBED] = { "disturbed", "disturbed from outside, no result" },
	[COMPARE_TOO_LARGE] = { "too-large", "needs more pages than the model has" },
	[COMPARE_STOPPED] = { "stopped", "stopped" },
};

/* A line when a program begins, and one when it has ended: a program that takes the kernel
 * with it is known by the second one that is missing. */
static void journal_begin(const struct kernel_job *j, const char *name)
{
	if (!j->journal)
		return;
	fprintf(j->journal, "begin %s\n", name);
	fflush(j->journal);
}

/* before: the sums before the program. */
static void journal_end(const struct kernel_job *j, const char *name, enum compare_status status,
			const struct compare_total *before)
{
	if (!j->journal || status == COMPARE_STOPPED)
		return;
	fprintf(j->journal, "end %s %s", name, statuses[status].word);
	for (int k = 0; k < COMPARE_KINDS; k++)
		fprintf(j->journal, " %llu/%llu", (unsigned long long)(j->sum.equal[k] - before->equal[k]),
			(unsigned long long)(j->sum.compared[k] - before->compared[k]));
	fprintf(j->journal, "\n");
	fflush(j->journal);
}

static int compare_file(struct kernel_job *j, const char *path)
{
	static const struct compare_total nothing;
	const char *why;
	enum compare_status status;
	int ret = load_program(path, &prog, &text);

	if (ret)
		return ret;
	why = order_refuses(&prog, false);
	if (why) {
		fprintf(stderr, "%s: %s\n", path, why);
		return EXIT_USAGE;
	}
	memset(&j->sum, 0, sizeof(j->sum));
	journal_begin(j, path);
	status = compare_program(&prog, j->device, &j->sum, j->quiet ? NULL : stdout);
	journal_end(j, path, status, &nothing);
	printf("%s: %s", path, statuses[status].text);
	if (status == COMPARE_DISTURBED)
		printf(" (%s)", kernel_world_disturbed_by());
	printf("\n");
	if (!j->quiet)
		print_explained(&j->sum);
	return status_exit(status);
}

static const char *concurrent_name;
static bool concurrent_generated;

/* The oracle's report is the end of the process; its parent undoes. */
static void print_concurrent(const struct engine_report *r)
{
	static char buf[PROG_TEXT_MAX];

	printf("%s: report: %s\n%s", concurrent_name, r->title, r->body ? r->body : "");
	if (concurrent_generated)
		printf("%.*s", (int)prog_print(&prog, NULL, buf, sizeof(buf)), buf);
}

/* Real threads and processes; the oracle knows for each read what it may give. */
static void run_concurrently(struct kernel_job *j, const char *name, bool generated)
{
	struct run_options opt = run_defaults;
	struct run_result result = { 0 };

	concurrent_name = name;
	concurrent_generated = generated;
	engine_native_report = print_concurrent;
	opt.backend = ENGINE_NATIVE;
	opt.seed_set = true;
	kernel_world_concurrent(&prog);
	for (u64 i = 0; i < j->runs && !kernel_world_stopped(); i++) {
		opt.seed = j->seed + i;
		run_program(&prog, &kernel_world_ops, &opt, &result);
		j->concurrent++;
		j->concurrent_disturbed += kernel_world_disturbed();
		j->concurrent_ops += result.ops;
		if (kernel_world_disturbed())
			snprintf(j->disturbed_by, sizeof(j->disturbed_by), "%s",
				 kernel_world_disturbed_by());
	}
	kernel_world_concurrent(NULL);
	run_result_clear(&result);
}

/* In such a run the oracle's report is the end of the process. */
static void journal_checked(const struct kernel_job *j, const char *name)
{
	if (!j->journal || kernel_world_stopped())
		return;
	fprintf(j->journal, "end %s checked\n", name);
	fflush(j->journal);
}

static int end_concurrent(struct kernel_job *j, const char *name, double start)
{
	bool none = j->concurrent == j->concurrent_disturbed;

	printf("%s: %llu runs as real threads, %llu ops, %.0f runs/s: %s", name,
	       (unsigned long long)j->concurrent, (unsigned long long)j->concurrent_ops,
	       (double)j->concurrent / (now_seconds() - start),
	       none ? "nothing was checked" : "each read is one that the model allows");
	if (j->concurrent_disturbed)
		printf("; %llu runs were disturbed from outside (%s)",
		       (unsigned long long)j->concurrent_disturbed, j->disturbed_by);
	printf("\n");
	j->concurrent = j->concurrent_disturbed = j->concurrent_ops = 0;
	if (kernel_world_stopped())
		return EXIT_SIGNALLED + SIGINT;
	return none ? EXIT_USAGE : EXIT_CLEAN;
}

static int run_concurrent(struct kernel_job *j, const char *path)
{
	double start = now_seconds();
	const char *why;
	int ret = load_program(path, &prog, &text);

	if (ret)
		return ret;
	why = order_refuses(&prog, true);
	if (why) {
		fprintf(stderr, "%s: %s\n", path, why);
		return EXIT_USAGE;
	}
	journal_begin(j, path);
	run_concurrently(j, path, false);
	journal_checked(j, path);
	return end_concurrent(j, path, start);
}

static void generate(struct kernel_job *j, u64 i)
{
	struct prng rng;

	prng_seed(&rng, j->seed + i);
	prog_generate(&prog, &rng, j->profile);
	order_make_expressible(&prog);
	for (unsigned t = 0; t < prog.ntasks; t++) {
		for (unsigned k = 0; k < prog.task[t].nops; k++)
			j->ops[prog.task[t].op[k].kind]++;
	}
}

static int random_concurrent(struct kernel_job *j)
{
	double start = now_seconds();
	char name[64];

	for (u64 i = 0; i < j->programs && !kernel_world_stopped(); i++) {
		snprintf(name, sizeof(name), "seed %llu", (unsigned long long)(j->seed + i));
		generate(j, i);
		journal_begin(j, name + 5);
		run_concurrently(j, name, true);
		journal_checked(j, name + 5);
		progress("%llu programs, %.0f runs a second", (unsigned long long)i + 1,
			 (double)j->concurrent / (now_seconds() - start));
	}
	progress_end();
	snprintf(name, sizeof(name), "%llu programs", (unsigned long long)j->programs);
	return end_concurrent(j, name, start);
}

static void keep_program(const struct kernel_job *j, u64 seed)
{
	char path[4096];

	if (!j->out)
		return;
	memset(&text, 0, sizeof(text));
	snprintf(path, sizeof(path), "%s/kernel-%s-%llu.prog", j->out,
		 j->device == DEVICE_ZRAM ? "zram" : "file", (unsigned long long)seed);
	write_program(path, &prog, &text);
}

/* What was written about a program that differs, after its seed. */
static void show_program(FILE *shown, char **buf, u64 seed)
{
	fflush(shown);
	if (!ftell(shown))
		return;
	progress_end();
	printf("seed %llu: %.*s", (unsigned long long)seed, (int)ftell(shown), *buf);
}

static int compare_random(struct kernel_job *j)
{
	double start = now_seconds();
	int worst = EXIT_CLEAN;
	char *buf = NULL, name[24];
	size_t size;
	FILE *shown = open_memstream(&buf, &size);

	if (!shown)
		return bad_usage("kernel", "out of memory");
	for (u64 i = 0; i < j->programs && !kernel_world_stopped(); i++) {
		const struct compare_total before = j->sum;
		enum compare_status status;

		snprintf(name, sizeof(name), "%llu", (unsigned long long)(j->seed + i));
		generate(j, i);
		journal_begin(j, name);
		status = compare_program(&prog, j->device, &j->sum, j->quiet ? NULL : shown);
		journal_end(j, name, status, &before);
		j->status[status]++;
		if (status == COMPARE_DISTURBED)
			snprintf(j->disturbed_by, sizeof(j->disturbed_by), "%s",
				 kernel_world_disturbed_by());
		if (status == COMPARE_DIFFERS || status == COMPARE_REPORT) {
			worst = EXIT_REPORT;
			keep_program(j, j->seed + i);
			show_program(shown, &buf, j->seed + i);
		}
		rewind(shown);
		progress("%llu programs, %.0f a second, %llu differ", (unsigned long long)i + 1,
			 (double)(i + 1) / (now_seconds() - start),
			 (unsigned long long)j->sum.differing);
	}
	progress_end();
	fclose(shown);
	free(buf);
	print_sum(j, now_seconds() - start);
	if (!j->sum.programs && worst == EXIT_CLEAN)
		worst = EXIT_USAGE;
	return kernel_world_stopped() ? EXIT_SIGNALLED + SIGINT : worst;
}

static int work(struct kernel_job *j)
{
	char why[UNDO_WHY_MAX] = "";
	int worst = EXIT_CLEAN;

	/* Without rights to look, kernel_world_open() says so. Contents alone, which
	 * --runs checks, are the same on any kernel. */
	if (!j->runs && zero_page_probe() == 0) {
		fprintf(stderr, "swaprace kernel: this kernel never maps the zero page (a page that is "
			"read before it is written gets a frame of its own), so its page states cannot "
			"be compared with the model's; --runs=N checks contents here as well\n");
		return EXIT_USAGE;
	}
	if (kernel_world_open(j->device, why) != 0) {
		fprintf(stderr, "swaprace kernel: %s\n", why);
		return EXIT_USAGE;
	}
	if (j->random) {
		worst = j->runs ? random_concurrent(j) : compare_random(j);
	} else {
		for (int i = 0; i < j->args.nfiles && !kernel_world_stopped(); i++)
			worst = max(worst, j->runs ? run_concurrent(j, j->args.file[i]) :
						     compare_file(j, j->args.file[i]));
	}
	if (kernel_world_close() != 0)
		worst = max(worst, EXIT_USAGE);
	return worst;
}

/* ---- in the parent ---- */

static pid_t worker;

static void forward_signal(int signo)
{
	if (worker > 0)
		kill(worker, signo == SIGALRM ? SIGKILL : SIGTERM);
	alarm(STOP_SECONDS);
}

/* What a worker that died has left. */
static int undo_after(int status)
{
	char why[UNDO_WHY_MAX] = "";

	if (WIFSIGNALED(status))
		fprintf(stderr, "swaprace kernel: the worker died of signal %d\n", WTERMSIG(status));
	/* A worker that ended by itself has undone everything, or never began. */
	if (WIFSIGNALED(status) || WEXITSTATUS(status) == EXIT_REPORT) {
		if (undo_open(why) != 0)
			fprintf(stderr, "swaprace kernel: %s\n", why);
		undo_close();
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SIGNALLED + WTERMSIG(status);
}

static int undo_only(void)
{
	char why[UNDO_WHY_MAX] = "";

	if (undo_open(why) != 0)
		return bad_usage("kernel", "%s", why);
	undo_close();
	return EXIT_CLEAN;
}

static int supervise(struct kernel_job *j)
{
	int status, ret;

	fflush(NULL);
	worker = fork();
	if (worker < 0)
		return bad_usage("kernel", "no process can be started: %s", strerror(errno));
	if (worker == 0) {
		catch_signals(on_signal);
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		ret = work(j);
		fflush(NULL);
		_exit(ret);
	}
	catch_signals(forward_signal);
	signal(SIGALRM, forward_signal);
	while (waitpid(worker, &status, 0) < 0 && errno == EINTR)
		;
	alarm(0);
	return geteuid() == 0 ? undo_after(status) : WEXITSTATUS(status);
}

/* The same command in a virtual machine: what concerns the guest goes there as it is. Files
 * are looked at here first, so that a bad one is said before anything is booted. */
static int run_in_vm(struct kernel_job *j)
{
	static const char *const to_guest[] = { "device", "profile", "bug", "runs", "quiet" };
	static const char *const to_script[] = { "seed", "programs", "resume", "accel", "out" };
	static char word[ARRAY_SIZE(to_guest) + ARRAY_SIZE(to_script) + 2][PATH_MAX + 32];
	const char *words[ARGS_FILES_MAX + ARRAY_SIZE(word) + 2], *kernel = args_get(&j->args, "vm");
	size_t count = 0, n = 0;
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len < 0)
		return bad_environment("kernel", "/proc/self/exe: %s", strerror(errno));
	for (int i = 0; i < j->args.nfiles; i++) {
		int status = load_program(j->args.file[i], &prog, &text);

		if (status)
			return status;
	}
	words[count++] = "compare";
	snprintf(word[n], sizeof(word[n]), "--swaprace=%.*s", (int)len, self);
	words[count++] = word[n++];
	if (*kernel) {
		snprintf(word[n], sizeof(word[n]), "--kernel=%s", kernel);
		words[count++] = word[n++];
	}
	for (size_t i = 0; i < ARRAY_SIZE(to_guest) + ARRAY_SIZE(to_script); i++) {
		bool guest = i < ARRAY_SIZE(to_guest);
		const char *name = guest ? to_guest[i] : to_script[i - ARRAY_SIZE(to_guest)];
		const char *value = args_get(&j->args, name);

		if (!value)
			continue;
		snprintf(word[n], sizeof(word[n]), "%s--%s%s%s", guest ? "--guest=" : "", name,
			 *value ? "=" : "", value);
		words[count++] = word[n++];
	}
	words[count++] = "--";
	for (int i = 0; i < j->args.nfiles; i++)
		words[count++] = j->args.file[i];
	return script_run("kernel", vm_script(), words, (int)count);
}

static int run(int argc, char **argv)
{
	struct kernel_job *j = &job;
	const char *device, *journal;
	bool bad = false;
	int status = args_parse(&j->args, &command_kernel, argc, argv);

	if (status)
		return status < 0 ? EXIT_CLEAN : status;
	device = args_get(&j->args, "device");
	if (device && strcmp(device, "zram") != 0 && strcmp(device, "file") != 0)
		return bad_usage("kernel", "no device '%s'; there are zram and file", device);
	j->device = device && strcmp(device, "file") == 0 ? DEVICE_FILE : DEVICE_ZRAM;
	j->random = args_get(&j->args, "random") != NULL;
	j->quiet = args_get(&j->args, "quiet") != NULL;
	j->out = args_get(&j->args, "out");
	j->seed = args_number(&j->args, "seed", 1, UINT64_MAX, &bad);
	j->programs = args_number(&j->args, "programs", 100, 1000000000, &bad);
	j->runs = args_number(&j->args, "runs", 0, 1000000, &bad);
	j->profile = args_get(&j->args, "profile") ? prog_profile_find(args_get(&j->args, "profile")) :
						     &prog_profile_kernel;
	if (args_bugs(&j->args, NULL, &compare_bugs) || bad)
		return EXIT_USAGE;
	if (!j->profile)
		return bad_usage("kernel", "no profile '%s'", args_get(&j->args, "profile"));
	if (args_get(&j->args, "undo"))
		return undo_only();
	if (j->random == (j->args.nfiles > 0))
		return bad_usage("kernel", "either files or --random (see swaprace kernel --help)");
	status = j->out ? make_folder("kernel", j->out) : 0;
	if (status)
		return status;
	if (args_get(&j->args, "vm"))
		return run_in_vm(j);
	if (args_get(&j->args, "resume") || args_get(&j->args, "accel"))
		return bad_usage("kernel", "--resume and --accel go with --vm");
	journal = args_get(&j->args, "journal");
	j->journal = journal ? fopen(journal, "we") : NULL;
	if (journal && !j->journal)
		return bad_environment("kernel", "%s: %s", journal, strerror(errno));
	return supervise(j);
}

const struct command command_kernel = {
	"kernel", "FILE... | --random [options]",
	"runs programs on the running Linux kernel and compares it with the model\n"
	"op by op, in one fixed order: contents, page states, counters. Needs root.",
	options, run,
};
