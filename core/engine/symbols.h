/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of functions for stacks. Apart from internal.h: elf.h has an EV_NONE. */
#ifndef CORE_ENGINE_SYMBOLS_H
#define CORE_ENGINE_SYMBOLS_H

/* Name of the function that holds pc, "?" where there is none. */
const char *symbol_name(const void *pc);

#endif
