// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lines of a schedule: "B1 after A2", "A3 alloc@folio_alloc#1 = 1".
 */
#include "fuzz/prog/edit.h"
#include "fuzz/prog/text_parse.h"

#include "core/base/site.h"

#include <string.h>

/* "irq0.1" or "rcu0.1" behind its prefix. */
static bool parse_cpu_label(struct parse *ps, struct span word, struct span label, u8 first,
			    struct event_key *e)
{
	struct span cpu = span_split(&label, '.');
	u32 number;

	if (!parse_bounded(ps, cpu, "CPU", 0, ps->p->machine.cpus - 1u, &number))
		return false;
	e->ctx = (u8)(first + number);
	if (!label.len)
		return scan_fail(&ps->scan, word.s, "an interrupt is irq<cpu>.<number>, a callback "
				 "rcu<cpu>.<number>");
	if (!parse_bounded(ps, label, "number", 1, 0xffff, &number))
		return false;
	e->op = (u16)number;
	return true;
}

/* "A3", "irq0.1", "rcu1.2". */
static bool parse_label(struct parse *ps, struct span word, struct event_key *e)
{
	struct span label = word;
	unsigned t = 0;
	char show[48];
	u64 op;

	if (span_skip(&label, "irq"))
		return parse_cpu_label(ps, word, label, PROG_CTX_IRQ(0), e);
	if (span_skip(&label, "rcu"))
		return parse_cpu_label(ps, word, label, PROG_CTX_SOFTIRQ(0), e);
	if (!word.len)
		return scan_fail(&ps->scan, word.s, "the label of an op is missing: A3");
	if (word.s[0] < 'A' || word.s[0] > 'Z' ||
	    !span_number((struct span){ word.s + 1, word.len - 1 }, 255, &op))
		return scan_fail(&ps->scan, word.s,
				 "'%s' is no label of an op (A3, irq0.1, rcu0.1)",
				 span_show(word, show));
	while (t < ps->p->ntasks && ps->p->task[t].label != word.s[0])
		t++;
	if (t == ps->p->ntasks)
		return scan_fail(&ps->scan, word.s, "there is no task %c", word.s[0]);
	if (op < 1 || op > ps->p->task[t].nops)
		return scan_fail(&ps->scan, word.s,
				 "task %c has %u ops, there is no %c%u", word.s[0],
				 ps->p->task[t].nops, word.s[0], (unsigned)op);
	e->ctx = (u8)t;
	e->op = (u16)op;
	return true;
}

/* Keeps the name of a site that this build lacks, for who says so. */
static void note_unknown(struct prog_text *text, struct span name, u32 hash)
{
	struct prog_unknown_site *u = &text->unknown[text->nunknown];

	if (site_find(hash) || text->nunknown == PROG_UNKNOWN_MAX || name.len >= sizeof(u->name))
		return;
	u->hash = hash;
	memcpy(u->name, name.s, name.len);
	u->name[name.len] = 0;
	text->nunknown++;
}

static bool parse_site(struct parse *ps, struct span name, struct event_key *e)
{
	struct span hex = name;
	char show[48];
	u64 hash;

	if (span_skip(&hex, "0x")) {
		if (!span_number(name, UINT32_MAX, &hash) || !hash)
			return scan_fail(&ps->scan, name.s, "'%s' is no hash of a site",
					 span_show(name, show));
		e->site = (u32)hash;
		return true;
	}
	if (!name.len || !memchr(name.s, '@', name.len) || name.s[name.len - 1] == '@')
		return scan_fail(&ps->scan, name.s, "'%s': an event is primitive@function",
				 span_show(name, show));
	e->site = site_hash(name.s, name.len);
	if (!e->site)
		return scan_fail(&ps->scan, name.s, "the name has the hash 0: rename it");
	note_unknown(ps->text, name, e->site);
	return true;
}

