/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Models: mm/rmap.c (folio_add_new_anon_rmap, folio_add_anon_rmap_ptes,
 * folio_remove_rmap_ptes, folio_move_anon_rmap, rmap_walk, folio_referenced),
 * include/linux/rmap.h (folio_try_dup_anon_rmap_pte and _share_),
 * mm/page_vma_mapped.c (page_vma_mapped_walk).
 * Left out: file and pmd mappings, large folios, mlock, migration entries.
 * Locking: the PTL of the PTE guards each change of _mapcount and
 * AnonExclusive; folio lock guards folio->mapping and folio->index of a folio
 * that others may know; rmap walks hold the anon_vma root rwsem for read.
 */
#include "core/mm/ksm.h"
#include "core/mm/mm.h"
#include "core/page/folio.h"
#include "core/page/pgtable.h"

struct anon_vma *folio_anon_vma(const struct folio *folio)
{
	unsigned long mapping = READ_ONCE(folio->mapping);

	if ((mapping & FOLIO_MAPPING_FLAGS) != FOLIO_MAPPING_ANON)
		return NULL;
	return (struct anon_vma *)(uintptr_t)(mapping - FOLIO_MAPPING_ANON);
}

/* ---- adding and removing ------------------------------------------------------- */

/* The folio belongs to vma from now on, at address. */
static void __folio_set_anon(struct folio *folio, struct vm_area_struct *vma,
			     unsigned long address, bool exclusive)
{
	struct anon_vma *anon_vma = vma->anon_vma;

	BUG_ON(!anon_vma);
	/* A folio that may have other users belongs to the oldest anon_vma: all
	 * of them are found from there. */
	if (!exclusive)
		anon_vma = anon_vma->root;
	/* Pointer and tag in one store, for lock-free readers. */
	WRITE_ONCE(folio->mapping, (unsigned long)(uintptr_t)anon_vma + FOLIO_MAPPING_ANON);
	folio->index = linear_anon_page_index(vma, address);
}

static void __page_check_anon_rmap(const struct folio *folio, struct vm_area_struct *vma,
				   unsigned long address)
{
	unsigned long mapping = engine_load_relaxed(&folio->mapping) - FOLIO_MAPPING_ANON;
	struct anon_vma *anon_vma = (struct anon_vma *)(uintptr_t)mapping;

	WARN_NAMED(anon_vma->root != vma->anon_vma->root, "anon folio of another anon_vma");
	WARN_NAMED(folio->index != linear_anon_page_index(vma, address),
		   "anon folio at another index");
}

void folio_add_new_anon_rmap(struct folio *folio, struct vm_area_struct *vma,
			     unsigned long address, rmap_t flags)
{
	const bool exclusive = flags & RMAP_EXCLUSIVE;

	assert_ptl_held(vma->vm_mm, address);
	VM_WARN_ON_ONCE(!exclusive && !folio_peek_locked(folio));
	VM_WARN_ON_ONCE(address < vma->vm_start || address + PAGE_SIZE > vma->vm_end);
	WARN_NAMED(page_peek_mapcount(&folio->page[0]) > 0, "new anon folio is mapped");

	/* Droppable mappings never go to swap. */
	if (!folio_test_swapbacked(folio) && !(vma->vm_flags & VM_DROPPABLE))
		__folio_set_swapbacked(folio);
	__folio_set_anon(folio, vma, address, exclusive);
	atomic_set(&folio_page(folio, 0)->_mapcount, 0);
	if (exclusive)
		SetPageAnonExclusive(folio_page(folio, 0));
}

