// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The contents oracle for system calls: goal: a value that no order of the calls
 * gives is named, each kind by its title, and what some order gives is allowed, also
 * where calls overlap. Method: calls begun and ended by hand, each report beside its
 * silent twin.
 */
#include "core/base/test.h"
#include "fuzz/kernel/interval.h"

static const char *what;

static struct interval_op begin(enum interval_effect effect, int mm, int page, int pages, u64 value)
{
	struct interval_op op = { .effect = effect, .mm = mm, .page = page, .pages = pages,
				  .value = value };

	interval_begin(&op);
	return op;
}

static const char *end(const struct interval_op *op, int ret)
{
	const char *title = interval_end(op, ret, NULL, &what);

	return title ? title : "allowed";
}

static void done(enum interval_effect effect, int mm, int page, int pages, u64 value)
{
	struct interval_op op = begin(effect, mm, page, pages, value);

	CHECK_STR(end(&op, 0), "allowed");
}

/* A read that began as op says ends now, and gave value (the last word: last). */
static const char *gave2(const struct interval_op *op, u64 value, u64 last)
{
	u64 words[WORLD_WORDS];
	const char *title;

	for (int w = 0; w < WORLD_WORDS; w++)
		words[w] = w == WORLD_WORDS - 1 ? last : value;
	title = interval_end(op, 0, words, &what);
	return title ? title : "allowed";
}

static const char *read_gives(int mm, int page, u64 value)
{
	struct interval_op op = begin(INTERVAL_READ, mm, page, 1, 0);

	return gave2(&op, value, value);
}

static void start(void)
{
	interval_reset();
	done(INTERVAL_MAP, 1, 0, 4, 0);
}

static void check_one_after_another(void)
{
	start();
	CHECK_STR(read_gives(1, 0, 0), "allowed");
	done(INTERVAL_WRITE, 1, 0, 1, 1);
	CHECK_STR(read_gives(1, 0, 1), "allowed");
	CHECK_STR(read_gives(1, 0, 0), "contents: lost write");
	CHECK_STR(read_gives(1, 0, 9), "contents: foreign data");
	CHECK_HAS(what, "mm1 r0+0: word 0 is 0000000000000009");
	CHECK_STR(read_gives(1, 1, 1), "contents: foreign data"); /* another page's */
	done(INTERVAL_DISCARD, 1, 0, 2, 0);
	CHECK_STR(read_gives(1, 0, 0), "allowed");
	CHECK_STR(read_gives(1, 0, 1), "contents: data after discard");
	done(INTERVAL_UNMAP, 1, 0, 1, 0);
	CHECK_STR(read_gives(1, 0, 0), "contents: access after unmap");
	CHECK_STR(read_gives(1, 1, 0), "allowed");
	done(INTERVAL_MAP, 1, 0, 1, 0);
	CHECK_STR(read_gives(1, 0, 0), "allowed");
	CHECK_STR(read_gives(2, 0, 0), "contents: access after unmap"); /* never mapped */
}

/* A write that is under way, or that failed, may be there or not. */
static void check_overlap(void)
{
	struct interval_op write, read, other;

	start();
	done(INTERVAL_WRITE, 1, 0, 1, 1);
	write = begin(INTERVAL_WRITE, 1, 0, 1, 2);
	CHECK_STR(read_gives(1, 0, 1), "allowed");
	CHECK_STR(read_gives(1, 0, 2), "allowed");
	read = begin(INTERVAL_READ, 1, 0, 1, 0);
	CHECK_STR(gave2(&read, 2, 1), "allowed"); /* torn: half of it */
	read = begin(INTERVAL_READ, 1, 0, 1, 0);
	CHECK_STR(end(&write, 0), "allowed");
	CHECK_STR(gave2(&read, 2, 1), "allowed"); /* it began before the end */
	read = begin(INTERVAL_READ, 1, 0, 1, 0);
	CHECK_STR(gave2(&read, 2, 1), "contents: lost write");
	CHECK_HAS(what, "word 7");
	/* Two at a time: either may be last. */
	write = begin(INTERVAL_WRITE, 1, 0, 1, 3);
	other = begin(INTERVAL_WRITE, 1, 0, 1, 4);
	CHECK_STR(end(&write, 0), "allowed");
	CHECK_STR(end(&other, 0), "allowed");
	CHECK_STR(read_gives(1, 0, 3), "allowed");
	CHECK_STR(read_gives(1, 0, 4), "allowed");
	CHECK_STR(read_gives(1, 0, 2), "contents: lost write");
	write = begin(INTERVAL_WRITE, 1, 0, 1, 5);
	CHECK_STR(end(&write, -EFAULT), "allowed");
	CHECK_STR(read_gives(1, 0, 4), "allowed");
	CHECK_STR(read_gives(1, 0, 5), "allowed");
}

