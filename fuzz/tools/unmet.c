// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parts of a schedule that say nothing: edges and choices whose event did not come, and
 * names that this build does not have. Each is one line for a person.
 */
#include <string.h>

#include "core/base/nearest.h"
#include "core/base/site.h"
#include "fuzz/tools/unmet.h"

#define EVENT_MAX 256

static void offer_site(const struct site *site, void *arg)
{
	char name[EVENT_MAX];

	snprintf(name, sizeof(name), "%s@%s", site->op, site->func);
	nearest_offer(arg, name);
}

/* Prints that this event's site is not there, and which one may be meant. */
static void describe_unknown(const struct prog_text *text, u32 hash, char *buf, size_t size)
{
	struct nearest nearest;

	for (unsigned i = 0; i < text->nunknown; i++) {
		const char *name = text->unknown[i].name;

		if (text->unknown[i].hash != hash)
			continue;
		nearest_begin(&nearest, name, strlen(name));
		sites_for_each(offer_site, &nearest);
		if (nearest.best[0])
			snprintf(buf, size, "no site '%s'; did you mean '%s'?", name, nearest.best);
		else
			snprintf(buf, size, "no site '%s'", name);
		return;
	}
	snprintf(buf, size, "no site with the hash 0x%08x", hash);
}

static bool is_unknown(const struct event_key *e)
{
	return e->site && !site_find(e->site);
}

/* The edge or choice as text; choices are numbered behind the edges. */
static void describe_line(const struct prog *p, u32 index, char *buf, size_t size)
{
	char a[EVENT_MAX], b[EVENT_MAX];

	if (index < p->nedges) {
		prog_event_print(p, &p->edge[index].event, a, sizeof(a));
		prog_event_print(p, &p->edge[index].after, b, sizeof(b));
		snprintf(buf, size, "order edge %u of %u, \"%s after %s\"", index + 1, p->nedges, a, b);
	} else {
		const struct event_choice *c = &p->choice[index - p->nedges];

		prog_event_print(p, &c->event, a, sizeof(a));
		snprintf(buf, size, "choice %u of %u, \"%s = %u\"", index - p->nedges + 1,
			 p->nchoices, a, c->value);
	}
}

/* "came once, not 3 times", "did not come". */
static void describe_event(const struct prog *p, const struct event_key *e, u32 came, char *buf,
			   size_t size)
{
	char name[EVENT_MAX];

	prog_event_print(p, e, name, sizeof(name));
	if (!e->site)
		snprintf(buf, size, "%s did not %s", name, came ? "end" : "run");
	else if (came == 0)
		snprintf(buf, size, "%s did not come", name);
	else
		snprintf(buf, size, "%s did not come, %u such event%s did", name, came,
			 came == 1 ? "" : "s");
}

static void describe_why(const struct prog *p, const struct run_unmet *u, char *buf, size_t size)
{
	const struct event_key *later = u->is_choice ? &p->choice[u->index].event :
							&p->edge[u->index].event;
	char name[EVENT_MAX];

	switch (u->why) {
	case SCHED_EDGE_NO_LATER:
		describe_event(p, later, u->came, buf, size);
		break;
	case SCHED_EDGE_NO_EARLIER:
		describe_event(p, &p->edge[u->index].after, u->came, buf, size);
		break;
	case SCHED_EDGE_DEADLOCK:
		prog_event_print(p, &p->edge[u->index].after, name, sizeof(name));
		snprintf(buf, size, "all that could run was held by edges, and %s had not come", name);
		break;
	case SCHED_EDGE_FAIR:
		snprintf(buf, size, "a fair schedule, which keeps no edges, ended this long run");
		break;
	default:
		snprintf(buf, size, "the report came before");
		break;
	}
}

void unmet_describe(const struct prog *p, const struct run_unmet *u, char *buf, size_t size)
{
	char line[3 * EVENT_MAX], why[2 * EVENT_MAX];

	describe_line(p, u->index + (u->is_choice ? p->nedges : 0u), line, sizeof(line));
	describe_why(p, u, why, sizeof(why));
	snprintf(buf, size, "%s: %s", line, why);
}

bool unmet_unknown(const struct prog *p, const struct prog_text *text, u32 *index, char *buf,
		   size_t size)
{
	char line[3 * EVENT_MAX], why[2 * EVENT_MAX];

	for (; *index < (u32)p->nedges + p->nchoices; (*index)++) {
		const struct event_key *e, *missing;

		e = *index < p->nedges ? &p->edge[*index].event :
					 &p->choice[*index - p->nedges].event;
		missing = is_unknown(e) ? e : NULL;
		if (!missing && *index < p->nedges && is_unknown(&p->edge[*index].after))
			missing = &p->edge[*index].after;
		if (!missing)
			continue;
		describe_line(p, *index, line, sizeof(line));
		describe_unknown(text, missing->site, why, sizeof(why));
		snprintf(buf, size, "%s: %s", line, why);
		(*index)++;
		return true;
	}
	return false;
}
