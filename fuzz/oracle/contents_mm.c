// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens to a whole mm in the shadow: a fork gives its child what the parent had, an
 * exit forgets it, and the OOM reaper makes it unknown.
 * Locking: the caller holds shadow_lock().
 */
#include "fuzz/oracle/shadow.h"

/* One page of the child: what the parent's page had since the fork began. */
static void fork_page(const struct shadow_window *win, int page)
{
	const struct shadow_page *from = shadow_page(win->op.mm, page);
	struct shadow_page *to = shadow_page(win->op.child, page);
	bool open = shadow_page_open(win->op.mm, from);
	struct shadow_page own;

	shadow_page_copy(&own, to);
	shadow_page_copy(to, from);
	to->windows = own.windows;
	to->changes = own.changes + 1;
	to->trapped = own.trapped; /* a child has no userfaultfd but its own */
	to->trapped_at = own.trapped_at;
	shadow_unprotect(to);
	to->freeing = own.freeing;
	to->moves = own.moves;
	lazy_copy(to, from, win->begin);
	to->backs |= own.backs;
	if (shadow_page_busy(win, from) || own.remapped > win->begin) {
		to->mapped = SHADOW_MAYBE; /* before or after the copy? */
		to->backs = SHADOW_BACKS_ALL;
	}
	for (int w = 0; w < WORLD_WORDS; w++) {
		const struct shadow_word *pw = &from->word[w];
		struct shadow_word *cw = &to->word[w];

		word_join_olds(cw, pw, win->begin, win->begin);
		cw->any |= from->moves > 0;
		cw->forgot = 0;
		if (open)
			word_add(cw, 0, win->begin);
		/* What the child itself stored while the fork was not over. */
		for (u32 i = 0; i < own.word[w].ncands; i++) {
			if (own.word[w].cand[i].stamp > win->begin)
				word_add(cw, own.word[w].cand[i].value,
					 own.word[w].cand[i].stamp);
		}
	}
}

/*
 * In native an op may be counted to an mm that has exited meanwhile, and then enter
 * the next one of that number: begin and entry are two instants there. What such a
 * zombie does to it is not known, so a child is not judged if there was one.
 */
static bool zombies_may_be_in(const struct shadow_mm *mm, u32 since)
{
	return shadow.native && (mm->zombies > 0 || mm->zombie_ended > since);
}

void shadow_fork_end(const struct shadow_window *win, int ret)
{
	struct shadow_mm *parent = &shadow.mm[win->op.mm], *child = &shadow.mm[win->op.child];

	shadow_tick();
	child->windows--;
	child->changes++;
	if (ret != 0)
		return;
	/* Two forks, or an exit and a fork, of one number at a time: who won? And of a
	 * parent that is a child itself the fork may not be over. */
	child->unknown = child->windows > 0 || child->exits > 0 || child->exists ||
			 shadow_mm_unknown(win->op.mm) || parent->windows > 0 || win->zombie ||
			 shadow_move_open(win->op.mm) || zombies_may_be_in(child, win->begin);
	child->exists = true;
	for (int page = 0; page < WORLD_PAGES; page++) {
		if (shadow.page[win->op.mm][page].run == shadow.run ||
		    shadow.page[win->op.child][page].run == shadow.run)
			fork_page(win, page);
	}
}

void shadow_exit_end(const struct shadow_window *win, int ret)
{
	struct shadow_mm *mm = &shadow.mm[win->op.mm];

	shadow_tick();
	mm->windows--;
	mm->exits--;
	mm->changes++;
	if (ret != 0)
		return;
	/* Ops that are still inside have the old mm, not the next of this number. */
	for (unsigned i = 0; i <= ENGINE_CTX_MAX; i++) {
		struct shadow_window *other = &shadow.window[i];

		if (other == win || other->op.mm != win->op.mm || other->zombie ||
		    other->op.effect == CONTENTS_NONE)
			continue;
		other->zombie = true;
		mm->zombies++;
	}
	mm->exists = mm->windows > 0 || mm->unknown;
	mm->unknown = mm->exists;
	mm->reaped = false;
	for (int page = 0; page < WORLD_PAGES; page++) {
		struct shadow_page *p = &shadow.page[win->op.mm][page];
		u32 windows = p->windows, moves = p->moves, freeing = p->freeing;

		if (p->run != shadow.run)
			continue;
		p->run = 0;
		p = shadow_page(win->op.mm, page);
		p->windows = windows;
		p->moves = moves;
		p->freeing = freeing;
	}
}

void shadow_reap_end(const struct shadow_window *win, int ret)
{
	struct shadow_mm *mm = &shadow.mm[win->op.mm];

	mm->reaping--;
	if (ret == 0 && !win->zombie)
		mm->reaped = true;
}
