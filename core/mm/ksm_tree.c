// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KSM's trees: stable nodes and what hangs off them, the unstable tree, and the
 * keyhole reference from a stable node to its folio.
 * Models: mm/ksm.c (ksm_get_folio, stable_tree_*, unstable_tree_*).
 * Left out: NUMA, migrate_nodes. A chain of nodes with the same contents has no
 * head of its own, so that none has to be allocated: one of them is in the tree.
 * Locking: ksm_thread_mutex for both trees; a node's hlist also changes only
 * under its folio's lock, which is what rmap_walk_ksm() relies on.
 */
#include "core/mm/ksm.h"
#include "core/mm/ksm_node.h"

struct rb_root root_stable_tree __world = RB_ROOT;
WORLD_NAME(root_stable_tree);
struct rb_root root_unstable_tree __world = RB_ROOT;
WORLD_NAME(root_unstable_tree);
unsigned long ksm_pages_shared __world = 0;
WORLD_NAME(ksm_pages_shared);
unsigned long ksm_pages_sharing __world = 0;
WORLD_NAME(ksm_pages_sharing);
unsigned long ksm_pages_unshared __world = 0;
WORLD_NAME(ksm_pages_unshared);

static DEFINE_KMEM_CACHE(rmap_item_cache, struct ksm_rmap_item, "rmap_item");
static DEFINE_KMEM_CACHE(stable_node_cache, struct ksm_stable_node, "stable_node");

struct ksm_rmap_item *ksm_alloc_rmap_item(void)
{
	return kmem_cache_zalloc(&rmap_item_cache, GFP_KERNEL);
}

void ksm_free_rmap_item(struct ksm_rmap_item *rmap_item)
{
	VM_BUG_ON(rmap_item->address & (STABLE_FLAG | UNSTABLE_FLAG));
	rmap_item->mm = NULL;
	kmem_cache_free(&rmap_item_cache, rmap_item);
}

struct ksm_stable_node *folio_stable_node(const struct folio *folio)
{
	if (!folio_test_ksm(folio))
		return NULL;
	return (struct ksm_stable_node *)(READ_ONCE(folio->mapping) & ~FOLIO_MAPPING_FLAGS);
}

void folio_set_stable_node(struct folio *folio, struct ksm_stable_node *stable_node)
{
	VM_BUG_ON(folio_peek_anon(folio) && page_peek_exclusive(folio_page(folio, 0)));
	WRITE_ONCE(folio->mapping, (unsigned long)stable_node | FOLIO_MAPPING_KSM);
}

/* The folio is gone: so are all mappings of it. */
static void remove_node_from_stable_tree(struct ksm_stable_node *stable_node)
{
	struct ksm_rmap_item *rmap_item;

	lockdep_assert_held(&ksm_thread_mutex);
	hlist_for_each_entry(rmap_item, &stable_node->hlist, hlist) {
		if (rmap_item->hlist.next)
			ksm_pages_sharing--;
		else
			ksm_pages_shared--;
		VM_BUG_ON(stable_node->rmap_hlist_len <= 0);
		stable_node->rmap_hlist_len--;
		put_anon_vma(rmap_item->anon_vma);
		rmap_item->anon_vma = NULL;
		rmap_item->linear_page_index = 0;
		/* Linux leaves it: a later node at this address is taken for the item's. */
		if (!bug_seeded(BUG_KSM_STALE_HEAD))
			rmap_item->head = NULL;
		rmap_item->address &= PAGE_MASK;
		cond_resched();
	}
	if (stable_node->in_tree && !list_empty(&stable_node->chain)) {
		struct ksm_stable_node *next = list_next_entry(stable_node, chain);

		PATH("ksm: the next of a chain comes into the tree");
		rb_replace_node(&stable_node->node, &next->node, &root_stable_tree);
		next->in_tree = true;
	} else if (stable_node->in_tree) {
		rb_erase(&stable_node->node, &root_stable_tree);
	}
	list_del(&stable_node->chain);
	kmem_cache_free(&stable_node_cache, stable_node);
}

/* Does the folio at the node's pfn still point back to the node? Then it has a
 * reference now. False: look at the node again, or it is stale. */
