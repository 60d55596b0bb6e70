/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stands for tools/testing/selftests/kselftest.h of a kernel tree, so that export-c
 * --kselftest is compiled and run without one: the functions that it calls, and KTAP's lines.
 */
#ifndef FUZZ_KERNEL_TEST_KSELFTEST_H
#define FUZZ_KERNEL_TEST_KSELFTEST_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define KSFT_SKIP 4

static unsigned ksft_bad;

static inline void ksft_print_header(void)
{
	printf("TAP version 13\n");
}

static inline void ksft_set_plan(unsigned plan)
{
	printf("1..%u\n", plan);
}

__attribute__((format(printf, 1, 2))) static inline void ksft_print_msg(const char *msg, ...)
{
	va_list ap;

	va_start(ap, msg);
	printf("# ");
	vprintf(msg, ap);
	va_end(ap);
}

__attribute__((format(printf, 2, 3)))
static inline void ksft_test_result(int good, const char *msg, ...)
{
	va_list ap;

	ksft_bad += !good;
	va_start(ap, msg);
	printf("%s 1 ", good ? "ok" : "not ok");
	vprintf(msg, ap);
	va_end(ap);
}

__attribute__((noreturn)) static inline void ksft_finished(void)
{
	exit(ksft_bad ? 1 : 0);
}

__attribute__((noreturn, format(printf, 1, 2))) static inline void ksft_exit_skip(const char *msg, ...)
{
	va_list ap;

	va_start(ap, msg);
	printf("ok 1 # SKIP ");
	vprintf(msg, ap);
	va_end(ap);
	exit(KSFT_SKIP);
}

#endif
