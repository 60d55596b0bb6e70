// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shadow: for each word the candidate values and the last few that it had.
 * A candidate is killed by a later store at once, unless a window is open on the
 * page (see contents.h); then by the end of an op that began after the store.
 * Pages are cleared when first touched in a run. MADV_FREE has a file of its own
 * (contents_lazy.c), and so have the values of a word (shadow_word.c).
 * Locking: all entries take a hidden lock (native; it tells TSan nothing). Hooks are
 * called inside of the access's own instant, so that two accesses and their hooks
 * are never in different orders.
 */
#include "fuzz/oracle/contents.h"

#include <stdio.h>
#include <string.h>

#include "core/base/bug.h"
#include "core/engine/context.h"
#include "fuzz/oracle/shadow.h"

struct shadow shadow;

/* ---- the lock and the clock ---- */

void shadow_lock(void)
{
	engine_hidden_lock(&shadow.locked);
}

void shadow_unlock(void)
{
	engine_hidden_unlock(&shadow.locked);
}

u32 shadow_tick(void)
{
	return ++shadow.clock;
}

/* ---- pages and words ---- */

/*
 * Word by word and volatile: libc's memcpy() and memset() are seen by TSan on
 * whatever context they happen, and it would make (and drop) a report for each.
 */
typedef u64 __attribute__((may_alias)) alias_u64;
_Static_assert(sizeof(struct shadow_page) % sizeof(u64) == 0, "whole words");

static void page_copy(struct shadow_page *to, const struct shadow_page *from)
{
	volatile alias_u64 *t = (alias_u64 *)to;
	const volatile alias_u64 *f = (const alias_u64 *)from;

	for (size_t i = 0; i < sizeof(*to) / sizeof(u64); i++)
		t[i] = f[i];
}

void shadow_page_clear(struct shadow_page *p)
{
	volatile alias_u64 *t = (alias_u64 *)p;

	for (size_t i = 0; i < sizeof(*p) / sizeof(u64); i++)
		t[i] = 0;
	for (int w = 0; w < WORLD_WORDS; w++)
		p->word[w].ncands = 1; /* zero, from before the start */
}

static bool page_valid(int mm, int page)
{
	return mm >= 1 && mm <= WORLD_MM_MAX && page >= 0 && page < WORLD_PAGES;
}

struct shadow_page *shadow_page(int mm, int page)
{
	struct shadow_page *p = &shadow.page[mm][page];

	if (p->run != shadow.run) {
		shadow_page_clear(p);
		p->run = shadow.run;
	}
	return p;
}

bool shadow_page_open(int mm, const struct shadow_page *p)
{
	return p->windows > 0 || shadow.mm[mm].windows > 0;
}

/* A fork that is open with this child: its mm, 0 for none. */
const struct shadow_window *shadow_fork_into(int child)
{
	for (unsigned i = 0; i <= ENGINE_CTX_MAX; i++) {
		const struct shadow_window *win = &shadow.window[i];

		if (win->op.effect == CONTENTS_FORK && win->op.child == child)
			return win;
	}
	return NULL;
}

bool shadow_mm_unknown(int mm)
{
	return shadow.mm[mm].unknown || shadow.mm[mm].reaped || shadow.mm[mm].reaping > 0;
}

/* May a load see value now? */
static bool value_allowed(int mm, int page, int word, u64 value)
{
	const struct shadow_page *p = shadow_page(mm, page);
	const struct shadow_word *w = &p->word[word];
	const struct shadow_window *fork;

	if (shadow_mm_unknown(mm) || p->moves || word_has(w, value))
		return true;
	if ((shadow_page_open(mm, p) && value == 0) || shadow_move_allows(mm, page, word, value))
		return true;
	fork = shadow_fork_into(mm);
	if (!fork)
		return false;
	/* windows: the parent is a child itself, of a fork that is not over, or exits;
	 * a zombie: it has exited, and what it had is forgotten */
	return shadow_mm_unknown(fork->op.mm) || shadow.mm[fork->op.mm].windows > 0 ||
	       fork->zombie || value_allowed_parent(fork, page, word, value);
}

