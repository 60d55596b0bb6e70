// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Comparing observations: goal: each kind of difference is found, numbers of
 * frames and slots mean nothing, and each explained difference has a twin beside
 * it that is not explained. Method: two equal observations of two pages, changed
 * in one place at a time.
 */
#include "core/base/test.h"
#include "fuzz/kernel/compare.h"
#include "fuzz/prog/prog.h"

static struct observation model, kernel;
static struct compare_total sum;
static struct difference first;

#define PAGE_MAPPED (WORLD_PAGE_MAPPED | WORLD_PAGE_WRITABLE)
#define PAGE_IN (PAGE_MAPPED | WORLD_PAGE_PRESENT)
#define PAGE_OUT (PAGE_MAPPED | WORLD_PAGE_SWAPPED)

static void set(struct observation *o, unsigned op, int mm, int page, u32 bits, int dev, int slot,
		int frame)
{
	o->op[op].page[mm - 1][page] =
		(struct world_page_state){ .bits = bits, .dev = dev, .slot = slot, .frame = frame };
}

/*
 *   op 0: mm1 page 0 present, shared with mm2; mm1 page 1 out on dev0
 *   op 1: the same
 * The kernel's numbers are others than the model's.
 */
static void fill(struct observation *o, int base)
{
	memset(o, 0, sizeof(*o));
	for (int mm = 1; mm <= WORLD_MM_MAX; mm++) {
		for (int page = 0; page < WORLD_PAGES; page++) {
			set(o, 0, mm, page, 0, -1, -1, -1);
			set(o, 1, mm, page, 0, -1, -1, -1);
		}
	}
	o->n = 2;
	for (unsigned op = 0; op < 2; op++) {
		set(o, op, 1, 0, PAGE_IN, -1, -1, base);
		set(o, op, 2, 0, PAGE_IN, -1, -1, base);
		set(o, op, 1, 1, PAGE_OUT, 0, base + 1, -1);
		o->op[op].mm[0] = (struct world_mm_counters){ 1, 1 };
		o->op[op].counters = (struct world_counters){ .swap_total = 7, .swap_used = 1 };
	}
}

static void start(void)
{
	fill(&model, 3);
	fill(&kernel, 700);
	memset(&sum, 0, sizeof(sum));
}

static const char *compare(enum device_kind device)
{
	static char buf[160];

	compare_observations(&model, &kernel, device, &sum, &first);
	if (first.found)
		snprintf(buf, sizeof(buf), "%s: %s at op %u mm%d", compare_kind_name(first.kind),
			 first.what, first.op, first.mm);
	else
		strcpy(buf, "equal");
	return buf;
}

static void check_found(void)
{
	start();
	CHECK_STR(compare(DEVICE_ZRAM), "equal");
	CHECK_EQ(sum.compared[COMPARE_PAGE], 6);
	CHECK_EQ(sum.equal[COMPARE_PAGE], 6);
	start();
	set(&kernel, 1, 2, 0, PAGE_IN, -1, -1, 701);
	CHECK_STR(compare(DEVICE_ZRAM), "page states: who shares the frame at op 1 mm2");
	start();
	set(&kernel, 1, 1, 1, PAGE_OUT, 1, 701, -1);
	CHECK_STR(compare(DEVICE_ZRAM), "page states: device at op 1 mm1");
	start();
	set(&kernel, 1, 1, 1, PAGE_IN, -1, -1, 9);
	CHECK_STR(compare(DEVICE_ZRAM), "page states: presence at op 1 mm1");
	start();
	set(&kernel, 1, 1, 0, PAGE_IN, -1, -1, 800);
	set(&kernel, 1, 2, 0, PAGE_IN, -1, -1, 800);
	CHECK_STR(compare(DEVICE_ZRAM), "page states: copied or reused at op 1 mm1");
	start();
	kernel.op[1].ret = -EFAULT;
	CHECK_HAS(compare(DEVICE_ZRAM), "results: model 0, kernel -14");
	start();
	kernel.op[0].mm[0].anon++;
	CHECK_HAS(compare(DEVICE_ZRAM), "counters: RssAnon: model 1, kernel 2");
	start();
	kernel.op[1].read = model.op[1].read = true;
	kernel.op[1].words[5] = 1;
	CHECK_HAS(compare(DEVICE_ZRAM), "contents: ");
	start();
	kernel.end[0][0].done = model.end[0][0].done = true;
	kernel.end[0][0].words[7] = 1;
	CHECK_HAS(compare(DEVICE_ZRAM), "contents: read back at the end");
}

