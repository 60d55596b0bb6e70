// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: the rules that look at one context: wait contexts, sleeping, RCU,
 * assertions, what is left over at the end of an op, memory that is freed.
 * Each rule fires in one case and stays silent in its twin.
 */
#include "core/lockdep/test/locks.h"

#define SLEEPING "BUG: sleeping function called from invalid context in "
#define SUSPICIOUS "WARNING: suspicious RCU usage in "
#define INVALID "BUG: Invalid wait context in "

#define RCU_LOCK(ctx) lockdep_rcu_read_lock(&(ctx), SITE("rcu_read_lock"))
#define RCU_UNLOCK(ctx) lockdep_rcu_read_unlock(&(ctx), SITE("rcu_read_unlock"))
#define SLEEP(ctx) lockdep_might_sleep(&(ctx), SITE("mutex_lock"))
#define DEREF(ctx, cond) lockdep_rcu_dereference(&(ctx), (cond), SITE("rcu_dereference"))
#define SYNC(ctx) lockdep_rcu_sync(&(ctx), SITE("synchronize_rcu"))
#define END(ctx) lockdep_check_op_end(&(ctx), "swapoff")

static void test_wait_context(void)
{
	struct lockdep_map raw;
	static struct lock_class_key key_raw;

	fresh();
	LOCK(A, a);
	CHECK_REPORT(INVALID "test_wait_context", LOCK(A, m));
	CHECK_HAS(test_report_body, "[ BUG: Invalid wait context ]\n");
	CHECK_HAS(test_report_body, "task A/A1 is trying to lock:\n(m){....}-{4:4}");
	CHECK_HAS(test_report_body, "context-{4:3}\n");
	/* also when the outer lock is not the last, and when that chain is old */
	fresh();
	CHECK_SILENT(LOCK(B, m); LOCK(B, n); UNLOCK(B, n); UNLOCK(B, m));
	LOCK(A, a);
	LOCK(A, b);
	CHECK_REPORT(INVALID "test_wait_context", LOCK(A, m));
	CHECK_REPORT(INVALID "test_wait_context", READ(A, m));
	/* twins: a spinlock in a mutex, a trylock */
	fresh();
	CHECK_SILENT(LOCK(A, m); LOCK(A, n); LOCK(A, a); LOCK(A, b));
	fresh();
	CHECK_SILENT(LOCK(A, a); TRY(A, m));
	/* in interrupts and in RCU sections: spinlocks only */
	CHECK_REPORT(INVALID "test_wait_context", LOCK(HARD, n));
	CHECK_REPORT(INVALID "test_wait_context", LOCK(SOFT, n));
	fresh();
	CHECK_SILENT(IRQ_OFF(A); LOCK(A, m); UNLOCK(A, m));
	CHECK_REPORT(INVALID "test_wait_context", LOCK(HARD, m));
	CHECK_REPORT(INVALID "test_wait_context", LOCK(SOFT, m));
	fresh();
	CHECK_SILENT(LOCK(HARD, a); IRQ_OFF(SOFT); LOCK(SOFT, a));
	fresh();
	CHECK_SILENT(LOCK(A, m); UNLOCK(A, m); RCU_LOCK(A); LOCK(A, a); UNLOCK(A, a));
	CHECK_REPORT(INVALID "test_wait_context", LOCK(A, m));
	RCU_UNLOCK(A);
	CHECK_SILENT(LOCK(A, m));
	/* a lock that may be taken inside of more than it allows inside */
	fresh();
	lockdep_init_map(&raw, "raw", &key_raw, LD_WAIT_SPIN, LD_WAIT_SPIN);
	CHECK_SILENT(LOCK(A, a); LOCK(A, raw); UNLOCK(A, raw); UNLOCK(A, a));
	LOCK(A, raw);
	CHECK_REPORT(INVALID "test_wait_context", LOCK(A, a));
	lockdep_init_map(&b, "annotation", &key_b, LD_WAIT_SLEEP, LD_WAIT_FREE);
	CHECK_SILENT(LOCK(A, b));
}

static void test_might_sleep(void)
{
	fresh();
	CHECK_SILENT(SLEEP(A); LOCK(A, m); SLEEP(A));
	UNLOCK(A, m);
	A.preempt_count = 1;
	CHECK_REPORT(SLEEPING "test_might_sleep", SLEEP(A));
	CHECK_HAS(test_report_body, "BUG: sleeping function called from invalid context at "
				    "test_might_sleep+mutex_lock\n"
				    "in_atomic(): 1, irqs_disabled(): 0, non_block: 0, "
				    "name: task A\n"
				    "preempt_count: 1, expected: 0\n"
				    "RCU nest depth: 0, expected: 0\n");
	A.preempt_count = 0;
	CHECK_SILENT(SLEEP(A));
	IRQ_OFF(A);
	CHECK_REPORT(SLEEPING "test_might_sleep", SLEEP(A));
	IRQ_ON(A);
	CHECK_SILENT(SLEEP(A));
	BH_OFF(A);
	CHECK_REPORT(SLEEPING "test_might_sleep", SLEEP(A));
	BH_ON(A);
	CHECK_SILENT(SLEEP(A));
	RCU_LOCK(A);
	CHECK_REPORT(SLEEPING "test_might_sleep", SLEEP(A));
	RCU_UNLOCK(A);
	CHECK_SILENT(SLEEP(A));
	LOCK(A, a);
	CHECK_REPORT(SLEEPING "test_might_sleep", SLEEP(A));
	UNLOCK(A, a);
	CHECK_SILENT(SLEEP(A));
	CHECK_REPORT(SLEEPING "test_might_sleep", SLEEP(HARD));
	CHECK_REPORT(SLEEPING "test_might_sleep", SLEEP(SOFT));
	/* another context's lock is no matter of mine */
	CHECK_SILENT(LOCK(B, a); SLEEP(A));
}

