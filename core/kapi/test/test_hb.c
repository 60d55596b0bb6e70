/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: TSan sees the model's own synchronisation, all of it and nothing else.
 * Method: for each source of happens-before a pair of tasks that share a plain
 * word and are ordered by it (the twin: silent in every schedule), and a pair
 * with unrelated synchronisation of the same kind between its two sides (must
 * be reported). Then each annotation is switched off, and a twin must fail.
 * The same pairs run on real threads, each in a process of its own: what the
 * native engine does for itself must hide no race and make none.
 * Only a TSan build can say anything: others skip.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "core/kapi/test/world.h"

struct object { u64 a; struct rcu_head rcu; };
struct pcp { local_lock_t lock; u64 x; };
static DEFINE_PER_CPU_INIT(struct pcp, pcp, { .lock = INIT_LOCAL_LOCK(pcp.lock) });

struct shared {
	u64 x, y;                 /* the plain words */
	u32 flag, pair1, pair2;
	spinlock_t spin1, spin2;
	struct mutex mutex1, mutex2;
	struct rw_semaphore rwsem;
	atomic_long_t bits1, bits2;
	struct lockdep_map map1, map2;
	atomic_t count1, count2;
	seqcount_t seq;
	wait_queue_head_t wq1, wq2;
	struct completion done;
	struct percpu_ref ref;
	struct object *pub;
	struct rcu_head rcu;
	struct engine_irq_work irq;
	struct work_struct work;
};
static struct shared *w __world;

static void ref_release(struct percpu_ref *ref);
static void work_fn(struct work_struct *work)
{
	(void)work;
	w->x++;
}

static void shared_setup(void *arg)
{
	(void)arg;
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	spin_lock_init(&w->spin1);
	spin_lock_init(&w->spin2);
	mutex_init(&w->mutex1);
	mutex_init(&w->mutex2);
	init_rwsem(&w->rwsem);
	bit_lock_init(&w->map1, "bit1");
	bit_lock_init(&w->map2, "bit2");
	init_waitqueue_head(&w->wq1);
	init_waitqueue_head(&w->wq2);
	init_completion(&w->done);
	INIT_WORK(&w->work, work_fn);
	w->pub = kzalloc(sizeof(*w->pub), GFP_KERNEL);
	atomic_set(&w->count1, 2);
	BUG_ON(percpu_ref_init(&w->ref, ref_release, 0, GFP_KERNEL));
}

#define TASK(name) \
	static void name(void *arg __always_unused) __no_lock_analysis("conditional on purpose")

/* ---- spinlock, mutex ---- */

TASK(spin_ok) { spin_lock(&w->spin1); w->x++; spin_unlock(&w->spin1); }
TASK(spin_try_ok)
{
	if (!spin_trylock(&w->spin1))
		return;
	w->x++;
	spin_unlock(&w->spin1);
}
TASK(spin_bad_a) { w->x++; spin_lock(&w->spin1); spin_unlock(&w->spin1); }
TASK(spin_bad_b) { spin_lock(&w->spin2); spin_unlock(&w->spin2); w->x++; }
/* A failed trylock orders nothing. */
TASK(spin_try_bad_a) { spin_lock(&w->spin1); w->x++; (void)READ_ONCE(w->flag);
		       spin_unlock(&w->spin1); }
TASK(spin_try_bad_b)
{
	if (spin_trylock(&w->spin1))
		spin_unlock(&w->spin1);
	else
		w->x++;
}
TASK(mutex_ok) { mutex_lock(&w->mutex1); w->x++; mutex_unlock(&w->mutex1); }
TASK(mutex_try_ok)
{
	if (!mutex_trylock(&w->mutex1))
		return;
	w->x++;
	mutex_unlock(&w->mutex1);
}
TASK(mutex_bad_a) { w->x++; mutex_lock(&w->mutex1); mutex_unlock(&w->mutex1); }
TASK(mutex_bad_b) { mutex_lock(&w->mutex2); mutex_unlock(&w->mutex2); w->x++; }

/* ---- rwsem ---- */

TASK(write_ok) { down_write(&w->rwsem); w->x++; up_write(&w->rwsem); }
TASK(read_ok) { down_read(&w->rwsem); w->y += w->x != 0; up_read(&w->rwsem); }
TASK(read_only_ok) { down_read(&w->rwsem); BUG_ON(w->x > 2); up_read(&w->rwsem); }
TASK(downgrade_ok)
{
	down_write(&w->rwsem);
	w->x++;
	downgrade_write(&w->rwsem);
	(void)READ_ONCE(w->flag);
	up_read(&w->rwsem);
}

