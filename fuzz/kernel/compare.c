// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Comparing two observations. A frame or slot is named by the first page that has
 * it, so that two worlds agree when the same pages share; "moved" says that a page
 * that was present before and after the op has another frame now (a copy).
 */
#include "fuzz/kernel/compare.h"

#include <stdarg.h>
#include <string.h>

#include "fuzz/kernel/explain.h"
#include "fuzz/kernel/explain_tree.h"

#define BITS_COMPARED (WORLD_PAGE_MAPPED | WORLD_PAGE_PRESENT | WORLD_PAGE_SWAPPED |      \
		       WORLD_PAGE_EXCLUSIVE | WORLD_PAGE_ZERO | WORLD_PAGE_POISON |       \
		       WORLD_PAGE_WRITABLE | WORLD_PAGE_SWAPCACHE | WORLD_PAGE_KSM)

const char *compare_kind_name(enum compare_kind kind)
{
	static const char *const names[] = { "contents", "results", "page states", "counters" };

	return names[kind];
}

static const struct world_page_state *page_at(const struct observed *o, int i)
{
	return &o->page[i / WORLD_PAGES][i % WORLD_PAGES];
}

/* Index of the first page with this frame or slot; none: -1. */
static s16 first_with(const struct observed *o, int i, bool slot)
{
	const struct world_page_state *s = page_at(o, i);

	if (slot ? !(s->bits & WORLD_PAGE_SWAPPED) : s->frame < 0)
		return -1;
	for (int k = 0; k < i; k++) {
		const struct world_page_state *t = page_at(o, k);

		if (slot ? t->bits & WORLD_PAGE_SWAPPED && t->slot == s->slot && t->dev == s->dev :
			   t->frame == s->frame)
			return (s16)k;
	}
	return (s16)i;
}

static void view_make(const struct observed *o, const struct observed *before,
		      struct snapshot_view *v)
{
	for (int i = 0; i < PAGES_ALL; i++) {
		const struct world_page_state *s = page_at(o, i);
		struct page_view *out = &v->page[i];

		memset(out, 0, sizeof(*out));
		out->bits = s->bits & BITS_COMPARED;
		out->frame = first_with(o, i, false);
		out->slot = first_with(o, i, true);
		out->dev = (s8)s->dev;
		if (before && s->frame >= 0 && page_at(before, i)->frame >= 0)
			out->moved = page_at(before, i)->frame != s->frame;
	}
}

enum compare_with compare_with = COMPARE_KERNEL;

/* ---- noting differences ---- */

struct comparing {
	struct compare_total *sum;
	struct difference *first;
	struct explain_case at;
	int mm; /* 0-based, of what is compared now; -1: the machine */
	bool states_end; /* after an explained difference from a tree */
};

static __printf_like(5, 6) void differs(struct comparing *c, enum compare_kind kind,
					enum explained why, int page, const char *fmt, ...)
{
	va_list ap;

	if (why < EXPLAINED_COUNT && compare_with == COMPARE_KERNEL) {
		c->sum->explained[why]++;
		return;
	}
	if (c->first->found)
		return;
	*c->first = (struct difference){ .found = true, .kind = kind, .op = c->at.op,
					 .mm = c->mm + 1, .page = page };
	va_start(ap, fmt);
	vsnprintf(c->first->what, sizeof(c->first->what), fmt, ap);
	va_end(ap);
}

static void compared(struct comparing *c, enum compare_kind kind, bool equal)
{
	c->sum->compared[kind]++;
	c->sum->equal[kind] += equal;
}

/* ---- the parts ---- */

static const char *page_aspect(const struct page_view *m, const struct page_view *k)
{
	u32 bits = m->bits ^ k->bits;

	return bits & (WORLD_PAGE_MAPPED | WORLD_PAGE_WRITABLE) ? "mapping" :
	       bits & (WORLD_PAGE_PRESENT | WORLD_PAGE_SWAPPED) ? "presence" :
	       bits & WORLD_PAGE_ZERO ? "zero page" :
	       bits & WORLD_PAGE_KSM ? "KSM" :
	       bits & WORLD_PAGE_EXCLUSIVE ? "exclusiveness" :
	       m->frame != k->frame ? "who shares the frame" :
	       m->slot != k->slot ? "who shares the slot" :
	       m->dev != k->dev ? "device" :
	       m->moved != k->moved ? "copied or reused" :
	       bits & WORLD_PAGE_SWAPCACHE ? "swap cache" : "poison";
}

