// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for kernel/rcu/tree.c, update.c and mm/slab_common.c (kvfree_rcu). Read
 * sections and grace periods are the engine's; the depth lies in task_struct,
 * where the kernel's own headers look for it. Callbacks run in softirq context.
 * What rcu_dereference() accepts is the kernel's rule: an explicit section for
 * RCU, no preemption for RCU-sched; the engine's grace periods wait for both.
 * Left out: expedited and tasks RCU, batches of kvfree_rcu(), stalls. Polled
 * grace periods (get_state_synchronize_rcu) never have passed.
 * Not instrumented: a head is written as the kernel does, and lies where readers of
 * a dead maple node still look: they notice, TSan need not.
 */
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/version.h>

#include "core/tree/shim/shim.h"

/* RCU_SCHEDULER_RUNNING of kernel/rcu/rcu.h: grace periods have begun to work. */
int rcu_scheduler_active = 2;
int rcu_expedited;
int rcu_normal;

/* lockdep.c answers for these: no acquisition of theirs is tracked. */
struct lockdep_map rcu_lock_map = { .name = "rcu_read_lock" };
struct lockdep_map rcu_bh_lock_map = { .name = "rcu_read_lock_bh" };
struct lockdep_map rcu_sched_lock_map = { .name = "rcu_read_lock_sched" };
struct lockdep_map rcu_callback_map = { .name = "rcu_callback" };

int shim_rcu_depth(void)
{
	return current->rcu_read_lock_nesting;
}

void __rcu_read_lock(void)
{
	seam_rcu_read_lock(_RET_IP_);
	current->rcu_read_lock_nesting++;
}

void __rcu_read_unlock(void)
{
	if (current->rcu_read_lock_nesting > 0)
		current->rcu_read_lock_nesting--;
	seam_rcu_read_unlock(_RET_IP_); /* reports the section that was not open */
}

/* ---- what lockdep asks -------------------------------------------------------------- */

int debug_lockdep_rcu_enabled(void)
{
	return seam_live();
}

int rcu_read_lock_held(void)
{
	return !seam_live() || shim_rcu_depth();
}

int rcu_read_lock_bh_held(void)
{
	return !seam_live() || in_softirq() || irqs_disabled();
}

int rcu_read_lock_sched_held(void)
{
	return !seam_live() || !preemptible();
}

int rcu_read_lock_any_held(void)
{
	return !seam_live() || shim_rcu_depth() || !preemptible();
}

notrace bool rcu_is_watching(void)
{
	return true;
}

#if defined(CONFIG_HOTPLUG_CPU) && defined(CONFIG_PROVE_RCU)
bool rcu_lockdep_current_cpu_online(void)
{
	return true;
}
#endif

/* ---- grace periods ------------------------------------------------------------------ */

static void call_rcu_at(struct rcu_head *head, rcu_callback_t func, unsigned long ip)
{
	head->func = func;
	seam_call_rcu(ip, head, (void (*)(void *))func);
}

void call_rcu(struct rcu_head *head, rcu_callback_t func)
{
	call_rcu_at(head, func, _RET_IP_);
}

#ifdef CONFIG_RCU_LAZY
void call_rcu_hurry(struct rcu_head *head, rcu_callback_t func)
{
	call_rcu_at(head, func, _RET_IP_);
}
#endif

void synchronize_rcu(void)
{
	seam_synchronize_rcu(_RET_IP_);
}

void synchronize_rcu_expedited(void)
{
	seam_synchronize_rcu(_RET_IP_);
}

void rcu_barrier(void)
{
	seam_rcu_barrier(_RET_IP_);
}

unsigned long get_state_synchronize_rcu(void)
{
	return 0;
}

unsigned long start_poll_synchronize_rcu(void)
{
	return 0;
}

bool poll_state_synchronize_rcu(unsigned long state)
{
	return false;
}

void cond_synchronize_rcu(unsigned long state)
{
	seam_synchronize_rcu(_RET_IP_);
}

/* ---- kvfree_rcu() ------------------------------------------------------------------- */

/* The head's only sure word (7.3 has no more in it) keeps the object's address. */
static void kvfree_rcu_run(void *head)
{
	kvfree(*(void **)head);
}

static void kvfree_rcu_at(void *head, void *object, unsigned long ip)
{
	if (!head) {
		seam_might_sleep(ip);
		seam_synchronize_rcu(ip);
		kvfree(object);
		return;
	}
	*(void **)head = object;
	seam_call_rcu(ip, head, kvfree_rcu_run);
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 0)
void kvfree_call_rcu(struct kvfree_rcu_head *head, void *object)
{
	kvfree_rcu_at(head, object, _RET_IP_);
}

void kfree_call_rcu_nolock(struct kvfree_rcu_head *head, void *object)
{
	kvfree_rcu_at(head, object, _RET_IP_);
}
#else
void kvfree_call_rcu(struct rcu_head *head, void *object)
{
	kvfree_rcu_at(head, object, _RET_IP_);
}
#endif
