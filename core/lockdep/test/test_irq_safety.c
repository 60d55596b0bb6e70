// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: interrupt safety, in both directions and for both kinds of interrupt.
 * The interrupt never comes while the lock is held, here or in any case: what
 * is reported is that it could. Each case has its silent twin.
 */
#include "core/lockdep/test/locks.h"

#define INCONSISTENT "WARNING: inconsistent lock state in "
#define INVERSION "WARNING: possible irq lock inversion dependency detected in "
#define HARD_ORDER "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected in "
#define SOFT_ORDER "WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected in "

static void test_hard_state(void)
{
	/* taken with interrupts on, then in an interrupt */
	fresh();
	ONE(A, a);
	CHECK_REPORT(INCONSISTENT "test_hard_state", LOCK(HARD, a));
	CHECK_HAS(test_report_body, "inconsistent {HARDIRQ-ON-W} -> {IN-HARDIRQ-W} usage.\n"
				    "irq0/- [HC1[1]:SC0[0]:HE0:SE0] takes:\n"
				    "(a){?.+.}-{3:3}, at: test_hard_state+spin_lock\n"
				    "{HARDIRQ-ON-W} state was registered at:\n"
				    "       [A1]\n       test_hard_state+spin_lock\n");
	CHECK_HAS(test_report_body, "       CPU0\n       ----\n  lock(a);\n  <Interrupt>\n"
				    "    lock(a);\n\n *** DEADLOCK ***\n");
	/* the other way round */
	fresh();
	ONE(HARD, a);
	CHECK_REPORT(INCONSISTENT "test_hard_state", LOCK(A, a));
	CHECK_HAS(test_report_body, "inconsistent {IN-HARDIRQ-W} -> {HARDIRQ-ON-W} usage.\n"
				    "task A/A1 [HC0[0]:SC0[0]:HE1:SE1] takes:\n");
	/* twin: with interrupts off */
	fresh();
	CHECK_SILENT(IRQ_OFF(A); ONE(A, a); IRQ_ON(A); ONE(HARD, a); IRQ_OFF(B); ONE(B, a));
	/* softirqs off is not enough */
	fresh();
	BH_OFF(A);
	ONE(A, a);
	CHECK_REPORT(INCONSISTENT "test_hard_state", LOCK(HARD, a));
}

static void test_soft_state(void)
{
	fresh();
	ONE(A, a);
	CHECK_REPORT(INCONSISTENT "test_soft_state", LOCK(SOFT, a));
	CHECK_HAS(test_report_body, "inconsistent {SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W} usage.\n"
				    "rcu/- [HC0[0]:SC1[1]:HE1:SE0] takes:\n");
	fresh();
	ONE(SOFT, a);
	CHECK_REPORT(INCONSISTENT "test_soft_state", LOCK(A, a));
	/* twins: softirqs off, or all interrupts off */
	fresh();
	CHECK_SILENT(BH_OFF(A); ONE(A, a); BH_ON(A); ONE(SOFT, a); IRQ_OFF(B); ONE(B, a));
	/* softirq and hardirq share a lock: the softirq must keep interrupts off */
	fresh();
	CHECK_SILENT(IRQ_OFF(SOFT); ONE(SOFT, a); IRQ_ON(SOFT); ONE(HARD, a));
	fresh();
	ONE(SOFT, a);
	CHECK_REPORT(INCONSISTENT "test_soft_state", LOCK(HARD, a));
}

static void test_enable_while_held(void)
{
	/* taken with interrupts off, but they come on before it is released */
	fresh();
	CHECK_SILENT(ONE(HARD, a); IRQ_OFF(A); LOCK(A, a));
	CHECK_REPORT(INCONSISTENT "test_enable_while_held", IRQ_ON(A));
	fresh();
	CHECK_SILENT(ONE(SOFT, a); BH_OFF(A); LOCK(A, a));
	CHECK_REPORT(INCONSISTENT "test_enable_while_held", BH_ON(A));
	/* interrupts on with softirqs off touches a softirq-safe lock not */
	fresh();
	CHECK_SILENT(ONE(SOFT, a); BH_OFF(A); IRQ_OFF(A); LOCK(A, a); IRQ_ON(A));
	CHECK_REPORT(INCONSISTENT "test_enable_while_held", BH_ON(A));
	/* twins: released first; enabled twice */
	fresh();
	CHECK_SILENT(ONE(HARD, a); IRQ_OFF(A); LOCK(A, a); UNLOCK(A, a); IRQ_ON(A));
	fresh();
	CHECK_SILENT(ONE(HARD, a); IRQ_ON(A); IRQ_OFF(A); LOCK(A, a); UNLOCK(A, a));
	CHECK_REPORT("WARNING: interrupts enabled in a hard interrupt in test_enable_while_held",
		     IRQ_ON(HARD));
}

