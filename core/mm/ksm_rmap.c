// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KSM as the rest of mm sees it: where a KSM folio is mapped, and what a fault
 * or swapoff must do with a folio that came from swap.
 * Models: mm/ksm.c (rmap_walk_ksm, ksm_might_need_to_copy).
 * Left out: memory failure, large folios, folio_migrate_ksm().
 * Locking: the folio lock keeps the stable node and its list.
 */
#include "core/mm/ksm.h"

#include "core/mm/ksm_node.h"

struct folio *ksm_might_need_to_copy(struct folio *folio, struct vm_area_struct *vma,
				     unsigned long addr)
	__no_lock_analysis("returns a new folio locked")
{
	struct anon_vma *anon_vma = folio_anon_vma(folio);
	struct folio *new_folio;

	VM_BUG_ON(!folio_peek_locked(folio));
	VM_BUG_ON(!vma->anon_vma);
	if (folio_test_ksm(folio)) {
		if (folio_stable_node(folio))
			return folio; /* still KSM */
	} else if (!anon_vma) {
		return folio; /* fresh from the device */
	} else if (folio->index == linear_anon_page_index(vma, addr) &&
		   anon_vma->root == vma->anon_vma->root) {
		return folio; /* it is of this place */
	}
	/* It was a KSM folio of several places: one of them has it now. */
	if (folio_test_hwpoison(folio))
		return ERR_PTR(-EHWPOISON);
	if (!folio_test_uptodate(folio))
		return folio; /* the caller reports the error */

	new_folio = vma_alloc_folio(GFP_HIGHUSER_MOVABLE, 0, vma, addr);
	if (!new_folio)
		return NULL;
	PATH("ksm: copied at swap-in");
	if (copy_mc_user_highpage(folio_page(new_folio, 0), folio_page(folio, 0))) {
		folio_put(new_folio);
		return ERR_PTR(-EHWPOISON);
	}
	folio_set_dirty(new_folio);
	__folio_mark_uptodate(new_folio);
	__folio_set_locked(new_folio);
	COUNT(ksm_copied);
	return new_folio;
}

/* The walk over the vmas of one item: false ends the whole walk. In the first
 * round the vma that was merged, in the second those forked from it since. */
static bool rmap_walk_item(struct folio *folio, struct ksm_rmap_item *rmap_item,
			   struct rmap_walk_control *rwc, bool search_new_forks)
	__no_lock_analysis("anon_vma read lock, by trylock first")
{
	const unsigned long addr = data_race(rmap_item->address) & PAGE_MASK;
	const unsigned long index = rmap_item->linear_page_index;
	struct anon_vma *anon_vma = rmap_item->anon_vma;
	struct anon_vma_chain *vmac;
	bool go_on = true;

	cond_resched();
	if (!anon_vma_trylock_read(anon_vma)) {
		PATH("rmap_walk_ksm: anon_vma trylock failed");
		if (rwc->try_lock) {
			rwc->contended = true;
			return false;
		}
		anon_vma_lock_read(anon_vma);
	}
	list_for_each_entry(vmac, &anon_vma->avcs, same_anon_vma) {
		struct vm_area_struct *vma = vmac->vma;

		if (vma_anon_address(vma, index, 1) == (unsigned long)-EFAULT)
			continue; /* the kernel's tree is asked for that index alone */
		cond_resched();
		if (addr < vma->vm_start || addr >= vma->vm_end)
			continue;
		if ((rmap_item->mm == vma->vm_mm) == search_new_forks)
			continue;
		if (rwc->invalid_vma && rwc->invalid_vma(vma, rwc->arg))
			continue;
		if (!rwc->rmap_one(folio, vma, addr, rwc->arg) ||
		    (rwc->done && rwc->done(folio))) {
			go_on = false;
			break;
		}
	}
	anon_vma_unlock_read(anon_vma);
	return go_on;
}

void rmap_walk_ksm(struct folio *folio, struct rmap_walk_control *rwc)
{
	struct ksm_stable_node *stable_node;
	struct ksm_rmap_item *rmap_item;
	int search_new_forks;

	VM_BUG_ON(!folio_peek_ksm(folio));
	VM_BUG_ON(!folio_peek_locked(folio));
	stable_node = folio_stable_node(folio);
	if (!stable_node)
		return;
	for (search_new_forks = 0; search_new_forks < 2; search_new_forks++) {
		hlist_for_each_entry(rmap_item, &stable_node->hlist, hlist)
			if (!rmap_walk_item(folio, rmap_item, rwc, search_new_forks))
				return;
	}
}