/* What MADV_FREE gave up is there or is zero, until it is written to; in a child too. */
static void check_free(void)
{
	struct interval_op fork = { .effect = INTERVAL_FORK, .mm = 1, .child = 2 };

	start();
	done(INTERVAL_WRITE, 1, 0, 1, 1);
	done(INTERVAL_WRITE, 1, 0, 1, 2);
	CHECK_STR(read_gives(1, 0, 0), "contents: lost write");
	done(INTERVAL_FREE, 1, 0, 1, 0);
	CHECK_STR(read_gives(1, 0, 2), "allowed");
	CHECK_STR(read_gives(1, 0, 0), "allowed");
	CHECK_STR(read_gives(1, 0, 1), "contents: lost write");
	interval_begin(&fork);
	CHECK_STR(end(&fork, 0), "allowed");
	done(INTERVAL_WRITE, 1, 0, 1, 3);
	CHECK_STR(read_gives(1, 0, 0), "contents: lost write");
	CHECK_STR(read_gives(1, 0, 3), "allowed");
	CHECK_STR(read_gives(2, 0, 0), "allowed");
	CHECK_STR(read_gives(2, 0, 2), "allowed");
	CHECK_STR(read_gives(2, 0, 3), "contents: foreign data");
}

/* The child has what the parent might have had meanwhile, and then its own. */
static void check_fork(void)
{
	struct interval_op fork = { .effect = INTERVAL_FORK, .mm = 1, .child = 2 }, write;

	start();
	done(INTERVAL_WRITE, 1, 0, 1, 1);
	done(INTERVAL_WRITE, 1, 0, 1, 2);
	interval_begin(&fork);
	done(INTERVAL_WRITE, 1, 0, 1, 3);
	CHECK_STR(read_gives(2, 0, 3), "allowed"); /* not over: anything */
	CHECK_STR(end(&fork, 0), "allowed");
	done(INTERVAL_WRITE, 1, 0, 1, 4);
	CHECK_STR(read_gives(2, 0, 2), "allowed");
	CHECK_STR(read_gives(2, 0, 3), "allowed");
	CHECK_STR(read_gives(2, 0, 1), "contents: foreign data"); /* over before the fork */
	CHECK_STR(read_gives(2, 0, 4), "contents: foreign data"); /* the parent's alone */
	CHECK_STR(read_gives(2, 8, 0), "contents: access after unmap");
	done(INTERVAL_WRITE, 2, 0, 1, 5);
	CHECK_STR(read_gives(2, 0, 3), "contents: lost write");
	CHECK_STR(read_gives(1, 0, 5), "contents: foreign data");
	/* The number's next process begins anew; who was under way is not judged. */
	interval_exited(2);
	interval_begin(&fork);
	CHECK_STR(end(&fork, 0), "allowed");
	CHECK_STR(read_gives(2, 0, 5), "contents: foreign data");
	CHECK_STR(read_gives(2, 0, 4), "allowed");
	write = begin(INTERVAL_WRITE, 2, 0, 1, 6);
	interval_exited(2);
	interval_begin(&fork);
	CHECK_STR(end(&fork, 0), "allowed");
	CHECK_STR(end(&write, 0), "allowed");
	CHECK_STR(read_gives(2, 0, 6), "allowed");
}

int main(void)
{
	check_one_after_another();
	check_overlap();
	check_free();
	check_fork();
	return TEST_END();
}
