// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: recursion and inversion. In the manner of lib/locking-selftest.c each
 * rule fires in one case and stays silent in its twin. No case ever deadlocks:
 * the contexts run one after another, which is the point of lockdep.
 */
#include "core/lockdep/test/locks.h"

static void test_recursion(void)
{
	struct lockdep_map a2;

	fresh();
	LOCK(A, a);
	CHECK_REPORT("WARNING: possible recursive locking detected in test_recursion", LOCK(A, a));
	/* another lock of the same class */
	fresh();
	lockdep_init_map(&a2, "a", &key_a, LD_WAIT_CONFIG, LD_WAIT_INV);
	LOCK(A, a);
	CHECK_REPORT(RECURSION "test_recursion", LOCK(A, a2));
	/* not directly on top of it */
	fresh();
	CHECK_SILENT(LOCK(A, a); LOCK(A, b); LOCK(A, c));
	CHECK_REPORT(RECURSION "test_recursion", LOCK(A, a2));
	/* twins: one after the other; another context; another class of that name */
	fresh();
	CHECK_SILENT(ONE(A, a); ONE(A, a2); LOCK(A, a); LOCK(B, a2); UNLOCK(A, a); LOCK(A, b));
	fresh();
	lockdep_init_map(&a2, "a", &key_b, LD_WAIT_CONFIG, LD_WAIT_INV);
	CHECK_SILENT(LOCK(A, a); LOCK(A, a2));
	/* static locks are classes by themselves */
	fresh();
	lockdep_init_map(&a, "x", NULL, LD_WAIT_CONFIG, LD_WAIT_INV);
	lockdep_init_map(&b, "x", NULL, LD_WAIT_CONFIG, LD_WAIT_INV);
	CHECK_SILENT(LOCK(A, a); LOCK(A, b));
	CHECK_REPORT(RECURSION "test_recursion", LOCK(A, b));
}

static void test_recursion_text(void)
{
	fresh();
	snprintf(A.label, sizeof(A.label), "A3");
	LOCK(A, b);
	LOCK(A, a);
	REPORT_OF(LOCK(A, a));
	CHECK_HAS(test_report_body,
		  "\n============================================\n"
		  "WARNING: possible recursive locking detected\n"
		  "--------------------------------------------\n"
		  "task A/A3 is trying to acquire lock:\n"
		  "(a){+.+.}-{3:3}, at: test_recursion_text+spin_lock, by A3\n"
		  "\nbut task is already holding lock:\n"
		  "(a){+.+.}-{3:3}, at: test_recursion_text+spin_lock, by A3\n"
		  "\nother info that might help us debug this:\n"
		  " Possible unsafe locking scenario:\n\n"
		  "       CPU0\n       ----\n  lock(a);\n  lock(a);\n"
		  "\n *** DEADLOCK ***\n\n"
		  " May be due to missing lock nesting notation\n\n"
		  "2 locks held by task A/A3:\n"
		  " #0: (b){+.+.}-{3:3}, at: test_recursion_text+spin_lock, by A3\n"
		  " #1: (a){+.+.}-{3:3}, at: test_recursion_text+spin_lock, by A3\n"
		  "\nstack backtrace:\n");
}

static void test_abba(void)
{
	fresh();
	PAIR(A, a, b);
	LOCK(B, b);
	CHECK_REPORT("WARNING: possible circular locking dependency detected in test_abba",
		     LOCK(B, a));
	/* one context alone is enough */
	fresh();
	PAIR(A, a, b);
	LOCK(A, b);
	CHECK_REPORT(CIRCULAR "test_abba", LOCK(A, a));
	/* twins: the same order; not nested */
	fresh();
	CHECK_SILENT(PAIR(A, a, b); PAIR(B, a, b); ONE(B, b); ONE(B, a));
}

