// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: people can read and write programs. Method: print, parse and print
 * again, byte by byte, for generated programs and for noise; free-hand texts
 * against their canonical form; every error with its line and column.
 */
#include "core/base/seeded_bug.h"
#include "core/base/site.h"
#include "core/base/test.h"
#include "fuzz/prog/edit.h"
#include "fuzz/prog/machine.h"

static char text[PROG_TEXT_MAX], again[PROG_TEXT_MAX];
static u8 noise[1 << 20];
static struct prog p, q;
static struct prog_text extra, extra2;
static struct prog_error err;

/* Two sites that this build has, so that names can be printed. */
static const struct site *folio_lock_site(void)
{
	return SITE("folio_lock");
}

static const struct site *alloc_site(void)
{
	return SITE("alloc");
}

static bool turn_holds(const struct prog *prog, const struct prog_text *t)
{
	size_t len = prog_print(prog, t, text, sizeof(text)), len2;

	if (!len || !prog_is_text(text, len))
		return false;
	if (prog_parse(&q, &extra2, text, len, &err)) {
		printf("%u:%u: %s\n%s", err.line, err.column, err.what, text);
		return false;
	}
	len2 = prog_print(&q, &extra2, again, sizeof(again));
	return prog_equal(prog, &q) && len == len2 && !memcmp(text, again, len);
}

/* Events on known and unknown sites, objects, interrupts, choices. */
static void decorate(struct prog *prog, struct prng *rng)
{
	static const char *const roles[] = { "", "folio A2.0", "slot dev0.3", "pte mm1.r0+3" };
	const u32 sites[] = { 0, folio_lock_site()->hash, alloc_site()->hash, 0xdeadbeef, 1 };

	for (unsigned i = 0; i < 8; i++) {
		struct event_key e[2];

		for (unsigned s = 0; s < 2; s++) {
			e[s] = event_key_whole((u8)prng_below(rng, 24), 1);
			e[s].op = (u8)(1 + prng_below(rng, 5));
			e[s].site = sites[prng_below(rng, ARRAY_SIZE(sites))];
			e[s].nth = (u16)(1 + prng_below(rng, 300));
			strcpy(e[s].role, roles[prng_below(rng, ARRAY_SIZE(roles))]);
		}
		prog_edge_append(prog, &e[0], &e[1]);
		prog->choice[prog->nchoices++] = (struct event_choice){ e[0], (u8)i };
	}
	prog_repair(prog);
}

static void test_round_trip(void)
{
	struct prng rng = { 11 };
	struct prog_text t = { .bugs = "none", .nexpects = 2, .comment = "# one\n#  two # three\n",
			       .expect = { "[tsan] data race in f / g", "counter needless_drain > 0" },
			       .world = "tree>=7.3" };
	unsigned bad = 0, bad_noise = 0;
	static u8 bytes[400];

	for (unsigned i = 0; i < 20000; i++) {
		prog_generate(&p, &rng, &prog_profile_all);
		if (i & 1)
			decorate(&p, &rng);
		bad += !turn_holds(&p, i & 2 ? &t : NULL);
	}
	CHECK_EQ(bad, 0);
	for (unsigned i = 0; i < 20000; i++) {
		for (unsigned b = 0; b < sizeof(bytes); b++)
			bytes[b] = (u8)prng_next(&rng);
		prog_decode(&p, bytes, prng_below(&rng, sizeof(bytes)));
		bad_noise += !turn_holds(&p, NULL);
	}
	CHECK_EQ(bad_noise, 0);
}

static void test_print_sizes(void)
{
	struct prng rng = { 12 };
	size_t len;

	prog_generate(&p, &rng, &prog_profile_ksm);
	decorate(&p, &rng);
	len = prog_print(&p, NULL, text, sizeof(text));
	CHECK(len > 0);
	CHECK_EQ(prog_print(&p, NULL, again, len + 1), len);
	for (size_t size = 0; size <= len; size++)
		CHECK_EQ(prog_print(&p, NULL, again, size), 0);
}

