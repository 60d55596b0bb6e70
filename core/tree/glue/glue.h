/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the glue share: the engine's side of core/tree/seam.h. It is
 * compiled with swaprace's headers and never instrumented for TSan. All its state
 * lies outside of the world and is of one run: glue_reset() begins a run.
 * Locking: sim only; between two points nobody else runs.
 */
#ifndef CORE_TREE_GLUE_H
#define CORE_TREE_GLUE_H

#include "core/base/bug.h"
#include "core/base/raw.h"
#include "core/base/site.h"
#include "core/base/types.h"
#include "core/engine/context.h"
#include "core/engine/engine.h"
#include "core/tree/seam.h"

#define GLUE_CALLER ((unsigned long)__builtin_return_address(0))
#define GLUE_CTX_COUNT (ENGINE_CTX_MAX + 1)
/* What a freed object, per-CPU area and page hold. */
#define POISON_OBJECT 0x6b
#define POISON_PAGE 0xaa
#define PAGE_BYTES (1ul << SEAM_PAGE_SHIFT)
#define PAGE_LIVE_BYTES (SEAM_PAGE_WORDS * 8ul)
#define ARENA_PAGES (ENGINE_ARENA_MAX >> SEAM_PAGE_SHIFT)

/* The start of each run, first thing in set-up: the page pool of so many pages is
 * mapped at the arena's base, everything else is empty. */
void glue_reset(unsigned pages);
void events_reset(void);
void lockdep_maps_reset(void);
void rcu_heads_reset(void);
void irq_works_reset(void);
void slab_reset(void);
void percpu_reset(void);
void pages_reset(unsigned pages);
void cpu_reset(void);

/* snapshot.c, of struct world_ops: what set-up has made is kept, is still good, and is
 * there again. Each file adds its own parts, and undoes first what no part holds. */
bool glue_keep(void);
bool glue_kept(void);
void glue_restore(void);
u32 pages_keep(void); /* pages of the pool */
void pages_rewind(void);
void percpu_range(char **first, char **end); /* of all copies */
void percpu_keep(void);
bool percpu_fits(void); /* no run has used more than what was kept */
void slab_keep(void);
void slab_rewind(void);
bool lockdep_maps_used(void);
bool rcu_heads_used(void);
bool irq_works_used(void);

/* The site of a return address; fallback names the event if no table has it. */
const struct site *glue_site(unsigned long pc, const char *fallback);

/* May look at poisoned memory. p: 8-byte aligned, n a multiple of 8. */
bool raw_filled_with(const void *p, u8 byte, size_t n);
/* ASan's view alone: the bytes stay. */
void asan_hide(const void *p, size_t n);
void asan_show(const void *p, size_t n);

/* ---- report.c: warnings that the tree's file of known ones has --------------------- */

/* Reads the file: a title a line, '#' begins a comment. 0 or -errno. */
int known_read(const char *path);
/* Once: reads the file that the build has named, unless another was read. */
void known_read_default(void);
/* Calls fn for each known title, with how often it was seen in this process. */
void known_for_each(void (*fn)(const char *title, u64 seen, void *arg), void *arg);
extern bool glue_printk; /* seam_print() goes to stderr */

/* ---- race.c: engine_race_known, see core/engine/engine.h ----------------------------- */

bool glue_race_known(const struct engine_race *race);
/* slab.c: where the object begins that p lies in; NULL: in none. */
const void *slab_object_start(const void *p);

/* ---- coverage.c: of struct world_ops --------------------------------------------------- */

struct world_edges;
void glue_edges(struct world_edges *out);

/* ---- world.c ------------------------------------------------------------------------- */

struct world_ops;
extern const struct world_ops tree_world_ops;

#endif
