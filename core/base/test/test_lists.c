// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: lists, plists and red-black trees against plain arrays. Lists by small
 * cases and by the reports of their corruption checks; trees by random inserts
 * and erases with all of the tree's rules checked after each.
 */
#include "core/base/list.h"
#include "core/base/plist.h"
#include "core/base/prng.h"
#include "core/base/rbtree.h"
#include "core/base/test.h"

struct item { int id; struct list_head node; };

/* The ids of a list as digits of one number, first entry first. */
static long digits(const struct list_head *head)
{
	struct item *it;
	long n = 0;

	list_for_each_entry(it, head, node)
		n = n * 10 + it->id;
	return n;
}

static void test_list(void)
{
	struct list_head a = LIST_HEAD_INIT(a), b = LIST_HEAD_INIT(b);
	struct item it[6], *pos, *next;

	for (int i = 0; i < 6; i++) {
		it[i].id = i + 1;
		INIT_LIST_HEAD(&it[i].node);
	}
	CHECK(list_empty(&a) && !list_first_entry_or_null(&a, struct item, node));
	list_add(&it[0].node, &a);
	CHECK(list_is_singular(&a));
	list_add_tail(&it[1].node, &a);
	list_add(&it[2].node, &a);
	CHECK_EQ(digits(&a), 312);
	CHECK(list_is_first(&it[2].node, &a) && list_is_last(&it[1].node, &a));
	list_move_tail(&it[2].node, &a);
	CHECK_EQ(digits(&a), 123);
	list_rotate_left(&a);
	CHECK_EQ(digits(&a), 231);
	list_add_tail(&it[3].node, &b);
	list_add_tail(&it[4].node, &b);
	list_splice_init(&b, &a);
	CHECK_EQ(digits(&a), 45231);
	CHECK(list_empty(&b));
	list_for_each_entry_safe(pos, next, &a, node) {
		if (pos->id % 2)
			list_del_init(&pos->node);
	}
	CHECK_EQ(digits(&a), 42);
	CHECK_EQ(list_count_nodes(&a), 2);
	list_splice_tail_init(&a, &b);
	list_add_tail(&it[5].node, &b);
	list_replace_init(&it[5].node, &it[0].node);
	CHECK_EQ(digits(&b), 421);
	CHECK(list_empty(&it[5].node));
	CHECK_EQ(list_first_entry(&b, struct item, node)->id, 4);
	CHECK_EQ(list_last_entry(&b, struct item, node)->id, 1);
	CHECK_EQ(list_next_entry(&it[3], node)->id, 2);
}

static void test_list_checks(void)
{
	struct list_head a = LIST_HEAD_INIT(a);
	struct item x, y;

	list_add(&x.node, &a);
	CHECK_REPORT("kernel BUG: list_add corruption in test_list_checks", list_add(&x.node, &a));
	CHECK_SILENT(list_add(&y.node, &a));
	CHECK_SILENT(list_del(&x.node));
	CHECK_REPORT("kernel BUG: list_del corruption in test_list_checks", list_del(&x.node));
	a.next = &a;
	CHECK_REPORT("kernel BUG: list_del corruption in test_list_checks", list_del(&y.node));
}

struct hitem { int id; struct hlist_node node; };

static void test_hlist(void)
{
	struct hlist_head h = HLIST_HEAD_INIT;
	struct hitem it[4], *pos;
	struct hlist_node *n;
	long sum = 0;

	for (int i = 0; i < 4; i++) {
		it[i].id = i + 1;
		INIT_HLIST_NODE(&it[i].node);
	}
	CHECK(hlist_empty(&h) && hlist_unhashed(&it[0].node));
	hlist_add_head(&it[0].node, &h);
	hlist_add_head(&it[1].node, &h);
	hlist_add_before(&it[2].node, &it[0].node);
	hlist_add_behind(&it[3].node, &it[0].node);
	hlist_for_each_entry(pos, &h, node)
		sum = sum * 10 + pos->id;
	CHECK_EQ(sum, 2314);
	hlist_for_each_entry_safe(pos, n, &h, node) {
		if (pos->id > 2)
			hlist_del_init(&pos->node);
	}
	sum = 0;
	hlist_for_each_entry(pos, &h, node)
		sum = sum * 10 + pos->id;
	CHECK_EQ(sum, 21);
	hlist_del(&it[1].node);
	CHECK(h.first == &it[0].node);
	CHECK_REPORT("kernel BUG: hlist_del corruption in test_hlist", hlist_del(&it[1].node));
}

struct pitem { int id; struct plist_node node; };

