// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * KSM: ksmd's walk over all mergeable memory, and how mms come and go.
 * Models: mm/ksm.c (scan_get_next_rmap_item, cmp_and_merge_page, ksm_madvise,
 * __ksm_enter, __ksm_exit).
 * Left out: smart scan, the advisor, sysfs, hash of slots (6 mms: the list).
 * Locking: ksm_thread_mutex is ksmd; ksm_mmlist_lock the list of slots and the
 * cursor; mmap_lock for read keeps an mm's page tables while it is scanned.
 */
#include "core/mm/ksm.h"

#include "core/mm/ksm_node.h"

struct ksm_mm_slot ksm_mm_head __world = {
	.mm_node = LIST_HEAD_INIT(ksm_mm_head.mm_node),
};
WORLD_NAME(ksm_mm_head);
struct ksm_scan ksm_scan __world = { .mm_slot = &ksm_mm_head };
WORLD_NAME(ksm_scan);
DEFINE_SPINLOCK(ksm_mmlist_lock);
DEFINE_MUTEX(ksm_thread_mutex);

static DEFINE_KMEM_CACHE(mm_slot_cache, struct ksm_mm_slot, "ksm_mm_slot");

/* ---- mms come and go -------------------------------------------------------------- */

static struct ksm_mm_slot *mm_slot_lookup(struct mm_struct *mm)
{
	struct ksm_mm_slot *slot;

	lockdep_assert_held(&ksm_mmlist_lock);
	list_for_each_entry(slot, &ksm_mm_head.mm_node, mm_node)
		if (slot->mm == mm)
			return slot;
	return NULL;
}

int __ksm_enter(struct mm_struct *mm)
{
	struct ksm_mm_slot *slot = kmem_cache_zalloc(&mm_slot_cache, GFP_KERNEL);

	if (!slot)
		return -ENOMEM;
	slot->mm = mm;
	spin_lock(&ksm_mmlist_lock);
	/* Just behind the cursor: a new area may settle for a whole pass. */
	list_add_tail(&slot->mm_node, &ksm_scan.mm_slot->mm_node);
	spin_unlock(&ksm_mmlist_lock);

	set_bit(MMF_VM_MERGEABLE, &mm->flags);
	mmgrab(mm);
	return 0;
}

void __ksm_exit(struct mm_struct *mm)
{
	struct ksm_mm_slot *slot;
	bool easy_to_free = false;

	might_sleep();
	spin_lock(&ksm_mmlist_lock);
	slot = mm_slot_lookup(mm);
	if (slot && ksm_scan.mm_slot != slot) {
		if (!slot->rmap_list) {
			list_del(&slot->mm_node);
			easy_to_free = true;
		} else {
			PATH("ksm_exit: left for ksmd");
			list_move(&slot->mm_node, &ksm_scan.mm_slot->mm_node);
		}
	} else if (slot) {
		PATH("ksm_exit: at the cursor");
	}
	spin_unlock(&ksm_mmlist_lock);

	if (easy_to_free) {
		kmem_cache_free(&mm_slot_cache, slot);
		clear_bit(MMF_VM_MERGEABLE, &mm->flags);
		mmdrop(mm);
	} else if (slot) {
		/* ksmd may be inside, with mmap_lock for read: page tables go after
		 * it has let go; then it sees that mm_users is 0. */
		mmap_write_lock(mm);
		mmap_write_unlock(mm);
	}
}

int ksm_madvise(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool mergeable,
		unsigned long *vm_flags)
{
	struct mm_struct *mm = vma->vm_mm;
	int err;

	mmap_assert_write_locked(mm);
	if (mergeable) {
		if (vma->vm_flags & (VM_MERGEABLE | VM_SHARED | VM_DROPPABLE))
			return 0;
		if (!test_bit(MMF_VM_MERGEABLE, &mm->flags)) {
			err = __ksm_enter(mm);
			if (err)
				return err;
		}
		*vm_flags |= VM_MERGEABLE;
		return 0;
	}
	if (!(*vm_flags & VM_MERGEABLE))
		return 0;
	if (vma->anon_vma) {
		err = break_ksm(vma, start, end);
		if (err)
			return err;
	}
	*vm_flags &= ~VM_MERGEABLE;
	return 0;
}

int ksm_unmerge_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	int err = 0;

	mutex_lock(&ksm_thread_mutex);
	mmap_read_lock(mm);
	for_each_vma(mm, vma) {
		unsigned long from = max(start, vma->vm_start), to = min(end, vma->vm_end);

		if (from >= to || !(vma->vm_flags & VM_MERGEABLE) || !READ_ONCE(vma->anon_vma))
			continue;
		err = break_ksm(vma, from, to);
		if (err)
			break;
	}
	mmap_read_unlock(mm);
	mutex_unlock(&ksm_thread_mutex);
	return err;
}

/* ---- one page ------------------------------------------------------------------------ */

