// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * After tear-down: every slot and folio is free, no mm and no KSM node is left,
 * the slab holds what swapped-on devices are made of and nothing else, and no
 * lock is held. Each kind of leak has a title of its own.
 */
#include "core/check/check.h"

#include <stdio.h>

#include "core/check/look.h"
#include "core/mm/ksm_node.h"
#include "core/mm/pin.h"

static void audit_slots(void)
{
	unsigned int type, i, off, slots = swap_shape.cluster_slots;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		struct swap_info_struct *si = look_device(type);

		for (i = 0; si && i < look_clusters(si); i++) {
			for (off = 0; off < slots; off++) {
				const struct swap_cluster_info *ci = &si->cluster_info[i];
				unsigned long word = look_word(ci, off);
				char role[64];

				if (swp_tb_is_null(word) || swp_tb_is_bad(word))
					continue;
				check_fail("leak: swap slot in use at teardown",
					   "slot %u:%u (%s): word %#lx, count %u\n", type,
					   i * slots + off,
					   look_role(&ci->table[off], role, sizeof(role)), word,
					   look_count(ci, off));
			}
		}
		if (si && look_inuse(si))
			check_fail("leak: swap device in use at teardown",
				   "device %u: %ld slots in use\n", type, look_inuse(si));
	}
	if (nr_swap_pages.counter != total_swap_pages)
		check_fail("invariant: nr_swap_pages does not match the devices",
			   "nr_swap_pages %ld, total %ld, nothing in use\n", nr_swap_pages.counter,
			   total_swap_pages);
}

static void audit_folios(void)
{
	struct page_audit a;
	char line[400];

	page_audit(&a);
	if (a.leaked)
		check_fail("leak: folio at teardown", "%lu of %lu folios in use; first %s\n",
			   a.used, a.total, look_folio_line(a.leaked, line, sizeof(line)));
	if (a.broken) {
		snprintf(line, sizeof(line), "invariant: %s", a.broken);
		check_fail(line, "page allocator or LRU; %lu folios, %lu free\n", a.total,
			   a.free_count);
	}
	if (a.used || a.batched || a.on_lru)
		check_fail("leak: folio at teardown", "%lu in use, %lu in batches, %lu on lists\n",
			   a.used, a.batched, a.on_lru);
}

/* Each task has dropped its pins at its end. */
static void audit_pins(void)
{
	if (model_pins_held)
		check_fail("leak: pin at teardown", "%u pins are held\n", model_pins_held);
}

static void audit_mms(void)
{
	int slot;

	for (slot = 1; slot <= WORLD_MM_MAX; slot++)
		if (model_mm_slots[slot].users)
			check_fail("leak: mm at teardown", "slot %d: users %#x\n", slot,
				   model_mm_slots[slot].users);
	if (init_mm.mmlist.next != &init_mm.mmlist)
		check_fail("leak: mm on mmlist at teardown", "mm%u\n",
			   list_entry(init_mm.mmlist.next, struct mm_struct, mmlist)->id);
	if (ksm_mm_head.mm_node.next != &ksm_mm_head.mm_node)
		check_fail("leak: KSM slot at teardown", "ksmd never let go of an mm\n");
	if (root_stable_tree.rb_node || ksm_pages_shared || ksm_pages_sharing)
		check_fail("leak: KSM stable node at teardown", "shared %lu, sharing %lu\n",
			   ksm_pages_shared, ksm_pages_sharing);
}

/* Slab objects that swapped-on devices are made of; see swapon.c. */
static bool device_owns(const struct swap_info_struct *si, const void *obj)
{
	struct rb_node *rb;
	unsigned int i;

	if (obj == si || obj == si->cluster_info || obj == si->global_cluster)
		return true;
	for (rb = rb_first(&si->swap_extent_root); rb; rb = rb_next(rb))
		if (obj == rb_entry(rb, struct swap_extent, rb_node))
			return true;
	for (i = 0; si->cluster_info && i < look_clusters(si); i++) {
		const struct swap_cluster_info *ci = &si->cluster_info[i];

		if (ci->table && obj == container_of(ci->table, struct swap_table, entries))
			return true;
	}
	return false;
}

static void audit_object(const struct kmem_cache *cache, void *obj, size_t size,
			 const struct site *site, void *arg)
{
	char title[REPORT_TITLE_MAX], role[64];
	unsigned int type;

	(void)arg;
	for (type = 0; type < MAX_SWAPFILES; type++)
		if (swap_info[type] && device_owns(swap_info[type], obj))
			return;
	snprintf(title, sizeof(title), "leak: %s of %s at teardown", slab_kind(cache), site->func);
	check_fail(title, "%s, %zu bytes, from %s@%s\n", look_role(obj, role, sizeof(role)), size,
		   site->op, site->func);
}

static void audit_locks(void)
{
	unsigned int type, i;
	bool held = look_spin_held(&swap_lock) || look_spin_held(&swap_avail_lock) ||
		    look_spin_held(&mmlist_lock) || look_spin_held(&ksm_mmlist_lock) ||
		    look_spin_held(&node_lruvec()->lru_lock) || swapon_mutex.word ||
		    ksm_thread_mutex.word;

	for (type = 0; type < MAX_SWAPFILES; type++) {
		struct swap_info_struct *si = look_device(type);

		held |= si && look_spin_held(&si->lock);
		for (i = 0; si && i < look_clusters(si); i++)
			held |= look_spin_held(&si->cluster_info[i].lock);
	}
	if (held)
		check_fail("leak: lock held at teardown", "one of the global or device locks\n");
}

void check_all_audit(void)
{
	audit_slots();
	audit_pins();
	audit_folios();
	audit_mms();
	if (!work_idle())
		check_fail("leak: work queued at teardown", "a work item never ran\n");
	slab_audit_free();
	slab_for_each_live(audit_object, NULL);
	audit_locks();
}
