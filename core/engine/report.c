/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sink of base's reports: the first report of a run is kept with everything
 * that a person needs (who, doing what, locks, stacks, history) and ends the run.
 * In native it ends the process.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine/internal.h"

#define BODY_MAX (64u << 10)
#define HISTORY_LINES 24

void (*engine_native_report)(const struct engine_report *report);

/* No malloc(): TSan calls with its locks held, and its allocator can wait for them. */
static char report_body[BODY_MAX];

static bool with_others; /* the report is about all that have not finished */

void report_reset(void)
{
	memset(&eng.report, 0, sizeof(eng.report));
	eng.reported = false;
	with_others = false;
}

static void append(char *body, size_t *n, const char *fmt, ...) __printf_like(3, 4);
static void append(char *body, size_t *n, const char *fmt, ...)
{
	va_list ap;
	int w;

	va_start(ap, fmt);
	w = vsnprintf(body + *n, BODY_MAX - *n, fmt, ap);
	va_end(ap);
	*n += (size_t)w;
	if (*n >= BODY_MAX)
		*n = BODY_MAX - 1;
}

static void append_context(char *body, size_t *n, unsigned i, bool with_stack)
{
	struct engine_ctx *c = &eng.ctx[i];
	char label[16], role[48];

	append(body, n, "\n%s at %s", c->ld.name[0] ? c->ld.name : "set-up",
	       engine_label(i, label, sizeof(label)));
	if (c->op_site)
		append(body, n, " (%s)", c->op_site->func);
	if (i < ENGINE_CTX_MAX && eng.view.pending[i].site)
		append(body, n, ", event %s@%s(%s)", eng.view.pending[i].site->op,
		       eng.view.pending[i].site->func,
		       engine_role_name(eng.view.pending[i].role, role, sizeof(role)));
	append(body, n, ":\n");
	*n += lockdep_print_held(&c->ld, body + *n, BODY_MAX - *n);
	if (!with_stack)
		return;
	append(body, n, "stack:\n");
	*n += engine_stack_print(body + *n, BODY_MAX - *n, i);
}

/* The role of this name in this run, 0 for none. */
static u32 role_named(const char *name, size_t len)
{
	u32 hash = len ? site_hash(name, len) : 0;

	for (u32 role = 1; hash && role < ROLES_MAX; role++)
		if (role_map.hash[role] == hash)
			return role;
	return 0;
}

/*
 * The object that a report is about. Bodies begin with its name, "folio S3.1: pfn 1 ...",
 * or with the page whose contents are wrong, "mm 1 page r0+2, ...": that one is told by
 * its page table. Else the object of the context's last event.
 */
static u32 report_role(const char *body, unsigned ctx)
{
	int mm, region;
	char table[32];
	u32 role = 0;

	if (sscanf(body, "mm %d page r%d+", &mm, &region) == 2) {
		snprintf(table, sizeof(table), "pt mm%d.%d", mm, region);
		role = role_named(table, strlen(table));
	} else if (body[strcspn(body, ":\n")] == ':') {
		role = role_named(body, strcspn(body, ":"));
	}
	return role ? role : ctx < ENGINE_CTX_MAX ? eng.view.pending[ctx].role : 0;
}

/* Fills eng.report; the first one wins. with_stack: the body has none. */
static void report_keep(const char *title, const char *body, bool with_stack)
{
	unsigned i = engine_current();
	size_t n = 0;
	char *b;
	u32 role;

	if (eng.reported)
		return;
	eng.reported = true;
	snprintf(eng.report.title, sizeof(eng.report.title), "%s", title);
	engine_label(i, eng.report.label, sizeof(eng.report.label));
	eng.report.trace_hash = eng.hash;
	eng.report.step = eng.view.steps;
	eng.report.body = b = report_body;
	b[0] = 0;
	append(b, &n, "%s", body);
	append_context(b, &n, i, with_stack);
	role = report_role(body, i);
	if (role) {
		char name[48];

		append(b, &n, "\nhistory of %s:\n", engine_role_name(role, name, sizeof(name)));
		n += engine_ring_print(b + n, BODY_MAX - n, role, HISTORY_LINES);
	}
	append(b, &n, "\nlast events:\n");
	n += engine_ring_print(b + n, BODY_MAX - n, 0, HISTORY_LINES);
	for (unsigned o = 0; with_others && o < ENGINE_CTX_MAX; o++)
		if (o != i && (eng.ctx[o].state == CTX_READY || eng.ctx[o].state == CTX_BLOCKED))
			append_context(b, &n, o, true);
}

static void sink(const char *title, const char *body)
{
	eng.backend->report_begin();
	report_keep(title, body, true);
	eng.backend->report_end();
	if (eng.in_run && eng.cur != CTX_MAIN) {
		eng.ending = true;
		sim_abort();
	}
	if (eng.quiet)
		longjmp(eng.quiet_jmp, 1);
	/* Between runs nobody would ever look at it. */
	fprintf(stderr, "report outside of a run: %s\n%s", title, body);
	fflush(NULL);
	abort();
}

void report_install(void)
{
	report_set_sink(sink);
}

/* TSan calls with its locks held: keep it, and end the run at the next point. */
void report_from_sanitizer(const char *title, const char *body)
{
	if (!eng.backend->report_begin())
		return; /* seen while a report is being made */
	/* No stack leads out of the sanitizer that has called the hook. */
	report_keep(title, body, false);
	eng.backend->report_end();
	if (eng.in_run)
		eng.ending = true;
}

void report_livelock(const char *title, u32 points)
{
	BUG_ON(!eng.fair);
	with_others = true;
	reportf(title, "%u points; under a fair schedule no op ended during the last %u\n",
		eng.view.steps, points);
}

/* Nothing can run and somebody has not finished. Called on main. */
void report_deadlock(void)
{
	char title[REPORT_TITLE_MAX], label[16], role[48];
	const struct engine_ctx *first = NULL;
	char *body = malloc(BODY_MAX);
	size_t n = 0;

	if (!body)
		return;
	body[0] = 0;
	for (u32 i = 0; i < ENGINE_CTX_MAX; i++) {
		struct engine_ctx *c = &eng.ctx[i];

		if (c->state != CTX_BLOCKED && c->state != CTX_READY)
			continue;
		if (!first && c->state == CTX_BLOCKED)
			first = c;
		append(body, &n, "%s %s", engine_label(i, label, sizeof(label)),
		       c->state == CTX_BLOCKED ? "waits" : "is kept off its CPU");
		if (c->state == CTX_BLOCKED)
			append(body, &n, " for %s in %s@%s(%s)", c->wait_what, c->wait_site->op,
			       c->wait_site->func,
			       engine_role_name(arena_role_of(c->wait_word), role, sizeof(role)));
		append(body, &n, "\n");
	}
	for (u32 i = 0; i < ENGINE_CTX_MAX; i++)
		if (eng.ctx[i].state == CTX_BLOCKED || eng.ctx[i].state == CTX_READY)
			append_context(body, &n, i, true);
	snprintf(title, sizeof(title), "deadlock: task hung in %s",
		 first ? first->wait_site->func : "a masked CPU");
	report_keep(title, body, true);
	free(body);
}

const struct engine_report *engine_report(void)
{
	return eng.reported ? &eng.report : NULL;
}
