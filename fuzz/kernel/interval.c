// SPDX-License-Identifier: GPL-2.0-or-later
/* Histories of pages, as intervals. See interval.h. */
#include "fuzz/kernel/interval.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define EVENTS_MAX 48
#define VALUES_MAX 8
#define OPEN 0xffffffffu

struct event {
	u32 begin, end;     /* end OPEN: it isn't over */
	u8 effect;          /* enum interval_effect */
	bool maybe;         /* it failed: it may have happened in part */
	bool any;           /* what it wrote is not known */
	u8 nvalues;
	u64 value[VALUES_MAX];
};

struct history {
	struct event event[EVENTS_MAX];
	unsigned n;
	bool unjudged;
};

static struct history histories[WORLD_MM_MAX + 1][WORLD_PAGES];
static u32 lives[WORLD_MM_MAX + 1]; /* a process of that number ended, another began */
static u32 open_ops[WORLD_MM_MAX + 1];
static u32 clock_now;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void history_start(struct history *h, enum interval_effect effect, u32 begin, u32 end)
{
	memset(h, 0, sizeof(*h));
	h->n = 1;
	h->event[0] = (struct event){ .begin = begin, .end = end, .effect = (u8)effect,
				      .nvalues = 1 };
}

void interval_reset(void)
{
	pthread_mutex_lock(&lock);
	clock_now = 1;
	memset(open_ops, 0, sizeof(open_ops));
	for (int mm = 0; mm <= WORLD_MM_MAX; mm++) {
		for (int page = 0; page < WORLD_PAGES; page++)
			history_start(&histories[mm][page], INTERVAL_UNMAP, 0, 0);
	}
	pthread_mutex_unlock(&lock);
}

/* ---- what may be there ---- */

/* Is a later event sure to lie between e and begin? Its index, else -1. */
static int overwritten_by(const struct history *h, const struct event *e, u32 begin)
{
	for (unsigned i = 0; i < h->n && e->end != OPEN; i++) {
		const struct event *t = &h->event[i];

		/* What MADV_FREE gave up may be there for ever. */
		if (!t->maybe && t->effect != INTERVAL_FREE && t->end != OPEN &&
		    t->begin > e->end && t->end < begin)
			return (int)i;
	}
	return -1;
}

static bool event_has(const struct event *e, u64 value)
{
	for (unsigned i = 0; i < e->nvalues; i++) {
		if (e->value[i] == value)
			return true;
	}
	return e->any;
}

/* The title of a read in [begin, now] that gave value; NULL: it may. */
static const char *judge(const struct history *h, u64 value, u32 begin)
{
	const char *title = "contents: foreign data";

	for (unsigned i = 0; i < h->n; i++) {
		const struct event *e = &h->event[i];
		int by;

		if (!event_has(e, value))
			continue;
		by = overwritten_by(h, e, begin);
		if (by < 0)
			return NULL;
		title = h->event[by].effect == INTERVAL_WRITE ? "contents: lost write" :
								"contents: data after discard";
	}
	return title;
}

static bool overlaps_or_follows(const struct event *e, const struct event *first)
{
	return e->end == OPEN || e->end > first->begin;
}

/* Was nothing mapped from begin up to now, for sure? */
static bool is_unmapped(const struct history *h, u32 begin)
{
	for (unsigned i = 0; i < h->n; i++) {
		const struct event *u = &h->event[i];
		bool mapped = false;

		if (u->effect != INTERVAL_UNMAP || u->maybe || u->end == OPEN || u->end >= begin)
			continue;
		for (unsigned k = 0; k < h->n && !mapped; k++)
			mapped = (h->event[k].effect == INTERVAL_MAP ||
				  h->event[k].effect == INTERVAL_FORK) &&
				 overlaps_or_follows(&h->event[k], u);
		if (!mapped)
			return true;
	}
	return false;
}

/* ---- around an op ---- */

static bool has_range(const struct interval_op *op)
{
	return op->page >= 0 && op->pages >= 1 &&
	       op->pages <= WORLD_REGION_PAGES && op->page + op->pages <= WORLD_PAGES;
}

