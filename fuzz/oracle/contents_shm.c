// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shared files in the contents oracle. A page of an mm leads to its own memory or to a
 * page of a file; while it is mapped and unmapped by ops that overlap it may be either
 * (shadow_page.backs). Where it is certain, stores and loads are judged by the file's
 * page: all mms that map it see each store at once. Where it is not, a load is not
 * judged, and a store may have gone to each of them. This can miss a bug but never
 * invents one.
 *
 * A page that is just being unmapped (munmap, MADV_DONTNEED, exit) is such a case as well:
 * a TLB may lead to the old page of a hole that was punched meanwhile.
 *
 * Locking: all under shadow_lock(). Only worlds of one thread at a time have shared files.
 */
#include <string.h>

#include "core/base/bug.h"
#include "fuzz/oracle/shadow.h"

#define SIZE_UNKNOWN 0xffu

static u32 index_of(int page)
{
	return (u32)page % WORLD_REGION_PAGES;
}

void shadow_shm_reset(void)
{
	shadow.shm_changes = 0;
	for (int i = 0; i < WORLD_SHMS_MAX; i++) {
		struct shadow_shm *shm = &shadow.shm[i];

		for (int index = 0; index < WORLD_REGION_PAGES; index++)
			shm->page[index].run = 0;
		shm->size_min = shm->size_max = WORLD_REGION_PAGES;
		shm->windows = shm->resized = 0;
	}
}

static struct shadow_page *shm_page(u32 shm, u32 index)
{
	BUG_ON(shm >= WORLD_SHMS_MAX || index >= WORLD_REGION_PAGES);
	return shadow_page_fresh(&shadow.shm[shm].page[index]);
}

/* ---- what a page leads to ---- */

u8 shadow_backs(int mm, int page)
{
	const struct shadow_window *fork = shadow_fork_into(mm);
	u8 backs = shadow_page(mm, page)->backs;

	if (shadow_mm_unknown(mm))
		return SHADOW_BACKS_ALL;
	if (!fork)
		return backs;
	/* The parent's pages now are not what they were when they were copied. */
	return shadow_page(fork->op.mm, page)->remapped > fork->begin || fork->zombie ||
			       shadow.mm[fork->op.mm].windows > 0
		       ? SHADOW_BACKS_ALL
		       : backs | shadow_page(fork->op.mm, page)->backs;
}

static bool backs_one(u8 backs)
{
	return backs && !(backs & (backs - 1));
}

/* The file that these lead to for certain. */
static u32 shm_of(u8 backs)
{
	BUG_ON(!backs_one(backs) || backs == SHADOW_ANON);
	return (u32)__builtin_ctz(backs) - 1;
}

struct shadow_page *shadow_contents(int mm, int page)
{
	u8 backs = shadow_backs(mm, page);

	if (!backs_one(backs) || backs == SHADOW_ANON)
		return shadow_page(mm, page);
	return shm_page(shm_of(backs), index_of(page));
}

void shadow_page_window_begin(const struct contents_op *op, struct shadow_page *p)
{
	if (!p->windows++)
		p->backs_before = p->backs;
	if (op->effect == CONTENTS_MAP)
		p->backs |= SHADOW_ANON;
	if (op->effect == CONTENTS_SHM_MAP)
		p->backs |= (u8)SHADOW_SHM(op->shm);
}

void shadow_page_window_end(const struct shadow_window *win, struct shadow_page *p, int ret,
			    bool busy)
{
	if (busy)
		return;
	if (shadow_did_nothing(ret))
		p->backs = p->backs_before;
	else if (ret == 0 && win->op.effect == CONTENTS_MAP)
		p->backs = SHADOW_ANON;
	else if (ret == 0 && win->op.effect == CONTENTS_SHM_MAP)
		p->backs = (u8)SHADOW_SHM(win->op.shm);
	else if (ret == 0 && win->op.effect == CONTENTS_UNMAP)
		p->backs = 0;
}

void shadow_page_remapped(struct shadow_page *p, u32 now)
{
	p->remapped = now;
	if (p->windows)
		p->backs_before = p->backs;
}

/* ---- stores and loads ---- */

static bool beyond_end(u32 shm, int page)
{
	const struct shadow_shm *file = &shadow.shm[shm];

	return !file->windows && index_of(page) >= file->size_max;
}

/*
 * A large folio is mapped as a whole, also behind the end of its file: finish_fault()
 * says so of shmem. What is written there may be kept or dropped with the folio's tail.
 */
static bool in_large_tail(u32 shm, int page)
{
	return shadow.large_folios && index_of(page) >= shadow.shm[shm].size_min;
}

bool shadow_shm_may_fail(int mm, int page)
{
	u8 backs = shadow_backs(mm, page);

	for (u32 shm = 0; shm < WORLD_SHMS_MAX; shm++) {
		if (backs & SHADOW_SHM(shm) &&
		    (!backs_one(backs) || shadow.shm[shm].windows ||
		     index_of(page) >= shadow.shm[shm].size_min))
			return true;
	}
	return false;
}