static void test_trylock_in_irq(void)
{
	/* an interrupt that tries the lock cannot wait for its victim */
	fresh();
	CHECK_SILENT(ONE(A, a); TRY(HARD, a); UNLOCK(HARD, a); TRY(SOFT, a));
	/* but one that waits does, however the victim got it */
	fresh();
	TRY(A, a);
	UNLOCK(A, a);
	CHECK_REPORT(INCONSISTENT "test_trylock_in_irq", LOCK(HARD, a));
}

static void test_readers(void)
{
	/* readers here and there: fine when the interrupt's is a recursive reader */
	fresh();
	CHECK_SILENT(RREAD(A, a); UNLOCK(A, a); RREAD(HARD, a); UNLOCK(HARD, a));
	/* twin: a writer with interrupts on */
	CHECK_REPORT(INCONSISTENT "test_readers", LOCK(A, a));
	CHECK_HAS(test_report_body, "inconsistent {IN-HARDIRQ-R} -> {HARDIRQ-ON-W} usage.\n");
	fresh();
	RREAD(A, a);
	UNLOCK(A, a);
	CHECK_REPORT(INCONSISTENT "test_readers", LOCK(HARD, a));
	/* a plain reader in the interrupt waits behind a writer that waits for the victim */
	fresh();
	RREAD(A, a);
	UNLOCK(A, a);
	CHECK_REPORT(INVERSION "test_readers", READ(HARD, a));
}

static void test_order_new_dependency(void)
{
	/* a is taken in an interrupt, b with interrupts on; then b under a */
	fresh();
	ONE(HARD, a);
	ONE(B, b);
	IRQ_OFF(A);
	LOCK(A, a);
	CHECK_REPORT(HARD_ORDER "test_order_new_dependency", LOCK(A, b));
	CHECK_HAS(test_report_body,
		  "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected\n");
	CHECK_HAS(test_report_body, "which would create a new lock dependency:\n"
				    " (a){-...}-{3:3} -> (b){+.+.}-{3:3}\n");
	CHECK_HAS(test_report_body, "connects a HARDIRQ-irq-safe lock:\n (a){-...}-{3:3}\n\n"
				    "... which became HARDIRQ-irq-safe at:\n");
	CHECK_HAS(test_report_body, " Possible interrupt unsafe locking scenario:\n\n"
				    "       CPU0                    CPU1\n"
				    "       ----                    ----\n"
				    "  lock(b);\n"
				    "                               local_irq_disable();\n"
				    "                               lock(a);\n"
				    "                               lock(b);\n"
				    "  <Interrupt>\n"
				    "    lock(a);\n\n *** DEADLOCK ***\n");
	/* twins: b taken with interrupts off; a not used in interrupts; b around a */
	fresh();
	CHECK_SILENT(ONE(HARD, a); IRQ_OFF(B); ONE(B, b); IRQ_OFF(A); PAIR(A, a, b));
	fresh();
	CHECK_SILENT(ONE(B, b); IRQ_OFF(A); PAIR(A, a, b));
	fresh();
	CHECK_SILENT(ONE(HARD, a); LOCK(A, b); IRQ_OFF(A); ONE(A, a); IRQ_ON(A); UNLOCK(A, b));
	/* softirqs */
	fresh();
	ONE(SOFT, a);
	ONE(B, b);
	BH_OFF(A);
	LOCK(A, a);
	CHECK_REPORT(SOFT_ORDER "test_order_new_dependency", LOCK(A, b));
	fresh();
	CHECK_SILENT(ONE(SOFT, a); BH_OFF(B); ONE(B, b); BH_OFF(A); PAIR(A, a, b));
}