static void compare_pages(struct comparing *c)
{
	u8 reasons[PAGES_ALL];

	memset(reasons, EXPLAINED_COUNT, sizeof(reasons));
	for (int i = 0; i < PAGES_ALL; i++) {
		const struct page_view *a = &c->at.m->page[i], *b = &c->at.k->page[i];
		enum explained why = EXPLAINED_COUNT;
		bool equal;

		if (!a->bits && !b->bits)
			continue;
		equal = a->bits == b->bits && a->frame == b->frame && a->slot == b->slot &&
			a->dev == b->dev && a->moved == b->moved;
		compared(c, COMPARE_PAGE, equal);
		c->mm = i / WORLD_PAGES;
		if (!equal) {
			why = explain_page(&c->at, i);
			differs(c, COMPARE_PAGE, why, i % WORLD_PAGES, "%s", page_aspect(a, b));
		}
		reasons[i] = (u8)why;
	}
	memcpy(c->at.before, reasons, sizeof(reasons));
}

static void compare_counter(struct comparing *c, int mm, const char *name, long m, long k)
{
	compared(c, COMPARE_COUNTER, m == k);
	c->mm = mm;
	if (m != k)
		differs(c, COMPARE_COUNTER, explain_counter(&c->at, mm, name, m, k), -1,
			"%s: model %ld, kernel %ld", name, m, k);
}

static void compare_counters(struct comparing *c, const struct observed *m,
			     const struct observed *k)
{
	/* What is nothing in both says nothing. */
	for (int mm = 0; mm < WORLD_MM_MAX; mm++) {
		if (!m->mm[mm].anon && !k->mm[mm].anon && !m->mm[mm].swap && !k->mm[mm].swap)
			continue;
		compare_counter(c, mm, "RssAnon", m->mm[mm].anon, k->mm[mm].anon);
		compare_counter(c, mm, "VmSwap", m->mm[mm].swap, k->mm[mm].swap);
	}
	compare_counter(c, -1, "swap size", m->counters.swap_total, k->counters.swap_total);
	compare_counter(c, -1, "swap in use", m->counters.swap_used, k->counters.swap_used);
	if (!m->counters.ksm_shared && !k->counters.ksm_shared && !m->counters.ksm_sharing &&
	    !k->counters.ksm_sharing)
		return;
	compare_counter(c, -1, "KSM shared", m->counters.ksm_shared, k->counters.ksm_shared);
	compare_counter(c, -1, "KSM sharing", m->counters.ksm_sharing, k->counters.ksm_sharing);
}

static void compare_op(struct comparing *c, const struct observed *m, const struct observed *k)
{
	bool equal = m->ret == k->ret;

	c->mm = -1;
	compared(c, COMPARE_RESULT, equal);
	if (!equal)
		differs(c, COMPARE_RESULT, EXPLAINED_COUNT, -1, "model %d, kernel %d",
			m->ret, k->ret);
	if (!m->read || !k->read)
		return;
	equal = memcmp(m->words, k->words, sizeof(m->words)) == 0;
	compared(c, COMPARE_CONTENTS, equal);
	if (!equal)
		differs(c, COMPARE_CONTENTS, EXPLAINED_COUNT, -1, "first word: model %llx, kernel %llx",
			(unsigned long long)m->words[0], (unsigned long long)k->words[0]);
}

/* States and counters, up to a difference that explained_tree.def explains. */
static void compare_states(struct comparing *c, const struct observed *m, const struct observed *k)
{
	enum explained_tree why = EXPLAINED_TREE_COUNT;

	if (compare_with == COMPARE_TREE && !c->states_end && !c->first->found)
		why = explain_tree(&c->at);
	if (why < EXPLAINED_TREE_COUNT) {
		c->sum->stopped[why]++;
		c->states_end = true;
	}
	if (c->states_end)
		return;
	compare_pages(c);
	compare_counters(c, m, k);
}