bool value_allowed_parent(const struct shadow_window *fork, int page, int word, u64 value)
{
	const struct shadow_page *p = shadow_page(fork->op.mm, page);
	const struct shadow_word *w = &p->word[word];

	return p->moves || word_has(w, value) || word_had_after(w, value, fork->begin) ||
	       (shadow_page_open(fork->op.mm, p) && value == 0) ||
	       shadow_move_allows(fork->op.mm, page, word, value);
}

bool contents_allows(int mm, int page, int word, u64 value)
{
	bool allowed;

	shadow_lock();
	allowed = shadow_contents(mm, page) == shadow_page(mm, page)
			  ? value_allowed(mm, page, word, value)
			  : word_has(&shadow_contents(mm, page)->word[word], value);
	shadow_unlock();
	return allowed;
}

/* ---- the hooks ---- */

static void note_store(int mm, int page, int word, u64 value)
{
	struct shadow_window *win = &shadow.window[engine_current()];
	struct shadow_page *p;
	struct shadow_word *w;
	u32 now;

	if (!page_valid(mm, page))
		return;
	now = shadow_tick();
	if (shadow_is_device(win) && shadow_pin_store(win, word, value))
		return;
	if (shadow_shm_store(win, mm, page, word, value) || win->zombie)
		return;
	p = shadow_page(mm, page);
	w = &p->word[word];
	memcpy(p->writer, win->op.label, sizeof(p->writer));
	shadow_check_protected(mm, page, p);
	lazy_store_begin(p, shadow_page_open(mm, p), now);
	if (!shadow_page_open(mm, p)) {
		if (p->mapped == SHADOW_UNMAPPED && !shadow_mm_unknown(mm))
			shadow_report_unmapped(mm, page, "store");
		word_kill_all(w, now);
		w->any = false;
	}
	word_add(w, value, now);
	lazy_store_end(p, w, now);
}

static void note_load(int mm, int page, int word, u64 value)
{
	struct shadow_window *win = &shadow.window[engine_current()];
	struct shadow_page *p;
	struct shadow_word *w;

	if (!page_valid(mm, page) || win->zombie || win->mismatch || shadow_mm_unknown(mm))
		return;
	if (shadow_is_device(win) && shadow_pin_load(win))
		return;
	if (shadow_shm_load(win, mm, page, word, value))
		return;
	p = shadow_page(mm, page);
	w = &p->word[word];
	if (shadow_page_open(mm, p)) {
		if (!value_allowed(mm, page, word, value))
			shadow_mismatch(win, mm, page, word, value);
		return;
	}
	if (p->mapped == SHADOW_UNMAPPED)
		shadow_report_unmapped(mm, page, "load");
	if (!word_has(w, value)) {
		shadow_mismatch(win, mm, page, word, value);
		return;
	}
	if (w->ncands > 1 || w->any) /* settled: it is this one */
		lazy_settle(p, w, value, w->zero_by_free ? shadow_tick() : shadow.clock);
}

static void hook_store(int mm, int page, int word, u64 value)
{
	shadow_lock();
	note_store(mm, page, word, value);
	shadow_unlock();
}

static void hook_load(int mm, int page, int word, u64 value)
{
	shadow_lock();
	note_load(mm, page, word, value);
	shadow_unlock();
}

static void hook_fill(int mm, int page, int word, u64 value)
{
	shadow_lock();
	if (page_valid(mm, page))
		shadow_fill(mm, page, word, value);
	shadow_unlock();
}

