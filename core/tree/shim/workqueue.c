// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for kernel/workqueue.c: queueing and running work, flush and cancel.
 * Work runs where an op calls tree_worker(), the oldest first, and in flush_work()
 * if it is still queued (no worker might ever come). Work for a CPU runs there: the
 * worker moves. It runs as a kernel thread without an mm; an item that runs is not
 * run again beside itself. PENDING goes before the function runs.
 * work->data: PENDING and, as a pool's id, the CPU (NR_CPUS: any).
 * Left out: a queue's own lock map, max_active, ordering, rescuers, disable_work().
 * Locking: no scheduling point lies inside of a change to the lists. Not
 * instrumented: seam_hb_*() give TSan what queue, run and flush promise.
 */
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/workqueue.h"

struct work_run {
	struct list_head entry;    /* work_running */
	struct work_struct *work;  /* identity only: the function may free it */
	work_func_t func;
	struct task_struct *task;
	struct lockdep_map map;    /* a copy, for the same reason */
};

static LIST_HEAD(work_queued);
static LIST_HEAD(work_running);
/* Raised after each run; who waits for one to end sleeps on it. */
static unsigned int work_done_seq;

/* ---- the item's word ---------------------------------------------------------------- */

static const void *token_queued(const struct work_struct *work)
{
	return &work->data;
}

static const void *token_done(const struct work_struct *work)
{
	return &work->entry;
}

static unsigned int work_cpu(const struct work_struct *work)
{
	return (unsigned int)(work->data.counter >> WORK_OFFQ_POOL_SHIFT) & (2 * NR_CPUS - 1);
}

static void work_set_cpu(struct work_struct *work, unsigned int cpu)
{
	unsigned long kept = work->data.counter & (WORK_STRUCT_PENDING | WORK_STRUCT_STATIC);

	work->data.counter = (long)(kept | (unsigned long)cpu << WORK_OFFQ_POOL_SHIFT);
}

bool work_set_pending(struct work_struct *work, unsigned long ip)
{
	unsigned long old;

	seam_point(ip, SEAM_RMW, &work->data, sizeof(work->data));
	old = (unsigned long)work->data.counter;
	work->data.counter = (long)(old | WORK_STRUCT_PENDING);
	/* Who finds it pending is served by the run to come as well. */
	seam_hb_release(token_queued(work));
	seam_result(!(old & WORK_STRUCT_PENDING));
	return !(old & WORK_STRUCT_PENDING);
}

void work_clear_pending(struct work_struct *work)
{
	work->data.counter &= ~(long)WORK_STRUCT_PENDING;
}

/* PENDING is the caller's. A bound queue without a CPU means the local one. */
void work_insert(int cpu, struct workqueue_struct *wq, struct work_struct *work)
{
	if (cpu == WORK_CPU_UNBOUND && !(wq->flags & WQ_UNBOUND))
		cpu = raw_smp_processor_id();
	if (cpu < 0 || cpu >= (int)seam_cpus())
		cpu = WORK_CPU_UNBOUND;
	work_set_cpu(work, (unsigned int)cpu);
	work_link(&work->entry, &work_queued);
}

/* Interrupts are off from PENDING to the list, as in the kernel: other CPUs can see
 * an item that is pending and not queued yet. */
bool queue_work_at(int cpu, struct workqueue_struct *wq, struct work_struct *work,
		   unsigned long ip)
{
	unsigned long flags = shim_irq_save();
	bool first = work_set_pending(work, ip);

	if (first) {
		seam_point(ip, SEAM_STORE, &work->entry, sizeof(work->entry));
		work_insert(cpu, wq, work);
	}
	shim_irq_restore(flags, ip);
	return first;
}

bool queue_work_on(int cpu, struct workqueue_struct *wq, struct work_struct *work)
{
	return queue_work_at(cpu, wq, work, _RET_IP_);
}

bool queue_work_node(int node, struct workqueue_struct *wq, struct work_struct *work)
{
	return queue_work_at(WORK_CPU_UNBOUND, wq, work, _RET_IP_);
}

/* ---- running ------------------------------------------------------------------------ */

bool work_is_queued(const struct work_struct *work)
{
	struct work_struct *queued;

	list_for_each_entry(queued, &work_queued, entry)
		if (queued == work)
			return true;
	return false;
}

static struct work_run *work_find_run(const struct work_struct *work)
{
	struct work_run *run;

	list_for_each_entry(run, &work_running, entry)
		if (run->work == work)
			return run;
	return NULL;
}

/* The oldest item that nobody is running. */
static struct work_struct *work_next(void)
{
	struct work_struct *work;

	list_for_each_entry(work, &work_queued, entry)
		if (!work_find_run(work))
			return work;
	return NULL;
}

/* True if the caller had to move: meanwhile others ran, so it looks again. */
static bool worker_move(unsigned int cpu, unsigned long ip)
{
	if (cpu >= seam_cpus() || cpu == seam_cpu() || !seam_live())
		return false;
	if (current->migration_disabled)
		seam_unexpected("flush_work() of another CPU's item with migration off");
	seam_migrate_at(ip, cpu);
	return true;
}

/* After the point the item may be gone: somebody else took it. */
static bool work_take(struct work_struct *work, struct work_run *run, unsigned long ip)
{
	seam_point(ip, SEAM_RMW, &work->data, sizeof(work->data));
	if (!work_is_queued(work) || work_find_run(work))
		return false;
	if (worker_move(work_cpu(work), ip))
		return false;
	run->work = work;
	run->func = work->func;
	run->task = current;
	lockdep_copy_map(&run->map, &work->lockdep_map);
	work_unlink(&work->entry);
	work_link(&run->entry, &work_running);
	work_clear_pending(work);
	seam_hb_acquire(token_queued(work));
	seam_hb_acquire(token_done(work)); /* its last run */
	return true;
}

