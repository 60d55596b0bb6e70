// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * MADV_FREE in the shadow. From the begin of the op on, its pages may become zero at any
 * time, each as a whole; the first store after its end makes a page safe again:
 *
 *	lazy     no store since: 0 is a candidate of each word beside its value
 *	frozen   a store came: the page was dropped before it, or never will be
 *
 * Which of them it was shows in the first word that is loaded: zero_by_free says that a
 * 0 there can only come from a dropped page, so this settles the other words too. Where a
 * store may have come before or after the drop (MADV_FREE or a window is open), words are
 * no longer tied to each other: this can miss a bug but never invents one.
 * Locking: the caller holds shadow_lock().
 */
#include "core/base/bug.h"
#include "fuzz/oracle/shadow.h"

static bool page_lazy(const struct shadow_page *p)
{
	return p->lazy || p->freeing > 0;
}

/* tied: the other words of the page become zero with this one. */
static void word_may_be_zero(struct shadow_word *w, bool tied, u32 now)
{
	if (word_has(w, 0))
		return;
	word_add(w, 0, now);
	w->zero_by_free = tied && !w->any;
}

static void untie(struct shadow_page *p)
{
	for (int i = 0; i < WORLD_WORDS; i++)
		p->word[i].zero_by_free = false;
}

/* The candidates that are left when 0 is none of them. */
static void word_drop_zero(struct shadow_word *w, u32 now)
{
	struct shadow_word old = *w;

	word_kill_all(w, now);
	for (u32 i = 0; i < old.ncands; i++) {
		if (old.cand[i].value != 0)
			word_add(w, old.cand[i].value, old.cand[i].stamp);
	}
	w->zero_by_free = false;
}

/* No longer: a child that a fork is making may have the page as it was. */
static void lazy_over(struct shadow_page *p, u32 now)
{
	if (p->lazy)
		p->lazy_until = now;
	p->lazy = false;
}

/* One word shows that the page was dropped: so is the rest of it. */
static void page_dropped(struct shadow_page *p, u32 now)
{
	for (int i = 0; i < WORLD_WORDS; i++) {
		if (p->word[i].zero_by_free)
			word_keep(&p->word[i], 0, now);
	}
	p->discarded = now;
	lazy_over(p, now);
	p->frozen = false;
}

/* One word shows that the page was not dropped before it was stored to. */
static void page_kept(struct shadow_page *p, u32 now)
{
	for (int i = 0; i < WORLD_WORDS; i++) {
		if (p->word[i].zero_by_free)
			word_drop_zero(&p->word[i], now);
	}
	p->frozen = false;
}

static void lazy_begin(struct shadow_page *p, u32 now)
{
	p->freeing++;
	if (p->frozen) /* what was stored since is no part of the first drop */
		untie(p);
	for (int i = 0; i < WORLD_WORDS; i++)
		word_may_be_zero(&p->word[i], true, now);
}

static void lazy_end(struct shadow_page *p, bool done, u32 now)
{
	BUG_ON(!p->freeing);
	p->freeing--;
	if (done) {
		p->lazy = true;
		p->freed = now;
	} else if (!page_lazy(p) && !p->frozen) {
		page_kept(p, now);
	}
}

void lazy_store_begin(struct shadow_page *p, bool open, u32 now)
{
	if (!page_lazy(p) && !p->frozen)
		return;
	if (open || p->freeing) {
		untie(p);
	} else if (p->lazy) {
		lazy_over(p, now);
		p->frozen = true;
	}
}

void lazy_store_end(struct shadow_page *p, struct shadow_word *w, u32 now)
{
	w->zero_by_free = false;
	if (p->freeing)
		word_may_be_zero(w, false, now);
}

void lazy_settle(struct shadow_page *p, struct shadow_word *w, u64 value, u32 now)
{
	bool tied = w->zero_by_free;

	if (tied && value && page_lazy(p) && w->ncands == 2)
		return; /* this value, and 0 later, as before */
	if (tied && value == 0)
		page_dropped(p, now);
	else if (tied && !page_lazy(p))
		page_kept(p, now);
	if (w->ncands > 1 || w->any)
		word_keep(w, value, now);
	if (page_lazy(p))
		word_may_be_zero(w, tied, now);
}

void lazy_discard(struct shadow_page *p, bool sure, u32 begin, u32 now)
{
	untie(p);
	if (!sure || p->freeing || p->freed >= begin)
		return;
	lazy_over(p, now);
	p->frozen = false;
}

void lazy_join(struct shadow_page *to, const struct shadow_page *from, u32 since)
{
	untie(to);
	if (!page_lazy(from) && from->lazy_until <= since)
		return;
	to->lazy = true;
	for (int i = 0; i < WORLD_WORDS; i++)
		word_may_be_zero(&to->word[i], false, since);
}

void lazy_copy(struct shadow_page *to, const struct shadow_page *from, u32 since)
{
	to->lazy = to->frozen = false;
	lazy_join(to, from, since);
}

void lazy_window_begin(const struct shadow_window *win)
{
	const struct contents_op *op = &win->op;

	for (int i = op->page; i < op->page + op->pages; i++)
		lazy_begin(shadow_page(op->mm, i), win->begin);
}

bool lazy_advice_did_nothing(const struct contents_op *op, int ret)
{
	return shadow_did_nothing(ret) && !(ret == -EINVAL && op->pages > 1);
}

void lazy_window_end(const struct shadow_window *win, int ret)
{
	const struct contents_op *op = &win->op;
	bool done = !lazy_advice_did_nothing(op, ret) && !win->zombie;
	u32 now = shadow_tick();

	for (int i = op->page; i < op->page + op->pages; i++)
		lazy_end(shadow_page(op->mm, i), done, now);
}
