// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A census of all page tables against what the rest says: mapcounts, exclusive
 * pages (I6), swap counts (I3, Q1), the list that swapoff walks, and on a quiet
 * machine rss (Q3), rmap and TLBs (I11).
 * An owner's count changes a moment before or after its PTE, under the PTL: the
 * census is taken only while all PTLs and cluster locks are free and no fork
 * fills an mm that nobody can see yet.
 */
#include "core/check/check.h"

#include "core/check/look.h"

struct census {
	u8 mapped[LOOK_FOLIOS_MAX];
	u8 ptes[MAX_SWAPFILES][LOOK_SLOTS_MAX];      /* swap PTEs that name the slot */
	u8 exclusive[MAX_SWAPFILES][LOOK_SLOTS_MAX]; /* ... with the exclusive bit */
};

struct mm_census {
	struct mm_struct *mm;
	long anon, swap;
};

static bool ptl_held(const struct mm_struct *mm)
{
	int t;

	for (t = 0; t < PT_PAGES; t++)
		if (mm->pt[t] && look_spin_held(&mm->pt[t]->ptl))
			return true;
	return false;
}

/* The next mm from place *p on that has left its slot but that somebody (swapoff,
 * ksmd) still holds. NULL: no more. */
static struct mm_struct *next_orphan(unsigned int *p)
{
	struct mm_struct *mm;
	int slot;

	while (*p < MM_TABLE_MAX) {
		mm = mm_table[(*p)++];
		if (!mm)
			continue;
		for (slot = 1; slot <= WORLD_MM_MAX && look_mm(slot) != mm; slot++)
			;
		if (slot > WORLD_MM_MAX)
			return mm;
	}
	return NULL;
}

/* Is every page table as its owner wants it to be seen? */
static bool census_valid(void)
{
	unsigned int p = 0;
	struct mm_struct *mm;
	unsigned int type, i;
	int slot;

	if (look_spin_held(&mmlist_lock))
		return false;
	for (slot = 1; slot <= WORLD_MM_MAX; slot++) {
		mm = look_mm(slot);
		if (model_mm_slots[slot].users & MODEL_MM_MAKING || (mm && ptl_held(mm)))
			return false;
	}
	while ((mm = next_orphan(&p)))
		if (ptl_held(mm))
			return false;
	for (type = 0; type < MAX_SWAPFILES; type++) {
		struct swap_info_struct *si = look_device(type);

		for (i = 0; si && i < look_clusters(si); i++)
			if (look_spin_held(&si->cluster_info[i].lock))
				return false;
	}
	return true;
}

__cold static void pte_fail(const char *title, const struct mm_struct *mm, unsigned long page,
			    pte_t pte)
{
	char line[400] = "no folio";

	if (pte_present(pte) && pte.pte >> PTE_PFN_SHIFT < folio_map_size)
		look_folio_line(&folio_map[pte.pte >> PTE_PFN_SHIFT], line, sizeof(line));
	check_fail(title, "mm%u r%lu+%lu: pte %#lx; %s\n", mm->id, page / WORLD_REGION_PAGES,
		   page % WORLD_REGION_PAGES, pte.pte, line);
}

static void census_present(struct census *c, struct mm_census *m, unsigned long page, pte_t pte)
{
	unsigned long pfn = pte.pte >> PTE_PFN_SHIFT;
	const struct folio *folio;

	if (pte_special(pte) || pfn == 0)
		return;
	if (unlikely(pfn >= folio_map_size)) {
		pte_fail("invariant: page table names no folio", m->mm, page, pte);
		return;
	}
	folio = &folio_map[pfn];
	c->mapped[pfn]++;
	m->anon++;
	if (unlikely(pte_write(pte) && !look_exclusive(folio)))
		pte_fail("invariant: writable page is not exclusive", m->mm, page, pte);
}