void contents_reset(u8 mms, bool native, bool large_folios)
{
	memset(shadow.window, 0, sizeof(shadow.window));
	memset(shadow.mm, 0, sizeof(shadow.mm));
	shadow_shm_reset();
	memset(shadow.pin, 0, sizeof(shadow.pin));
	for (int mm = 1; mm <= WORLD_MM_MAX; mm++)
		shadow.mm[mm].exists = mms >> (mm - 1) & 1;
	shadow.run++;
	shadow.clock = 1;
	shadow.io_errors = 0;
	shadow.alloc_failures = 0;
	shadow.native = native;
	shadow.large_folios = large_folios;
	world_hooks = (struct world_hooks){ hook_store, hook_load, hook_fill };
}

void contents_stop(void)
{
	world_hooks = (struct world_hooks){ NULL, NULL, NULL };
}

void contents_io_error(void)
{
	__atomic_fetch_add(&shadow.io_errors, 1, __ATOMIC_RELAXED);
}

void contents_alloc_failure(void)
{
	__atomic_fetch_add(&shadow.alloc_failures, 1, __ATOMIC_RELAXED);
}

/* ---- ops: windows ---- */

/* Ops that have ended and could have changed whether the page can be read. */
u32 shadow_page_changes(int mm, int page)
{
	return shadow_page(mm, page)->changes + shadow.mm[mm].changes +
	       shadow_shm_changes(); /* whatever it leads to: a sum only grows */
}

static bool covers(const struct contents_op *op)
{
	return page_valid(op->mm, op->page) && op->page + op->pages <= WORLD_PAGES;
}

void contents_op_begin(const struct contents_op *op)
{
	struct shadow_window *win = &shadow.window[engine_current()];

	shadow_lock();
	*win = (struct shadow_window){ .op = *op, .begin = shadow_tick() };
	win->io_errors = shadow.io_errors;
	win->alloc_failures = shadow.alloc_failures;
	if (op->effect == CONTENTS_UNTRAP && !op->pages)
		win->op.pages = WORLD_PAGES;
	if (op->effect == CONTENTS_SHM_PUNCH || op->effect == CONTENTS_SHM_TRUNCATE) {
		shadow_shm_begin(win);
	} else if (shadow_is_device(win)) {
		/* the hooks say what it does */
	} else if (op->mm < 1 || op->mm > WORLD_MM_MAX) {
		win->op.effect = CONTENTS_NONE;
	} else if (op->effect == CONTENTS_EXIT) {
		shadow.mm[op->mm].windows++;
		shadow.mm[op->mm].exits++;
	} else if (op->effect == CONTENTS_FORK) {
		if (op->child >= 1 && op->child <= WORLD_MM_MAX)
			shadow.mm[op->child].windows++;
		else
			win->op.effect = CONTENTS_NONE;
	} else if (op->effect == CONTENTS_REAP) {
		shadow.mm[op->mm].reaping++;
	} else if (!covers(&win->op)) {
		win->op.effect = CONTENTS_NONE;
	} else if (op->effect == CONTENTS_FREE) {
		lazy_window_begin(win);
	} else if (op->effect == CONTENTS_REMAP) {
		remap_begin(win);
	} else if (op->effect >= CONTENTS_MOVE) {
		shadow_uffd_begin(win);
	} else if (op->effect == CONTENTS_PIN) {
		shadow_pin_begin(win);
	} else if (op->effect >= CONTENTS_MAP) {
		for (int i = op->page; i < op->page + op->pages; i++) {
			shadow_page_window_begin(op, shadow_page(op->mm, i));
			shadow_unprotect(shadow_page(op->mm, i));
		}
	} else if (op->effect == CONTENTS_READ) {
		struct shadow_page *p = shadow_page(op->mm, op->page);

		win->sure = p->mapped == SHADOW_MAPPED && !shadow_page_open(op->mm, p) &&
			    shadow.mm[op->mm].exists && !p->trapped &&
			    !shadow_shm_may_fail(op->mm, op->page);
		win->changes = shadow_page_changes(op->mm, op->page);
	}
	shadow_unlock();
}

