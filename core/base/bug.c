// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reports: makes titles ("WARNING: what in func") and hands them to the sink.
 * Without a sink (before the engine is there, and in small tests) a report is
 * printed and the process aborts. The text buffers are a thread's own and not
 * on the stack, because fibers have small ones; a report that comes while a
 * report is being made on the same thread reaches the sink with its title.
 */
#include "core/base/bug.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define REPORT_BODY_MAX 8192

static report_sink_fn report_sink;
static _Thread_local char report_title[REPORT_TITLE_MAX];
static _Thread_local char report_body[REPORT_BODY_MAX];

void report_set_sink(report_sink_fn sink)
{
	report_sink = sink;
}

void report(const char *title, const char *body)
{
	if (!title)
		title = "BUG: report without a title";
	if (!body)
		body = "";
	if (report_sink) {
		report_sink(title, body);
		return;
	}
	fprintf(stderr, "report: %s\n%s", title, body);
	fflush(NULL);
	abort();
}

void reportf(const char *title, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(report_body, sizeof(report_body), fmt, args);
	va_end(args);
	report(title, report_body);
}

/* kind is "WARNING" or "kernel BUG"; the body is in report_body already. */
static void report_titled(const char *kind, const char *what, const char *func)
{
	snprintf(report_title, sizeof(report_title), "%s: %s in %s", kind, what, func);
	report(report_title, report_body);
}

static void body_of_detail(const char *detail)
{
	snprintf(report_body, sizeof(report_body), "%s%s", detail, detail[0] ? "\n" : "");
}

void report_warn(const char *what, const char *func, const char *detail)
{
	body_of_detail(detail);
	report_titled("WARNING", what, func);
}

void report_bug(const char *what, const char *func, const char *detail)
{
	body_of_detail(detail);
	report_titled("kernel BUG", what, func);
}

void report_warnf(const char *what, const char *func, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(report_body, sizeof(report_body), fmt, args);
	va_end(args);
	report_titled("WARNING", what, func);
}

void report_cmp(const char *what, const char *func, long long a, long long b)
{
	snprintf(report_body, sizeof(report_body), "%s: left 0x%llx (%lld), right 0x%llx (%lld)\n",
		 what, a, a, b, b);
	report_titled("kernel BUG", what, func);
}

bool report_known;