static void test_abba_text(void)
{
	const char *body = test_report_body;

	fresh();
	PAIR(A, a, b);
	PAIR(A, b, c);
	LOCK(B, c);
	REPORT_OF(LOCK(B, a));
	CHECK_HAS(body, "WARNING: possible circular locking dependency detected\n------");
	CHECK_HAS(body, "task B/B1 is trying to acquire lock:\n"
			"(a){+.+.}-{3:3}, at: test_abba_text+spin_lock, by B1\n\n"
			"but task is already holding lock:\n"
			"(c){+.+.}-{3:3}, at: test_abba_text+spin_lock, by B1\n\n"
			"which lock already depends on the new lock.\n");
	CHECK_HAS(body, "the existing dependency chain (in reverse order) is:\n\n"
			"-> #2 (c){+.+.}-{3:3}:\n       [A1]\n       test_abba_text+spin_lock\n"
			"       while holding b, at: test_abba_text\n\n"
			"-> #1 (b){+.+.}-{3:3}:\n       [A1]\n       test_abba_text+spin_lock\n"
			"       while holding a, at: test_abba_text\n\n"
			"-> #0 (a){+.+.}-{3:3}:\n       [B1]\n       test_abba_text+spin_lock\n");
	CHECK_HAS(body, "Chain exists of:\n  a --> b --> c\n\n"
			" Possible unsafe locking scenario:\n\n"
			"       CPU0                    CPU1\n"
			"       ----                    ----\n"
			"  lock(c);\n"
			"                               lock(b);\n"
			"                               lock(c);\n"
			"  lock(a);\n\n"
			" *** DEADLOCK ***\n");
	CHECK_HAS(body, "1 lock held by task B/B1:\n #0: (c){+.+.}-{3:3}");
	/* no address in it */
	CHECK(!strstr(body, "0x"));
}

static void test_longer_cycles(void)
{
	/* three locks */
	fresh();
	PAIR(A, a, b);
	PAIR(B, b, c);
	LOCK(C, c);
	CHECK_REPORT(CIRCULAR "test_longer_cycles", LOCK(C, a));
	/* four locks, four contexts, one after another */
	fresh();
	PAIR(A, a, b);
	PAIR(B, b, c);
	PAIR(C, c, d);
	LOCK(D, d);
	CHECK_REPORT(CIRCULAR "test_longer_cycles", LOCK(D, a));
	CHECK_HAS(test_report_body, "-> #3 (d)");
	CHECK_HAS(test_report_body, "-> #0 (a)");
	/* the closing edge in the middle, and edges in any order */
	fresh();
	PAIR(A, c, d);
	PAIR(B, a, b);
	PAIR(C, d, a);
	LOCK(D, b);
	CHECK_REPORT(CIRCULAR "test_longer_cycles", LOCK(D, c));
	/* twin: all six orders that agree with a b c d */
	fresh();
	CHECK_SILENT(PAIR(A, a, b); PAIR(B, b, c); PAIR(C, c, d); PAIR(D, a, d); PAIR(A, a, c);
		     PAIR(B, b, d); LOCK(C, a); LOCK(C, b); LOCK(C, c); LOCK(C, d));
	/* a dependency on what lies deeper in the stack */
	fresh();
	LOCK(A, a);
	LOCK(A, b);
	LOCK(A, c);
	LOCK(B, c);
	CHECK_REPORT(CIRCULAR "test_longer_cycles", LOCK(B, a));
}

static void test_shortest(void)
{
	/* a b c d is a chain, but a d exists as well: the report takes the short way */
	fresh();
	PAIR(A, a, b);
	PAIR(A, b, c);
	PAIR(A, c, d);
	PAIR(A, a, d);
	LOCK(B, d);
	CHECK_REPORT(CIRCULAR "test_shortest", LOCK(B, a));
	CHECK_HAS(test_report_body, "-> #1 (d)");
	CHECK(!strstr(test_report_body, "-> #2"));
	CHECK(!strstr(test_report_body, "Chain exists of"));
}

static void test_trylock(void)
{
	/* a trylock waits for nothing: no dependency on what it is taken in */
	fresh();
	CHECK_SILENT(LOCK(A, a); TRY(A, b); UNLOCK(A, b); UNLOCK(A, a); PAIR(B, b, a));
	CHECK_SILENT(LOCK(A, b); TRY(A, b));
	/* twin: what is taken inside of it depends on it, and on all around it */
	fresh();
	LOCK(A, a);
	TRY(A, b);
	LOCK(A, c);
	LOCK(B, c);
	CHECK_REPORT(CIRCULAR "test_trylock", LOCK(B, b));
	CHECK_REPORT(CIRCULAR "test_trylock", LOCK(B, a));
	CHECK_SILENT(TRY(B, a));
}