static void test_rcu(void)
{
	fresh();
	CHECK_REPORT(SUSPICIOUS "test_rcu", DEREF(A, false));
	CHECK_HAS(test_report_body, "WARNING: suspicious RCU usage\n------");
	CHECK_HAS(test_report_body,
		  "test_rcu+rcu_dereference suspicious rcu_dereference_check() usage!\n");
	CHECK_SILENT(DEREF(A, true));
	CHECK_SILENT(RCU_LOCK(A); DEREF(A, false); RCU_LOCK(A); RCU_UNLOCK(A); DEREF(A, false));
	CHECK_HAS((lockdep_print_held(&A, test_report_body, sizeof(test_report_body)),
		   test_report_body), "1 lock held by task A/A1:\n"
		  " #0: (rcu_read_lock){....}-{1:3}, at: test_rcu+rcu_read_lock\n");
	CHECK_REPORT(SUSPICIOUS "test_rcu", DEREF(B, false));
	CHECK_SILENT(RCU_UNLOCK(A));
	CHECK_REPORT(SUSPICIOUS "test_rcu", DEREF(A, false));
	/* unbalanced */
	CHECK_REPORT("WARNING: bad unlock balance detected in test_rcu", RCU_UNLOCK(A));
	CHECK_HAS(test_report_body, "is trying to release lock (rcu_read_lock) at:\n");
	/* a grace period inside of a section, or where one may not sleep */
	fresh();
	RCU_LOCK(A);
	CHECK_REPORT(SUSPICIOUS "test_rcu", SYNC(A));
	CHECK_HAS(test_report_body, "in RCU read-side critical section!");
	RCU_UNLOCK(A);
	CHECK_SILENT(SYNC(A));
	LOCK(A, a);
	CHECK_REPORT(SLEEPING "test_rcu", SYNC(A));
}

static void test_asserts(void)
{
	fresh();
	CHECK_REPORT("WARNING: a not held in swap_slot_put",
		     lockdep_assert_held_at(&A, &a, -1, "swap_slot_put"));
	LOCK(B, a);
	CHECK_REPORT("WARNING: a not held in f", lockdep_assert_held_at(&A, &a, -1, "f"));
	UNLOCK(B, a);
	LOCK(A, a);
	CHECK_SILENT(lockdep_assert_held_at(&A, &a, -1, "f"));
	CHECK_SILENT(lockdep_assert_held_at(&A, &a, 0, "f"));
	LOCK(A, b);
	CHECK_SILENT(lockdep_assert_held_at(&A, &a, -1, "f"));
	CHECK_REPORT("WARNING: a held in f", lockdep_assert_not_held_at(&A, &a, "f"));
	CHECK_SILENT(lockdep_assert_not_held_at(&B, &a, "f"));
	CHECK_REPORT("WARNING: a not held for reading in f",
		     lockdep_assert_held_at(&A, &a, 1, "f"));
	fresh();
	READ(A, m);
	CHECK_SILENT(lockdep_assert_held_at(&A, &m, 1, "f"));
	CHECK_REPORT("WARNING: m not held for writing in f",
		     lockdep_assert_held_at(&A, &m, 0, "f"));
	CHECK_HAS(test_report_body, "1 lock held by task A/A1:\n #0: (m){.+.+}-{4:4}");
}

static void test_op_end(void)
{
	fresh();
	CHECK_SILENT(LOCK(A, m); UNLOCK(A, m); END(A); END(HARD); END(SOFT));
	LOCK(A, m);
	CHECK_REPORT("WARNING: lock held when returning from swapoff", END(A));
	CHECK_HAS(test_report_body, "1 lock held by task A/A1:\n #0: (m)");
	UNLOCK(A, m);
	CHECK_SILENT(END(A));
	RCU_LOCK(A);
	CHECK_REPORT("WARNING: RCU read-side section open when returning from swapoff", END(A));
	A.op_rcu_nesting = 1;
	CHECK_SILENT(END(A));
	A.op_rcu_nesting = 0;
	RCU_UNLOCK(A);
	CHECK_SILENT(END(A));
	A.preempt_count = 1;
	CHECK_REPORT("WARNING: preemption disabled when returning from swapoff", END(A));
	A.preempt_count = 0;
	IRQ_OFF(A);
	CHECK_REPORT("WARNING: interrupts disabled when returning from swapoff", END(A));
	IRQ_ON(A);
	BH_OFF(A);
	CHECK_REPORT("WARNING: softirqs disabled when returning from swapoff", END(A));
	BH_ON(A);
	CHECK_SILENT(END(A));
	/* interrupts and callbacks */
	LOCK(HARD, a);
	CHECK_REPORT("WARNING: lock held when returning from swapoff", END(HARD));
	IRQ_OFF(SOFT);
	CHECK_REPORT("WARNING: interrupts disabled when returning from swapoff", END(SOFT));
}

