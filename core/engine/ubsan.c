/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UndefinedBehaviorSanitizer's side of the engine. Code of the model calls its handlers
 * through those below (the linker's --wrap; CMakeLists.txt
 * and scripts/tree/final.py read the names here): they let the runtime
 * print what it has to say, and then end the run with a report. So the process goes on,
 * and as the runtime would be silent about one place after the first time, its mark
 * is taken back. Code outside of the model ends the process, as ever.
 * A pointer that the CPU faults on is left to it: then the bug has the same title in
 * all builds.
 */
#include "core/engine/internal.h"

#ifdef SWAPRACE_UBSAN
#include "core/base/bug.h"

/* What the data of each check begins with. */
struct ubsan_place { const char *file; u32 line, column; };

static void ubsan_report(const char *what, const struct ubsan_place *place)
{
	unsigned ctx = engine_current();
	const struct engine_event *ev = &eng.view.pending[ctx % ENGINE_CTX_MAX];
	char title[REPORT_TITLE_MAX];

	snprintf(title, sizeof(title), "UBSAN: %s in %s", what,
		 ctx < ENGINE_CTX_MAX && ev->site ? ev->site->func : "set-up");
	for (char *c = title; *c != ' ' || c[-1] == ':'; c++)
		if (*c == '_')
			*c = '-';
	reportf(title, "%s:%u:%u\n", place->file, place->line, place->column);
}

/* name: of the handler; it gets the check's data and so many values. */
#define HANDLER_BODY(name, what, ...) \
	u32 column = place->column; \
\
	__real___ubsan_handle_##name(place, ##__VA_ARGS__); \
	place->column = column; \
	ubsan_report(what, place)
#define HANDLER1(name) \
	void __real___ubsan_handle_##name(struct ubsan_place *place); \
	void __wrap___ubsan_handle_##name(struct ubsan_place *place); \
	void __wrap___ubsan_handle_##name(struct ubsan_place *place) \
	{ \
		HANDLER_BODY(name, #name); \
	}
#define HANDLER2(name) \
	void __real___ubsan_handle_##name(struct ubsan_place *place, uintptr_t a); \
	void __wrap___ubsan_handle_##name(struct ubsan_place *place, uintptr_t a); \
	void __wrap___ubsan_handle_##name(struct ubsan_place *place, uintptr_t a) \
	{ \
		HANDLER_BODY(name, #name, a); \
	}
#define HANDLER3(name) \
	void __real___ubsan_handle_##name(struct ubsan_place *place, uintptr_t a, uintptr_t b); \
	void __wrap___ubsan_handle_##name(struct ubsan_place *place, uintptr_t a, uintptr_t b); \
	void __wrap___ubsan_handle_##name(struct ubsan_place *place, uintptr_t a, uintptr_t b) \
	{ \
		HANDLER_BODY(name, #name, a, b); \
	}

#define HANDLER_POINTER(name) \
	void __real___ubsan_handle_##name(struct ubsan_place *place, uintptr_t pointer); \
	void __wrap___ubsan_handle_##name(struct ubsan_place *place, uintptr_t pointer); \
	void __wrap___ubsan_handle_##name(struct ubsan_place *place, uintptr_t pointer) \
	{ \
		if (oops_would(pointer)) \
			return; \
		HANDLER_BODY(name, "misaligned_pointer", pointer); \
	}

HANDLER1(nonnull_arg)
HANDLER2(function_type_mismatch)
HANDLER1(invalid_builtin)
HANDLER2(load_invalid_value)
HANDLER2(negate_overflow)
HANDLER2(out_of_bounds)
HANDLER2(vla_bound_not_positive)
HANDLER3(add_overflow)
HANDLER3(divrem_overflow)
HANDLER3(mul_overflow)
HANDLER3(pointer_overflow)
HANDLER3(shift_out_of_bounds)
HANDLER3(sub_overflow)

HANDLER_POINTER(type_mismatch_v1)
#else
typedef int ubsan_is_off; /* a file must not be empty */
#endif