static void census_swap(struct census *c, struct mm_census *m, unsigned long page, pte_t pte)
{
	unsigned int type = (unsigned int)(pte.pte >> PTE_SWP_TYPE_SHIFT & PTE_SWP_TYPE_MASK);
	unsigned long offset = pte.pte >> PTE_SWP_OFFSET_SHIFT, word;
	struct swap_info_struct *si;

	if (type >= MAX_SWAPFILES)
		return; /* migration, marker */
	m->swap++;
	si = look_device(type);
	if (unlikely(!si || offset >= si->max || offset >= LOOK_SLOTS_MAX)) {
		pte_fail("invariant: page table names a device that is off", m->mm, page, pte);
		return;
	}
	word = look_word(&si->cluster_info[offset / swap_shape.cluster_slots],
			 offset % swap_shape.cluster_slots);
	if (unlikely(swp_tb_is_null(word) || swp_tb_is_bad(word)))
		pte_fail("invariant: page table names a free swap slot", m->mm, page, pte);
	if (swp_tb_is_folio(word) && look_word_pfn(word) < folio_map_size &&
	    unlikely(look_exclusive(&folio_map[look_word_pfn(word)])))
		pte_fail("invariant: exclusive page behind a swap entry", m->mm, page, pte);
	c->ptes[type][offset]++;
	c->exclusive[type][offset] += pte_swp_exclusive(pte);
}

static void census_mm(struct census *c, struct mm_census *m)
{
	struct mm_struct *mm = m->mm;
	int t, i;

	for (t = 0; t < PT_PAGES; t++) {
		if (!mm->pt[t])
			continue;
		for (i = 0; i < PTRS_PER_PTE; i++) {
			pte_t pte = mm->pt[t]->pte[i];
			unsigned long page = (unsigned long)(t * PTRS_PER_PTE + i);

			if (pte_none(pte))
				continue;
			if (pte_present(pte))
				census_present(c, m, page, pte);
			else
				census_swap(c, m, page, pte);
		}
	}
	/* Before its first swap PTE an mm goes where swapoff will find it. */
	if (unlikely(m->swap && mm->mmlist.next == &mm->mmlist))
		check_fail("invariant: mm with swap entries is not on mmlist",
			   "mm%u: %ld swap entries\n", mm->id, m->swap);
}

static void check_mapcounts(const struct census *c)
{
	unsigned long pfn;
	char line[400];

	for (pfn = 1; pfn < folio_map_size; pfn++) {
		const struct folio *folio = &folio_map[pfn];

		if (likely(look_mapcount(folio) == c->mapped[pfn])) {
			if (likely(c->mapped[pfn] < 2 || !look_exclusive(folio)))
				continue;
			check_fail("invariant: exclusive page with several mappings", "%s\n",
				   look_folio_line(folio, line, sizeof(line)));
			return;
		}
		check_fail("invariant: mapcount does not match the page tables",
			   "%s; %u page table entries\n",
			   look_folio_line(folio, line, sizeof(line)), c->mapped[pfn]);
		return;
	}
}

/* A slot's count is the number of its swap PTEs. One that no PTE names at all is
 * the hibernation image's, or leaked: the audit tells at tear-down. */
static void check_count(const struct census *c, const struct swap_info_struct *si,
			const struct swap_cluster_info *ci, unsigned long offset)
{
	unsigned int count = look_count(ci, offset % swap_shape.cluster_slots);
	unsigned int ptes = c->ptes[si->type][offset];

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

static void check_counts(const struct census *c)
{
	unsigned int type, i, off;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		struct swap_info_struct *si = look_device(type);

		for (i = 0; si && i < look_clusters(si); i++) {
			const struct swap_cluster_info *ci = &si->cluster_info[i];

			for (off = 0; ci->table && off < swap_shape.cluster_slots; off++) {
				unsigned long offset = i * swap_shape.cluster_slots + off;

				if (offset < LOOK_SLOTS_MAX)
					check_count(c, si, ci, offset);
			}
		}
	}
}

/* The census of all mms; rss is exact only when nothing runs. */
static void check_page_tables(bool quiet)
{
	struct census c = { 0 };
	unsigned int p = 0;
	struct mm_struct *mm;
	int slot;

	BUG_ON(folio_map_size > LOOK_FOLIOS_MAX);
	for (slot = 1; slot <= WORLD_MM_MAX; slot++) {
		struct mm_census m = { .mm = look_mm(slot) };

		if (!m.mm)
			continue;
		census_mm(&c, &m);
		if (quiet && (m.mm->rss_stat[MM_ANONPAGES].counter != m.anon ||
			      m.mm->rss_stat[MM_SWAPENTS].counter != m.swap))
			check_fail("invariant: rss does not match the page tables",
				   "mm%u: anon %ld, %ld pages; swapents %ld, %ld entries\n",
				   m.mm->id, m.mm->rss_stat[MM_ANONPAGES].counter, m.anon,
				   m.mm->rss_stat[MM_SWAPENTS].counter, m.swap);
	}
	while ((mm = next_orphan(&p))) {
		struct mm_census orphan = { .mm = mm };

		census_mm(&c, &orphan);
	}
	check_mapcounts(&c);
	check_counts(&c);
}