/* Swap cache: explained where the kernel alone keeps it; the counter with it. */
static void check_explained_kept(void)
{
	start();
	for (int mm = 1; mm <= 2; mm++) {
		set(&model, 0, mm, 0, PAGE_OUT, 0, 9, -1);
		set(&kernel, 0, mm, 0, PAGE_OUT, 0, 709, -1);
		set(&kernel, 1, mm, 0, PAGE_IN | WORLD_PAGE_SWAPCACHE, -1, -1, 700);
	}
	kernel.op[1].counters.swap_used = 2;
	CHECK_STR(compare(DEVICE_ZRAM), "equal");
	CHECK_EQ(sum.explained[EXPLAINED_sync_kept], 2);
	CHECK_EQ(sum.explained[EXPLAINED_kept_use], 1);
	CHECK_EQ(sum.equal[COMPARE_PAGE], 4);
	CHECK_STR(compare(DEVICE_FILE), "equal");
	CHECK_EQ(sum.explained[EXPLAINED_async_kept], 2);
	/* One slot more than pages that are kept. */
	kernel.op[1].counters.swap_used = 3;
	CHECK_HAS(compare(DEVICE_ZRAM), "counters: swap in use: model 1, kernel 3");
	/* Where nothing came in, nothing explains it. */
	start();
	for (int mm = 1; mm <= 2; mm++)
		set(&kernel, 1, mm, 0, PAGE_IN | WORLD_PAGE_SWAPCACHE, -1, -1, 700);
	CHECK_STR(compare(DEVICE_ZRAM), "page states: swap cache at op 1 mm1");
	/* The other way round it is no rule of 6.18. */
	start();
	set(&model, 1, 1, 0, PAGE_IN | WORLD_PAGE_SWAPCACHE, -1, -1, 3);
	CHECK_HAS(compare(DEVICE_ZRAM), "page states: swap cache");
	/* Nor where anything else is different too. */
	start();
	set(&kernel, 1, 1, 0, PAGE_IN | WORLD_PAGE_SWAPCACHE | WORLD_PAGE_KSM, -1, -1, 700);
	CHECK_HAS(compare(DEVICE_ZRAM), "page states: KSM");
}

static void check_explained_copied(void)
{
	for (int twin = 0; twin < 2; twin++) {
		start();
		for (int mm = 1; mm <= 2; mm++) {
			u32 cached = twin ? 0 : WORLD_PAGE_SWAPCACHE;

			set(&model, 0, mm, 0, PAGE_IN | cached, -1, -1, 3);
			set(&kernel, 0, mm, 0, PAGE_IN | cached, -1, -1, 700);
			set(&kernel, 1, mm, 0, PAGE_IN, -1, -1, 800);
		}
		CHECK_STR(compare(DEVICE_FILE),
			  twin ? "page states: copied or reused at op 1 mm1" : "equal");
		CHECK_EQ(sum.explained[EXPLAINED_async_copied], twin ? 0 : 2);
	}
}

/*
 *   op 0: mm1 page 0 out    op 1: it is in    op 2: mm2 shares it, MADV_FREE    op 3: mm2 writes
 * Twins: another op than MADV_FREE; the page was never out; nobody shares it; on a file.
 */
static void check_explained_lazy(void)
{
	for (int twin = 0; twin < 5; twin++) {
		struct observation *const both[] = { &model, &kernel };

		start();
		for (int i = 0; i < 2; i++) {
			struct observation *o = both[i];
			int frame = i ? 700 : 3;

			o->n = 4;
			o->op[2] = o->op[3] = o->op[1];
			if (twin != 2)
				set(o, 0, 1, 0, PAGE_OUT, 0, frame + 9, -1);
			set(o, 0, 2, 0, 0, -1, -1, -1);
			set(o, 1, 2, 0, 0, -1, -1, -1);
			if (twin == 3)
				set(o, 2, 1, 0, 0, -1, -1, -1);
			o->op[2].kind = twin == 1 ? OP_madv_cold : OP_madv_free;
			set(o, 3, 1, 0, 0, -1, -1, -1);
		}
		set(&kernel, 3, 2, 0, PAGE_IN, -1, -1, 800);
		CHECK_STR(compare(twin == 4 ? DEVICE_FILE : DEVICE_ZRAM),
			  twin ? "page states: copied or reused at op 3 mm2" : "equal");
		CHECK_EQ(sum.explained[EXPLAINED_sync_lazy], twin ? 0 : 1);
	}
}