/* The page's contents are nowhere in the stable tree: look in the unstable one. */
static void merge_with_unstable(struct page *page, struct ksm_rmap_item *rmap_item)
{
	struct ksm_rmap_item *tree_rmap_item;
	struct ksm_stable_node *stable_node;
	struct page *tree_page = NULL;
	struct folio *kfolio;

	tree_rmap_item = unstable_tree_search_insert(rmap_item, page, &tree_page);
	if (!tree_rmap_item)
		return;
	kfolio = try_to_merge_two_pages(rmap_item, page, tree_rmap_item, tree_page);
	folio_put(page_folio(tree_page));
	if (!kfolio)
		return;
	folio_lock(kfolio);
	stable_node = stable_tree_insert(kfolio);
	if (stable_node) {
		stable_tree_append(tree_rmap_item, stable_node);
		stable_tree_append(rmap_item, stable_node);
	}
	folio_unlock(kfolio);
	if (!stable_node) {
		/* A KSM page outside of the stable tree, with two mappings. */
		PATH("ksm: no stable node, break both");
		break_cow(tree_rmap_item);
		break_cow(rmap_item);
	}
}

static void cmp_and_merge_page(struct page *page, struct ksm_rmap_item *rmap_item)
{
	struct folio *folio = page_folio(page), *kfolio;
	struct ksm_stable_node *stable_node = folio_stable_node(folio);
	u32 checksum;

	if (stable_node) {
		if (rmap_item->head == stable_node) {
			WARN_NAMED(!(rmap_item->address & STABLE_FLAG),
				   "KSM item is taken for one of a later node");
			return; /* merged already */
		}
	} else {
		remove_rmap_item_from_tree(rmap_item);
		/* A page that changes from pass to pass isn't worth it. */
		checksum = page_checksum(page);
		if (rmap_item->oldchecksum != checksum) {
			rmap_item->oldchecksum = checksum;
			return;
		}
	}
	kfolio = stable_tree_search(page);
	if (kfolio == folio && rmap_item->head == stable_node) {
		folio_put(kfolio);
		return;
	}
	remove_rmap_item_from_tree(rmap_item);
	if (IS_ERR(kfolio)) {
		PATH("ksm: stable folio is locked");
		return;
	}
	if (!kfolio) {
		merge_with_unstable(page, rmap_item);
		return;
	}
	if (!try_to_merge_with_ksm_page(rmap_item, page, folio_page(kfolio, 0))) {
		folio_lock(kfolio);
		stable_tree_append(rmap_item, folio_stable_node(kfolio));
		folio_unlock(kfolio);
	}
	folio_put(kfolio);
}

/* ---- the walk --------------------------------------------------------------------------- */

/* The item of addr in the slot's list, at *rmap_list; items before it are of
 * memory that is no longer there. NULL: no memory. */
static struct ksm_rmap_item *get_next_rmap_item(struct ksm_mm_slot *mm_slot,
						struct ksm_rmap_item **rmap_list,
						unsigned long addr)
{
	struct ksm_rmap_item *rmap_item;

	while (*rmap_list) {
		rmap_item = *rmap_list;
		if ((rmap_item->address & PAGE_MASK) == addr)
			return rmap_item;
		if (rmap_item->address > addr)
			break;
		*rmap_list = rmap_item->rmap_list;
		remove_rmap_item_from_tree(rmap_item);
		ksm_free_rmap_item(rmap_item);
	}
	rmap_item = ksm_alloc_rmap_item();
	if (rmap_item) {
		rmap_item->mm = mm_slot->mm;
		rmap_item->address = addr;
		rmap_item->rmap_list = *rmap_list;
		*rmap_list = rmap_item;
	}
	return rmap_item;
}

/* First present anonymous page in [*addr, end), with a reference, and its address;
 * NULL: none. mmap_lock held for read. */
static struct page *ksm_next_page(struct vm_area_struct *vma, unsigned long *addr,
				  unsigned long end)
	__no_lock_analysis("the PTL is found by pte_offset_map_lock()")
{
	for (; *addr < end; *addr += PAGE_SIZE) {
		struct folio *folio = NULL;
		spinlock_t *ptl;
		pte_t *pte = pte_offset_map_lock(vma->vm_mm, *addr, &ptl);

		if (!pte)
			continue;
		if (pte_present(ptep_get(pte)))
			folio = vm_normal_folio(vma, *addr, ptep_get(pte));
		if (folio && folio_test_anon(folio))
			folio_get(folio);
		else
			folio = NULL;
		pte_unmap_unlock(pte, ptl);
		if (folio)
			return folio_page(folio, 0);
	}
	return NULL;
}

/* Next page of this mm from the cursor on, with its item; NULL: the mm is done
 * (*page NULL) or no memory. mmap_lock held for read. */
static struct ksm_rmap_item *scan_mm(struct ksm_mm_slot *mm_slot, struct page **page)
{
	struct mm_struct *mm = mm_slot->mm;
	struct vm_area_struct *vma;

