// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: the contents oracle gives each of its titles for a fault of that kind and
 * is silent in the twin without the fault, and follows what concurrent ops allow.
 * Method: a script of steps, each on a context of the engine, in exactly the
 * written order; the policy runs the context of the next step.
 *
 *      A: ---- dontneed ------            a load by B inside may see the old
 *      B:        load 5  load 0  load 5   value or zero; after its end only zero
 */
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

static void test_newest_value(void)
{
	reread_value = 7;
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), RD(B, 0), LD(B, 0, 0, 5), RD_END(B, 0)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), RD(B, 0), LD(B, 0, 0, 0), RD_END(B, 0)), "");
	/* an older value, and a second read gives no better */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), ST(A, 0, 0, 6), RD(B, 0), LD(B, 0, 0, 5),
			RD_END(B, 0)), "contents: lost write");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), RD(B, 0), LD(B, 0, 0, 0), RD_END(B, 0)),
		  "contents: lost write");
	reread_value = 6;
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), ST(A, 0, 0, 6), RD(B, 0), LD(B, 0, 0, 5),
			RD_END(B, 0)), "contents: stale read");
	/* also outside of a read op, at once */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), ST(A, 0, 0, 6), LD(B, 0, 0, 5)),
		  "contents: lost write");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), ST(A, 0, 0, 6), LD(B, 0, 0, 6)), "");
}

static void test_foreign(void)
{
	CHECK_STR(TITLE(MAP(A, 1, 0), MAP(A, 1, 1), ST(A, 0, 0, 5), ST(A, 1, 0, 6), RD(B, 0),
			LD(B, 0, 0, 6), RD_END(B, 0)), "contents: foreign data");
	CHECK_STR(TITLE(MAP(A, 1, 0), MAP(A, 1, 1), ST(A, 0, 0, 5), ST(A, 1, 0, 6), RD(B, 1),
			LD(B, 1, 0, 6), RD_END(B, 0)), "");
}

/* Words 0 and 1 are written as 5, then as 6; the page has 6 and 5. */
static void test_torn(void)
{
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), ST(A, 0, 1, 5), ST(A, 0, 0, 6), ST(A, 0, 1, 6),
			RD(B, 0), LD(B, 0, 0, 6), LD(B, 0, 1, 5), RD_END(B, 0)),
		  "contents: torn page");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), ST(A, 0, 1, 5), ST(A, 0, 0, 6),
			RD(B, 0), LD(B, 0, 0, 6), LD(B, 0, 1, 5), RD_END(B, 0)), "");
}

static void test_discard(void)
{
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), OPEN(A, CONTENTS_DISCARD), CLOSE(A, 0),
			RD(B, 0), LD(B, 0, 0, 0), RD_END(B, 0)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), OPEN(A, CONTENTS_DISCARD), CLOSE(A, 0),
			RD(B, 0), LD(B, 0, 0, 5), RD_END(B, 0)), "contents: data after discard");
	/* inside: old, zero and old again through a TLB; a store survives or not */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), OPEN(A, CONTENTS_DISCARD), LD(B, 0, 0, 5),
			LD(B, 0, 0, 0), LD(C, 0, 0, 5), ST(B, 0, 0, 9), CLOSE(A, 0),
			LD(B, 0, 0, 9)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), OPEN(A, CONTENTS_DISCARD), ST(B, 0, 0, 9),
			CLOSE(A, 0), LD(B, 0, 0, 0), LD(C, 0, 0, 0)), "");
	/* ... but not one after the other, once the op is over */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), OPEN(A, CONTENTS_DISCARD), ST(B, 0, 0, 9),
			CLOSE(A, 0), LD(B, 0, 0, 0), LD(C, 0, 0, 9)), "contents: data after discard");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), OPEN(A, CONTENTS_DISCARD), CLOSE(A, -EINVAL),
			LD(B, 0, 0, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), OPEN(A, CONTENTS_DISCARD), CLOSE(A, -EINVAL),
			LD(B, 0, 0, 0)), "contents: lost write");
	/* the second page is locked */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), OPEN2(A, CONTENTS_DISCARD), CLOSE(A, -EINVAL),
			LD(B, 0, 0, 0)), "");
	/* given up half way: either */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), OPEN(A, CONTENTS_DISCARD), CLOSE(A, -EINTR),
			LD(B, 0, 0, 0)), "");
}

static void test_unmap(void)
{
	CHECK_STR(TITLE(MAP(A, 1, 0), OPEN(A, CONTENTS_UNMAP), LD(B, 0, 0, 0), CLOSE(A, 0)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), OPEN(A, CONTENTS_UNMAP), CLOSE(A, 0), LD(B, 0, 0, 0)),
		  "contents: access after unmap");
	CHECK_STR(TITLE(ST(A, 0, 0, 5)), "contents: access after unmap");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), OPEN(A, CONTENTS_UNMAP), CLOSE(A, 0),
			MAP(A, 1, 0), LD(B, 0, 0, 0)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), OPEN(A, CONTENTS_UNMAP), CLOSE(A, 0),
			MAP(A, 1, 0), LD(B, 0, 0, 5)), "contents: data after discard");
	/* two of them at a time: who was last? both are allowed */
	CHECK_STR(TITLE(MAP(A, 1, 0), OPEN(A, CONTENTS_UNMAP), OPEN(B, CONTENTS_MAP), CLOSE(B, 0),
			CLOSE(A, 0), LD(C, 0, 0, 0)), "");
}

