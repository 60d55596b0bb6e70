// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text or bytes, by content.
 */
#include "fuzz/prog/encode.h"
#include "fuzz/prog/prog.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool prog_is_text(const void *data, size_t size)
{
	u8 first = size ? *(const u8 *)data : 0;

	return first >= 0x09 && first <= 0x7e;
}

int prog_load(struct prog *p, struct prog_text *text, const void *data, size_t size,
	      struct prog_error *err)
{
	const char *what;

	BUILD_BUG_ON(PROG_BYTES_FIRST >= 0x09);
	if (prog_is_text(data, size))
		return prog_parse(p, text, data, size, err);
	if (text)
		memset(text, 0, sizeof(*text));
	if (!size)
		what = "the file is empty";
	else if (*(const u8 *)data != PROG_BYTES_FIRST)
		what = "neither the text nor the bytes of a program";
	else if (size > PROG_BYTES_MAX)
		what = "too long for the bytes of a program";
	else
		what = NULL;
	if (!what) {
		prog_decode(p, data, size);
		return 0;
	}
	prog_init(p);
	if (err) {
		*err = (struct prog_error){ .line = 1, .column = 1 };
		snprintf(err->what, sizeof(err->what), "%s", what);
	}
	return -EINVAL;
}
