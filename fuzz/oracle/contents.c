// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The shadow: for each word the candidate values and the last few that it had.
 * A candidate is killed by a later store at once, unless a window is open on the
 * page (see contents.h); then by the end of an op that began after the store.
 * Pages are cleared when first touched in a run. The values of a word
 * (shadow_word.c), a whole mm (contents_mm.c) and MADV_FREE (contents_lazy.c) have files of
 * their own.
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

void shadow_page_copy(struct shadow_page *to, const struct shadow_page *from)
{
	volatile alias_u64 *t = (alias_u64 *)to;
	const volatile alias_u64 *f = (const alias_u64 *)from;

	for (size_t i = 0; i < sizeof(*to) / sizeof(u64); i++)
		t[i] = f[i];
}

static void page_clear(struct shadow_page *p)
{
	volatile alias_u64 *t = (alias_u64 *)p;

	for (size_t i = 0; i < sizeof(*p) / sizeof(u64); i++)
		t[i] = 0;
	for (int w = 0; w < WORLD_WORDS; w++)
		p->word[w].ncands = 1; /* zero, from before the start */
}

static bool mm_valid(int mm)
{
	return mm >= 1 && mm <= WORLD_MM_MAX;
}

static bool page_valid(int mm, int page)
{
	return mm_valid(mm) && page >= 0 && page < WORLD_PAGES;
}

struct shadow_page *shadow_page_fresh(struct shadow_page *p)
{
	if (p->run != shadow.run) {
		page_clear(p);
		p->run = shadow.run;
	}
	return p;
}

struct shadow_page *shadow_page(int mm, int page)
{
	return shadow_page_fresh(&shadow.page[mm][page]);
}

bool shadow_page_open(int mm, const struct shadow_page *p)
{
	return p->windows > 0 || shadow.mm[mm].windows > 0;
}

bool shadow_page_busy(const struct shadow_window *win, const struct shadow_page *p)
{
	return shadow_page_open(win->op.mm, p) || p->remapped > win->begin;
}

