// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The search without libFuzzer: each program is run under some schedules. Every
 * second one comes from the generator; the others are mutants and crosses of
 * programs that took rare paths (rare.c), or such a program again, under other
 * schedules. What a program took gets into the pool SEARCH_DELAY programs later.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fuzz/exec/goal.h"
#include "fuzz/tools/rare.h"
#include "fuzz/tools/search.h"
#include "fuzz/tools/tool.h"

/* Each turn once. */
enum {
	SCHEDULES_A_PROGRAM = 0
#define POLICY(ID, name, turns, text) + (turns)
#include "core/base/policy.def"
};

const struct search *search_current;
static volatile sig_atomic_t search_stop;

#ifdef SWAPRACE_TSAN
/* TSan keeps a signal for the fiber that it came to until that one calls libc, which may
 * be never. So both are blocked, and asked for. */
static sigset_t caught_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return set;
}

void search_catch_signals(void)
{
	sigset_t set = caught_signals();

	sigprocmask(SIG_BLOCK, &set, NULL);
}

bool search_stopped(void)
{
	static const struct timespec now;
	sigset_t set = caught_signals();

	if (!search_stop && sigtimedwait(&set, NULL, &now) > 0) {
		search_stop = 1;
		sigprocmask(SIG_UNBLOCK, &set, NULL);
	}
	return search_stop;
}
#else
static void stop_search(int sig)
{
	signal(sig, SIG_DFL);
	search_stop = 1;
}

void search_catch_signals(void)
{
	signal(SIGINT, stop_search);
	signal(SIGTERM, stop_search);
}

bool search_stopped(void)
{
	return search_stop;
}
#endif

/* The next program: fresh, or after one that took a rare path. */
static void next_program(struct search *s, struct prng *rng)
{
	const struct prog *parent = NULL;
	u32 how = prng_below(rng, 8);

	if (s->fixed) {
		prog_copy(&s->prog, s->fixed);
		return;
	}
	if (how >= 4)
		parent = rare_pick(rng);
	if (!parent) {
		prog_generate(&s->prog, rng, s->profile);
	} else if (how == 4) {
		prog_crossover(&s->prog, parent, rare_pick(rng), rng);
	} else {
		prog_copy(&s->prog, parent);
		if (how >= 6)
			prog_mutate(&s->prog, rng, s->profile);
	}
	run_fit(&s->prog, NULL);
}

/*
 * A behaviour is no report: "counter NAME > N" is found in a program that meets it,
 * and doesn't under the same schedule without the bugs.
 */
static bool behaves_badly(struct search *s, const struct run_options *opt)
{
	for (int i = BUG_NONE + 1; !seeded_bugs_none(&s->bugs) && i < SEEDED_BUG_COUNT; i++) {
		const char *wanted = seeded_bug_info((enum seeded_bug)i)->title;

		if (!seeded_bugs_has(&s->bugs, (enum seeded_bug)i) || !run_title_is_counter(wanted) ||
		    !run_has_title(&s->prog, NULL, opt, wanted, &s->result))
			continue;
		snprintf(s->result.title, sizeof(s->result.title), "%s", wanted);
		return true;
	}
	return false;
}

size_t search_slot_size(void)
{
	return (sizeof(struct search_slot) + rare_bytes() + 63) / 64 * 64;
}

static void slot_fill(struct search_slot *slot, const struct search *s)
{
	const struct run_result *r = &s->result;

	slot->found = true;
	slot->hash = r->hash;
	slot->step = r->step;
	snprintf(slot->title, sizeof(slot->title), "%s", r->title);
	snprintf(slot->label, sizeof(slot->label), "%s", r->label);
	snprintf(slot->body, sizeof(slot->body), "%s", r->body ? r->body : "");
}

