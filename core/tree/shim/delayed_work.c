// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for kernel/workqueue.c: delayed work, RCU work, a round on each CPU, and
 * the queues themselves. Time is virtual: whether a delay is over is a choice of
 * the schedule whenever a worker looks, and by default it is.
 * An armed item is linked by work.entry, as a queued one is.
 * Left out: timers of other kinds, attributes, sysfs.
 * Locking: see workqueue.c. Not instrumented.
 */
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/timer.h>
#include <linux/workqueue.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/workqueue.h"

static LIST_HEAD(work_armed);

/* ---- queues ------------------------------------------------------------------------- */

static struct workqueue_struct bound_wq = { .flags = 0 };
static struct workqueue_struct unbound_wq = { .flags = WQ_UNBOUND };

struct workqueue_struct *system_wq = &bound_wq;
struct workqueue_struct *system_percpu_wq = &bound_wq;
struct workqueue_struct *system_highpri_wq = &bound_wq;
struct workqueue_struct *system_long_wq = &bound_wq;
struct workqueue_struct *system_freezable_wq = &bound_wq;
struct workqueue_struct *system_power_efficient_wq = &bound_wq;
struct workqueue_struct *system_freezable_power_efficient_wq = &bound_wq;
struct workqueue_struct *system_unbound_wq = &unbound_wq;
struct workqueue_struct *system_dfl_wq = &unbound_wq;
struct workqueue_struct *system_dfl_long_wq = &unbound_wq;
struct workqueue_struct *mm_percpu_wq = &bound_wq;

#undef alloc_workqueue
static struct workqueue_struct *workqueue_make(unsigned int flags, unsigned long ip)
{
	struct workqueue_struct *wq = seam_kmalloc(sizeof(*wq), 1, ip);

	if (wq)
		wq->flags = flags;
	return wq;
}

struct workqueue_struct *alloc_workqueue_noprof(const char *fmt, unsigned int flags,
						int max_active, ...)
{
	return workqueue_make(flags, _RET_IP_);
}

/* ---- delayed work ------------------------------------------------------------------- */

bool delayed_work_is_armed(const struct work_struct *work)
{
	struct work_struct *armed;

	list_for_each_entry(armed, &work_armed, entry)
		if (armed == work)
			return true;
	return false;
}

/* The time is over; the caller says on which list the item is not. */
static void delayed_work_fire(struct delayed_work *dwork)
{
	work_unlink(&dwork->work.entry);
	work_insert(dwork->cpu, dwork->wq, &dwork->work);
}

/* INIT_DELAYED_WORK() makes a timer that nobody arms here. */
void timer_init_key(struct timer_list *timer, void (*func)(struct timer_list *),
		    unsigned int flags, const char *name, struct lock_class_key *key)
{
	timer->entry.pprev = NULL;
	timer->function = func;
	timer->flags = flags;
}

/* What the timer calls in the kernel. */
void delayed_work_timer_fn(struct timer_list *timer)
{
	seam_unexpected("delayed_work_timer_fn");
}

/* PENDING is the caller's. */
static void delayed_work_arm(int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
			     unsigned long delay)
{
	dwork->wq = wq;
	dwork->cpu = cpu;
	dwork->timer.expires = jiffies + delay;
	if (delay)
		work_link(&dwork->work.entry, &work_armed);
	else
		work_insert(cpu, wq, &dwork->work);
}

bool queue_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
			   unsigned long delay)
{
	unsigned long flags = shim_irq_save();
	bool first = work_set_pending(&dwork->work, _RET_IP_);

	if (first)
		delayed_work_arm(cpu, wq, dwork, delay);
	shim_irq_restore(flags, _RET_IP_);
	return first;
}

bool mod_delayed_work_on(int cpu, struct workqueue_struct *wq, struct delayed_work *dwork,
			 unsigned long delay)
{
	unsigned long flags = shim_irq_save();
	bool first = work_set_pending(&dwork->work, _RET_IP_);

	if (!first && (work_is_queued(&dwork->work) || delayed_work_is_armed(&dwork->work)))
		work_unlink(&dwork->work.entry);
	delayed_work_arm(cpu, wq, dwork, delay);
	shim_irq_restore(flags, _RET_IP_);
	return !first;
}

bool cancel_delayed_work(struct delayed_work *dwork)
{
	return cancel_work_at(&dwork->work, false, _RET_IP_);
}

bool cancel_delayed_work_sync(struct delayed_work *dwork)
{
	return cancel_work_at(&dwork->work, true, _RET_IP_);
}

bool flush_delayed_work(struct delayed_work *dwork)
{
	if (delayed_work_is_armed(&dwork->work))
		delayed_work_fire(dwork);
	return flush_work_at(&dwork->work, _RET_IP_);
}

/* Each item that is armed now is asked once, so one that arms itself again waits for
 * the next worker. No point lies in the loop: choices are none. */
void delayed_work_pass(unsigned long ip)
{
	struct work_struct *work, *next;

	list_for_each_entry_safe(work, next, &work_armed, entry)
		if (seam_choose(ip, "timer", 2) == 0)
			delayed_work_fire(to_delayed_work(work));
}

void shim_work_expire(void)
{
	struct work_struct *work, *next;

	list_for_each_entry_safe(work, next, &work_armed, entry)
		delayed_work_fire(to_delayed_work(work));
}

/* ---- RCU work ----------------------------------------------------------------------- */

static void rcu_work_run(void *head)
{
	struct rcu_work *rwork = container_of((struct rcu_head *)head, struct rcu_work, rcu);

	work_insert(WORK_CPU_UNBOUND, rwork->wq, &rwork->work);
}

bool queue_rcu_work(struct workqueue_struct *wq, struct rcu_work *rwork)
{
	if (!work_set_pending(&rwork->work, _RET_IP_))
		return false;
	rwork->wq = wq;
	seam_call_rcu(_RET_IP_, &rwork->rcu, rcu_work_run);
	return true;
}

bool flush_rcu_work(struct rcu_work *rwork)
{
	seam_rcu_barrier(_RET_IP_);
	return flush_work_at(&rwork->work, _RET_IP_);
}

/* ---- on each CPU -------------------------------------------------------------------- */

int schedule_on_each_cpu(work_func_t func)
{
	struct work_struct __percpu *works = alloc_percpu(struct work_struct);
	int cpu;

	if (!works)
		return -ENOMEM;
	for_each_online_cpu(cpu) {
		struct work_struct *work = per_cpu_ptr(works, cpu);

		INIT_WORK(work, func);
		(void)queue_work_at(cpu, system_percpu_wq, work, _RET_IP_);
	}
	for_each_online_cpu(cpu)
		(void)flush_work_at(per_cpu_ptr(works, cpu), _RET_IP_);
	free_percpu(works);
	return 0;
}