bool shadow_did_nothing(int ret)
{
	return ret == -EINVAL || ret == -EEXIST || ret == -ESRCH || ret == -ENOSYS ||
	       ret == -EFAULT || ret == -ENOENT || ret == -EBADF;
}

static bool range_did_nothing(const struct contents_op *op, int ret)
{
	return op->effect == CONTENTS_DISCARD ? lazy_advice_did_nothing(op, ret) :
						shadow_did_nothing(ret);
}

static void range_end(const struct shadow_window *win, int ret)
{
	const struct contents_op *op = &win->op;
	u32 now = shadow_tick();

	for (int i = op->page; i < op->page + op->pages; i++) {
		struct shadow_page *p = shadow_page(op->mm, i);
		bool busy;

		p->windows--;
		p->changes++;
		/* another one inside of this or around it: who was last? */
		busy = shadow_page_open(op->mm, p) || p->remapped > win->begin;
		if (!win->zombie)
			shadow_page_window_end(win, p, ret, busy);
		if (range_did_nothing(op, ret) || win->zombie)
			continue;
		for (int w = 0; w < WORLD_WORDS; w++) {
			if (ret == 0)
				word_kill_before(&p->word[w], win->begin, now);
			word_add(&p->word[w], 0, win->begin);
		}
		lazy_discard(p, win->begin, now);
		if (ret == 0)
			p->discarded = now;
		if (op->effect == CONTENTS_MAP || op->effect == CONTENTS_SHM_MAP)
			p->mapped = ret == 0 && !busy ? SHADOW_MAPPED : SHADOW_MAYBE;
		if (op->effect == CONTENTS_UNMAP)
			p->mapped = ret == 0 && !busy ? SHADOW_UNMAPPED : SHADOW_MAYBE;
		if (op->effect != CONTENTS_DISCARD)
			p->remapped = now;
		if (op->effect == CONTENTS_UNMAP && ret == 0 && p->trapped_at < win->begin)
			p->trapped = false;
		shadow_unprotect(p);
	}
}

