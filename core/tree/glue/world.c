// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A kernel tree as a world: the table of ops that programs and oracles know, over
 * the functions that the kernel's side has (core/tree/seam.h).
 * Left out so far: the snapshot device (hibernation).
 * A machine: what the tree has compiled in cannot be asked for otherwise, and is
 * refused in one line; a field left at its default is taken as "whatever it is".
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/world_ops.h"
#include "core/tree/glue/glue.h"

BUILD_BUG_ON(SEAM_MMS_MAX != WORLD_MM_MAX || SEAM_DEVS_MAX != WORLD_DEVS_MAX);
BUILD_BUG_ON(SEAM_SHMS_MAX != WORLD_SHMS_MAX || SEAM_PINS_MAX != WORLD_PINS_MAX);
BUILD_BUG_ON((int)SEAM_PIN_WRITE != WORLD_PIN_WRITE || (int)SEAM_PIN_SLOW != WORLD_PIN_SLOW);
BUILD_BUG_ON((int)SEAM_PIN_LONGTERM != WORLD_PIN_LONGTERM);
BUILD_BUG_ON(SEAM_PAGE_WORDS != WORLD_WORDS || sizeof(unsigned long) != sizeof(u64));
BUILD_BUG_ON((int)TREE_PAGE_MAPPED != WORLD_PAGE_MAPPED);
BUILD_BUG_ON((int)TREE_PAGE_PRESENT != WORLD_PAGE_PRESENT);
BUILD_BUG_ON((int)TREE_PAGE_SWAPPED != WORLD_PAGE_SWAPPED);
BUILD_BUG_ON((int)TREE_PAGE_EXCLUSIVE != WORLD_PAGE_EXCLUSIVE);
BUILD_BUG_ON((int)TREE_PAGE_ZERO != WORLD_PAGE_ZERO);
BUILD_BUG_ON((int)TREE_PAGE_POISON != WORLD_PAGE_POISON);
BUILD_BUG_ON((int)TREE_PAGE_WRITABLE != WORLD_PAGE_WRITABLE);
BUILD_BUG_ON((int)TREE_PAGE_SWAPCACHE != WORLD_PAGE_SWAPCACHE);
BUILD_BUG_ON((int)TREE_PAGE_KSM != WORLD_PAGE_KSM);
BUILD_BUG_ON((int)TREE_UFFD_MISSING != WORLD_UFFD_MISSING);
BUILD_BUG_ON((int)TREE_UFFD_WP != WORLD_UFFD_WP);

/* The build overrides these. */
const char seam_tree_name[] __attribute__((weak)) = "tree";
const char seam_tree_identity[] __attribute__((weak)) = "unknown build";

unsigned int seam_edit;

/* What every tree here has compiled in. */
#define TREE_CLUSTER_SLOTS 8 /* SWAPFILE_CLUSTER = HPAGE_PMD_NR, of our page tables */
#define TREE_COUNT_BITS 4
#define TREE_SWAP_FULL 50
#define TREE_BATCH 31
/* The model's defaults (fuzz/prog/machine.c), where they differ from these. */
#define DEFAULT_COUNT_BITS 3
#define DEFAULT_BATCH 4
/* Page tables come out of the pool, unlike the model's: so many more pages. */
#define TREE_TABLE_PAGES 32
/* All but the pool: slab, per-CPU copies, struct pages. */
#define TREE_ARENA_REST (6ul << 20)
#define TREE_STEPS_MAX 40000u
/* An allocation that fails goes through 16 rounds of reclaim at 13 priorities, and zswap's
 * worker allocates 16 times: that took 5 million points with nothing to reclaim. */
#define TREE_FAIR_POINTS 8000000u
#define TREE_OP_POINTS 400u

static void *tasks[ENGINE_TASKS_MAX]; /* task_structs, in world memory */

static char tree_version[16]; /* "7.3.4" */
static char tree_name[128];   /* "tree:NAME", or "tree:NAME+EDIT" */

__attribute__((constructor)) static void tree_names_print(void)
{
	snprintf(tree_name, sizeof(tree_name), "%s", seam_tree_name);
	snprintf(tree_version, sizeof(tree_version), "%u.%u.%u", tree_version_code >> 16 & 0xff,
		 tree_version_code >> 8 & 0xff, tree_version_code & 0xff);
}

static bool edit_select(const char *edit)
{
	for (unsigned i = 0; seam_edit_names[i]; i++) {
		if (strcmp(seam_edit_names[i], edit) != 0)
			continue;
		seam_edit = i + 1;
		snprintf(tree_name, sizeof(tree_name), "%s+%s", seam_tree_name, edit);
		return true;
	}
	return false;
}

/* ---- the machine ------------------------------------------------------------------------- */

static bool is_either(unsigned value, unsigned own, unsigned fallback)
{
	return value == own || value == fallback;
}

