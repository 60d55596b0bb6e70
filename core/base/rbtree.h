/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: include/linux/rbtree.h, lib/rbtree.c: red-black trees with the
 * kernel's names. Inline on purpose: TSan must see these accesses as those of
 * the file that uses them, and core/base itself is built without it. Left out:
 * cached and augmented trees, RCU walks. Locking: the caller's.
 *
 * A node is red until it is black; no red node has a red child, and every path
 * down to a missing child (black) has the same number of black nodes.
 */
#ifndef CORE_BASE_RBTREE_H
#define CORE_BASE_RBTREE_H

#include "core/base/bug.h"
#include "core/base/types.h"

struct rb_node {
	struct rb_node *rb_parent; /* itself: on no tree */
	struct rb_node *rb_left, *rb_right;
	bool rb_black;
};
struct rb_root { struct rb_node *rb_node; };

#define RB_ROOT ((struct rb_root){ NULL })
#define rb_entry(ptr, type, member) container_of(ptr, type, member)
#define rb_entry_safe(ptr, type, member)                                        \
	({                                                                      \
		__typeof__(ptr) re_ = (ptr);                                    \
		re_ ? rb_entry(re_, type, member) : NULL;                       \
	})
#define RB_EMPTY_ROOT(root) (!__atomic_load_n(&(root)->rb_node, __ATOMIC_RELAXED))
#define RB_EMPTY_NODE(node) ((node)->rb_parent == (node))
#define RB_CLEAR_NODE(node) ((node)->rb_parent = (node))
#define rb_parent(node) ((node)->rb_parent)

static inline bool rb_is_black_(const struct rb_node *node)
{
	return !node || node->rb_black;
}

/* Whatever pointed at old points at new. */
static inline void rb_repoint_(struct rb_node *parent, struct rb_node *old,
			       struct rb_node *new, struct rb_root *root)
{
	if (!parent)
		root->rb_node = new;
	else if (parent->rb_left == old)
		parent->rb_left = new;
	else
		parent->rb_right = new;
}

static inline void rb_rotate_left_(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *right = node->rb_right;

	node->rb_right = right->rb_left;
	if (right->rb_left)
		right->rb_left->rb_parent = node;
	right->rb_parent = node->rb_parent;
	rb_repoint_(node->rb_parent, node, right, root);
	right->rb_left = node;
	node->rb_parent = right;
}

static inline void rb_rotate_right_(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *left = node->rb_left;

	node->rb_left = left->rb_right;
	if (left->rb_right)
		left->rb_right->rb_parent = node;
	left->rb_parent = node->rb_parent;
	rb_repoint_(node->rb_parent, node, left, root);
	left->rb_right = node;
	node->rb_parent = left;
}

/* Hangs a new node at *link, an empty child of parent (or the root). */
static inline void rb_link_node(struct rb_node *node, struct rb_node *parent,
				struct rb_node **link)
{
	node->rb_parent = parent;
	node->rb_left = node->rb_right = NULL;
	node->rb_black = false;
	*link = node;
}

/* One step of the repair after an insertion below a red parent on its parent's
 * left (left) or right; returns the node that may still be wrong. */
static inline struct rb_node *rb_insert_step_(struct rb_node *node, struct rb_root *root,
					      bool left)
{
	struct rb_node *parent = node->rb_parent, *top = parent->rb_parent;
	struct rb_node *uncle = left ? top->rb_right : top->rb_left;

	if (!rb_is_black_(uncle)) {
		parent->rb_black = uncle->rb_black = true;
		top->rb_black = false;
		return top;
	}
	if (node == (left ? parent->rb_right : parent->rb_left)) {
		node = parent;
		if (left)
			rb_rotate_left_(node, root);
		else
			rb_rotate_right_(node, root);
		parent = node->rb_parent;
	}
	parent->rb_black = true;
	top->rb_black = false;
	if (left)
		rb_rotate_right_(top, root);
	else
		rb_rotate_left_(top, root);
	return node;
}

/* Rebalances after rb_link_node(). */
static inline void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	while (node->rb_parent && !node->rb_parent->rb_black) {
		struct rb_node *parent = node->rb_parent;

		node = rb_insert_step_(node, root, parent == parent->rb_parent->rb_left);
	}
	root->rb_node->rb_black = true;
}

