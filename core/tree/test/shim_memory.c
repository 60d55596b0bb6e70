// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Goal: memory that was given back is watched, and accesses that the kernel marks are
 * not judged. Method: what is allowed is silent; a write after a free, a second free, a
 * write past the end and an area that nobody frees are reported; of two plain accesses
 * that race, TSan reports those without data_race().
 */
#include <linux/percpu.h>
#include <linux/slab.h>

#include "core/tree/test/shim_test.h"

/* ---- slab ----------------------------------------------------------------------------- */

static unsigned char *allocate(void)
{
	return kzalloc(40, GFP_KERNEL | __GFP_NOFAIL);
}

static void slab_use(void)
{
	unsigned char *p = allocate();

	MUST(!p[0] && !p[39], "zeroed memory is not zero");
	p[0] = p[39] = 1;
	kfree(p);
	p = kmalloc(40, GFP_KERNEL | __GFP_NOFAIL);
	MUST(p[0] != 1 && p[39] != 1, "an object has what its last user wrote");
	kfree(p);
}

static void slab_write_after_free(void)
{
	unsigned char *p = allocate();

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	p[20] = 1;
}

static void slab_double_free(void)
{
	unsigned char *p = allocate();

	kfree(p);
	OPTIMIZER_HIDE_VAR(p);
	kfree(p);
}

static void slab_write_past_end(void)
{
	unsigned char *p = allocate();

	OPTIMIZER_HIDE_VAR(p);
	p[64] = 1; /* the next object: those of 40 bytes lie in a cache of 64 */
	kfree(p);
}

static void slab_leak(void)
{
	(void)allocate();
}

/* ---- per-CPU memory ------------------------------------------------------------------- */

static void percpu_use(void)
{
	int __percpu *p = alloc_percpu_gfp(int, GFP_KERNEL | __GFP_NOFAIL);
	int cpu, sum = 0;

	for_each_possible_cpu(cpu)
		*per_cpu_ptr(p, cpu) += cpu + 1;
	for_each_possible_cpu(cpu)
		sum += *per_cpu_ptr(p, cpu) == cpu + 1;
	MUST(sum == (int)num_possible_cpus(), "CPUs share a per-CPU variable");
	free_percpu(p);
}

static void percpu_write_after_free(void)
{
	int __percpu *p = alloc_percpu_gfp(int, GFP_KERNEL | __GFP_NOFAIL);

	free_percpu(p);
	*per_cpu_ptr(p, 1) = 1;
	(void)alloc_percpu_gfp(int, GFP_KERNEL | __GFP_NOFAIL);
}

static void percpu_double_free(void)
{
	int __percpu *p = alloc_percpu_gfp(int, GFP_KERNEL | __GFP_NOFAIL);

	free_percpu(p);
	free_percpu(p);
}

/* ---- KCSAN's marks -------------------------------------------------------------------- */

static int raced;

static noinline void race_plain(void)
{
	raced++;
}

static noinline void race_marked_look(void)
{
	if (data_race(raced) == 1)
		seam_selftest_saw(1);
}

static noinline void race_once(void)
{
	WRITE_ONCE(raced, READ_ONCE(raced) + 1);
	seam_selftest_saw(1);
}

const struct tree_selftest shim_memory_tests[] = {
	SILENT(slab, 0, slab_use, slab_use),
	PLANTED(slab_write_after_free, "poison: write after free of kmalloc-64|"
		"AddressSanitizer: use-after-poison in slab_write_after_free",
		slab_write_after_free),
	PLANTED(slab_double_free, "slab: double free of kmalloc-64 in slab_double_free",
		slab_double_free),
	PLANTED(slab_write_past_end, "poison: write after free of kmalloc-64|"
		"AddressSanitizer: use-after-poison in slab_write_past_end",
		slab_write_past_end),
	PLANTED(slab_leak, "leak: kmalloc-64",
		slab_leak),
	SILENT(percpu, 0, percpu_use, percpu_use),
	PLANTED(percpu_write_after_free, "poison: write after free of per-CPU memory|"
		"AddressSanitizer: use-after-poison in percpu_write_after_free",
		percpu_write_after_free),
	PLANTED(percpu_double_free, "slab: double free of per-CPU memory",
		percpu_double_free),
	PLANTED_TSAN(race_of_plain_accesses, "data-race in race_plain / race_plain",
		     race_plain, race_plain),
	SILENT(data_race, 1, race_plain, race_marked_look),
	SILENT(race_of_marked_accesses, 1, race_once, race_once),
	{ .name = NULL },
};
