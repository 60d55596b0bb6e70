/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: each misuse of the allocator is reported, and correct use is silent.
 * Method: one small program a rule, with its twin. Under ASan a touch of freed
 * memory ends the process, so those are made through hidden writes there.
 */
#include "core/kapi/test/world.h"

struct object {
	u64 a, b;
	struct rcu_head rcu;
	spinlock_t lock;
};
static DEFINE_KMEM_CACHE(object_cache, struct object, "object");
static DEFINE_KMEM_CACHE(other_cache, struct object, "other");
static DEFINE_KMEM_CACHE_FLAGS(stable_cache, struct object, "stable", SLAB_TYPESAFE_BY_RCU);

/* Past every sanitizer: what a build without any would do. */
static __no_sanitize_tsan void hidden_write(void *p, u64 value)
{
	*(volatile u64 *)p = value;
}

static __no_sanitize_tsan u64 hidden_read(const void *p)
{
	return *(const volatile u64 *)p;
}

static const char *one_task(void (*fn)(void *arg), void (*teardown)(void *arg))
{
	struct world_test t = { .cpus = 1, .ntasks = 1, .teardown = teardown,
				.task = { { .fn = fn } } };

	return world_run(&t, 1);
}

static void audit(void *arg)
{
	(void)arg;
	slab_audit();
}

static void good_task(void *arg)
{
	struct object *o = kmem_cache_alloc(&object_cache, GFP_KERNEL), *again;
	struct object *zero = kmem_cache_zalloc(&object_cache, GFP_ATOMIC);
	char role[32], *text;

	(void)arg;
	BUG_ON(!o || !zero || o == zero);
	BUG_ON(zero->a || zero->b);
	BUG_ON(hidden_read(&o->a) != 0x6b6b6b6b6b6b6b6bull);
	engine_role_name(engine_role_of(o), role, sizeof(role));
	BUG_ON(strncmp(role, "object ", 7) != 0);
	kmem_cache_free(&object_cache, o);
	BUG_ON(hidden_read(&o->a) != 0x6b6b6b6b6b6b6b6bull);
	again = kmem_cache_alloc(&object_cache, GFP_KERNEL);
	BUG_ON(again != o); /* last in, first out */
	kmem_cache_free(&object_cache, again);
	kmem_cache_free(&object_cache, zero);
	kmem_cache_free(&object_cache, NULL);
	for (size_t size = 1; size <= 3000; size = size * 2 + 1) {
		text = kmalloc(size, GFP_KERNEL);
		memset(text, 1, size);
		BUG_ON(ksize(text) < size);
		kfree(text);
	}
	text = kcalloc(3, 1000, GFP_KERNEL);
	BUG_ON(text[0] || text[2999]);
	kvfree(text);
	kfree(NULL);
	BUG_ON(kmalloc_array(1ul << 40, 1ul << 40, GFP_KERNEL) != NULL);
	BUG_ON(slab_live_total() != 0);
}

static void write_after_free_task(void *arg)
{
	struct object *o = kmem_cache_alloc(&object_cache, GFP_KERNEL);

	(void)arg;
	kmem_cache_free(&object_cache, o);
	hidden_write(&o->b, 5);
	o = kmem_cache_alloc(&object_cache, GFP_KERNEL);
	kmem_cache_free(&object_cache, o);
}

static void write_after_free_late_task(void *arg)
{
	struct object *o = kmem_cache_alloc(&object_cache, GFP_KERNEL);

	(void)arg;
	kmem_cache_free(&object_cache, o);
	hidden_write(&o->b, 5);
}

static void typesafe_task(void *arg)
{
	struct object *o = kmem_cache_zalloc(&stable_cache, GFP_KERNEL);

	(void)arg;
	o->a = 17;
	kmem_cache_free(&stable_cache, o);
	BUG_ON(o->a != 17); /* a reader may still look */
	BUG_ON(kmem_cache_alloc(&stable_cache, GFP_KERNEL) != o);
	kmem_cache_free(&stable_cache, o);
}

static void double_free_task(void *arg)
{
	void *p = kmalloc(40, GFP_KERNEL);

	(void)arg;
	kfree(p);
	kfree(p);
}

static void wrong_cache_task(void *arg)
{
	struct object *o = kmem_cache_alloc(&object_cache, GFP_KERNEL);

	(void)arg;
	kmem_cache_free(&other_cache, o);
}

static void bad_free_task(void *arg)
{
	char *p = kmalloc(256, GFP_KERNEL | __GFP_ZERO);

	(void)arg;
	kfree(p + 64);
}

static void overrun_task(void *arg)
{
	char *p = kmalloc(64, GFP_KERNEL);

	(void)arg;
	hidden_write(p + 64, 0);
	kfree(p);
}

static void leak_task(void *arg)
{
	(void)arg;
	(void)kmem_cache_alloc(&object_cache, GFP_KERNEL);
}

static void free_held_task(void *arg) __no_lock_analysis("leaves the lock held")
{
	struct object *o = kmem_cache_alloc(&object_cache, GFP_KERNEL);

	(void)arg;
	spin_lock_init(&o->lock);
	spin_lock(&o->lock);
	kmem_cache_free(&object_cache, o);
}

static void atomic_sleep_task(void *arg)
{
	(void)arg;
	preempt_disable();
	(void)kmalloc(10, GFP_KERNEL);
	preempt_enable();
}