static void test_order_long(void)
{
	/* a is irq-safe, a -> b and c -> d exist, d is irq-unsafe; b -> c joins them */
	fresh();
	ONE(HARD, a);
	IRQ_OFF(A);
	PAIR(A, a, b);
	PAIR(B, c, d);
	LOCK(A, b);
	CHECK_REPORT(HARD_ORDER "test_order_long", LOCK(A, c));
	CHECK_HAS(test_report_body, "-> (a){-...}-{3:3} -> (b){....}-{3:3} at:\n");
	/* the nearest unsafe lock is the one that is taken */
	CHECK_HAS(test_report_body, "to a HARDIRQ-irq-unsafe lock:\n (c){+.+.}-{3:3}\n");
	/* only the far end is unsafe */
	fresh();
	ONE(HARD, a);
	IRQ_OFF(A);
	IRQ_OFF(B);
	PAIR(A, a, b);
	PAIR(B, c, d);
	IRQ_ON(B);
	ONE(B, d);
	LOCK(A, b);
	CHECK_REPORT(HARD_ORDER "test_order_long", LOCK(A, c));
	CHECK_HAS(test_report_body, "to a HARDIRQ-irq-unsafe lock:\n (d){+.+.}-{3:3}\n");
	CHECK_HAS(test_report_body, "-> (c){....}-{3:3} -> (d){+.+.}-{3:3} at:\n");
	/* twin: a recursive reader in the middle makes the path weak */
	fresh();
	ONE(HARD, a);
	IRQ_OFF(A);
	IRQ_OFF(B);
	CHECK_SILENT(LOCK(A, a); RREAD(A, b); UNLOCK(A, b); UNLOCK(A, a);
		     LOCK(B, c); ONE(B, d); UNLOCK(B, c); IRQ_ON(B); ONE(B, d);
		     RREAD(A, b); LOCK(A, c));
}

static void test_inversion_new_usage(void)
{
	/* the dependency is there first; then a is used in an interrupt */
	fresh();
	IRQ_OFF(A);
	PAIR(A, a, b);
	ONE(B, b);
	CHECK_REPORT(INVERSION "test_inversion_new_usage", LOCK(HARD, a));
	CHECK_HAS(test_report_body, "but this lock took another, HARDIRQ-unsafe lock in the past:\n"
				    " (b){+.+.}-{3:3}\n");
	CHECK_HAS(test_report_body, "and interrupts could create inverse lock ordering");
	CHECK_HAS(test_report_body, "  lock(b);\n"
				    "                               local_irq_disable();\n"
				    "                               lock(a);\n"
				    "                               lock(b);\n"
				    "  <Interrupt>\n    lock(a);\n");
	/* or b is taken with interrupts on */
	fresh();
	IRQ_OFF(A);
	PAIR(A, a, b);
	ONE(HARD, a);
	CHECK_REPORT(INVERSION "test_inversion_new_usage", LOCK(B, b));
	CHECK_HAS(test_report_body,
		  "but this lock was taken by another, HARDIRQ-safe lock in the past:\n (a)");
	/* over a lock between them */
	fresh();
	IRQ_OFF(A);
	PAIR(A, a, b);
	PAIR(A, b, c);
	ONE(SOFT, a);
	CHECK_REPORT(INVERSION "test_inversion_new_usage", LOCK(B, c));
	CHECK_HAS(test_report_body, "SOFTIRQ-safe lock in the past");
	CHECK_HAS(test_report_body, "Chain exists of:\n  a --> b --> c\n");
	/* twins */
	fresh();
	CHECK_SILENT(IRQ_OFF(A); PAIR(A, a, b); IRQ_OFF(B); ONE(B, b); ONE(HARD, a));
	fresh();
	CHECK_SILENT(IRQ_OFF(A); PAIR(A, b, a); ONE(B, b); ONE(HARD, a));
	/* enabling interrupts with the inner lock held alone */
	fresh();
	CHECK_SILENT(IRQ_OFF(A); PAIR(A, a, b); ONE(HARD, a); LOCK(A, b));
	CHECK_REPORT(INVERSION "test_inversion_new_usage", IRQ_ON(A));
}

static void test_interrupt_is_apart(void)
{
	/* what an interrupt takes is no dependency of what its victim holds */
	fresh();
	CHECK_SILENT(IRQ_OFF(A); IRQ_OFF(B); LOCK(A, a); LOCK(HARD, b); UNLOCK(HARD, b);
		     UNLOCK(A, a); LOCK(B, b); LOCK(B, a));
	/* but inside of the interrupt there is an order as anywhere */
	fresh();
	IRQ_OFF(A);
	PAIR(HARD, a, b);
	LOCK(A, b);
	CHECK_REPORT(CIRCULAR "test_interrupt_is_apart", LOCK(A, a));
	/* the same chain in another context is checked again */
	fresh();
	CHECK_SILENT(IRQ_OFF(A); PAIR(A, a, b); PAIR(HARD, a, b); PAIR(SOFT, c, d));
	CHECK_REPORT(INCONSISTENT "test_interrupt_is_apart", IRQ_ON(A); LOCK(A, b));
}

int main(void)
{
	test_hard_state();
	test_soft_state();
	test_enable_while_held();
	test_trylock_in_irq();
	test_readers();
	test_order_new_dependency();
	test_order_long();
	test_inversion_new_usage();
	test_interrupt_is_apart();
	return TEST_END();
}