#define CHILD_LD(ctx, value) { ctx, LOAD, 0, 2, 0, 0, value }
#define CHILD_ST(ctx, value) { ctx, STORE, 0, 2, 0, 0, value }
#define MADV_FREED(ctx) OPEN(ctx, CONTENTS_FREE), CLOSE(ctx, 0)
/* Page 0 of mm 1: both of its first words are 5. */
#define FIVES MAP(A, 1, 0), ST(A, 0, 0, 5), ST(A, 0, 1, 5)

/*
 *	words 0, 1:  5 5 | MADV_FREE | 5 5 ... 0 0      at any time, but never 0 5
 *	             5 5 | MADV_FREE | store to word 2 | 5 5 or 0 0, for good
 */
static void test_free(void)
{
	/* the old value, until it is zero; each word may be seen at its own time */
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), LD(B, 0, 0, 5), LD(B, 0, 1, 5), LD(B, 0, 0, 5),
			LD(B, 0, 1, 0), LD(B, 0, 0, 0)), "");
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), LD(B, 0, 0, 0), LD(B, 0, 0, 5)),
		  "contents: data after discard");
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), LD(B, 0, 0, 0), LD(B, 0, 1, 5)),
		  "contents: data after discard");
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), LD(B, 0, 0, 6)), "contents: foreign data");
	CHECK_STR(TITLE(FIVES, LD(B, 0, 0, 0)), "contents: lost write");
	/* stored to: dropped before or never; its words agree */
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), ST(A, 0, 2, 7), LD(B, 0, 0, 5), LD(B, 0, 1, 5),
			LD(B, 0, 2, 7)), "");
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), ST(A, 0, 2, 7), LD(B, 0, 0, 0), LD(B, 0, 1, 0),
			LD(B, 0, 2, 7)), "");
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), ST(A, 0, 2, 7), RD(B, 0), LD(B, 0, 0, 5),
			LD(B, 0, 1, 0), RD_END(B, 0)), "contents: torn page");
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), ST(A, 0, 2, 7), LD(B, 0, 0, 0), LD(B, 0, 1, 5)),
		  "contents: data after discard");
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), ST(A, 0, 2, 7), LD(B, 0, 2, 0)),
		  "contents: lost write");
	/* the value that it was seen with lasts once it is stored to */
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), ST(A, 0, 2, 7), LD(B, 0, 0, 5), LD(B, 0, 0, 0)),
		  "contents: lost write");
	/* an op that did nothing */
	CHECK_STR(TITLE(FIVES, OPEN(A, CONTENTS_FREE), CLOSE(A, -EINVAL), LD(B, 0, 0, 0)),
		  "contents: lost write");
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), OPEN(A, CONTENTS_FREE), CLOSE(A, -EINVAL),
			LD(B, 0, 0, 0)), "");
	/* given up half way: some pages of the range may go */
	CHECK_STR(TITLE(FIVES, OPEN(A, CONTENTS_FREE), CLOSE(A, -ENOMEM), LD(B, 0, 0, 0)), "");
}

/* Stores, discards and forks beside it. */
static void test_free_races(void)
{
	/* stored while it runs: before it came to the page, or after */
	CHECK_STR(TITLE(FIVES, OPEN(A, CONTENTS_FREE), ST(B, 0, 2, 7), LD(B, 0, 0, 0), CLOSE(A, 0),
			LD(B, 0, 2, 7), LD(B, 0, 2, 0)), "");
	CHECK_STR(TITLE(FIVES, OPEN(A, CONTENTS_FREE), ST(B, 0, 2, 7), CLOSE(A, 0), ST(B, 0, 2, 8),
			LD(B, 0, 2, 0)), "contents: lost write");
	/* twice, with a store in between: the first may have dropped word 0 alone */
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), ST(A, 0, 1, 7), MADV_FREED(A), LD(B, 0, 0, 0),
			LD(B, 0, 1, 7), LD(B, 0, 1, 0)), "");
	/* discarded: it is a new page, which stays */
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), OPEN(A, CONTENTS_DISCARD), CLOSE(A, 0),
			ST(A, 0, 0, 6), LD(B, 0, 0, 6), LD(B, 0, 0, 0)), "contents: lost write");
	CHECK_STR(TITLE(FIVES, OPEN(B, CONTENTS_DISCARD), MADV_FREED(A), ST(A, 0, 0, 6),
			CLOSE(B, 0), LD(B, 0, 0, 6), LD(B, 0, 1, 0), LD(B, 0, 0, 6)), "");
	/* a child has the page too, and loses it when it likes */
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), FORK(A), CLOSE(A, 0), CHILD_LD(B, 5), LD(A, 0, 0, 0),
			CHILD_LD(B, 5), CHILD_LD(B, 0)), "");
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), FORK(A), LD(B, 0, 0, 0), CLOSE(A, 0), CHILD_LD(B, 5),
			CHILD_LD(B, 0)), "");
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), FORK(A), CLOSE(A, 0), CHILD_ST(B, 6), CHILD_LD(B, 0)),
		  "contents: lost write");
	CHECK_STR(TITLE(FIVES, FORK(A), CLOSE(A, 0), MADV_FREED(A), CHILD_LD(B, 0)),
		  "contents: lost write");
}

#define CHILD_RD(ctx) { ctx, READ, 0, 2, 0, 0, 0 }
#define FORK2(ctx) { ctx, BEGIN_FORK, 0, 2, 0, 3, 0 }
#define GRANDCHILD_LD(ctx, value) { ctx, LOAD, 0, 3, 0, 0, value }