static void check_explained_zero(void)
{
	const u32 zero = PAGE_IN | WORLD_PAGE_ZERO;

	for (int twin = 0; twin < 2; twin++) {
		start();
		for (unsigned op = 0; op < 2 && !twin; op++) {
			set(&model, op, 1, 4, zero, -1, -1, -1);
			set(&kernel, op, 1, 4, zero, -1, -1, -1);
		}
		set(&model, 1, 2, 4, PAGE_MAPPED, -1, -1, -1);
		set(&kernel, 1, 2, 4, zero, -1, -1, -1);
		CHECK_STR(compare(DEVICE_ZRAM),
			  twin ? "page states: presence at op 1 mm2" : "equal");
	}
}

/* mm2's page goes out in the kernel alone, while mm1's cached slot is reclaimed. */
static void check_explained_early(void)
{
	for (int twin = 0; twin < 2; twin++) {
		start();
		for (unsigned op = 0; op < 2; op++) {
			u32 cached = op || twin ? 0 : WORLD_PAGE_SWAPCACHE;

			set(&model, op, 1, 0, PAGE_IN | cached, -1, -1, 3);
			set(&kernel, op, 1, 0, PAGE_IN | cached, -1, -1, 700);
			set(&model, op, 2, 0, PAGE_IN, -1, -1, 4);
			set(&kernel, op, 2, 0, PAGE_IN, -1, -1, 701);
		}
		set(&kernel, 1, 2, 0, PAGE_OUT, 0, 750, -1);
		kernel.op[1].mm[1] = (struct world_mm_counters){ 0, 1 };
		model.op[1].mm[1] = (struct world_mm_counters){ 1, 0 };
		kernel.op[1].counters.swap_used = 2;
		CHECK_STR(compare(DEVICE_FILE), twin ? "page states: presence at op 1 mm2" : "equal");
		CHECK_EQ(sum.explained[EXPLAINED_worker_early_count], twin ? 0 : 3);
	}
}

/* ---- a kernel tree ---- */

/* Reclaim takes the same pages in both: nothing explains one that goes out in one alone. */
static void check_tree_reclaim(void)
{
	start();
	compare_with = COMPARE_TREE;
	model.op[1].kind = kernel.op[1].kind = OP_reclaim;
	set(&kernel, 1, 1, 0, PAGE_OUT, 0, 703, -1);
	CHECK_STR(compare(DEVICE_ZRAM), "page states: presence at op 1 mm1");
	compare_with = COMPARE_KERNEL;
}

/* What ops give is compared behind an explained difference, too; states no longer are. */
static void check_tree_results(void)
{
	const u32 zero = PAGE_IN | WORLD_PAGE_ZERO;

	start();
	compare_with = COMPARE_TREE;
	model.op[2] = model.op[1];
	kernel.op[2] = kernel.op[1];
	model.n = kernel.n = 3;
	kernel.op[2].mm[0].anon = 5;
	model.op[1].kind = kernel.op[1].kind = OP_fork;
	for (unsigned op = 0; op < 2; op++) {
		set(&model, op, 1, 4, zero, -1, -1, -1);
		set(&kernel, op, 1, 4, zero, -1, -1, -1);
	}
	set(&model, 1, 2, 4, PAGE_MAPPED, -1, -1, -1);
	set(&kernel, 1, 2, 4, zero, -1, -1, -1);
	kernel.end[0][0].done = model.end[0][0].done = true;
	kernel.end[0][0].words[7] = 1;
	CHECK_HAS(compare(DEVICE_ZRAM), "contents: read back at the end");
	CHECK_EQ(sum.stopped[EXPLAINED_TREE_zero_forked], 1);
	CHECK_EQ(sum.compared[COMPARE_PAGE], 4);
	compare_with = COMPARE_KERNEL;
}

/* The model alone merges two pages that were merged before. Twins: they were not; the
 * kernel alone merges. */