static long pdigits(struct plist_head *head)
{
	struct pitem *it;
	long n = 0;

	plist_for_each_entry(it, head, node)
		n = n * 10 + it->id;
	return n;
}

static void test_plist(void)
{
	struct plist_head h;
	struct pitem it[4];
	static const int prio[4] = { 5, 1, 5, -2 };

	plist_head_init(&h);
	for (int i = 0; i < 4; i++) {
		it[i].id = i + 1;
		plist_node_init(&it[i].node, prio[i]);
		CHECK(plist_node_empty(&it[i].node));
		plist_add(&it[i].node, &h);
	}
	CHECK_EQ(pdigits(&h), 4213);
	CHECK_EQ(plist_first_entry(&h, struct pitem, node)->id, 4);
	plist_requeue(&it[0].node, &h);
	CHECK_EQ(pdigits(&h), 4231);
	plist_requeue(&it[0].node, &h);
	plist_requeue(&it[1].node, &h);
	CHECK_EQ(pdigits(&h), 4231);
	plist_del(&it[3].node, &h);
	CHECK(plist_node_empty(&it[3].node) && !plist_head_empty(&h));
	CHECK_EQ(pdigits(&h), 231);
}

#define KEYS 64

struct rbitem { int key; struct rb_node node; };

/* Walks the whole tree without recursion; every rule of a red-black tree. */
static void check_tree(struct rb_root *root, const bool *in)
{
	int want = 0, black_height = -1;

	CHECK(!root->rb_node || (root->rb_node->rb_black && !root->rb_node->rb_parent));
	for (struct rb_node *n = rb_first(root); n; n = rb_next(n)) {
		int height = 0;

		while (want < KEYS && !in[want])
			want++;
		CHECK_EQ(rb_entry(n, struct rbitem, node)->key, want++);
		CHECK(!n->rb_left || n->rb_left->rb_parent == n);
		CHECK(!n->rb_right || n->rb_right->rb_parent == n);
		CHECK(n->rb_black || n->rb_parent->rb_black);
		if (n->rb_left && n->rb_right)
			continue;
		for (struct rb_node *up = n; up; up = up->rb_parent)
			height += up->rb_black;
		if (black_height < 0)
			black_height = height;
		CHECK_EQ(height, black_height);
	}
	while (want < KEYS && !in[want])
		want++;
	CHECK_EQ(want, KEYS);
	for (struct rb_node *n = rb_last(root); n; n = rb_prev(n)) {
		do
			want--;
		while (!in[want]);
		CHECK_EQ(rb_entry(n, struct rbitem, node)->key, want);
	}
}

static void tree_insert(struct rb_root *root, struct rbitem *it)
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = it->key < rb_entry(parent, struct rbitem, node)->key ? &parent->rb_left
									    : &parent->rb_right;
	}
	rb_link_node(&it->node, parent, link);
	rb_insert_color(&it->node, root);
}

static void test_rbtree(void)
{
	struct rb_root root = RB_ROOT;
	static struct rbitem it[KEYS], other;
	bool in[KEYS] = { false };
	struct prng rng = { 7 };

	for (int i = 0; i < KEYS; i++) {
		it[i].key = i;
		RB_CLEAR_NODE(&it[i].node);
	}
	CHECK(RB_EMPTY_ROOT(&root) && !rb_first(&root) && !rb_last(&root));
	for (int step = 0; step < 4000; step++) {
		u32 k = prng_below(&rng, KEYS);

		if (in[k]) {
			rb_erase(&it[k].node, &root);
			RB_CLEAR_NODE(&it[k].node);
		} else {
			tree_insert(&root, &it[k]);
		}
		in[k] = !in[k];
		check_tree(&root, in);
	}
	for (int i = 0; i < KEYS; i++) {
		if (!in[i])
			tree_insert(&root, &it[i]);
		in[i] = true;
	}
	other.key = 20;
	rb_replace_node(&it[20].node, &other.node, &root);
	check_tree(&root, in);
	CHECK(rb_prev(&it[21].node) == &other.node);
	rb_replace_node(&other.node, &it[20].node, &root);
	for (int i = 0; i < KEYS; i++) {
		rb_erase(&it[i].node, &root);
		in[i] = false;
		check_tree(&root, in);
	}
	CHECK(RB_EMPTY_ROOT(&root));
	RB_CLEAR_NODE(&it[3].node);
	CHECK_REPORT("kernel BUG: rb_erase of a node on no tree in rb_erase",
		     rb_erase(&it[3].node, &root));
}

int main(void)
{
	test_list();
	test_list_checks();
	test_hlist();
	test_plist();
	test_rbtree();
	return TEST_END();
}