static void test_fork(void)
{
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), CLOSE(A, 0), CHILD_LD(B, 5),
			ST(A, 0, 0, 6), CHILD_LD(B, 5), LD(A, 0, 0, 6)), "");
	/* isolation, both ways */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), CLOSE(A, 0), ST(A, 0, 0, 6),
			CHILD_LD(B, 6)), "contents: foreign data");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), CLOSE(A, 0), CHILD_ST(B, 6),
			LD(A, 0, 0, 6)), "contents: foreign data");
	/* written while the fork runs: the child has any of them ... */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), ST(B, 0, 0, 6), ST(B, 0, 0, 7),
			CLOSE(A, 0), CHILD_LD(C, 6), CHILD_LD(C, 6)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), ST(B, 0, 0, 6), CLOSE(A, 0),
			CHILD_LD(C, 5)), "");
	/* ... but stays with the one it was seen with, and has none from before */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), ST(B, 0, 0, 6), CLOSE(A, 0),
			CHILD_LD(C, 5), CHILD_LD(C, 6)), "contents: lost write");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 4), ST(A, 0, 0, 5), FORK(A), CLOSE(A, 0),
			CHILD_LD(C, 4)), "contents: lost write");
	/* the child runs before the op ends */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), CHILD_LD(B, 5), CHILD_ST(B, 8),
			CLOSE(A, 0), CHILD_LD(B, 8)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), CHILD_LD(B, 4), CLOSE(A, 0)),
		  "contents: foreign data");
	/* mapped anew or unmapped while the fork runs: before its copy or after it? */
	CHECK_STR(TITLE(MAP(A, 1, 0), FORK(A), OPEN(B, CONTENTS_UNMAP), CLOSE(B, 0), MAP(B, 1, 0),
			CLOSE(A, 0), CHILD_RD(B), RD_END(B, -EFAULT)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), FORK(A), CLOSE(A, 0), CHILD_RD(B), RD_END(B, -EFAULT)),
		  "contents: fault on a mapped page");
	/* the parent exits, or is a child whose own fork is not over */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), OPEN(B, CONTENTS_EXIT), CLOSE(B, 0),
			CHILD_LD(C, 5), CLOSE(A, 0), CHILD_LD(C, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), FORK2(B), GRANDCHILD_LD(C, 5),
			CLOSE(B, 0), GRANDCHILD_LD(C, 5), CLOSE(A, 0), GRANDCHILD_LD(C, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), CLOSE(A, 0), FORK2(B), CLOSE(B, 0),
			GRANDCHILD_LD(C, 4)), "contents: foreign data");
	/* a fork that failed leaves no child */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), CLOSE(A, -ENOMEM), CHILD_LD(B, 5)),
		  "contents: access after unmap");
}

#define REMAP(ctx, page, to) { ctx, BEGIN, CONTENTS_REMAP, 1, page, to, 0 }
#define MOVED(ctx, page, to) REMAP(ctx, page, to), CLOSE(ctx, 0)

/*
 *	page 0: 5    page 1: 6    | mremap 0 to 1 |    page 0: unmapped    page 1: 5
 */
static void test_remap(void)
{
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), MOVED(A, 0, 1), LD(B, 1, 0, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), MOVED(A, 0, 1), LD(B, 1, 0, 0)),
		  "contents: lost write");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), MOVED(A, 0, 1), LD(B, 0, 0, 5)),
		  "contents: access after unmap");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), MOVED(A, 0, 1), MAP(A, 1, 0), LD(B, 0, 0, 5)),
		  "contents: data after discard");
	CHECK_STR(TITLE(MAP(A, 1, 0), MAP(A, 1, 1), ST(A, 0, 0, 5), ST(A, 1, 0, 6), MOVED(A, 0, 1),
			LD(B, 1, 0, 6)), "contents: data after discard");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 4), ST(A, 0, 0, 5), MOVED(A, 0, 1), LD(B, 1, 0, 4)),
		  "contents: foreign data");
	/* inside: either place, through a TLB; a store goes with the page */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), REMAP(A, 0, 1), LD(B, 0, 0, 5), LD(C, 1, 0, 5),
			ST(B, 0, 0, 7), CLOSE(A, 0), LD(B, 1, 0, 7)), "");
	/* no memory to unmap the old place */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), REMAP(A, 0, 1),
			{ A, ALLOC_FAILURE, 0, 0, 0, 0, 0 }, CLOSE(A, 0), LD(B, 0, 0, 0)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), REMAP(A, 0, 1),
			{ A, ALLOC_FAILURE, 0, 0, 0, 0, 0 }, CLOSE(A, 0), LD(B, 0, 0, 5)),
		  "contents: data after discard");
	/* nothing was there: what the new place has stays */
	CHECK_STR(TITLE(MAP(A, 1, 1), ST(A, 1, 0, 6), MOVED(A, 0, 1), LD(B, 1, 0, 6)), "");
	CHECK_STR(TITLE(MAP(A, 1, 1), ST(A, 1, 0, 6), MOVED(A, 0, 1), LD(B, 1, 0, 0)),
		  "contents: lost write");
	/* it failed: at once, or somewhere */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), REMAP(A, 0, 1), CLOSE(A, -EINVAL),
			LD(B, 0, 0, 0)), "contents: lost write");
	CHECK_STR(TITLE(MAP(A, 1, 1), ST(A, 1, 0, 6), REMAP(A, 0, 1), CLOSE(A, -EFAULT),
			LD(B, 1, 0, 0)), "contents: lost write");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), REMAP(A, 0, 1), CLOSE(A, -ENOMEM),
			LD(B, 0, 0, 5), RD(B, 1), RD_END(B, -EFAULT)), "");
	/* what MADV_FREE may still drop */
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), MOVED(A, 0, 1), LD(B, 1, 0, 5), LD(B, 1, 0, 0)), "");
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), MOVED(A, 0, 1), ST(A, 1, 0, 6), LD(B, 1, 0, 0)),
		  "contents: lost write");
	/* a fork beside it: before or after? */
	CHECK_STR(TITLE(MAP(A, 1, 1), ST(A, 1, 0, 5), FORK(A), MOVED(B, 1, 0), CLOSE(A, 0),
			CHILD_LD(C, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 1), ST(A, 1, 0, 5), REMAP(A, 1, 0), FORK(B), CLOSE(B, 0),
			CHILD_LD(C, 5), CLOSE(A, 0), LD(A, 0, 0, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 1), ST(A, 1, 0, 5), MOVED(A, 1, 0), FORK(B), CLOSE(B, 0),
			CHILD_LD(C, 0)), "contents: lost write");
}