static void work_call(struct work_run *run, unsigned long ip)
{
	struct task_struct *task = current;
	struct mm_struct *mm = task->mm, *active_mm = task->active_mm;
	unsigned int flags = task->flags;

	task->flags = PF_KTHREAD | PF_WQ_WORKER;
	task->mm = NULL;
	shim_lock_acquire(&run->map, 0, 0, 0, NULL, ip);
	run->func(run->work);
	shim_lock_release(&run->map, ip);
	task->mm = mm;
	task->active_mm = active_mm;
	task->flags = flags;

	seam_hb_release(token_done(run->work));
	work_unlink(&run->entry);
	work_done_seq++;
	seam_wake(&work_done_seq, ~0u);
}

static unsigned int run_work(unsigned long ip)
{
	unsigned int home = seam_cpu(), ran = 0;
	struct work_struct *work;
	struct work_run run;

	seam_might_sleep(ip);
	delayed_work_pass(ip);
	while ((work = work_next()) != NULL) {
		if (worker_move(work_cpu(work), ip))
			continue;
		if (!work_take(work, &run, ip))
			continue;
		work_call(&run, ip);
		ran++;
	}
	(void)worker_move(home, ip);
	return ran;
}

/* The caller's address, and not one that it would make up: only a call has a name. */
unsigned int shim_run_work(void)
{
	return run_work(_RET_IP_);
}

struct work_struct *current_work(void)
{
	struct work_run *run;

	list_for_each_entry(run, &work_running, entry)
		if (run->task == current)
			return run->work;
	return NULL;
}

bool shim_work_idle(void)
{
	return work_list_empty(&work_queued) && work_list_empty(&work_running);
}

/* ---- waiting ------------------------------------------------------------------------ */

/* A dependency on what the work's function takes. */
static void work_touch_map(struct work_struct *work, unsigned long ip)
{
	shim_lock_acquire(&work->lockdep_map, 0, 0, 0, NULL, ip);
	shim_lock_release(&work->lockdep_map, ip);
}

/* Waits until nobody runs the item. True if it had to wait. */
static bool work_wait_idle(struct work_struct *work, unsigned long ip)
{
	bool waited = false;

	while (work_find_run(work)) {
		seam_wait(ip, &work_done_seq, work_done_seq, false, "flush_work");
		waited = true;
	}
	seam_hb_acquire(token_done(work));
	return waited;
}

bool flush_work_at(struct work_struct *work, unsigned long ip)
{
	unsigned int home = seam_cpu();
	bool busy = false;
	struct work_run run;

	seam_might_sleep(ip);
	seam_point(ip, SEAM_LOAD, &work->data, sizeof(work->data));
	if (work_is_queued(work) || work_find_run(work)) {
		work_touch_map(work, ip);
		busy = true;
	}
	while (work_is_queued(work)) {
		if (work_find_run(work)) {
			(void)work_wait_idle(work, ip);
			continue;
		}
		if (worker_move(work_cpu(work), ip) || !work_take(work, &run, ip))
			continue;
		work_call(&run, ip);
		break;
	}
	if (work_wait_idle(work, ip))
		busy = true;
	(void)worker_move(home, ip);
	seam_result(busy);
	return busy;
}

bool flush_work(struct work_struct *work)
{
	return flush_work_at(work, _RET_IP_);
}

/* Takes the item off its list. True if it was pending. */
static bool work_grab(struct work_struct *work, unsigned long ip)
{
	bool pending;

	seam_point(ip, SEAM_RMW, &work->data, sizeof(work->data));
	pending = work_is_queued(work) || delayed_work_is_armed(work);
	if (pending) {
		work_unlink(&work->entry);
		work_clear_pending(work);
	}
	seam_result(pending);
	return pending;
}

bool cancel_work_at(struct work_struct *work, bool sync, unsigned long ip)
{
	bool pending;

	if (sync)
		seam_might_sleep(ip);
	pending = work_grab(work, ip);
	if (sync) {
		if (work_find_run(work))
			work_touch_map(work, ip);
		(void)work_wait_idle(work, ip);
	}
	return pending;
}

bool cancel_work(struct work_struct *work)
{
	return cancel_work_at(work, false, _RET_IP_);
}

bool cancel_work_sync(struct work_struct *work)
{
	return cancel_work_at(work, true, _RET_IP_);
}

unsigned int work_busy(struct work_struct *work)
{
	unsigned int busy = 0;

	seam_point(_RET_IP_, SEAM_LOAD, &work->data, sizeof(work->data));
	if (work->data.counter & WORK_STRUCT_PENDING)
		busy |= WORK_BUSY_PENDING;
	if (work_find_run(work))
		busy |= WORK_BUSY_RUNNING;
	seam_result(busy);
	return busy;
}

/* Every queue's work: more than was asked for, and what a queue's users rely on. */
static void workqueue_drain_all(unsigned long ip)
{
	(void)run_work(ip);
	while (!work_list_empty(&work_running))
		seam_wait(ip, &work_done_seq, work_done_seq, false, "flush_workqueue");
}

void __flush_workqueue(struct workqueue_struct *wq)
{
	workqueue_drain_all(_RET_IP_);
}

void drain_workqueue(struct workqueue_struct *wq)
{
	workqueue_drain_all(_RET_IP_);
}

void destroy_workqueue(struct workqueue_struct *wq)
{
	workqueue_drain_all(_RET_IP_);
	seam_free(wq, _RET_IP_);
}
