/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/rmap.c (anon_vma_alloc, anon_vma_free, __anon_vma_prepare,
 * anon_vma_clone, anon_vma_fork, unlink_anon_vmas, folio_get_anon_vma,
 * folio_lock_anon_vma_read).
 * The interval tree is a list: a tree holds a handful of vmas. An anon_vma is
 * freed to a type-stable slab: under RCU a reader may take the rwsem of one
 * that was freed, or that is another by now, and must then look at the folio's
 * mapcount again.
 * Left out: reuse of a neighbour's anon_vma (find_mergeable_anon_vma).
 * Locking: mmap_lock, then root->rwsem, then mm->page_table_lock.
 */
#include "core/mm/mm.h"
#include "core/page/folio.h"

static void anon_vma_ctor(void *data)
{
	struct anon_vma *anon_vma = data;

	init_rwsem(&anon_vma->rwsem);
	atomic_set(&anon_vma->refcount, 0);
	INIT_LIST_HEAD(&anon_vma->avcs);
}

static struct kmem_cache anon_vma_cachep __world = {
	.name = "anon_vma",
	.size = sizeof(struct anon_vma),
	.flags = SLAB_TYPESAFE_BY_RCU,
	.ctor = anon_vma_ctor, /* of fresh memory alone: a reader may hold the rwsem */
};
WORLD_NAME(anon_vma_cachep);
static DEFINE_KMEM_CACHE(anon_vma_chain_cachep, struct anon_vma_chain, "avc");

static struct anon_vma *anon_vma_alloc(void)
{
	struct anon_vma *anon_vma = kmem_cache_alloc(&anon_vma_cachep, GFP_KERNEL);

	if (anon_vma) {
		atomic_set(&anon_vma->refcount, 1);
		anon_vma->num_children = 0;
		anon_vma->num_active_vmas = 0;
		WRITE_ONCE(anon_vma->parent, anon_vma);
		WRITE_ONCE(anon_vma->root, anon_vma);
	}
	return anon_vma;
}

/*
 * Pairs with folio_lock_anon_vma_read(): it takes the rwsem by trylock and then
 * looks at the mapcount; here the count went to 0, then the rwsem is looked at.
 * Whoever holds it may still be using the anon_vma, so wait for him.
 */
static void anon_vma_free(struct anon_vma *anon_vma)
{
	BUG_ON(atomic_read(&anon_vma->refcount) != 0);
	BUG_ON(!list_empty(&anon_vma->avcs));
	might_sleep();
	if (rwsem_is_locked(&anon_vma->root->rwsem)) {
		PATH("anon_vma_free_waits");
		anon_vma_lock_write(anon_vma);
		anon_vma_unlock_write(anon_vma);
	}
	kmem_cache_free(&anon_vma_cachep, anon_vma);
}

void get_anon_vma(struct anon_vma *anon_vma)
{
	atomic_inc(&anon_vma->refcount);
}

static void __put_anon_vma(struct anon_vma *anon_vma)
{
	struct anon_vma *root = anon_vma->root;

	anon_vma_free(anon_vma);
	if (root != anon_vma && atomic_dec_and_test(&root->refcount))
		anon_vma_free(root);
}

void put_anon_vma(struct anon_vma *anon_vma)
{
	if (atomic_dec_and_test(&anon_vma->refcount))
		__put_anon_vma(anon_vma);
}

static void anon_vma_chain_assign(struct vm_area_struct *vma, struct anon_vma_chain *avc,
				  struct anon_vma *anon_vma)
{
	avc->vma = vma;
	avc->anon_vma = anon_vma;
	list_add(&avc->same_vma, &vma->anon_vma_chain);
}

/* Lets rmap walks see it; root->rwsem held for write. */
static void anon_vma_tree_insert(struct anon_vma_chain *avc, struct anon_vma *anon_vma)
{
	lockdep_assert_held_write(&anon_vma->root->rwsem);
	list_add_tail(&avc->same_anon_vma, &anon_vma->avcs);
}