static void test_subclass(void)
{
	fresh();
	CHECK_SILENT(LOCK(A, a); SUB(A, a, 1));
	CHECK_REPORT(RECURSION "test_subclass", SUB(A, a, 1));
	CHECK_HAS(test_report_body, "  lock(a/1);\n  lock(a/1);\n");
	/* the two subclasses have an order */
	fresh();
	LOCK(A, a);
	SUB(A, a, 1);
	UNLOCK(A, a);
	UNLOCK(A, a);
	CHECK_EQ(A.depth, 0);
	SUB(B, a, 1);
	CHECK_REPORT(CIRCULAR "test_subclass", LOCK(B, a));
	CHECK_REPORT("kernel BUG: subclass >= LOCKDEP_SUBCLASSES_MAX in ld_class_register",
		     SUB(C, a, LOCKDEP_SUBCLASSES_MAX));
}

static void test_nest_lock(void)
{
	struct lockdep_map a2;

	fresh();
	lockdep_init_map(&a2, "a", &key_a, LD_WAIT_CONFIG, LD_WAIT_INV);
	CHECK_SILENT(LOCK(A, m); NEST(A, a, m); NEST(A, a2, m));
	CHECK_SILENT(LOCK(B, m); NEST(B, a2, m); NEST(B, a, m));
	/* without the outer lock, without the word, with the outer lock too late */
	CHECK_REPORT("WARNING: Nested lock was not taken in test_nest_lock", NEST(C, a, m));
	fresh();
	LOCK(A, m);
	LOCK(A, a);
	CHECK_REPORT(RECURSION "test_nest_lock", LOCK(A, a2));
	fresh();
	LOCK(A, a);
	LOCK(A, b);
	CHECK_REPORT(RECURSION "test_nest_lock", NEST(A, a2, b));
	/* that it was good under the outer lock says nothing of the bare pair */
	fresh();
	CHECK_SILENT(LOCK(A, m); NEST(A, a, m); NEST(A, a2, m));
	LOCK(B, m);
	NEST(B, a, m);
	CHECK_REPORT(RECURSION "test_nest_lock", LOCK(B, a2));
}

/* a held as h1 while b is taken as t1 by A; b held as h2 while a is taken as t2
 * by B. Modes: 0 write, 1 read, 2 recursive read. */
static const char *read_abba(unsigned h1, unsigned t1, unsigned h2, unsigned t2)
{
	fresh();
	return REPORT_OF({
		lock_acquire(&A, &a, 0, false, h1, NULL, SITE("lock"));
		lock_acquire(&A, &b, 0, false, t1, NULL, SITE("lock"));
		UNLOCK(A, b);
		UNLOCK(A, a);
		lock_acquire(&B, &b, 0, false, h2, NULL, SITE("lock"));
		lock_acquire(&B, &a, 0, false, t2, NULL, SITE("lock"));
	});
}

static void test_read_write(void)
{
	/* All 81 pairs. They deadlock when both tasks can hold their first lock
	 * and each one's second can then be made to wait: a recursive reader waits
	 * for writers alone, a plain reader also behind a waiting writer. */
	for (unsigned i = 0; i < 81; i++) {
		unsigned h1 = i / 27, t1 = i / 9 % 3, h2 = i / 3 % 3, t2 = i % 3;
		bool b_waits = t1 != 2 || h2 == 0;
		bool a_waits = t2 != 2 || h1 == 0;
		const char *title = read_abba(h1, t1, h2, t2);

		CHECK_STR(title, a_waits && b_waits ? CIRCULAR "read_abba" : "");
		if (!!title[0] != (a_waits && b_waits))
			printf("  held %u taken %u, held %u taken %u\n", h1, t1, h2, t2);
	}
}

