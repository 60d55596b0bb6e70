// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mremap() in the shadow: a range of pages goes to another place of the same mm. While
 * the op runs, both ranges are open and any value may be seen at the new place. After it
 * the old place is unmapped, and the new one has what the old one held at some time while
 * the op ran. A page where nothing was mapped leaves its new place as it was; where that
 * is not known, both the old contents and the moved ones are allowed. The kernel goes on if
 * there is no memory to unmap the old place: then it is an empty page, or not there.
 * Locking: the caller holds shadow_lock().
 */
#include "core/base/bug.h"
#include "fuzz/oracle/shadow.h"

/* op->from is where the range goes: an op has one more place than its range. */
static struct shadow_page *old_place(const struct contents_op *op, int i)
{
	return shadow_page(op->mm, op->page + i);
}

static struct shadow_page *new_place(const struct contents_op *op, int i)
{
	return shadow_page(op->mm, op->from + i);
}

void remap_begin(struct shadow_window *win)
{
	const struct contents_op *op = &win->op;

	if (op->from + op->pages > WORLD_PAGES) {
		win->op.effect = CONTENTS_NONE;
		return;
	}
	shadow.mm[op->mm].remaps++;
	for (int i = 0; i < op->pages; i++) {
		struct shadow_page *from = old_place(op, i), *to = new_place(op, i);

		shadow_page_window_begin(op, from);
		shadow_page_window_begin(op, to);
		to->moves++;
		to->backs |= from->backs;
		shadow_unprotect(from);
		shadow_unprotect(to);
	}
}

/* Values of the old place are now at the new one. keep: so may be those that it had. */
static void page_join(const struct shadow_window *win, struct shadow_page *to,
		      const struct shadow_page *from, bool keep, u32 now)
{
	bool open = shadow_page_open(win->op.mm, from);

	for (int w = 0; w < WORLD_WORDS; w++) {
		if (!keep)
			word_kill_before(&to->word[w], win->begin, now);
		word_join(&to->word[w], &from->word[w], win->begin, now);
		if (keep || open)
			word_add(&to->word[w], 0, now);
		to->word[w].any |= from->moves > 0;
	}
	if (!keep) {
		lazy_discard(to, true, win->begin, now);
		to->discarded = now;
	}
	lazy_join(to, from, win->begin);
	__builtin_memcpy(to->writer, from->writer, sizeof(to->writer));
}

/* The old place is unmapped, or may be. */
static void page_leave(const struct shadow_window *win, struct shadow_page *from, bool sure,
		       u32 now)
{
	bool busy = shadow_page_busy(win, from);

	for (int w = 0; w < WORLD_WORDS; w++) {
		if (sure)
			word_kill_before(&from->word[w], win->begin, now);
		word_add(&from->word[w], 0, win->begin);
	}
	lazy_discard(from, sure, win->begin, now);
	if (sure)
		from->discarded = now;
	if (shadow.alloc_failures != win->alloc_failures)
		sure = false;
	from->mapped = sure && !busy ? SHADOW_UNMAPPED : SHADOW_MAYBE;
	shadow_page_remapped(from, now);
}

/* A file's page keeps its index (tree_mremap()). */
static void backs_move(struct shadow_page *to, struct shadow_page *from, bool sure)
{
	to->backs = sure ? from->backs_before : SHADOW_BACKS_ALL;
	if (from->mapped == SHADOW_UNMAPPED)
		from->backs = 0;
}

static void move_page(const struct shadow_window *win, int i, bool sure, u32 now)
{
	struct shadow_page *from = old_place(&win->op, i), *to = new_place(&win->op, i);
	bool busy = shadow_page_busy(win, from);
	bool to_busy = shadow_page_busy(win, to);

	shadow_unprotect(from);
	shadow_unprotect(to);
	if (sure && !busy && from->mapped == SHADOW_UNMAPPED) {
		if (!to_busy)
			to->backs = to->backs_before;
		return;
	}
	sure = sure && !busy && from->mapped == SHADOW_MAPPED;
	page_join(win, to, from, !sure, now);
	to->mapped = sure && !to_busy ? SHADOW_MAPPED : SHADOW_MAYBE;
	shadow_page_remapped(to, now);
	page_leave(win, from, sure, now);
	to->trapped |= from->trapped;
	to->trapped_at = now;
	backs_move(to, from, sure && !to_busy);
}

/* -EFAULT: nothing is mapped at its first page, and so nothing has happened; or a later
 * part of the range cannot be moved. */
static bool did_nothing(const struct shadow_window *win, int ret)
{
	const struct shadow_page *first = old_place(&win->op, 0);

	return shadow_did_nothing(ret) && (ret != -EFAULT || first->mapped == SHADOW_UNMAPPED);
}

/* Nothing is as it was, as far as this op goes. */
static void backs_restore(struct shadow_page *p, int mm)
{
	if (!shadow_page_open(mm, p))
		p->backs = p->backs_before;
}

void remap_end(const struct shadow_window *win, int ret, u32 now)
{
	const struct contents_op *op = &win->op;

	shadow.mm[op->mm].remaps++;
	for (int i = 0; i < op->pages; i++) {
		struct shadow_page *from = old_place(op, i), *to = new_place(op, i);

		from->windows--;
		to->windows--;
		to->moves--;
		from->changes++;
		to->changes++;
	}
	if (win->zombie)
		return;
	for (int i = 0; i < op->pages; i++) {
		if (ret != -EINTR && !did_nothing(win, ret)) {
			move_page(win, i, ret == 0, now);
			continue;
		}
		backs_restore(old_place(op, i), op->mm);
		backs_restore(new_place(op, i), op->mm);
	}
}
