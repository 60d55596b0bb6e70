// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The model as programs and oracles see it: its ops (model_world.c), the checkers,
 * what may be asked without locks (pagemap, counters), and its tasks.
 */
#include <stdio.h>

#include "core/check/check.h"
#include "core/check/look.h"
#include "core/kapi/sched.h"
#include "core/mm/ksm.h"
#include "core/mm/pin.h"
#include "core/swap/block_device.h"
#include "core/world/model_world.h"

/* ---- pagemap and counters ---------------------------------------------------------- */

static bool page_covered(const struct mm_struct *mm, unsigned long addr, bool *writable)
{
	const struct list_head *p;

	for (p = mm->vmas.next; p != &mm->vmas; p = p->next) {
		const struct vm_area_struct *vma = list_entry(p, struct vm_area_struct, vm_link);

		if (addr >= vma->vm_start && addr < vma->vm_end) {
			*writable = vma->vm_flags & VM_WRITE;
			return true;
		}
	}
	return false;
}

static void swapped_state(pte_t pte, struct world_page_state *out)
{
	unsigned int type = (unsigned int)(pte.pte >> PTE_SWP_TYPE_SHIFT & PTE_SWP_TYPE_MASK);
	unsigned long offset = pte.pte >> PTE_SWP_OFFSET_SHIFT;

	if (type < MAX_SWAPFILES) {
		out->bits |= WORLD_PAGE_SWAPPED;
		out->dev = look_device(type) ? swap_info[type]->bdev->id : -1;
		out->slot = (s32)offset;
	} else if (type == SWP_PTE_MARKER && offset & PTE_MARKER_POISONED) {
		out->bits |= WORLD_PAGE_POISON;
	}
}

static void present_state(unsigned long pfn, struct world_page_state *out)
{
	const struct folio *folio = &folio_map[pfn];

	out->frame = (s32)pfn;
	if (look_mapcount(folio) == 1)
		out->bits |= WORLD_PAGE_EXCLUSIVE;
	if (look_flag(folio, PG_swapcache))
		out->bits |= WORLD_PAGE_SWAPCACHE;
	if (look_ksm(folio))
		out->bits |= WORLD_PAGE_KSM;
}

static void model_page_state(int slot, int page, struct world_page_state *out)
{
	struct mm_struct *mm;
	struct ptdesc *pt;
	bool writable;
	pte_t pte;

	*out = (struct world_page_state){ .dev = -1, .slot = -1, .frame = -1 };
	if (slot < 1 || slot > WORLD_MM_MAX || page < 0 || page >= WORLD_PAGES)
		return;
	mm = look_mm(slot);
	if (!mm || model_mm_slots[slot].users & MODEL_MM_EXITING)
		return;
	if (page_covered(mm, (unsigned long)page << PAGE_SHIFT, &writable))
		out->bits |= WORLD_PAGE_MAPPED | (writable ? WORLD_PAGE_WRITABLE : 0);
	pt = mm->pt[page / PTRS_PER_PTE];
	if (!pt)
		return;
	pte = pt->pte[page % PTRS_PER_PTE];
	if (pte_none(pte))
		return;
	if (!pte_present(pte)) {
		swapped_state(pte, out);
		return;
	}
	out->bits |= WORLD_PAGE_PRESENT;
	if (pte_special(pte))
		out->bits |= WORLD_PAGE_ZERO;
	else if (pte.pte >> PTE_PFN_SHIFT < folio_map_size)
		present_state(pte.pte >> PTE_PFN_SHIFT, out);
}

static void model_mm_counters(int slot, struct world_mm_counters *out)
{
	struct mm_struct *mm = slot >= 1 && slot <= WORLD_MM_MAX ? look_mm(slot) : NULL;

	*out = (struct world_mm_counters){ 0 };
	if (!mm)
		return;
	out->anon = mm->rss_stat[MM_ANONPAGES].counter;
	out->swap = mm->rss_stat[MM_SWAPENTS].counter;
}

static void model_counters(struct world_counters *out)
{
	unsigned int type;

	*out = (struct world_counters){ 0 };
	out->swap_total = total_swap_pages;
	for (type = 0; type < MAX_SWAPFILES; type++)
		out->swap_used += look_device(type) ? look_inuse(swap_info[type]) : 0;
	out->ksm_shared = (long)ksm_pages_shared_now();
	out->ksm_sharing = (long)ksm_pages_sharing_now();
	out->folios_free = (long)nr_free_pages();
}

/* ---- tasks ----------------------------------------------------------------------------- */

struct model_task {
	struct task_struct self;
	bool snapshot_open; /* it has the snapshot device open */
};
static struct model_task *model_tasks[ENGINE_TASKS_MAX] __world = { NULL };
WORLD_NAME(model_tasks);

static int model_task_make(unsigned index, char label)
{
	struct model_task *t;

	BUG_ON_CMP(index, >=, ENGINE_TASKS_MAX);
	t = engine_arena_alloc(sizeof(*t));
	t->self.comm[0] = label;
	t->self.flags = PF_MAY_SIGNAL;
	t->self.pid = (int)index + 1;
	model_tasks[index] = t;
	return 0;
}

static void model_task_begin(unsigned index)
{
	engine_set_ctx_data(&model_tasks[index]->self);
}

/* A task that ends closes its files and drops its pins; a signal is over with the op that it ended. */
static void model_op_end(unsigned index, bool last)
{
	struct model_task *t = model_tasks[index];

	if (last && t->snapshot_open)
		model_hib_close();
	if (last)
		pins_drop();
	clear_signal(&t->self);
}

void model_snapshot_note(bool open)
{
	unsigned index = engine_current();

	/* Set-up has no task, and a test may have tasks of its own. */
	if (index < ENGINE_TASKS_MAX && model_tasks[index] &&
	    engine_ctx_data() == &model_tasks[index]->self)
		model_tasks[index]->snapshot_open = open;
}

/* More folios, slots: more tables, swap tables, rmap items. */
static size_t model_arena_size(const struct world_config *m)
{
	size_t slots = 0;

	for (int i = 0; i < WORLD_DEVS_MAX; i++)
		slots += m->dev[i].flags & WORLD_DEV_PRESENT ? m->dev[i].slots : 0;
	return (m->folios > 40 || slots > 96 ? 128u : 64u) << 10;
}

static bool model_machine_check(const struct world_config *m, char *why, size_t size)
{
	if (m->thp)
		snprintf(why, size, "thp=%u: the model has no large folios", m->thp);
	return !m->thp;
}

static void model_machine_fit(struct world_config *m)
{
	m->thp = 0;
}

static int model_setup_checked(const struct world_config *m)
{
	return m->thp ? -EINVAL : model_setup(m);
}

const struct world_ops model_world_ops = {
	.name = "model",
	.native = true,
	.seeded_bugs = true,
	.machine_check = model_machine_check,
	.machine_fit = model_machine_fit,
	.arena_size = model_arena_size,
	.task_make = model_task_make,
	.task_begin = model_task_begin,
	.op_end = model_op_end,
	.setup = model_setup_checked,
	.teardown = model_teardown,
	.check_cheap = check_all_cheap,
	.check_quiet = check_all_quiet,
	.audit = check_all_audit,
#define OP_MADVISE_TREE(...)
#define OP_TREE(...)
#define OP_BY_HAND(...)
#define OP(name_, ...) .name_ = model_##name_,
#include "core/base/ops.def"
	.read = model_read,
	.ksm_pass = model_ksm_pass,
	.page_state = model_page_state,
	.mm_counters = model_mm_counters,
	.counters = model_counters,
};

const struct world_ops *const world_linked = &model_world_ops;
