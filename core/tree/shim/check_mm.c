// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A census of all page tables against what the rest says: mapcounts, exclusive pages
 * (I6), swap counts (I3, Q1), the list that swapoff walks, and on a quiet machine rss
 * (Q3), rmap and TLBs (I11). An owner's count changes a moment before or after its PTE,
 * under the PTL: the census is taken only while all PTLs and cluster locks are free and
 * no fork fills an mm that nobody can see yet. Titles are the model's.
 * Never instrumented: it reads everything raw.
 */
#include <linux/mm.h>
#include <linux/rmap.h>
#include <linux/swap.h>
/* 7.2: after linux/swap.h. */
#include <linux/leafops.h>

#include "internal.h"
#include "swap.h"
#include "swap_table.h"

#include "core/tree/shim/check_raw.h"
#include "core/tree/shim/world.h"

struct census {
	unsigned char mapped[CHECK_PAGES_MAX];
	/* Migration entries that name the page, and those of them that say it is exclusive. */
	unsigned char migrating[CHECK_PAGES_MAX], migrating_exclusive[CHECK_PAGES_MAX];
	/* By type: a swapon has taken one when it finds that its device is busy, so there
	 * may be more of them than devices. */
	unsigned char ptes[MAX_SWAPFILES][CHECK_SLOTS_MAX];      /* that name the slot */
	unsigned char exclusive[MAX_SWAPFILES][CHECK_SLOTS_MAX]; /* with the exclusive bit */
};

struct mm_census {
	const struct mm_struct *mm;
	long anon, shmem, swap;
};

/* ---- may it be taken? ------------------------------------------------------------ */

static bool table_lock_held(const void *table)
{
	const struct ptdesc *ptdesc = page_ptdesc(virt_to_page(table));

#if ALLOC_SPLIT_PTLOCKS
	return ptdesc->ptl && check_spin_held(ptdesc->ptl);
#else
	return check_spin_held(&ptdesc->ptl);
#endif
}

/* zap_pte_range() takes an empty table out before it tells rmap of the table's last pages:
 * no walk finds the table, whose lock is still held. */
static bool lost_table_held(void)
{
	unsigned long pfn;

	for (pfn = SEAM_PAGES_RESERVED; pfn < shim_pages; pfn++) {
		const struct page *page = pfn_to_page(pfn);

		if (page->page_type >> 24 == PGTY_table && table_lock_held(page_address(page)))
			return true;
	}
	return false;
}

static bool page_tables_held(const struct mm_struct *mm)
{
	unsigned long v = ((const unsigned long *)mm->pgd)[pgd_index(USER_BASE)];
	const unsigned long *pmd;
	int i;

	if (check_spin_held(&mm->page_table_lock))
		return true;
	if (!(v & _PAGE_PRESENT))
		return false;
	pmd = __va(v & _PAGE_PFN_MASK);
	if (table_lock_held(pmd))
		return true;
	for (i = 0; i < PTRS_PER_PMD; i++)
		if (pmd[i] & _PAGE_PRESENT && !(pmd[i] & _PAGE_PSE) &&
		    table_lock_held(__va(pmd[i] & _PAGE_PFN_MASK)))
			return true;
	return false;
}

bool check_census_valid(void)
{
	const struct mm_struct *mm;
	unsigned long i;
	unsigned n;
	int type;

	for (i = 1; i <= SEAM_MMS_MAX; i++)
		if (shim_mm_slots[i].users & MM_MAKING)
			return false;
	for (n = 0; (mm = shim_next_mm(&n));)
		if (page_tables_held(mm) || check_table_taken_out(mm))
			return false;
	if (check_files_held())
		return false;
	for (type = 0; type < MAX_SWAPFILES; type++) {
		const struct swap_info_struct *si = swap_info[type];

		if (!si || !si->cluster_info || !si->max)
			continue;
		for (i = 0; i < check_clusters(si); i++)
			if (check_spin_held(&si->cluster_info[i].lock))
				return false;
	}
	return true;
}

/* ---- the census ------------------------------------------------------------------ */