static const char sketch[] =
	"# SPDX-License-Identifier: GPL-2.0-or-later\n"
	"# swapoff maps a KSM page back into two mms; the second one needs a copy.\n"
	"\n"
	"expect:  WARNING: folio not in swap cache in folio_put_swap   # by its title\n"
	"expect:  [tsan] data race in a / b\n"
	"machine: cpus=2 folios=16 dev0=sync,8 dev1=16,off,prio=-1,bad=3,stable\n"
	"policy:  random seed=0x10\n"
	"task A mm=1   # a comment\n"
	"  mmap r0 1 mergeable\n"
	"  2 write r0 0x11\n"
	"\tread r0+0\n"
	"# another\n"
	"task K cpu=1 mm=mm2\n"
	"  1  mmap r0 1 readonly mergeable\n"
	"  2  fork 3\n"
	"task S cpu=1\n"
	"  ksm_scan 2\n"
	"  swapoff dev0\n"
	"\n"
	"schedule\n"
	"  K1 after A2   # whole ops\n"
	"  S2 folio_lock@folio_lock_site(folio A2.0) after irq1.3 nosuch@function#2\n"
	"  A3 alloc@alloc_site#2 = 1\n"
	"  rcu0.1 after K2\n";

static const char canonical[] =
	"# SPDX-License-Identifier: GPL-2.0-or-later\n"
	"# swapoff maps a KSM page back into two mms; the second one needs a copy.\n"
	"expect:  WARNING: folio not in swap cache in folio_put_swap\n"
	"expect:  [tsan] data race in a / b\n"
	"machine: cpus=2 folios=16 dev0=sync,8 dev1=async,16,prio=-1,bad=3,stable,off\n"
	"policy:  random seed=16\n"
	"\n"
	"task A cpu=0 mm=1\n"
	"  1  mmap r0+0 1 mergeable\n"
	"  2  write r0+0 0x11\n"
	"  3  read r0+0\n"
	"\n"
	"task K cpu=1 mm=2\n"
	"  1  mmap r0+0 1 mergeable readonly\n"
	"  2  fork mm3\n"
	"\n"
	"task S cpu=1\n"
	"  1  ksm_scan 2\n"
	"  2  swapoff dev0\n"
	"\n"
	"schedule\n"
	"  K1 after A2\n"
	"  S2 folio_lock@folio_lock_site(folio A2.0)#1 after irq1.3 0x%08x#2\n"
	"  rcu0.1 after K2\n"
	"  A3 alloc@alloc_site#2 = 1\n";

static void test_free_hand(void)
{
	char want[sizeof(canonical) + 8], buf[128];

	snprintf(want, sizeof(want), canonical, site_hash("nosuch@function", 15));
	CHECK_EQ(prog_parse(&p, &extra, sketch, sizeof(sketch) - 1, &err), 0);
	CHECK_STR(err.what, "");
	text[prog_print(&p, &extra, text, sizeof(text))] = 0;
	CHECK_STR(text, want);
	CHECK_EQ(p.machine.mms, 3); /* mm3 is forked */
	CHECK_EQ(p.task[1].label, 'K');
	CHECK_STR(prog_event_print(&p, &p.edge[1].event, buf, sizeof(buf)),
		  "S2 folio_lock@folio_lock_site(folio A2.0)#1");
	CHECK_STR(prog_event_print(NULL, &p.edge[1].event, buf, sizeof(buf)),
		  "C2 folio_lock@folio_lock_site(folio A2.0)#1");
	CHECK_STR(prog_event_print(&p, &p.edge[0].event, buf, sizeof(buf)), "K1");
	/* what the default would say is not printed; what it would not, is */
	p.machine.mms = 7;
	text[prog_print(&p, NULL, text, sizeof(text))] = 0;
	CHECK_HAS(text, "folios=16 mms=1,2,3 dev0=");
	CHECK(turn_holds(&p, NULL));
	prog_init(&p);
	p.task[0].mm = 1;
	p.task[0].nops = 1;
	p.task[0].op[0] = (struct prog_op){ OP_fork, { 2, 0, 0 } };
	p.machine.mms = 1;
	CHECK(turn_holds(&p, NULL));
	p.machine.mms = 3;
	CHECK(turn_holds(&p, NULL));
	prog_init(&p);
	p.machine.mms = 0;
	text[prog_print(&p, NULL, text, sizeof(text))] = 0;
	CHECK_STR(text, "machine: cpus=2\n\ntask A cpu=0\n");
}

