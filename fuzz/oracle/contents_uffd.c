// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * userfaultfd in the shadow. A page that is filled was missing: zero, as far as the oracle
 * can tell. A move takes what the source may hold to a target that was missing, at no single
 * instant: a window is open on both. In a registered range an access may end in SIGBUS
 * (trapped). A page that was write-protected and that nothing has unprotected since
 * takes no store (protected); where ops overlap, it counts as unprotected.
 * Locking: as contents.c, whose functions call these.
 */
#include <string.h>

#include "core/base/bug.h"
#include "fuzz/oracle/shadow.h"

static bool in_range(int page, int first, int pages)
{
	return page >= first && page < first + pages;
}

/* An open window of this effect on the page (its target, for a move), or NULL. */
static const struct shadow_window *window_on(enum contents_effect effect, int mm, int page)
{
	for (unsigned i = 0; i <= ENGINE_CTX_MAX; i++) {
		const struct shadow_window *win = &shadow.window[i];

		if (win->op.effect == effect && win->op.mm == mm && !win->zombie &&
		    in_range(page, win->op.page, win->op.pages))
			return win;
	}
	return NULL;
}

bool shadow_move_open(int mm)
{
	for (int page = 0; page < WORLD_PAGES; page++)
		if (window_on(CONTENTS_MOVE, mm, page))
			return true;
	return false;
}

bool shadow_move_allows(int mm, int page, int word, u64 value)
{
	const struct shadow_window *win = window_on(CONTENTS_MOVE, mm, page);
	const struct shadow_page *from;
	int source;

	if (!win)
		return false;
	source = win->op.from + (page - win->op.page);
	from = shadow_page(mm, source);
	return word_has(&from->word[word], value) ||
	       word_had_after(&from->word[word], value, win->begin) ||
	       window_on(CONTENTS_MOVE, mm, source); /* whose source? */
}

void shadow_unprotect(struct shadow_page *p)
{
	p->guarded = false;
	p->unprotected = shadow.clock;
}

void shadow_check_protected(const struct shadow_window *win, int mm, int page,
			    const struct shadow_page *p)
{
	/* A device stores through its pin, whatever the page table says. */
	if (shadow_is_device(win))
		return;
	if (p->guarded && !shadow_page_open(mm, p) && !shadow_mm_unknown(mm))
		shadow_report_page(mm, page, "contents: store to a write-protected page",
				   "userfaultfd protects the page, and nothing has unprotected it");
}

void shadow_fill(int mm, int page, int word, u64 value)
{
	struct shadow_window *win = &shadow.window[engine_current()];
	struct shadow_page *p = shadow_page(mm, page);
	struct shadow_word *w = &p->word[word];

	if (win->zombie || shadow_contents(mm, page) != p)
		return;
	if (!shadow_page_open(mm, p) && !shadow_mm_unknown(mm)) {
		if (p->mapped == SHADOW_UNMAPPED)
			shadow_report_unmapped(mm, page, "fill");
		if (!word_has(w, 0))
			shadow_report_page(mm, page, "contents: fill of a page that is not missing",
					   "the page held data, which is gone now");
	}
	shadow_unprotect(p);
	memcpy(p->writer, win->op.label, sizeof(p->writer));
	shadow_store(mm, p, w, value, shadow.clock);
}

/* ---- the ops' windows ---- */

static bool is_unprotecting(const struct contents_op *op)
{
	return op->effect == CONTENTS_MOVE || op->effect == CONTENTS_UNTRAP ||
	       (op->effect == CONTENTS_PROTECT && !op->value);
}

/* Both ranges of a move lie in the address space. */
static bool move_covers(const struct contents_op *op)
{
	return op->from + op->pages <= WORLD_PAGES;
}

void shadow_uffd_begin(struct shadow_window *win)
{
	const struct contents_op *op = &win->op;

	if (op->effect == CONTENTS_MOVE && !move_covers(op)) {
		win->op.effect = CONTENTS_NONE;
		return;
	}
	for (int i = 0; i < op->pages; i++) {
		struct shadow_page *p = shadow_page(op->mm, op->page + i);

		if (is_unprotecting(op))
			shadow_unprotect(p);
		if (op->effect == CONTENTS_TRAP) {
			p->trapped = true;
			p->trapped_at = shadow.clock;
			p->changes++; /* a read that is under way is not judged */
		}
		if (op->effect != CONTENTS_MOVE)
			continue;
		shadow_page_window_begin(op, p);
		p = shadow_page(op->mm, op->from + i);
		shadow_page_window_begin(op, p);
		shadow_unprotect(p);
	}
}

