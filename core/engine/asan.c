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
void *__asan_get_report_bp(void);
void *__asan_get_report_address(void);
int __asan_get_report_access_type(void);
size_t __asan_get_report_access_size(void);
const char *__asan_get_report_description(void);
void __asan_set_error_report_callback(void (*callback)(const char *text));
void __asan_on_error(void);

void __asan_on_error(void)
{
	const char *func = symbol_name((char *)__asan_get_report_pc() - 1);
	static char body[8192];
	char title[REPORT_TITLE_MAX], name[64];
	void *pc[STACK_MAX] = { __asan_get_report_pc() };
	u32 role;
	int n;

	if (!eng.in_run && !eng.quiet)
		return;
	role = engine_role_of(__asan_get_report_address());
	snprintf(title, sizeof(title), "%s in %s", __asan_get_report_description(), func);
	n = snprintf(body, sizeof(body), "%s of %zu bytes of %s in %s\nstack:\n",
		     __asan_get_report_access_type() ? "write" : "read",
		     __asan_get_report_access_size(), engine_role_name(role, name, sizeof(name)), func);
	stack_print(body + n, sizeof(body) - (size_t)n, pc,
		    1 + stack_from(__asan_get_report_bp(), pc + 1, STACK_MAX - 1));
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