/* ---- bit lock ---- */

#define BIT1 &w->bits1, 0, &w->map1
#define BIT2 &w->bits2, 0, &w->map2
TASK(bit_ok)
{
	bit_lock_at(BIT1, 0, SITE("bit_lock"));
	w->x++;
	bit_unlock_at(BIT1, SITE("bit_unlock"));
}
TASK(bit_try_ok)
{
	if (!bit_trylock_at(BIT1, SITE("bit_trylock")))
		return;
	w->x++;
	bit_unlock_at(BIT1, SITE("bit_unlock"));
}
TASK(bit_bad_a)
{
	w->x++;
	bit_lock_at(BIT1, 0, SITE("bit_lock"));
	bit_unlock_at(BIT1, SITE("bit_unlock"));
}
TASK(bit_bad_b)
{
	bit_lock_at(BIT2, 0, SITE("bit_lock"));
	bit_unlock_at(BIT2, SITE("bit_unlock"));
	w->x++;
}
/* Another bit of the word orders nothing for who looks at this one. */
TASK(bit_wait_a)
{
	w->x++;
	WRITE_ONCE(w->flag, 1);
	bit_clear_and_wake_at(&w->bits1, 3, SITE("bit_clear"));
}
TASK(bit_wait_ok) { bit_wait_at(&w->bits1, 3, SITE("bit_wait")); w->x++; }
TASK(bit_wait_bad) { bit_wait_at(&w->bits2, 3, SITE("bit_wait")); w->x++; }
static void bits_setup(void *arg)
{
	shared_setup(arg);
	__set_bit(3, &w->bits1);
}

/* ---- marked accesses, barriers, atomics ---- */

TASK(release_a) { w->x++; smp_store_release(&w->flag, 1); }
TASK(acquire_ok) { if (smp_load_acquire(&w->flag)) w->x++; }
TASK(store_a) { w->x++; WRITE_ONCE(w->flag, 1); }
TASK(load_bad) { if (READ_ONCE(w->flag)) w->x++; }
TASK(mb_a) { w->x++; smp_mb(&w->pair1); WRITE_ONCE(w->flag, 1); }
TASK(mb_ok) { if (READ_ONCE(w->flag)) { smp_mb(&w->pair1); w->x++; } }
TASK(mb_bad) { if (READ_ONCE(w->flag)) { smp_mb(&w->pair2); w->x++; } }
TASK(wmb_a) { w->x++; smp_wmb(&w->pair1); WRITE_ONCE(w->flag, 1); }
TASK(rmb_ok) { if (READ_ONCE(w->flag)) { smp_rmb(&w->pair1); w->x++; } }
TASK(rmb_bad) { if (READ_ONCE(w->flag)) { smp_rmb(&w->pair2); w->x++; } }
TASK(full_a) { w->x = 1; if (atomic_dec_and_test(&w->count1)) w->y++; }
TASK(full_ok) { if (atomic_dec_and_test(&w->count1)) w->x++; }
TASK(full_bad) { if (!atomic_dec_and_test(&w->count2)) w->x++; }
TASK(relaxed_a) { w->x++; atomic_dec(&w->count1); }
TASK(relaxed_bad) { if (atomic_read(&w->count1) == 1) w->x++; }
TASK(half_a) { w->x++; clear_bit_unlock(3, &w->bits1); }
TASK(half_ok) { if (!test_and_set_bit_lock(3, &w->bits1)) w->x++; }
TASK(half_bad) { if (!test_bit(3, &w->bits1)) w->x++; }
TASK(seq_a)
{
	raw_write_seqcount_begin(&w->seq);
	w->x++;
	raw_write_seqcount_end(&w->seq);
}
TASK(seq_ok) { if (raw_read_seqcount(&w->seq) == 2) w->x++; }
TASK(seq_bad) { if (raw_read_seqcount(&w->seq) == 1) w->x++; }

/* ---- wait queue, completion, work ---- */

