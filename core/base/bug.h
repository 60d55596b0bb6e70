/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reports: how every checker says that something is wrong. A title is made
 * where the fault is known and nowhere else; it is "kind + function", without
 * numbers and addresses. The engine installs the sink. On a task of the sim
 * backend report() does not return: the first report ends the run.
 */
#ifndef CORE_BASE_BUG_H
#define CORE_BASE_BUG_H

#include "core/base/types.h"

#define REPORT_TITLE_MAX 160

/* title: stable one-line name. body: free text, several lines, ends in '\n'. */
typedef void (*report_sink_fn)(const char *title, const char *body);
void report_set_sink(report_sink_fn sink);

/* Makes a report: title from a format without numbers, body from the rest. */
__cold void report(const char *title, const char *body);
__cold __printf_like(2, 3) void reportf(const char *title, const char *fmt, ...);

/* The kernel's asserts. WARN gives "WARNING: <what> in <func>", BUG gives
 * "kernel BUG: <what> in <func>"; <what> is the text of the condition unless
 * a name is given by the _NAMED form. */
__cold void report_warn(const char *what, const char *func, const char *detail);
__cold void report_bug(const char *what, const char *func, const char *detail);
__cold __printf_like(3, 4) void report_warnf(const char *what, const char *func,
					     const char *fmt, ...);

#define WARN_ON(c) ({ bool w_ = !!(c); if (unlikely(w_)) report_warn(#c, __func__, ""); w_; })
#define WARN_ON_ONCE(c) WARN_ON(c)
#define WARN_NAMED(c, what) \
	({ bool w_ = !!(c); if (unlikely(w_)) report_warn((what), __func__, #c); w_; })
#define BUG_ON(c) do { if (unlikely(c)) report_bug(#c, __func__, ""); } while (0)
#define BUG() report_bug("BUG()", __func__, "")
#define VM_BUG_ON(c) BUG_ON(c)
#define VM_WARN_ON(c) WARN_ON(c)
#define VM_WARN_ON_ONCE(c) WARN_ON(c)
/* Compares two integers and prints both: BUG_ON_CMP(a, <, b) fires when a < b. */
#define BUG_ON_CMP(a, op, b)                                                       \
	do {                                                                       \
		long long a_ = (long long)(a), b_ = (long long)(b);                \
		if (unlikely(a_ op b_))                                            \
			report_cmp(#a " " #op " " #b, __func__, a_, b_);           \
	} while (0)
__cold void report_cmp(const char *what, const char *func, long long a, long long b);

/* Known warnings of a world end the run as well: for programs that expect one. */
extern bool report_known;

#endif
