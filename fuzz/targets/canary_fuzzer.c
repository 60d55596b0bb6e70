// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target that must fail: the model, but MADV_PAGEOUT reports when a
 * write to the same mm began and ended inside of it. To find that takes two
 * tasks of one mm, a mapping, and a schedule with the one inside of the other: a
 * canary for the generator, the scheduler, the report and the saved input.
 */
#include "core/base/bug.h"
#include "fuzz/exec/run.h"
#include "fuzz/targets/target.h"

static struct world_ops canary_ops;
static const struct world_ops *model;
static unsigned writes[WORLD_MM_MAX + 1]; /* that have ended well */

static int canary_setup(const struct world_config *config)
{
	for (int mm = 0; mm <= WORLD_MM_MAX; mm++)
		writes[mm] = 0;
	return model->setup(config);
}

static int canary_write(int mm, int page, u64 value)
{
	unsigned before = writes[mm];
	int ret = model->write(mm, page, value);

	if (ret == 0 && writes[mm] == before)
		writes[mm]++;
	return ret;
}

static int canary_pageout(int mm, int page, int pages)
{
	unsigned before = writes[mm];
	int ret = model->madv_pageout(mm, page, pages);

	if (writes[mm] != before)
		report("canary: a write ran inside of madv_pageout", "This must be found.\n");
	return ret;
}

static const struct world_ops *canary_world(void)
{
	model = world_linked;
	canary_ops = *model;
	canary_ops.name = "canary";
	canary_ops.setup = canary_setup;
	canary_ops.write = canary_write;
	canary_ops.madv_pageout = canary_pageout;
	return &canary_ops;
}

const struct fuzz_target fuzz_targets[] = { { "canary_fuzzer", &prog_profile_all, canary_world }, { 0 } };