TASK(wake_a) { w->x++; wake_up(&w->wq1); }
static void woken(wait_queue_head_t *wq, wait_queue_head_t *look)
{
	const struct site *site = SITE("wait_event");

	for (;;) {
		u32 seq = wait_prepare_at(wq, site);

		if (READ_ONCE(look->seq))
			break;
		if (wq == look)
			wait_sleep_at(wq, seq, site);
		else
			wait_finish(wq), cpu_relax();
	}
	wait_finish(wq);
}
TASK(wait_ok)
{
	woken(&w->wq1, &w->wq1);
	/* Once more: it may have seen the wake-up only after it registered. */
	(void)wait_prepare_at(&w->wq1, SITE("wait_event"));
	wait_finish(&w->wq1);
	w->x++;
}
TASK(wait_bad) { woken(&w->wq2, &w->wq1); w->x++; }
TASK(complete_a) { w->x++; complete(&w->done); }
TASK(complete_all_a) { w->x++; complete_all(&w->done); }
TASK(complete_early_a) { complete(&w->done); w->x++; }
TASK(completion_ok) { wait_for_completion(&w->done); w->x++; }
TASK(work_a) { w->x++; queue_work(system_wq, &w->work); }
TASK(work_early_a) { queue_work(system_wq, &w->work); w->x++; }
TASK(work_ok) { run_pending_work(); }

/* ---- percpu_ref ---- */

static void ref_release(struct percpu_ref *ref)
{
	(void)ref;
	w->x++;
	w->y++;
}
TASK(ref_user_ok)
{
	if (!percpu_ref_tryget_live(&w->ref))
		return;
	w->x++;
	percpu_ref_put(&w->ref);
}
TASK(ref_user2_ok)
{
	if (!percpu_ref_tryget_live(&w->ref))
		return;
	w->y++;
	percpu_ref_put(&w->ref);
}
TASK(ref_user_bad)
{
	if (!percpu_ref_tryget_live(&w->ref))
		return;
	percpu_ref_put(&w->ref);
	w->x++;
}
TASK(ref_kill) { percpu_ref_kill(&w->ref); }

/* ---- slab: the next owner of an object ---- */

TASK(slab_ok)
{
	u64 *p = kmalloc(64, GFP_KERNEL);

	*p = 1;
	kfree(p);
}
TASK(slab_bad_a)
{
	u64 *p = kmalloc(64, GFP_KERNEL);

	w->y = (u64)(uintptr_t)p;
	smp_store_release(&w->flag, 1);
	(void)READ_ONCE(w->pair1);
	*p = 1;
}
TASK(slab_bad_b)
{
	if (smp_load_acquire(&w->flag)) {
		kfree(kmalloc(64, GFP_KERNEL));
		*(u64 *)w->y = 2;
	}
}

/* ---- the CPU: local_lock, preemption, interrupts ---- */

TASK(local_ok)
{
	local_lock(&pcp.lock);
	this_cpu_ptr(&pcp)->x++;
	local_unlock(&pcp.lock);
}
/* On two CPUs each has a lock of its own. */
TASK(local_global) { local_lock(&pcp.lock); w->x++; local_unlock(&pcp.lock); }
/* On one CPU, but outside of the section: a lost update. */
TASK(local_outside) { local_lock(&pcp.lock); local_unlock(&pcp.lock); w->x++; }
TASK(preempt_ok) { preempt_disable(); w->x++; preempt_enable(); }
static void irq_handler(void *arg)
{
	(void)arg;
	w->x++;
}
static void irq_raise(unsigned cpu)
{
	w->irq = (struct engine_irq_work){ .fn = irq_handler, .name = "test" };
	engine_irq_queue(cpu, &w->irq);
}
TASK(irq_ok)
{
	irq_raise(0);
	(void)READ_ONCE(w->flag);
	local_irq_disable();
	w->x++;
	local_irq_enable();
	(void)READ_ONCE(w->flag);
}
TASK(irq_bad)
{
	irq_raise(0);
	local_irq_disable();
	local_irq_enable();
	(void)READ_ONCE(w->flag);
	w->x++;
	(void)READ_ONCE(w->flag);
}
TASK(irq_queue_ok)
{
	w->x++;
	irq_raise(1);
}
TASK(irq_queue_bad)
{
	irq_raise(1);
	w->x++;
}
static void bh_callback(struct rcu_head *head)
{
	(void)head;
	w->x++;
}
TASK(bh_ok)
{
	call_rcu(&w->rcu, bh_callback);
	(void)READ_ONCE(w->flag);
	local_bh_disable();
	w->x++;
	local_bh_enable();
	(void)READ_ONCE(w->flag);
}
TASK(bh_bad)
{
	call_rcu(&w->rcu, bh_callback);
	local_bh_disable();
	local_bh_enable();
	(void)READ_ONCE(w->flag);
	w->x++;
	(void)READ_ONCE(w->flag);
}

