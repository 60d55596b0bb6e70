/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What workqueue.c (the lists, running, flushing) and delayed_work.c (timers, RCU
 * work, per-CPU rounds, the queues themselves) share. Included after the tree's
 * own linux/workqueue.h.
 */
#ifndef CORE_TREE_SHIM_WORKQUEUE_H
#define CORE_TREE_SHIM_WORKQUEUE_H

/* A queue is its flags (WQ_*): all work stands in one list. */
struct workqueue_struct {
	unsigned int flags;
};

/* As list_add_tail() and list_del_init(), which are made of WRITE_ONCE() and so of
 * scheduling points: none may lie inside of a change to a list of ours. */
static inline void work_link(struct list_head *entry, struct list_head *head)
{
	entry->prev = head->prev;
	entry->next = head;
	head->prev->next = entry;
	head->prev = entry;
}

static inline void work_unlink(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
	entry->next = entry->prev = entry;
}

static inline bool work_list_empty(const struct list_head *head)
{
	return head->next == head;
}

/* One RMW event. False: it was pending already. */
bool work_set_pending(struct work_struct *work, unsigned long ip);
void work_clear_pending(struct work_struct *work);
/* Puts an item whose PENDING the caller has set into the list. No point. */
void work_insert(int cpu, struct workqueue_struct *wq, struct work_struct *work);
bool work_is_queued(const struct work_struct *work);
bool queue_work_at(int cpu, struct workqueue_struct *wq, struct work_struct *work,
		   unsigned long ip);
bool flush_work_at(struct work_struct *work, unsigned long ip);
bool cancel_work_at(struct work_struct *work, bool sync, unsigned long ip);

/* Does the item wait for its time? */
bool delayed_work_is_armed(const struct work_struct *work);
/* Moves what is due (a choice for each) into the list. */
void delayed_work_pass(unsigned long ip);

#endif
