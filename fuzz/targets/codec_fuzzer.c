// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target for the codec: every byte string decodes to a valid program;
 * bytes and text round-trip; what the parser accepts prints and parses again to
 * the same program; what it refuses has a line and a column.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "core/base/site.h"
#include "fuzz/targets/record.h"
#include "fuzz/targets/target.h"

#define HOLDS(c)                                                                \
	do {                                                                    \
		if (!(c))                                                       \
			failed(__LINE__, __func__, #c);                         \
	} while (0)

static u8 bytes[PROG_BYTES_MAX];
static char text[PROG_TEXT_MAX];
static struct prog decoded, again;
static struct prog_text extra;

/* What the input under test is, for record.h, and where it goes on. */
static struct { const u8 *data; size_t size; jmp_buf next; } input;

static void failed(int line, const char *func, const char *condition) __attribute__((noreturn));
static void failed(int line, const char *func, const char *condition)
{
	char title[200];

	if (!record_is_on())
		fuzz_fail("fuzz/targets/codec_fuzzer.c", line, func, condition);
	snprintf(title, sizeof(title), "codec: %s in %s", condition, func);
	record_report(title, NULL, input.data, input.size);
	longjmp(input.next, 1);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	record_init("codec_fuzzer");
	sites_init();
	return 0;
}

static void check_round_trip(const struct prog *p)
{
	struct prog_error err;
	const char *why = NULL;
	size_t n;

	HOLDS(prog_valid(p, &why));
	n = prog_encode(p, bytes, sizeof(bytes));
	HOLDS(n > 0);
	prog_decode(&again, bytes, n);
	HOLDS(prog_equal(p, &again));
	n = prog_print(p, NULL, text, sizeof(text));
	HOLDS(n > 0);
	HOLDS(prog_is_text(text, n));
	HOLDS(prog_parse(&again, NULL, text, n, &err) == 0);
	HOLDS(prog_equal(p, &again));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct prog_error err = { 0 };

	input.data = data;
	input.size = size;
	if (setjmp(input.next))
		return -1;
	prog_decode(&decoded, data, size);
	check_round_trip(&decoded);
	if (prog_parse(&decoded, &extra, (const char *)data, size, &err) == 0)
		check_round_trip(&decoded);
	else
		HOLDS(err.line >= 1 && err.column >= 1 && err.what[0]);
	return 0;
}