/* ---- RCU ---- */

TASK(rcu_reader)
{
	struct object *o;

	rcu_read_lock();
	o = rcu_dereference(w->pub);
	if (o)
		w->y = o->a;
	rcu_read_unlock();
}
TASK(preempt_reader)
{
	struct object *o;

	preempt_disable();
	o = rcu_dereference_check(w->pub, true);
	if (o)
		w->y = o->a;
	preempt_enable();
}
TASK(rcu_publish)
{
	struct object *o = kmalloc(sizeof(*o), GFP_KERNEL);

	o->a = 1;
	rcu_assign_pointer(w->pub, o);
}
TASK(rcu_publish_bad)
{
	struct object *o = kmalloc(sizeof(*o), GFP_KERNEL);

	o->a = 1;
	smp_wmb(&w->pair1);
	WRITE_ONCE(w->pub, o);
}
TASK(rcu_sync_ok)
{
	struct object *o = w->pub;

	WRITE_ONCE(w->pub, NULL);
	synchronize_rcu();
	o->a = 2;
}
/* The grace period ended before the object was taken away. */
TASK(rcu_sync_bad)
{
	struct object *o = w->pub;

	synchronize_rcu();
	WRITE_ONCE(w->pub, NULL);
	o->a = 2;
}
static struct object *dead __world;
static void rcu_callback(struct rcu_head *head)
{
	container_of(head, struct object, rcu)->a = 2;
}
TASK(rcu_call_ok)
{
	struct object *o = w->pub;

	WRITE_ONCE(w->pub, NULL);
	call_rcu(&o->rcu, rcu_callback);
}
TASK(rcu_call_bad)
{
	struct object *o = w->pub;

	call_rcu(&o->rcu, rcu_callback);
	WRITE_ONCE(w->pub, NULL);
}
/* What was written before a grace period began is seen by later readers. */
TASK(gp_start_a) { w->x++; synchronize_rcu(); WRITE_ONCE(w->flag, 1); }
TASK(gp_start_ok)
{
	rcu_read_lock();
	if (READ_ONCE(w->flag))
		w->x++;
	rcu_read_unlock();
}
TASK(gp_start_bad)
{
	rcu_read_lock();
	rcu_read_unlock();
	if (READ_ONCE(w->flag))
		w->x++;
}

/* What readers did before a grace period ended is seen by later readers. */
TASK(gp_end_reader)
{
	rcu_read_lock();
	WRITE_ONCE(w->pair1, 1);
	w->x++;
	rcu_read_unlock();
}
TASK(gp_end_updater)
{
	if (!READ_ONCE(w->pair1))
		return;
	synchronize_rcu();
	WRITE_ONCE(w->flag, 1);
}
TASK(gp_end_no_updater)
{
	if (READ_ONCE(w->pair1))
		WRITE_ONCE(w->flag, 1);
}
TASK(gp_end_ok)
{
	if (!READ_ONCE(w->flag))
		return;
	rcu_read_lock();
	w->x++;
	rcu_read_unlock();
}

/* ---- start and end of a run ---- */

TASK(run_task) { w->x++; }
static void run_teardown(void *arg)
{
	(void)arg;
	BUG_ON(w->x == 0);
	w->x++;
}

/* ---- the table ---- */