/* Names and flags of files and pins, as they are printed. */
static void test_files_and_pins(void)
{
	static const char src[] =
		"machine: cpus=2\n"
		"\n"
		"task A cpu=0 mm=1\n"
		"  1  shm_map r1+2 6 shm1\n"
		"  2  shm_punch shm0 6 2\n"
		"  3  shm_truncate shm1 0\n"
		"  4  shm_close shm0\n"
		"  5  pin r0+3 pin1 write longterm slow\n"
		"  6  pin r0+0 pin0\n"
		"  7  pin_write pin0 0x11\n"
		"  8  unpin pin1\n";

	CHECK_EQ(prog_parse(&p, &extra, src, sizeof(src) - 1, &err), 0);
	CHECK_STR(err.what, "");
	text[prog_print(&p, &extra, text, sizeof(text))] = 0;
	CHECK_STR(text, src);
}

static void check_error(unsigned line_of_test, const char *src, u32 line, u32 column,
			const char *what)
{
	int ret = prog_parse(&p, &extra, src, strlen(src), &err);

	if (ret != -EINVAL || err.line != line || err.column != column ||
	    strcmp(err.what, what))
		printf("test line %u: %d, %u:%u: %s\n", line_of_test, ret, err.line, err.column,
		       err.what);
	CHECK_EQ(ret, -EINVAL);
	CHECK_EQ(err.line, line);
	CHECK_EQ(err.column, column);
	CHECK_STR(err.what, what);
	CHECK(prog_valid(&p, NULL));
	CHECK_EQ(prog_parse(&p, NULL, src, strlen(src), NULL), -EINVAL);
}
#define ERROR(src, line, column, what) check_error(__LINE__, src, line, column, what)

