/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: a local lock keeps the tasks (and with _irq the interrupts) of its CPU
 * off and nobody else; a percpu_ref is released exactly once, after the last put
 * and never before, whatever races with the kill. Method: random schedules; the
 * release callback looks at a plain count of users.
 */
#include "core/kapi/test/world.h"

struct pcp {
	local_lock_t lock;
	u32 inside, count;
};
static DEFINE_PER_CPU_INIT(struct pcp, pcp, { .lock = INIT_LOCAL_LOCK(pcp.lock) });
struct pcp_irq {
	local_lock_t lock;
	u32 count;
};
static DEFINE_PER_CPU_INIT(struct pcp_irq, pcp_irq, { .lock = INIT_LOCAL_LOCK(pcp_irq.lock) });

struct shared {
	struct percpu_ref ref;
	struct completion free;
	u32 users, released, got, refused, together, inside, noise;
	u32 dead;
};
static struct shared *w __world;

static void ref_release(struct percpu_ref *ref)
{
	struct shared *s = container_of(ref, struct shared, ref);

	BUG_ON(__atomic_load_n(&s->users, __ATOMIC_RELAXED) != 0);
	s->released++;
	complete(&s->free);
}

static void shared_setup(void *arg)
{
	(void)arg;
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	init_completion(&w->free);
	BUG_ON(percpu_ref_init(&w->ref, ref_release, 0, GFP_KERNEL));
}

/* ---- local locks ---- */

static void local_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5; i++) {
		struct pcp *p;

		local_lock(&pcp.lock);
		p = this_cpu_ptr(&pcp);
		lockdep_assert_local_held(&pcp.lock);
		BUG_ON(p->inside);
		p->inside = 1;
		if (__atomic_add_fetch(&w->inside, 1, __ATOMIC_RELAXED) > 1)
			WRITE_ONCE(w->together, 1);
		(void)READ_ONCE(w->noise);
		p->count++;
		p->inside = 0;
		__atomic_sub_fetch(&w->inside, 1, __ATOMIC_RELAXED);
		local_unlock(&pcp.lock);
	}
}

static void local_after(void *arg)
{
	unsigned cpu, n = 0;

	(void)arg;
	for_each_possible_cpu(cpu)
		n += per_cpu_ptr(&pcp, cpu)->count;
	BUG_ON(n != 15);
	BUG_ON(per_cpu(pcp, 0).count != 10);
}

static void test_local_lock(void)
{
	struct world_test t = { .cpus = 2, .ntasks = 3, .setup = shared_setup,
		.teardown = local_after, .task = {
		{ .fn = local_task, .cpu = 0 }, { .fn = local_task, .cpu = 0 },
		{ .fn = local_task, .cpu = 1 } } };
	u32 together = 0;

	for (u64 seed = 1; seed <= 300; seed++) {
		CHECK_STR(world_run(&t, seed), "");
		together += w->together;
	}
	t.native = true;
	world_silent("local_lock, native", &t, 10);
	CHECK(together > 100); /* the other CPU's task was never kept off */
}

static void local_irq_handler(void *arg)
{
	unsigned long flags;

	(void)arg;
	local_lock_irqsave(&pcp_irq.lock, flags);
	this_cpu_ptr(&pcp_irq)->count++;
	local_unlock_irqrestore(&pcp_irq.lock, flags);
}
static struct engine_irq_work local_work __world = { .fn = local_irq_handler, .name = "local" };

static void local_irq_task(void *arg)
{
	struct pcp_irq *p;
	u32 seen;

	(void)arg;
	engine_irq_queue(0, &local_work);
	local_lock_irq(&pcp_irq.lock);
	p = this_cpu_ptr(&pcp_irq);
	seen = p->count;
	(void)READ_ONCE(w->noise);
	p->count = seen + 1;
	local_unlock_irq(&pcp_irq.lock);
	(void)READ_ONCE(w->noise);
}

static void local_irq_after(void *arg)
{
	(void)arg;
	BUG_ON(per_cpu(pcp_irq, 0).count != 2);
}

/* The handler takes the lock that the task took with interrupts on. */
static void local_unsafe_handler(void *arg)
{
	(void)arg;
	local_lock(&pcp.lock);
	this_cpu_ptr(&pcp)->count++;
	local_unlock(&pcp.lock);
}
static struct engine_irq_work unsafe_work __world = { .fn = local_unsafe_handler, .name = "l" };

static void local_unsafe_task(void *arg)
{
	(void)arg;
	engine_irq_queue(0, &unsafe_work);
	local_lock(&pcp.lock);
	(void)READ_ONCE(w->noise);
	local_unlock(&pcp.lock);
}

static void test_local_irq(void)
{
	struct world_test t = { .cpus = 1, .ntasks = 1, .setup = shared_setup,
		.teardown = local_irq_after, .task = { { .fn = local_irq_task, .cpu = 0 } } };

	world_silent("local_lock_irq", &t, 100);
	t.teardown = NULL;
	t.task[0].fn = local_unsafe_task;
	world_fires("local_lock in an interrupt", &t, 30, "WARNING: ");
}