void folio_add_anon_rmap_pte(struct folio *folio, struct page *page, struct vm_area_struct *vma,
			     unsigned long address, rmap_t flags)
{
	assert_ptl_held(vma->vm_mm, address);
	VM_WARN_ON_ONCE(!folio_peek_anon(folio));
	/* So that it is not made a KSM folio meanwhile; one stays so for good. */
	VM_WARN_ON_ONCE(!folio_peek_ksm(folio) && !folio_peek_locked(folio));
	WARN_NAMED((flags & RMAP_EXCLUSIVE) && folio_peek_ksm(folio), "exclusive KSM folio");

	atomic_inc(&page->_mapcount);
	if (!folio_peek_ksm(folio))
		__page_check_anon_rmap(folio, vma, address);
	if (flags & RMAP_EXCLUSIVE)
		SetPageAnonExclusive(page);
	WARN_NAMED(page_peek_exclusive(page) && page_peek_mapcount(page) > 1,
		   "exclusive page mapped twice");
}

/*
 * folio->mapping stays: resetting it could overwrite what a racing
 * folio_add_anon_rmap_pte() has set. It is only reliable while mapped.
 */
void folio_remove_rmap_pte(struct folio *folio, struct page *page, struct vm_area_struct *vma)
{
	(void)folio;
	(void)vma;
	WARN_NAMED(atomic_dec_return(&page->_mapcount) < -1, "mapcount underflow");
	/* Place of deferred_split_folio() and munlock_vma_folio(). */
}

void folio_move_anon_rmap(struct folio *folio, struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = vma->anon_vma;

	BUG_ON(!folio_peek_locked(folio));
	BUG_ON(!anon_vma);
	WRITE_ONCE(folio->mapping, (unsigned long)(uintptr_t)anon_vma + FOLIO_MAPPING_ANON);
}

bool folio_maybe_dma_pinned(struct folio *folio)
{
	return ((unsigned int)folio_ref_count(folio)) >= GUP_PIN_COUNTING_BIAS;
}

/* May fork not share this page, because src_vma's mm may have pinned it? */
static bool folio_needs_cow_for_dma(struct vm_area_struct *vma, struct folio *folio)
{
	if (!test_bit(MMF_HAS_PINNED, &vma->vm_mm->flags))
		return false;
	return folio_maybe_dma_pinned(folio) && !bug_seeded(BUG_FORK_IGNORES_PINS);
}

int folio_try_dup_anon_rmap_pte(struct folio *folio, struct page *page,
				struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma)
{
	bool maybe_pinned;

	(void)dst_vma;
	VM_WARN_ON_ONCE(!folio_peek_anon(folio));
	maybe_pinned = folio_needs_cow_for_dma(src_vma, folio);
	if (unlikely(maybe_pinned) && PageAnonExclusive(page))
		return -EBUSY;
	if (PageAnonExclusive(page))
		ClearPageAnonExclusive(page);
	atomic_inc(&page->_mapcount);
	return 0;
}

/*
 * The caller has cleared and flushed the PTE. Pairs with GUP-fast, which takes
 * its reference, looks at the PTE again and only then at AnonExclusive: either
 * it sees the cleared PTE, or we see its pin.
 */
int folio_try_share_anon_rmap_pte(struct folio *folio, struct page *page)
{
	VM_WARN_ON_ONCE(!folio_peek_anon(folio));
	VM_WARN_ON_ONCE(!page_peek_exclusive(page));

	smp_mb(&page->flags_page);
	if (unlikely(folio_maybe_dma_pinned(folio)) && !bug_seeded(BUG_SHARE_PINNED)) {
		PATH("share_pinned");
		return -EBUSY;
	}
	ClearPageAnonExclusive(page);
	smp_mb__after_atomic(&page->flags_page);
	return 0;
}

/* ---- where is it mapped -------------------------------------------------------------- */

unsigned long vma_anon_address(const struct vm_area_struct *vma, pgoff_t pgoff,
			       unsigned long nr_pages)
{
	unsigned long address;

	if (pgoff >= vma->vm_pgoff) {
		address = vma->vm_start + ((pgoff - vma->vm_pgoff) << PAGE_SHIFT);
		if (address < vma->vm_start || address >= vma->vm_end)
			address = -EFAULT;
	} else if (pgoff + nr_pages - 1 >= vma->vm_pgoff) {
		address = vma->vm_start; /* a large folio's tail reaches into it */
	} else {
		address = -EFAULT;
	}
	return address;
}