static void check_tree_merged(void)
{
	for (int twin = 0; twin < 3; twin++) {
		struct observation *o = twin == 2 ? &kernel : &model;

		start();
		compare_with = COMPARE_TREE;
		model.op[2] = model.op[1];
		kernel.op[2] = kernel.op[1];
		model.n = kernel.n = 3;
		model.op[2].kind = kernel.op[2].kind = OP_ksm_scan;
		for (int page = 2; page < 4; page++) {
			for (unsigned op = 0; op < 3; op++) {
				u32 bits = PAGE_IN | (op || twin == 1 ? 0 : WORLD_PAGE_KSM);

				set(&model, op, 1, page, bits, -1, -1, 30 + page);
				set(&kernel, op, 1, page, bits, -1, -1, 730 + page);
			}
			set(o, 2, 1, page, PAGE_IN | WORLD_PAGE_KSM, -1, -1, 50);
		}
		CHECK_STR(compare(DEVICE_ZRAM), twin ? "page states: KSM at op 2 mm1" : "equal");
		CHECK_EQ(sum.stopped[EXPLAINED_TREE_merged_later], twin ? 0 : 1);
		compare_with = COMPARE_KERNEL;
	}
}

/* As check_explained_zero(), and the twin is another op. */
static void check_tree_zero(void)
{
	const u32 zero = PAGE_IN | WORLD_PAGE_ZERO;

	for (int twin = 0; twin < 2; twin++) {
		start();
		compare_with = COMPARE_TREE;
		model.op[1].kind = kernel.op[1].kind = twin ? OP_mmap : OP_fork;
		for (unsigned op = 0; op < 2; op++) {
			set(&model, op, 1, 4, zero, -1, -1, -1);
			set(&kernel, op, 1, 4, zero, -1, -1, -1);
		}
		set(&model, 1, 2, 4, PAGE_MAPPED, -1, -1, -1);
		set(&kernel, 1, 2, 4, zero, -1, -1, -1);
		CHECK_STR(compare(DEVICE_ZRAM),
			  twin ? "page states: presence at op 1 mm2" : "equal");
		CHECK_EQ(sum.stopped[EXPLAINED_TREE_zero_forked], twin ? 0 : 1);
		compare_with = COMPARE_KERNEL;
	}
}

/* Two pages that were KSM come in by swapoff, in the kernel into one frame. Twins: no
 * fork before, never KSM, another op. */
static void check_tree_child(void)
{
	for (int twin = 0; twin < 4; twin++) {
		start();
		compare_with = COMPARE_TREE;
		model.op[2] = model.op[1];
		kernel.op[2] = kernel.op[1];
		model.n = kernel.n = 3;
		model.op[0].kind = kernel.op[0].kind = twin == 1 ? OP_mmap : OP_fork;
		model.op[2].kind = kernel.op[2].kind = twin == 3 ? OP_madv_cold : OP_swapoff;
		for (int mm = 3; mm <= 4; mm++) {
			const u32 own = PAGE_IN | WORLD_PAGE_EXCLUSIVE;

			set(&model, 0, mm, 2, PAGE_IN | (twin == 2 ? 0 : WORLD_PAGE_KSM), -1, -1, 30);
			set(&kernel, 0, mm, 2, PAGE_IN | (twin == 2 ? 0 : WORLD_PAGE_KSM), -1, -1, 730);
			set(&model, 1, mm, 2, PAGE_OUT, 0, 9, -1);
			set(&kernel, 1, mm, 2, PAGE_OUT, 0, 709, -1);
			set(&model, 2, mm, 2, own, -1, -1, 40 + mm);
			set(&kernel, 2, mm, 2, PAGE_IN, -1, -1, 740);
		}
		CHECK_STR(compare(DEVICE_ZRAM),
			  twin ? "page states: exclusiveness at op 2 mm3" : "equal");
		CHECK_EQ(sum.stopped[EXPLAINED_TREE_child_first], twin ? 0 : 1);
		compare_with = COMPARE_KERNEL;
	}
}

int main(void)
{
	check_tree_child();
	check_tree_reclaim();
	check_tree_results();
	check_tree_merged();
	check_tree_zero();
	check_explained_early();
	check_found();
	check_explained_kept();
	check_explained_copied();
	check_explained_lazy();
	check_explained_zero();
	return TEST_END();
}
