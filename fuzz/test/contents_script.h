/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of the contents oracle: a script of steps, each on a context of the engine,
 * in exactly the written order; the policy runs the context of the next step. TITLE(...) is
 * the title that a script gives, "" where it is silent.
 */
#ifndef FUZZ_TEST_CONTENTS_SCRIPT_H
#define FUZZ_TEST_CONTENTS_SCRIPT_H

#include "core/base/test.h"
#include "core/engine/policy.h"
#include "fuzz/oracle/contents.h"

enum what { END, BEGIN, BEGIN_FORK, FINISH, READ, DONE_READ, STORE, LOAD, FILL, IO_ERROR,
	    ALLOC_FAILURE, QUIET };

struct step {
	u8 ctx;
	enum what what;
	u8 effect;  /* BEGIN */
	u8 mm, page, word; /* word: also the child, the file, flags of a pin, a source */
	u64 value;  /* stored, loaded, of BEGIN; of FINISH and DONE_READ: ret */
};

#define A 0
#define B 1
#define C 2

static bool large_folios;
static const struct step *script;
static u32 at;
static u64 page_words[WORLD_WORDS];
static u64 reread_value;

static int reread(int mm, int page, u64 words[WORLD_WORDS])
{
	(void)mm;
	(void)page;
	for (int w = 0; w < WORLD_WORDS; w++)
		words[w] = reread_value;
	return 0;
}

static void quiet_state(int mm, int page, struct world_page_state *out)
{
	(void)mm;
	(void)page;
	*out = (struct world_page_state){ .bits = WORLD_PAGE_MAPPED | WORLD_PAGE_PRESENT };
}

static int quiet_read(int mm, int page, u64 words[WORLD_WORDS])
{
	for (int w = 0; w < WORLD_WORDS; w++) {
		words[w] = page_words[w];
		world_hooks.load(mm, page, w, words[w]);
	}
	return 0;
}

static const struct world_ops quiet_world = { .page_state = quiet_state, .read = quiet_read };

static void do_step(const struct step *s)
{
	bool range = s->what == BEGIN && s->effect == CONTENTS_DISCARD && s->word;
	struct contents_op op = {
		.effect = (enum contents_effect)s->effect, .mm = s->mm, .page = s->page,
		.pages = range ? 2 : 1, .child = s->word, .shm = s->word, .flags = s->word,
		.from = s->word, .value = s->value, .label = "X1",
	};

	if (op.effect == CONTENTS_SHM_TRUNCATE) /* to so many pages */
		op.pages = (u8)(WORLD_REGION_PAGES - op.page);

	switch (s->what) {
	case BEGIN_FORK:
		op.effect = CONTENTS_FORK;
		/* fall through */
	case BEGIN:
		contents_op_begin(&op);
		break;
	case FINISH:
		contents_op_end((int)(s64)s->value);
		break;
	case READ:
		op.effect = CONTENTS_READ;
		contents_op_begin(&op);
		break;
	case DONE_READ:
		contents_read_end((int)(s64)s->value, page_words, reread);
		break;
	case STORE:
		world_hooks.store(s->mm, s->page, s->word, s->value);
		break;
	case LOAD:
		page_words[s->word] = s->value;
		world_hooks.load(s->mm, s->page, s->word, s->value);
		break;
	case FILL:
		world_hooks.fill(s->mm, s->page, s->word, s->value);
		break;
	case IO_ERROR:
		contents_io_error();
		break;
	case ALLOC_FAILURE:
		contents_alloc_failure();
		break;
	case QUIET:
		contents_check_quiet(&quiet_world);
		break;
	case END:
		break;
	}
}

static void task(void *arg)
{
	u8 me = (u8)(uintptr_t)arg;

	for (;;) {
		engine_point(SITE("step"), EV_PREEMPT, NULL, 0);
		if (script[at].what == END)
			return;
		BUG_ON(script[at].ctx != me);
		do_step(&script[at++]);
	}
}

static void script_start(struct sched_policy *p, const struct engine_view *v, u64 seed)
{
	(void)p;
	(void)v;
	(void)seed;
}

static unsigned script_next(struct sched_policy *p, const struct engine_view *v)
{
	(void)p;
	if (script[at].what == END || !(v->runnable & CTX_BIT(script[at].ctx)))
		return ctx_first(v->runnable);
	return script[at].ctx;
}

static u32 script_choose(struct sched_policy *p, const struct engine_view *v,
			 const struct sched_choice *c)
{
	(void)p;
	(void)v;
	(void)c;
	return 0;
}

static const char *title_of(const struct step *steps)
{
	static struct sched_policy policy = { "script", script_start, script_next, script_choose };
	static const struct engine_task tasks[3] = {
		{ task, (void *)0, 0, 'A' }, { task, (void *)1, 1, 'B' }, { task, (void *)2, 2, 'C' },
	};
	struct engine_config config = { .cpus = 3, .ntasks = 3, .tasks = tasks, .policy = &policy };

	script = steps;
	at = 0;
	memset(page_words, 0, sizeof(page_words));
	engine_reset(&config);
	contents_reset(1, false, large_folios);
	engine_run();
	contents_stop();
	return engine_report() ? engine_report()->title : "";
}

#define MAP(ctx, mm, page) \
	{ ctx, BEGIN, CONTENTS_MAP, mm, page, 0, 0 }, { ctx, FINISH, 0, 0, 0, 0, 0 }
#define ST(ctx, page, word, value) { ctx, STORE, 0, 1, page, word, value }
#define LD(ctx, page, word, value) { ctx, LOAD, 0, 1, page, word, value }
#define RD(ctx, page) { ctx, READ, 0, 1, page, 0, 0 }
#define RD_END(ctx, ret) { ctx, DONE_READ, 0, 0, 0, 0, (u64)(s64)(ret) }
/* Of a range of two pages. */
#define OPEN2(ctx, effect) { ctx, BEGIN, effect, 1, 0, 1, 0 }
#define OPEN(ctx, effect) { ctx, BEGIN, effect, 1, 0, 0, 0 }
#define CLOSE(ctx, ret) { ctx, FINISH, 0, 0, 0, 0, (u64)(s64)(ret) }
#define FORK(ctx) { ctx, BEGIN_FORK, 0, 1, 0, 2, 0 }
#define STOP { 0, END, 0, 0, 0, 0, 0 }
#define TITLE(...) title_of((const struct step[]){ __VA_ARGS__, STOP })
#define CHILD_LD(ctx, value) { ctx, LOAD, 0, 2, 0, 0, value }
#define CHILD_ST(ctx, value) { ctx, STORE, 0, 2, 0, 0, value }
#define REMAP(ctx, page, to) { ctx, BEGIN, CONTENTS_REMAP, 1, page, to, 0 }
#define MOVED(ctx, page, to) REMAP(ctx, page, to), CLOSE(ctx, 0)

#endif