static bool machine_check(const struct world_config *c, char *why, size_t size)
{
	if (c->cluster_slots != TREE_CLUSTER_SLOTS)
		snprintf(why, size, "cluster=%u: a tree's clusters have %u slots", c->cluster_slots,
			 TREE_CLUSTER_SLOTS);
	else if (!is_either(c->count_bits, TREE_COUNT_BITS, DEFAULT_COUNT_BITS))
		snprintf(why, size, "count_bits=%u: a tree's swap counts have %u bits",
			 c->count_bits, TREE_COUNT_BITS);
	else if (!is_either(c->batch, TREE_BATCH, DEFAULT_BATCH))
		snprintf(why, size, "batch=%u: a tree's batches have %u folios", c->batch,
			 TREE_BATCH);
	else if (c->swap_full != TREE_SWAP_FULL)
		snprintf(why, size, "full=%u: a tree's swap is full at %u percent", c->swap_full,
			 TREE_SWAP_FULL);
	else
		return true;
	return false;
}

static void machine_fit(struct world_config *c)
{
	char why[128];

	c->cluster_slots = TREE_CLUSTER_SLOTS;
	c->count_bits = TREE_COUNT_BITS;
	c->batch = DEFAULT_BATCH;
	c->swap_full = TREE_SWAP_FULL;
	/* Readahead over a bad slot damages the swap table, in every tree that we know
	 * (repro/findings/readahead-bad-slot.prog): not in programs that nobody wrote. */
	for (int i = 0; i < WORLD_DEVS_MAX && c->readahead; i++)
		c->dev[i].bad[0] = c->dev[i].bad[1] = 0;
	BUG_ON(!machine_check(c, why, sizeof(why)));
}

static unsigned pool_pages(const struct world_config *c)
{
	return c->folios + SEAM_PAGES_RESERVED + TREE_TABLE_PAGES;
}

static size_t pool_bytes(const struct world_config *c)
{
	return pool_pages(c) * PAGE_BYTES;
}

static size_t arena_bytes(const struct world_config *c)
{
	return pool_bytes(c) + TREE_ARENA_REST;
}

static struct tree_device device_of(const struct world_dev *dev)
{
	return (struct tree_device){
		.present = !!(dev->flags & WORLD_DEV_PRESENT),
		.on = !!(dev->flags & WORLD_DEV_ON),
		.synchronous = !!(dev->flags & WORLD_DEV_SYNC),
		.discard = !!(dev->flags & WORLD_DEV_DISCARD),
		.rotational = !!(dev->flags & WORLD_DEV_ROTATIONAL),
		.stable = !!(dev->flags & WORLD_DEV_STABLE),
		.slots = dev->slots,
		.priority = dev->prio,
		.bad = { dev->bad[0], dev->bad[1] },
	};
}

/* ---- life cycle ----------------------------------------------------------------------------- */

static int setup(const struct world_config *c)
{
	struct tree_machine machine = {
		.cpus = c->cpus, .pages = pool_pages(c), .readahead = c->readahead, .mms = c->mms,
		.low_watermark = c->low_watermark, .thp = c->thp,
	};
	char why[128];

	if (!machine_check(c, why, sizeof(why))) {
		reportf("set-up failed", "%s\n", why);
		return -EINVAL;
	}
	for (int i = 0; i < WORLD_DEVS_MAX; i++)
		machine.device[i] = device_of(&c->dev[i]);
	memset(tasks, 0, sizeof(tasks));
	engine_race_known = glue_race_known;
	glue_reset(machine.pages);
	return tree_setup(&machine);
}

static void audit(void)
{
	tree_audit();
	seam_cache_check();
#if defined(SWAPRACE_ASAN) || defined(SWAPRACE_TSAN)
	seam_page_check(); /* reads all of the pool */
#endif
}

static int task_make(unsigned index, char label)
{
	BUG_ON_CMP(index, >=, ENGINE_TASKS_MAX);
	tasks[index] = tree_task_make(index, label);
	return tasks[index] ? 0 : -ENOMEM;
}

static void task_begin(unsigned index)
{
	BUG_ON_CMP(index, >=, ENGINE_TASKS_MAX);
	BUG_ON(!tasks[index]);
	seam_set_current(tasks[index]);
}

static void op_end(unsigned index, bool last)
{
	(void)index;
	tree_op_end(last);
}

/* ---- ops -------------------------------------------------------------------------------------- */

static int op_mmap(int mm, int page, int pages, u32 vma_flags)
{
	return tree_mmap(mm, page, pages, !!(vma_flags & WORLD_VMA_MERGEABLE),
			 !!(vma_flags & WORLD_VMA_READONLY));
}