/* The OOM reaper: nothing is known of the mm until it has exited. */
static void test_reap(void)
{
	CHECK_STR(TITLE(FIVES, OPEN(A, CONTENTS_REAP), LD(B, 0, 0, 0), LD(B, 0, 1, 5), CLOSE(A, 0),
			LD(B, 0, 1, 0), RD(B, 0), RD_END(B, -EHWPOISON)), "");
	CHECK_STR(TITLE(FIVES, OPEN(A, CONTENTS_REAP), CLOSE(A, -EINVAL), LD(B, 0, 0, 0)),
		  "contents: lost write");
	CHECK_STR(TITLE(FIVES, OPEN(A, CONTENTS_REAP), CLOSE(A, 0), OPEN(A, CONTENTS_EXIT),
			CLOSE(A, 0), RD(B, 0), LD(B, 0, 0, 5), RD_END(B, 0)),
		  "contents: access after unmap");
	CHECK_STR(TITLE(FIVES, FORK(A), OPEN(B, CONTENTS_REAP), CLOSE(B, 0), CLOSE(A, 0),
			CHILD_LD(C, 0)), "");
	CHECK_STR(TITLE(FIVES, FORK(A), CLOSE(A, 0), OPEN(B, CONTENTS_REAP), CLOSE(B, 0),
			CHILD_LD(C, 0)), "contents: lost write");
}

static void test_exit(void)
{
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), CLOSE(A, 0), OPEN(A, CONTENTS_EXIT),
			CLOSE(A, 0), CHILD_LD(B, 5)), "");
	/* an op that is still inside is not judged by what comes later */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), RD(B, 0), OPEN(A, CONTENTS_EXIT), CLOSE(A, 0),
			LD(B, 0, 0, 5), RD_END(B, 0)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), OPEN(A, CONTENTS_EXIT), CLOSE(A, 0), RD(B, 0),
			LD(B, 0, 0, 5), RD_END(B, 0)), "contents: access after unmap");
}

#define SHM_MAP(ctx, mm, page, shm) \
	{ ctx, BEGIN, CONTENTS_SHM_MAP, mm, page, shm, 0 }, { ctx, FINISH, 0, 0, 0, 0, 0 }
#define SHM_ST(ctx, mm, page, value) { ctx, STORE, 0, mm, page, 0, value }
#define SHM_LD(ctx, mm, page, value) { ctx, LOAD, 0, mm, page, 0, value }
#define PUNCH(ctx, index, shm) { ctx, BEGIN, CONTENTS_SHM_PUNCH, 0, index, shm, 0 }
#define TRUNCATE(ctx, size, shm) { ctx, BEGIN, CONTENTS_SHM_TRUNCATE, 0, size, shm, 0 }

/* mm 1 has page 0 of file 0 at page 0, mm 2 at page 8. */
#define BOTH SHM_MAP(A, 1, 0, 0), SHM_MAP(B, 2, 8, 0)

static void test_shared(void)
{
	reread_value = 4;
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), SHM_LD(B, 2, 8, 5), SHM_ST(B, 2, 8, 6),
			SHM_LD(A, 1, 0, 6)), "");
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), SHM_LD(B, 2, 8, 0)), "contents: lost write");
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), SHM_LD(B, 2, 8, 6)), "contents: foreign data");
	/* another page of the file, another file, private memory: none of their business */
	CHECK_STR(TITLE(BOTH, SHM_MAP(A, 1, 1, 0), SHM_ST(A, 1, 0, 5), SHM_LD(A, 1, 1, 5)),
		  "contents: foreign data");
	CHECK_STR(TITLE(BOTH, SHM_MAP(A, 1, 8, 1), SHM_ST(A, 1, 8, 5), SHM_LD(B, 2, 8, 5)),
		  "contents: foreign data");
	CHECK_STR(TITLE(BOTH, MAP(A, 1, 8), ST(A, 8, 0, 5), SHM_LD(B, 2, 8, 5)),
		  "contents: foreign data");
	CHECK_STR(TITLE(BOTH, MAP(A, 1, 8), ST(A, 8, 0, 5), SHM_LD(B, 2, 8, 0), LD(A, 8, 0, 5)), "");
	/* what is in the file stays there when nobody maps it, and MADV_DONTNEED keeps it */
	CHECK_STR(TITLE(SHM_MAP(A, 1, 0, 0), SHM_ST(A, 1, 0, 5), OPEN(A, CONTENTS_UNMAP), CLOSE(A, 0),
			SHM_MAP(B, 2, 8, 0), SHM_LD(B, 2, 8, 5)), "");
	CHECK_STR(TITLE(SHM_MAP(A, 1, 0, 0), SHM_ST(A, 1, 0, 5), OPEN(A, CONTENTS_UNMAP), CLOSE(A, 0),
			SHM_MAP(B, 2, 8, 0), SHM_LD(B, 2, 8, 0)), "contents: lost write");
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), OPEN(A, CONTENTS_DISCARD), CLOSE(A, 0),
			SHM_LD(A, 1, 0, 5), SHM_LD(B, 2, 8, 5)), "");
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), OPEN(A, CONTENTS_DISCARD), CLOSE(A, 0),
			SHM_LD(A, 1, 0, 0)), "contents: lost write");
	CHECK_STR(TITLE(BOTH, OPEN(A, CONTENTS_UNMAP), CLOSE(A, 0), SHM_LD(A, 1, 0, 0)),
		  "contents: access after unmap");
}

