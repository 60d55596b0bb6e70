// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for kernel/sched/core.c, kernel/time/sleep_timeout.c, kernel/exit.c
 * (rcuwait) and kernel/signal.c: sleeping, waking, timeouts, signals.
 * A task sleeps on its own __state, as on a futex, so a wake-up between the look
 * at the state and the sleep is never lost. Time is virtual: a timeout passes at
 * once, lets others run and moves jiffies. The only signal is SIGKILL, which the
 * schedule may send where a task sleeps or calls cond_resched().
 * Left out: priorities, run queues, load, kernel threads' own life.
 * Instrumented: a wake-up releases, who was woken acquires.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/rcuwait.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/debug.h>
#include <linux/wait.h>

#include "core/tree/shim/shim.h"

#define JIFFIES_AT_START 100000UL

unsigned long volatile jiffies = JIFFIES_AT_START;
int oops_in_progress;

/* ---- signals ------------------------------------------------------------------------ */

static unsigned long *thread_flags(struct task_struct *task)
{
	return &task_thread_info(task)->flags;
}

bool shim_signal_point(unsigned long ip)
{
	struct task_struct *task = current;

	if (__atomic_load_n(thread_flags(task), __ATOMIC_RELAXED) & _TIF_SIGPENDING)
		return true;
	/* pid 0: set-up, tear-down, interrupts and callbacks. */
	if (!seam_live() || !task->pid || task->flags & PF_KTHREAD)
		return false;
	if (!seam_choose(ip, "signal", 2))
		return false;
	sigaddset(&task->pending.signal, SIGKILL);
	__atomic_fetch_or(thread_flags(task), _TIF_SIGPENDING, __ATOMIC_RELAXED);
	return true;
}

bool shim_signal_ends_sleep(unsigned int state, unsigned long ip)
{
	return state & (TASK_INTERRUPTIBLE | TASK_WAKEKILL) && shim_signal_point(ip);
}

void shim_signal_clear(void)
{
	struct task_struct *task = current;

	sigemptyset(&task->pending.signal);
	__atomic_fetch_and(thread_flags(task), ~(unsigned long)_TIF_SIGPENDING,
			   __ATOMIC_RELAXED);
}

/* ---- sleeping ----------------------------------------------------------------------- */

static void state_set_running(void)
{
	__atomic_store_n(&current->__state, TASK_RUNNING, __ATOMIC_RELAXED);
}

void shim_schedule(unsigned long ip, const char *what)
{
	struct task_struct *task = current;
	unsigned int state;

	seam_might_sleep(ip);
	for (;;) {
		state = __atomic_load_n(&task->__state, __ATOMIC_ACQUIRE);
		if (state == TASK_RUNNING)
			return;
		if (shim_signal_ends_sleep(state, ip)) {
			state_set_running();
			return;
		}
		seam_wait(ip, &task->__state, state, false, what);
	}
}

void schedule(void)
{
	shim_schedule(_RET_IP_, "schedule");
}

void io_schedule(void)
{
	shim_schedule(_RET_IP_, "io_schedule");
}

int io_schedule_prepare(void)
{
	return 0;
}

void io_schedule_finish(int token)
{
}

/* The time passes now. Returns what is left of it: nothing. */
static long timeout_pass(long timeout, unsigned long ip)
{
	seam_might_sleep(ip);
	seam_yield(ip);
	if (timeout > 0)
		__atomic_fetch_add((unsigned long *)&jiffies, timeout, __ATOMIC_RELAXED);
	state_set_running();
	return 0;
}

static long timeout_sleep(long timeout, unsigned long ip)
{
	if (timeout == MAX_SCHEDULE_TIMEOUT) {
		shim_schedule(ip, "schedule_timeout");
		return timeout;
	}
	return timeout_pass(timeout, ip);
}

long schedule_timeout(long timeout)
{
	return timeout_sleep(timeout, _RET_IP_);
}

long io_schedule_timeout(long timeout)
{
	return timeout_sleep(timeout, _RET_IP_);
}

/* These set the state themselves; a signal may come while the time passes. */
static long timeout_sleep_as(unsigned int state, long timeout, unsigned long ip)
{
	if (shim_signal_ends_sleep(state, ip))
		return timeout;
	if (timeout == MAX_SCHEDULE_TIMEOUT)
		__atomic_store_n(&current->__state, state, __ATOMIC_SEQ_CST);
	return timeout_sleep(timeout, ip);
}

long schedule_timeout_interruptible(long timeout)
{
	return timeout_sleep_as(TASK_INTERRUPTIBLE, timeout, _RET_IP_);
}