unsigned long page_address_in_vma(const struct folio *folio, const struct page *page,
				  const struct vm_area_struct *vma)
{
	struct anon_vma *anon_vma = folio_anon_vma(folio);
	struct anon_vma *vma_anon_vma = smp_load_acquire(&vma->anon_vma);

	if (!vma_anon_vma || !anon_vma || vma_anon_vma->root != anon_vma->root)
		return -EFAULT;
	(void)page;
	return vma_anon_address(vma, folio->index, 1);
}

static bool check_pte(struct page_vma_mapped_walk *pvmw)
{
	pte_t ptent = ptep_get(pvmw->pte);

	if (pvmw->flags & PVMW_MIGRATION)
		return false; /* place of migration entries */
	if (!pte_present(ptent))
		return false;
	return pte_pfn(ptent) == pvmw->pfn;
}

void page_vma_mapped_walk_done(struct page_vma_mapped_walk *pvmw)
{
	if (pvmw->pte)
		pte_unmap_unlock(pvmw->pte, pvmw->ptl);
	pvmw->pte = NULL;
	pvmw->ptl = NULL;
}

/*
 * Small folios: there is one PTE to look at. Without PVMW_SYNC the PTE is first
 * looked at without its lock, and taken only where it is present.
 */
bool page_vma_mapped_walk(struct page_vma_mapped_walk *pvmw)
	__no_lock_analysis("returns with the PTL held when true")
{
	struct mm_struct *mm = pvmw->vma->vm_mm;

	if (pvmw->pte) {
		page_vma_mapped_walk_done(pvmw);
		return false;
	}
	if (!(pvmw->flags & PVMW_SYNC)) {
		pte_t *pte = pte_offset_map(mm, pvmw->address);
		bool present;

		if (!pte)
			return false;
		present = pte_present(ptep_get_lockless(pte));
		pte_unmap(pte);
		if (!present) {
			PATH("rmap_pte_absent_unlocked");
			return false;
		}
	}
	pvmw->pte = pte_offset_map_lock(mm, pvmw->address, &pvmw->ptl);
	if (!pvmw->pte)
		return false;
	if (check_pte(pvmw))
		return true;
	page_vma_mapped_walk_done(pvmw);
	return false;
}

/* ---- walks -------------------------------------------------------------------------------- */

static struct anon_vma *rmap_walk_anon_lock(const struct folio *folio,
					    struct rmap_walk_control *rwc)
	__no_lock_analysis("returns with the anon_vma locked unless NULL")
{
	struct anon_vma *anon_vma;

	if (rwc->anon_lock)
		return rwc->anon_lock(folio, rwc);
	/* The folio is locked and mapped by a caller's own PTE, or the caller
	 * holds a reference on the anon_vma: it cannot go away. */
	anon_vma = folio_anon_vma(folio);
	if (!anon_vma)
		return NULL;
	if (anon_vma_trylock_read(anon_vma))
		return anon_vma;
	if (rwc->try_lock) {
		rwc->contended = true;
		return NULL;
	}
	anon_vma_lock_read(anon_vma);
	return anon_vma;
}