/* A child has its parent's files, and sees what is stored later. */
static void test_shared_fork(void)
{
	CHECK_STR(TITLE(SHM_MAP(A, 1, 0, 0), SHM_ST(A, 1, 0, 5), FORK(A), CLOSE(A, 0),
			SHM_ST(A, 1, 0, 6), CHILD_LD(B, 6), CHILD_ST(B, 7), SHM_LD(A, 1, 0, 7)), "");
	CHECK_STR(TITLE(SHM_MAP(A, 1, 0, 0), SHM_ST(A, 1, 0, 5), FORK(A), CLOSE(A, 0),
			SHM_ST(A, 1, 0, 6), CHILD_LD(B, 5)), "contents: lost write");
	/* a store of the child before the fork is over */
	CHECK_STR(TITLE(SHM_MAP(A, 1, 0, 0), SHM_ST(A, 1, 0, 5), FORK(A), CHILD_ST(B, 6),
			SHM_LD(A, 1, 0, 6), CLOSE(A, 0), CHILD_LD(B, 6)), "");
}

static void test_shared_maybe(void)
{
	/* a mapping that failed is none, and one that took another's place is not known */
	CHECK_STR(TITLE(MAP(A, 1, 0), { A, BEGIN, CONTENTS_SHM_MAP, 1, 0, 0, 0 },
			CLOSE(A, -EEXIST), SHM_MAP(B, 2, 8, 0), ST(A, 0, 0, 5), SHM_LD(B, 2, 8, 5)),
		  "contents: foreign data");
	CHECK_STR(TITLE({ A, BEGIN, CONTENTS_SHM_MAP, 1, 0, 0, 0 }, OPEN(B, CONTENTS_MAP), CLOSE(B, 0),
			CLOSE(A, -EEXIST), SHM_MAP(B, 2, 8, 0), ST(A, 0, 0, 5), SHM_LD(B, 2, 8, 5)), "");
	/* two that failed around one that did not */
	CHECK_STR(TITLE({ A, BEGIN, CONTENTS_SHM_MAP, 1, 0, 0, 0 }, SHM_MAP(B, 1, 0, 0),
			{ C, BEGIN, CONTENTS_SHM_MAP, 1, 0, 0, 0 }, CLOSE(A, -EEXIST),
			CLOSE(C, -EEXIST), SHM_MAP(B, 2, 8, 0), SHM_ST(A, 1, 0, 5),
			SHM_LD(B, 2, 8, 5)), "");
	/* no verdict through a mapping that is going away */
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), OPEN(A, CONTENTS_UNMAP), PUNCH(B, 0, 0), CLOSE(B, 0),
			SHM_ST(B, 2, 8, 7), SHM_LD(C, 1, 0, 5), CLOSE(A, 0), SHM_LD(B, 2, 8, 7)), "");
	/* an op that is still inside of an mm that has exited stores into the file */
	CHECK_STR(TITLE(BOTH, { C, BEGIN, CONTENTS_WRITE, 1, 0, 0, 0 }, OPEN(A, CONTENTS_EXIT),
			CLOSE(A, 0), SHM_ST(C, 1, 0, 9), SHM_LD(B, 2, 8, 9)), "");
}

static void test_punch(void)
{
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), PUNCH(A, 0, 0), CLOSE(A, 0), SHM_LD(B, 2, 8, 0)), "");
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), PUNCH(A, 0, 0), CLOSE(A, 0), SHM_LD(B, 2, 8, 5)),
		  "contents: data after discard");
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), PUNCH(A, 1, 0), CLOSE(A, 0), SHM_LD(B, 2, 8, 5)), "");
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), PUNCH(A, 0, 1), CLOSE(A, 0), SHM_LD(B, 2, 8, 0)),
		  "contents: lost write");
	/* inside: old or zero; a store survives or not */
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), PUNCH(A, 0, 0), SHM_LD(B, 2, 8, 5),
			SHM_LD(B, 2, 8, 0), SHM_ST(B, 2, 8, 9), CLOSE(A, 0), SHM_LD(B, 2, 8, 9)), "");
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), PUNCH(A, 0, 0), SHM_ST(B, 2, 8, 9), CLOSE(A, 0),
			SHM_LD(B, 2, 8, 0), SHM_LD(B, 2, 8, 9)), "contents: data after discard");
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), PUNCH(A, 0, 0), CLOSE(A, -EBADF), SHM_LD(B, 2, 8, 0)),
		  "contents: lost write");
}