static struct folio *ksm_try_get(struct ksm_stable_node *stable_node, unsigned long kpfn)
{
	unsigned long expected_mapping = (unsigned long)stable_node | FOLIO_MAPPING_KSM;
	struct folio *folio = pfn_folio(kpfn);

	if (READ_ONCE(folio->mapping) != expected_mapping) {
		PATH("ksm_get_folio: mapping changed");
		return NULL;
	}
	/* 0: free, or frozen for a moment. Frozen by __remove_mapping() the folio is
	 * as good as gone (it leaves the cache in that section); frozen by migration
	 * it is still ours, and is swap cached if it was. */
	while (!folio_try_get(folio)) {
		if (!folio_test_swapcache(folio)) {
			PATH("ksm_get_folio: refcount is zero");
			return NULL;
		}
		PATH("ksm_get_folio: frozen");
		cpu_relax();
	}
	if (READ_ONCE(folio->mapping) != expected_mapping) {
		PATH("ksm_get_folio: folio reused");
		folio_put(folio);
		return NULL;
	}
	return folio;
}

struct folio *ksm_get_folio(struct ksm_stable_node *stable_node, enum ksm_get_folio_flags flags)
	__no_lock_analysis("locks the folio or not, as told")
{
	unsigned long expected_mapping = (unsigned long)stable_node | FOLIO_MAPPING_KSM;
	struct folio *folio;
	unsigned long kpfn;

	lockdep_assert_held(&ksm_thread_mutex);
again:
	kpfn = READ_ONCE(stable_node->kpfn);
	folio = ksm_try_get(stable_node, kpfn);
	if (!folio)
		goto stale;
	if (flags == KSM_GET_FOLIO_NOLOCK)
		return folio;
	if (flags == KSM_GET_FOLIO_TRYLOCK) {
		if (!folio_trylock(folio)) {
			PATH("ksm_get_folio: trylock failed");
			folio_put(folio);
			return ERR_PTR(-EBUSY);
		}
	} else {
		folio_lock(folio);
	}
	if (READ_ONCE(folio->mapping) != expected_mapping) {
		PATH("ksm_get_folio: changed before the lock");
		folio_unlock(folio);
		folio_put(folio);
		goto stale;
	}
	return folio;

stale:
	/* Or migrated: pairs with the barrier between the update of kpfn and the
	 * end of the old folio's mapping in folio_migrate_ksm(). */
	smp_rmb(&stable_node->kpfn);
	if (READ_ONCE(stable_node->kpfn) != kpfn)
		goto again;
	/* Whoever walked the node's list did so under the folio lock and a reference,
	 * which is gone: the kernel relies on the dependency from the loads above,
	 * here the refcount carries it. */
	(void)atomic_read_acquire(&pfn_folio(kpfn)->_refcount);
	remove_node_from_stable_tree(stable_node);
	return NULL;
}

static void remove_from_stable(struct ksm_rmap_item *rmap_item)
{
	struct ksm_stable_node *stable_node = rmap_item->head;
	struct folio *folio = ksm_get_folio(stable_node, KSM_GET_FOLIO_LOCK);

	if (!folio)
		return; /* the node is gone and has cleaned the item */
	hlist_del(&rmap_item->hlist);
	folio_unlock(folio);
	folio_put(folio);

	if (!hlist_empty(&stable_node->hlist))
		ksm_pages_sharing--;
	else
		ksm_pages_shared--;
	VM_BUG_ON(stable_node->rmap_hlist_len <= 0);
	stable_node->rmap_hlist_len--;
	put_anon_vma(rmap_item->anon_vma);
	rmap_item->anon_vma = NULL;
	rmap_item->linear_page_index = 0;
	rmap_item->head = NULL;
	rmap_item->address &= PAGE_MASK;
}

void remove_rmap_item_from_tree(struct ksm_rmap_item *rmap_item)
{
	lockdep_assert_held(&ksm_thread_mutex);
	if (rmap_item->address & STABLE_FLAG) {
		remove_from_stable(rmap_item);
	} else if (rmap_item->address & UNSTABLE_FLAG) {
		unsigned char age = (unsigned char)(ksm_scan.seqnr - rmap_item->address);

		/* Left over from the last pass: the tree was started anew. */
		BUG_ON(age > 1);
		if (!age)
			rb_erase(&rmap_item->node, &root_unstable_tree);
		ksm_pages_unshared--;
		rmap_item->address &= PAGE_MASK;
	}
	cond_resched();
}