static void atomic_task(void *arg)
{
	(void)arg;
	preempt_disable();
	kfree(kmalloc(10, GFP_ATOMIC));
	kfree(kmalloc(10, GFP_NOWAIT));
	preempt_enable();
}

static void kmalloc_leak_task(void *arg)
{
	(void)arg;
	(void)kmalloc(10, GFP_KERNEL);
	(void)kmalloc(100, GFP_KERNEL);
}

static void test_rules(void)
{
	CHECK_STR(one_task(good_task, audit), "");
	CHECK_STR(one_task(typesafe_task, audit), "");
	CHECK_STR(one_task(atomic_task, audit), "");
	CHECK_STR(one_task(write_after_free_task, audit), "poison: write after free of object");
	CHECK_STR(one_task(write_after_free_late_task, audit),
		  "poison: write after free of object");
	CHECK_STR(one_task(double_free_task, NULL),
		  "slab: double free of kmalloc-64 in double_free_task");
	CHECK_STR(one_task(wrong_cache_task, NULL),
		  "slab: free to the wrong cache of object in wrong_cache_task");
	CHECK_STR(one_task(bad_free_task, NULL), "slab: bad free of no cache in bad_free_task");
	CHECK_STR(one_task(overrun_task, NULL),
		  "slab: write past the end of kmalloc-64 in overrun_task");
	CHECK_STR(one_task(leak_task, NULL), "");
	CHECK_STR(one_task(leak_task, audit), "leak: object in use at teardown");
	CHECK_HAS(engine_report()->body, "allocated by kmem_cache_alloc in leak_task");
	CHECK_STR(one_task(kmalloc_leak_task, audit), "leak: kmalloc of kmalloc_leak_task at teardown");
	CHECK_STR(one_task(free_held_task, NULL), "WARNING: held lock freed in free_held_task");
	CHECK_STR(one_task(atomic_sleep_task, NULL),
		  "BUG: sleeping function called from invalid context in atomic_sleep_task");
}

/* ---- failure is a choice; RCU frees late ---- */

static u32 failed __world;

static void may_fail_task(void *arg)
{
	void *p;

	(void)arg;
	for (int i = 0; i < 8; i++) {
		p = kmalloc(16, GFP_KERNEL);
		if (!p)
			failed++;
		kfree(p);
		p = kmalloc(16, GFP_KERNEL | __GFP_NOFAIL);
		BUG_ON(!p);
		kfree(p);
	}
}

static void test_failure(void)
{
	struct world_test t = { .cpus = 1, .ntasks = 1, .teardown = audit,
		.task = { { .fn = may_fail_task } } };
	u32 sum = 0;

	for (u64 seed = 1; seed < 50; seed++) {
		CHECK_STR(world_run(&t, seed), "");
		CHECK_EQ(failed, 0);
	}
	t.policy = &world_policy;
	for (u64 seed = 1; seed < 50; seed++) {
		CHECK_STR(world_run(&t, seed), "");
		sum += failed;
	}
	CHECK(sum > 20);
}

static struct object *published __world;
static u32 freed_early __world;

static void rcu_reader_task(void *arg)
{
	struct object *o;

	(void)arg;
	for (int i = 0; i < 4; i++) {
		rcu_read_lock();
		o = rcu_dereference(published);
		if (o) {
			BUG_ON(o->a != 1);
			(void)READ_ONCE(freed_early);
			BUG_ON(o->b != 2);
		}
		rcu_read_unlock();
	}
}

static void rcu_updater_task(void *arg)
{
	struct object *o = kmem_cache_alloc(&object_cache, GFP_KERNEL), *old;

	o->a = 1;
	o->b = 2;
	rcu_assign_pointer(published, o);
	old = rcu_replace_pointer(published, NULL, true);
	if (arg)
		kmem_cache_free(&object_cache, old);
	else
		kfree_rcu(old, rcu);
}

static void test_rcu(void)
{
	struct world_test t = { .cpus = 2, .ntasks = 2, .teardown = audit, .task = {
		{ .fn = rcu_reader_task, .cpu = 0 }, { .fn = rcu_updater_task, .cpu = 1 } } };

	world_silent("kfree_rcu", &t, 300);
	t.native = true;
	world_silent("kfree_rcu, native", &t, 10);
	t.native = false;
#if !defined(SWAPRACE_ASAN) && !defined(SWAPRACE_TSAN)
	t.task[1].arg = &t;
	world_fires("free without a grace period", &t, 300, "kernel BUG");
#endif
}

static void exhaust_task(void *arg)
{
	struct object *o[20];

	for (int round = 0; round < 10; round++) {
		for (unsigned i = 0; i < ARRAY_SIZE(o); i++)
			o[i] = kmem_cache_alloc(&object_cache, GFP_KERNEL);
		for (unsigned i = 0; i < ARRAY_SIZE(o); i++)
			kmem_cache_free(&object_cache, o[i]);
	}
	(void)arg;
}

/* Nothing is lost: the arena doesn't grow with the number of allocations. */
static void test_reuse(void)
{
	CHECK_STR(one_task(exhaust_task, audit), "");
	CHECK(engine_arena_used() < 24 * 1024);
}

int main(void)
{
	test_rules();
	test_failure();
	test_rcu();
	test_reuse();
	engine_exit();
	return TEST_END();
}