struct pair {
	const char *name;
	void (*a)(void *), (*b)(void *), (*c)(void *);
	bool races;              /* some schedule must be reported; else none may */
	bool one_cpu;
	void (*setup)(void *), (*teardown)(void *);
};
#define P(name_, a_, b_, ...) { .name = (name_), .a = (a_), .b = (b_), ##__VA_ARGS__ }
static const struct pair pairs[] = {
	P("spin_lock", spin_ok, spin_ok),
	P("spin_trylock", spin_ok, spin_try_ok),
	P("spin_lock, another lock", spin_bad_a, spin_bad_b, .races = true),
	P("spin_trylock that fails", spin_try_bad_a, spin_try_bad_b, .races = true),
	P("mutex_lock", mutex_ok, mutex_ok),
	P("mutex_trylock", mutex_ok, mutex_try_ok),
	P("mutex_lock, another lock", mutex_bad_a, mutex_bad_b, .races = true),
	P("rwsem, two writers", write_ok, write_ok),
	P("rwsem, writer and reader", write_ok, read_only_ok),
	P("rwsem, downgrade", downgrade_ok, read_only_ok),
	P("rwsem, two readers that write", read_ok, read_ok, .races = true),
	P("bit_lock", bit_ok, bit_ok),
	P("bit_trylock", bit_ok, bit_try_ok),
	P("bit_lock, another word", bit_bad_a, bit_bad_b, .races = true),
	P("bit_wait", bit_wait_a, bit_wait_ok, .setup = bits_setup),
	P("bit_wait, another word", bit_wait_a, bit_wait_bad, .setup = bits_setup, .races = true),
	P("release and acquire", release_a, acquire_ok),
	P("release and a plain load", release_a, load_bad, .races = true),
	P("a plain store and acquire", store_a, acquire_ok, .races = true),
	P("smp_mb", mb_a, mb_ok),
	P("smp_mb, another pair", mb_a, mb_bad, .races = true),
	P("smp_wmb and smp_rmb", wmb_a, rmb_ok),
	P("smp_wmb and smp_rmb, another pair", wmb_a, rmb_bad, .races = true),
	P("smp_wmb alone", wmb_a, load_bad, .races = true),
	P("smp_rmb alone", store_a, rmb_ok, .races = true),
	P("atomic with a result", full_a, full_ok),
	P("atomic with a result, another word", full_a, full_bad, .races = true),
	P("atomic without a result", relaxed_a, relaxed_bad, .races = true),
	P("acquire and release atomics", half_a, half_ok, .setup = bits_setup),
	P("release atomic alone", half_a, half_bad, .setup = bits_setup, .races = true),
	P("seqcount", seq_a, seq_ok),
	P("seqcount, in the middle", seq_a, seq_bad, .races = true),
	P("wait queue", wake_a, wait_ok),
	P("wait queue, another queue", wake_a, wait_bad, .races = true),
	P("completion", complete_a, completion_ok),
	P("completion, all", complete_all_a, completion_ok),
	P("completion, too early", complete_early_a, completion_ok, .races = true),
	P("work", work_a, work_ok),
	P("work, too late", work_early_a, work_ok, .races = true),
	P("percpu_ref", ref_user_ok, ref_kill),
	P("percpu_ref, two users", ref_user_ok, ref_kill, .c = ref_user2_ok),
	P("percpu_ref, after the put", ref_user_bad, ref_kill, .races = true),
	P("slab", slab_ok, slab_ok),
	P("slab, another object", slab_bad_a, slab_bad_b, .races = true),
	P("local_lock", local_ok, local_ok, .one_cpu = true),
	P("local_lock, two CPUs", local_global, local_global, .races = true),
	P("local_lock, outside", local_outside, local_outside, .one_cpu = true, .races = true),
	P("preempt_disable", preempt_ok, preempt_ok, .one_cpu = true),
	P("preempt_disable, two CPUs", preempt_ok, preempt_ok, .races = true),
	P("interrupt", irq_ok, NULL, .one_cpu = true),
	P("interrupt, outside", irq_bad, NULL, .one_cpu = true, .races = true),
	P("interrupt, queued", irq_queue_ok, NULL),
	P("interrupt, queued before", irq_queue_bad, NULL, .races = true),
	P("softirq", bh_ok, NULL, .one_cpu = true),
	P("softirq, outside", bh_bad, NULL, .one_cpu = true, .races = true),
	P("rcu_assign_pointer", rcu_publish, rcu_reader),
	P("rcu_assign_pointer, plain", rcu_publish_bad, rcu_reader, .races = true),
	P("synchronize_rcu", rcu_sync_ok, rcu_reader),
	P("synchronize_rcu, preemption off", rcu_sync_ok, preempt_reader),
	P("synchronize_rcu, too early", rcu_sync_bad, rcu_reader, .races = true),
	P("call_rcu", rcu_call_ok, rcu_reader),
	P("call_rcu, too early", rcu_call_bad, rcu_reader, .races = true),
	P("readers after a grace period", gp_start_a, gp_start_ok),
	P("readers after readers", gp_end_reader, gp_end_ok, .c = gp_end_updater),
	P("readers without a grace period", gp_end_reader, gp_end_ok, .c = gp_end_no_updater,
	  .races = true),
	P("start and end of a run", run_task, NULL, .teardown = run_teardown),
	P("readers before its end", gp_start_a, gp_start_bad, .races = true),
};