static void rmap_walk_anon(struct folio *folio, struct rmap_walk_control *rwc, bool locked)
	__no_lock_analysis("anon_vma lock taken by the callback")
{
	struct anon_vma *anon_vma;
	struct anon_vma_chain *avc;
	pgoff_t pgoff;

	VM_WARN_ON_ONCE(!folio_peek_locked(folio));
	if (locked) {
		anon_vma = folio_anon_vma(folio);
		BUG_ON(!anon_vma);
	} else {
		anon_vma = rmap_walk_anon_lock(folio, rwc);
	}
	if (!anon_vma)
		return;

	pgoff = folio->index;
	list_for_each_entry(avc, &anon_vma->avcs, same_anon_vma) {
		struct vm_area_struct *vma = avc->vma;
		unsigned long address = vma_anon_address(vma, pgoff, 1);

		if (address == (unsigned long)-EFAULT)
			continue;
		cond_resched();
		if (rwc->invalid_vma && rwc->invalid_vma(vma, rwc->arg))
			continue;
		if (!rwc->rmap_one(folio, vma, address, rwc->arg))
			break;
		if (rwc->done && rwc->done(folio))
			break;
	}
	if (!locked)
		anon_vma_unlock_read(anon_vma);
}

void rmap_walk(struct folio *folio, struct rmap_walk_control *rwc)
{
	if (unlikely(folio_test_ksm(folio)))
		rmap_walk_ksm(folio, rwc);
	else if (folio_test_anon(folio))
		rmap_walk_anon(folio, rwc, false);
}

void rmap_walk_locked(struct folio *folio, struct rmap_walk_control *rwc)
{
	BUG_ON(folio_peek_ksm(folio));
	rmap_walk_anon(folio, rwc, true);
}

/* ---- folio_referenced ------------------------------------------------------------------------ */

struct folio_referenced_arg {
	int mapcount;
	int referenced;
	unsigned long vm_flags;
};

static bool folio_referenced_one(struct folio *folio, struct vm_area_struct *vma,
				 unsigned long address, void *arg)
	__no_lock_analysis("PTL taken by page_vma_mapped_walk()")
{
	struct folio_referenced_arg *pra = arg;
	DEFINE_FOLIO_VMA_WALK(pvmw, folio, vma, address, 0);
	bool referenced = false;

	while (page_vma_mapped_walk(&pvmw)) {
		/* Place of VM_LOCKED: restore the mlock that was missed. */
		/* A folio that only an exiting or half-copied mm maps will go
		 * away by itself: not worth a swap slot. */
		if ((!atomic_read(&vma->vm_mm->mm_users) ||
		     check_stable_address_space(vma->vm_mm)) &&
		    folio_test_anon(folio) && folio_test_swapbacked(folio) &&
		    folio_mapcount(folio) <= 1) {
			PATH("referenced_exiting_mm");
			pra->referenced = -1;
			page_vma_mapped_walk_done(&pvmw);
			return false;
		}
		/* The accessed bit is cleared without a TLB flush: a CPU with
		 * the translation cached won't set it again until it is evicted. */
		if (ptep_clear_flush_young_notify(vma, pvmw.address, pvmw.pte))
			referenced = true;
		pra->mapcount--;
	}
	if (referenced) {
		pra->referenced++;
		pra->vm_flags |= READ_ONCE(vma->vm_flags) & ~VM_LOCKED;
	}
	return pra->mapcount > 0;
}

int folio_referenced(struct folio *folio, int is_locked, unsigned long *vm_flags)
{
	bool we_locked = false;
	struct folio_referenced_arg pra = { .mapcount = folio_mapcount(folio) };
	struct rmap_walk_control rwc = {
		.rmap_one = folio_referenced_one,
		.arg = &pra,
		.anon_lock = folio_lock_anon_vma_read,
		.try_lock = true,
	};

	*vm_flags = 0;
	if (!pra.mapcount)
		return 0;
	if (!READ_ONCE(folio->mapping))
		return 0;
	if (!is_locked) {
		we_locked = folio_trylock(folio);
		if (!we_locked) {
			PATH("referenced_trylock_failed");
			return 1;
		}
	}
	rmap_walk(folio, &rwc);
	*vm_flags = pra.vm_flags;
	if (we_locked)
		folio_unlock(folio);
	if (rwc.contended)
		PATH("referenced_contended");
	return rwc.contended ? -1 : pra.referenced;
}