void remove_trailing_rmap_items(struct ksm_rmap_item **rmap_list)
{
	while (*rmap_list) {
		struct ksm_rmap_item *rmap_item = *rmap_list;

		*rmap_list = rmap_item->rmap_list;
		remove_rmap_item_from_tree(rmap_item);
		ksm_free_rmap_item(rmap_item);
	}
}

/* Another mapping may join the node's. Not where none is left: the folio is about
 * to be freed. (ksm_max_page_sharing, 256, is out of reach here.) */
static bool is_page_sharing_candidate(const struct ksm_stable_node *stable_node)
{
	VM_BUG_ON(stable_node->rmap_hlist_len < 0);
	return stable_node->rmap_hlist_len != 0;
}

/* The folio, with a reference, of the node of first's chain that most share, *found;
 * stale ones are removed. NULL: all were, and first is gone. */
static struct folio *chain_prune(struct ksm_stable_node **found, struct ksm_stable_node *first)
{
	struct ksm_stable_node *dup = first, *next, *best = NULL;
	struct folio *folio, *tree_folio = NULL;
	struct list_head *pos;
	unsigned int n = 1;

	list_for_each(pos, &first->chain)
		n++;
	for (; n; n--, dup = next) {
		next = list_next_entry(dup, chain);
		folio = ksm_get_folio(dup, KSM_GET_FOLIO_NOLOCK);
		if (!folio)
			continue;
		if (!best || dup->rmap_hlist_len > best->rmap_hlist_len) {
			if (best)
				folio_put(tree_folio);
			best = dup;
			tree_folio = folio;
		} else {
			folio_put(folio);
		}
	}
	*found = best;
	return tree_folio;
}

static struct ksm_stable_node *chain_in_tree(struct ksm_stable_node *stable_node)
{
	while (!stable_node->in_tree)
		stable_node = list_next_entry(stable_node, chain);
	return stable_node;
}

struct folio *stable_tree_search(struct page *page)
{
	struct folio *folio = page_folio(page), *tree_folio;
	struct ksm_stable_node *stable_node, *dup;
	struct rb_node *node;
	int ret;

	lockdep_assert_held(&ksm_thread_mutex);
	if (folio_stable_node(folio)) {
		PATH("ksm: forked KSM page");
		folio_get(folio);
		return folio;
	}
again:
	node = root_stable_tree.rb_node;
	while (node) {
		cond_resched();
		stable_node = rb_entry(node, struct ksm_stable_node, node);
		tree_folio = chain_prune(&dup, stable_node);
		if (!tree_folio) {
			/* The node was stale and is gone: the tree may look different. */
			PATH("stable_tree_search: again");
			goto again;
		}
		ret = memcmp_pages(page, folio_page(tree_folio, 0));
		folio_put(tree_folio);
		if (ret) {
			stable_node = chain_in_tree(dup);
			node = ret < 0 ? stable_node->node.rb_left : stable_node->node.rb_right;
			continue;
		}
		if (!is_page_sharing_candidate(dup)) {
			PATH("stable_tree_search: nobody shares it any more");
			return NULL;
		}
		/* Lock and unlock, so that migration sees the reference. */
		tree_folio = ksm_get_folio(dup, KSM_GET_FOLIO_TRYLOCK);
		if (IS_ERR(tree_folio))
			return tree_folio;
		if (!tree_folio) {
			PATH("stable_tree_search: again");
			goto again;
		}
		folio_unlock(tree_folio);
		return tree_folio;
	}
	return NULL;
}

struct ksm_stable_node *stable_tree_insert(struct folio *kfolio)
{
	struct ksm_stable_node *stable_node, *dup, *same = NULL;
	struct rb_node **new, *parent;