/* One step of the repair where the paths through node (a child of parent, maybe
 * NULL) lack one black; returns the node at which to go on, root: done. */
static inline struct rb_node *rb_erase_step_(struct rb_node *parent, struct rb_root *root,
					     bool left)
{
	struct rb_node *other = left ? parent->rb_right : parent->rb_left;
	struct rb_node *near, *far;

	if (!other->rb_black) {
		other->rb_black = true;
		parent->rb_black = false;
		if (left)
			rb_rotate_left_(parent, root);
		else
			rb_rotate_right_(parent, root);
		other = left ? parent->rb_right : parent->rb_left;
	}
	near = left ? other->rb_left : other->rb_right;
	far = left ? other->rb_right : other->rb_left;
	if (rb_is_black_(near) && rb_is_black_(far)) {
		other->rb_black = false;
		return parent;
	}
	if (rb_is_black_(far)) {
		near->rb_black = true;
		other->rb_black = false;
		if (left)
			rb_rotate_right_(other, root);
		else
			rb_rotate_left_(other, root);
		other = left ? parent->rb_right : parent->rb_left;
		far = left ? other->rb_right : other->rb_left;
	}
	other->rb_black = parent->rb_black;
	parent->rb_black = true;
	far->rb_black = true;
	if (left)
		rb_rotate_left_(parent, root);
	else
		rb_rotate_right_(parent, root);
	return root->rb_node;
}

static inline void rb_erase(struct rb_node *node, struct rb_root *root)
{
	struct rb_node *child, *parent;
	bool black;

	if (unlikely(RB_EMPTY_NODE(node) || !root->rb_node))
		report_bug("rb_erase of a node on no tree", __func__, "");
	if (node->rb_left && node->rb_right) {
		struct rb_node *next = node->rb_right;

		while (next->rb_left)
			next = next->rb_left;
		child = next->rb_right;
		parent = next->rb_parent;
		black = next->rb_black;
		if (parent == node) {
			parent = next;
		} else {
			parent->rb_left = child;
			if (child)
				child->rb_parent = parent;
			next->rb_right = node->rb_right;
			next->rb_right->rb_parent = next;
		}
		next->rb_left = node->rb_left;
		next->rb_left->rb_parent = next;
		next->rb_parent = node->rb_parent;
		next->rb_black = node->rb_black;
		rb_repoint_(node->rb_parent, node, next, root);
	} else {
		child = node->rb_left ? node->rb_left : node->rb_right;
		parent = node->rb_parent;
		black = node->rb_black;
		if (child)
			child->rb_parent = parent;
		rb_repoint_(parent, node, child, root);
	}
	if (!black)
		return;
	while (child != root->rb_node && rb_is_black_(child)) {
		child = rb_erase_step_(parent, root, child == parent->rb_left);
		parent = child->rb_parent;
	}
	if (child)
		child->rb_black = true;
}

static inline void rb_replace_node(struct rb_node *victim, struct rb_node *new,
				   struct rb_root *root)
{
	*new = *victim;
	if (victim->rb_left)
		victim->rb_left->rb_parent = new;
	if (victim->rb_right)
		victim->rb_right->rb_parent = new;
	rb_repoint_(victim->rb_parent, victim, new, root);
}

static inline struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && node->rb_left)
		node = node->rb_left;
	return node;
}

static inline struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *node = root->rb_node;

	while (node && node->rb_right)
		node = node->rb_right;
	return node;
}

static inline struct rb_node *rb_next(const struct rb_node *node)
{
	struct rb_node *parent;

	if (RB_EMPTY_NODE(node))
		return NULL;
	if (node->rb_right) {
		struct rb_node *next = node->rb_right;

		while (next->rb_left)
			next = next->rb_left;
		return next;
	}
	while ((parent = node->rb_parent) && node == parent->rb_right)
		node = parent;
	return parent;
}

static inline struct rb_node *rb_prev(const struct rb_node *node)
{
	struct rb_node *parent;

	if (RB_EMPTY_NODE(node))
		return NULL;
	if (node->rb_left) {
		struct rb_node *prev = node->rb_left;

		while (prev->rb_right)
			prev = prev->rb_right;
		return prev;
	}
	while ((parent = node->rb_parent) && node == parent->rb_left)
		node = parent;
	return parent;
}

#endif
