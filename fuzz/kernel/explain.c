// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The conditions of explained.def. A difference is explained only where all else
 * about the page is equal.
 */
#include "fuzz/kernel/explain.h"

#include <errno.h>
#include <string.h>

const char *const explained_text[EXPLAINED_COUNT] = {
#define EXPLAINED(name, kind, text) [EXPLAINED_##name] = (text),
#include "fuzz/kernel/explained.def"
};

/* All is equal, but the kernel has the folio in the swap cache and the model not. */
static bool only_kernel_cached(const struct page_view *m, const struct page_view *k)
{
	return m->bits + WORLD_PAGE_SWAPCACHE == k->bits && !(m->bits & WORLD_PAGE_SWAPCACHE) &&
	       m->frame == k->frame && m->slot == k->slot && m->dev == k->dev &&
	       m->moved == k->moved;
}

static bool is_kept(u8 why)
{
	return why == EXPLAINED_sync_kept || why == EXPLAINED_async_kept;
}

/* Was out before this op, and is in now, in both. */
static bool came_in(const struct explain_case *c, int page)
{
	u32 before = c->m_before->page[page].bits & c->k_before->page[page].bits;

	return before & WORLD_PAGE_SWAPPED &&
	       c->m->page[page].bits & c->k->page[page].bits & WORLD_PAGE_PRESENT;
}

/*
 * The kernel alone has it in the swap cache. That begins when a page comes in: on
 * zram the last one that was out to the slot (who it was cannot be seen, only that
 * one came in), on a file the page itself. It goes on, and a fork
 * child's page of the same frame has it too.
 */
static bool is_slot_kept(const struct explain_case *c, int page)
{
	if (!only_kernel_cached(&c->m->page[page], &c->k->page[page]))
		return false;
	for (int i = 0; i < PAGES_ALL; i++) {
		if (is_kept(c->before[i]) && c->k->page[i].frame == c->k->page[page].frame)
			return true;
		if (came_in(c, i) && (c->device == DEVICE_ZRAM || i == page))
			return true;
	}
	return false;
}

/* Out in both, and only the device is another; it or another page was kept until
 * this op, or the difference is from then. */
static bool is_kept_out(const struct explain_case *c, int page)
{
	const struct page_view *m = &c->m->page[page], *k = &c->k->page[page];
	bool kept = c->before[page] == EXPLAINED_kept_out;

	for (int i = 0; i < PAGES_ALL; i++)
		kept |= is_kept(c->before[i]);
	return kept && m->bits == k->bits && m->bits & WORLD_PAGE_SWAPPED &&
	       m->slot == k->slot && m->dev != k->dev;
}

/* All is equal, but this op has copied it in the kernel and not in the model. */
static bool only_kernel_copied(const struct explain_case *c, int page)
{
	const struct page_view *m = &c->m->page[page], *k = &c->k->page[page];

	return m->bits == k->bits && m->frame == k->frame && k->moved && !m->moved;
}

/* The kernel alone has copied a page that was in the swap cache, or out. */
static bool is_async_copied(const struct explain_case *c, int page)
{
	u32 before = c->k_before->page[page].bits;

	return c->device == DEVICE_FILE && only_kernel_copied(c, page) &&
	       before & (WORLD_PAGE_SWAPCACHE | WORLD_PAGE_SWAPPED);
}

/* How many mms have the kernel's frame at this place, after that op? */
static int sharers(const struct observed *o, int at, int frame)
{
	int n = 0;

	for (int mm = 0; mm < WORLD_MM_MAX; mm++)
		n += o->page[mm][at].bits & WORLD_PAGE_PRESENT && o->page[mm][at].frame == frame;
	return n;
}

/* Has an mm swapped the frame in by this op? */
static bool swapped_in(const struct observed *before, const struct observed *o, int at, int frame)
{
	for (int mm = 0; mm < WORLD_MM_MAX; mm++)
		if (before->page[mm][at].bits & WORLD_PAGE_SWAPPED &&
		    o->page[mm][at].bits & WORLD_PAGE_PRESENT && o->page[mm][at].frame == frame)
			return true;
	return false;
}

/* The kernel alone has copied a page that was swapped in, then shared, and given up by
 * MADV_FREE in one of the two. */
