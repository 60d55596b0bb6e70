// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Stands for mm/percpu.c: a copy of the static section for each CPU in the arena,
 * with room behind it for areas that are allocated. A freed area is poisoned and
 * hidden from ASan, and the next one of its size gets it, last in first out.
 * An area's address is that in the section (or behind it), as the kernel has it.
 */
#include <stdio.h>
#include <string.h>

#include "core/tree/glue/glue.h"

#define PERCPU_DYNAMIC (8u << 10)
#define PERCPU_AREAS_MAX 512u
#define PERCPU_ALIGN 16u
#define PERCPU_KEPT_SPARE 1024u /* what a run may use more than its set-up, and be undone */

extern char __start_swaprace_tree_percpu[] __attribute__((weak));
extern char __stop_swaprace_tree_percpu[] __attribute__((weak));

struct percpu_area { u32 offset, size; bool live; };

unsigned long seam_percpu_offset[SEAM_CPUS_MAX];
static struct percpu_area area[PERCPU_AREAS_MAX]; /* in order of their offsets */
static u16 area_free[PERCPU_AREAS_MAX];           /* the last one is the next to go */
static u32 nareas, nfree, nlive;
static u32 percpu_used, percpu_size;
static u32 percpu_kept; /* bytes of each copy that a snapshot holds */
static char *percpu_base; /* CPU 0's copy */

static void *area_copy(const struct percpu_area *a, u32 cpu)
{
	return percpu_base + cpu * percpu_size + a->offset;
}

void percpu_reset(void)
{
	u32 section = (u32)(__stop_swaprace_tree_percpu - __start_swaprace_tree_percpu);
	size_t odd = engine_arena_used() % PAGE_BYTES;

	/* Never 0: where there is no section, that would be the address NULL. */
	percpu_used = max(round_up(section, PERCPU_ALIGN), PERCPU_ALIGN);
	percpu_size = (u32)round_up(percpu_used + PERCPU_DYNAMIC, PAGE_BYTES);
	if (odd)
		engine_arena_alloc(PAGE_BYTES - odd);
	percpu_base = engine_arena_alloc((size_t)SEAM_CPUS_MAX * percpu_size);
	nareas = nfree = nlive = 0;
	if (!percpu_base)
		return;
	for (u32 cpu = 0; cpu < SEAM_CPUS_MAX; cpu++) {
		char *copy = percpu_base + cpu * percpu_size;

		seam_percpu_offset[cpu] = (unsigned long)copy -
					  (unsigned long)__start_swaprace_tree_percpu;
		raw_copy(copy, __start_swaprace_tree_percpu, section);
		engine_role_set(copy, percpu_size, "percpu ", (int)cpu, -1);
		asan_hide(copy + percpu_used, percpu_size - percpu_used);
	}
}

void percpu_range(char **first, char **end)
{
	*first = percpu_base;
	*end = percpu_base + (size_t)SEAM_CPUS_MAX * percpu_size;
}

void percpu_keep(void)
{
	percpu_kept = min(percpu_used + PERCPU_KEPT_SPARE, percpu_size);
	engine_snapshot_add(area, nareas * sizeof(*area));
	engine_snapshot_add(area_free, nfree * sizeof(*area_free));
	engine_snapshot_add(&nareas, sizeof(nareas));
	engine_snapshot_add(&nfree, sizeof(nfree));
	engine_snapshot_add(&nlive, sizeof(nlive));
	engine_snapshot_add(&percpu_used, sizeof(percpu_used));
	for (u32 cpu = 0; cpu < SEAM_CPUS_MAX; cpu++)
		engine_snapshot_add(percpu_base + cpu * percpu_size, percpu_kept);
}

bool percpu_fits(void)
{
	return percpu_used <= percpu_kept;
}

static __cold void percpu_report(const char *what, const struct percpu_area *a)
{
	char title[REPORT_TITLE_MAX];

	snprintf(title, sizeof(title), "%s", what);
	reportf(title, "%u bytes\n", a ? a->size : 0);
}

/* The area that was freed last among those that fit exactly. */
static struct percpu_area *area_reuse(u32 size, u32 align)
{
	for (u32 i = nfree; i-- > 0;) {
		struct percpu_area *a = &area[area_free[i]];

		if (a->size != size || a->offset % align)
			continue;
		memmove(&area_free[i], &area_free[i + 1], (nfree - i - 1) * sizeof(*area_free));
		nfree--;
		for (u32 cpu = 0; cpu < SEAM_CPUS_MAX; cpu++)
			if (!raw_filled_with(area_copy(a, cpu), POISON_OBJECT, a->size))
				percpu_report("poison: write after free of per-CPU memory", a);
		return a;
	}
	return NULL;
}

static struct percpu_area *area_new(u32 size, u32 align)
{
	u32 offset = round_up(percpu_used, align);

	if (nareas == PERCPU_AREAS_MAX || offset + size > percpu_size) {
		report("tree: per-CPU memory exhausted", "");
		return NULL;
	}
	percpu_used = offset + size;
	area[nareas] = (struct percpu_area){ .offset = offset, .size = size };
	return &area[nareas++];
}

void *seam_percpu_alloc(unsigned long size, unsigned long align)
{
	u32 bytes = (u32)round_up(size, (unsigned long)PERCPU_ALIGN);
	u32 aligned = (u32)max(align, (unsigned long)PERCPU_ALIGN);
	struct percpu_area *a;

	BUG_ON(!size || size > PERCPU_DYNAMIC || aligned & (aligned - 1) || aligned > PAGE_BYTES);
	a = area_reuse(bytes, aligned);
	if (!a)
		a = area_new(bytes, aligned);
	if (!a)
		return NULL;
	a->live = true;
	nlive++;
	engine_hb_acquire(area_copy(a, 0));
	for (u32 cpu = 0; cpu < SEAM_CPUS_MAX; cpu++) {
		asan_show(area_copy(a, cpu), size);
		raw_fill(area_copy(a, cpu), 0, bytes);
	}
	return (void *)((unsigned long)__start_swaprace_tree_percpu + a->offset);
}

void seam_percpu_free(void *p)
{
	u32 offset = (u32)((unsigned long)p - (unsigned long)__start_swaprace_tree_percpu);
	struct percpu_area *a = NULL;

	if (!p)
		return;
	for (u32 i = 0; i < nareas; i++)
		if (area[i].offset == offset)
			a = &area[i];
	if (!a || !a->live) {
		percpu_report(a ? "slab: double free of per-CPU memory" :
			      "slab: bad free of per-CPU memory", a);
		return;
	}
	a->live = false;
	nlive--;
	for (u32 cpu = 0; cpu < SEAM_CPUS_MAX; cpu++) {
		raw_fill(area_copy(a, cpu), POISON_OBJECT, a->size);
		asan_hide(area_copy(a, cpu), a->size);
	}
	engine_hb_release(area_copy(a, 0));
	area_free[nfree++] = (u16)(a - area);
}

unsigned seam_percpu_live(void)
{
	return nlive;
}