static void test_read_recursion(void)
{
	fresh();
	RREAD(A, a);
	CHECK_SILENT(RREAD(A, a); RREAD(A, a));
	CHECK_REPORT(RECURSION "test_read_recursion", LOCK(A, a));
	fresh();
	READ(A, a);
	CHECK_SILENT(RREAD(A, a));
	fresh();
	READ(A, a);
	CHECK_REPORT(RECURSION "test_read_recursion", READ(A, a));
	CHECK_HAS(test_report_body, "  rlock(a);\n  rlock(a);\n");
	fresh();
	LOCK(A, a);
	CHECK_REPORT(RECURSION "test_read_recursion", RREAD(A, a));
}

static void test_read_chains(void)
{
	/* a recursive reader in the middle breaks the chain: a -> b as a reader,
	 * b held by a reader -> c, c -> a */
	fresh();
	LOCK(A, a);
	RREAD(A, b);
	UNLOCK(A, b);
	UNLOCK(A, a);
	RREAD(B, b);
	LOCK(B, c);
	UNLOCK(B, c);
	UNLOCK(B, b);
	LOCK(C, c);
	CHECK_SILENT(LOCK(C, a));
	/* twin: b held by a writer */
	fresh();
	LOCK(A, a);
	RREAD(A, b);
	UNLOCK(A, b);
	UNLOCK(A, a);
	PAIR(B, b, c);
	LOCK(C, c);
	CHECK_REPORT(CIRCULAR "test_read_chains", LOCK(C, a));
	/* what lies around a recursive reader is a dependency of its own */
	fresh();
	LOCK(A, a);
	RREAD(A, b);
	LOCK(A, c);
	LOCK(B, c);
	CHECK_REPORT(CIRCULAR "test_read_chains", LOCK(B, a));
	/* readers alone never close a circle; an edge becomes a writer's later */
	fresh();
	CHECK_SILENT(RREAD(A, a); RREAD(A, b); UNLOCK(A, b); UNLOCK(A, a);
		     RREAD(B, b); RREAD(B, a); UNLOCK(B, a); UNLOCK(B, b));
	LOCK(A, a);
	CHECK_REPORT(CIRCULAR "test_read_chains", LOCK(A, b));
	fresh();
	CHECK_SILENT(RREAD(A, a); RREAD(A, b); UNLOCK(A, b); UNLOCK(A, a); PAIR(A, a, b);
		     RREAD(B, b));
	CHECK_REPORT(CIRCULAR "test_read_chains", RREAD(B, a));
}

static void test_downgrade(void)
{
	fresh();
	LOCK(A, m);
	CHECK(lock_is_held_type(&A, &m, 0) && !lock_is_held_type(&A, &m, 1));
	CHECK_SILENT(lock_downgrade(&A, &m, SITE("downgrade_write")));
	CHECK(lock_is_held_type(&A, &m, 1) && !lock_is_held_type(&A, &m, 0));
	CHECK_SILENT(RREAD(A, m));
	CHECK_REPORT("WARNING: downgrading a read lock in test_downgrade",
		     lock_downgrade(&A, &m, SITE("downgrade_write")));
	CHECK_REPORT("WARNING: bad unlock balance detected in test_downgrade",
		     lock_downgrade(&A, &n, SITE("downgrade_write")));
}

static void test_release_order(void)
{
	/* out of order, and what is left keeps its dependencies */
	fresh();
	CHECK_SILENT(LOCK(A, a); LOCK(A, b); LOCK(A, c); UNLOCK(A, b); UNLOCK(A, a); LOCK(A, d));
	CHECK_EQ(A.depth, 2);
	CHECK(lock_is_held_type(&A, &c, -1) && lock_is_held_type(&A, &d, -1));
	CHECK(!lock_is_held_type(&A, &a, -1));
	LOCK(B, d);
	CHECK_REPORT(CIRCULAR "test_release_order", LOCK(B, c));
	CHECK_SILENT(LOCK(B, e));
	/* hand over hand */
	fresh();
	CHECK_SILENT(LOCK(A, a); LOCK(A, b); UNLOCK(A, a); LOCK(A, c); UNLOCK(A, b); LOCK(A, d);
		     UNLOCK(A, c); UNLOCK(A, d));
	CHECK_EQ(A.depth, 0);
	LOCK(B, d);
	CHECK_REPORT(CIRCULAR "test_release_order", LOCK(B, a));
}