/* It may have gone to each of backs, or the word may have been as it was. */
static void store_maybe(const struct shadow_window *win, u8 backs, int page, int word, u64 value)
{
	for (u32 shm = 0; shm < WORLD_SHMS_MAX; shm++) {
		struct shadow_page *p;

		if (!(backs & SHADOW_SHM(shm)))
			continue;
		p = shm_page(shm, index_of(page));
		memcpy(p->writer, win->op.label, sizeof(p->writer));
		word_add(&p->word[word], value, shadow.clock);
	}
}

void shadow_store_maybe(const struct shadow_window *win, u8 backs, int mm, int page, int word,
			u64 value)
{
	store_maybe(win, backs, page, word, value);
	if (!backs || backs & SHADOW_ANON)
		word_add(&shadow_page(mm, page)->word[word], value, shadow.clock);
}

static void store_surely(const struct shadow_window *win, u32 shm, int mm, int page, int word,
			 u64 value)
{
	struct shadow_page *p = shm_page(shm, index_of(page));
	struct shadow_word *w = &p->word[word];

	if (in_large_tail(shm, page)) {
		word_add(w, value, shadow.clock);
		w->any = true;
		return;
	}
	if (beyond_end(shm, page))
		shadow_report_beyond(mm, page, "store");
	memcpy(p->writer, win->op.label, sizeof(p->writer));
	if (!p->windows) {
		word_kill_all(w, shadow.clock);
		w->any = false;
	}
	word_add(w, value, shadow.clock);
}

bool shadow_shm_store(struct shadow_window *win, int mm, int page, int word, u64 value)
{
	u8 backs = win->zombie ? SHADOW_BACKS_ALL : shadow_backs(mm, page);
	struct shadow_page *p;

	if (!(backs & ~SHADOW_ANON))
		return false;
	p = shadow_page(mm, page);
	if (!win->zombie && backs_one(backs) && !shadow_page_open(mm, p)) {
		store_surely(win, shm_of(backs), mm, page, word, value);
		return true;
	}
	store_maybe(win, backs, page, word, value);
	if (backs & SHADOW_ANON && !win->zombie) {
		lazy_store_begin(p, true, shadow.clock);
		word_add(&p->word[word], value, shadow.clock);
	}
	return true;
}

bool shadow_shm_load(struct shadow_window *win, int mm, int page, int word, u64 value)
{
	u8 backs = shadow_backs(mm, page);
	struct shadow_page *p;
	struct shadow_word *w;

	if (!(backs & ~SHADOW_ANON))
		return false;
	if (!backs_one(backs) || shadow_page_open(mm, shadow_page(mm, page)))
		return true;
	if (in_large_tail(shm_of(backs), page))
		return true;
	if (beyond_end(shm_of(backs), page))
		shadow_report_beyond(mm, page, "load");
	p = shm_page(shm_of(backs), index_of(page));
	w = &p->word[word];
	if (!word_has(w, value) && !(p->windows && value == 0)) {
		shadow_mismatch(win, mm, page, word, value);
	} else if (!p->windows && (w->ncands > 1 || w->any)) { /* settled: it is this one */
		word_keep(w, value, shadow.clock);
	}
	return true;
}

/* ---- holes and sizes ---- */

void shadow_shm_begin(struct shadow_window *win)
{
	const struct contents_op *op = &win->op;
	struct shadow_shm *shm = &shadow.shm[op->shm];

	if (op->shm >= WORLD_SHMS_MAX || op->page + op->pages > WORLD_REGION_PAGES) {
		win->op.effect = CONTENTS_NONE;
		return;
	}
	for (u32 i = op->page; i < op->page + (u32)op->pages; i++)
		shm_page(op->shm, i)->windows++;
	if (op->effect != CONTENTS_SHM_TRUNCATE)
		return;
	if (!shm->windows++)
		shm->size_before = shm->size_min == shm->size_max ? shm->size_min : SIZE_UNKNOWN;
	shm->size_min = min(shm->size_min, op->page);
	shm->size_max = max(shm->size_max, op->page);
}

static void truncate_end(const struct shadow_window *win, int ret)
{
	struct shadow_shm *shm = &shadow.shm[win->op.shm];
	bool alone = --shm->windows == 0 && shm->resized < win->begin;

	if (alone && ret == 0)
		shm->size_min = shm->size_max = win->op.page;
	else if (alone && shadow_did_nothing(ret) && shm->size_before != SIZE_UNKNOWN)
		shm->size_min = shm->size_max = shm->size_before;
	shm->resized = shadow.clock;
}

void shadow_shm_end(const struct shadow_window *win, int ret)
{
	const struct contents_op *op = &win->op;
	u32 now = shadow_tick();

	shadow.shm_changes++;
	for (u32 i = op->page; i < op->page + (u32)op->pages; i++) {
		struct shadow_page *p = shm_page(op->shm, i);

		p->windows--;
		for (int w = 0; w < WORLD_WORDS && !shadow_did_nothing(ret); w++) {
			if (ret == 0)
				word_kill_before(&p->word[w], win->begin, now);
			word_add(&p->word[w], 0, win->begin);
		}
		if (ret == 0)
			p->discarded = now;
	}
	if (op->effect == CONTENTS_SHM_TRUNCATE)
		truncate_end(win, ret);
}