	lockdep_assert_held(&ksm_thread_mutex);
	VM_BUG_ON(!folio_peek_locked(kfolio));
again:
	parent = NULL;
	new = &root_stable_tree.rb_node;
	while (*new && !same) {
		struct folio *tree_folio;
		int ret;

		cond_resched();
		stable_node = rb_entry(*new, struct ksm_stable_node, node);
		tree_folio = chain_prune(&dup, stable_node);
		if (!tree_folio) {
			PATH("stable_tree_insert: again");
			goto again;
		}
		ret = memcmp_pages(folio_page(kfolio, 0), folio_page(tree_folio, 0));
		folio_put(tree_folio);
		parent = *new;
		if (ret < 0) {
			new = &parent->rb_left;
		} else if (ret > 0) {
			new = &parent->rb_right;
		} else {
			/* The search found nobody who shares it, or did not see it: the
			 * page was not write-protected then and has changed since. */
			PATH("stable_tree_insert: contents are there already");
			same = dup;
		}
	}
	stable_node = kmem_cache_zalloc(&stable_node_cache, GFP_KERNEL);
	if (!stable_node) {
		PATH("stable_tree_insert: no memory");
		return NULL;
	}
	INIT_HLIST_HEAD(&stable_node->hlist);
	stable_node->kpfn = folio_pfn(kfolio);
	INIT_LIST_HEAD(&stable_node->chain);
	if (same) {
		list_add(&stable_node->chain, &same->chain);
	} else {
		stable_node->in_tree = true;
		rb_link_node(&stable_node->node, parent, new);
		rb_insert_color(&stable_node->node, &root_stable_tree);
	}
	folio_set_stable_node(kfolio, stable_node);
	return stable_node;
}

void stable_tree_append(struct ksm_rmap_item *rmap_item, struct ksm_stable_node *stable_node)
{
	lockdep_assert_held(&ksm_thread_mutex);
	BUG_ON(stable_node->rmap_hlist_len < 0);
	VM_BUG_ON(!rmap_item->anon_vma);
	stable_node->rmap_hlist_len++;
	rmap_item->head = stable_node;
	rmap_item->address |= STABLE_FLAG;
	hlist_add_head(&rmap_item->hlist, &stable_node->hlist);
	if (rmap_item->hlist.next)
		ksm_pages_sharing++;
	else
		ksm_pages_shared++;
	COUNT(ksm_merged);
}

struct ksm_rmap_item *unstable_tree_search_insert(struct ksm_rmap_item *rmap_item,
						  struct page *page, struct page **tree_pagep)
{
	struct rb_node **new = &root_unstable_tree.rb_node, *parent = NULL;

	lockdep_assert_held(&ksm_thread_mutex);
	while (*new) {
		struct ksm_rmap_item *tree_rmap_item;
		struct page *tree_page;
		int ret;

		cond_resched();
		tree_rmap_item = rb_entry(*new, struct ksm_rmap_item, node);
		tree_page = get_mergeable_page(tree_rmap_item);
		if (!tree_page) {
			PATH("unstable tree: page gone");
			return NULL;
		}
		if (page == tree_page) {
			PATH("unstable tree: forked page");
			folio_put(page_folio(tree_page));
			return NULL;
		}
		ret = memcmp_pages(page, tree_page);
		parent = *new;
		if (ret == 0) {
			*tree_pagep = tree_page;
			return tree_rmap_item;
		}
		folio_put(page_folio(tree_page));
		new = ret < 0 ? &parent->rb_left : &parent->rb_right;
	}
	rmap_item->address |= UNSTABLE_FLAG;
	rmap_item->address |= ksm_scan.seqnr & SEQNR_MASK;
	rb_link_node(&rmap_item->node, parent, new);
	rb_insert_color(&rmap_item->node, &root_unstable_tree);
	ksm_pages_unshared++;
	return NULL;
}

void ksm_prune_stale(void)
{
	struct rb_node *node, *next;

	mutex_lock(&ksm_thread_mutex);
	for (node = rb_first(&root_stable_tree); node; node = next) {
		struct ksm_stable_node *stable_node = rb_entry(node, struct ksm_stable_node, node);
		struct folio *folio;

		next = rb_next(node);
		folio = chain_prune(&stable_node, stable_node);
		if (folio)
			folio_put(folio);
	}
	mutex_unlock(&ksm_thread_mutex);
}

unsigned long ksm_pages_shared_now(void)
{
	return data_race(ksm_pages_shared);
}

unsigned long ksm_pages_sharing_now(void)
{
	return data_race(ksm_pages_sharing);
}