static void compare_end(struct comparing *c)
{
	for (int i = 0; i < PAGES_ALL; i++) {
		const struct read_back *m = &c->at.model->end[i / WORLD_PAGES][i % WORLD_PAGES];
		const struct read_back *k = &c->at.kernel->end[i / WORLD_PAGES][i % WORLD_PAGES];
		bool equal;

		if (!m->done || !k->done)
			continue;
		equal = m->ret == k->ret && memcmp(m->words, k->words, sizeof(m->words)) == 0;
		compared(c, COMPARE_CONTENTS, equal);
		c->mm = i / WORLD_PAGES;
		if (!equal)
			differs(c, COMPARE_CONTENTS, EXPLAINED_COUNT, i % WORLD_PAGES,
				"read back at the end: model %llx, kernel %llx",
				(unsigned long long)m->words[0], (unsigned long long)k->words[0]);
	}
}

void compare_observations(const struct observation *model, const struct observation *kernel,
			  enum device_kind device, struct compare_total *sum,
			  struct difference *first)
{
	static struct snapshot_view m[2], k[2];
	static struct comparing c;
	unsigned n = min(model->n, kernel->n);

	c = (struct comparing){ .sum = sum, .first = first,
				.at = { .model = model, .kernel = kernel, .device = device } };
	memset(first, 0, sizeof(*first));
	memset(c.at.before, EXPLAINED_COUNT, sizeof(c.at.before));
	memset(m, 0, sizeof(m));
	memset(k, 0, sizeof(k));
	sum->programs++;
	sum->ops += n;
	for (c.at.op = 0; c.at.op < n; c.at.op++) {
		unsigned i = c.at.op;

		c.at.m = &m[i & 1];
		c.at.k = &k[i & 1];
		c.at.m_before = &m[~i & 1];
		c.at.k_before = &k[~i & 1];
		view_make(&model->op[i], i ? &model->op[i - 1] : NULL, &m[i & 1]);
		view_make(&kernel->op[i], i ? &kernel->op[i - 1] : NULL, &k[i & 1]);
		compare_op(&c, &model->op[i], &kernel->op[i]);
		compare_states(&c, &model->op[i], &kernel->op[i]);
	}
	if (model->n != kernel->n)
		differs(&c, COMPARE_RESULT, EXPLAINED_COUNT, -1, "ops: model %u, kernel %u",
			model->n, kernel->n);
	compare_end(&c);
	sum->differing += first->found;
}

/* ---- printing ---- */

/* "P--X-W f3" and so on, or "." for a page that is not mapped. */
static const char *page_text(const struct page_view *v, char buf[48])
{
	static const struct { u32 bit; char c; } letters[] = {
		{ WORLD_PAGE_PRESENT, 'P' }, { WORLD_PAGE_SWAPPED, 'S' },
		{ WORLD_PAGE_EXCLUSIVE, 'X' }, { WORLD_PAGE_WRITABLE, 'W' },
		{ WORLD_PAGE_ZERO, 'Z' }, { WORLD_PAGE_KSM, 'K' }, { WORLD_PAGE_SWAPCACHE, 'C' },
		{ WORLD_PAGE_POISON, '!' },
	};
	int n = 0;

	if (!v->bits) {
		strcpy(buf, ".");
		return buf;
	}
	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		buf[n++] = v->bits & letters[i].bit ? letters[i].c : '-';
	buf[n] = 0;
	if (v->frame >= 0)
		n += snprintf(buf + n, 48 - (size_t)n, " frame %d%s", v->frame,
			      v->moved ? " new" : "");
	if (v->slot >= 0)
		snprintf(buf + n, 48 - (size_t)n, " dev%d slot %d", v->dev, v->slot);
	return buf;
}