static u16 open_event(struct history *h, const struct interval_op *op)
{
	if (h->n == EVENTS_MAX) {
		h->unjudged = true;
		return EVENTS_MAX;
	}
	h->event[h->n] = (struct event){ .begin = op->begin, .end = OPEN, .effect = (u8)op->effect,
					 .nvalues = 1, .value = { op->value } };
	return (u16)h->n++;
}

void interval_begin(struct interval_op *op)
{
	pthread_mutex_lock(&lock);
	op->begin = ++clock_now;
	op->life = lives[op->mm];
	open_ops[op->mm]++;
	if (op->effect == INTERVAL_FORK) {
		op->child_life = ++lives[op->child];
		for (int page = 0; page < WORLD_PAGES; page++) {
			struct history *h = &histories[op->child][page];

			history_start(h, INTERVAL_FORK, op->begin, OPEN);
			h->event[0].any = true;
			/* An op on the last process of that number may get at this one. */
			h->unjudged = open_ops[op->child] > 0;
		}
	} else if (has_range(op)) {
		for (int i = 0; i < op->pages && op->effect != INTERVAL_READ; i++)
			op->event[i] = open_event(&histories[op->mm][op->page + i], op);
	}
	pthread_mutex_unlock(&lock);
}

/* One page of a child: what a read of the parent's may have given since begin. */
static void fork_page(const struct history *parent, struct history *child, u32 begin)
{
	struct event *first = &child->event[0];

	first->end = clock_now;
	first->any = false;
	first->nvalues = 0;
	child->unjudged |= parent->unjudged;
	if (is_unmapped(parent, begin))
		first->effect = INTERVAL_UNMAP;
	for (unsigned i = 0; i < parent->n; i++) {
		const struct event *e = &parent->event[i];

		if (overwritten_by(parent, e, begin) >= 0)
			continue;
		first->any |= e->any;
		for (unsigned v = 0; v < e->nvalues; v++) {
			if (event_has(first, e->value[v]))
				continue;
			if (first->nvalues == VALUES_MAX)
				first->any = true;
			else
				first->value[first->nvalues++] = e->value[v];
		}
	}
}

static void change_end(const struct interval_op *op, int ret)
{
	for (int i = 0; i < op->pages; i++) {
		struct event *e = &histories[op->mm][op->page + i].event[op->event[i]];

		if (op->event[i] == EVENTS_MAX)
			continue;
		e->end = clock_now;
		e->maybe = ret != 0;
	}
}

static const char *access_end(const struct interval_op *op, const u64 *words, const char **what)
{
	static char buf[160];
	const struct history *h = &histories[op->mm][op->page];
	const char *title = NULL;
	int w = 0;

	if (h->unjudged)
		return NULL;
	if (is_unmapped(h, op->begin))
		title = "contents: access after unmap";
	for (; words && !title && w < WORLD_WORDS; w++)
		title = judge(h, words[w], op->begin);
	if (title)
		snprintf(buf, sizeof(buf), "mm%d r%d+%d: word %d is %016llx\n", op->mm,
			 op->page / WORLD_REGION_PAGES, op->page % WORLD_REGION_PAGES, w ? w - 1 : 0,
			 (unsigned long long)(words ? words[w ? w - 1 : 0] : op->value));
	*what = buf;
	return title;
}

const char *interval_end(const struct interval_op *op, int ret, const u64 words[WORLD_WORDS],
			 const char **what)
{
	const char *title = NULL;
	bool same_life;

	pthread_mutex_lock(&lock);
	clock_now++;
	open_ops[op->mm]--;
	same_life = op->life == lives[op->mm];
	if (op->effect == INTERVAL_FORK) {
		for (int page = 0; page < WORLD_PAGES && ret == 0 && same_life &&
		     op->child_life == lives[op->child]; page++)
			fork_page(&histories[op->mm][page], &histories[op->child][page],
				  op->begin);
	} else if (has_range(op)) {
		if (same_life && op->effect != INTERVAL_READ)
			change_end(op, ret);
		if (same_life && ret == 0 && op->effect <= INTERVAL_WRITE)
			title = access_end(op, op->effect == INTERVAL_READ ? words : NULL, what);
	}
	pthread_mutex_unlock(&lock);
	return title;
}

void interval_exited(int mm)
{
	pthread_mutex_lock(&lock);
	lives[mm]++;
	pthread_mutex_unlock(&lock);
}
