/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/plist.h, lib/plist.c: a list sorted by ascending prio;
 * entries of one prio are in the order in which they came. Left out: the second
 * list that skips over equal entries (it is for speed alone). Locking: the
 * caller's.
 */
#ifndef CORE_BASE_PLIST_H
#define CORE_BASE_PLIST_H

#include "core/base/list.h"

struct plist_head { struct list_head node_list; };
struct plist_node {
	int prio;
	struct list_head node_list;
};

#define PLIST_HEAD_INIT(head) { .node_list = LIST_HEAD_INIT((head).node_list) }
#define PLIST_NODE_INIT(node, prio_) \
	{ .prio = (prio_), .node_list = LIST_HEAD_INIT((node).node_list) }

static inline void plist_head_init(struct plist_head *head)
{
	INIT_LIST_HEAD(&head->node_list);
}

static inline void plist_node_init(struct plist_node *node, int prio)
{
	node->prio = prio;
	INIT_LIST_HEAD(&node->node_list);
}

static inline bool plist_head_empty(const struct plist_head *head)
{
	return list_empty(&head->node_list);
}

static inline bool plist_node_empty(const struct plist_node *node)
{
	return list_empty(&node->node_list);
}

#define plist_entry(ptr, type, member) container_of(ptr, type, member)
#define plist_for_each(pos, head) list_for_each_entry(pos, &(head)->node_list, node_list)
#define plist_for_each_safe(pos, n, head) \
	list_for_each_entry_safe(pos, n, &(head)->node_list, node_list)
#define plist_for_each_entry(pos, head, member) \
	list_for_each_entry(pos, &(head)->node_list, member.node_list)
#define plist_for_each_entry_safe(pos, n, head, member) \
	list_for_each_entry_safe(pos, n, &(head)->node_list, member.node_list)
#define plist_next(pos) list_next_entry(pos, node_list)
#define plist_prev(pos) list_prev_entry(pos, node_list)

static inline struct plist_node *plist_first(const struct plist_head *head)
{
	return list_entry(head->node_list.next, struct plist_node, node_list);
}

static inline struct plist_node *plist_last(const struct plist_head *head)
{
	return list_entry(head->node_list.prev, struct plist_node, node_list);
}

#define plist_first_entry(head, type, member) container_of(plist_first(head), type, member)

/* Behind all entries of the same or a smaller prio. */
static inline void plist_add(struct plist_node *node, struct plist_head *head)
{
	struct plist_node *pos;

	VM_WARN_ON(!plist_node_empty(node));
	plist_for_each(pos, head) {
		if (pos->prio > node->prio)
			break;
	}
	list_add_tail(&node->node_list, &pos->node_list);
}

static inline void plist_del(struct plist_node *node, struct plist_head *head)
{
	/* A node that is on no list stays so: swapoff of a full device does that. */
	VM_WARN_ON(!plist_node_empty(node) && plist_head_empty(head));
	list_del_init(&node->node_list);
}

/* To the end of its own prio. */
static inline void plist_requeue(struct plist_node *node, struct plist_head *head)
{
	VM_WARN_ON(plist_node_empty(node));
	if (node == plist_last(head) || plist_next(node)->prio != node->prio)
		return;
	plist_del(node, head);
	plist_add(node, head);
}

#endif