void check_mm_cheap(void)
{
	if (census_valid())
		check_page_tables(false);
}

/* ---- a quiet machine --------------------------------------------------------------- */

static void check_vmas(const struct mm_struct *mm)
{
	const struct list_head *p;
	unsigned long last = 0;

	for (p = mm->vmas.next; p != &mm->vmas; p = p->next) {
		const struct vm_area_struct *vma = list_entry(p, struct vm_area_struct, vm_link);

		if (vma->vm_start < last || vma->vm_start >= vma->vm_end || vma->vm_mm != mm)
			check_fail("invariant: vmas out of order",
				   "mm%u: vma [%#lx, %#lx) after %#lx\n", mm->id, vma->vm_start,
				   vma->vm_end, last);
		last = vma->vm_end;
	}
}

static const struct vm_area_struct *look_vma(const struct mm_struct *mm, unsigned long addr)
{
	const struct list_head *p;

	for (p = mm->vmas.next; p != &mm->vmas; p = p->next) {
		const struct vm_area_struct *vma = list_entry(p, struct vm_area_struct, vm_link);

		if (addr >= vma->vm_start && addr < vma->vm_end)
			return vma;
	}
	return NULL;
}

/* The rmap of a mapped folio must lead here: same family of anon_vmas, same
 * index. Not so for KSM: a page that was shared by a fork and merged through one
 * of the mms has no item for the other one until ksmd comes by there. */
static void check_rmap(const struct mm_struct *mm, unsigned long page, pte_t pte)
{
	const struct folio *folio = &folio_map[pte.pte >> PTE_PFN_SHIFT];
	unsigned long addr = page << PAGE_SHIFT;
	const struct vm_area_struct *vma = look_vma(mm, addr);
	unsigned long node = folio->mapping & ~FOLIO_MAPPING_FLAGS;

	if (!vma) {
		pte_fail("invariant: page table entry outside of all vmas", mm, page, pte);
		return;
	}
	if (pte_special(pte) || look_ksm(folio))
		return;
	if (!node || !vma->anon_vma ||
	    ((const struct anon_vma *)node)->root != vma->anon_vma->root ||
	    folio->index != ((addr - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff)
		pte_fail("invariant: page that rmap does not find", mm, page, pte);
}

/* I11: what a TLB holds is what the page table says, or less. */
static void check_tlb(const struct mm_struct *mm, unsigned long page, pte_t pte)
{
	unsigned int cpu;

	for (cpu = 0; cpu < engine_cpus(); cpu++) {
		struct tlb_entry_view tlb = tlb_peek(cpu, mm, page << PAGE_SHIFT);

		if (!tlb.valid)
			continue;
		if (!pte_present(pte) || pte.pte >> PTE_PFN_SHIFT != tlb.pfn ||
		    (tlb.write && !pte_write(pte)))
			pte_fail("invariant: stale TLB entry", mm, page, pte);
	}
}

void check_mm_quiet(void)
{
	int slot;
	unsigned long page;

	if (census_valid())
		check_page_tables(true);
	for (slot = 1; slot <= WORLD_MM_MAX; slot++) {
		struct mm_struct *mm = look_mm(slot);

		if (!mm)
			continue;
		check_vmas(mm);
		for (page = 0; page < WORLD_PAGES; page++) {
			struct ptdesc *pt = mm->pt[page / PTRS_PER_PTE];
			pte_t pte = pt ? pt->pte[page % PTRS_PER_PTE] : (pte_t){ 0 };

			if (pte_present(pte))
				check_rmap(mm, page, pte);
			check_tlb(mm, page, pte);
		}
	}
}
