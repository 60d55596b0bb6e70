// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One word of the shadow: the values that it may have now, and the last few that it
 * had, each with the time at which it stopped being one.
 * Locking: the caller holds shadow_lock().
 */
#include "fuzz/oracle/shadow.h"

static void word_remember(struct shadow_word *w, const struct shadow_value *v, u32 now)
{
	struct shadow_value *old = &w->old[w->nolds++ % SHADOW_OLDS];

	if (w->nolds > SHADOW_OLDS && old->killed > w->forgot)
		w->forgot = old->killed;
	*old = *v;
	old->killed = now;
}

void word_kill_all(struct shadow_word *w, u32 now)
{
	for (u32 i = 0; i < w->ncands; i++)
		word_remember(w, &w->cand[i], now);
	w->ncands = 0;
}

void word_add(struct shadow_word *w, u64 value, u32 stamp)
{
	for (u32 i = 0; i < w->ncands; i++) {
		if (w->cand[i].value == value) {
			w->cand[i].stamp = stamp;
			return;
		}
	}
	if (w->ncands == SHADOW_CANDS) {
		w->any = true;
		return;
	}
	w->cand[w->ncands++] = (struct shadow_value){ .value = value, .stamp = stamp };
}

/* Kills the candidates that are over before `before`. */
void word_kill_before(struct shadow_word *w, u32 before, u32 now)
{
	u32 n = 0;

	for (u32 i = 0; i < w->ncands; i++) {
		struct shadow_value *v = &w->cand[i];

		if (v->stamp < before)
			word_remember(w, v, now);
		else
			w->cand[n++] = *v;
	}
	w->ncands = (u8)n;
}

bool word_has(const struct shadow_word *w, u64 value)
{
	for (u32 i = 0; i < w->ncands; i++) {
		if (w->cand[i].value == value)
			return true;
	}
	return w->any;
}

u32 word_olds(const struct shadow_word *w)
{
	return w->nolds < SHADOW_OLDS ? w->nolds : SHADOW_OLDS;
}

/* Was value alive in the word at any time after since? */
bool word_had_after(const struct shadow_word *w, u64 value, u32 since)
{
	for (u32 i = 0; i < word_olds(w); i++) {
		if (w->old[i].value == value && w->old[i].killed > since)
			return true;
	}
	return w->forgot > since;
}

void word_keep(struct shadow_word *w, u64 value, u32 now)
{
	word_kill_all(w, now);
	word_add(w, value, now);
	w->any = false;
	w->zero_by_free = false;
}

void word_join_olds(struct shadow_word *to, const struct shadow_word *from, u32 since, u32 stamp)
{
	for (u32 i = 0; i < word_olds(from); i++) {
		if (from->old[i].killed > since)
			word_add(to, from->old[i].value, stamp);
	}
	to->any |= from->forgot > since;
}

void word_join(struct shadow_word *to, const struct shadow_word *from, u32 since, u32 stamp)
{
	for (u32 i = 0; i < from->ncands; i++)
		word_add(to, from->cand[i].value, stamp);
	word_join_olds(to, from, since, stamp);
	to->any |= from->any;
}