static void test_errors_header(void)
{
	ERROR("", 1, 1, "the file is empty");
	ERROR("machine: cpus=2\n", 1, 1, "there is no task");
	ERROR("# only a comment\n\n", 2, 1, "there is no task");
	ERROR("task A mm=1\n  write r0+0 0x1", 2, 17,
	      "the last line does not end: is the text cut off?");
	ERROR("tsk A\n", 1, 1, "unknown line 'tsk' (did you mean 'task'?)");
	ERROR("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n", 1, 1,
	      "unknown line 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...'");
	ERROR("\x01\xff\n", 1, 1, "unknown line '?" "?'");
	ERROR("bug: nosuchthingatall\n", 1, 6, "unknown bug 'nosuchthingatall'");
	ERROR("bug:\n", 1, 5, "the bug's name is missing");
	ERROR("bug: none none\n", 1, 11, "several bugs are written a,b without a blank");
	ERROR("bug: none\nbug: none\n", 2, 1, "a second bug:");
	ERROR("task A\nbug: none\n", 2, 1, "bug: comes before the first task");
	ERROR("world: moon\n", 1, 8, "no world 'moon'; there are model, tree, tree:NAME and tree>=7.3");
	ERROR("world:\n", 1, 7, "the world is missing");
	ERROR("world: tree\nworld: model\n", 2, 1, "a second world:");
	ERROR("expect: [msan] x\n", 1, 9,
	      "in brackets stand builds (plain, asan, tsan) and worlds (model, tree, tree:NAME, "
	      "tree>=7.3)");
	ERROR("expect: [tsan x\n", 1, 9, "the bracket is not closed");
	ERROR("expect: counter x > 0\n", 1, 9,
	      "there is no counter of this name (core/base/counters.def has them)");
	ERROR("expect:  # nothing\n", 1, 8, "what is expected is missing");
	ERROR("expect: a\nexpect: b\nexpect: c\nexpect: d\nexpect: e\n", 5, 1,
	      "more than 4 lines of expect:");
	ERROR("policy: rnadom\n", 1, 9, "unknown policy 'rnadom' (did you mean 'random'?)");
	ERROR("policy: pct 7\n", 1, 13, "'7': seed=<number> is expected here");
	ERROR("policy: pct seed=99999999999999999999\n", 1, 18,
	      "'99999999999999999999': seed=<number> is expected here");
	ERROR("policy: pct seed=1 2\n", 1, 20, "'2' is too much on this line");
	/* the real bug's name, misspelt */
	snprintf(text, sizeof(text), "bug: x%s\n", seeded_bug_info((enum seeded_bug)1)->name);
	CHECK_EQ(prog_parse(&p, &extra, text, strlen(text), &err), -EINVAL);
	CHECK_HAS(err.what, "did you mean");
	snprintf(text, sizeof(text), "bug: %s\ntask A\n",
		 seeded_bug_info((enum seeded_bug)1)->name);
	CHECK_EQ(prog_parse(&p, &extra, text, strlen(text), &err), 0);
	CHECK_STR(extra.bugs, seeded_bug_info((enum seeded_bug)1)->name);
	/* several: the order of the table, each once */
	snprintf(text, sizeof(text), "bug: %s,%s,%s\ntask A\n", seeded_bug_info((enum seeded_bug)3)->name,
		 seeded_bug_info((enum seeded_bug)1)->name, seeded_bug_info((enum seeded_bug)3)->name);
	CHECK_EQ(prog_parse(&p, &extra, text, strlen(text), &err), 0);
	snprintf(text, sizeof(text), "%s,%s", seeded_bug_info((enum seeded_bug)1)->name,
		 seeded_bug_info((enum seeded_bug)3)->name);
	CHECK_STR(extra.bugs, text);
	ERROR("bug: wp-no-recheck,none\n", 1, 20, "'none' stands alone");
	ERROR("bug: wp-no-recheck,wp-no-rechek\n", 1, 20,
	      "unknown bug 'wp-no-rechek' (did you mean 'wp-no-recheck'?)");
	ERROR("bug: wp-no-recheck,\n", 1, 20, "unknown bug ''");
	ERROR("bug: wp-no-recheck, ksm-stale-head\n", 1, 20, "unknown bug ''");
	ERROR("bug: wp-no-recheck ksm-stale-head\n", 1, 20,
	      "several bugs are written a,b without a blank");
}

static void test_errors_machine(void)
{
	ERROR("machine: cpus\n", 1, 10, "'cpus': a machine line wants name=value");
	ERROR("machine: cpu=2\n", 1, 10,
	      "unknown field of the machine 'cpu' (did you mean 'cpus'?)");
	ERROR("machine: cpus=5\n", 1, 15, "cpus=5 is out of bounds: 1 to 4");
	ERROR("machine: cpus=x\n", 1, 15, "'x': cpus wants a number from 1 to 4");
	ERROR("machine: cpus=\n", 1, 15, "cpus is missing: 1 to 4");
	ERROR("machine: cpus=1 cpus=2\n", 1, 17, "cpus is given twice");
	ERROR("machine: cluster=12\n", 1, 18, "cluster=12 is not a power of two");
	ERROR("machine: folios=8 low=5\n", 1, 19, "low=5 is more than half of folios=8");
	ERROR("machine: mms=1,7\n", 1, 16, "mm=7 is out of bounds: 1 to 6");
	ERROR("machine: dev3=8\n", 1, 10,
	      "unknown field of the machine 'dev3' (did you mean 'dev0'?)");
	ERROR("machine: dev0=sync\n", 1, 15, "dev0 has no size: dev0=sync,8");
	ERROR("machine: dev0=sync,65\n", 1, 20, "slots=65 is out of bounds: 2 to 64");
	ERROR("machine: dev0=8,9\n", 1, 17, "a device has one size");
	ERROR("machine: dev0=8,prio=128\n", 1, 22, "prio wants a number from -128 to 127");
	ERROR("machine: dev0=8,bad=8\n", 1, 15, "bad=8: dev0 ends at slot 7");
	ERROR("machine: dev0=8,bad=0\n", 1, 21, "bad=0 is out of bounds: 1 to 63");
	ERROR("machine: dev0=8,bad=1,bad=2,bad=3\n", 1, 33, "a device has at most 2 bad slots");
	ERROR("machine: dev0=2,bad=1\n", 1, 15, "dev0 has no usable slot");
	ERROR("machine: dev0=8,discrad\n", 1, 17,
	      "unknown word of a device 'discrad' (did you mean 'discard'?)");
	ERROR("machine: cpus=1\nmachine: cpus=1\n", 2, 1, "a second machine:");
	ERROR("machine: mms=2\n\ntask A mm=1\n  read r0\n", 3, 8,
	      "mm1 is not in mms= and nobody forks it");
}

