// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The conditions of explained_tree.def. A reason has to hold for each page that differs.
 */
#include "fuzz/kernel/explain_tree.h"

#include <string.h>

#include "fuzz/prog/prog.h"

const char *const explained_tree_text[EXPLAINED_TREE_COUNT] = {
#define EXPLAINED_TREE(name, text) [EXPLAINED_TREE_##name] = (text),
#include "fuzz/kernel/explained_tree.def"
};

static bool page_differs(const struct explain_case *c, int page)
{
	return memcmp(&c->m->page[page], &c->k->page[page], sizeof(c->m->page[page])) != 0;
}

static bool differed_before(const struct explain_case *c, int page)
{
	return memcmp(&c->m_before->page[page], &c->k_before->page[page],
		      sizeof(c->m_before->page[page])) != 0;
}

/* Was it a KSM page after any op until this one, in both? */
static bool was_ksm(const struct explain_case *c, int page)
{
	int mm = page / WORLD_PAGES, at = page % WORLD_PAGES;

	for (unsigned i = 0; i < c->op; i++) {
		if (c->model->op[i].page[mm][at].bits & c->kernel->op[i].page[mm][at].bits &
		    WORLD_PAGE_KSM)
			return true;
	}
	return false;
}

/* The model has just merged it, and so a page with the same contents that was a KSM
 * page before: in the kernel that one comes a pass later, or as another's partner. */
static bool is_merged_later(const struct explain_case *c, int page)
{
	const struct page_view *m = &c->m->page[page];
	bool again = false;

	for (int i = 0; i < PAGES_ALL; i++) {
		again |= m->frame >= 0 && c->m->page[i].frame == m->frame && was_ksm(c, i) &&
			 !((c->m_before->page[i].bits | c->k_before->page[i].bits) &
			   WORLD_PAGE_KSM);
	}
	return again && c->model->op[c->op].kind == OP_ksm_scan && m->bits & WORLD_PAGE_KSM;
}

/* The child has the zero page in the kernel alone, as its parent in both. */
static bool is_zero_forked(const struct explain_case *c, int page)
{
	const u32 zero = WORLD_PAGE_PRESENT | WORLD_PAGE_ZERO;
	u32 m = c->m->page[page].bits;

	if (c->model->op[c->op].kind != OP_fork || m & zero || c->k->page[page].bits != (m | zero))
		return false;
	for (int i = page % WORLD_PAGES; i < PAGES_ALL; i += WORLD_PAGES) {
		if (i != page && c->m->page[i].bits & c->k->page[i].bits & WORLD_PAGE_ZERO)
			return true;
	}
	return false;
}

static bool comes_after(const struct explain_case *c, u8 kind)
{
	for (unsigned i = 0; i < c->op; i++) {
		if (c->model->op[i].kind == kind && c->model->op[i].ret == 0)
			return true;
	}
	return false;
}

/* Was its slot that of a KSM page, which it may have by a fork? */
static bool was_ksm_slot(const struct explain_case *c, int page)
{
	const struct snapshot_view *m = c->m_before;

	for (int i = 0; i < PAGES_ALL; i++) {
		if (m->page[i].slot == m->page[page].slot && m->page[i].dev == m->page[page].dev &&
		    was_ksm(c, i))
			return true;
	}
	return false;
}

/* swapoff brought in what was a KSM page, in both: into a frame of its own or one that it
 * shares. An mm was forked before. */
static bool is_child_first(const struct explain_case *c, int page)
{
	const struct page_view *m = &c->m->page[page], *k = &c->k->page[page];
	u32 before = c->m_before->page[page].bits & c->k_before->page[page].bits;

	return c->model->op[c->op].kind == OP_swapoff && before & WORLD_PAGE_SWAPPED &&
	       was_ksm_slot(c, page) && comes_after(c, OP_fork) && m->bits & WORLD_PAGE_PRESENT &&
	       (m->bits | WORLD_PAGE_EXCLUSIVE) == (k->bits | WORLD_PAGE_EXCLUSIVE);
}

static enum explained_tree explain_one(const struct explain_case *c, int page)
{
	if (differed_before(c, page))
		return EXPLAINED_TREE_COUNT;
	return is_merged_later(c, page) ? EXPLAINED_TREE_merged_later :
	       is_zero_forked(c, page) ? EXPLAINED_TREE_zero_forked :
	       is_child_first(c, page) ? EXPLAINED_TREE_child_first : EXPLAINED_TREE_COUNT;
}

enum explained_tree explain_tree(const struct explain_case *c)
{
	enum explained_tree why = EXPLAINED_TREE_COUNT;

	for (int i = 0; i < PAGES_ALL; i++) {
		enum explained_tree one;

		if (!page_differs(c, i))
			continue;
		one = explain_one(c, i);
		if (one == EXPLAINED_TREE_COUNT || (why != EXPLAINED_TREE_COUNT && why != one))
			return EXPLAINED_TREE_COUNT;
		why = one;
	}
	return why;
}
