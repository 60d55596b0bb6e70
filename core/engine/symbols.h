/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of functions for stacks. Apart from internal.h: elf.h has an EV_NONE. */
#ifndef CORE_ENGINE_SYMBOLS_H
#define CORE_ENGINE_SYMBOLS_H

#include <stddef.h>

/* Name of the function that holds pc, "?" where there is none. */
const char *symbol_name(const void *pc);
/* "    #0 0x1f2a3 in func\n", the address within the executable's file: what sanitizers
 * print, and what a symbolizer takes. Returns the number of bytes. */
size_t symbol_frame(char *buf, size_t size, unsigned number, const void *pc);

#endif
