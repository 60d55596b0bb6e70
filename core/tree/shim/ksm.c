// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The tree's own mm/ksm.c, with ways in to what ksmd and /sys/kernel/mm/ksm do.
 * The build compiles this file in the place of mm/ksm.c.
 * A page's contents are its first words, so the checksum goes over those.
 * Left out: the thread, its advisor, NUMA trees, smart scan.
 */
#include <linux/init.h>
#include <linux/xxhash.h>

#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"

/* What a page of WORLD_CHECKSUM_ZERO comes to before this is taken away. */
#define HASH_OFFSET 0x5ea2c54ba1569ec6UL

/* Two events a page, so that a checksum can be torn; marked, as the hardware's
 * stores beside it are. */
static noinline u64 shim_page_hash(const void *page)
{
	const unsigned long *word = page;
	u64 hash = 0;
	int i;

	for (i = 0; i < SEAM_PAGE_WORDS; i++) {
		if (i % (SEAM_PAGE_WORDS / 2) == 0)
			seam_point(_RET_IP_, SEAM_COPY, word + i, sizeof(*word));
		hash = (hash ^ __atomic_load_n(word + i, __ATOMIC_RELAXED)) *
		       0x9e3779b97f4a7c15UL;
		hash ^= hash >> 29;
	}
	return hash ^ HASH_OFFSET;
}

/* Each function in a section of its own, so that the link drops what nobody calls. */
#undef __init
#define __init
#define xxhash(input, length, seed) shim_page_hash(input)

#include "mm/ksm.c"

static unsigned int ksmd_begin(void)
{
	unsigned int flags = shim_kthread_begin();

	mutex_lock(&ksm_thread_mutex);
	return flags;
}

static void ksmd_end(unsigned int flags)
{
	mutex_unlock(&ksm_thread_mutex);
	shim_kthread_end(flags);
}

int shim_ksm_init(void)
{
	zero_checksum = calc_checksum(ZERO_PAGE(0));
	ksm_run = KSM_RUN_MERGE;
	/* An administrator's choice, as in fuzz/kernel/ksmd.c: an old item is not skipped, so
	 * what a pass merges does not depend on how many passes there were. */
	ksm_smart_scan = false;
	return ksm_slab_init();
}

void shim_ksm_scan(unsigned int n)
{
	unsigned int flags = ksmd_begin();

	ksm_do_scan(n);
	ksmd_end(flags);
}

/* A scan ends with its pass, however many pages it may look at. */
void shim_ksm_pass(void)
{
	shim_ksm_scan(UINT_MAX);
}

/* Looking for a node's folio frees the node if the folio is gone. */
static void prune_node(struct ksm_stable_node *node)
{
	struct folio *folio = ksm_get_folio(node, KSM_GET_FOLIO_NOLOCK);

	if (folio)
		folio_put(folio);
}

static void prune_chain(struct ksm_stable_node *chain, struct rb_root *root)
{
	struct ksm_stable_node *dup;
	struct hlist_node *next;

	hlist_for_each_entry_safe(dup, next, &chain->hlist, hlist_dup)
		prune_node(dup);
	if (hlist_empty(&chain->hlist))
		free_stable_node_chain(chain, root);
}

/* ksmd prunes stale nodes only when it comes by: for tear-down. */
void shim_ksm_prune(void)
{
	unsigned int flags = ksmd_begin();
	struct rb_node *rb, *next;

	for (rb = rb_first(root_stable_tree); rb; rb = next) {
		struct ksm_stable_node *node = rb_entry(rb, struct ksm_stable_node, node);

		next = rb_next(rb);
		if (is_stable_node_chain(node))
			prune_chain(node, root_stable_tree);
		else
			prune_node(node);
	}
	ksmd_end(flags);
}

int shim_ksm_unmerge(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	int err = 0;
	VMA_ITERATOR(vmi, mm, start);

	mmap_read_lock(mm);
	for_each_vma_range(vmi, vma, end) {
		if (!(vma->vm_flags & VM_MERGEABLE) || !vma->anon_vma)
			continue;
		err = break_ksm(vma, max(start, vma->vm_start), min(end, vma->vm_end), false);
		if (err)
			break;
	}
	mmap_read_unlock(mm);
	return err;
}

void shim_ksm_counters(long *shared, long *sharing)
{
	*shared = (long)ksm_pages_shared;
	*sharing = (long)ksm_pages_sharing;
}
