// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target for the codec: every byte string decodes to a valid program;
 * bytes and text round-trip; what the parser accepts prints and parses again to
 * the same program; what it refuses has a line and a column.
 */
#include <string.h>

#include "core/base/site.h"
#include "fuzz/targets/target.h"

#define HOLDS(c)                                                                \
	do {                                                                    \
		if (!(c))                                                       \
			fuzz_fail(__FILE__, __LINE__, __func__, #c);            \
	} while (0)

static u8 bytes[PROG_BYTES_MAX];
static char text[PROG_TEXT_MAX];
static struct prog decoded, again;
static struct prog_text extra;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
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

	prog_decode(&decoded, data, size);
	check_round_trip(&decoded);
	if (prog_parse(&decoded, &extra, (const char *)data, size, &err) == 0)
		check_round_trip(&decoded);
	else
		HOLDS(err.line >= 1 && err.column >= 1 && err.what[0]);
	return 0;
}
