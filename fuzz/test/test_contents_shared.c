// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: the contents oracle follows pages that others than one mm get at: shared files, pinned
 * pages, userfaultfd. Each title is given for a fault, and not in its twin.
 * Method: scripts, see contents_script.h.
 */
#include "fuzz/test/contents_script.h"

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

int main(void)
{
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
	engine_exit();
	return TEST_END();
}