static void test_errors_tasks(void)
{
	ERROR("task a\n", 1, 6, "a task's label is one capital letter, not 'a'");
	ERROR("task\n", 1, 5, "a task's label is one capital letter, not ''");
	ERROR("task A\ntask A\n", 2, 6, "there is already a task A");
	ERROR("task A cpu=2\n", 1, 12, "cpu=2 is out of bounds: 0 to 1");
	ERROR("task A mm=7\n", 1, 11, "mm=7 is out of bounds: 1 to 6");
	ERROR("task A cp=1\n", 1, 8, "unknown field of a task 'cp' (did you mean 'cpu'?)");
	ERROR("task A\ntask B\ntask C\ntask D\ntask E\ntask F\ntask G\ntask H\ntask I\n"
	      "task J\ntask K\ntask L\ntask M\ntask N\ntask O\ntask P\ntask Q\n", 17, 6,
	      "more than 16 tasks");
	ERROR("task A\nschedule\ntask B\n", 3, 1, "a task after the schedule");
	ERROR("task A mm=1\n  1  frok mm2\n", 2, 6, "unknown op 'frok' (did you mean 'fork'?)");
	ERROR("task A\n  zzzzzz\n", 2, 3, "unknown op 'zzzzzz'");
	ERROR("task A\n  2 kswapd\n", 2, 3, "op 2 of task A is number 1");
	ERROR("task A\n  1\n", 2, 4, "the op is missing");
	ERROR("task A\n  read r0\n", 2, 3, "read needs an mm and task A has none: task A mm=1");
	ERROR("task A mm=1\n  read\n", 2, 7, "the page is missing: r0+3");
	ERROR("task A mm=1\n  read r4+0\n", 2, 8, "page r4+0 is out of bounds: r0+0 to r3+7");
	ERROR("task A mm=1\n  read r0+8\n", 2, 8, "page r0+8 is out of bounds: r0+0 to r3+7");
	ERROR("task A mm=1\n  read r0+\n", 2, 8, "'r0+' is no page: r<region>+<page>");
	ERROR("task A mm=1\n  read 5\n", 2, 8, "'5' is no page: r<region>+<page>");
	ERROR("task A mm=1\n  munmap r0+6 3\n", 2, 15,
	      "3 pages from r0+6 run past the end of the region");
	ERROR("task A mm=1\n  munmap r0 9\n", 2, 13, "pages=9 is out of bounds: 1 to 8");
	ERROR("task A mm=1\n  munmap r0\n", 2, 12, "pages is missing: 1 to 8");
	ERROR("task A mm=1\n  write r0 0x100\n", 2, 12, "value=0x100 is out of bounds: 0 to 255");
	ERROR("task A mm=1\n  mmap r0 1 mergable\n", 2, 13,
	      "unknown flag 'mergable' (did you mean 'mergeable'?)");
	ERROR("task A\n  shm_punch shm0 6 3\n", 2, 20,
	      "3 pages from index 6 run past the end of the file");
	ERROR("task A\n  shm_close shm2\n", 2, 16, "shm=2 is out of bounds: 0 to 1");
	ERROR("task A mm=1\n  pin r0 pin0 wirte\n", 2, 15,
	      "unknown flag 'wirte' (did you mean 'write'?)");
	ERROR("task A mm=1\n  fork mm1\n", 2, 8, "mm1 can't be forked into itself");
	ERROR("task A mm=1\n  fork mm\n", 2, 8, "'mm': mm wants a number from 1 to 6");
	ERROR("task A\n  swapoff dev3\n", 2, 14, "dev=3 is out of bounds: 0 to 2");
	ERROR("task A\n  kswapd 1\n", 2, 10, "'1': kswapd has 0 arguments");
	ERROR("task A mm=1\n  read r0 1\n", 2, 11, "'1': read has 1 argument");
	ERROR("task A\n kswapd\n kswapd\n kswapd\n kswapd\n kswapd\n kswapd\n kswapd\n kswapd\n"
	      " kswapd\n kswapd\n kswapd\n kswapd\n kswapd\n kswapd\n kswapd\n kswapd\n kswapd\n",
	      18, 2, "a task has at most 16 ops");
}