static bool parse_role(struct parse *ps, struct event_key *e)
{
	struct scan *sc = &ps->scan;
	const char *start = ++sc->at;
	size_t len = 0;

	while (start + len < sc->line_end && start[len] != ')') {
		if (!prog_role_char(start[len]))
			return scan_fail(sc, start + len,
					 "this character can't stand in the name of an "
					 "object");
		len++;
	}
	if (start + len == sc->line_end)
		return scan_fail(sc, start - 1, "the parenthesis is not closed");
	if (!len)
		return scan_fail(sc, start, "the name of the object is missing");
	if (len >= EVENT_ROLE_MAX)
		return scan_fail(sc, start, "the name of an object has at most %u characters",
				 EVENT_ROLE_MAX - 1);
	memcpy(e->role, start, len);
	sc->at = start + len + 1;
	return true;
}

/* "A3 site(role)#nth"; what follows the label may be missing. */
static bool parse_event(struct parse *ps, struct event_key *e)
{
	struct scan *sc = &ps->scan;
	struct span name;
	const char *label_end;
	u32 nth = 1;

	*e = (struct event_key){ .nth = 1 };
	if (!parse_label(ps, scan_word(sc), e))
		return false;
	label_end = sc->at;
	if (scan_ended(sc))
		return true;
	name.s = sc->at;
	while (sc->at < sc->line_end && !strchr(" \t(#", *sc->at))
		sc->at++;
	name.len = (size_t)(sc->at - name.s);
	if (span_is(name, "after") || span_is(name, "=")) {
		sc->at = label_end;
		return true;
	}
	if (!parse_site(ps, name, e))
		return false;
	if (sc->at < sc->line_end && *sc->at == '(' && !parse_role(ps, e))
		return false;
	if (sc->at < sc->line_end && *sc->at == '#') {
		sc->at++;
		if (!parse_bounded(ps, scan_word(sc), "occurrence", 1, 0xffff, &nth))
			return false;
	}
	e->nth = (u16)nth;
	return true;
}

static bool parse_after(struct parse *ps, const char *start, const struct event_key *event)
{
	struct event_key after;

	if (!parse_event(ps, &after))
		return false;
	if (event->ctx == after.ctx)
		return scan_fail(&ps->scan, start, "an edge orders events of two different tasks");
	if (!prog_edge_append(ps->p, event, &after))
		return scan_fail(&ps->scan, start, "more than %u edges", PROG_EDGES_MAX);
	return true;
}

static bool parse_choice(struct parse *ps, const char *start, const struct event_key *event)
{
	struct prog *p = ps->p;
	u32 value;

	if (!event->site)
		return scan_fail(&ps->scan, start,
				 "a choice needs its event: A3 alloc@folio_alloc#1 = 1");
	if (!parse_bounded(ps, scan_word(&ps->scan), "choice", 0, 255, &value))
		return false;
	if (p->nchoices == PROG_CHOICES_MAX)
		return scan_fail(&ps->scan, start, "more than %u choices", PROG_CHOICES_MAX);
	p->choice[p->nchoices].event = *event;
	p->choice[p->nchoices++].value = (u8)value;
	return true;
}

bool parse_schedule_line(struct parse *ps)
{
	struct scan *sc = &ps->scan;
	struct event_key event;
	struct span word;
	const char *start;
	char show[48];

	scan_ended(sc);
	start = sc->at;
	if (!parse_event(ps, &event))
		return false;
	word = scan_word(sc);
	if (span_is(word, "after")) {
		if (!parse_after(ps, start, &event))
			return false;
	} else if (span_is(word, "=")) {
		if (!parse_choice(ps, start, &event))
			return false;
	} else {
		return scan_fail(sc, word.s, "'after' or '=' is expected here, not '%s'",
				 span_show(word, show));
	}
	word = scan_word(sc);
	if (word.len)
		return scan_fail(sc, word.s,
				 "'%s' is too much on this line", span_show(word, show));
	return true;
}
