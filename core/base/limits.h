/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How large things can be: the engine's contexts, a world's machine, a program. What a
 * limit is held by stands beside it as an assertion: raise one, and the compiler says
 * what else is in the way.
 */
#ifndef CORE_BASE_LIMITS_H
#define CORE_BASE_LIMITS_H

#include "core/base/types.h"

/* ---- the engine ---- */
#define ENGINE_TASKS_MAX 16
#define ENGINE_CPUS_MAX 4
#define ENGINE_CTX_IRQ(cpu) (ENGINE_TASKS_MAX + (cpu))
#define ENGINE_CTX_SOFTIRQ(cpu) (ENGINE_TASKS_MAX + ENGINE_CPUS_MAX + (cpu))
#define ENGINE_CTX_MAX (ENGINE_TASKS_MAX + 2 * ENGINE_CPUS_MAX)
#define ENGINE_CTX_MAIN ENGINE_CTX_MAX /* set-up, tear-down: no scheduling */

/* A set of contexts. */
typedef u64 ctx_mask;
#define CTX_BIT(ctx) ((ctx_mask)1 << (ctx))
#define CTX_TASKS (CTX_BIT(ENGINE_TASKS_MAX) - 1)
_Static_assert(ENGINE_CTX_MAX < 64, "contexts are bits of a ctx_mask");

static inline __attribute__((always_inline)) unsigned ctx_first(ctx_mask mask)
{
	return (unsigned)__builtin_ctzll(mask);
}

static inline __attribute__((always_inline)) unsigned ctx_count(ctx_mask mask)
{
	return (unsigned)__builtin_popcountll(mask);
}

/* ---- a world ---- */
#define WORLD_MM_MAX 6
#define WORLD_REGIONS 4
#define WORLD_REGION_PAGES 8
#define WORLD_PAGES (WORLD_REGIONS * WORLD_REGION_PAGES)
#define WORLD_WORDS 8
#define WORLD_CHECKSUM_ZERO 0xee
#define WORLD_DEVS_MAX 3
#define WORLD_SHMS_MAX 2 /* shared files */
#define WORLD_PINS_MAX 2 /* of a task */
_Static_assert(WORLD_MM_MAX <= 8, "world_config.mms is a u8");
_Static_assert(WORLD_PAGES <= 32, "the pages of an mm are bits of a u32 (fuzz/prog)");

/* ---- a program ---- */
#define PROG_TASKS_MAX 16
#define PROG_OPS_MAX 16     /* of one task */
#define PROG_ARGS_MAX 3
/* The recorded schedule of a run that is 8,000 points long fits, whatever the switches. */
#define PROG_EDGES_MAX 8192
#define PROG_CHOICES_MAX 1024
#define PROG_EXPECTS_MAX 4
/* Contexts as the engine numbers them: tasks 'A'.., then irq and softirq. */
#define PROG_CTX_IRQ(cpu) (16 + (cpu))
#define PROG_CTX_SOFTIRQ(cpu) (20 + (cpu))
_Static_assert(PROG_TASKS_MAX <= ENGINE_TASKS_MAX, "each task of a program is a context");
_Static_assert(PROG_TASKS_MAX <= 26, "tasks have one letter");
_Static_assert(PROG_OPS_MAX <= 16, "the ops of a task are bits of a u16 (prog/minimize.c)");
_Static_assert(PROG_CTX_IRQ(0) == ENGINE_CTX_IRQ(0) &&
	       PROG_CTX_SOFTIRQ(0) == ENGINE_CTX_SOFTIRQ(0) &&
	       PROG_CTX_SOFTIRQ(ENGINE_CPUS_MAX) == ENGINE_CTX_MAX,
	       "the byte format stores the engine's numbers: another one is another version");

#endif