#define TWO "task A\n kswapd\ntask B\n kswapd\nschedule\n"

static void test_errors_schedule(void)
{
	ERROR("task A\nschedule now\n", 2, 10, "the edges go on the lines below");
	ERROR(TWO "schedule\n", 6, 1, "a second schedule");
	ERROR(TWO "C1 after A1\n", 6, 1, "there is no task C");
	ERROR(TWO "B2 after A1\n", 6, 1, "task B has 1 ops, there is no B2");
	ERROR(TWO "B1 after A0\n", 6, 10, "task A has 1 ops, there is no A0");
	ERROR(TWO "b1 after A1\n", 6, 1, "'b1' is no label of an op (A3, irq0.1, rcu0.1)");
	ERROR(TWO "B1 after\n", 6, 9, "the label of an op is missing: A3");
	ERROR(TWO "B1\n", 6, 3, "'after' or '=' is expected here, not ''");
	ERROR(TWO "B1 before A1\n", 6, 4, "'before': an event is primitive@function");
	ERROR(TWO "B1 a@ after A1\n", 6, 4, "'a@': an event is primitive@function");
	ERROR(TWO "B1 0xgg after A1\n", 6, 4, "'0xgg' is no hash of a site");
	ERROR(TWO "B1 0x0 after A1\n", 6, 4, "'0x0' is no hash of a site");
	ERROR(TWO "B1 a@b(x after A1\n", 6, 7, "the parenthesis is not closed");
	ERROR(TWO "B1 a@b() after A1\n", 6, 8, "the name of the object is missing");
	ERROR(TWO "B1 a@b(x=y) after A1\n", 6, 9,
	      "this character can't stand in the name of an object");
	ERROR(TWO "B1 a@b(xxxxxxxxxxxxxxxxxxxxxxxx) after A1\n", 6, 8,
	      "the name of an object has at most 23 characters");
	ERROR(TWO "B1 a@b#0 after A1\n", 6, 8, "occurrence=0 is out of bounds: 1 to 65535");
	ERROR(TWO "B1 a@b#x after A1\n", 6, 8, "'x': occurrence wants a number from 1 to 65535");
	ERROR(TWO "B1 after B1\n", 6, 1, "an edge orders events of two different tasks");
	ERROR(TWO "B1 after A1 now\n", 6, 13, "'now': an event is primitive@function");
	ERROR(TWO "B1 after A1 a@b c\n", 6, 17, "'c' is too much on this line");
	ERROR(TWO "B1 = 1\n", 6, 1, "a choice needs its event: A3 alloc@folio_alloc#1 = 1");
	ERROR(TWO "B1 a@b = 256\n", 6, 10, "choice=256 is out of bounds: 0 to 255");
	ERROR(TWO "irq2.1 after A1\n", 6, 4, "CPU=2 is out of bounds: 0 to 1");
	ERROR(TWO "irq1 after A1\n", 6, 1,
	      "an interrupt is irq<cpu>.<number>, a callback rcu<cpu>.<number>");
	ERROR(TWO "rcu1.0 after A1\n", 6, 6, "number=0 is out of bounds: 1 to 65535");
	ERROR(TWO "B1 a@b\xc3 = 256\n", 6, 11, "choice=256 is out of bounds: 0 to 255");
}