static int op_read(int mm, int page, u64 words[WORLD_WORDS])
{
	unsigned long read[SEAM_PAGE_WORDS] = { 0 };
	int ret = tree_read(mm, page, read);

	for (int i = 0; i < WORLD_WORDS; i++)
		words[i] = read[i];
	return ret;
}

/* madvise() of a range: the row of the op has the advice. */
#define OP_MADVISE(name, advice, ...)                                            \
	static int op_##name(int mm, int page, int pages)                        \
	{                                                                        \
		return tree_madvise(mm, page, pages, MADV_##advice);             \
	}
#include "core/base/ops.def"

static int op_madv_mergeable(int mm, int page, int pages)
{
	return tree_madvise(mm, page, pages, MADV_MERGEABLE);
}

static int op_madv_unmergeable(int mm, int page, int pages)
{
	return tree_madvise(mm, page, pages, MADV_UNMERGEABLE);
}

/* ---- what may be asked ------------------------------------------------------------------------ */

static void page_state(int mm, int page, struct world_page_state *out)
{
	struct tree_page_state state = { .dev = -1, .slot = -1, .frame = -1 };

	tree_page_state(mm, page, &state);
	*out = (struct world_page_state){ .bits = state.bits, .dev = state.dev,
					  .slot = state.slot, .frame = state.frame };
}

static void mm_counters(int mm, struct world_mm_counters *out)
{
	*out = (struct world_mm_counters){ 0 };
	tree_mm_counters(mm, &out->anon, &out->swap);
}

/* ---- tests of the shim ------------------------------------------------------------------- */

BUILD_BUG_ON(SEAM_SELFTEST_TASKS != WORLD_SELFTEST_TASKS);
BUILD_BUG_ON(sizeof(struct tree_selftest) != sizeof(struct world_selftest));
BUILD_BUG_ON(offsetof(struct tree_selftest, tsan) != offsetof(struct world_selftest, tsan));

static unsigned selftest_outcomes; /* one run at a time, one task at a time */

void seam_selftest_saw(unsigned outcome)
{
	selftest_outcomes |= outcome;
}

static unsigned selftest_saw(void)
{
	unsigned outcomes = selftest_outcomes;

	selftest_outcomes = 0;
	return outcomes;
}

static const struct world_selftest *selftest(unsigned i)
{
	return (const struct world_selftest *)tree_selftest(i);
}

static void counters_now(struct world_counters *out)
{
	struct tree_counters c = { 0 };

	tree_counters(&c);
	*out = (struct world_counters){ .swap_total = c.swap_total, .swap_used = c.swap_used,
					.ksm_shared = c.ksm_shared, .ksm_sharing = c.ksm_sharing,
					.folios_free = c.pages_free };
}

const struct world_ops tree_world_ops = {
	.name = tree_name,
	.version = tree_version,
	.identity = seam_tree_identity,
	.edit_select = edit_select,
	.machine_check = machine_check,
	.machine_fit = machine_fit,
	.large_folios = true,
	.plain_races = true,
	.steps_max = TREE_STEPS_MAX,
	.fair_points = TREE_FAIR_POINTS,
	.op_points = TREE_OP_POINTS,
	.arena_size = arena_bytes,
	.arena_kept = pool_bytes,
	.edges = glue_edges,
	.task_make = task_make,
	.task_begin = task_begin,
	.op_end = op_end,
	.setup = setup,
	.keep = glue_keep,
	.kept = glue_kept,
	.restore = glue_restore,
	.teardown = tree_teardown,
	.check_cheap = tree_check_cheap,
	.check_quiet = tree_check_quiet,
	.audit = audit,
#define OP_MADVISE(name, ...) .name = op_##name,
#define OP_TREE(name, ...) .name = tree_##name,
#include "core/base/ops.def"
	.mmap = op_mmap,
	.munmap = tree_munmap,
	.write = tree_write,
	.read = op_read,
	.madv_mergeable = op_madv_mergeable,
	.madv_unmergeable = op_madv_unmergeable,
	.fork = tree_fork,
	.exit = tree_exit,
	.reclaim = tree_reclaim,
	.kswapd = tree_kswapd,
	.lru_drain = tree_lru_drain,
	.lru_drain_all = tree_lru_drain_all,
	.ksm_scan = tree_ksm_scan,
	.ksm_unmerge = tree_ksm_unmerge,
	.swapon = tree_swapon,
	.swapoff = tree_swapoff,
	.pin = tree_pin,
	.pin_write = tree_pin_write,
	.pin_read = tree_pin_read,
	.unpin = tree_unpin,
	.worker = tree_worker,
	.ksm_pass = tree_ksm_pass,
	.selftest = selftest,
	.selftest_saw = selftest_saw,
	.page_state = page_state,
	.mm_counters = mm_counters,
	.counters = counters_now,
};

const struct world_ops *const world_linked = &tree_world_ops;
