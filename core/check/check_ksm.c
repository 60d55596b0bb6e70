// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KSM: the stable tree, its items and its counters; the slots of mms (Q8).
 * Stale nodes (the folio is gone) are legal: ksmd prunes them when it comes by.
 */
#include "core/check/check.h"

#include "core/check/look.h"
#include "core/mm/ksm_node.h"

/* Items of one node; returns their number. */
static unsigned long check_node(const struct ksm_stable_node *node, bool in_tree)
{
	const struct hlist_node *h;
	unsigned long n = 0;

	for (h = node->hlist.first; h; h = h->next, n++) {
		const struct ksm_rmap_item *item = container_of(h, struct ksm_rmap_item, hlist);

		if (!(item->address & STABLE_FLAG) || item->head != node || !item->anon_vma)
			check_fail("invariant: KSM item is not stable",
				   "pfn %lu: item of address %#lx\n", node->kpfn, item->address);
	}
	if (node->in_tree != in_tree)
		check_fail("invariant: KSM chain does not have one node in the tree",
			   "pfn %lu\n", node->kpfn);
	if (n != (unsigned long)node->rmap_hlist_len)
		check_fail("invariant: KSM node does not match its list",
			   "pfn %lu: length %d, %lu items\n", node->kpfn, node->rmap_hlist_len, n);
	return n;
}

void check_ksm_quiet(void)
{
	unsigned long shared = 0, items = 0;
	struct rb_node *rb;

	for (rb = rb_first(&root_stable_tree); rb; rb = rb_next(rb)) {
		const struct ksm_stable_node *first = rb_entry(rb, struct ksm_stable_node, node);
		const struct ksm_stable_node *node = first;

		do {
			unsigned long n = check_node(node, node == first);

			items += n;
			shared += n != 0;
			node = list_entry(node->chain.next, struct ksm_stable_node, chain);
		} while (node != first);
	}
	if (shared != ksm_pages_shared || items - shared != ksm_pages_sharing)
		check_fail("invariant: KSM counters do not match the stable tree",
			   "shared %lu, %lu nodes; sharing %lu, %lu further items\n",
			   ksm_pages_shared, shared, ksm_pages_sharing, items - shared);
}