/* What would overflow a table: the first line too much is named. */
static void test_errors_limits(void)
{
	size_t at = (size_t)sprintf(text, "%s", TWO);

	for (unsigned i = 0; i <= PROG_EDGES_MAX; i++)
		at += (size_t)sprintf(text + at, "B1 after A1\n");
	CHECK_EQ(prog_parse(&p, NULL, text, at, &err), -EINVAL);
	CHECK_EQ(err.line, 6 + PROG_EDGES_MAX);
	CHECK_STR(err.what, "more than 8192 edges");
	CHECK_EQ(prog_parse(&p, NULL, text, at - 12, &err), 0);
	CHECK_EQ(p.nedges, PROG_EDGES_MAX);
	at = (size_t)sprintf(text, "%s", TWO);
	for (unsigned i = 0; i <= PROG_CHOICES_MAX; i++)
		at += (size_t)sprintf(text + at, "B1 a@b#%u = 1\n", i + 1);
	CHECK_EQ(prog_parse(&p, NULL, text, at, &err), -EINVAL);
	CHECK_STR(err.what, "more than 1024 choices");
	at = 0;
	for (unsigned i = 0; i < 40; i++)
		at += (size_t)sprintf(text + at, "# %0*u\n", 60, i);
	CHECK_EQ(prog_parse(&p, NULL, text, at, &err), -EINVAL);
	CHECK_STR(err.what, "the opening comment is longer than 2047 bytes");
	CHECK_EQ(err.line, 33);
	memset(noise, 'x', 300);
	memcpy(noise, "expect: ", 8);
	memcpy(noise + 300, "\ntask A\n", 8);
	CHECK_EQ(prog_parse(&p, NULL, (char *)noise, 308, &err), -EINVAL);
	CHECK_STR(err.what, "longer than 175 characters");
}

/* Every cut of a text inside a line is an error; a parser eats any bytes. */
static void test_cut_and_noise(void)
{
	struct prng rng = { 13 };
	size_t len = sizeof(sketch) - 1;
	unsigned taken = 0;

	for (size_t cut = 0; cut < len; cut++) {
		int ret = prog_parse(&p, &extra, sketch, cut, &err);

		if (cut && sketch[cut - 1] != '\n')
			CHECK_EQ(ret, -EINVAL);
		CHECK(!ret || (err.line && err.column && err.what[0]));
	}
	for (unsigned i = 0; i < 20000; i++) {
		size_t size = len;

		memcpy(text, sketch, len);
		for (unsigned n = 1 + prng_below(&rng, 3); n; n--)
			text[prng_below(&rng, (u32)size)] = (char)prng_next(&rng);
		if (!prog_parse(&p, &extra, text, size, &err)) {
			taken++;
			CHECK(turn_holds(&p, &extra));
		}
	}
	CHECK(taken > 100);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (u8)(0x20 + prng_below(&rng, 0x5f));
	CHECK_EQ(prog_parse(&p, &extra, (char *)noise, sizeof(noise), &err), -EINVAL);
	CHECK_EQ(err.line, 1);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (u8)prng_next(&rng);
	CHECK_EQ(prog_parse(&p, &extra, (char *)noise, sizeof(noise), &err), -EINVAL);
}

int main(void)
{
	sites_init();
	test_free_hand();
	test_files_and_pins();
	test_round_trip();
	test_print_sizes();
	test_errors_header();
	test_errors_machine();
	test_errors_tasks();
	test_errors_schedule();
	test_errors_limits();
	test_cut_and_noise();
	return TEST_END();
}
