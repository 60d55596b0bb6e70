/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Goal: every PTE that can be made says what was put into it and nothing else, and
 * page tables are found, locked and freed as the kernel does.
 * Method: exhaustive over flags, pfns, types and a set of offsets; random schedules
 * of one task that maps and one that takes the table away.
 */
#include "core/page/test/page_test.h"

/* ---- encodings ----------------------------------------------------------- */

static void check_present(pte_t pte, unsigned long pfn, unsigned long flags)
{
	CHECK(pte_present(pte) && !pte_none(pte) && !is_swap_pte(pte) && !pte_is_swap(pte));
	CHECK(softleaf_is_none(softleaf_from_pte(pte)));
	CHECK_EQ(pte_pfn(pte), pfn);
	CHECK_EQ(pte_write(pte), !!(flags & _PAGE_RW));
	CHECK_EQ(pte_dirty(pte), !!(flags & _PAGE_DIRTY));
	CHECK_EQ(pte_young(pte), !!(flags & _PAGE_ACCESSED));
	CHECK_EQ(pte_soft_dirty(pte), !!(flags & _PAGE_SOFT_DIRTY));
	CHECK_EQ(pte_uffd(pte), !!(flags & _PAGE_UFFD_WP));
	CHECK_EQ(pte_special(pte), !!(flags & _PAGE_SPECIAL));
}

static void present_ptes(void *arg)
{
	(void)arg;
	for (unsigned long pfn = 0; pfn < 9; pfn++) {
		for (unsigned long flags = 0; flags < 0x80; flags += 2) {
			pte_t pte = pfn_pte(pfn, __pgprot(flags));

			check_present(pte, pfn, flags);
			check_present(pte_mkwrite_novma(pte), pfn, flags | _PAGE_RW);
			check_present(pte_wrprotect(pte), pfn, flags & ~_PAGE_RW);
			check_present(pte_mkdirty(pte), pfn,
				      flags | _PAGE_DIRTY | _PAGE_SOFT_DIRTY);
			check_present(pte_mkclean(pte), pfn, flags & ~_PAGE_DIRTY);
			check_present(pte_mkyoung(pte), pfn, flags | _PAGE_ACCESSED);
			check_present(pte_mkold(pte), pfn, flags & ~_PAGE_ACCESSED);
			check_present(pte_mksoft_dirty(pte), pfn, flags | _PAGE_SOFT_DIRTY);
			check_present(pte_clear_soft_dirty(pte), pfn, flags & ~_PAGE_SOFT_DIRTY);
			check_present(pte_mkuffd(pte), pfn,
				      (flags | _PAGE_UFFD_WP) & ~_PAGE_RW);
			check_present(pte_clear_uffd(pte), pfn, flags & ~_PAGE_UFFD_WP);
			CHECK(pte_same(pte, pte));
			CHECK(!pte_same(pte, __pte(pte_val(pte) ^ _PAGE_DIRTY)));
		}
	}
	CHECK(pte_none(__pte(0)) && !pte_present(__pte(0)) && !is_swap_pte(__pte(0)));
	CHECK(pte_special(pte_mkzeropage()) && is_zero_pfn(pte_pfn(pte_mkzeropage())));
	CHECK(!vm_normal_page(NULL, 0, pte_mkzeropage()));
	CHECK(vm_normal_page(NULL, 0, pfn_pte(3, __pgprot(0))) == pfn_to_page(3));
	CHECK(vm_normal_folio(NULL, 0, pfn_pte(3, __pgprot(0))) == pfn_folio(3));
}

static void check_entry(pte_t pte, unsigned long type, unsigned long offset, unsigned long flags)
{
	swp_entry_t entry = pte_to_swp_entry(pte);

	CHECK(!pte_present(pte) && !pte_none(pte) && is_swap_pte(pte));
	CHECK_EQ(swp_type(entry), type);
	CHECK_EQ(swp_offset(entry), offset);
	CHECK_EQ(softleaf_from_pte(pte).val, entry.val);
	CHECK_EQ(pte_swp_exclusive(pte), !!(flags & _PAGE_SWP_EXCLUSIVE));
	CHECK_EQ(pte_swp_soft_dirty(pte), !!(flags & _PAGE_SWP_SOFT_DIRTY));
	CHECK_EQ(pte_swp_uffd(pte), !!(flags & _PAGE_SWP_UFFD_WP));
	CHECK_EQ(pte_is_swap(pte), type < MAX_SWAPFILES);
	CHECK_EQ(softleaf_is_swap(entry), type < MAX_SWAPFILES);
	CHECK_EQ(non_swap_entry(entry), type >= MAX_SWAPFILES);
	CHECK_EQ(softleaf_is_migration(entry),
		 type >= SWP_MIGRATION_READ && type <= SWP_MIGRATION_WRITE);
	CHECK_EQ(softleaf_is_migration_write(entry), type == SWP_MIGRATION_WRITE);
	CHECK_EQ(softleaf_is_hwpoison(entry), type == SWP_HWPOISON);
	CHECK_EQ(softleaf_is_marker(entry), type == SWP_PTE_MARKER);
	CHECK_EQ(is_pte_marker(pte), type == SWP_PTE_MARKER);
}

