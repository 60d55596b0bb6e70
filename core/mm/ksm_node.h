/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: the structures of mm/ksm.c; inside of core/mm and for the checkers.
 *
 *	ksm_mm_head -> ksm_mm_slot (one an mm) -> rmap_items by address
 *	stable tree: ksm_stable_node (one a KSM folio) -> rmap_items that map it;
 *	             nodes with the same contents form a chain, one is in the tree
 *	unstable tree: rmap_items of pages not merged yet; rebuilt in every pass
 */
#ifndef CORE_MM_KSM_NODE_H
#define CORE_MM_KSM_NODE_H

#include "core/mm/mm.h"
#include "core/page/page.h"

struct ksm_rmap_item;

struct ksm_mm_slot {
	struct list_head mm_node;        /* ksm_mmlist_lock */
	struct mm_struct *mm;            /* one mm_count reference */
	struct ksm_rmap_item *rmap_list; /* by address; ksm_thread_mutex, and see __ksm_exit() */
};

struct ksm_scan {
	struct ksm_mm_slot *mm_slot;     /* the cursor; ksm_mmlist_lock + ksm_thread_mutex */
	unsigned long address;           /* next address to look at; ksm_thread_mutex */
	struct ksm_rmap_item **rmap_list;
	unsigned long seqnr;             /* number of full passes */
};

/* The folio's mapping points here; no reference is held on the folio. */
struct ksm_stable_node {
	struct rb_node node;             /* while in_tree; ksm_thread_mutex */
	struct list_head chain;          /* nodes with the same contents; ksm_thread_mutex */
	bool in_tree;                    /* the one of the chain that stands in the tree */
	struct hlist_head hlist;         /* rmap_items; the KSM folio's lock */
	unsigned long kpfn;              /* marked: migration would change it */
	int rmap_hlist_len;
};

struct ksm_rmap_item {
	struct ksm_rmap_item *rmap_list;
	struct anon_vma *anon_vma;       /* with a reference, while stable */
	struct mm_struct *mm;
	unsigned long address;           /* and the flags below in its low bits */
	/* One place for both, so that an item that leaves the stable tree has forgotten the
	 * checksum: its page waits for another pass before it is merged again. */
	union {
		unsigned int oldchecksum;
		unsigned long linear_page_index; /* of the page at its merge, while stable */
	};
	struct rb_node node;             /* while unstable */
	struct ksm_stable_node *head;    /* while stable */
	struct hlist_node hlist;
};

#define SEQNR_MASK 0x0ffUL    /* low bits of the pass that put it into the unstable tree */
#define UNSTABLE_FLAG 0x100UL
#define STABLE_FLAG 0x200UL

extern struct ksm_scan ksm_scan;
extern struct ksm_mm_slot ksm_mm_head;
extern spinlock_t ksm_mmlist_lock;
extern struct mutex ksm_thread_mutex;
extern struct rb_root root_stable_tree, root_unstable_tree; /* ksm_thread_mutex */
extern unsigned long ksm_pages_shared, ksm_pages_sharing, ksm_pages_unshared;

static inline bool ksm_test_exit(struct mm_struct *mm)
{
	return atomic_read(&mm->mm_users) == 0;
}

/* ---- ksm_tree.c; all under ksm_thread_mutex ------------------------------------- */

enum ksm_get_folio_flags { KSM_GET_FOLIO_NOLOCK, KSM_GET_FOLIO_LOCK, KSM_GET_FOLIO_TRYLOCK };

struct ksm_rmap_item *ksm_alloc_rmap_item(void);
void ksm_free_rmap_item(struct ksm_rmap_item *rmap_item);
/* The folio of a stable node with a reference (and locked); NULL: it is gone and
 * so is the node; ERR_PTR(-EBUSY): trylock failed. */
struct folio *ksm_get_folio(struct ksm_stable_node *stable_node, enum ksm_get_folio_flags flags);
void remove_rmap_item_from_tree(struct ksm_rmap_item *rmap_item);
void remove_trailing_rmap_items(struct ksm_rmap_item **rmap_list);
void folio_set_stable_node(struct folio *folio, struct ksm_stable_node *stable_node);
/* A KSM folio with the contents of page, with a reference, or NULL, or -EBUSY. */
struct folio *stable_tree_search(struct page *page);
/* kfolio locked. NULL: no memory. */
struct ksm_stable_node *stable_tree_insert(struct folio *kfolio);
/* kfolio locked. */
void stable_tree_append(struct ksm_rmap_item *rmap_item, struct ksm_stable_node *stable_node);
/* An item with a page like this one, *tree_page with a reference; else NULL, and
 * the item is in the tree unless something changed meanwhile. */
struct ksm_rmap_item *unstable_tree_search_insert(struct ksm_rmap_item *rmap_item,
						  struct page *page, struct page **tree_page);

/* ---- ksm_merge.c ------------------------------------------------------------------- */

/* The vma of addr if KSM may work on it; mmap_lock held. */
struct vm_area_struct *find_mergeable_vma(struct mm_struct *mm, unsigned long addr);
/* Unshares every KSM page of [addr, end); mmap_lock held. 0, -ENOMEM, -EINTR. */
int break_ksm(struct vm_area_struct *vma, unsigned long addr, unsigned long end);
/* Undoes a merge whose item is not in the stable tree. No lock held. */
void break_cow(struct ksm_rmap_item *rmap_item);
/* The anonymous page that is mapped at the item's address, with a reference. */
struct page *get_mergeable_page(struct ksm_rmap_item *rmap_item);
/* 0 merged, -EFAULT not. kpage NULL: page itself becomes the KSM page. */
int try_to_merge_with_ksm_page(struct ksm_rmap_item *rmap_item, struct page *page,
			       struct page *kpage);
struct folio *try_to_merge_two_pages(struct ksm_rmap_item *rmap_item, struct page *page,
				     struct ksm_rmap_item *tree_rmap_item,
				     struct page *tree_page);

#endif