__cold static void pte_fail(const char *title, const struct mm_struct *mm, int page,
			    unsigned long pte)
{
	char line[256] = "no folio";

	if (pte & _PAGE_PRESENT && pte_pfn(__pte(pte)) < shim_pages)
		shim_page_line(pfn_to_page(pte_pfn(__pte(pte))), line, sizeof(line));
	check_fail(title, "mm%d r%d+%d: pte %#lx; %s\n", shim_mm_number(mm), page / REGION_PAGES,
		   page % REGION_PAGES, pte, line);
}

static void census_present(struct census *c, struct mm_census *m, int page, unsigned long pte)
{
	unsigned long pfn = pte_pfn(__pte(pte));

	if (pte & _PAGE_SPECIAL || pfn == 0)
		return;
	if (unlikely(pfn < SEAM_PAGES_RESERVED || pfn >= shim_pages || check_page_is_free(pfn))) {
		pte_fail("invariant: page table names no folio", m->mm, page, pte);
		return;
	}
	c->mapped[pfn]++;
	if (!check_anon(pfn)) {
		m->shmem++;
		return;
	}
	m->anon++;
	if (unlikely(pte & _PAGE_RW && !check_exclusive_of(pfn)))
		pte_fail("invariant: writable page is not exclusive", m->mm, page, pte);
	if (unlikely(pte & _PAGE_RW && pte & _PAGE_UFFD_WP))
		pte_fail("invariant: writable page that userfaultfd protects", m->mm, page, pte);
}

/* Whoever put the entry there holds the folio's lock until no entry names it. The page
 * still counts in rss, not in mapcounts. */
static void census_migration(struct census *c, struct mm_census *m, int page, unsigned long pte,
			     bool huge)
{
	softleaf_t entry = softleaf_from_pte(__pte(pte));
	unsigned long pfn = softleaf_to_pfn(entry);

	if (huge)
		pfn += (unsigned long)(page % REGION_PAGES);
	if (unlikely(pfn < SEAM_PAGES_RESERVED || pfn >= shim_pages || check_page_is_free(pfn))) {
		pte_fail("invariant: migration entry names no folio", m->mm, page, pte);
		return;
	}
	if (unlikely(!check_flag(check_folio(pfn), PG_locked)))
		pte_fail("invariant: migration entry of a folio that is not locked", m->mm, page,
			 pte);
	c->migrating[pfn]++;
	/* A writable entry of a file's page says nothing of other users. */
	c->migrating_exclusive[pfn] += check_anon(pfn) && !softleaf_is_migration_read(entry);
	m->anon += check_anon(pfn);
}

static void census_swap(struct census *c, struct mm_census *m, int page, unsigned long pte)
{
	softleaf_t entry = softleaf_from_pte(__pte(pte));
	unsigned long offset = swp_offset(entry), word;
	int type = (int)swp_type(entry);
	const struct swap_info_struct *si;

	if (!softleaf_is_swap(entry))
		return; /* a marker */
	m->swap++;
	si = type < MAX_SWAPFILES ? swap_info[type] : NULL;
	if (unlikely(!si || !si->cluster_info || offset >= si->max || offset >= CHECK_SLOTS_MAX)) {
		pte_fail("invariant: page table names a device that is off", m->mm, page, pte);
		return;
	}
	word = check_word(si, offset);
	if (unlikely(!word || word == SWP_TB_BAD))
		pte_fail("invariant: page table names a free swap slot", m->mm, page, pte);
	c->ptes[type][offset]++;
	c->exclusive[type][offset] += pte_swp_exclusive(__pte(pte));
}

static void census_mm(struct census *c, struct mm_census *m)
{
	bool huge;
	int page;

	for (page = 0; page < USER_PAGES; page++) {
		unsigned long pte;

		if (page % REGION_PAGES == 0 && !check_pmd(m->mm, page)) {
			page += REGION_PAGES - 1;
			continue;
		}
		pte = check_pte(m->mm, page, &huge);
		if (!pte)
			continue;
		if (pte & (_PAGE_PRESENT | _PAGE_PROTNONE))
			census_present(c, m, page, pte);
		else if (softleaf_is_migration(softleaf_from_pte(__pte(pte))))
			census_migration(c, m, page, pte, huge);
		else if (!huge)
			census_swap(c, m, page, pte);
	}
	/* Before its first swap PTE an mm goes where swapoff will find it. */
	if (unlikely(m->swap && m->mm->mmlist.next == &m->mm->mmlist))
		check_fail("invariant: mm with swap entries is not on mmlist",
			   "mm%d: %ld swap entries\n", shim_mm_number(m->mm), m->swap);
}