static void print_state(FILE *out, const struct observation *model,
			const struct observation *kernel, unsigned i)
{
	static struct snapshot_view m, k;
	char left[48], right[48];

	view_make(&model->op[i], i ? &model->op[i - 1] : NULL, &m);
	view_make(&kernel->op[i], i ? &kernel->op[i - 1] : NULL, &k);
	fprintf(out, "    %-9s %-34s %s\n", "page", "model", "kernel");
	for (int p = 0; p < PAGES_ALL; p++) {
		const struct page_view *a = &m.page[p], *b = &k.page[p];

		if (!a->bits && !b->bits)
			continue;
		fprintf(out, "  %c mm%d r%d+%d  %-34s %s\n",
			memcmp(a, b, sizeof(*a)) ? '*' : ' ', p / WORLD_PAGES + 1,
			p % WORLD_PAGES / WORLD_REGION_PAGES, p % WORLD_REGION_PAGES,
			page_text(a, left), page_text(b, right));
	}
	for (int mm = 0; mm < WORLD_MM_MAX; mm++) {
		const struct world_mm_counters *a = &model->op[i].mm[mm], *b = &kernel->op[i].mm[mm];

		if (a->anon || a->swap || b->anon || b->swap)
			fprintf(out, "    mm%d RssAnon %ld / %ld, VmSwap %ld / %ld\n", mm + 1, a->anon,
				b->anon, a->swap, b->swap);
	}
	fprintf(out, "    swap in use %ld / %ld of %ld / %ld, KSM shared %ld / %ld, "
		"sharing %ld / %ld (model / kernel)\n",
		model->op[i].counters.swap_used, kernel->op[i].counters.swap_used,
		model->op[i].counters.swap_total, kernel->op[i].counters.swap_total,
		model->op[i].counters.ksm_shared, kernel->op[i].counters.ksm_shared,
		model->op[i].counters.ksm_sharing, kernel->op[i].counters.ksm_sharing);
}

static void print_op(FILE *out, const struct prog *p, const struct order_step *s)
{
	const struct prog_op *op = &p->task[s->task].op[s->op - 1];
	const struct prog_op_info *info = &prog_ops[op->kind];

	fprintf(out, "%c%u %s", p->task[s->task].label, s->op, info->name);
	for (unsigned i = 0; i < info->nargs; i++) {
		if (info->arg_kind[i] == PROG_ARG_PAGE)
			fprintf(out, " r%d+%d", op->arg[i] / WORLD_REGION_PAGES,
				op->arg[i] % WORLD_REGION_PAGES);
		else
			fprintf(out, " %s=%u", info->arg_name[i], op->arg[i]);
	}
	if (info->needs_mm)
		fprintf(out, " (mm%d)", p->task[s->task].mm);
}

/* The step of an observation: ops without a call (cond_resched) are not observed. */
static const struct order_step *step_of(const struct prog *p, const struct fixed_order *order,
					unsigned index)
{
	for (unsigned i = 0; i < order->n; i++) {
		const struct order_step *s = &order->step[i];

		if (p->task[s->task].op[s->op - 1].kind == OP_cond_resched)
			continue;
		if (index-- == 0)
			return s;
	}
	return NULL;
}

/* The ops in their order, and swap in use after each where it differs. */
static void print_order(FILE *out, const struct observation *model,
			const struct observation *kernel)
{
	fprintf(out, "  the order:");
	for (unsigned i = 0; i < model->n && i < kernel->n; i++) {
		long m = model->op[i].counters.swap_used, k = kernel->op[i].counters.swap_used;

		fprintf(out, " %s", model->op[i].label);
		if (m != k)
			fprintf(out, "(swap in use %ld / %ld)", m, k);
	}
	fprintf(out, "\n");
}

void compare_print(FILE *out, const struct prog *p, const struct fixed_order *order,
		   const struct observation *model, const struct observation *kernel,
		   const struct difference *d)
{
	const struct order_step *s = step_of(p, order, d->op);

	fprintf(out, "differs after ");
	if (s)
		print_op(out, p, s);
	else
		fprintf(out, "the last op");
	fprintf(out, ": %s: %s", compare_kind_name(d->kind), d->what);
	if (d->mm > 0)
		fprintf(out, d->page >= 0 ? " of mm%d r%d+%d" : " of mm%d", d->mm,
			d->page / WORLD_REGION_PAGES, d->page % WORLD_REGION_PAGES);
	fprintf(out, "\n");
	if (d->op > 0 && d->op <= model->n && d->op <= kernel->n) {
		fprintf(out, "  before it:\n");
		print_state(out, model, kernel, d->op - 1);
	}
	if (d->op < model->n && d->op < kernel->n) {
		fprintf(out, "  after it:\n");
		print_state(out, model, kernel, d->op);
	}
	print_order(out, model, kernel);
}
