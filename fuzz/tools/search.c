// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The search without libFuzzer: each program is run under some schedules. Every
 * second one comes from the generator; the others are mutants and crosses of
 * programs that took rare paths (rare.c), or such a program again, under other
 * schedules.
 */
#include <signal.h>
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
		s->prog = *s->fixed;
		return;
	}
	if (how >= 4)
		parent = rare_pick(rng);
	if (!parent) {
		prog_generate(&s->prog, rng, s->profile);
	} else if (how == 4) {
		prog_crossover(&s->prog, parent, rare_pick(rng), rng);
	} else {
		s->prog = *parent;
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

void search_run(struct search *s)
{
	struct prng rng;
	struct run_options opt = run_defaults;
	double start = now_seconds();

	prng_seed(&rng, s->seed);
	opt.backend = s->backend;
	opt.bugs = s->bugs;
	opt.races_marked = s->races_marked;
	opt.coverage = s->coverage;
	opt.seed_set = true;
	s->found = false;
	s->schedules = s->truncated = 0;
	search_current = s;
	rare_reset();
	while (!s->found) {
		u64 points = 0;

		next_program(s, &rng);
		rare_begin();
		for (unsigned k = 0; k < SCHEDULES_A_PROGRAM && !s->found; k++) {
			if (search_stopped() || (s->schedules_max && s->schedules >= s->schedules_max))
				goto out;
			opt.seed = prng_next(&rng);
			opt.policy = s->policy != SEARCH_POLICY_PORTFOLIO ? s->policy :
				     prog_policy_turn(k);
			s->schedules++;
			run_program(&s->prog, NULL, &opt, &s->result);
			points += s->result.stats.steps;
			s->truncated += s->result.status == RUN_TRUNCATED;
			s->found = s->result.status == RUN_REPORT || behaves_badly(s, &opt);
		}
		rare_end(&s->prog, points);
		s->elapsed = now_seconds() - start;
		if (s->seconds > 0 && s->elapsed >= s->seconds)
			break;
		if (!s->quiet)
			progress("%llu schedules, %.0f s, %.0f a second",
				 (unsigned long long)s->schedules, s->elapsed,
				 (double)s->schedules / max(s->elapsed, 0.001));
	}
out:
	s->elapsed = now_seconds() - start;
	if (s->found) {
		s->prog.policy = (u8)opt.policy;
		s->prog.seed = opt.seed;
	}
	if (!s->quiet)
		progress_end();
}