static void test_free(void)
{
	struct { long before; struct lockdep_map map; long after; } object;
	static struct lock_class_key key;
	struct lockdep_ctx *all[] = { &A, NULL, &B };

	fresh();
	lockdep_init_map(&object.map, "&object->lock", &key, LD_WAIT_CONFIG, LD_WAIT_INV);
	CHECK_SILENT(lockdep_free_memory(all, 3, &object, sizeof(object), "kfree"));
	LOCK(B, a);
	LOCK(B, object.map);
	CHECK_REPORT("WARNING: held lock freed in kfree",
		     lockdep_free_memory(all, 3, &object, sizeof(object), "kfree"));
	CHECK_HAS(test_report_body, "is freeing memory with a lock still held there by task B/B1:\n"
				    "(&object->lock){+.+.}-{3:3}");
	/* what lies before and behind it is not it */
	CHECK_SILENT(lockdep_free_memory(all, 3, &object.before, sizeof(long), "kfree"));
	CHECK_SILENT(lockdep_free_memory(all, 3, &object.after, sizeof(long), "kfree"));
	CHECK_REPORT("WARNING: held lock freed in kfree",
		     lockdep_free_memory(all, 3, &object.map, 1, "kfree"));
	UNLOCK(B, object.map);
	CHECK_SILENT(lockdep_free_memory(all, 3, &object, sizeof(object), "kfree"));
}

static unsigned fake_stack(void **stack, unsigned max)
{
	CHECK(max >= 2);
	stack[0] = (void *)1;
	stack[1] = (void *)2;
	return 2;
}

static void fake_symbol(void *pc, char *buf, size_t size)
{
	snprintf(buf, size, pc == (void *)1 ? "inner_function" : "outer_function");
}

static void fake_object(const void *map, char *buf, size_t size)
{
	if (map == &a)
		snprintf(buf, size, "cluster dev0.1");
}

static void test_hooks(void)
{
	fresh();
	lockdep_capture_stack = fake_stack;
	lockdep_print_symbol = fake_symbol;
	lockdep_print_object = fake_object;
	PAIR(A, a, b);
	LOCK(B, b);
	CHECK_REPORT(CIRCULAR "test_hooks", LOCK(B, a));
	CHECK_HAS(test_report_body,
		  "(a){+.+.}-{3:3}, at: test_hooks+spin_lock, by B1, cluster dev0.1\n");
	CHECK_HAS(test_report_body, "-> #1 (b){+.+.}-{3:3}:\n       [A1]\n"
				    "       inner_function\n       outer_function\n");
	CHECK_HAS(test_report_body, "Call Trace:\n <TASK>\n inner_function\n outer_function\n"
				    " </TASK>\n");
	lockdep_capture_stack = NULL;
	lockdep_print_symbol = NULL;
	lockdep_print_object = NULL;
	/* inside of lockdep nothing is looked at */
	A.recursion = 1;
	CHECK_SILENT(LOCK(A, a); LOCK(A, a); UNLOCK(A, b); END(A); SLEEP(A));
	CHECK_EQ(A.depth, 0);
}

static void test_print_held(void)
{
	char buf[400], small[24];
	size_t len;

	fresh();
	len = lockdep_print_held(&A, buf, sizeof(buf));
	CHECK_STR(buf, "no locks held by task A/A1.\n");
	CHECK_EQ(len, strlen(buf));
	LOCK(A, m);
	SUB(A, n, 2);
	len = lockdep_print_held(&A, buf, sizeof(buf));
	CHECK_STR(buf, "2 locks held by task A/A1:\n"
		       " #0: (m){+.+.}-{4:4}, at: test_print_held+spin_lock, by A1\n"
		       " #1: (n/2){+.+.}-{4:4}, at: test_print_held+spin_lock_nested, by A1\n");
	CHECK_EQ(len, strlen(buf));
	len = lockdep_print_held(&A, small, sizeof(small));
	CHECK_EQ(len, sizeof(small) - 1);
	CHECK_EQ(strlen(small), len);
	CHECK_EQ(lockdep_print_held(&A, small, 0), 0);
}

int main(void)
{
	test_wait_context();
	test_might_sleep();
	test_rcu();
	test_asserts();
	test_op_end();
	test_free();
	test_hooks();
	test_print_held();
	return TEST_END();
}