static void test_truncate(void)
{
	const int sigbus = -EHWPOISON;

	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), TRUNCATE(A, 1, 0), CLOSE(A, 0), SHM_LD(B, 2, 8, 5)),
		  "");
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), TRUNCATE(A, 0, 0), CLOSE(A, 0), SHM_LD(B, 2, 8, 5)),
		  "contents: access beyond the end of a file");
	CHECK_STR(TITLE(BOTH, TRUNCATE(A, 0, 0), CLOSE(A, 0), SHM_ST(B, 2, 8, 5)),
		  "contents: access beyond the end of a file");
	CHECK_STR(TITLE(BOTH, TRUNCATE(A, 0, 0), CLOSE(A, 0), RD(B, 0), RD_END(B, sigbus)), "");
	CHECK_STR(TITLE(BOTH, TRUNCATE(A, 1, 0), CLOSE(A, 0), RD(B, 0), RD_END(B, sigbus)),
		  "contents: poison without an I/O error");
	CHECK_STR(TITLE(BOTH, TRUNCATE(A, 0, 0), RD(B, 0), RD_END(B, sigbus), CLOSE(A, 0)), "");
	CHECK_STR(TITLE(BOTH, RD(B, 0), TRUNCATE(A, 0, 0), CLOSE(A, 0), RD_END(B, sigbus)), "");
	/* grown again: zero */
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), TRUNCATE(A, 0, 0), CLOSE(A, 0), TRUNCATE(A, 8, 0),
			CLOSE(A, 0), SHM_LD(B, 2, 8, 0)), "");
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), TRUNCATE(A, 0, 0), CLOSE(A, 0), TRUNCATE(A, 8, 0),
			CLOSE(A, 0), SHM_LD(B, 2, 8, 5)), "contents: data after discard");
	/* two at a time: which size it has is not known, until the next one */
	CHECK_STR(TITLE(BOTH, TRUNCATE(A, 0, 0), TRUNCATE(B, 8, 0), CLOSE(A, 0), CLOSE(B, 0), RD(C, 0),
			RD_END(C, sigbus), SHM_LD(C, 1, 0, 0)), "");
	CHECK_STR(TITLE(BOTH, TRUNCATE(A, 0, 0), TRUNCATE(B, 8, 0), CLOSE(A, 0), CLOSE(B, 0),
			TRUNCATE(A, 0, 0), CLOSE(A, 0), SHM_LD(C, 1, 0, 0)),
		  "contents: access beyond the end of a file");
}

/* A large folio reaches behind the end: what is stored there may go or stay. */
static void test_large_tail(void)
{
	large_folios = true;
	for (u64 value = 0; value <= 5; value += 5)
		CHECK_STR(TITLE(BOTH, TRUNCATE(A, 0, 0), CLOSE(A, 0), SHM_ST(B, 2, 8, 5),
				SHM_LD(B, 2, 8, value), TRUNCATE(A, 8, 0), CLOSE(A, 0),
				SHM_LD(B, 2, 8, value)), "");
	CHECK_STR(TITLE(BOTH, TRUNCATE(A, 0, 0), CLOSE(A, 0), SHM_ST(B, 2, 8, 5), TRUNCATE(A, 8, 0),
			CLOSE(A, 0), SHM_ST(B, 2, 8, 9), SHM_LD(B, 2, 8, 5)), "contents: lost write");
	CHECK_STR(TITLE(BOTH, TRUNCATE(A, 1, 0), CLOSE(A, 0), SHM_ST(B, 2, 8, 5), SHM_LD(B, 2, 8, 0)),
		  "contents: lost write");
	large_folios = false;
}

#define PIN(ctx, flags) \
	{ ctx, BEGIN, CONTENTS_PIN, 1, 0, flags, 0 }, { ctx, FINISH, 0, 0, 0, 0, 0 }
#define DEV_ST(ctx, value) \
	{ ctx, BEGIN, CONTENTS_PIN_WRITE, 0, 0, 0, 0 }, { ctx, STORE, 0, 1, 0, 0, value }, \
	{ ctx, FINISH, 0, 0, 0, 0, 0 }
#define DEV_LD(ctx, value) \
	{ ctx, BEGIN, CONTENTS_PIN_READ, 0, 0, 0, 0 }, { ctx, LOAD, 0, 1, 0, 0, value }, \
	{ ctx, FINISH, 0, 0, 0, 0, 0 }

static void test_pins(void)
{
	/* the device and the mm share the page, both ways */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), PIN(A, WORLD_PIN_WRITE), DEV_ST(A, 6),
			LD(B, 0, 0, 6), ST(B, 0, 0, 7), DEV_LD(A, 7)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), PIN(A, WORLD_PIN_WRITE), DEV_ST(A, 6),
			LD(B, 0, 0, 5)), "contents: lost write");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), PIN(A, WORLD_PIN_WRITE), ST(B, 0, 0, 7),
			DEV_LD(A, 5)), "contents: lost write");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), PIN(A, WORLD_PIN_LONGTERM), ST(B, 0, 0, 7),
			DEV_LD(A, 5)), "contents: lost write");
	/* for reading alone: no promise */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), PIN(A, 0), ST(B, 0, 0, 7), DEV_LD(A, 5)), "");
	/* a child has what was there when it was made */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), PIN(A, WORLD_PIN_WRITE), FORK(A), CLOSE(A, 0),
			DEV_ST(A, 6), CHILD_LD(B, 5), LD(A, 0, 0, 6)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), PIN(A, WORLD_PIN_WRITE), FORK(A), CLOSE(A, 0),
			DEV_ST(A, 6), CHILD_LD(B, 6)), "contents: foreign data");
	/* the page is gone, or going, or was when it was pinned: the device's alone, or not */
	CHECK_STR(TITLE(MAP(A, 1, 0), PIN(A, WORLD_PIN_WRITE), OPEN(B, CONTENTS_DISCARD), CLOSE(B, 0),
			DEV_ST(A, 6), LD(B, 0, 0, 0), DEV_LD(A, 6)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), PIN(A, WORLD_PIN_WRITE), OPEN(B, CONTENTS_DISCARD), DEV_ST(A, 6),
			LD(B, 0, 0, 6), CLOSE(B, 0), LD(B, 0, 0, 0)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), OPEN(B, CONTENTS_DISCARD), PIN(A, WORLD_PIN_WRITE), CLOSE(B, 0),
			DEV_ST(A, 6), LD(B, 0, 0, 0)), "");
	/* mremap() takes the pinned page along */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), PIN(A, WORLD_PIN_WRITE), MOVED(B, 0, 1),
			DEV_ST(A, 6), LD(B, 1, 0, 6)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), PIN(A, WORLD_PIN_WRITE), DEV_ST(A, 6),
			MOVED(B, 0, 1), LD(B, 1, 0, 5)), "contents: foreign data");
	/* a file's page: all who map it see the device's store */
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), PIN(A, WORLD_PIN_WRITE), DEV_ST(A, 6),
			SHM_LD(B, 2, 8, 6)), "");
	CHECK_STR(TITLE(BOTH, SHM_ST(A, 1, 0, 5), PIN(A, WORLD_PIN_WRITE), DEV_ST(A, 6),
			SHM_LD(B, 2, 8, 5)), "contents: lost write");
	CHECK_STR(TITLE(BOTH, PIN(A, WORLD_PIN_WRITE), OPEN(A, CONTENTS_UNMAP), CLOSE(A, 0),
			DEV_ST(A, 6), SHM_LD(B, 2, 8, 6)), "");
	CHECK_STR(TITLE(PUNCH(B, 0, 0), CLOSE(B, 0), BOTH, PIN(A, WORLD_PIN_WRITE),
			OPEN(A, CONTENTS_UNMAP), CLOSE(A, 0), DEV_ST(A, 6)), "");
	CHECK_STR(TITLE(BOTH, PIN(A, WORLD_PIN_WRITE), PUNCH(B, 0, 0), CLOSE(B, 0), DEV_ST(A, 6),
			SHM_LD(B, 2, 8, 0)), "");
}

