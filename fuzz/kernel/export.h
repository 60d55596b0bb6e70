/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program as a standalone C program for a real kernel, and the order edges
 * inside of its ops as delays for a kernel tree.
 */
#ifndef FUZZ_KERNEL_EXPORT_H
#define FUZZ_KERNEL_EXPORT_H

#include <stdio.h>

#include "fuzz/prog/prog.h"

/* NULL, or why system calls can't express it. name: of the file it was loaded from;
 * loop: free-running is its default; kselftest: it says its result as a kernel's selftests
 * do, by their kselftest.h. The order and what reads must give come from the model, which
 * is run for it. */
const char *export_c(FILE *out, const struct prog *p, const struct prog_text *text,
		     const char *name, bool loop, bool kselftest);
/* A patch that adds a module to a kernel tree. Number of edges that it keeps: those
 * with a side inside of an op; the exported program keeps those between whole ops when
 * it runs in order. */
unsigned export_delays(FILE *out, const struct prog *p, const char *name);

#endif
