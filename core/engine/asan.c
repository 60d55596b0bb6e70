/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * AddressSanitizer's side of the engine: its report becomes one of ours, named by
 * kind and function, and ends the run at the next point (the model is built with
 * -fsanitize-recover=address; world memory is ours, so going on is harmless). A
 * report outside of a run is a defect of ours, and ends the process.
 */
#include "core/engine/internal.h"

#ifdef SWAPRACE_ASAN
#include <stdlib.h>

void *__asan_get_report_pc(void);
void *__asan_get_report_address(void);
int __asan_get_report_access_type(void);
size_t __asan_get_report_access_size(void);
const char *__asan_get_report_description(void);
void __asan_set_error_report_callback(void (*callback)(const char *text));
void __asan_on_error(void);

void __asan_on_error(void)
{
	const char *func = symbol_name((char *)__asan_get_report_pc() - 1);
	char title[REPORT_TITLE_MAX], body[256], name[64];

	if (!eng.in_run && !eng.quiet)
		return;
	snprintf(title, sizeof(title), "%s in %s", __asan_get_report_description(), func);
	snprintf(body, sizeof(body), "%s of %zu bytes of %s in %s\n",
		 __asan_get_report_access_type() ? "write" : "read", __asan_get_report_access_size(),
		 engine_role_name(engine_role_of(__asan_get_report_address()), name, sizeof(name)), func);
	report_from_sanitizer(title, body);
}

/* After the report was printed. */
static void asan_printed(const char *text)
{
	(void)text;
	if (!eng.in_run && !eng.quiet)
		abort();
}

void asan_install(void)
{
	symbol_name(NULL); /* reads the names now: inside of a report locks are held */
	__asan_set_error_report_callback(asan_printed);
}
#else
typedef int asan_is_off; /* a file must not be empty */
#endif