#define FILLS(ctx, page, value) { ctx, FILL, 0, 1, page, 0, value }
/* To a page, from another one. */
#define MOVE(ctx, to, from) { ctx, BEGIN, CONTENTS_MOVE, 1, to, from, 0 }
#define NOT_MISSING "contents: fill of a page that is not missing"

/* A page that userfaultfd fills was missing: it reads as zero. */
static void test_fill(void)
{
	CHECK_STR(TITLE(MAP(A, 1, 0), FILLS(A, 0, 5), LD(B, 0, 0, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), FILLS(A, 0, 5), LD(B, 0, 0, 0)), "contents: lost write");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 4), FILLS(A, 0, 5)), NOT_MISSING);
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 4), OPEN(B, CONTENTS_DISCARD), FILLS(A, 0, 5),
			CLOSE(B, 0), LD(B, 0, 0, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 4), OPEN(B, CONTENTS_DISCARD), CLOSE(B, 0),
			FILLS(A, 0, 5), LD(B, 0, 0, 5)), "");
	CHECK_STR(TITLE(FILLS(A, 0, 5)), "contents: access after unmap");
}

/* Page 1 moves to page 0. */
static void test_move(void)
{
#define TWO MAP(A, 1, 0), MAP(A, 1, 1), ST(A, 1, 0, 5)
	CHECK_STR(TITLE(TWO, MOVE(A, 0, 1), CLOSE(A, 0), LD(B, 0, 0, 5), LD(B, 1, 0, 0)), "");
	CHECK_STR(TITLE(TWO, MOVE(A, 0, 1), CLOSE(A, 0), LD(B, 0, 0, 0)), "contents: lost write");
	CHECK_STR(TITLE(TWO, MOVE(A, 0, 1), CLOSE(A, 0), LD(B, 1, 0, 5)),
		  "contents: data after discard");
	/* inside: either place, and a store goes along or stays */
	CHECK_STR(TITLE(TWO, MOVE(A, 0, 1), LD(B, 0, 0, 5), LD(C, 1, 0, 5), LD(C, 1, 0, 0),
			ST(B, 1, 0, 6), LD(C, 0, 0, 6), CLOSE(A, 0), LD(B, 0, 0, 6)), "");
	CHECK_STR(TITLE(TWO, MOVE(A, 0, 1), ST(B, 1, 0, 6), CLOSE(A, 0), LD(B, 1, 0, 6)), "");
	CHECK_STR(TITLE(TWO, MOVE(A, 0, 1), LD(B, 0, 0, 7), CLOSE(A, 0)), "contents: foreign data");
	/* a target that was not missing; a move that did nothing, or perhaps something */
	CHECK_STR(TITLE(TWO, ST(A, 0, 0, 4), MOVE(A, 0, 1), CLOSE(A, 0)), NOT_MISSING);
	CHECK_STR(TITLE(TWO, ST(A, 0, 0, 4), MOVE(A, 0, 1), CLOSE(A, -EEXIST), LD(B, 0, 0, 4),
			LD(B, 1, 0, 5)), "");
	CHECK_STR(TITLE(TWO, MOVE(A, 0, 1), CLOSE(A, -EEXIST), LD(B, 1, 0, 0)),
		  "contents: lost write");
	CHECK_STR(TITLE(TWO, MOVE(A, 0, 1), CLOSE(A, -EAGAIN), LD(B, 1, 0, 0), LD(B, 0, 0, 5)), "");
	CHECK_STR(TITLE(TWO, MOVE(A, 0, 1), CLOSE(A, -EAGAIN), LD(B, 1, 0, 5), LD(B, 0, 0, 0)), "");
	/* a fork before the move's end: which of both has the child? */
	CHECK_STR(TITLE(TWO, MOVE(A, 0, 1), FORK(B), CLOSE(B, 0), CHILD_LD(C, 5), CLOSE(A, 0)), "");
	CHECK_STR(TITLE(TWO, MOVE(A, 0, 1), CLOSE(A, 0), FORK(B), CLOSE(B, 0), CHILD_LD(C, 0)),
		  "contents: lost write");
#undef TWO
}

