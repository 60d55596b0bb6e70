/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small harness for unit tests, for test/test_*.c only. CHECK() counts and
 * goes on; TEST_END() prints the sum and gives main()'s exit status. Tests that
 * run without the engine may catch reports: REPORT_OF(statement) is the title
 * of the first report that the statement makes ("" for none); like on a task
 * of the engine, report() then does not return.
 */
#ifndef CORE_BASE_TEST_H
#define CORE_BASE_TEST_H

#include "core/base/bug.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

static unsigned long test_checks __attribute__((unused));
static unsigned long test_failures __attribute__((unused));
static jmp_buf test_report_jump __attribute__((unused));
static char test_report_title[REPORT_TITLE_MAX] __attribute__((unused));
static char test_report_body[65536] __attribute__((unused));

#define CHECK(c)                                                                \
	do {                                                                    \
		test_checks++;                                                  \
		if (!(c)) {                                                     \
			test_failures++;                                        \
			printf("%s:%d: %s: CHECK(%s) failed\n", __FILE__,       \
			       __LINE__, __func__, #c);                         \
		}                                                               \
	} while (0)

/* Two integers; prints both where they differ. */
#define CHECK_EQ(a, b)                                                          \
	do {                                                                    \
		long long ca_ = (long long)(a), cb_ = (long long)(b);           \
		test_checks++;                                                  \
		if (ca_ != cb_) {                                               \
			test_failures++;                                        \
			printf("%s:%d: %s: %s is %lld (0x%llx), wanted %s, "    \
			       "%lld (0x%llx)\n", __FILE__, __LINE__, __func__, \
			       #a, ca_, ca_, #b, cb_, cb_);                     \
		}                                                               \
	} while (0)

/* Two strings; prints both where they differ. */
#define CHECK_STR(a, b)                                                         \
	do {                                                                    \
		const char *ca_ = (a), *cb_ = (b);                              \
		test_checks++;                                                  \
		if (strcmp(ca_, cb_)) {                                         \
			test_failures++;                                        \
			printf("%s:%d: %s: %s is \"%s\", wanted \"%s\"\n",      \
			       __FILE__, __LINE__, __func__, #a, ca_, cb_);     \
		}                                                               \
	} while (0)

/* The text must contain the part; prints the text where it doesn't. */
#define CHECK_HAS(text, part)                                                   \
	do {                                                                    \
		const char *ct_ = (text), *cp_ = (part);                        \
		test_checks++;                                                  \
		if (!strstr(ct_, cp_)) {                                        \
			test_failures++;                                        \
			printf("%s:%d: %s: \"%s\" is not in:\n%s\n", __FILE__,  \
			       __LINE__, __func__, cp_, ct_);                   \
		}                                                               \
	} while (0)

/* Catches reports in static buffers and leaves the statement. */
static inline void test_report_sink(const char *title, const char *body)
{
	snprintf(test_report_title, sizeof(test_report_title), "%s", title);
	snprintf(test_report_body, sizeof(test_report_body), "%s", body);
	longjmp(test_report_jump, 1);
}

#define REPORT_OF(...)                                                          \
	({                                                                      \
		test_report_title[0] = test_report_body[0] = 0;                 \
		report_set_sink(test_report_sink);                              \
		if (!setjmp(test_report_jump)) {                                \
			__VA_ARGS__;                                            \
		}                                                               \
		report_set_sink(NULL);                                          \
		(const char *)test_report_title;                                \
	})
#define CHECK_REPORT(title, ...) CHECK_STR(REPORT_OF(__VA_ARGS__), title)
#define CHECK_SILENT(...) CHECK_STR(REPORT_OF(__VA_ARGS__), "")

#define TEST_END()                                                              \
	(printf("%s: %lu checks, %lu failed\n", __FILE__, test_checks, test_failures), \
	 test_failures || !test_checks ? 1 : 0)

#endif