	*page = NULL;
	for_each_vma(mm, vma) {
		if (vma->vm_end <= ksm_scan.address || !(vma->vm_flags & VM_MERGEABLE))
			continue;
		if (ksm_scan.address < vma->vm_start)
			ksm_scan.address = vma->vm_start;
		if (!READ_ONCE(vma->anon_vma))
			ksm_scan.address = vma->vm_end;
		while (ksm_scan.address < vma->vm_end) {
			struct ksm_rmap_item *rmap_item;

			if (ksm_test_exit(mm))
				return NULL;
			*page = ksm_next_page(vma, &ksm_scan.address, vma->vm_end);
			if (!*page)
				break;
			rmap_item = get_next_rmap_item(mm_slot, ksm_scan.rmap_list,
						       ksm_scan.address);
			if (rmap_item) {
				ksm_scan.rmap_list = &rmap_item->rmap_list;
				ksm_scan.address += PAGE_SIZE;
			} else {
				PATH("ksm: no memory for an item");
				folio_put(page_folio(*page));
			}
			return rmap_item;
		}
	}
	return NULL;
}

/* The cursor moves on; a slot whose mm has no mergeable memory any more, or is
 * exiting, is freed. Called and left with mmap_lock held and dropped. */
static void scan_leave_mm(struct ksm_mm_slot *mm_slot)
	__no_lock_analysis("drops mmap_lock for its caller")
{
	struct mm_struct *mm = mm_slot->mm;

	if (ksm_test_exit(mm)) {
		PATH("ksm: mm is exiting");
		ksm_scan.address = 0;
		ksm_scan.rmap_list = &mm_slot->rmap_list;
	}
	/* Items above have no mergeable vma. */
	remove_trailing_rmap_items(ksm_scan.rmap_list);

	spin_lock(&ksm_mmlist_lock);
	ksm_scan.mm_slot = list_entry(mm_slot->mm_node.next, struct ksm_mm_slot, mm_node);
	if (ksm_scan.address == 0) {
		/* A whole scan under one hold of mmap_lock found nothing mergeable:
		 * as __ksm_exit(), which may or may not have been here. */
		list_del(&mm_slot->mm_node);
		spin_unlock(&ksm_mmlist_lock);
		kmem_cache_free(&mm_slot_cache, mm_slot);
		clear_bit(MMF_VM_MERGEABLE, &mm->flags);
		mmap_read_unlock(mm);
		mmdrop(mm);
	} else {
		/* mmap_lock first: once the spinlock is dropped __ksm_exit() may free
		 * the slot and the mm with it. */
		mmap_read_unlock(mm);
		spin_unlock(&ksm_mmlist_lock);
	}
}

static struct ksm_rmap_item *scan_get_next_rmap_item(struct page **page)
	__no_lock_analysis("scan_leave_mm() drops mmap_lock")
{
	struct ksm_mm_slot *mm_slot = ksm_scan.mm_slot;

	lockdep_assert_held(&ksm_thread_mutex);
	if (mm_slot == &ksm_mm_head) {
		if (data_race(list_empty(&ksm_mm_head.mm_node)))
			return NULL;
		/* Batches hold references that would keep pages from being merged. */
		lru_add_drain_all();
		root_unstable_tree = RB_ROOT;
		spin_lock(&ksm_mmlist_lock);
		mm_slot = list_entry(ksm_mm_head.mm_node.next, struct ksm_mm_slot, mm_node);
		ksm_scan.mm_slot = mm_slot;
		spin_unlock(&ksm_mmlist_lock);
		if (mm_slot == &ksm_mm_head) {
			PATH("ksm: last mm left meanwhile");
			return NULL;
		}
		ksm_scan.address = 0;
		ksm_scan.rmap_list = &mm_slot->rmap_list;
	}
	while (mm_slot != &ksm_mm_head) {
		struct mm_struct *mm = mm_slot->mm;

		mmap_read_lock(mm);
		if (!ksm_test_exit(mm)) {
			struct ksm_rmap_item *rmap_item = scan_mm(mm_slot, page);

			if (rmap_item || *page) {
				mmap_read_unlock(mm);
				return rmap_item;
			}
		}
		scan_leave_mm(mm_slot);
		mm_slot = ksm_scan.mm_slot;
		ksm_scan.address = 0;
		ksm_scan.rmap_list = &mm_slot->rmap_list;
	}
	ksm_scan.seqnr++;
	return NULL;
}

unsigned int ksm_do_scan(unsigned int scan_npages)
{
	/* ksmd is a kernel thread: no signal reaches it. */
	unsigned int signals = current->flags & (PF_MAY_SIGNAL | PF_SIGPENDING);
	struct ksm_rmap_item *rmap_item;
	unsigned int scanned = 0;
	struct page *page;

	current->flags &= ~signals;
	mutex_lock(&ksm_thread_mutex);
	while (scanned < scan_npages) {
		cond_resched();
		rmap_item = scan_get_next_rmap_item(&page);
		if (!rmap_item)
			break;
		cmp_and_merge_page(page, rmap_item);
		folio_put(page_folio(page));
		scanned++;
	}
	mutex_unlock(&ksm_thread_mutex);
	current->flags |= signals;
	return scanned;
}
