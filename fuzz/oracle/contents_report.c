// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names a wrong value and writes the report: which page, who wrote it last, each
 * word as it is and as it may be. The classes are those of contents.h, decided
 * by what the page has held before; numbers appear in the body only.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/bug.h"
#include "fuzz/oracle/shadow.h"

#define BODY_MAX 4096

static char body[BODY_MAX];
static size_t body_len;

static __printf_like(1, 2) void body_add(const char *fmt, ...)
{
	__builtin_va_list args;
	int n;

	__builtin_va_start(args, fmt);
	n = vsnprintf(body + body_len, sizeof(body) - body_len, fmt, args);
	__builtin_va_end(args);
	if (n > 0)
		body_len += (size_t)n;
	if (body_len >= sizeof(body))
		body_len = sizeof(body) - 1;
}

static void body_page(int mm, int page)
{
	const struct shadow_page *p = shadow_contents(mm, page);

	body_len = 0;
	body_add("mm %d page r%d+%d", mm, page / WORLD_REGION_PAGES, page % WORLD_REGION_PAGES);
	for (int shm = 0; shm < WORLD_SHMS_MAX; shm++) {
		if (p == &shadow.shm[shm].page[page % WORLD_REGION_PAGES])
			body_add(", which is page %d of shm%d", page % WORLD_REGION_PAGES, shm);
	}
	body_add(", last written by %s\n", p->writer[0] ? p->writer : "nobody");
}

static void body_words(int mm, int page, const u64 words[WORLD_WORDS])
{
	const struct shadow_page *p = shadow_contents(mm, page);

	for (int i = 0; i < WORLD_WORDS; i++) {
		const struct shadow_word *w = &p->word[i];

		body_add("  word %d: got 0x%016llx, allowed", i, (unsigned long long)words[i]);
		for (u32 c = 0; c < w->ncands; c++)
			body_add(" 0x%016llx", (unsigned long long)w->cand[c].value);
		body_add("%s\n", w->any ? " (or any)" : "");
	}
}

/* The last killed occurrence of value in the word, NULL for none in memory. */
static const struct shadow_value *find_old(const struct shadow_word *w, u64 value)
{
	const struct shadow_value *found = NULL;

	for (u32 i = 0; i < word_olds(w); i++) {
		if (w->old[i].value == value && (!found || w->old[i].killed > found->killed))
			found = &w->old[i];
	}
	return found;
}

/* Has the page held this value before (any page was zero once)? */
static bool was_here(const struct shadow_word *w, u64 value)
{
	return value == 0 || find_old(w, value);
}

/* Some words of the newest write arrived, this one has an older value. */
static bool is_torn(const struct shadow_page *p, int word, const u64 words[WORLD_WORDS])
{
	const struct shadow_word *w = &p->word[word];

	for (int i = 0; i < WORLD_WORDS; i++) {
		for (u32 c = 0; c < w->ncands; c++) {
			if (i != word && words[i] == w->cand[c].value && words[i] != words[word])
				return true;
		}
	}
	return false;
}

static const char *classify(const struct shadow_window *win, const u64 words[WORLD_WORDS])
{
	const struct shadow_page *p = shadow_contents(win->mm, win->page);
	const struct shadow_word *w = &p->word[win->word];
	const struct shadow_value *old = find_old(w, win->got);

	if (!was_here(w, win->got))
		return "contents: foreign data";
	if (old && win->got != 0 && p->discarded && old->killed <= p->discarded)
		return "contents: data after discard";
	if (words && is_torn(p, win->word, words))
		return "contents: torn page";
	return NULL;
}

void shadow_mismatch(struct shadow_window *win, int mm, int page, int word, u64 got)
{
	const char *title;

	win->mismatch = true;
	win->mm = (u8)mm;
	win->page = (u8)page;
	win->word = (u8)word;
	win->got = got;
	if (win->op.effect == CONTENTS_READ)
		return;
	title = classify(win, NULL);
	body_page(mm, page);
	body_add("  word %d: got 0x%016llx\n", word, (unsigned long long)got);
	report(title ? title : "contents: lost write", body);
}

void shadow_report_mismatch(const struct shadow_window *win, const u64 words[WORLD_WORDS],
			    int (*reread)(int mm, int page, u64 words[WORLD_WORDS]))
{
	u64 again[WORLD_WORDS] = { 0 };
	const char *title;

	shadow_lock();
	title = classify(win, words);
	shadow_unlock();
	if (!title) {
		title = "contents: lost write";
		if (reread && reread(win->mm, win->page, again) == 0 &&
		    contents_allows(win->mm, win->page, win->word, again[win->word]))
			title = "contents: stale read";
	}
	shadow_lock();
	body_page(win->mm, win->page);
	if (words)
		body_words(win->mm, win->page, words);
	else
		body_add("  word %d: got 0x%016llx\n", win->word, (unsigned long long)win->got);
	shadow_unlock();
	report(title, body);
}

void shadow_report_unmapped(int mm, int page, const char *what)
{
	body_page(mm, page);
	body_add("a %s where nothing is mapped\n", what);
	report("contents: access after unmap", body);
}

void shadow_report_beyond(int mm, int page, const char *what)
{
	body_page(mm, page);
	body_add("a %s of a page that the file does not have any more\n", what);
	report("contents: access beyond the end of a file", body);
}

void shadow_report_page(int mm, int page, const char *title, const char *why)
{
	body_page(mm, page);
	body_add("%s\n", why);
	report(title, body);
}

void shadow_report_failure(const struct shadow_window *win, const char *title)
{
	body_page(win->op.mm, win->op.page);
	body_add("the read failed, though the page is mapped and no op was changing that\n");
	report(title, body);
}