static void entry_ptes(void *arg)
{
	static const unsigned long offsets[] = { 0, 1, 2, 7, 63, 64, 4095, 1UL << 30, (1UL << 44) - 1 };

	(void)arg;
	for (unsigned long type = 0; type < SWP_TYPES; type++) {
		for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
			unsigned long o = offsets[i];
			pte_t pte, all, present;

			if (type == 0 && o == 0)
				continue; /* "no entry" */
			pte = swp_entry_to_pte(swp_entry(type, o));
			check_entry(pte, type, o, 0);
			all = pte_swp_mkexclusive(pte);
			check_entry(all, type, o, _PAGE_SWP_EXCLUSIVE);
			all = pte_swp_mksoft_dirty(pte_swp_mkuffd(all));
			check_entry(all, type, o, ~0UL);
			check_entry(pte_swp_clear_exclusive(all), type, o, ~_PAGE_SWP_EXCLUSIVE);
			check_entry(pte_swp_clear_soft_dirty(all), type, o, ~_PAGE_SWP_SOFT_DIRTY);
			check_entry(pte_swp_clear_uffd(all), type, o, ~_PAGE_SWP_UFFD_WP);
			CHECK(pte_same(pte_swp_clear_flags(all), pte));
			/* A present PTE whose pfn has the same bits is not the entry. */
			present = __pte(pte.pte | _PAGE_PRESENT | _PAGE_ACCESSED);
			CHECK(!pte_same(pte_swp_clear_flags(present), pte));
			if (o + 1 < 1UL << 44)
				check_entry(pte_next_swp_offset(all), type, o + 1, ~0UL);
		}
	}
	CHECK(softleaf_is_poison_marker(pte_to_swp_entry(make_poisoned_pte())));
	CHECK_EQ(softleaf_to_marker(pte_to_swp_entry(make_pte_marker(PTE_MARKER_GUARD))),
		 PTE_MARKER_GUARD);
	CHECK(!softleaf_is_poison_marker(pte_to_swp_entry(make_pte_marker(PTE_MARKER_GUARD))));
	CHECK_EQ(softleaf_to_pfn(make_writable_migration_entry(5)), 5);
	CHECK(softleaf_is_migration(make_readable_migration_entry(5)));
	CHECK(softleaf_is_migration(make_readable_exclusive_migration_entry(5)));
}

static void no_entry(void *arg)
{
	(void)arg;
	(void)swp_entry_to_pte(swp_entry(0, 0));
}

/* ---- page tables --------------------------------------------------------- */

static struct mm_struct *mm;
static struct vm_area_struct vma;

static void mm_setup(void *arg)
{
	(void)arg;
	mm = engine_arena_alloc(sizeof(*mm));
	mm->id = 1;
	vma.vm_mm = mm;
	spin_lock_init(&mm->page_table_lock);
	init_new_context(mm);
	mm->pt[1] = pte_alloc_one(mm, PMD_SIZE);
}

static void accessors(void *arg)
{
	unsigned long addr = PMD_SIZE + 3 * PAGE_SIZE;
	spinlock_t *ptl = NULL, *ptl2 = NULL;
	pte_t *pte, old;

	(void)arg;
	CHECK_EQ(pmd_index(addr), 1);
	CHECK_EQ(pte_index(addr), 3);
	CHECK_EQ(pmd_addr_end(addr, 4 * PMD_SIZE), 2 * PMD_SIZE);
	CHECK_EQ(pmd_addr_end(addr, addr + PAGE_SIZE), addr + PAGE_SIZE);
	CHECK(!pte_offset_map(mm, 0));
	CHECK(!pte_offset_map_lock(mm, 0, &ptl));
	CHECK(!engine_rcu_read_held());

	pte = pte_offset_map_lock(mm, addr, &ptl);
	CHECK(pte == &mm->pt[1]->pte[3]);
	CHECK(ptl == ptlock_ptr(mm->pt[1]) && ptl == pte_lockptr(mm, addr));
	CHECK(spin_is_locked(ptl));
	CHECK(pte_none(ptep_get(pte)));
	set_pte_at(mm, addr, pte, pte_mkdirty(pte_mkwrite_novma(pfn_pte(4, __pgprot(0)))));
	CHECK(pte_write(ptep_get(pte)));
	ptep_set_wrprotect(mm, addr, pte);
	CHECK(!pte_write(ptep_get(pte)) && pte_dirty(ptep_get(pte)));
	CHECK(!ptep_test_and_clear_young(&vma, addr, pte));
	old = ptep_get(pte);
	CHECK(!ptep_set_access_flags(&vma, addr, pte, old, 1));
	CHECK(ptep_set_access_flags(&vma, addr, pte, pte_mkyoung(old), 1));
	CHECK(ptep_test_and_clear_young(&vma, addr, pte));
	CHECK(!pte_young(ptep_get_lockless(pte)));
	old = ptep_get_and_clear(mm, addr, pte);
	CHECK_EQ(pte_pfn(old), 4);
	CHECK(pte_none(ptep_get(pte)));
	set_pte_at(mm, addr, pte, make_poisoned_pte());
	pte_clear(mm, addr, pte);
	CHECK(pte_none(ptep_get(pte)));
	pte_unmap_unlock(pte, ptl);
	CHECK(!spin_is_locked(ptl));

	pte = pte_offset_map_ro_nolock(mm, addr, &ptl2);
	CHECK(pte && ptl2 == ptl && !spin_is_locked(ptl));
	pte_unmap(pte);
}

