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
	u8 version = size ? *(const u8 *)data : 0;
	static const char other_version[] = "bytes of another version of the format";
	const char *what;

	BUILD_BUG_ON(PROG_BYTES_VERSION > PROG_BYTES_VERSION_MAX);
	BUILD_BUG_ON(PROG_BYTES_VERSION_MAX >= 0x09);
	if (prog_is_text(data, size))
		return prog_parse(p, text, data, size, err);
	if (text)
		memset(text, 0, sizeof(*text));
	if (!size)
		what = "the file is empty";
	else if (!version || version > PROG_BYTES_VERSION_MAX)
		what = "neither the text nor the bytes of a program";
	else if (version != PROG_BYTES_VERSION)
		what = other_version;
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
		if (what == other_version)
			snprintf(err->what, sizeof(err->what), "%s: %u, this one reads %u", what,
				 version, PROG_BYTES_VERSION);
	}
	return -EINVAL;
}