void search_program(struct search *s, u64 n, u32 limit, struct search_slot *slot)
{
	struct run_options opt = run_defaults;
	struct prng rng;

	BUG_ON_CMP(limit, ==, 0);
	prng_seed(&rng, prng_mix(prng_mix(s->seed) + n));
	opt.backend = s->backend;
	opt.bugs = s->bugs;
	opt.races_marked = s->races_marked;
	opt.coverage = s->coverage;
	opt.seed_set = true;
	slot->points = slot->ran = slot->truncated = 0;
	slot->found = false;
	next_program(s, &rng);
	rare_begin();
	for (u32 k = 0; k < SCHEDULES_A_PROGRAM && k < limit && !slot->found; k++) {
		if (search_stopped())
			break;
		opt.fresh = k == 0;
		opt.seed = prng_next(&rng);
		opt.policy = s->policy != SEARCH_POLICY_PORTFOLIO ? s->policy : prog_policy_turn(k);
		s->schedules++;
		run_program(&s->prog, NULL, &opt, &s->result);
		slot->ran++;
		slot->points += s->result.stats.steps;
		slot->truncated += s->result.status == RUN_TRUNCATED;
		if (s->result.status == RUN_REPORT || behaves_badly(s, &opt))
			slot_fill(slot, s);
	}
	rare_end(slot->taken);
	if (slot->found) {
		s->prog.policy = (u8)opt.policy;
		s->prog.seed = opt.seed;
	}
	prog_copy(&slot->prog, &s->prog);
}

bool search_take(struct search *s, const struct search_slot *slot)
{
	u64 left = s->schedules_max ? s->schedules_max - s->schedules : UINT64_MAX;

	BUG_ON(s->schedules_max && s->schedules > s->schedules_max);
	s->found = slot->found && slot->ran <= left;
	s->schedules += min((u64)slot->ran, left);
	s->truncated += slot->truncated;
	if (s->found) {
		prog_copy(&s->prog, &slot->prog);
		run_result_clear(&s->result);
		s->result.status = RUN_REPORT;
		s->result.hash = slot->hash;
		s->result.step = slot->step;
		memcpy(s->result.title, slot->title, sizeof(slot->title));
		memcpy(s->result.label, slot->label, sizeof(slot->label));
		s->result.body = strdup(slot->body);
	}
	return s->program_done ? s->program_done(s, s->arg) : s->found;
}

bool search_is_over(struct search *s, double start)
{
	s->elapsed = now_seconds() - start;
	return search_stopped() || (s->seconds > 0 && s->elapsed >= s->seconds) ||
	       (s->schedules_max && s->schedules >= s->schedules_max);
}

void search_print_progress(const struct search *s)
{
	if (!s->quiet)
		progress("%llu schedules, %.0f s, %.0f a second", (unsigned long long)s->schedules,
			 s->elapsed, (double)s->schedules / max(s->elapsed, 0.001));
}

const struct prog *search_parent(const struct search_slot *slot)
{
	return slot->found ? NULL : &slot->prog;
}

/* All in this process. */
static void search_here(struct search *s, double start)
{
	size_t size = search_slot_size();
	char *slots = calloc(SEARCH_DELAY, size);
	bool over = false;
	u64 n;

	BUG_ON(!slots);
	for (n = 0; !over && !search_is_over(s, start); n++) {
		struct search_slot *slot = (struct search_slot *)(slots + n % SEARCH_DELAY * size);
		u64 before = s->schedules, left = s->schedules_max ? s->schedules_max - before : UINT64_MAX;

		if (n >= SEARCH_DELAY)
			rare_add(search_parent(slot), slot->points, slot->taken);
		search_program(s, n, (u32)min(left, (u64)SCHEDULES_A_PROGRAM), slot);
		s->schedules = before; /* it has counted for those who look in the middle of a run */
		over = search_take(s, slot);
		search_print_progress(s);
	}
	/* what has not had its turn: for rare_save() */
	for (u64 i = n > SEARCH_DELAY ? n - SEARCH_DELAY : 0; i < n; i++) {
		struct search_slot *slot = (struct search_slot *)(slots + i % SEARCH_DELAY * size);

		rare_add(search_parent(slot), slot->points, slot->taken);
	}
	free(slots);
}

int search_run(struct search *s)
{
	double start = now_seconds();
	u64 programs = s->schedules_max / SCHEDULES_A_PROGRAM + 1;
	int status = 0;

	s->found = false;
	s->schedules = s->truncated = 0;
	s->elapsed = 0;
	search_current = s;
	rare_reset();
	BUG_ON_CMP(s->jobs, >, SEARCH_JOBS_MAX);
	if (s->schedules_max && s->jobs > programs)
		s->jobs = (unsigned)programs;
	if (s->jobs <= 1 || s->backend == ENGINE_NATIVE)
		search_here(s, start);
	else
		status = search_in_processes(s, start);
	s->elapsed = now_seconds() - start;
	if (!s->quiet)
		progress_end();
	return status;
}
