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
#include "fuzz/test/contents_script.h"

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
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), OPEN(A, CONTENTS_UNMAP), CLOSE(A, -ENOMEM),
			LD(B, 0, 0, 5), LD(B, 0, 0, 0)), "");
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
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), REMAP(A, 0, 1), CLOSE(A, -ENOMEM), LD(B, 0, 0, 5),
			LD(B, 0, 0, 0)), "");
	CHECK_STR(TITLE(FIVES, MADV_FREED(A), REMAP(A, 0, 1), CLOSE(A, -ENOMEM), ST(A, 0, 0, 6),
			LD(B, 0, 0, 6), LD(B, 0, 0, 0)), "contents: lost write");
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
	test_failed_reads();
	test_quiet();
	test_overflow_is_silent();
	engine_exit();
	return TEST_END();
}