long schedule_timeout_killable(long timeout)
{
	return timeout_sleep_as(TASK_KILLABLE, timeout, _RET_IP_);
}

long schedule_timeout_uninterruptible(long timeout)
{
	return timeout_sleep_as(TASK_UNINTERRUPTIBLE, timeout, _RET_IP_);
}

long schedule_timeout_idle(long timeout)
{
	return timeout_sleep_as(TASK_IDLE, timeout, _RET_IP_);
}

void msleep(unsigned int msecs)
{
	(void)timeout_pass(msecs, _RET_IP_);
}

void yield(void)
{
	state_set_running();
	seam_yield(_RET_IP_);
}

/* ---- waking ------------------------------------------------------------------------- */

static int task_wake(struct task_struct *task, unsigned int mask, unsigned long ip)
{
	unsigned int state;

	seam_point(ip, SEAM_WAKE, &task->__state, sizeof(task->__state));
	state = __atomic_load_n(&task->__state, __ATOMIC_RELAXED);
	while (state & mask) {
		if (!__atomic_compare_exchange_n(&task->__state, &state, TASK_RUNNING, false,
						 __ATOMIC_RELEASE, __ATOMIC_RELAXED))
			continue;
		seam_result(1);
		seam_wake(&task->__state, 1);
		return 1;
	}
	seam_result(0);
	return 0;
}

int wake_up_state(struct task_struct *task, unsigned int state)
{
	return task_wake(task, state, _RET_IP_);
}

int wake_up_process(struct task_struct *task)
{
	return task_wake(task, TASK_NORMAL, _RET_IP_);
}

int try_to_wake_up(struct task_struct *task, unsigned int state, int wake_flags);
int try_to_wake_up(struct task_struct *task, unsigned int state, int wake_flags)
{
	return task_wake(task, state, _RET_IP_);
}

int default_wake_function(wait_queue_entry_t *entry, unsigned int mode, int wake_flags, void *key)
{
	return task_wake(entry->private, mode, _RET_IP_);
}

/* Pairs with set_current_state() in rcuwait_wait_event(): the condition was stored
 * before, and the waiter looks at it after it has shown itself. */
int rcuwait_wake_up(struct rcuwait *wait)
{
	struct task_struct *task;
	int woken = 0;

	rcu_read_lock();
	smp_mb();
	task = rcu_dereference(wait->task);
	if (task)
		woken = task_wake(task, TASK_NORMAL, _RET_IP_);
	rcu_read_unlock();
	return woken;
}

void finish_rcuwait(struct rcuwait *wait)
{
	rcu_assign_pointer(wait->task, NULL);
	__set_current_state(TASK_RUNNING);
}

/* ---- cond_resched() and might_sleep() ----------------------------------------------- */

/* A task that has announced its sleep must not do what may sleep by itself: its
 * state would be running again, and the sleep would be none. */
void __might_sleep(const char *file, int line)
{
	struct task_struct *task = current;
	unsigned int state = __atomic_load_n(&task->__state, __ATOMIC_RELAXED);

	if (seam_live() && unlikely(state != TASK_RUNNING) && task->task_state_change)
		shim_lock_warn("do not call blocking ops when !TASK_RUNNING", _RET_IP_);
	seam_might_sleep(_RET_IP_);
}

/* cond_resched() with offsets 0, cond_resched_lock() with what its lock adds to the
 * preempt count: more than that is a caller that must not sleep. */
void __might_resched(const char *file, int line, unsigned int offsets)
{
	if (!offsets) {
		seam_might_sleep(_RET_IP_);
		seam_cond_resched(_RET_IP_);
		(void)shim_signal_point(_RET_IP_);
	} else if (preempt_count() != (offsets & MIGHT_RESCHED_PREEMPT_MASK)) {
		seam_might_sleep(_RET_IP_);
	}
}

int __cond_resched(void)
{
	seam_cond_resched(_RET_IP_);
	return 0;
}

/* The lock is dropped where somebody waits for it, as with CONFIG_PREEMPTION. */
int __cond_resched_lock(spinlock_t *lock)
{
	if (!spin_is_contended(lock))
		return 0;
	spin_unlock(lock);
	seam_cond_resched(_RET_IP_);
	spin_lock(lock);
	return 1;
}

void __cant_migrate(const char *file, int line)
{
}

/* ---- kernel threads: their passes are ops of the program ---------------------------- */

bool kthread_should_stop(void)
{
	return false;
}

bool kthread_should_stop_or_park(void)
{
	return false;
}

bool kthread_should_park(void)
{
	return false;
}