int __anon_vma_prepare(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct anon_vma *anon_vma, *allocated;
	struct anon_vma_chain *avc;

	mmap_assert_locked(mm);
	might_sleep();

	avc = kmem_cache_alloc(&anon_vma_chain_cachep, GFP_KERNEL);
	if (!avc)
		return -ENOMEM;
	anon_vma = anon_vma_alloc();
	if (!anon_vma) {
		kmem_cache_free(&anon_vma_chain_cachep, avc);
		return -ENOMEM;
	}
	anon_vma->num_children++; /* a root is its own child */
	allocated = anon_vma;

	/* New as it is, an optimistic reader may hold its rwsem. */
	anon_vma_lock_write(anon_vma);
	spin_lock(&mm->page_table_lock); /* other faults hold mmap_lock as well */
	if (likely(!vma->anon_vma)) {
		smp_store_release(&vma->anon_vma, anon_vma);
		anon_vma_chain_assign(vma, avc, anon_vma);
		anon_vma_tree_insert(avc, anon_vma);
		anon_vma->num_active_vmas++;
		allocated = NULL;
		avc = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	anon_vma_unlock_write(anon_vma);

	if (unlikely(allocated)) {
		PATH("anon_vma_prepare_lost");
		put_anon_vma(allocated);
	}
	if (unlikely(avc))
		kmem_cache_free(&anon_vma_chain_cachep, avc);
	return 0;
}

/* The avcs exist but no walk sees them yet: free them. */
static void cleanup_partial_anon_vmas(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc, *next;

	list_for_each_entry_safe(avc, next, &vma->anon_vma_chain, same_vma) {
		list_del(&avc->same_vma);
		kmem_cache_free(&anon_vma_chain_cachep, avc);
	}
	vma->anon_vma = NULL; /* a split's new vma has the old one's */
}

/* fork: takes over an ancestor's anon_vma that has lost its own vma and has at
 * most one child, so that a chain of forks doesn't grow without end. */
static void maybe_reuse_anon_vma(struct vm_area_struct *dst, struct anon_vma *anon_vma)
{
	if (dst->anon_vma)
		return;
	if (anon_vma->num_active_vmas > 0 || anon_vma->num_children > 1)
		return;
	PATH("anon_vma_reused");
	WRITE_ONCE(dst->anon_vma, anon_vma);
	anon_vma->num_active_vmas++;
}

/* is_fork: dst gets an anon_vma of its own; else it shares src's (a split). */
static int __anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src, bool is_fork)
{
	struct anon_vma *active = src->anon_vma;
	struct anon_vma_chain *avc, *pavc;

	mmap_assert_write_locked(src->vm_mm);
	VM_WARN_ON_ONCE(!active && !list_empty(&src->anon_vma_chain));
	VM_WARN_ON_ONCE(!list_empty(&dst->anon_vma_chain));
	VM_WARN_ON_ONCE(dst->anon_vma && dst->anon_vma != active);
	if (!active)
		return 0;

	list_for_each_entry(pavc, &src->anon_vma_chain, same_vma) {
		avc = kmem_cache_alloc(&anon_vma_chain_cachep, GFP_KERNEL);
		if (!avc) {
			cleanup_partial_anon_vmas(dst);
			return -ENOMEM;
		}
		anon_vma_chain_assign(dst, avc, pavc->anon_vma);
	}

	/* All of them share one root. */
	anon_vma_lock_write(active);
	list_for_each_entry_reverse(avc, &dst->anon_vma_chain, same_vma) {
		anon_vma_tree_insert(avc, avc->anon_vma);
		if (is_fork)
			maybe_reuse_anon_vma(dst, avc->anon_vma);
	}
	if (!is_fork)
		dst->anon_vma->num_active_vmas++;
	anon_vma_unlock_write(active);
	return 0;
}

int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	return __anon_vma_clone(dst, src, false);
}

int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma)
{
	struct anon_vma_chain *avc;
	struct anon_vma *anon_vma;
	int rc;

	if (!pvma->anon_vma)
		return 0;
	vma->anon_vma = NULL; /* not the parent's */

	anon_vma = anon_vma_alloc();
	if (!anon_vma)
		return -ENOMEM;
	avc = kmem_cache_alloc(&anon_vma_chain_cachep, GFP_KERNEL);
	if (!avc) {
		put_anon_vma(anon_vma);
		return -ENOMEM;
	}

	/* First the parent's anon_vmas: rmap finds the pages that fork shares. */
	rc = __anon_vma_clone(vma, pvma, true);
	if (rc || vma->anon_vma) {
		put_anon_vma(anon_vma);
		kmem_cache_free(&anon_vma_chain_cachep, avc);
		return rc;
	}

	anon_vma->num_active_vmas = 1;
	/* The lock lives in the root, which must outlive this one. */
	WRITE_ONCE(anon_vma->root, pvma->anon_vma->root);
	anon_vma->parent = pvma->anon_vma;
	get_anon_vma(anon_vma->root);
	WRITE_ONCE(vma->anon_vma, anon_vma);
	anon_vma_chain_assign(vma, avc, anon_vma);
	anon_vma_lock_write(anon_vma);
	anon_vma_tree_insert(avc, anon_vma);
	anon_vma->parent->num_children++;
	anon_vma_unlock_write(anon_vma);
	return 0;
}