#define SCHEDULES 120

static struct world_test pair_test(const struct pair *p)
{
	struct world_test t = { .cpus = 3, .ntasks = p->c ? 3 : p->b ? 2 : 1,
				.setup = p->setup ? p->setup : shared_setup,
				.teardown = p->teardown, .task = {
		{ .fn = p->a, .cpu = 0 }, { .fn = p->b, .cpu = p->one_cpu ? 0 : 1 },
		{ .fn = p->c, .cpu = 2 } } };

	return t;
}

static void test_pairs(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct world_test t = pair_test(&pairs[i]);

		if (pairs[i].races)
			world_fires(pairs[i].name, &t, SCHEDULES, "data-race");
		else
			world_silent(pairs[i].name, &t, SCHEDULES);
	}
}

/* ---- native ---- */

#define NATIVE_RUNS 300
#define NATIVE_RUNS_TO_FIND 20000

static int title_pipe;
static void title_send(const struct engine_report *r)
{
	ssize_t n = write(title_pipe, r->title, sizeof(r->title));

	_exit(n != (ssize_t)sizeof(r->title));
}

/* The title of the first report in so many native runs, "" for none. */
static const char *native_title(const struct world_test *t, unsigned runs)
{
	static char title[REPORT_TITLE_MAX];
	int fds[2];
	pid_t pid;

	if (pipe(fds) != 0)
		return "no pipe";
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		title_pipe = fds[1];
		engine_native_report = title_send;
		for (u64 seed = 1; seed <= runs; seed++)
			if (world_run(t, seed)[0])
				title_send(engine_report());
		_exit(0);
	}
	close(fds[1]);
	memset(title, 0, sizeof(title));
	if (read(fds[0], title, sizeof(title)) < 0)
		snprintf(title, sizeof(title), "no title");
	close(fds[0]);
	waitpid(pid, NULL, 0);
	return title;
}

static void test_native_pairs(void)
{
	unsigned fired = 0, races = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct world_test t = pair_test(&pairs[i]);
		const char *title;

		t.native = true;
		title = native_title(&t, pairs[i].races ? NATIVE_RUNS_TO_FIND : NATIVE_RUNS);
		races += pairs[i].races;
		test_checks++;
		if (pairs[i].races && !strncmp(title, "data-race", 9)) {
			fired++;
		} else if (title[0]) {
			test_failures++;
			printf("native, %s: %s\n", pairs[i].name, title);
		} else if (pairs[i].races) {
			printf("native never gives the race of: %s\n", pairs[i].name);
		}
	}
	printf("native: %u of %u races\n", fired, races);
	/* A race that needs a rare order may be missed: threads are not told when. */
	CHECK(fired * 10 >= races * 9);
}

/* Does any twin notice what is switched off now? Its name, or NULL. */
static const char *twin_that_fails(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct world_test t = pair_test(&pairs[i]);

		if (pairs[i].races)
			continue;
		for (u64 seed = 1; seed <= SCHEDULES; seed++)
			if (!strncmp(world_run(&t, seed), "data-race", 9))
				return pairs[i].name;
	}
	return NULL;
}

#ifdef SWAPRACE_TSAN
static void test_annotations(void)
{
	unsigned needed = 0, all = 0;

	for (u32 i = 1; i < HB_SITE_COUNT; i++, all++) {
		const char *twin;

		hb_disabled = i;
		twin = twin_that_fails();
		hb_disabled = HB_NONE;
		needed += twin != NULL;
		if (!twin)
			printf("nobody misses %s of kapi\n", hb_site_names[i]);
	}
	for (unsigned i = 0; i < engine_hb_count(); i++, all++) {
		const char *twin;

		engine_hb_disabled = (int)i;
		twin = twin_that_fails();
		engine_hb_disabled = -1;
		needed += twin != NULL;
		if (!twin)
			printf("nobody misses number %u of the engine\n", i);
	}
	printf("%u of %u annotations are missed by a twin\n", needed, all);
	CHECK(needed * 10 >= all * 9);
}
#endif

int main(int argc, char **argv)
{
	(void)argv;
#ifdef SWAPRACE_TSAN
	test_native_pairs(); /* first: forks */
	test_pairs();
	if (argc == 1)
		test_annotations();
	engine_exit();
	return TEST_END();
#else
	(void)argc;
	(void)test_native_pairs;
	(void)test_pairs;
	(void)twin_that_fails;
	return 77;
#endif
}