static bool is_sync_lazy(const struct explain_case *c, int page)
{
	const struct observed *op = c->kernel->op;
	int at = page % WORLD_PAGES, frame;
	bool in = false;

	if (c->device != DEVICE_ZRAM || c->op == 0 || !only_kernel_copied(c, page))
		return false;
	frame = op[c->op - 1].page[page / WORLD_PAGES][at].frame;
	for (unsigned i = 1; i < c->op; i++) {
		/* -ENOMEM: there is a hole, and the rest has been given up */
		if (in && op[i].kind == OP_madv_free && (op[i].ret == 0 || op[i].ret == -ENOMEM) &&
		    sharers(&op[i], at, frame) > 1)
			return true;
		in |= swapped_in(&op[i - 1], &op[i], at, frame);
	}
	return false;
}

/* The kernel alone has the zero page, where nothing was before; it came by a fork,
 * from an mm that has it in both, or the difference is from then. */
static bool is_zero_forked(const struct explain_case *c, int page)
{
	const struct page_view *m = &c->m->page[page], *k = &c->k->page[page];
	const u32 zero = WORLD_PAGE_PRESENT | WORLD_PAGE_ZERO;

	if (m->bits & zero || k->bits != (m->bits | zero))
		return false;
	if (c->before[page] == EXPLAINED_zero_forked)
		return true;
	for (int i = page % WORLD_PAGES; i < PAGES_ALL; i += WORLD_PAGES) {
		if (!c->k_before->page[page].bits && c->m->page[i].bits & WORLD_PAGE_ZERO &&
		    c->k->page[i].bits & WORLD_PAGE_ZERO)
			return true;
	}
	return false;
}

/* Frames that were in the swap cache before this op, and are present and out of it
 * now, in both: their slots were reclaimed. */
static int reclaimed_frames(const struct explain_case *c)
{
	int n = 0;

	for (int i = 0; i < PAGES_ALL; i++) {
		u32 before = c->m_before->page[i].bits & c->k_before->page[i].bits;
		u32 after = c->m->page[i].bits | c->k->page[i].bits;

		n += before & WORLD_PAGE_SWAPCACHE && !(after & WORLD_PAGE_SWAPCACHE) &&
		     after & WORLD_PAGE_PRESENT && c->k->page[i].frame == i;
	}
	return n;
}

/* The kernel alone put it out, with slots that were reclaimed by this op in both,
 * or the difference is from then. */
static bool is_worker_early(const struct explain_case *c, int page)
{
	const struct page_view *m = &c->m->page[page], *k = &c->k->page[page];
	const u32 both = WORLD_PAGE_PRESENT | WORLD_PAGE_SWAPPED;

	if ((m->bits & both) != WORLD_PAGE_PRESENT || (k->bits & both) != WORLD_PAGE_SWAPPED)
		return false;
	return c->before[page] == EXPLAINED_worker_early ||
	       (c->m_before->page[page].bits & c->k_before->page[page].bits & WORLD_PAGE_PRESENT &&
		reclaimed_frames(c) > 0);
}

/* Pages that are so explained now: of an mm, -1: of all. */
static long early_pages(const struct explain_case *c, int mm)
{
	long n = 0;

	for (int i = 0; i < PAGES_ALL; i++)
		n += (mm < 0 || i / WORLD_PAGES == mm) && is_worker_early(c, i);
	return n;
}

enum explained explain_page(const struct explain_case *c, int page)
{
	if (is_slot_kept(c, page))
		return c->device == DEVICE_ZRAM ? EXPLAINED_sync_kept : EXPLAINED_async_kept;
	if (is_kept_out(c, page))
		return EXPLAINED_kept_out;
	if (is_async_copied(c, page))
		return EXPLAINED_async_copied;
	if (is_sync_lazy(c, page))
		return EXPLAINED_sync_lazy;
	if (is_zero_forked(c, page))
		return EXPLAINED_zero_forked;
	if (is_worker_early(c, page))
		return EXPLAINED_worker_early;
	return EXPLAINED_COUNT;
}

/* Frames that the kernel alone has in the swap cache. */
static long kept_frames(const struct explain_case *c)
{
	long n = 0;

	for (int i = 0; i < PAGES_ALL; i++)
		n += only_kernel_cached(&c->m->page[i], &c->k->page[i]) &&
		     c->k->page[i].frame == i;
	return n;
}

enum explained explain_counter(const struct explain_case *c, int mm, const char *counter,
			       long model, long kernel)
{
	long early = early_pages(c, mm), more = kernel - model;

	if (strcmp(counter, "swap in use") == 0 && more == kept_frames(c))
		return EXPLAINED_kept_use;
	if (early && ((strcmp(counter, "swap in use") == 0 && more == early + kept_frames(c)) ||
		      (strcmp(counter, "VmSwap") == 0 && more == early) ||
		      (strcmp(counter, "RssAnon") == 0 && more == -early)))
		return EXPLAINED_worker_early_count;
	return EXPLAINED_COUNT;
}
