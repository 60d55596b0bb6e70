/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/list.h with its DEBUG_LIST checks: doubly linked rings,
 * and hlists with one pointer as head. Inline, so that TSan sees the accesses
 * as those of the file that uses them. Stores and loads that the kernel marks
 * are relaxed atomics here, but no scheduling points. The _rcu forms are in
 * core/kapi. Locking: the caller's.
 */
#ifndef CORE_BASE_LIST_H
#define CORE_BASE_LIST_H

#include "core/base/bug.h"
#include "core/base/types.h"

struct list_head { struct list_head *next, *prev; };
struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };

#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_POISON1 ((struct list_head *)0x100)
#define LIST_POISON2 ((struct list_head *)0x122)
#define HLIST_POISON1 ((struct hlist_node *)0x100)
#define HLIST_POISON2 ((struct hlist_node **)0x122)

#define list_load_(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define list_store_(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list_store_(&list->next, list);
	list_store_(&list->prev, list);
}

/* Puts new between two neighbours; func is the caller, for a report. */
static inline void list_insert_(struct list_head *new, struct list_head *prev,
				struct list_head *next, const char *func)
{
	if (unlikely(next->prev != prev || prev->next != next || new == prev || new == next))
		report_bug("list_add corruption", func, "the neighbours do not point at each "
			   "other, or the entry is on this list already");
	next->prev = new;
	new->next = next;
	new->prev = prev;
	list_store_(&prev->next, new);
}

static inline void list_unlink_(struct list_head *entry, const char *func)
{
	struct list_head *prev = entry->prev, *next = entry->next;

	if (unlikely(next == LIST_POISON1 || prev == LIST_POISON2 || !next || !prev))
		report_bug("list_del corruption", func, "the entry is on no list");
	else if (unlikely(prev->next != entry || next->prev != entry))
		report_bug("list_del corruption", func, "the neighbours do not point at it");
	next->prev = prev;
	list_store_(&prev->next, next);
}

static inline void list_del_at_(struct list_head *entry, const char *func)
{
	list_unlink_(entry, func);
	entry->next = LIST_POISON1;
	entry->prev = LIST_POISON2;
}

static inline void list_del_init_at_(struct list_head *entry, const char *func)
{
	list_unlink_(entry, func);
	INIT_LIST_HEAD(entry);
}

static inline void list_move_at_(struct list_head *entry, struct list_head *head, bool tail,
				 const char *func)
{
	list_unlink_(entry, func);
	if (tail)
		list_insert_(entry, head->prev, head, func);
	else
		list_insert_(entry, head, head->next, func);
}

#define list_add(new, head)                                                     \
	({ struct list_head *lh_ = (head); list_insert_((new), lh_, lh_->next, __func__); })
#define list_add_tail(new, head)                                                \
	({ struct list_head *lh_ = (head); list_insert_((new), lh_->prev, lh_, __func__); })
#define list_del(entry) list_del_at_((entry), __func__)
#define list_del_init(entry) list_del_init_at_((entry), __func__)
#define list_move(entry, head) list_move_at_((entry), (head), false, __func__)
#define list_move_tail(entry, head) list_move_at_((entry), (head), true, __func__)

static inline bool list_empty(const struct list_head *head)
{
	return list_load_(&head->next) == head;
}

static inline bool list_is_first(const struct list_head *entry, const struct list_head *head)
{
	return entry->prev == head;
}

static inline bool list_is_last(const struct list_head *entry, const struct list_head *head)
{
	return entry->next == head;
}

static inline bool list_is_head(const struct list_head *entry, const struct list_head *head)
{
	return entry == head;
}

static inline bool list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

/* new takes old's place; old is left as it is. */
static inline void list_replace(struct list_head *old, struct list_head *new)
{
	new->next = old->next;
	new->next->prev = new;
	new->prev = old->prev;
	new->prev->next = new;
}

static inline void list_replace_init(struct list_head *old, struct list_head *new)
{
	list_replace(old, new);
	INIT_LIST_HEAD(old);
}

/* All entries of list go in between at and its successor. */
static inline void list_splice_between_(const struct list_head *list, struct list_head *prev,
					struct list_head *next)
{
	struct list_head *first = list->next, *last = list->prev;

	first->prev = prev;
	prev->next = first;
	last->next = next;
	next->prev = last;
}

static inline void list_splice(const struct list_head *list, struct list_head *head)
{
	if (!list_empty(list))
		list_splice_between_(list, head, head->next);
}

static inline void list_splice_tail(const struct list_head *list, struct list_head *head)
{
	if (!list_empty(list))
		list_splice_between_(list, head->prev, head);
}

static inline void list_splice_init(struct list_head *list, struct list_head *head)
{
	list_splice(list, head);
	INIT_LIST_HEAD(list);
}

static inline void list_splice_tail_init(struct list_head *list, struct list_head *head)
{
	list_splice_tail(list, head);
	INIT_LIST_HEAD(list);
}

/* The first entry goes to the end. */
static inline void list_rotate_left(struct list_head *head)
{
	if (!list_empty(head))
		list_move_at_(head->next, head, true, __func__);
}

static inline size_t list_count_nodes(const struct list_head *head)
{
	size_t n = 0;

	for (const struct list_head *p = head->next; p != head; p = p->next)
		n++;
	return n;
}

#define list_entry(ptr, type, member) container_of(ptr, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) list_entry((head)->prev, type, member)
#define list_first_entry_or_null(head, type, member)                            \
	({                                                                      \
		struct list_head *lf_head_ = (head);                            \
		struct list_head *lf_ = list_load_(&lf_head_->next);            \
		lf_ != lf_head_ ? list_entry(lf_, type, member) : NULL;         \
	})