/* Swap entries of files: each counts as a PTE does. */
static void census_files(struct census *c)
{
	const struct inode *inode;
	unsigned long index, offset;
	unsigned n;
	int type;

	for (n = 0; (inode = shim_next_inode(&n));) {
		for (index = 0; index < REGION_PAGES; index++) {
			const struct swap_info_struct *si;
			unsigned long word;

			if (!check_file_swap(inode, index, &type, &offset))
				continue;
			si = swap_info[type];
			word = si && si->cluster_info && offset < si->max ? check_word(si, offset) : 0;
			if (unlikely(!word || word == SWP_TB_BAD || offset >= CHECK_SLOTS_MAX))
				check_fail("invariant: page cache names a free swap slot",
					   "index %lu: slot %d:%lu\n", index, type, offset);
			else
				c->ptes[type][offset]++;
		}
	}
}

/* No other entry may lead to a page that an exclusive migration entry names. */
static void check_migrating(const struct census *c, unsigned long pfn)
{
	char line[256];

	if (likely(!c->migrating_exclusive[pfn] || c->migrating[pfn] + c->mapped[pfn] == 1))
		return;
	check_fail("invariant: exclusive migration entry with several users",
		   "%s; %u migration entries, %u others\n",
		   shim_page_line(pfn_to_page(pfn), line, sizeof(line)), c->migrating[pfn],
		   c->mapped[pfn]);
}

/* compaction_alloc() gives its large folio a reference before the mapcounts are set. What
 * nobody has mapped yet has no mapping; if it is freed with a mapcount, the tree says so. */
static bool being_made(const struct folio *folio)
{
	return check_flag(folio, PG_head) && !folio->mapping && folio->_refcount.counter == 1;
}

static void check_mapcounts(const struct census *c)
{
	unsigned long pfn;
	char line[256];

	for (pfn = SEAM_PAGES_RESERVED; pfn < shim_pages; pfn++) {
		const struct page *page = pfn_to_page(pfn);
		int mapped;

		check_migrating(c, pfn);
		if (check_page_is_free(pfn) ||
		    (!(page->compound_info & 1) && !check_flag(check_folio(pfn), PG_head) &&
		     page_type_has_type(page->page_type)))
			continue;
		if (!c->mapped[pfn] &&
		    (check_frozen(check_folio(pfn)) || being_made(check_folio(pfn))))
			continue;
		mapped = check_page_mapcount(pfn);
		if (unlikely(mapped != c->mapped[pfn])) {
			if (lost_table_held())
				return;
			check_fail("invariant: mapcount does not match the page tables",
				   "%s; %u page table entries\n",
				   shim_page_line(page, line, sizeof(line)), c->mapped[pfn]);
		} else if (unlikely(mapped > 1 && check_anon(pfn) && check_exclusive_of(pfn))) {
			check_fail("invariant: exclusive page with several mappings", "%s\n",
				   shim_page_line(page, line, sizeof(line)));
		}
	}
}

/* A slot's count is the number of its swap PTEs. One that no PTE names at all is
 * leaked, or hibernation's: the audit tells at tear-down. */
static void check_slot(const struct census *c, const struct swap_info_struct *si,
		       unsigned long offset)
{
	unsigned count = check_count(si, offset), ptes = c->ptes[si->type][offset];

	if (unlikely(c->exclusive[si->type][offset] && ptes != 1))
		check_fail("invariant: exclusive swap entry with several users",
			   "slot %d:%lu: %u entries, count %u\n", si->type, offset, ptes, count);
	if (likely(count == ptes))
		return;
	if (count < ptes)
		check_fail("invariant: swap count below its page table entries",
			   "slot %d:%lu: count %u, %u entries\n", si->type, offset, count, ptes);
	else if (ptes || count != 1)
		check_fail("invariant: swap count above its page table entries",
			   "slot %d:%lu: count %u, %u entries\n", si->type, offset, count, ptes);
}

