// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What may be asked of a world without locks (pagemap, counters), and the audit at
 * the end: each kind of leak has a title of its own. Meanings are the model's
 * (core/check/check_world.c, audit.c).
 * Never instrumented: it reads others' data raw, and makes no event.
 */
#include <linux/mm.h>
#include <linux/swap.h>
/* 7.2: after linux/swap.h. */
#include <linux/leafops.h>

#include "internal.h"
#include "swap.h"
#include "swap_table.h"

#include "core/tree/shim/check_raw.h"
#include "core/tree/shim/device.h"
#include "core/tree/shim/shim.h"
#include "core/tree/shim/world.h"
#include "core/tree/shim/zswap.h"

/* ---- pagemap --------------------------------------------------------------------- */

static void swapped_state(unsigned long pte, struct tree_page_state *out)
{
	softleaf_t entry = softleaf_from_pte(__pte(pte));
	struct swap_info_struct *si;

	if (softleaf_is_swap(entry)) {
		si = check_device((int)swp_type(entry));
		out->bits |= TREE_PAGE_SWAPPED;
		out->dev = si ? shim_device_of(si->bdev)->number : -1;
		out->slot = (int)swp_offset(entry);
	} else if (softleaf_is_poison_marker(entry)) {
		out->bits |= TREE_PAGE_POISON;
	}
}

static void present_state(unsigned long pfn, struct tree_page_state *out)
{
	const struct folio *folio = check_folio(pfn);

	out->frame = (int)pfn;
	if (check_page_mapcount(pfn) == 1)
		out->bits |= TREE_PAGE_EXCLUSIVE;
	if (check_flag(folio, PG_swapcache))
		out->bits |= TREE_PAGE_SWAPCACHE;
	if (check_ksm_folio(folio))
		out->bits |= TREE_PAGE_KSM;
}

static void vma_state(struct mm_struct *mm, int page, struct tree_page_state *out)
{
	const struct vm_area_struct *vma;
	unsigned long flags;

	seam_quiet_begin();
	vma = mtree_load(&mm->mm_mt, user_addr(page));
	flags = vma ? vma->vm_flags : 0;
	seam_quiet_end();
	if (vma)
		out->bits |= TREE_PAGE_MAPPED | (flags & VM_WRITE ? TREE_PAGE_WRITABLE : 0);
}

void tree_page_state(int number, int page, struct tree_page_state *out)
{
	struct mm_struct *mm = check_mm(number);
	unsigned long pte;
	bool huge;

	*out = (struct tree_page_state){ .dev = -1, .slot = -1, .frame = -1 };
	if (!mm || page < 0 || page >= USER_PAGES || shim_mm_slots[number].users & MM_EXITING)
		return;
	vma_state(mm, page, out);
	pte = check_pte(mm, page, &huge);
	if (!pte)
		return;
	if (!(pte & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_PSE))) {
		swapped_state(pte, out);
		return;
	}
	out->bits |= TREE_PAGE_PRESENT;
	if (pte & _PAGE_SPECIAL)
		out->bits |= TREE_PAGE_ZERO;
	else if (pte_pfn(__pte(pte)) < shim_pages)
		present_state(pte_pfn(__pte(pte)), out);
}

void tree_mm_counters(int number, long *anon, long *swap)
{
	const struct mm_struct *mm = check_mm(number);

	*anon = mm ? check_rss(mm, MM_ANONPAGES) : 0;
	*swap = mm ? check_rss(mm, MM_SWAPENTS) : 0;
}

void tree_counters(struct tree_counters *out)
{
	*out = (struct tree_counters){
		.swap_total = total_swap_pages,
		.swap_used = total_swap_pages - nr_swap_pages.counter,
		.pages_free = (long)shim_nr_free(),
	};
	shim_ksm_counters(&out->ksm_shared, &out->ksm_sharing);
}

/* ---- checks ---------------------------------------------------------------------- */

void tree_check_cheap(void)
{
	check_page_cheap();
	check_swap_cheap();
	check_zswap_cheap();
	check_mm_cheap();
	check_shm_cheap();
}

void tree_check_quiet(void)
{
	check_page_quiet();
	check_swap_quiet();
	check_zswap_quiet();
	check_mm_quiet();
	check_shm_quiet();
}

/* ---- the audit ------------------------------------------------------------------- */

static void audit_slots(void)
{
	unsigned long offset, word;
	int type;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		struct swap_info_struct *si = check_device(type);

		for (offset = 0; si && offset < si->max; offset++) {
			word = check_word(si, offset);
			if (!word || swp_tb_is_bad(word))
				continue;
			check_fail("leak: swap slot in use at teardown",
				   "slot %d:%lu: word %#lx, count %u\n", type, offset, word,
				   check_count(si, offset));
		}
		if (si && check_inuse(si))
			check_fail("leak: swap device in use at teardown",
				   "device %d: %ld slots in use\n", type, check_inuse(si));
	}
	if (nr_swap_pages.counter != total_swap_pages)
		check_fail("invariant: nr_swap_pages does not match the devices",
			   "nr_swap_pages %ld, total %ld, nothing in use\n",
			   (long)nr_swap_pages.counter, total_swap_pages);
}

static void audit_pages(void)
{
	unsigned long pfn, used = 0, first = 0;
	char line[256];

	for (pfn = SEAM_PAGES_RESERVED; pfn < shim_pages; pfn++) {
		if (check_page_is_free(pfn))
			continue;
		if (!used++)
			first = pfn;
	}
	if (used)
		check_fail("leak: folio at teardown", "%lu of %lu pages in use; first %s\n", used,
			   shim_pages - SEAM_PAGES_RESERVED,
			   shim_page_line(pfn_to_page(first), line, sizeof(line)));
	for (pfn = 0; pfn < SEAM_PAGE_WORDS; pfn++)
		if (((const unsigned long *)pfn_to_virt(0))[pfn])
			check_fail("invariant: zero page is not zero", "word %lu\n", pfn);
}

static void audit_mms(void)
{
	int slot;

	for (slot = 1; slot <= SEAM_MMS_MAX; slot++)
		if (shim_mm_slots[slot].users)
			check_fail("leak: mm at teardown", "slot %d: users %#x\n", slot,
				   shim_mm_slots[slot].users);
	if (init_mm.mmlist.next != &init_mm.mmlist)
		check_fail("leak: mm on mmlist at teardown", "%s", "");
}

void tree_audit(void)
{
	audit_slots();
	audit_mms();
	check_shm_audit();
	audit_pages();
	if (!shim_work_idle())
		check_fail("leak: work queued at teardown", "a work item never ran\n");
	shim_slab_audit();
}