/* One page of the child: what the parent's page had since the fork began. */
static void fork_page(const struct shadow_window *win, int page)
{
	const struct shadow_page *from = shadow_page(win->op.mm, page);
	struct shadow_page *to = shadow_page(win->op.child, page);
	bool open = shadow_page_open(win->op.mm, from);
	struct shadow_page own;

	page_copy(&own, to);
	page_copy(to, from);
	to->windows = own.windows;
	to->changes = own.changes + 1;
	to->trapped = own.trapped; /* a child has no userfaultfd but its own */
	to->trapped_at = own.trapped_at;
	shadow_unprotect(to);
	to->freeing = own.freeing;
	to->moves = own.moves;
	lazy_copy(to, from, win->begin);
	to->backs |= own.backs;
	if (open || from->remapped > win->begin || own.remapped > win->begin) {
		to->mapped = SHADOW_MAYBE; /* before or after the copy? */
		to->backs = SHADOW_BACKS_ALL;
	}
	for (int w = 0; w < WORLD_WORDS; w++) {
		const struct shadow_word *pw = &from->word[w];
		struct shadow_word *cw = &to->word[w];

		for (u32 i = 0; i < word_olds(pw); i++) {
			if (pw->old[i].killed > win->begin)
				word_add(cw, pw->old[i].value, win->begin);
		}
		cw->any |= pw->forgot > win->begin || from->moves;
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

static void fork_end(const struct shadow_window *win, int ret)
{
	struct shadow_mm *parent = &shadow.mm[win->op.mm], *child = &shadow.mm[win->op.child];

	shadow_tick();
	child->windows--;
	child->changes++;
	if (ret != 0)
		return;
	/* Two forks, or an exit and a fork, of one number at a time: who won? And of a
	 * parent that is a child itself the fork may not be over. */
	child->unknown = child->windows > 0 || child->exits > 0 || parent->unknown ||
			 child->exists || parent->windows > 0 || win->zombie ||
			 shadow_move_open(win->op.mm) ||
			 parent->reaped || parent->reaping > 0 ||
			 zombies_may_be_in(child, win->begin);
	child->exists = true;
	for (int page = 0; page < WORLD_PAGES; page++) {
		if (shadow.page[win->op.mm][page].run == shadow.run ||
		    shadow.page[win->op.child][page].run == shadow.run)
			fork_page(win, page);
	}
}

static void exit_end(const struct shadow_window *win, int ret)
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

static void reap_end(const struct shadow_window *win, int ret)
{
	struct shadow_mm *mm = &shadow.mm[win->op.mm];

	mm->reaping--;
	if (ret == 0 && !win->zombie)
		mm->reaped = true;
}

static void window_end(struct shadow_window *win, int ret)
{
	switch (win->op.effect) {
	case CONTENTS_SHM_PUNCH:
	case CONTENTS_SHM_TRUNCATE:
		shadow_shm_end(win, ret);
		break;
	case CONTENTS_MAP:
	case CONTENTS_SHM_MAP:
	case CONTENTS_UNMAP:
	case CONTENTS_DISCARD:
		range_end(win, ret);
		break;
	case CONTENTS_FREE:
		lazy_window_end(win, ret);
		break;
	case CONTENTS_REMAP:
		remap_end(win, ret, shadow_tick());
		break;
	case CONTENTS_REAP:
		reap_end(win, ret);
		break;
	case CONTENTS_FORK:
		fork_end(win, ret);
		break;
	case CONTENTS_EXIT:
		exit_end(win, ret);
		break;
	case CONTENTS_MOVE:
	case CONTENTS_TRAP:
	case CONTENTS_UNTRAP:
	case CONTENTS_PROTECT:
		shadow_uffd_end(win, ret);
		break;
	case CONTENTS_PIN:
		shadow_pin_end(win, ret);
		break;
	case CONTENTS_PIN_WRITE:
	case CONTENTS_PIN_READ:
	case CONTENTS_READ:
	case CONTENTS_WRITE: /* the hooks say when each word changes */
	case CONTENTS_NONE:
		break;
	}
	if (win->zombie) {
		shadow.mm[win->op.mm].zombies--;
		shadow.mm[win->op.mm].zombie_ended = shadow.clock;
	}
}

void contents_op_end(int ret)
{
	struct shadow_window *win = &shadow.window[engine_current()];

	shadow_lock();
	window_end(win, ret);
	memset(win, 0, sizeof(*win));
	shadow_unlock();
}

/* ---- reads ---- */

static void judge_failure(const struct shadow_window *win, int ret)
{
	const struct contents_op *op = &win->op;
	const struct shadow_page *p = shadow_page(op->mm, op->page);

	if (!win->sure || shadow_page_open(op->mm, p) || shadow_mm_unknown(op->mm) ||
	    win->changes != shadow_page_changes(op->mm, op->page) ||
	    shadow_shm_may_fail(op->mm, op->page))
		return;
	if (ret == -EFAULT)
		shadow_report_failure(win, "contents: fault on a mapped page");
	if ((ret == -EHWPOISON || ret == -EIO) && !shadow.io_errors)
		shadow_report_failure(win, "contents: poison without an I/O error");
}

void contents_read_end(int ret, const u64 words[WORLD_WORDS],
		       int (*reread)(int mm, int page, u64 words[WORLD_WORDS]))
{
	struct shadow_window *win = &shadow.window[engine_current()], seen;

	shadow_lock();
	if (win->op.effect == CONTENTS_READ && !win->zombie && ret != 0 && !win->mismatch)
		judge_failure(win, ret);
	seen = *win;
	shadow_unlock();
	if (seen.mismatch)
		shadow_report_mismatch(&seen, ret == 0 ? words : NULL, reread);
	shadow_lock();
	window_end(win, ret);
	memset(win, 0, sizeof(*win));
	shadow_unlock();
}
