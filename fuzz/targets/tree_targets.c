// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer targets for a kernel tree, all in one executable, because the table of its call
 * sites takes long to make: see target.h. Hibernation has no ops there.
 */
#include "fuzz/exec/run.h"
#include "fuzz/targets/target.h"

void __sanitizer_cov_8bit_counters_init(u8 *start, u8 *stop);
void __sanitizer_cov_pcs_init(const struct world_edge *start, const struct world_edge *stop);

/* The edges of the tree's code, which its constructors would have made known. */
static const struct world_ops *tree_world(void)
{
	struct world_edges edges;

	BUG_ON(!world_linked->edges);
	world_linked->edges(&edges);
	BUG_ON(!edges.n);
	__sanitizer_cov_8bit_counters_init(edges.taken, edges.taken + edges.n);
	__sanitizer_cov_pcs_init(edges.at, edges.at + edges.n);
	return world_linked;
}

const struct fuzz_target fuzz_targets[] = {
	{ "mm_fuzzer", &prog_profile_all, tree_world },
	{ "swap_fuzzer", &prog_profile_swap, tree_world },
	{ "swapoff_fuzzer", &prog_profile_swapoff, tree_world },
	{ "ksm_fuzzer", &prog_profile_ksm, tree_world },
	{ "reclaim_fuzzer", &prog_profile_reclaim, tree_world },
	{ 0 },
};