void unlink_anon_vmas(struct vm_area_struct *vma)
{
	struct anon_vma *active = vma->anon_vma;
	struct anon_vma_chain *avc, *next;

	mmap_assert_locked(vma->vm_mm);
	if (!active) {
		VM_WARN_ON_ONCE(!list_empty(&vma->anon_vma_chain));
		return;
	}

	/* Newest first, the root's last. */
	anon_vma_lock_write(active);
	list_for_each_entry_safe(avc, next, &vma->anon_vma_chain, same_vma) {
		struct anon_vma *anon_vma = avc->anon_vma;

		list_del(&avc->same_anon_vma);
		if (list_empty(&anon_vma->avcs)) {
			/* Freed below: that takes the lock we hold. */
			anon_vma->parent->num_children--;
			continue;
		}
		list_del(&avc->same_vma);
		kmem_cache_free(&anon_vma_chain_cachep, avc);
	}
	active->num_active_vmas--;
	WRITE_ONCE(vma->anon_vma, NULL);
	anon_vma_unlock_write(active);

	list_for_each_entry_safe(avc, next, &vma->anon_vma_chain, same_vma) {
		struct anon_vma *anon_vma = avc->anon_vma;

		VM_WARN_ON_ONCE(anon_vma->num_children != 0);
		VM_WARN_ON_ONCE(anon_vma->num_active_vmas != 0);
		put_anon_vma(anon_vma);
		list_del(&avc->same_vma);
		kmem_cache_free(&anon_vma_chain_cachep, avc);
	}
}

/* ---- from a folio -------------------------------------------------------------------- */

struct anon_vma *folio_get_anon_vma(const struct folio *folio)
{
	struct anon_vma *anon_vma = NULL;

	VM_WARN_ON_ONCE(!folio_peek_locked(folio));
	rcu_read_lock();
	anon_vma = folio_anon_vma(folio);
	if (!anon_vma)
		goto out;
	if (!folio_mapped(folio)) {
		anon_vma = NULL;
		goto out;
	}
	if (!atomic_inc_not_zero(&anon_vma->refcount)) {
		PATH("get_anon_vma_gone");
		anon_vma = NULL;
		goto out;
	}
	/* Unmapped meanwhile: what we hold may be another folio's by now. */
	if (!folio_mapped(folio)) {
		PATH("get_anon_vma_unmapped");
		rcu_read_unlock();
		put_anon_vma(anon_vma);
		return NULL;
	}
out:
	rcu_read_unlock();
	return anon_vma;
}

struct anon_vma *folio_lock_anon_vma_read(const struct folio *folio,
					  struct rmap_walk_control *rwc)
	__no_lock_analysis("returns with the rwsem held unless NULL")
{
	struct anon_vma *anon_vma = NULL;
	struct anon_vma *root;

	VM_WARN_ON_ONCE(!folio_peek_locked(folio));
	rcu_read_lock();
	anon_vma = folio_anon_vma(folio);
	if (!anon_vma)
		goto out;
	if (!folio_mapped(folio)) {
		anon_vma = NULL;
		goto out;
	}

	root = READ_ONCE(anon_vma->root);
	if (down_read_trylock(&root->rwsem)) {
		/* Still mapped: it is still the folio's, and stays while locked. */
		if (!folio_mapped(folio)) {
			PATH("lock_anon_vma_unmapped");
			up_read(&root->rwsem);
			anon_vma = NULL;
		}
		goto out;
	}
	if (rwc && rwc->try_lock) {
		PATH("lock_anon_vma_contended");
		anon_vma = NULL;
		rwc->contended = true;
		goto out;
	}

	/* Sleeping needs a reference. */
	PATH("lock_anon_vma_sleeps");
	if (!atomic_inc_not_zero(&anon_vma->refcount)) {
		anon_vma = NULL;
		goto out;
	}
	if (!folio_mapped(folio)) {
		rcu_read_unlock();
		put_anon_vma(anon_vma);
		return NULL;
	}
	rcu_read_unlock();
	anon_vma_lock_read(anon_vma);
	if (atomic_dec_and_test(&anon_vma->refcount)) {
		/* Ours was the last: put_anon_vma() would wait for our own lock. */
		PATH("lock_anon_vma_last_ref");
		anon_vma_unlock_read(anon_vma);
		__put_anon_vma(anon_vma);
		anon_vma = NULL;
	}
	return anon_vma;
out:
	rcu_read_unlock();
	return anon_vma;
}