static void preemptible_task(void *arg)
{
	if (arg)
		preempt_disable();
	(void)this_cpu_ptr(&pcp);
	if (arg)
		preempt_enable();
}

static void test_preemptible(void)
{
	struct world_test t = { .cpus = 1, .ntasks = 1, .setup = shared_setup,
		.task = { { .fn = preemptible_task } } };

	CHECK_STR(world_run(&t, 1),
		  "BUG: using this_cpu_ptr() in preemptible code in preemptible_task");
	t.task[0].arg = &t;
	CHECK_STR(world_run(&t, 1), "");
}

/* ---- percpu_ref ---- */

static void user_task(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5; i++) {
		if (!percpu_ref_tryget_live(&w->ref)) {
			__atomic_add_fetch(&w->refused, 1, __ATOMIC_RELAXED);
			continue;
		}
		__atomic_add_fetch(&w->users, 1, __ATOMIC_RELAXED);
		__atomic_add_fetch(&w->got, 1, __ATOMIC_RELAXED);
		(void)READ_ONCE(w->noise);
		percpu_ref_get(&w->ref);
		percpu_ref_put(&w->ref);
		BUG_ON(READ_ONCE(w->dead));
		__atomic_sub_fetch(&w->users, 1, __ATOMIC_RELAXED);
		percpu_ref_put(&w->ref);
	}
}

static void kill_task(void *arg)
{
	for (int i = 0; i < 2; i++) {
		percpu_ref_kill(&w->ref);
		BUG_ON(!percpu_ref_is_dying(&w->ref));
		if (!arg)
			synchronize_rcu();
		wait_for_completion(&w->free);
		BUG_ON(!percpu_ref_is_zero(&w->ref));
		WRITE_ONCE(w->dead, 1);
		BUG_ON(percpu_ref_tryget(&w->ref));
		WRITE_ONCE(w->dead, 0);
		percpu_ref_resurrect(&w->ref);
	}
	percpu_ref_kill(&w->ref);
	wait_for_completion(&w->free);
	BUG_ON(w->released != 3);
	percpu_ref_exit(&w->ref);
}

static void test_percpu_ref(void)
{
	struct world_test t = { .cpus = 3, .ntasks = 3, .setup = shared_setup, .task = {
		{ .fn = user_task, .cpu = 0 }, { .fn = user_task, .cpu = 1 },
		{ .fn = kill_task, .cpu = 2 } } };
	u32 got = 0, refused = 0;

	for (u64 seed = 1; seed <= 400; seed++) {
		CHECK_STR(world_run(&t, seed), "");
		CHECK_EQ(w->users, 0);
		got += w->got;
		refused += w->refused;
	}
	CHECK(got > 100 && refused > 100);
	t.native = true;
	world_silent("percpu_ref, native", &t, 10);
	t.native = false;
	t.task[2].cpu = 0; /* the killer shares a user's CPU */
	t.task[2].arg = &t;
	world_silent("percpu_ref, shared CPU", &t, 200);
}

static void twice_task(void *arg)
{
	switch ((uintptr_t)arg) {
	case 0:
		percpu_ref_kill(&w->ref);
		percpu_ref_kill(&w->ref);
		break;
	case 1:
		percpu_ref_resurrect(&w->ref);
		break;
	case 2:
		percpu_ref_kill(&w->ref);
		wait_for_completion(&w->free);
		percpu_ref_put(&w->ref);
		break;
	case 3: /* a put too many while alive shows when the CPUs are summed up */
		percpu_ref_put(&w->ref);
		percpu_ref_put(&w->ref);
		percpu_ref_kill(&w->ref);
		rcu_barrier();
		break;
	}
}

#define REF_NOT_POSITIVE                                                          \
	"WARNING: percpu_ref count is not positive after the switch in "          \
	"ref_switched_to_atomic"

static void test_ref_misuse(void)
{
	static const char *const titles[] = {
		"WARNING: percpu_ref killed twice in twice_task",
		"WARNING: percpu_ref resurrected alive in twice_task",
		"WARNING: percpu_ref put below zero in twice_task",
		REF_NOT_POSITIVE,
	};
	struct world_test t = { .cpus = 1, .ntasks = 1, .setup = shared_setup,
		.task = { { .fn = twice_task } } };

	for (uintptr_t i = 0; i < ARRAY_SIZE(titles); i++) {
		t.task[0].arg = (void *)i;
		CHECK_STR(world_run(&t, 1), titles[i]);
	}
}

int main(void)
{
	test_local_lock();
	test_local_irq();
	test_preemptible();
	test_percpu_ref();
	test_ref_misuse();
	engine_exit();
	return TEST_END();
}