static void test_unlock_balance(void)
{
	fresh();
	CHECK_REPORT("WARNING: bad unlock balance detected in test_unlock_balance", UNLOCK(A, a));
	CHECK_HAS(test_report_body, "task A/A1 is trying to release lock (a) at:\n"
				    "test_unlock_balance+spin_unlock\n"
				    "but there are no more locks to release!\n");
	LOCK(A, a);
	LOCK(B, b);
	CHECK_REPORT("WARNING: bad unlock balance detected in test_unlock_balance", UNLOCK(A, b));
	CHECK_SILENT(UNLOCK(A, a));
	CHECK_REPORT("WARNING: bad unlock balance detected in test_unlock_balance", UNLOCK(A, a));
}

static void test_reset(void)
{
	/* a title never depends on an earlier run */
	fresh();
	PAIR(A, a, b);
	LOCK(B, b);
	CHECK_REPORT(CIRCULAR "test_reset", LOCK(B, a));
	fresh();
	CHECK_SILENT(PAIR(B, b, a));
	fresh();
	CHECK_SILENT(PAIR(A, a, b));
	for (int i = 0; i < 3000; i++) {
		fresh();
		if (i % 2)
			PAIR(A, a, b);
		else
			PAIR(A, b, a);
	}
	LOCK(B, b);
	CHECK_REPORT(CIRCULAR "test_reset", LOCK(B, a));
	/* maps that keep their caches over a reset */
	lockdep_reset();
	lockdep_ctx_reset(&A, "task A", 0);
	CHECK_SILENT(PAIR(A, b, a); PAIR(A, c, b));
	LOCK(A, a);
	CHECK_REPORT(CIRCULAR "test_reset", LOCK(A, c));
	/* a map that was given another class in the meantime */
	fresh();
	LOCK(A, a);
	UNLOCK(A, a);
	lockdep_init_map(&a, "b", &key_b, LD_WAIT_CONFIG, LD_WAIT_INV);
	LOCK(A, a);
	CHECK_REPORT(RECURSION "test_reset", LOCK(A, b));
}

static unsigned edges_seen;
static u32 edge_from, edge_to;

static void on_dependency(u32 from, u32 to)
{
	edges_seen++;
	edge_from = from;
	edge_to = to;
}

static void test_feedback(void)
{
	fresh();
	lockdep_new_dependency = on_dependency;
	PAIR(A, a, b);
	CHECK_EQ(edges_seen, 1);
	CHECK_EQ(edge_from, site_hash("a", 1));
	CHECK_EQ(edge_to, site_hash("b", 1));
	PAIR(A, a, b);
	PAIR(B, a, b);
	CHECK_EQ(edges_seen, 1);
	fresh();
	PAIR(A, a, b);
	CHECK_EQ(edges_seen, 2);
	lockdep_new_dependency = NULL;
}

static void test_limits(void)
{
	static struct lockdep_map many[LOCKDEP_CLASSES_MAX + 1];
	unsigned i;

	fresh();
	for (i = 0; i < LOCKDEP_CLASSES_MAX + 1; i++)
		lockdep_init_map(&many[i], "many", NULL, LD_WAIT_CONFIG, LD_WAIT_INV);
	CHECK_SILENT(for (i = 0; i < LOCKDEP_CLASSES_MAX; i++) ONE(A, many[i]));
	CHECK_REPORT("BUG: LOCKDEP_CLASSES_MAX too low",
		     LOCK(A, many[LOCKDEP_CLASSES_MAX]));
	fresh();
	CHECK_SILENT(for (i = 0; i < LOCKDEP_HELD_MAX; i++) LOCK(A, many[i]));
	CHECK_REPORT("BUG: MAX_LOCK_DEPTH too low in test_limits", LOCK(A, a));
	CHECK_HAS(test_report_body, "24 locks held by task A/A1:");
	CHECK_HAS(test_report_body, "(many#24)");
}

int main(void)
{
	test_recursion();
	test_recursion_text();
	test_abba();
	test_abba_text();
	test_longer_cycles();
	test_shortest();
	test_trylock();
	test_subclass();
	test_nest_lock();
	test_read_write();
	test_read_recursion();
	test_read_chains();
	test_downgrade();
	test_release_order();
	test_unlock_balance();
	test_reset();
	test_feedback();
	test_limits();
	return TEST_END();
}