static void nested(void *arg)
{
	spinlock_t *ptl, *ptl2;
	pte_t *pte, *pte2;

	(void)arg;
	mm->pt[2] = pte_alloc_one(mm, 2 * PMD_SIZE);
	pte = pte_offset_map_lock(mm, PMD_SIZE, &ptl);
	pte2 = pte_offset_map_lock_nested(mm, 2 * PMD_SIZE, &ptl2, SINGLE_DEPTH_NESTING);
	CHECK(pte && pte2);
	pte_unmap_unlock(pte2, ptl2);
	pte_unmap_unlock(pte, ptl);
}

static void not_nested(void *arg)
{
	spinlock_t *ptl, *ptl2;
	pte_t *pte, *pte2;

	(void)arg;
	mm->pt[2] = pte_alloc_one(mm, 2 * PMD_SIZE);
	pte = pte_offset_map_lock(mm, PMD_SIZE, &ptl);
	pte2 = pte_offset_map_lock(mm, 2 * PMD_SIZE, &ptl2);
	pte_unmap_unlock(pte2, ptl2);
	pte_unmap_unlock(pte, ptl);
}

/* A reader of the table beside one who frees it: no touch of freed memory, and
 * under the lock the table is still the mm's. */
static unsigned found, gone;

static void table_user(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++) {
		spinlock_t *ptl;
		pte_t *pte = pte_offset_map_lock(mm, PMD_SIZE, &ptl);

		if (!pte) {
			gone++;
			continue;
		}
		found++;
		CHECK(engine_load_relaxed(&mm->pt[1]));
		set_pte_at(mm, PMD_SIZE, pte, make_poisoned_pte());
		pte_clear(mm, PMD_SIZE, pte);
		pte_unmap_unlock(pte, ptl);
	}
}

static void table_freer(void *arg)
{
	struct ptdesc *pt = mm->pt[1];
	spinlock_t *ptl = ptlock_ptr(pt);

	(void)arg;
	spin_lock(&mm->page_table_lock);
	spin_lock(ptl);
	WRITE_ONCE(mm->pt[1], NULL);
	spin_unlock(ptl);
	spin_unlock(&mm->page_table_lock);
	pte_free_defer(mm, pt);
}

static void free_dirty_table(void *arg)
{
	(void)arg;
	mm_setup(NULL);
	mm->pt[1]->pte[2] = make_poisoned_pte();
	pte_free(mm, mm->pt[1]);
}

static void writable_uffd_wp(void *arg)
{
	(void)arg;
	mm_setup(NULL);
	set_pte(&mm->pt[1]->pte[0], pfn_pte(1, __pgprot(_PAGE_UFFD_WP | _PAGE_RW)));
}

int main(void)
{
	sites_init();
	CHECK_STR(test_quiet(present_ptes, NULL), "");
	CHECK_STR(test_quiet(entry_ptes, NULL), "");
	CHECK_HAS(test_quiet(no_entry, NULL), "in swp_entry_to_pte");
	CHECK_STR(test_quiet(free_dirty_table, NULL), "WARNING: page table not empty in pte_free");
	CHECK_HAS(test_quiet(writable_uffd_wp, NULL), "in set_pte_site");
	CHECK_STR(test_tasks(&(struct test_run){ .setup = mm_setup, .fn = { accessors } }), "");
	CHECK_STR(test_tasks(&(struct test_run){ .setup = mm_setup, .fn = { nested } }), "");
	CHECK_HAS(test_tasks(&(struct test_run){ .setup = mm_setup, .fn = { not_nested } }),
		  "possible recursive locking");
	for (u64 seed = 1; seed <= 200; seed++)
		CHECK_STR(test_tasks(&(struct test_run){
			.setup = mm_setup, .fn = { table_user, table_freer }, .cpu = { 0, 1 },
			.policy = &test_policy_random, .seed = seed }), "");
	CHECK(found && gone);
	engine_exit();
	return TEST_END();
}