/* A fork that is open with this child: its mm, 0 for none. */
const struct shadow_window *shadow_fork_into(int child)
{
	if (!shadow.mm[child].windows) /* at each store and load */
		return NULL;
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

static bool value_allowed_parent(const struct shadow_window *fork, int page, int word, u64 value)
{
	const struct shadow_page *p = shadow_page(fork->op.mm, page);
	const struct shadow_word *w = &p->word[word];

	return p->moves || word_has(w, value) || word_had_after(w, value, fork->begin) ||
	       (shadow_page_open(fork->op.mm, p) && value == 0) ||
	       shadow_move_allows(fork->op.mm, page, word, value);
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

void shadow_store(int mm, struct shadow_page *p, struct shadow_word *w, u64 value, u32 now)
{
	bool open = shadow_page_open(mm, p);

	lazy_store_begin(p, open, now);
	if (!open) {
		word_kill_all(w, now);
		w->any = false;
	}
	word_add(w, value, now);
	lazy_store_end(p, w, now);
}

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
	shadow_check_protected(win, mm, page, p);
	if (!shadow_page_open(mm, p) && p->mapped == SHADOW_UNMAPPED && !shadow_mm_unknown(mm))
		shadow_report_unmapped(mm, page, "store");
	shadow_store(mm, p, w, value, now);
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
	       shadow.shm_changes; /* whatever it leads to: a sum only grows */
}

/* One that names an mm or pages which there are not changes nothing. */
static bool is_valid(const struct contents_op *op)
{
	switch (op->effect) {
	case CONTENTS_SHM_PUNCH: /* a file's, which has no mm */
	case CONTENTS_SHM_TRUNCATE:
	case CONTENTS_PIN_WRITE: /* a device's */
	case CONTENTS_PIN_READ:
		return true;
	case CONTENTS_EXIT:
	case CONTENTS_REAP:
		return mm_valid(op->mm);
	case CONTENTS_FORK:
		return mm_valid(op->mm) && mm_valid(op->child);
	default:
		return page_valid(op->mm, op->page) && op->page + op->pages <= WORLD_PAGES;
	}
}

static void range_begin(const struct contents_op *op)
{
	for (int i = op->page; i < op->page + op->pages; i++) {
		shadow_page_window_begin(op, shadow_page(op->mm, i));
		shadow_unprotect(shadow_page(op->mm, i));
	}
}

static void read_begin(struct shadow_window *win)
{
	const struct contents_op *op = &win->op;
	const struct shadow_page *p = shadow_page(op->mm, op->page);

	win->sure = p->mapped == SHADOW_MAPPED && !shadow_page_open(op->mm, p) &&
		    shadow.mm[op->mm].exists && !p->trapped &&
		    !shadow_shm_may_fail(op->mm, op->page);
	win->changes = shadow_page_changes(op->mm, op->page);
}

/* window_end() is its other half. */
static void window_begin(struct shadow_window *win)
{
	switch (win->op.effect) {
	case CONTENTS_SHM_PUNCH:
	case CONTENTS_SHM_TRUNCATE:
		shadow_shm_begin(win);
		break;
	case CONTENTS_MAP:
	case CONTENTS_SHM_MAP:
	case CONTENTS_UNMAP:
	case CONTENTS_DISCARD:
		range_begin(&win->op);
		break;
	case CONTENTS_FREE:
		lazy_window_begin(win);
		break;
	case CONTENTS_REMAP:
		remap_begin(win);
		break;
	case CONTENTS_REAP:
		shadow.mm[win->op.mm].reaping++;
		break;
	case CONTENTS_FORK:
		shadow.mm[win->op.child].windows++;
		break;
	case CONTENTS_EXIT:
		shadow.mm[win->op.mm].windows++;
		shadow.mm[win->op.mm].exits++;
		break;
	case CONTENTS_MOVE:
	case CONTENTS_TRAP:
	case CONTENTS_UNTRAP:
	case CONTENTS_PROTECT:
		shadow_uffd_begin(win);
		break;
	case CONTENTS_PIN:
		shadow_pin_begin(win);
		break;
	case CONTENTS_READ:
		read_begin(win);
		break;
	case CONTENTS_PIN_WRITE:
	case CONTENTS_PIN_READ:
	case CONTENTS_WRITE: /* the hooks say when each word changes */
	case CONTENTS_NONE:
		break;
	}
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
	if (!is_valid(&win->op))
		win->op.effect = CONTENTS_NONE;
	window_begin(win);
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
		busy = shadow_page_busy(win, p);
		if (!win->zombie)
			shadow_page_window_end(win, p, ret, busy);
		if (range_did_nothing(op, ret) || win->zombie)
			continue;
		for (int w = 0; w < WORLD_WORDS; w++) {
			if (ret == 0)
				word_kill_before(&p->word[w], win->begin, now);
			word_add(&p->word[w], 0, win->begin);
		}
		lazy_discard(p, ret == 0, win->begin, now);
		if (ret == 0)
			p->discarded = now;
		if (op->effect == CONTENTS_MAP || op->effect == CONTENTS_SHM_MAP)
			p->mapped = ret == 0 && !busy ? SHADOW_MAPPED : SHADOW_MAYBE;
		if (op->effect == CONTENTS_UNMAP)
			p->mapped = ret == 0 && !busy ? SHADOW_UNMAPPED : SHADOW_MAYBE;
		if (op->effect != CONTENTS_DISCARD)
			shadow_page_remapped(p, now);
		if (op->effect == CONTENTS_UNMAP && ret == 0 && p->trapped_at < win->begin)
			p->trapped = false;
		shadow_unprotect(p);
	}
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
		shadow_reap_end(win, ret);
		break;
	case CONTENTS_FORK:
		shadow_fork_end(win, ret);
		break;
	case CONTENTS_EXIT:
		shadow_exit_end(win, ret);
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
