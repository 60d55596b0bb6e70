// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Options of the sanitizers, baked into everything that runs programs. TSan must
 * not stop by itself: the engine ends the run after a report, and the command goes
 * on to the next run while a target prints the title and aborts on the same input.
 * Verdicts must not depend on earlier reports, so none is suppressed for being
 * equal to one. Fuzzing services take unsigned overflow, which is no error, for more
 * coverage: it is silent. run.c refers to this file, so that the linker takes it.
 */
#include "fuzz/exec/exec.h"

const char exec_sanitizer_options_linked = 1;

const char *__tsan_default_options(void);
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

__attribute__((used)) const char *__tsan_default_options(void)
{
	return "halt_on_error=0:atexit_sleep_ms=0:exitcode=0:suppress_equal_stacks=0:"
	       "suppress_equal_addresses=0:report_signal_unsafe=0:report_thread_leaks=0:"
	       "die_after_fork=0";
}

__attribute__((used)) const char *__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=0:handle_abort=0:"
	       "allow_user_poisoning=1:halt_on_error=0:suppress_equal_pcs=0";
}

__attribute__((used)) const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:halt_on_error=0:silence_unsigned_overflow=1";
}