static void check_page_tables(bool quiet)
{
	const struct mm_struct *mm;
	struct census c = { 0 };
	unsigned long offset;
	unsigned n;
	int type;

	BUG_ON(shim_pages > CHECK_PAGES_MAX);
	for (n = 0; (mm = shim_next_mm(&n));) {
		struct mm_census m = { .mm = mm };

		census_mm(&c, &m);
		if (quiet && (check_rss(mm, MM_ANONPAGES) != m.anon ||
			      check_rss(mm, MM_SHMEMPAGES) != m.shmem ||
			      check_rss(mm, MM_SWAPENTS) != m.swap))
			check_fail("invariant: rss does not match the page tables",
				   "mm%d: anon %ld, %ld pages; shmem %ld, %ld pages; "
				   "swapents %ld, %ld entries\n",
				   shim_mm_number(mm), check_rss(mm, MM_ANONPAGES), m.anon,
				   check_rss(mm, MM_SHMEMPAGES), m.shmem,
				   check_rss(mm, MM_SWAPENTS), m.swap);
	}
	census_files(&c);
	check_mapcounts(&c);
	for (type = 0; type < MAX_SWAPFILES; type++)
		for (offset = 0; check_device(type) && offset < swap_info[type]->max &&
				 offset < CHECK_SLOTS_MAX; offset++)
			check_slot(&c, swap_info[type], offset);
}

void check_mm_cheap(void)
{
	if (check_census_valid())
		check_page_tables(false);
}

/* ---- a quiet machine ------------------------------------------------------------- */

/* A mapped page lies in a vma, and rmap finds the mapping from the folio. */
static void check_rmap(struct mm_struct *mm, int page, unsigned long pte)
{
	unsigned long pfn = pte_pfn(__pte(pte)), addr = user_addr(page), index;
	const struct folio *folio = check_folio(pfn);
	const struct vm_area_struct *vma;
	const struct anon_vma *anon_vma;

	seam_quiet_begin();
	vma = mtree_load(&mm->mm_mt, addr);
	seam_quiet_end();
	if (!vma) {
		pte_fail("invariant: page table entry outside of all vmas", mm, page, pte);
		return;
	}
	if (pte & _PAGE_UFFD_WP && !(vma->vm_flags & VM_UFFD_WP))
		pte_fail("invariant: userfaultfd's bit outside of its range", mm, page, pte);
	if (pte & _PAGE_SPECIAL || pfn == 0 || check_ksm_folio(folio))
		return;
	index = folio->index + (pfn - page_to_pfn(&folio->page));
	if (!check_anon(pfn)) {
		if (!vma->vm_file || folio->mapping != vma->vm_file->f_mapping ||
		    index != ((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff)
			pte_fail("invariant: page that rmap does not find", mm, page, pte);
		return;
	}
	anon_vma = (const void *)((unsigned long)folio->mapping & ~FOLIO_MAPPING_FLAGS);
	if (!anon_vma || !vma->anon_vma || anon_vma->root != vma->anon_vma->root ||
	    index != ((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff)
		pte_fail("invariant: page that rmap does not find", mm, page, pte);
}

/* I11: what a TLB holds is what the page table says, or less. */
static void check_tlb(const struct mm_struct *mm, int page, unsigned long pte)
{
	unsigned long pfn;
	unsigned cpu;
	bool write;

	for (cpu = 0; cpu < shim_machine.cpus; cpu++) {
		if (!shim_tlb_peek(cpu, mm, user_addr(page), &pfn, &write))
			continue;
		if (!(pte & _PAGE_PRESENT) || pte_pfn(__pte(pte)) != pfn ||
		    (write && !(pte & _PAGE_RW)))
			pte_fail("invariant: stale TLB entry", mm, page, pte);
	}
}

void check_mm_quiet(void)
{
	int slot, page;
	bool huge;

	if (check_census_valid())
		check_page_tables(true);
	for (slot = 1; slot <= SEAM_MMS_MAX; slot++) {
		struct mm_struct *mm = check_mm(slot);

		for (page = 0; mm && page < USER_PAGES; page++) {
			unsigned long pte = check_pte(mm, page, &huge);

			if (pte & _PAGE_PRESENT)
				check_rmap(mm, page, pte);
			check_tlb(mm, page, pte);
		}
	}
}