#define list_next_entry(pos, member) \
	list_entry((pos)->member.next, __typeof__(*(pos)), member)
#define list_prev_entry(pos, member) \
	list_entry((pos)->member.prev, __typeof__(*(pos)), member)
#define list_entry_is_head(pos, head, member) (&(pos)->member == (head))

#define list_for_each(pos, head) \
	for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)
#define list_for_each_safe(pos, n, head) \
	for ((pos) = (head)->next, (n) = (pos)->next; (pos) != (head); \
	     (pos) = (n), (n) = (pos)->next)
#define list_for_each_entry(pos, head, member)                                  \
	for ((pos) = list_first_entry((head), __typeof__(*(pos)), member);      \
	     !list_entry_is_head(pos, head, member);                            \
	     (pos) = list_next_entry(pos, member))
#define list_for_each_entry_reverse(pos, head, member)                          \
	for ((pos) = list_last_entry((head), __typeof__(*(pos)), member);       \
	     !list_entry_is_head(pos, head, member);                            \
	     (pos) = list_prev_entry(pos, member))
#define list_for_each_entry_safe(pos, n, head, member)                          \
	for ((pos) = list_first_entry((head), __typeof__(*(pos)), member),      \
	     (n) = list_next_entry(pos, member);                                \
	     !list_entry_is_head(pos, head, member);                            \
	     (pos) = (n), (n) = list_next_entry(n, member))
#define list_for_each_entry_safe_reverse(pos, n, head, member)                  \
	for ((pos) = list_last_entry((head), __typeof__(*(pos)), member),       \
	     (n) = list_prev_entry(pos, member);                                \
	     !list_entry_is_head(pos, head, member);                            \
	     (pos) = (n), (n) = list_prev_entry(n, member))
#define list_for_each_entry_continue(pos, head, member)                         \
	for ((pos) = list_next_entry(pos, member);                              \
	     !list_entry_is_head(pos, head, member);                            \
	     (pos) = list_next_entry(pos, member))
#define list_for_each_entry_from(pos, head, member)                             \
	for (; !list_entry_is_head(pos, head, member); (pos) = list_next_entry(pos, member))

/* ---- hlist ---- */

#define HLIST_HEAD_INIT { .first = NULL }

static inline void INIT_HLIST_HEAD(struct hlist_head *head)
{
	head->first = NULL;
}

static inline void INIT_HLIST_NODE(struct hlist_node *node)
{
	node->next = NULL;
	node->pprev = NULL;
}

static inline bool hlist_unhashed(const struct hlist_node *node)
{
	return !node->pprev;
}

static inline bool hlist_empty(const struct hlist_head *head)
{
	return !list_load_(&head->first);
}

static inline void hlist_add_head(struct hlist_node *node, struct hlist_head *head)
{
	struct hlist_node *first = head->first;

	list_store_(&node->next, first);
	if (first)
		list_store_(&first->pprev, &node->next);
	list_store_(&head->first, node);
	list_store_(&node->pprev, &head->first);
}

static inline void hlist_add_before(struct hlist_node *node, struct hlist_node *next)
{
	list_store_(&node->pprev, next->pprev);
	list_store_(&node->next, next);
	list_store_(&next->pprev, &node->next);
	list_store_(node->pprev, node);
}

static inline void hlist_add_behind(struct hlist_node *node, struct hlist_node *prev)
{
	list_store_(&node->next, prev->next);
	list_store_(&prev->next, node);
	list_store_(&node->pprev, &prev->next);
	if (node->next)
		list_store_(&node->next->pprev, &node->next);
}

static inline void hlist_unlink_(struct hlist_node *node, const char *func)
{
	struct hlist_node *next = node->next;
	struct hlist_node **pprev = node->pprev;

	if (unlikely(!pprev || pprev == HLIST_POISON2 || *pprev != node))
		report_bug("hlist_del corruption", func, "the entry is on no list");
	list_store_(pprev, next);
	if (next)
		list_store_(&next->pprev, pprev);
}

static inline void hlist_del_at_(struct hlist_node *node, const char *func)
{
	hlist_unlink_(node, func);
	node->next = HLIST_POISON1;
	node->pprev = HLIST_POISON2;
}

static inline void hlist_del_init_at_(struct hlist_node *node, const char *func)
{
	if (hlist_unhashed(node))
		return;
	hlist_unlink_(node, func);
	INIT_HLIST_NODE(node);
}

#define hlist_del(node) hlist_del_at_((node), __func__)
#define hlist_del_init(node) hlist_del_init_at_((node), __func__)

#define hlist_entry(ptr, type, member) container_of(ptr, type, member)
#define hlist_entry_safe(ptr, type, member)                                     \
	({                                                                      \
		__typeof__(ptr) he_ = (ptr);                                    \
		he_ ? hlist_entry(he_, type, member) : NULL;                    \
	})
#define hlist_for_each(pos, head) for ((pos) = (head)->first; (pos); (pos) = (pos)->next)
#define hlist_for_each_entry(pos, head, member)                                 \
	for ((pos) = hlist_entry_safe((head)->first, __typeof__(*(pos)), member); (pos); \
	     (pos) = hlist_entry_safe((pos)->member.next, __typeof__(*(pos)), member))
/* n is a struct hlist_node *. */
#define hlist_for_each_entry_safe(pos, n, head, member)                         \
	for ((pos) = hlist_entry_safe((head)->first, __typeof__(*(pos)), member); \
	     (pos) && ({ (n) = (pos)->member.next; 1; });                       \
	     (pos) = hlist_entry_safe(n, __typeof__(*(pos)), member))

#endif
