// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tasks as the tree sees them: a task_struct for each task of the program and one
 * for set-up. Each is a process with a signal_struct without limits; all share one set
 * of credentials and one user namespace.
 * Left out: pids, namespaces, the scheduler's fields, thread groups.
 */
#include <linux/cred.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/user_namespace.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

static struct sighand_struct *shared_sighand;
static struct cred *shared_cred;

#define TASKS_MAX 16
static struct task_struct *tasks[TASKS_MAX]; /* by index; NULL: none */

struct user_namespace init_user_ns;
/* Named by kernel/fork.c; nothing of ours is made from them. */
struct task_struct init_task;
struct fs_struct *userspace_init_fs;

struct shim_task *shim_task_of(struct task_struct *task)
{
	return container_of(task, struct shim_task, task);
}

static struct signal_struct *signal_make(void)
{
	struct signal_struct *signal = seam_arena_alloc(sizeof(*signal));
	int i;

	for (i = 0; i < RLIM_NLIMITS; i++)
		signal->rlim[i].rlim_cur = signal->rlim[i].rlim_max = RLIM_INFINITY;
	return signal;
}

static struct task_struct *task_make(int pid, const char *name)
{
	struct shim_task *shim = seam_arena_alloc(sizeof(*shim));
	struct task_struct *task = &shim->task;

	task->signal = signal_make();
	task->sighand = shared_sighand;
	task->cred = task->real_cred = shared_cred;
	task->__state = TASK_RUNNING;
	task->pid = task->tgid = pid;
	task->group_leader = task;
	refcount_set(&task->usage, 2);
	spin_lock_init(&task->alloc_lock);
	raw_spin_lock_init(&task->pi_lock);
	memcpy(task->comm, name, strlen(name) + 1);
	seam_role_set(shim, sizeof(*shim), "task ", pid, -1);
	return task;
}

void *tree_task_make(unsigned index, char label)
{
	char name[] = { 't', 'a', 's', 'k', ' ', label, 0 };

	BUG_ON(index >= TASKS_MAX);
	tasks[index] = task_make((int)index + 1, name);
	return tasks[index];
}

/* The sender takes no lock of the signal's: this is an instant, as a choice of the
 * schedule is (shim_signal_point()). */
static SHIM_RAW bool signal_send(struct task_struct *task, const struct mm_struct *mm)
{
	if (!task || task->mm != mm || task->flags & PF_KTHREAD)
		return false;
	task->pending.signal.sig[0] |= sigmask(SIGKILL);
	task_thread_info(task)->flags |= _TIF_SIGPENDING;
	return true;
}

void shim_kill_users(const struct mm_struct *mm)
{
	unsigned i;

	for (i = 0; i < TASKS_MAX; i++)
		if (signal_send(tasks[i], mm))
			wake_up_state(tasks[i], TASK_INTERRUPTIBLE | TASK_WAKEKILL);
}

void *kthread_func(struct task_struct *task)
{
	return shim_task_of(task)->kthread_fn;
}

/* The next op is another system call: it sees neither signals nor seqcounts of this. */
void tree_op_end(int last)
{
	if (last)
		shim_pins_drop();
	shim_files_put_late();
	shim_signal_clear();
	shim_kcsan_op_end();
}

void shim_tasks_setup(void)
{
	shared_sighand = seam_arena_alloc(sizeof(*shared_sighand));
	spin_lock_init(&shared_sighand->siglock);
	shared_cred = seam_arena_alloc(sizeof(*shared_cred));
	shared_cred->user_ns = &init_user_ns;
	seam_set_init_task(task_make(0, "setup"));
}