/* ret: 0, or an error after which some pages may have moved. */
static void move_word(struct shadow_word *to, struct shadow_word *from, u32 begin, u32 now,
		      bool sure)
{
	struct shadow_word source = *from;

	if (sure)
		word_kill_before(to, begin, now);
	word_join(to, &source, begin, begin);
	if (sure)
		word_kill_before(from, begin, now);
	word_add(from, 0, begin);
}

static void move_page(const struct shadow_window *win, int i, int ret)
{
	const struct contents_op *op = &win->op;
	int target = op->page + i, source = op->from + i;
	struct shadow_page *to = shadow_page(op->mm, target);
	struct shadow_page *from = shadow_page(op->mm, source);
	bool overlap = in_range(op->from, op->page, op->pages) ||
		       in_range(op->page, op->from, op->pages);
	bool busy = shadow_page_busy(win, to) || shadow_page_busy(win, from) ||
		    to->discarded > win->begin || from->discarded > win->begin;
	bool sure = ret == 0 && !overlap && !busy;
	u32 now = shadow_tick();

	for (int w = 0; w < WORLD_WORDS; w++) {
		if (sure && !word_has(&to->word[w], 0) && !shadow_mm_unknown(op->mm)) {
			shadow_report_page(op->mm, target,
					   "contents: fill of a page that is not missing",
					   "another page was moved over its data");
			return;
		}
		move_word(&to->word[w], &from->word[w], win->begin, now, sure);
		to->word[w].any |= overlap;
		from->word[w].any |= overlap;
	}
	lazy_discard(to, sure, win->begin, now);
	lazy_join(to, from, win->begin);
	lazy_discard(from, sure, win->begin, now);
	memcpy(to->writer, from->writer, sizeof(to->writer));
	if (sure)
		from->discarded = now;
}

static void move_end(const struct shadow_window *win, int ret)
{
	const struct contents_op *op = &win->op;

	for (int i = 0; i < op->pages; i++) {
		struct shadow_page *to = shadow_page(op->mm, op->page + i);
		struct shadow_page *from = shadow_page(op->mm, op->from + i);

		to->windows--;
		from->windows--;
		to->changes++;
		from->changes++;
	}
	if (shadow_did_nothing(ret) || win->zombie)
		return;
	for (int i = 0; i < op->pages; i++) {
		move_page(win, i, ret);
		shadow_unprotect(shadow_page(op->mm, op->page + i));
		shadow_unprotect(shadow_page(op->mm, op->from + i));
	}
}

/* May another op unprotect the page, or have done so since the window was opened? */
static bool unprotected_since(const struct shadow_window *win, int page)
{
	const struct shadow_page *p = shadow_page(win->op.mm, page);

	for (unsigned i = 0; i <= ENGINE_CTX_MAX; i++) {
		const struct shadow_window *other = &shadow.window[i];

		if (other != win && other->op.mm == win->op.mm && is_unprotecting(&other->op) &&
		    in_range(page, other->op.page, other->op.pages))
			return true;
	}
	return p->unprotected >= win->begin || shadow_page_open(win->op.mm, p);
}

void shadow_uffd_end(const struct shadow_window *win, int ret)
{
	const struct contents_op *op = &win->op;

	if (op->effect == CONTENTS_MOVE) {
		move_end(win, ret);
		return;
	}
	for (int page = op->page; page < op->page + op->pages && !win->zombie; page++) {
		struct shadow_page *p = shadow_page(op->mm, page);

		if (is_unprotecting(op))
			shadow_unprotect(p);
		else if (op->effect == CONTENTS_PROTECT && ret == 0)
			p->guarded = !unprotected_since(win, page);
		if (op->effect == CONTENTS_UNTRAP && ret == 0 && p->trapped_at < win->begin)
			p->trapped = false;
	}
}
