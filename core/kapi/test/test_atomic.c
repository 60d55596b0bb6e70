/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: atomics, bit operations, marked accesses and sequence counts give what
 * the kernel's give, and are single events. Method: results against plain
 * arithmetic on both widths; sums over racing tasks; a torn read that only a
 * sequence count finds.
 */
#include "core/kapi/test/world.h"

struct shared {
	atomic_t a;
	atomic_long_t l, flags;
	seqcount_t seq;
	u64 x, y;
	u32 winners, torn, turn[2], in;
	void *ptr;
};
static struct shared *w __world;

static void shared_setup(void *arg)
{
	(void)arg;
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	seqcount_init(&w->seq);
}

/* The same list for both widths: every operation, its result, what it leaves. */
#define CHECK_OPS(p, type, num)                                                   \
	do {                                                                      \
		type v;                                                           \
		num old;                                                          \
		p##_set(&v, 5);                                                   \
		CHECK_EQ(p##_read(&v), 5);                                        \
		p##_add(3, &v); p##_sub(1, &v); p##_inc(&v); p##_dec(&v);         \
		CHECK_EQ(p##_read_acquire(&v), 7);                                \
		CHECK_EQ(p##_add_return(2, &v), 9);                               \
		CHECK_EQ(p##_sub_return(4, &v), 5);                               \
		CHECK_EQ(p##_inc_return(&v), 6);                                  \
		CHECK_EQ(p##_dec_return(&v), 5);                                  \
		CHECK_EQ(p##_fetch_add(2, &v), 5);                                \
		CHECK_EQ(p##_fetch_sub(6, &v), 7);                                \
		CHECK_EQ(p##_dec_and_test(&v), true);                             \
		CHECK_EQ(p##_dec_and_test(&v), false);                            \
		CHECK_EQ(p##_inc_and_test(&v), true);                             \
		CHECK_EQ(p##_add_negative(-1, &v), true);                         \
		CHECK_EQ(p##_add_negative(1, &v), false);                         \
		CHECK_EQ(p##_inc_not_zero(&v), false);                            \
		CHECK_EQ(p##_dec_if_positive(&v), -1);                            \
		CHECK_EQ(p##_read(&v), 0);                                        \
		p##_set_release(&v, 3);                                           \
		CHECK_EQ(p##_inc_not_zero(&v), true);                             \
		CHECK_EQ(p##_add_unless(&v, 2, 4), false);                        \
		CHECK_EQ(p##_add_unless(&v, 2, 5), true);                         \
		CHECK_EQ(p##_dec_if_positive(&v), 5);                             \
		CHECK_EQ(p##_sub_and_test(5, &v), true);                          \
		CHECK_EQ(p##_xchg(&v, 9), 0);                                     \
		CHECK_EQ(p##_cmpxchg(&v, 8, 1), 9);                               \
		CHECK_EQ(p##_cmpxchg(&v, 9, 1), 9);                               \
		old = 2;                                                          \
		CHECK_EQ(p##_try_cmpxchg(&v, &old, 7), false);                    \
		CHECK_EQ(old, 1);                                                 \
		CHECK_EQ(p##_try_cmpxchg(&v, &old, 6), true);                     \
		p##_or(9, &v); p##_and(13, &v); p##_andnot(4, &v);                \
		CHECK_EQ(p##_fetch_or(2, &v), 9);                                 \
		CHECK_EQ(p##_fetch_and(3, &v), 11);                               \
		CHECK_EQ(p##_read(&v), 3);                                        \
	} while (0)

static void test_results(void)
{
	atomic_long_t bits = ATOMIC_LONG_INIT(0);
	void *p = NULL, *q = &bits;
	u64 x = 4;
	u8 small = 200;

	CHECK_OPS(atomic, atomic_t, int);
	CHECK_OPS(atomic_long, atomic_long_t, long);
	set_bit(40, &bits);
	__set_bit(3, &bits);
	CHECK(test_bit(40, &bits) && test_bit(3, &bits) && !test_bit(4, &bits));
	CHECK(test_and_set_bit(3, &bits) && !test_and_set_bit(5, &bits));
	CHECK(test_and_clear_bit(5, &bits) && !test_and_clear_bit(5, &bits));
	clear_bit(40, &bits);
	clear_bit_unlock(3, &bits);
	CHECK_EQ(atomic_long_read(&bits), 0);
	CHECK(!test_and_set_bit_lock(0, &bits) && test_and_set_bit_lock(0, &bits));
	CHECK(xchg(&p, q) == NULL && READ_ONCE(p) == q);
	CHECK(cmpxchg(&p, NULL, NULL) == q && cmpxchg(&p, q, NULL) == q && !p);
	CHECK(!try_cmpxchg(&p, &q, NULL) && q == NULL);
	CHECK_EQ(xchg(&x, 7), 4);
	WRITE_ONCE(small, 255);
	CHECK_EQ(READ_ONCE(small), 255);
	smp_store_mb(x, 9);
	CHECK_EQ(smp_load_acquire(&x), 9);
	CHECK_EQ(data_race(x + 1), 10);
}

/* ---- racing tasks ---- */

static void sum_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < 4; i++) {
		atomic_inc(&w->a);
		atomic_long_add(3, &w->l);
		if (!test_and_set_bit((unsigned)i, &w->flags))
			__atomic_add_fetch(&w->winners, 1, __ATOMIC_RELAXED);
		if (cmpxchg(&w->ptr, NULL, w) == NULL)
			__atomic_add_fetch(&w->winners, 100, __ATOMIC_RELAXED);
	}
}

static void sum_after(void *arg)
{
	(void)arg;
	BUG_ON(atomic_read(&w->a) != 12 || atomic_long_read(&w->l) != 36);
	BUG_ON(w->winners != 104);
}

/* Peterson's lock for two: right only if marked accesses are single events. */
static void peterson_task(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	for (int i = 0; i < 3; i++) {
		WRITE_ONCE(w->turn[me], 1);
		WRITE_ONCE(w->in, !me);
		smp_mb(&w->turn);
		while (READ_ONCE(w->turn[!me]) && READ_ONCE(w->in) == !me)
			cpu_relax();
		smp_mb(&w->turn);
		w->x++;
		BUG_ON(w->y != 0);
		w->y = 1;
		(void)atomic_read(&w->a);
		w->y = 0;
		smp_mb(&w->turn);
		WRITE_ONCE(w->turn[me], 0);
	}
}

static void peterson_after(void *arg)
{
	(void)arg;
	BUG_ON(w->x != 6);
}

static void seq_writer_task(void *arg)
{
	(void)arg;
	for (u64 i = 1; i <= 4; i++) {
		write_seqcount_begin(&w->seq);
		WRITE_ONCE(w->x, i);
		WRITE_ONCE(w->y, i);
		write_seqcount_end(&w->seq);
	}
}

static void seq_reader_task(void *arg)
{
	u64 x, y;
	u32 seq;

	for (int i = 0; i < 4; i++) {
		do {
			seq = read_seqcount_begin(&w->seq);
			x = READ_ONCE(w->x);
			y = READ_ONCE(w->y);
			if (x != y)
				WRITE_ONCE(w->torn, 1);
		} while (read_seqcount_retry(&w->seq, seq) && !arg);
		BUG_ON(!arg && x != y);
	}
}

static void test_racing(void)
{
	struct world_test t = { .cpus = 3, .ntasks = 3, .setup = shared_setup,
		.teardown = sum_after, .task = { { .fn = sum_task, .cpu = 0 },
		{ .fn = sum_task, .cpu = 1 }, { .fn = sum_task, .cpu = 2 } } };
	u32 torn = 0;

	world_silent("sums", &t, 300);
	t.native = true;
	world_silent("sums, native", &t, 10);
	t.native = false;
	t.teardown = peterson_after;
	t.ntasks = 2;
	t.task[0] = (struct engine_task){ .fn = peterson_task, .arg = (void *)0, .cpu = 0 };
	t.task[1] = (struct engine_task){ .fn = peterson_task, .arg = (void *)1, .cpu = 1 };
	world_silent("peterson", &t, 300);
	t.teardown = NULL;
	t.task[0].fn = seq_writer_task;
	t.task[1] = (struct engine_task){ .fn = seq_reader_task, .cpu = 1 };
	for (u64 seed = 1; seed <= 300; seed++) {
		CHECK_STR(world_run(&t, seed), "");
		torn += w->torn;
	}
	CHECK(torn > 10); /* the retries were needed */
}

int main(void)
{
	world_run(&(struct world_test){ .cpus = 1 }, 1); /* sites, sink */
	test_results();
	test_racing();
	engine_exit();
	return TEST_END();
}