#define PROTECT(ctx, on) { ctx, BEGIN, CONTENTS_PROTECT, 1, 0, 0, on }
#define PROTECTED "contents: store to a write-protected page"

static void test_protect(void)
{
	CHECK_STR(TITLE(MAP(A, 1, 0), PROTECT(A, 1), CLOSE(A, 0), ST(B, 0, 0, 5)), PROTECTED);
	CHECK_STR(TITLE(MAP(A, 1, 0), PROTECT(A, 1), ST(B, 0, 0, 5), CLOSE(A, 0)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), PROTECT(A, 1), CLOSE(A, -EINVAL), ST(B, 0, 0, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), PROTECT(A, 1), CLOSE(A, 0), PROTECT(B, 0), ST(C, 0, 0, 5),
			CLOSE(B, 0), ST(C, 0, 0, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), PROTECT(B, 0), PROTECT(A, 1), CLOSE(A, 0), ST(C, 0, 0, 5),
			CLOSE(B, 0)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), PROTECT(A, 1), PROTECT(B, 0), CLOSE(B, 0), CLOSE(A, 0),
			ST(C, 0, 0, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), PROTECT(B, 0), CLOSE(B, 0), PROTECT(A, 1), CLOSE(A, 0),
			ST(C, 0, 0, 5)), PROTECTED);
	/* what ends it: a discard, the registration's end; a child has it not */
	CHECK_STR(TITLE(MAP(A, 1, 0), PROTECT(A, 1), CLOSE(A, 0), OPEN(B, CONTENTS_DISCARD),
			CLOSE(B, 0), ST(C, 0, 0, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), PROTECT(A, 1), CLOSE(A, 0), OPEN(B, CONTENTS_UNTRAP),
			CLOSE(B, 0), ST(C, 0, 0, 5)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), PROTECT(A, 1), CLOSE(A, 0), FORK(B), CLOSE(B, 0),
			CHILD_ST(C, 5)), "");
}

/* SIGBUS in a registered range is no poison. */
static void test_trap(void)
{
	CHECK_STR(TITLE(MAP(A, 1, 0), OPEN(A, CONTENTS_TRAP), CLOSE(A, 0), RD(B, 0),
			RD_END(B, -EHWPOISON)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), RD(B, 0), OPEN(A, CONTENTS_TRAP), RD_END(B, -EHWPOISON),
			CLOSE(A, 0)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), OPEN(A, CONTENTS_TRAP), CLOSE(A, 0), OPEN(A, CONTENTS_UNTRAP),
			CLOSE(A, 0), RD(B, 0), RD_END(B, -EHWPOISON)),
		  "contents: poison without an I/O error");
	CHECK_STR(TITLE(MAP(A, 1, 0), OPEN(A, CONTENTS_UNTRAP), OPEN(B, CONTENTS_TRAP), CLOSE(B, 0),
			CLOSE(A, 0), RD(B, 0), RD_END(B, -EHWPOISON)), "");
}

static void test_failed_reads(void)
{
	CHECK_STR(TITLE(MAP(A, 1, 0), RD(B, 0), RD_END(B, -ENOMEM)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), RD(B, 0), RD_END(B, -EFAULT)),
		  "contents: fault on a mapped page");
	CHECK_STR(TITLE(RD(B, 0), RD_END(B, -EFAULT)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), RD(B, 0), OPEN(A, CONTENTS_UNMAP), CLOSE(A, 0), MAP(A, 1, 0),
			RD_END(B, -EFAULT)), "");
	CHECK_STR(TITLE(MAP(A, 1, 0), RD(B, 0), RD_END(B, -EHWPOISON)),
		  "contents: poison without an I/O error");
	CHECK_STR(TITLE(MAP(A, 1, 0), { A, IO_ERROR, 0, 0, 0, 0, 0 }, RD(B, 0),
			RD_END(B, -EHWPOISON)), "");
}

static void test_quiet(void)
{
	/* quiet_read() gives what was loaded last into page_words: zero here */
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 3, 5), { A, QUIET, 0, 0, 0, 0, 0 }),
		  "contents: lost write");
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 3, 5), LD(A, 0, 3, 5), { A, QUIET, 0, 0, 0, 0, 0 }),
		  "");
}

/* Many values inside one window: no verdict rather than a wrong one. */
static void test_overflow_is_silent(void)
{
	CHECK_STR(TITLE(MAP(A, 1, 0), ST(A, 0, 0, 5), FORK(A), ST(B, 0, 0, 6), ST(B, 0, 0, 7),
			ST(B, 0, 0, 8), ST(B, 0, 0, 9), ST(B, 0, 0, 10), ST(B, 0, 0, 11),
			ST(B, 0, 0, 12), ST(B, 0, 0, 13), CLOSE(A, 0), CHILD_LD(C, 6)), "");
}

int main(void)
{
	test_newest_value();
	test_foreign();
	test_torn();
	test_discard();
	test_unmap();
	test_free();
	test_free_races();
	test_fork();
	test_remap();
	test_reap();
	test_exit();
	test_shared();
	test_shared_fork();
	test_shared_maybe();
	test_punch();
	test_truncate();
	test_large_tail();
	test_pins();
	test_fill();
	test_move();
	test_protect();
	test_trap();
	test_failed_reads();
	test_quiet();
	test_overflow_is_silent();
	engine_exit();
	return TEST_END();
}
